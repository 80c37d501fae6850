//! Formats of media: Converse has a word of its own where others have a media type.

use std::collections::HashMap;

use crate::canonical::{Media, MediaKind, Str};

/// The word, the media type, and the endings of file names. The first word of a type is the one that is written.
const FORMATS: [(MediaKind, &str, &str); 42] = [
    (MediaKind::Image, "png", "image/png"),
    (MediaKind::Image, "jpeg", "image/jpeg"),
    (MediaKind::Image, "jpeg", "image/jpg"),
    (MediaKind::Image, "gif", "image/gif"),
    (MediaKind::Image, "webp", "image/webp"),
    (MediaKind::Document, "pdf", "application/pdf"),
    (MediaKind::Document, "csv", "text/csv"),
    (MediaKind::Document, "doc", "application/msword"),
    (MediaKind::Document, "docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    (MediaKind::Document, "xls", "application/vnd.ms-excel"),
    (MediaKind::Document, "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (MediaKind::Document, "html", "text/html"),
    (MediaKind::Document, "txt", "text/plain"),
    (MediaKind::Document, "md", "text/markdown"),
    (MediaKind::Document, "md", "text/x-markdown"),
    (MediaKind::Video, "mp4", "video/mp4"),
    (MediaKind::Video, "mkv", "video/x-matroska"),
    (MediaKind::Video, "mov", "video/quicktime"),
    (MediaKind::Video, "webm", "video/webm"),
    (MediaKind::Video, "flv", "video/x-flv"),
    (MediaKind::Video, "mpeg", "video/mpeg"),
    (MediaKind::Video, "mpg", "video/mpg"),
    (MediaKind::Video, "wmv", "video/x-ms-wmv"),
    (MediaKind::Video, "three_gp", "video/3gpp"),
    (MediaKind::Audio, "mp3", "audio/mpeg"),
    (MediaKind::Audio, "mp3", "audio/mp3"),
    (MediaKind::Audio, "wav", "audio/wav"),
    (MediaKind::Audio, "wav", "audio/x-wav"),
    (MediaKind::Audio, "wav", "audio/wave"),
    (MediaKind::Audio, "opus", "audio/opus"),
    (MediaKind::Audio, "aac", "audio/aac"),
    (MediaKind::Audio, "x-aac", "audio/x-aac"),
    (MediaKind::Audio, "flac", "audio/flac"),
    (MediaKind::Audio, "mp4", "audio/mp4"),
    (MediaKind::Audio, "ogg", "audio/ogg"),
    (MediaKind::Audio, "mkv", "audio/x-matroska"),
    (MediaKind::Audio, "mka", "audio/mka"),
    (MediaKind::Audio, "m4a", "audio/m4a"),
    (MediaKind::Audio, "m4a", "audio/x-m4a"),
    (MediaKind::Audio, "mpga", "audio/mpga"),
    (MediaKind::Audio, "pcm", "audio/pcm"),
    (MediaKind::Audio, "webm", "audio/webm"),
];

/// How pictures begin, in base64: for those that came without a type, or with a wrong one.
const BEGINNINGS: [(&str, &str); 4] = [("iVBORw0KGgo", "png"), ("/9j/", "jpeg"), ("R0lGOD", "gif"), ("UklGR", "webp")];

/// The media type of a format; empty for one that is not known.
pub(super) fn mime(kind: MediaKind, format: &str) -> Str<'static> {
    let row = FORMATS.iter().find(|(of, word, _)| *of == kind && *word == format);
    row.map(|(_, _, mime)| *mime).unwrap_or_default().into()
}

/// The format of a medium, by its type, else by its name, else by how `data` begins. `None`: Converse has no such.
pub(super) fn format(media: &Media<'_>, data: &str) -> Option<&'static str> {
    let of_kind = || FORMATS.iter().filter(|(kind, _, _)| *kind == media.kind);
    if let Some((_, word, _)) = of_kind().find(|(_, _, mime)| *mime == media.mime.as_str()) {
        return Some(word);
    }
    let ending = media.name.as_ref().and_then(|name| Some(name.rsplit_once('.')?.1.to_ascii_lowercase()));
    if let Some((_, word, _)) = ending.and_then(|ending| of_kind().find(|(_, word, _)| *word == ending)) {
        return Some(word);
    }
    match media.kind {
        MediaKind::Image => BEGINNINGS.iter().find(|(start, _)| data.starts_with(start)).map(|(_, word)| *word),
        MediaKind::Document if data.starts_with("JVBERi0") => Some("pdf"),
        MediaKind::Document if media.mime.starts_with("text/") || media.mime.as_str() == "application/json" => {
            Some("txt")
        }
        _ => None,
    }
}

/// The names of documents so far, each with the number that was last put behind it.
pub(super) type Names = HashMap<String, usize>;

/// A document's name as Converse allows it: letters, digits, single spaces, hyphens, brackets; none twice.
pub(super) fn document_name(name: Option<&str>, taken: &mut Names) -> String {
    let stem = name.map(|name| name.rsplit_once('.').map_or(name, |(stem, _)| stem)).unwrap_or_default();
    let mut made = String::new();
    for letter in stem.chars().take(180) {
        let letter = if letter.is_ascii_alphanumeric() || "-()[]".contains(letter) { letter } else { ' ' };
        if letter != ' ' || !(made.is_empty() || made.ends_with(' ')) {
            made.push(letter);
        }
    }
    made.truncate(made.trim_end().len());
    if made.is_empty() {
        made.push_str("document");
    }
    let mut unique = made.clone();
    while taken.contains_key(&unique) {
        let number = taken.entry(made.clone()).or_insert(1);
        *number += 1;
        unique = format!("{made} {number}");
    }
    taken.insert(unique.clone(), 1);
    unique
}
