//! What stands on the wire, read. Flat and lenient: what Cohere adds tomorrow is passed over.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::canonical::{Raw, Str};
use crate::dialect::functions::ToolCall;
use crate::dialect::wire::List;

/// One message of a request, or the message of a reply.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Message<'a> {
    #[serde(borrow)]
    pub(super) role: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) content: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) tool_plan: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) tool_calls: List<ToolCall<'a>>,
    #[serde(borrow)]
    pub(super) tool_call_id: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) citations: Option<Vec<Raw<'a>>>,
}

/// A piece of a content, of any type.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Piece<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) text: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) thinking: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) image_url: Option<ImageUrl<'a>>,
    #[serde(borrow)]
    pub(super) document: Option<Document<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ImageUrl<'a> {
    #[serde(borrow)]
    pub(super) url: Str<'a>,
    #[serde(borrow)]
    pub(super) detail: Option<Str<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Document<'a> {
    /// An object, or a text.
    #[serde(borrow)]
    pub(super) data: Option<&'a RawValue>,
}

/// The text of a string, or the JSON of anything else. `null`, also as the text that Cohere has for no arguments, is
/// nothing.
pub(super) fn text_or_json(raw: Option<&RawValue>) -> Str<'_> {
    let Some(json) = raw.map(RawValue::get) else { return Str::default() };
    let text =
        if json.starts_with('"') { serde_json::from_str::<Str<'_>>(json).unwrap_or_default() } else { json.into() };
    if text.trim() == "null" { Str::default() } else { text }
}
