//! Images and documents as they are written.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use std::borrow::Cow;

use super::block::{Block, CacheControl, Enabled};
use crate::canonical::{Lost, Media, MediaKind, Source as From};
use crate::dialect::codec::Flavour;

/// Where an image or a document is.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(in super::super) enum Source<'r> {
    Base64 { media_type: &'static str, data: &'r str },
    Text { media_type: &'static str, data: Cow<'r, str> },
    Url { url: &'r str },
    File { file_id: &'r str },
}

/// Writes a medium of a request; what this dialect, or the provider, has no place for is named in `lost`.
pub(super) fn media<'r>(media: &'r Media<'_>, flavour: Flavour, lost: &mut Lost) -> Option<Block<'r>> {
    let cache_control = CacheControl::of(media.cache.as_ref());
    let source = match media.kind {
        MediaKind::Image => image(media, flavour),
        MediaKind::Document => document(media, flavour),
        MediaKind::Audio | MediaKind::Video => None,
    };
    let Some(source) = source else {
        lost.add_medium(media);
        return None;
    };
    // `auto` is what there is.
    lost.add_if(media.detail.as_deref().is_some_and(|detail| detail != "auto"), "messages.image.detail");
    Some(match media.kind {
        MediaKind::Image => Block::Image { source, cache_control },
        _ => Block::Document {
            source,
            title: media.name.as_deref(),
            context: media.context.as_deref(),
            citations: media.cite.then_some(Enabled { enabled: true }),
            cache_control,
        },
    })
}

fn image<'r>(media: &'r Media<'_>, flavour: Flavour) -> Option<Source<'r>> {
    match &media.source {
        From::Base64(data) => Some(Source::Base64 { media_type: image_type(&media.mime, data)?, data }),
        source => elsewhere(source, flavour),
    }
}

/// The four types that are taken, also by the names that they are wrongly given, and where none is given, by what the
/// data begins with.
fn image_type(mime: &str, data: &str) -> Option<&'static str> {
    match mime {
        "image/jpeg" | "image/jpg" => Some("image/jpeg"),
        "image/png" => Some("image/png"),
        "image/gif" => Some("image/gif"),
        "image/webp" => Some("image/webp"),
        "" | "image/*" | "application/octet-stream" => {
            [("/9j/", "image/jpeg"), ("iVBOR", "image/png"), ("R0lGOD", "image/gif"), ("UklGR", "image/webp")]
                .into_iter()
                .find_map(|(beginning, kind)| data.starts_with(beginning).then_some(kind))
        }
        _ => None,
    }
}

/// PDF passes as it is; any text is text here. Nothing else is taken.
fn document<'r>(media: &'r Media<'_>, flavour: Flavour) -> Option<Source<'r>> {
    const TEXT: &str = "text/plain";
    match &media.source {
        From::Text(text) => Some(Source::Text { media_type: TEXT, data: Cow::Borrowed(text) }),
        From::Base64(data) if media.mime == "application/pdf" || data.starts_with("JVBERi") => {
            Some(Source::Base64 { media_type: "application/pdf", data })
        }
        From::Base64(data) if media.mime.starts_with("text/") || media.mime == "application/json" => {
            let text = String::from_utf8(STANDARD.decode(data.as_bytes()).ok()?).ok()?;
            Some(Source::Text { media_type: TEXT, data: Cow::Owned(text) })
        }
        From::Base64(_) => None,
        source => elsewhere(source, flavour),
    }
}

/// A medium that is not in the request. Vertex and Bedrock fetch nothing, and only the vendor keeps files; its names
/// for them are recognised by how they begin.
fn elsewhere<'r>(source: &'r From<'_>, flavour: Flavour) -> Option<Source<'r>> {
    match source {
        _ if matches!(flavour, Flavour::Vertex | Flavour::Bedrock) => None,
        From::Url(url) if url.starts_with("https://") || url.starts_with("http://") => Some(Source::Url { url }),
        From::FileId(file_id) if file_id.starts_with("file_") => Some(Source::File { file_id }),
        _ => None,
    }
}
