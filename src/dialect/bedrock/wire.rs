//! What Converse looks like on the wire, as far as it is read.
//!
//! A block of content is an object with one member whose name says what it is. It becomes an enum here, by a visitor of
//! its own, because serde's derived forms for that lose either the position of an error or the text of a JSON value.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::canonical::Str;
use crate::dialect::wire::List;

/// A block of a message, of a system prompt or of a tool's result.
pub(super) enum Block<'a> {
    /// `text`
    Text(Str<'a>),
    /// `image`, `document`, `video`, `audio`: which, what, and as it was written.
    Media(&'static str, Box<Media<'a>>, &'a RawValue),
    /// `toolUse`, and as it was written.
    ToolUse(ToolUse<'a>, &'a RawValue),
    /// `toolResult`, and as it was written.
    ToolResult(Box<ToolResult<'a>>, &'a RawValue),
    /// `reasoningContent`
    Reasoning(Reasoning<'a>),
    /// `cachePoint`, and as it was written.
    CachePoint(CachePoint<'a>, &'a RawValue),
    /// `citationsContent`
    Citations(CitationsContent<'a>),
    /// `json`, of a tool's result.
    Json(&'a RawValue),
    /// What has no place in the canonical model: its name and its value.
    Other(Str<'a>, &'a RawValue),
    /// `{}`
    Nothing,
}

impl<'de: 'a, 'a> Deserialize<'de> for Block<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Block<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a content block")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut block = Block::Nothing;
                while let Some(name) = map.next_key::<Str<'de>>()? {
                    let next = block_of(name, &mut map)?;
                    if matches!(block, Block::Nothing) {
                        block = next;
                    }
                }
                Ok(block)
            }
        }
        deserializer.deserialize_map(Object)
    }
}

fn block_of<'de, A: MapAccess<'de>>(name: Str<'de>, map: &mut A) -> Result<Block<'de>, A::Error> {
    fn some<'de, T: Deserialize<'de>, A: MapAccess<'de>>(
        map: &mut A,
        block: impl FnOnce(T) -> Block<'de>,
    ) -> Result<Block<'de>, A::Error> {
        Ok(map.next_value::<Option<T>>()?.map_or(Block::Nothing, block))
    }
    let media =
        |kind: &'static str| move |Both(media, raw): Both<'de, Media<'de>>| Block::Media(kind, Box::new(media), raw);
    match name.as_str() {
        "text" => some(map, Block::Text),
        "image" => some(map, media("image")),
        "document" => some(map, media("document")),
        "video" => some(map, media("video")),
        "audio" => some(map, media("audio")),
        "toolUse" => some(map, |Both(tool, raw)| Block::ToolUse(tool, raw)),
        "toolResult" => some(map, |Both(result, raw)| Block::ToolResult(Box::new(result), raw)),
        "reasoningContent" => some(map, Block::Reasoning),
        "cachePoint" => some(map, |Both(point, raw)| Block::CachePoint(point, raw)),
        "citationsContent" => some(map, Block::Citations),
        "json" => map.next_value().map(Block::Json),
        // Other interfaces' way to say what a block is, seen beside the member that says it here.
        "type" => map.next_value::<IgnoredAny>().map(|_| Block::Nothing),
        _ => some(map, |value| Block::Other(name, value)),
    }
}

/// A value, and the text that it was read from.
pub(super) struct Both<'a, T>(pub(super) T, pub(super) &'a RawValue);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Both<'de, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        serde_json::from_str(raw.get()).map(|value| Self(value, raw)).map_err(|error| {
            // Read again, slowly, to learn where.
            let mut reader = serde_json::Deserializer::from_str(raw.get());
            match serde_path_to_error::deserialize::<_, T>(&mut reader) {
                Err(error) => serde::de::Error::custom(format_args!("`{}`: {}", error.path(), error.inner())),
                Ok(_) => serde::de::Error::custom(error),
            }
        })
    }
}

