//! Blocks read into parts, of requests and replies alike.

use serde_json::value::RawValue;

use super::signed::{self, Signed};
use super::wire;
use crate::canonical::{
    Cache, Citation, Dialect, Foreign, Media, MediaKind, Part, Raw, Reasoning, Signature, Source, Str, Text, ToolCall,
    ToolResult, made_up_id,
};
use crate::dialect::wire::Content;

/// The parts that a message's content is.
pub(super) fn parts<'a>(content: wire::Blocks<'a>) -> Vec<Part<'a>> {
    match content {
        Content::Nothing => Vec::new(),
        Content::Text(text) => vec![Part::text(text)],
        Content::Parts(blocks) => of_blocks(blocks),
    }
}

/// The parts that a list of blocks is.
pub(super) fn of_blocks(blocks: Vec<wire::Block<'_>>) -> Vec<Part<'_>> {
    let mut parts = Vec::with_capacity(blocks.len());
    for (index, block) in blocks.into_iter().enumerate() {
        match part(block, index) {
            Read::Part(part) => parts.push(part),
            Read::SignatureOfLast(signature) => signed::attach(&mut parts, signature),
        }
    }
    parts
}

/// What a block is.
enum Read<'a> {
    /// A part.
    Part(Part<'a>),
    /// See [`signed`].
    SignatureOfLast(Signature<'a>),
}

fn part(block: wire::Block<'_>, index: usize) -> Read<'_> {
    let wire::Block { fields, raw } = block;
    let cache = cache(fields.cache_control);
    let part = match fields.kind.as_str() {
        "text" => Part::Text(Text {
            text: fields.text.unwrap_or_default(),
            cache,
            citations: citations(fields.citations),
            signature: None,
        }),
        "tool_use" => Part::ToolCall(ToolCall {
            id: fields.id.filter(|id| !id.is_empty()).unwrap_or_else(|| made_up_id(raw.get(), index).into()),
            name: fields.name.unwrap_or_default(),
            arguments: fields.input.map_or_else(Str::default, arguments),
            free_form: false,
            signature: None,
            cache,
        }),
        "tool_result" => Part::ToolResult(ToolResult {
            id: fields.tool_use_id.unwrap_or_default(),
            parts: fields.content.map_or_else(Vec::new, result_parts),
            is_error: fields.is_error.unwrap_or_default(),
            cache,
            ..ToolResult::default()
        }),
        "thinking" => {
            let text = fields.thinking.unwrap_or_default();
            let signature = match fields.signature.and_then(signed::read) {
                Some(Signed::Before(signature)) => return Read::SignatureOfLast(signature),
                Some(Signed::These(signature)) => Some(signature),
                None => None,
            };
            Part::Reasoning(Reasoning { text, signature, ..Reasoning::default() })
        }
        "redacted_thinking" => {
            let signature = fields.data.map(|data| Signature::untag(Dialect::Anthropic, data));
            Part::Reasoning(Reasoning { signature, redacted: true, ..Reasoning::default() })
        }
        "image" | "document" => {
            let kind = if fields.kind == "image" { MediaKind::Image } else { MediaKind::Document };
            let cite = fields.citations.and_then(|cite| serde_json::from_str::<wire::Cite>(cite.get()).ok());
            match fields.source.and_then(source) {
                Some((source, mime)) => Part::Media(Media {
                    kind,
                    source,
                    mime,
                    name: fields.title,
                    context: fields.context,
                    detail: None,
                    cite: cite.and_then(|cite| cite.enabled).unwrap_or_default(),
                    cache,
                }),
                None => foreign(fields.kind, raw),
            }
        }
        _ => foreign(fields.kind, raw),
    };
    Read::Part(part)
}

/// What only this dialect knows.
pub(super) fn foreign<'a>(kind: Str<'a>, raw: &'a RawValue) -> Part<'a> {
    Part::Foreign(Foreign { dialect: Dialect::Anthropic, kind, json: Raw::from(raw) })
}

/// A call's arguments as text; nothing for an empty object.
pub(super) fn arguments(input: &RawValue) -> Str<'_> {
    if is_empty_object(input.get()) { Str::default() } else { Str::new(input.get()) }
}

fn is_empty_object(json: &str) -> bool {
    let inner = json.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    json == "null" || inner.is_some_and(|inner| inner.trim().is_empty())
}

/// A result's content; what is neither text nor blocks is taken as text.
fn result_parts(content: &RawValue) -> Vec<Part<'_>> {
    match serde_json::from_str(content.get()) {
        Ok(content) => parts(content),
        Err(_) => vec![Part::text(content.get())],
    }
}

/// A cache hint.
pub(super) fn cache(control: Option<wire::CacheControl<'_>>) -> Option<Cache<'_>> {
    control.map(|control| Cache { ttl: control.ttl })
}

/// The sources of a text.
fn citations(list: Option<&RawValue>) -> Vec<Citation<'_>> {
    let list = list.and_then(|list| serde_json::from_str::<Vec<&RawValue>>(list.get()).ok());
    list.unwrap_or_default().into_iter().filter_map(citation).collect()
}

/// One source of a text. Where it stands in a document says nothing of where it stands in the answer.
pub(super) fn citation(raw: &RawValue) -> Option<Citation<'_>> {
    let wire: wire::Citation<'_> = serde_json::from_str(raw.get()).ok()?;
    let original = Foreign { dialect: Dialect::Anthropic, kind: wire.kind, json: Raw::from(raw) };
    let title = wire.title.or(wire.document_title);
    Some(Citation { url: wire.url, title, text: wire.cited_text, range: None, original })
}

/// Where a medium is, and its type. `None` for a kind of source that is not known.
fn source(raw: &RawValue) -> Option<(Source<'_>, Str<'_>)> {
    let wire: wire::Source<'_> = serde_json::from_str(raw.get()).ok()?;
    let source = match wire.kind.as_str() {
        "base64" => Source::Base64(wire.data?),
        "text" => Source::Text(wire.data?),
        "url" => Source::Url(wire.url?),
        "file" => Source::FileId(wire.file_id?),
        _ => return None,
    };
    Some((source, plain_mime(wire.media_type.unwrap_or_default())))
}

/// In lower case and without parameters.
fn plain_mime(mime: Str<'_>) -> Str<'_> {
    let plain = |text: &str| !text.bytes().any(|byte| byte == b';' || byte == b' ' || byte.is_ascii_uppercase());
    if plain(&mime) {
        return mime;
    }
    let essence = mime.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence.into()
}
