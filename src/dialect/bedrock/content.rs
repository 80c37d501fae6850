//! Blocks as parts of the canonical model.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::wire::{self, Block};
use super::{DIALECT, media};
use crate::canonical::{
    Cache, Citation, Foreign, Media, MediaKind, Part, Raw, Reasoning, Signature, Source, Str, Text, ToolCall,
    ToolResult,
};
use crate::dialect::wire::List;

/// Before a foreign signature that belongs to the part before it and not to thoughts: Converse has no place for one on
/// a text or a call, so it comes as a block of empty thoughts of its own, and finds its way back when it is read.
pub(super) const OF_THE_LAST: &str = "~last";

/// The parts that a list of blocks is.
pub(super) fn parts(blocks: Vec<Block<'_>>) -> Vec<Part<'_>> {
    let mut parts = Vec::with_capacity(blocks.len());
    for block in blocks {
        add(block, &mut parts);
    }
    parts
}

/// The parts of the model's turn. A result in there is of a tool that the provider ran itself.
pub(super) fn model_parts(blocks: Vec<Block<'_>>) -> Vec<Part<'_>> {
    let mut parts = Vec::with_capacity(blocks.len());
    for block in blocks {
        match block {
            Block::ToolResult(_, raw) => parts.push(foreign("toolResult", raw)),
            block => add(block, &mut parts),
        }
    }
    parts
}

fn add<'a>(block: Block<'a>, parts: &mut Vec<Part<'a>>) {
    let part = match block {
        Block::Text(text) => Part::text(text),
        Block::Media(kind, what, raw) => media_part(kind, *what, raw),
        Block::ToolUse(tool, raw) if tool.is_hosted() => foreign("toolUse", raw),
        Block::ToolUse(tool, _) => Part::ToolCall(ToolCall {
            id: tool.tool_use_id,
            name: tool.name,
            arguments: arguments(tool.input),
            free_form: false,
            signature: None,
            cache: None,
        }),
        Block::ToolResult(result, _) => Part::ToolResult(tool_result(*result)),
        Block::Reasoning(reasoning) => match reasoning_part(reasoning, parts.last_mut()) {
            Some(part) => part,
            None => return,
        },
        Block::CachePoint(point, raw) => match parts.last_mut().map(cache_of) {
            Some(Some(place)) => {
                *place = Some(Cache { ttl: point.ttl });
                return;
            }
            Some(None) => foreign("cachePoint", raw),
            None => return,
        },
        Block::Citations(cited) => cited_text(cited),
        Block::Json(json) => Part::text(json.get()),
        Block::Other(name, json) => {
            // Others are to have the words at least.
            parts.extend(plain_words(&name, json.get()).map(Part::text));
            foreign(name, json)
        }
        Block::Nothing => return,
    };
    parts.push(part);
}

/// The words of a block that only Converse knows: they stand before it as a text of their own, for all others, and are
/// left out where the block itself is written.
pub(super) fn plain_words(kind: &str, json: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Guarded<'a> {
        #[serde(borrow)]
        text: wire::CitedText<'a>,
    }
    #[derive(Deserialize)]
    struct Found<'a> {
        #[serde(borrow, default)]
        title: Str<'a>,
        #[serde(borrow, default)]
        source: Str<'a>,
        #[serde(borrow, default)]
        content: List<wire::CitedText<'a>>,
    }
    match kind {
        "guardContent" => Some(serde_json::from_str::<Guarded<'_>>(json).ok()?.text.text.0.into_owned()),
        "searchResult" => {
            let found: Found<'_> = serde_json::from_str(json).ok()?;
            let head = format!("{}\n{}", found.title, found.source);
            Some(found.content.0.iter().fold(head, |all, piece| all + "\n" + &piece.text))
        }
        _ => None,
    }
}

/// Where a part says that the prompt up to it may be cached.
pub(super) fn cache_of<'p, 'a>(part: &'p mut Part<'a>) -> Option<&'p mut Option<Cache<'a>>> {
    match part {
        Part::Text(text) => Some(&mut text.cache),
        Part::Media(media) => Some(&mut media.cache),
        Part::ToolCall(call) => Some(&mut call.cache),
        Part::ToolResult(result) => Some(&mut result.cache),
        Part::Reasoning(_) | Part::Refusal(_) | Part::Foreign(_) => None,
    }
}

fn foreign<'a>(kind: impl Into<Str<'a>>, json: &'a RawValue) -> Part<'a> {
    Part::Foreign(Foreign { dialect: DIALECT, kind: kind.into(), json: json.into() })
}

fn arguments(input: Option<&RawValue>) -> Str<'_> {
    input.map(RawValue::get).filter(|input| *input != "null").unwrap_or_default().into()
}

