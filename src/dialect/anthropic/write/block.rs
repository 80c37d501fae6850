//! Blocks as they are written, in requests and replies alike.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use super::super::signed;
use super::super::stop::Held;
use super::media::Source;
use crate::canonical::{
    Cache, Citation, Dialect, Media, Part, Raw, Reasoning, Signature, Source as MediaSource, Str, ToolCall, fitting_id,
};
use crate::dialect::json::quote;

/// One block.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(in super::super) enum Block<'r> {
    Text {
        text: Cow<'r, str>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        citations: Vec<Cited<'r>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<CacheControl>,
    },
    Image {
        source: Source<'r>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<CacheControl>,
    },
    Document {
        source: Source<'r>,
        #[serde(skip_serializing_if = "Option::is_none")]
        title: Option<&'r str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        context: Option<&'r str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        citations: Option<Enabled>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<CacheControl>,
    },
    ToolUse {
        id: Str<'r>,
        name: &'r str,
        input: Raw<'r>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<CacheControl>,
    },
    ToolResult {
        tool_use_id: Str<'r>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        content: Vec<Block<'r>>,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        is_error: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<CacheControl>,
    },
    Thinking {
        thinking: &'r str,
        signature: Str<'r>,
    },
    RedactedThinking {
        data: Str<'r>,
    },
    /// As it came.
    #[serde(untagged)]
    Foreign(Raw<'r>),
}

/// `citations` of a document.
#[derive(Debug, Serialize)]
pub(in super::super) struct Enabled {
    pub(super) enabled: bool,
}

/// A hint that the prompt up to here may be cached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(in super::super) struct CacheControl {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<&'static str>,
}

impl CacheControl {
    /// There are two times to live; whoever asks for longer gets the longer one.
    pub(in super::super) fn of(cache: Option<&Cache<'_>>) -> Option<Self> {
        let ttl = match cache?.ttl.as_deref() {
            None => None,
            Some("5m") => Some("5m"),
            Some(_) => Some("1h"),
        };
        Some(Self { kind: "ephemeral", ttl })
    }
}

impl<'r> Block<'r> {
    /// Writes it. Plain text, which most blocks are, by hand: it may be long.
    pub(super) fn write(&self, out: &mut Vec<u8>) -> serde_json::Result<()> {
        match self {
            Self::Text { text, citations, cache_control: None } if citations.is_empty() => {
                out.extend_from_slice(b"{\"type\":\"text\",\"text\":");
                quote(text, out);
                out.push(b'}');
                Ok(())
            }
            _ => serde_json::to_writer(out, self),
        }
    }

    /// Text and nothing else about it.
    pub(super) fn text(text: impl Into<Cow<'r, str>>) -> Self {
        Self::Text { text: text.into(), citations: Vec::new(), cache_control: None }
    }

    /// Its cache hint, where it can have one.
    pub(super) fn cache_control(&mut self) -> Option<&mut Option<CacheControl>> {
        match self {
            Self::Text { cache_control, .. }
            | Self::Image { cache_control, .. }
            | Self::Document { cache_control, .. }
            | Self::ToolUse { cache_control, .. }
            | Self::ToolResult { cache_control, .. } => Some(cache_control),
            Self::Thinking { .. } | Self::RedactedThinking { .. } | Self::Foreign(_) => None,
        }
    }

    /// It is thoughts.
    pub(super) fn is_thinking(&self) -> bool {
        matches!(self, Self::Thinking { .. } | Self::RedactedThinking { .. })
    }
}

/// A source of a text.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(in super::super) enum Cited<'r> {
    /// As it came.
    Original(&'r Raw<'r>),
    /// From another dialect, in the one shape of this one that has an address.
    Web {
        #[serde(rename = "type")]
        kind: &'static str,
        url: &'r str,
        title: Option<&'r str>,
        cited_text: &'r str,
        encrypted_index: &'static str,
    },
}

