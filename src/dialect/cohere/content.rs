//! Contents of messages, read.

use serde_json::value::RawValue;

use super::citation;
use super::wire::{Message, Piece, text_or_json};
use crate::canonical::{
    Dialect, Foreign, Media, MediaKind, Part, Raw, Reasoning, Source, Str, ToolCall as Call, ToolResult,
};
use crate::dialect::functions::ToolCall;

/// What is wrong with a content, with its place in the message.
pub(super) type Wrong = String;

/// The parts of a content: nothing, a text, a list of pieces, or a piece that stands alone.
pub(super) fn parts(content: Option<&RawValue>) -> Result<Vec<Part<'_>>, Wrong> {
    pieces(content)?
        .into_iter()
        .enumerate()
        .map(|(at, raw)| part(raw).map_err(|error| wrong_piece(at, &error)))
        .collect()
}

/// The pieces of a content, unread.
fn pieces(content: Option<&RawValue>) -> Result<Vec<&RawValue>, Wrong> {
    match content {
        None => Ok(Vec::new()),
        Some(list) if list.get().starts_with('[') => {
            serde_json::from_str(list.get()).map_err(|error| format!("content`: {error}"))
        }
        Some(one) if one.get().starts_with(['"', '{']) => Ok(vec![one]),
        Some(_) => Err("content`: expected a string or a list of parts".to_owned()),
    }
}

fn wrong_piece(at: usize, error: &serde_json::Error) -> Wrong {
    format!("content[{at}]`: {error}")
}

fn part(raw: &RawValue) -> serde_json::Result<Part<'_>> {
    if raw.get().starts_with('"') {
        return serde_json::from_str(raw.get()).map(|text: Str<'_>| Part::text(text));
    }
    let piece: Piece<'_> = serde_json::from_str(raw.get())?;
    let kind = piece.kind.unwrap_or_else(|| "text".into());
    Ok(match (kind.as_str(), piece.text, piece.thinking, piece.image_url) {
        ("text", Some(text), ..) => Part::text(text),
        ("thinking", _, Some(text), _) => Part::Reasoning(Reasoning { text, ..Reasoning::default() }),
        ("image_url", _, _, Some(image)) if !image.url.is_empty() => {
            let (source, mime) = located(image.url);
            Part::Media(Media { detail: image.detail, ..medium(MediaKind::Image, source, mime) })
        }
        _ => Part::Foreign(Foreign { dialect: Dialect::Cohere, kind, json: Raw::from(raw) }),
    })
}

/// What an assistant's message says: thoughts, the plan, text, calls, and the sources of it all. `answer` names the
/// message, for calls without an id.
pub(super) fn spoken<'a>(message: Message<'a>, answer: &str) -> Result<Vec<Part<'a>>, Wrong> {
    let mut said = parts(message.content)?;
    // The plan is said before the calls, and after the thoughts that led to it.
    if let Some(plan) = message.tool_plan.filter(|plan| !plan.is_empty()) {
        let thoughts = said.iter().take_while(|part| matches!(part, Part::Reasoning(_))).count();
        said.insert(thoughts, Part::text(plan));
    }
    let calls = message.tool_calls.0.into_iter().enumerate();
    said.extend(calls.map(|(at, wire)| Part::ToolCall(call(wire, answer, at))));
    citation::attach(message.citations.unwrap_or_default(), &mut said);
    Ok(said)
}

/// A call. `answer` names what it stands in, where it has no id.
pub(super) fn call<'a>(wire: ToolCall<'a>, answer: &str, at: usize) -> Call<'a> {
    wire.read(answer, at, text_or_json)
}

/// What a tool said: a text, or texts and documents.
pub(super) fn result<'a>(id: Str<'a>, content: Option<&'a RawValue>) -> Result<ToolResult<'a>, Wrong> {
    let pieces = pieces(content)?;
    let alone = pieces.len() == 1;
    let mut result = ToolResult { id, ..ToolResult::default() };
    for (at, raw) in pieces.into_iter().enumerate() {
        let data = serde_json::from_str::<Piece<'_>>(raw.get()).ok().and_then(|piece| piece.document?.data);
        let Some(data) = data else {
            result.parts.push(part(raw).map_err(|error| wrong_piece(at, &error))?);
            continue;
        };
        if alone && data.get().starts_with('{') {
            result.json = Some(Raw::from(data));
        }
        result.parts.push(Part::text(text_or_json(Some(data))));
    }
    Ok(result)
}

pub(super) fn medium<'a>(kind: MediaKind, source: Source<'a>, mime: Str<'a>) -> Media<'a> {
    Media { kind, source, mime, name: None, context: None, detail: None, cite: false, cache: None }
}

/// What an address is: a `data:` URL in base64 is the medium itself.
pub(super) fn located(url: Str<'_>) -> (Source<'_>, Str<'_>) {
    let Some(comma) = data_url(&url) else { return (Source::Url(url), Str::default()) };
    let mime = url[5..comma].split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let mime = if mime == "image/jpg" { "image/jpeg".into() } else { mime.into() };
    let data = match url.0 {
        std::borrow::Cow::Borrowed(text) => text[comma + 1..].into(),
        std::borrow::Cow::Owned(mut text) => text.split_off(comma + 1).into(),
    };
    (Source::Base64(data), mime)
}

/// Where in a `data:` URL of base64 its comma stands.
fn data_url(url: &str) -> Option<usize> {
    let scheme = url.get(..5)?;
    let comma = memchr::memchr(b',', url.as_bytes())?;
    let coding = url.get(comma.checked_sub(7)?..comma)?;
    (scheme.eq_ignore_ascii_case("data:") && coding.eq_ignore_ascii_case(";base64")).then_some(comma)
}
