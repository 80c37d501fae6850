//! Parts of a content, read.

use serde_json::value::RawValue;

use super::wire::{CacheControl, ContentPart, File, InputAudio, lenient, link};
use crate::canonical::{Cache, Dialect, Foreign, Media, MediaKind, Part, Raw, Reasoning, Source, Str, Text};
use crate::dialect::wire::Content;

/// Every part of a content: a text, a list of parts, or a part alone. One that is of no known kind is kept as it was.
pub(super) fn parts(content: Option<&RawValue>) -> serde_json::Result<Vec<Part<'_>>> {
    let Some(content) = content else { return Ok(Vec::new()) };
    match content.get().as_bytes().first() {
        Some(b'[') => serde_json::from_str::<Vec<&RawValue>>(content.get())?.into_iter().map(part_of).collect(),
        Some(b'{') => Ok(vec![part_of(content)?]),
        _ => Ok(vec![Part::text(serde_json::from_str::<Str<'_>>(content.get())?)]),
    }
}

fn part_of(raw: &RawValue) -> serde_json::Result<Part<'_>> {
    Ok(part(serde_json::from_str(raw.get())?, raw))
}

/// Parts of an answer, of which only texts, thoughts and refusals are known.
pub(super) fn answer<'a>(content: Content<'a, ContentPart<'a>>) -> Vec<Part<'a>> {
    match content {
        Content::Nothing => Vec::new(),
        Content::Text(text) if text.is_empty() => Vec::new(),
        Content::Text(text) => vec![Part::text(text)],
        Content::Parts(parts) => parts.into_iter().filter_map(spoken).collect(),
    }
}

/// A part that can be said: text, thoughts, a refusal, an image.
fn spoken(part: ContentPart<'_>) -> Option<Part<'_>> {
    if part.thinking.is_some() {
        return Some(Part::Reasoning(Reasoning { text: thinking(part.thinking)?, ..Reasoning::default() }));
    }
    if let Some(text) = part.text.given() {
        return Some(Part::text(text));
    }
    if let Some(refusal) = part.refusal.given() {
        return Some(Part::Refusal(refusal));
    }
    image(part.image_url?)
}

/// An image by its link.
pub(super) fn image(raw: &RawValue) -> Option<Part<'_>> {
    let link = link(raw).filter(|link| !link.url.is_empty())?;
    let (source, mime) = located(link.url);
    Some(Part::Media(Media { detail: link.detail, ..medium(MediaKind::Image, source, mime) }))
}

fn part<'a>(part: ContentPart<'a>, raw: &'a RawValue) -> Part<'a> {
    let cache = part.cache_control.map(|CacheControl { ttl }| Cache { ttl });
    let kind = part.kind.clone().unwrap_or_default();
    let linked = |kind, raw: Option<&'a RawValue>| {
        let link = link(raw?).filter(|link| !link.url.is_empty())?;
        let (source, mime) = located(link.url);
        Some(Media { detail: link.detail, ..medium(kind, source, mime) })
    };
    let media = match kind.as_str() {
        "image_url" | "input_image" => linked(MediaKind::Image, part.image_url),
        "video_url" => linked(MediaKind::Video, part.video_url),
        "audio_url" => linked(MediaKind::Audio, part.audio_url),
        "file_url" => linked(MediaKind::Document, part.file_url),
        "document_url" => linked(MediaKind::Document, part.document_url)
            .map(|media| Media { name: part.document_name.clone(), ..media }),
        "input_audio" => part.input_audio.and_then(audio),
        "file" | "input_file" => part.file.and_then(file),
        "thinking" => {
            let text = thinking(part.thinking).unwrap_or_default();
            return Part::Reasoning(Reasoning { text, ..Reasoning::default() });
        }
        "refusal" => return Part::Refusal(part.refusal.given().unwrap_or_default()),
        "" | "text" | "input_text" | "output_text" if kind == "text" || !part.text.is_empty() => {
            return Part::Text(Text { text: part.text.given().unwrap_or_default(), cache, ..Text::default() });
        }
        _ => None,
    };
    match media {
        Some(media) => Part::Media(Media { cache, ..media }),
        None => Part::Foreign(Foreign { dialect: Dialect::OpenAiChat, kind, json: Raw::from(raw) }),
    }
}

