//! How likely each token was: here a list beside each text, in the model an object with that list in it, as in Chat.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::writing::{comma, json};
use crate::canonical::Raw;

#[derive(Serialize, Deserialize)]
struct Wire<'a> {
    #[serde(borrow)]
    content: Option<Vec<&'a RawValue>>,
    /// Of a refusal. Chat's clients want the member even where there is none.
    #[serde(borrow)]
    refusal: Option<&'a RawValue>,
}

/// The lists of several texts as one object; `None` where nothing is in them.
pub(super) fn read(lists: &[&RawValue]) -> Option<Raw<'static>> {
    let mut content = Vec::new();
    for list in lists {
        content.extend(serde_json::from_str::<Vec<&RawValue>>(list.get()).unwrap_or_default());
    }
    if content.is_empty() { None } else { Raw::write(&Wire { content: Some(content), refusal: None }) }
}

/// Appends the elements of an object's list to `list`, each with every member that this dialect requires.
pub(super) fn append(logprobs: &Raw<'_>, list: &mut Vec<u8>) {
    #[derive(Serialize, Deserialize)]
    struct Token<'a> {
        #[serde(borrow)]
        token: &'a RawValue,
        #[serde(borrow)]
        logprob: &'a RawValue,
        #[serde(borrow, default)]
        bytes: Option<&'a RawValue>,
        #[serde(borrow, default)]
        top_logprobs: Option<Vec<Alternative<'a>>>,
    }
    #[derive(Serialize, Deserialize)]
    struct Alternative<'a> {
        #[serde(borrow)]
        token: &'a RawValue,
        #[serde(borrow)]
        logprob: &'a RawValue,
        #[serde(borrow, default)]
        bytes: Option<&'a RawValue>,
    }
    let Ok(wire) = logprobs.read::<Wire<'_>>() else { return };
    for element in wire.content.into_iter().flatten() {
        let Ok(mut token) = serde_json::from_str::<Token<'_>>(element.get()) else { continue };
        let none: Option<&RawValue> = serde_json::from_str("[]").ok();
        token.bytes = token.bytes.or(none);
        let mut alternatives = token.top_logprobs.take().unwrap_or_default();
        alternatives.iter_mut().for_each(|one| one.bytes = one.bytes.or(none));
        token.top_logprobs = Some(alternatives);
        comma(list);
        json(list, &token);
    }
}
