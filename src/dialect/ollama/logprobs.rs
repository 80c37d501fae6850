//! How likely the tokens were. Ollama's list is what Chat's object has as `content`.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::canonical::Raw;

/// Chat's object.
pub(super) fn read(list: &RawValue) -> Option<Raw<'static>> {
    if !list.get().starts_with('[') || list.get()[1..].trim_start().starts_with(']') {
        return None;
    }
    RawValue::from_string(format!("{{\"content\":{}}}", list.get())).ok().map(Raw::from)
}

#[derive(Deserialize)]
struct Chat<'a> {
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
}

/// Ollama's list of Chat's object.
pub(super) fn write<'r>(chat: &'r Raw<'_>) -> Option<&'r RawValue> {
    chat.read::<Chat<'r>>().ok()?.content.filter(|list| list.get().starts_with('['))
}