fn medium<'a>(kind: MediaKind, source: Source<'a>, mime: Str<'a>) -> Media<'a> {
    Media { kind, source, mime, name: None, context: None, detail: None, cite: false, cache: None }
}

fn audio(raw: &RawValue) -> Option<Media<'_>> {
    // Mistral has an address or the data alone.
    let Some(audio) = lenient::<InputAudio<'_>>(Some(raw)).filter(|audio| !audio.data.is_empty()) else {
        let (source, mime) = located(link(raw)?.url);
        return Some(medium(MediaKind::Audio, source, mime));
    };
    let mime = match audio.format.as_deref() {
        Some("mp3") => "audio/mpeg".into(),
        Some(format) => format!("audio/{}", format.to_ascii_lowercase()).into(),
        None => Str::default(),
    };
    Some(match located(audio.data) {
        (Source::Url(data), _) if !is_address(&data) => medium(MediaKind::Audio, Source::Base64(data), mime),
        (source, own) => medium(MediaKind::Audio, source, if own.is_empty() { mime } else { own }),
    })
}

fn file(file: File<'_>) -> Option<Media<'_>> {
    let (source, mime) = match (file.file_data, file.file_url, file.file_id) {
        (Some(data), ..) => match located(data) {
            // Without a type it is base64 that stands alone.
            (Source::Url(data), _) if !is_address(&data) => (Source::Base64(data), "application/pdf".into()),
            located => located,
        },
        (None, Some(url), _) => located(url),
        (None, None, Some(id)) => (Source::FileId(id), Str::default()),
        (None, None, None) => return None,
    };
    let kind = match mime.split_once('/') {
        Some(("image", _)) => MediaKind::Image,
        Some(("audio", _)) => MediaKind::Audio,
        Some(("video", _)) => MediaKind::Video,
        _ => MediaKind::Document,
    };
    Some(Media { name: file.filename, ..medium(kind, source, mime) })
}

/// Mistral's thoughts: a list of text parts, or a text.
fn thinking(raw: Option<&RawValue>) -> Option<Str<'_>> {
    let content = lenient::<Content<'_, ContentPart<'_>>>(raw)?;
    match content {
        Content::Nothing => None,
        Content::Text(text) => Some(text),
        Content::Parts(parts) => {
            let mut texts = parts.into_iter().filter_map(|part| part.text.given());
            let mut all = texts.next()?;
            texts.for_each(|more| all.0.to_mut().push_str(&more));
            Some(all)
        }
    }
}

/// What an address is: a `data:` URL is the medium itself. With the media type where it is told.
pub(super) fn located(url: Str<'_>) -> (Source<'_>, Str<'_>) {
    if !url.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:")) {
        return (Source::Url(url), Str::default());
    }
    let Some(comma) = memchr::memchr(b',', url.as_bytes()) else { return (Source::Url(url), Str::default()) };
    let head = &url[5..comma];
    if !head.get(head.len().saturating_sub(7)..).is_some_and(|end| end.eq_ignore_ascii_case(";base64")) {
        return (Source::Url(url), Str::default());
    }
    let mime = normal(head.split(';').next().unwrap_or_default());
    (Source::Base64(tail(url, comma + 1)), mime)
}

/// Whether this is no base64, which has no colon: `https://...`, `gs://...`.
fn is_address(data: &str) -> bool {
    data.bytes().take(16).any(|byte| byte == b':')
}

/// The text behind `start`, not copied where it is borrowed.
fn tail(text: Str<'_>, start: usize) -> Str<'_> {
    match text.0 {
        std::borrow::Cow::Borrowed(text) => text[start..].into(),
        std::borrow::Cow::Owned(mut text) => {
            text.drain(..start);
            text.into()
        }
    }
}

/// A media type in lower case and by its registered name.
fn normal(mime: &str) -> Str<'static> {
    match mime.trim().to_ascii_lowercase() {
        jpeg if jpeg == "image/jpg" => "image/jpeg".into(),
        mime => mime.into(),
    }
}