impl<'r> Cited<'r> {
    /// `None` for a foreign one without an address.
    pub(in super::super) fn of(citation: &'r Citation<'_>) -> Option<Self> {
        if citation.original.dialect == Dialect::Anthropic {
            return Some(Self::Original(&citation.original.json));
        }
        Some(Self::Web {
            kind: "web_search_result_location",
            url: citation.url.as_deref()?,
            title: citation.title.as_deref(),
            cited_text: citation.text.as_deref().unwrap_or_default(),
            encrypted_index: "",
        })
    }
}

/// A call's arguments as the object that this dialect wants. What is no object, such as arguments that were cut off,
/// is shown as what it is: the model, or the client's tool, sees that something is wrong with it, and nothing is lost.
pub(super) fn input<'r>(call: &'r ToolCall<'_>) -> Raw<'r> {
    let object = if call.free_form { wrapped(FREE_FORM, &call.arguments) } else { call.object() };
    match object.or_else(|| wrapped("_raw_arguments", &call.arguments)) {
        Some(object) => object,
        None => Raw::from(RawValue::NULL.to_owned()), // cannot be: a string is always JSON
    }
}

/// The one member of the arguments of a tool that takes free text where it comes from.
pub(in super::super) const FREE_FORM: &str = "input";

fn wrapped(name: &str, text: &str) -> Option<Raw<'static>> {
    Raw::write(&std::collections::BTreeMap::from([(name, text)]))
}

/// The blocks of an answer, and what they hold.
pub(in super::super) fn reply_blocks<'r>(parts: &'r [Part<'_>]) -> (Vec<Block<'r>>, Held) {
    let mut blocks = Vec::with_capacity(parts.len());
    let mut held = Held::default();
    for part in parts {
        match part {
            Part::Text(text) => {
                if !text.text.is_empty() {
                    let citations = text.citations.iter().filter_map(Cited::of).collect();
                    blocks.push(Block::Text { text: Cow::Borrowed(&text.text), citations, cache_control: None });
                }
                blocks.extend(text.signature.as_ref().map(behind));
            }
            Part::Reasoning(reasoning) => blocks.extend(thoughts(reasoning)),
            Part::ToolCall(call) => {
                held.call = true;
                let (id, name) = (fitting_id(&call.id, LONGEST_ID), call.name.as_str());
                blocks.push(Block::ToolUse { id, name, input: input(call), cache_control: None });
                blocks.extend(call.signature.as_ref().map(behind));
            }
            Part::Refusal(text) => {
                held.refusal = true;
                if !text.is_empty() {
                    blocks.push(Block::text(text.as_str()));
                }
            }
            Part::Media(media) => blocks.push(Block::text(mention(media))),
            Part::Foreign(foreign) if foreign.dialect == Dialect::Anthropic => {
                blocks.push(Block::Foreign(foreign.json.borrowed()));
            }
            Part::Foreign(_) | Part::ToolResult(_) => {}
        }
    }
    (blocks, held)
}

/// No limit is documented; others have this one.
pub(in super::super) const LONGEST_ID: usize = 64;

fn behind<'r>(signature: &Signature<'_>) -> Block<'r> {
    Block::Thinking { thinking: "", signature: signed::behind(signature).into() }
}

/// Thoughts of an answer. Those of another dialect keep their signature, tagged.
fn thoughts<'r>(reasoning: &'r Reasoning<'_>) -> Option<Block<'r>> {
    let signature = reasoning.signature.as_ref().map(|signature| signature.tagged(Dialect::Anthropic));
    if reasoning.redacted {
        return signature.map(|data| Block::RedactedThinking { data });
    }
    if reasoning.text.is_empty() && signature.is_none() {
        return None;
    }
    Some(Block::Thinking { thinking: &reasoning.text, signature: signature.unwrap_or_default() })
}

/// Assistants have no media in this dialect: an address can be shown, anything else only be mentioned.
pub(in super::super) fn mention(media: &Media<'_>) -> String {
    match &media.source {
        MediaSource::Url(url) => format!("![]({url})"),
        _ if media.mime.is_empty() => "[media]".to_owned(),
        _ => format!("[{}]", media.mime),
    }
}
