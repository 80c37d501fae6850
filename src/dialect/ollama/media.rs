//! Images, which are base64 and nothing else.

use crate::canonical::{Media, MediaKind, Source, Str};

/// How the base64 of an image begins, by its type.
const BEGINNINGS: [(&str, &str); 4] =
    [("/9j/", "image/jpeg"), ("iVBORw0KGgo", "image/png"), ("R0lGOD", "image/gif"), ("UklGR", "image/webp")];

/// An image. Its type is told by its first bytes; some clients send a whole `data:` URL.
pub(super) fn image(data: Str<'_>) -> Media<'_> {
    let behind = if data.starts_with("data:") { memchr::memchr(b',', data.as_bytes()) } else { None };
    let data = match (behind, data.0) {
        (None, data) => Str(data),
        (Some(comma), std::borrow::Cow::Borrowed(text)) => text[comma + 1..].into(),
        (Some(comma), std::borrow::Cow::Owned(mut text)) => text.split_off(comma + 1).into(),
    };
    let known = BEGINNINGS.iter().find(|(beginning, _)| data.starts_with(beginning));
    Media {
        kind: MediaKind::Image,
        mime: known.map(|(_, mime)| *mime).unwrap_or_default().into(),
        source: Source::Base64(data),
        name: None,
        context: None,
        detail: None,
        cite: false,
        cache: None,
    }
}
