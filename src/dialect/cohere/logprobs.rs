//! How likely the tokens were: Cohere's list, and the shape of Chat's that the canonical model has.

use serde::{Deserialize, Serialize};

use crate::canonical::{Raw, Str};

/// Some tokens, their common text, and how likely each was.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Item<'a> {
    #[serde(borrow)]
    text: Option<Str<'a>>,
    logprobs: Vec<f64>,
}

#[derive(Serialize, Deserialize)]
struct Chat<'a> {
    #[serde(borrow)]
    content: Option<Vec<Token<'a>>>,
}

#[derive(Serialize, Deserialize)]
struct Token<'a> {
    #[serde(borrow)]
    token: Str<'a>,
    logprob: f64,
    #[serde(default)]
    bytes: Option<Vec<u8>>,
    #[serde(default, skip_deserializing)]
    top_logprobs: [(); 0],
}

/// Chat's object. Several tokens of one text become one, as likely as all of them together.
pub(super) fn read(items: Vec<Item<'_>>) -> Option<Raw<'static>> {
    let token = |item: Item<'_>| {
        let token = item.text.unwrap_or_default().into_owned();
        let bytes = Some(token.as_bytes().to_vec());
        Token { token, logprob: item.logprobs.iter().sum(), bytes, top_logprobs: [] }
    };
    let content: Vec<_> = items.into_iter().filter(|item| !item.logprobs.is_empty()).map(token).collect();
    if content.is_empty() { None } else { Raw::write(&Chat { content: Some(content) }) }
}

/// One of Cohere's items.
#[derive(Serialize)]
pub(super) struct Written<'r> {
    /// Of Cohere's own tokenizer, which nobody else has.
    token_ids: [u64; 0],
    text: Str<'r>,
    logprobs: [f64; 1],
}

/// Cohere's list of Chat's object.
pub(super) fn write<'r>(chat: &'r Raw<'_>) -> Vec<Written<'r>> {
    let tokens = chat.read::<Chat<'r>>().ok().and_then(|chat| chat.content).unwrap_or_default();
    tokens
        .into_iter()
        .map(|Token { token, logprob, .. }| Written { token_ids: [], text: token, logprobs: [logprob] })
        .collect()
}
