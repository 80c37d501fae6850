//! The documents of this dialect as they are read.

use serde::Deserialize;
use serde::de::{Deserializer, Error};
use serde_json::value::RawValue;

use crate::canonical::{Raw, Str};
use crate::dialect::wire::Content;

/// One message of a conversation.
#[derive(Debug, Deserialize)]
pub(super) struct Message<'a> {
    #[serde(borrow)]
    pub(super) role: Str<'a>,
    #[serde(borrow, default)]
    pub(super) content: Blocks<'a>,
}

/// A block of any type, and as it was written.
#[derive(Debug)]
pub(super) struct Block<'a> {
    pub(super) fields: Fields<'a>,
    pub(super) raw: &'a RawValue,
}

/// The members of the blocks that are known; each type has a few of them.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Fields<'a> {
    #[serde(borrow, rename = "type", default)]
    pub(super) kind: Str<'a>,
    #[serde(borrow)]
    pub(super) text: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) citations: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) cache_control: Option<CacheControl<'a>>,
    #[serde(borrow)]
    pub(super) source: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) title: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) context: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) id: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) name: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) input: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) thinking: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) signature: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) data: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) tool_use_id: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) content: Option<&'a RawValue>,
    pub(super) is_error: Option<bool>,
}

/// The type alone.
#[derive(Deserialize)]
struct Kind<'a> {
    #[serde(borrow, rename = "type")]
    kind: Str<'a>,
}

impl<'a> Fields<'a> {
    fn read(raw: &'a RawValue) -> serde_json::Result<Self> {
        match serde_json::from_str(raw.get()) {
            Ok(fields) => Ok(fields),
            // A type that is not known may use the names for something else.
            Err(error) => match serde_json::from_str::<Kind<'_>>(raw.get()) {
                Ok(Kind { kind }) if !KNOWN.contains(&kind.as_str()) => Ok(Self { kind, ..Self::default() }),
                _ => Err(error),
            },
        }
    }

    /// The member that a block of its type needs and does not have.
    fn missing(&self) -> Option<&'static str> {
        let (there, what) = match self.kind.as_str() {
            "" => (false, "type"),
            "text" => (self.text.is_some(), "text"),
            "tool_use" => (self.name.is_some(), "name"),
            "tool_result" => (self.tool_use_id.is_some(), "tool_use_id"),
            "image" | "document" => (self.source.is_some(), "source"),
            _ => (true, ""),
        };
        (!there).then_some(what)
    }
}

/// A text or a list of blocks. Anthropic refuses a block that stands alone.
pub(super) type Blocks<'a> = Content<'a, Block<'a>, false>;

/// The types that are read; all others pass as they are.
const KNOWN: [&str; 7] = ["text", "image", "document", "tool_use", "tool_result", "thinking", "redacted_thinking"];

impl<'de: 'a, 'a> Deserialize<'de> for Block<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        let fields = Fields::read(raw).map_err(D::Error::custom)?;
        match fields.missing() {
            Some(name) => Err(D::Error::custom(format_args!("missing field `{name}`"))),
            None => Ok(Self { fields, raw }),
        }
    }
}

/// A hint that the prompt up to here may be cached.
#[derive(Debug, Deserialize)]
pub(super) struct CacheControl<'a> {
    #[serde(borrow)]
    pub(super) ttl: Option<Str<'a>>,
}

/// Where an image or a document is.
#[derive(Debug, Deserialize)]
pub(super) struct Source<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Str<'a>,
    #[serde(borrow)]
    pub(super) media_type: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) data: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) url: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) file_id: Option<Str<'a>>,
}

/// A document's `citations`.
#[derive(Debug, Deserialize)]
pub(super) struct Cite {
    #[serde(default)]
    pub(super) enabled: Option<bool>,
}

/// A source of a text. Each type has some of them.
#[derive(Debug, Deserialize)]
pub(super) struct Citation<'a> {
    #[serde(borrow, rename = "type", default)]
    pub(super) kind: Str<'a>,
    #[serde(borrow)]
    pub(super) cited_text: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) url: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) title: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) document_title: Option<Str<'a>>,
}

/// A tool: one of the client's, or a hosted one, which has a `type` of its own.
#[derive(Debug, Deserialize)]
pub(super) struct Tool<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) name: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) description: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) input_schema: Option<Raw<'a>>,
    pub(super) strict: Option<bool>,
    #[serde(borrow)]
    pub(super) cache_control: Option<CacheControl<'a>>,
}

