//! Parts as they are written, to Google and to its clients alike.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::out::{Object, text};
use super::parts::{compact, is_at_youtube};
use crate::canonical::{Dialect, Lost, Media, MediaKind, Source, Str, ToolCall};

/// `{"text": ...}`, thoughts marked as such.
pub(super) fn write_text(out: &mut Vec<u8>, said: &str, thought: bool, signature: Option<&str>) {
    let mut part = Object::begin(out);
    part.text("text", said);
    if thought {
        part.bool("thought", true);
    }
    if let Some(signature) = signature {
        part.text("thoughtSignature", signature);
    }
    part.end();
}

/// `{"functionCall": ...}`.
pub(super) fn write_call(out: &mut Vec<u8>, call: &ToolCall<'_>, with_id: bool, signature: Option<&str>) {
    let mut part = Object::begin(out);
    let mut function = part.object("functionCall");
    function.text("name", &call.name);
    write_arguments(function.key("args"), call);
    if with_id {
        function.text("id", &call.id);
    }
    function.end();
    if let Some(signature) = signature {
        part.text("thoughtSignature", signature);
    }
    part.end();
}

/// The arguments are an object. What is none is put into one: the free text of a custom tool, and what was cut off.
fn write_arguments(out: &mut Vec<u8>, call: &ToolCall<'_>) {
    match call.object().filter(|_| !call.free_form) {
        Some(object) => out.extend_from_slice(compact(object.into_str()).as_bytes()),
        None => {
            let mut object = Object::begin(out);
            object.text(if call.free_form { "input" } else { "_malformed_arguments" }, &call.arguments);
            object.end();
        }
    }
}

/// `{"inlineData": ...}` or `{"fileData": ...}`. False where it cannot be said; then nothing is written.
pub(super) fn write_media(out: &mut Vec<u8>, media: &Media<'_>, lost: &mut Lost) -> bool {
    if let Source::FileId(id) = &media.source
        && !id.contains("://")
        && !id.starts_with("files/")
    {
        lost.add_medium(media);
        return false;
    }
    lost.add_if(media.name.is_some(), "messages.document.name");
    lost.add_if(media.context.is_some(), "messages.document.context");
    lost.add_if(media.cite, "messages.citations");
    lost.add_if(media.cache.is_some(), "cache_control");
    lost.add_if(media.detail.as_deref().is_some_and(|detail| detail != "auto"), "messages.image.detail");
    let mime = mime_of(media);
    let mut part = Object::begin(out);
    match &media.source {
        Source::Base64(data) => write_blob(&mut part, &mime, data),
        Source::Text(said) => write_blob(&mut part, &mime, &BASE64_STANDARD.encode(said.as_bytes())),
        Source::Url(uri) | Source::FileId(uri) => {
            let mut file = part.object("fileData");
            file.text("mimeType", &mime);
            file.text("fileUri", uri);
            file.end();
        }
    }
    part.end();
    true
}

fn write_blob(part: &mut Object<'_>, mime: &str, data: &str) {
    let mut blob = part.object("inlineData");
    blob.text("mimeType", mime);
    let out = blob.key("data");
    if data.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'-' | b'_')) {
        out.reserve(data.len() + 2);
        out.push(b'"');
        out.extend_from_slice(data.as_bytes());
        out.push(b'"');
    } else {
        text(out, data);
    }
    blob.end();
}

/// Google wants a media type in any case, and knows only one name of each.
fn mime_of<'m>(media: &'m Media<'_>) -> Str<'m> {
    const BY_ENDING: &[(&str, &str)] = &[
        (".png", "image/png"),
        (".webp", "image/webp"),
        (".gif", "image/gif"),
        (".heic", "image/heic"),
        (".heif", "image/heif"),
        (".pdf", "application/pdf"),
        (".txt", "text/plain"),
        (".csv", "text/csv"),
        (".html", "text/html"),
        (".md", "text/markdown"),
        (".mp3", "audio/mp3"),
        (".wav", "audio/wav"),
        (".ogg", "audio/ogg"),
        (".flac", "audio/flac"),
        (".webm", "video/webm"),
        (".mov", "video/quicktime"),
        (".mp4", "video/mp4"),
    ];
    match &*media.mime {
        "image/jpg" => return Str::new("image/jpeg"),
        "" => {}
        mime => return Str::new(mime),
    }
    if let Source::Text(_) = media.source {
        return Str::new("text/plain");
    }
    let address = match &media.source {
        Source::Url(uri) | Source::FileId(uri) => uri.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase(),
        _ => String::new(),
    };
    if is_at_youtube(&address) {
        return Str::new("video/mp4");
    }
    let by_ending = BY_ENDING.iter().find(|(ending, _)| address.ends_with(ending));
    Str::new(by_ending.map(|(_, mime)| *mime).unwrap_or(match media.kind {
        MediaKind::Image => "image/jpeg",
        MediaKind::Document => "application/pdf",
        MediaKind::Audio => "audio/wav",
        MediaKind::Video => "video/mp4",
    }))
}

/// Something of this dialect's own, as it was.
pub(super) fn write_foreign(out: &mut Vec<u8>, foreign: &crate::canonical::Foreign<'_>, lost: &mut Lost) -> bool {
    if foreign.dialect != Dialect::Gemini {
        lost.add_part(foreign);
        return false;
    }
    out.extend_from_slice(compact(foreign.json.borrowed().into_str()).as_bytes());
    true
}