/// What lies in S3 stays as it was written: no other provider can fetch it.
fn media_part<'a>(kind: &'static str, what: wire::Media<'a>, raw: &'a RawValue) -> Part<'a> {
    let source = match (what.source.bytes, what.source.text) {
        (Some(bytes), _) => Source::Base64(bytes),
        (None, Some(text)) => Source::Text(text),
        (None, None) => return foreign(kind, raw),
    };
    let kind = match kind {
        "image" => MediaKind::Image,
        "document" => MediaKind::Document,
        "video" => MediaKind::Video,
        _ => MediaKind::Audio,
    };
    Part::Media(Media {
        kind,
        source,
        mime: media::mime(kind, what.format.as_deref().unwrap_or_default()),
        name: what.name,
        context: what.context,
        detail: None,
        cite: what.citations.is_some_and(|citations| citations.enabled),
        cache: None,
    })
}

fn tool_result(result: wire::ToolResult<'_>) -> ToolResult<'_> {
    let blocks = result.content.0;
    let is_json = |block: &Block<'_>| matches!(block, Block::Json(json) if json.get().starts_with('{'));
    let text = |block: &Block<'_>| matches!(block, Block::Text(_) | Block::Json(_));
    let json = match blocks.iter().find(|block| is_json(block)) {
        Some(Block::Json(json)) if blocks.iter().filter(|block| text(block)).count() == 1 => Some(Raw::from(*json)),
        _ => None,
    };
    ToolResult {
        id: result.tool_use_id,
        name: None,
        parts: parts(blocks),
        json,
        is_error: result.status.as_deref() == Some("error"),
        free_form: false,
        cache: None,
    }
}

/// Thoughts; nothing where it was only the signature of the part before.
fn reasoning_part<'a>(reasoning: wire::Reasoning<'a>, last: Option<&mut Part<'a>>) -> Option<Part<'a>> {
    let reasoning = match (reasoning.reasoning_text, reasoning.redacted_content) {
        (Some(text), _) => {
            if let Some(of_last) = text.signature.as_ref().and_then(|value| value.strip_prefix(OF_THE_LAST)) {
                let signature = Signature::untag(DIALECT, Str::from(of_last.to_owned()));
                match last {
                    Some(Part::Text(text)) => text.signature = Some(signature),
                    Some(Part::ToolCall(call)) => call.signature = Some(signature),
                    _ => return Some(Part::Text(Text { signature: Some(signature), ..Text::default() })),
                }
                return None;
            }
            let signature = text.signature.filter(|value| !value.is_empty());
            let signature = signature.map(|value| Signature::untag(DIALECT, value));
            Reasoning { text: text.text, signature, ..Reasoning::default() }
        }
        (None, Some(hidden)) => {
            Reasoning { signature: Some(read_redacted(hidden)), redacted: true, ..Reasoning::default() }
        }
        (None, None) => return None,
    };
    Some(Part::Reasoning(reasoning))
}

/// Hidden thoughts are base64 on the wire: a foreign signature lies in there with its tag.
pub(super) fn read_redacted(value: Str<'_>) -> Signature<'_> {
    let decoded = STANDARD.decode(value.as_bytes()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    match decoded.map(|text| Signature::untag(DIALECT, text.into())) {
        Some(foreign) if foreign.from != DIALECT => foreign,
        _ => Signature::new(DIALECT, value),
    }
}

/// The same, written.
pub(super) fn write_redacted<'s>(signature: &'s Signature<'_>) -> Str<'s> {
    if signature.from == DIALECT {
        return signature.value.borrowed();
    }
    STANDARD.encode(signature.tagged(DIALECT).as_bytes()).into()
}

fn cited_text(cited: wire::CitationsContent<'_>) -> Part<'_> {
    let mut texts = cited.content.0.into_iter().map(|piece| piece.text);
    let first = texts.next().unwrap_or_default();
    let text = texts.fold(first, |mut all, more| {
        all.0.to_mut().push_str(&more);
        all
    });
    let citations = cited.citations.0.into_iter().filter_map(citation).collect();
    Part::Text(Text { text, citations, ..Text::default() })
}

/// A source. One that cannot be read is none.
pub(super) fn citation(raw: &RawValue) -> Option<Citation<'_>> {
    let read: wire::Citation<'_> = serde_json::from_str(raw.get()).ok()?;
    let url = read.location.and_then(|location| location.web?.url);
    Some(Citation {
        url: url.or_else(|| read.source.filter(|source| source.starts_with("http"))),
        title: read.title,
        text: read.source_content.0.into_iter().next().map(|content| content.text),
        range: None,
        original: Foreign { dialect: DIALECT, kind: "citation".into(), json: raw.into() },
    })
}

/// A source as it is written: as it was, or what is known of another dialect's.
pub(super) fn write_citation<'c>(citation: &'c Citation<'_>) -> Raw<'c> {
    if citation.original.dialect == DIALECT {
        return citation.original.json.borrowed();
    }
    let mut made = serde_json::Map::new();
    if let Some(title) = &citation.title {
        made.insert("title".to_owned(), title.as_str().into());
    }
    if let Some(url) = &citation.url {
        made.insert("source".to_owned(), url.as_str().into());
        made.insert("location".to_owned(), serde_json::json!({"web": {"url": url.as_str()}}));
    }
    if let Some(text) = &citation.text {
        made.insert("sourceContent".to_owned(), serde_json::json!([{"text": text.as_str()}]));
    }
    Raw::write(&made).unwrap_or_else(|| RawValue::NULL.into())
}