/// `tool_choice`.
#[derive(Debug, Deserialize)]
pub(super) struct ToolChoice<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Str<'a>,
    #[serde(borrow)]
    pub(super) name: Option<Str<'a>>,
    pub(super) disable_parallel_tool_use: Option<bool>,
}

/// `thinking`.
#[derive(Debug, Deserialize)]
pub(super) struct Thinking<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Str<'a>,
    pub(super) budget_tokens: Option<u64>,
    #[serde(borrow)]
    pub(super) display: Option<Str<'a>>,
}

/// `output_config.format`, and `output_format` as it was called before.
#[derive(Debug, Deserialize)]
pub(super) struct Format<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Str<'a>,
    #[serde(borrow)]
    pub(super) schema: Option<Raw<'a>>,
}

/// `metadata`.
#[derive(Debug, Deserialize)]
pub(super) struct Metadata<'a> {
    #[serde(borrow)]
    pub(super) user_id: Option<Str<'a>>,
}

/// A reply, and the `message` that begins a stream.
#[derive(Debug, Deserialize)]
pub(super) struct Reply<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) id: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) model: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) content: Option<Vec<Block<'a>>>,
    #[serde(borrow)]
    pub(super) stop_reason: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) stop_sequence: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) stop_details: Option<StopDetails<'a>>,
    #[serde(borrow)]
    pub(super) container: Option<Raw<'a>>,
    #[serde(borrow)]
    pub(super) context_management: Option<Raw<'a>>,
    #[serde(borrow)]
    pub(super) usage: Option<Usage<'a>>,
    #[serde(borrow)]
    pub(super) error: Option<&'a RawValue>,
}

/// Why the model refused.
#[derive(Debug, Deserialize)]
pub(super) struct StopDetails<'a> {
    #[serde(borrow)]
    pub(super) explanation: Option<Str<'a>>,
}

/// Tokens. In a stream each count is of the whole answer so far, and what is missing was said before.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Usage<'a> {
    pub(super) input_tokens: Option<u64>,
    pub(super) cache_creation_input_tokens: Option<u64>,
    pub(super) cache_read_input_tokens: Option<u64>,
    pub(super) cache_creation: Option<CacheCreation>,
    pub(super) output_tokens: Option<u64>,
    pub(super) output_tokens_details: Option<OutputDetails>,
    pub(super) server_tool_use: Option<ServerTools>,
    #[serde(borrow)]
    pub(super) service_tier: Option<Str<'a>>,
}

/// What tools that Anthropic runs have done.
#[derive(Debug, Deserialize)]
pub(super) struct ServerTools {
    pub(super) web_search_requests: Option<u64>,
}

/// Tokens written to the cache, by how long they are kept.
#[derive(Debug, Deserialize)]
pub(super) struct CacheCreation {
    pub(super) ephemeral_1h_input_tokens: Option<u64>,
}

/// What the tokens of the answer were.
#[derive(Debug, Deserialize)]
pub(super) struct OutputDetails {
    pub(super) thinking_tokens: Option<u64>,
}

/// One event of a stream. Each type has some of the members.
#[derive(Debug, Deserialize)]
pub(super) struct Frame<'a> {
    #[serde(borrow, rename = "type", default)]
    pub(super) kind: Str<'a>,
    #[serde(default)]
    pub(super) index: u32,
    #[serde(borrow)]
    pub(super) message: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) content_block: Option<Block<'a>>,
    #[serde(borrow)]
    pub(super) delta: Option<Delta<'a>>,
    #[serde(borrow)]
    pub(super) usage: Option<Usage<'a>>,
    #[serde(borrow)]
    pub(super) error: Option<&'a RawValue>,
}

/// What is added to a block or a message. Each type has some of the members.
#[derive(Debug, Deserialize)]
pub(super) struct Delta<'a> {
    #[serde(borrow, rename = "type", default)]
    pub(super) kind: Str<'a>,
    #[serde(borrow)]
    pub(super) text: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) partial_json: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) thinking: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) signature: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) citation: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) content: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) stop_reason: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) stop_sequence: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) stop_details: Option<StopDetails<'a>>,
}
