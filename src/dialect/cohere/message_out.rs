//! Messages, written: their shape.

use std::borrow::Cow;

use serde::{Serialize, Serializer};

use super::citation;
use crate::canonical::{Raw, Source, Str, ToolCall};

/// One message.
#[derive(Serialize)]
pub(super) struct MessageOut<'r> {
    pub(super) role: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tool_call_id: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content: Option<Contents<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tool_plan: Option<Cow<'r, str>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tool_calls: Vec<CallOut<'r>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) citations: Vec<citation::Written<'r>>,
}

impl<'r> MessageOut<'r> {
    /// A message that has only a content.
    pub(super) fn new(role: &'static str, content: Contents<'r>) -> Self {
        Self {
            role,
            tool_call_id: None,
            content: Some(content),
            tool_plan: None,
            tool_calls: Vec::new(),
            citations: Vec::new(),
        }
    }
}

/// A content.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Contents<'r> {
    Text(Cow<'r, str>),
    Pieces(Vec<ContentOut<'r>>),
}

impl<'r> Contents<'r> {
    /// A text that stands alone is written as one, which every model takes.
    pub(super) fn of(mut pieces: Vec<ContentOut<'r>>) -> Self {
        match pieces.pop() {
            Some(ContentOut::Text { text }) if pieces.is_empty() => Self::Text(text),
            last => {
                pieces.extend(last);
                Self::Pieces(pieces)
            }
        }
    }
}

/// A piece of a content.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ContentOut<'r> {
    Text {
        text: Cow<'r, str>,
    },
    Thinking {
        thinking: &'r str,
    },
    ImageUrl {
        image_url: ImageOut<'r>,
    },
    Document {
        document: DocumentOut<'r>,
    },
    /// One that only Cohere knows, as it was.
    #[serde(untagged)]
    Foreign(&'r Raw<'r>),
}

/// An image by its address.
#[derive(Serialize)]
pub(super) struct ImageOut<'r> {
    url: ImageUrl<'r>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'r str>,
}

enum ImageUrl<'r> {
    Url(&'r str),
    Data { mime: &'r str, data: &'r str },
}

impl Serialize for ImageUrl<'_> {
    /// An image of megabytes is copied once: into the body.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Url(url) => serializer.serialize_str(url),
            Self::Data { mime, data } => serializer.collect_str(&format_args!("data:{mime};base64,{data}")),
        }
    }
}

impl<'r> ImageOut<'r> {
    /// An image that is an address or base64; `None` for any other.
    pub(super) fn new(source: &'r Source<'_>, mime: &'r str, detail: Option<&'r str>) -> Option<Self> {
        let url = match source {
            Source::Url(url) => ImageUrl::Url(url),
            Source::Base64(data) => ImageUrl::Data { mime: if mime.is_empty() { "image/jpeg" } else { mime }, data },
            Source::FileId(_) | Source::Text(_) => return None,
        };
        // Cohere knows no other words.
        let detail = detail.filter(|detail| ["auto", "low", "high"].contains(detail));
        Some(Self { url, detail })
    }
}

/// A document as the result of a tool.
#[derive(Serialize)]
pub(super) struct DocumentOut<'r> {
    pub(super) data: Raw<'r>,
}

/// A call of a tool.
#[derive(Serialize)]
pub(super) struct CallOut<'r> {
    id: &'r str,
    #[serde(rename = "type")]
    kind: &'static str,
    function: Called<'r>,
}

#[derive(Serialize)]
struct Called<'r> {
    name: &'r str,
    arguments: Str<'r>,
}

impl<'r> CallOut<'r> {
    pub(super) fn new(call: &'r ToolCall<'_>, arguments: Str<'r>) -> Self {
        Self { id: &call.id, kind: "function", function: Called { name: &call.name, arguments } }
    }
}

/// The arguments of a call as the text of an object, and whether they are what they were. Text that is none becomes a
/// member of one, so that what there is of it is not lost.
pub(super) fn arguments<'r>(call: &'r ToolCall<'_>) -> (Str<'r>, bool) {
    if call.arguments.trim().is_empty() && !call.free_form {
        return (Str::new("{}"), true);
    }
    if !call.free_form && call.object().is_some() {
        return (call.arguments.borrowed(), true);
    }
    #[derive(Serialize)]
    struct Input<'a> {
        input: &'a str,
    }
    let object = serde_json::to_string(&Input { input: &call.arguments }).unwrap_or_default();
    (object.into(), call.free_form)
}