/// The members of an object, each value unparsed and living as long as the document.
#[derive(Default)]
pub(super) struct Fields<'a>(pub(super) Vec<(Str<'a>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// An image, a document, audio or video.
#[derive(Deserialize)]
pub(super) struct Media<'a> {
    #[serde(borrow)]
    pub(super) format: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) name: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub(super) source: Source<'a>,
    #[serde(borrow)]
    pub(super) context: Option<Str<'a>>,
    pub(super) citations: Option<CitationsConfig>,
}

#[derive(Default, Deserialize)]
pub(super) struct Source<'a> {
    #[serde(borrow)]
    pub(super) bytes: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) text: Option<Str<'a>>,
}

#[derive(Deserialize)]
pub(super) struct CitationsConfig {
    #[serde(default)]
    pub(super) enabled: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ToolUse<'a> {
    #[serde(borrow, default)]
    pub(super) tool_use_id: Str<'a>,
    #[serde(borrow, default)]
    pub(super) name: Str<'a>,
    #[serde(borrow)]
    pub(super) input: Option<&'a RawValue>,
    #[serde(borrow, rename = "type")]
    pub(super) kind: Option<Str<'a>>,
}

/// The type of a tool that the provider runs itself.
pub(super) const SERVER_TOOL: &str = "server_tool_use";

impl ToolUse<'_> {
    /// The provider runs it itself.
    pub(super) fn is_hosted(&self) -> bool {
        self.kind.as_deref() == Some(SERVER_TOOL)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ToolResult<'a> {
    #[serde(borrow, default)]
    pub(super) tool_use_id: Str<'a>,
    #[serde(borrow, default)]
    pub(super) content: List<Block<'a>>,
    #[serde(borrow)]
    pub(super) status: Option<Str<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Reasoning<'a> {
    #[serde(borrow)]
    pub(super) reasoning_text: Option<ReasoningText<'a>>,
    #[serde(borrow)]
    pub(super) redacted_content: Option<Str<'a>>,
}

#[derive(Deserialize)]
pub(super) struct ReasoningText<'a> {
    #[serde(borrow, default)]
    pub(super) text: Str<'a>,
    #[serde(borrow)]
    pub(super) signature: Option<Str<'a>>,
}

#[derive(Deserialize)]
pub(super) struct CachePoint<'a> {
    #[serde(borrow)]
    pub(super) ttl: Option<Str<'a>>,
}

#[derive(Deserialize)]
pub(super) struct CitationsContent<'a> {
    #[serde(borrow, default)]
    pub(super) content: List<CitedText<'a>>,
    #[serde(borrow, default)]
    pub(super) citations: List<&'a RawValue>,
}

#[derive(Deserialize)]
pub(super) struct CitedText<'a> {
    #[serde(borrow, default)]
    pub(super) text: Str<'a>,
}

/// A source, in an answer and in a stream alike.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Citation<'a> {
    #[serde(borrow)]
    pub(super) title: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) source: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub(super) source_content: List<CitedText<'a>>,
    #[serde(borrow)]
    pub(super) location: Option<Location<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Location<'a> {
    #[serde(borrow)]
    pub(super) web: Option<Web<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Web<'a> {
    #[serde(borrow)]
    pub(super) url: Option<Str<'a>>,
}

/// Tokens, under the names of the service and of older models.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Usage<'a> {
    pub(super) input_tokens: Option<u64>,
    pub(super) output_tokens: Option<u64>,
    pub(super) cache_read_input_tokens: Option<u64>,
    pub(super) cache_read_input_token_count: Option<u64>,
    pub(super) cache_write_input_tokens: Option<u64>,
    pub(super) cache_write_input_token_count: Option<u64>,
    #[serde(borrow)]
    pub(super) cache_details: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CacheDetail<'a> {
    #[serde(borrow, default)]
    pub(super) ttl: Str<'a>,
    #[serde(default)]
    pub(super) input_tokens: u64,
}

#[derive(Deserialize)]
pub(super) struct ServiceTier<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Option<Str<'a>>,
}
