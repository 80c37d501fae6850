//! Blocks of content as they are written, in requests and answers alike.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::content::{write_citation, write_redacted};
use super::{DIALECT, media};
use crate::canonical::{Foreign, Media, Raw, Reasoning, Source, Str, Text, ToolCall};

/// A block.
#[derive(Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(super) enum Block<'r> {
    Text(Str<'r>),
    Image(MediaBlock<'r>),
    Document(MediaBlock<'r>),
    Video(MediaBlock<'r>),
    Audio(MediaBlock<'r>),
    ToolUse {
        tool_use_id: Str<'r>,
        name: Str<'r>,
        input: Raw<'r>,
    },
    ToolResult {
        tool_use_id: Str<'r>,
        content: Vec<Block<'r>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        status: Option<&'static str>,
    },
    ReasoningContent(ReasoningBlock<'r>),
    CitationsContent {
        content: [TextOnly<'r>; 1],
        citations: Vec<Raw<'r>>,
    },
    CachePoint(CachePoint),
    Json(Raw<'r>),
    /// Something that only this dialect knows.
    #[serde(untagged)]
    Own(Own<'r>),
}

/// A member that is written as it was read.
pub(super) struct Own<'r>(pub(super) &'r Foreign<'r>);

impl Serialize for Own<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(self.0.kind.as_str(), &self.0.json)?;
        map.end()
    }
}

#[derive(Serialize)]
pub(super) struct TextOnly<'r> {
    pub(super) text: Str<'r>,
}

#[derive(Serialize)]
pub(super) struct MediaBlock<'r> {
    format: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    source: MediaSource<'r>,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    citations: Option<Enabled>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum MediaSource<'r> {
    Bytes(Cow<'r, str>),
    S3Location(S3<'r>),
}

#[derive(Serialize)]
struct S3<'r> {
    uri: &'r str,
}

#[derive(Serialize)]
struct Enabled {
    enabled: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(super) enum ReasoningBlock<'r> {
    ReasoningText {
        text: Str<'r>,
        #[serde(skip_serializing_if = "Option::is_none")]
        signature: Option<Str<'r>>,
    },
    RedactedContent(Str<'r>),
}

#[derive(Serialize)]
pub(super) struct CachePoint {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<&'static str>,
}

impl CachePoint {
    /// A point that lasts an hour, or as long as the provider thinks fit.
    pub(super) fn new(hour: bool) -> Self {
        Self { kind: "default", ttl: hour.then_some("1h") }
    }
}

impl<'r> Block<'r> {
    /// Text, with its sources: all of them for a client, only those of this dialect for a provider.
    pub(super) fn text(text: &'r Text<'_>, all: bool) -> Self {
        let given = text.citations.iter().filter(|citation| all || citation.original.dialect == DIALECT);
        let citations: Vec<_> = given.map(write_citation).collect();
        if citations.is_empty() {
            return Self::Text(text.text.borrowed());
        }
        Self::CitationsContent { content: [TextOnly { text: text.text.borrowed() }], citations }
    }

    /// Thoughts as they are, whoever signed them.
    pub(super) fn reasoning(reasoning: &'r Reasoning<'_>) -> Self {
        Self::ReasoningContent(match &reasoning.signature {
            Some(signature) if reasoning.redacted => ReasoningBlock::RedactedContent(write_redacted(signature)),
            signature => ReasoningBlock::ReasoningText {
                text: reasoning.text.borrowed(),
                signature: signature.as_ref().map(|signature| signature.tagged(DIALECT)),
            },
        })
    }

    /// A call under the id and name given.
    pub(super) fn tool_use(call: &'r ToolCall<'_>, tool_use_id: Str<'r>, name: Str<'r>) -> Self {
        Self::ToolUse { tool_use_id, name, input: input(call) }
    }

    /// A medium, or what of it Converse has no word for. A document is named so that no name is there twice.
    pub(super) fn media(media: &'r Media<'_>, names: &mut media::Names) -> Result<Self, &'static str> {
        use crate::canonical::MediaKind::*;
        let (source, data) = match &media.source {
            Source::Base64(data) => (MediaSource::Bytes(Cow::Borrowed(data.as_str())), data.as_str()),
            Source::Text(text) => (MediaSource::Bytes(STANDARD.encode(text.as_bytes()).into()), ""),
            Source::Url(uri) if uri.starts_with("s3://") => (MediaSource::S3Location(S3 { uri }), ""),
            Source::Url(_) if media.kind == Image => return Err("image_url"),
            Source::Url(_) => return Err("file_url"),
            Source::FileId(_) => return Err("file_id"),
        };
        let text = matches!(media.source, Source::Text(_)).then_some("txt");
        let Some(format) = media::format(media, data).or(text) else {
            return Err(match media.kind {
                Image => "image",
                Document => "document",
                Audio => "audio",
                Video => "video",
            });
        };
        let mut block = MediaBlock { format, name: None, source, context: None, citations: None };
        Ok(match media.kind {
            Image => Self::Image(block),
            Audio => Self::Audio(block),
            Video => Self::Video(block),
            Document => {
                block.name = Some(media::document_name(media.name.as_deref(), names));
                block.context = media.context.as_deref();
                block.citations = media.cite.then_some(Enabled { enabled: true });
                Self::Document(block)
            }
        })
    }
}

/// The arguments as the object that they have to be: free text, and what was cut off, lies in a member of one.
pub(super) fn input<'r>(call: &'r ToolCall<'_>) -> Raw<'r> {
    if !call.free_form
        && let Some(object) = call.object()
    {
        return object;
    }
    let wrapped = Raw::write(&serde_json::json!({ FREE_TEXT: call.arguments.as_str() }));
    wrapped.or_else(|| Raw::parse("{}")).unwrap_or_else(|| RawValue::NULL.into()) // neither can fail
}

/// The member in which free text lies.
pub(super) const FREE_TEXT: &str = "input";
