//! Images, documents and sound as parts of a content.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::json_out::{Object, Shown};
use super::style::Style;
use crate::canonical::{Media, MediaKind, Source, fnv};
use crate::dialect::codec::Flavour;

/// A medium in the form in which a target takes it.
pub(super) enum Form<'m> {
    /// As a text.
    Text(Cow<'m, str>),
    /// As a part of its own kind.
    Part(&'m Media<'m>),
    /// Not at all.
    Nothing,
}

/// In which form the target takes a medium.
pub(super) fn form<'m>(media: &'m Media<'m>, style: &Style<'_>) -> Form<'m> {
    if let Some(text) = as_text(media) {
        return Form::Text(text);
    }
    let mistral = style.is(Flavour::Mistral);
    match (media.kind, &media.source) {
        (_, Source::FileId(id)) => match style.is_openai() && media.kind == MediaKind::Document {
            // Only ids of OpenAI's own form mean anything to it.
            true if id.starts_with("file-") || id.starts_with("assistant-") => Form::Part(media),
            _ => Form::Nothing,
        },
        (MediaKind::Image, _) => Form::Part(media),
        (MediaKind::Document, Source::Url(_)) if !mistral && !style.is(Flavour::OpenRouter) => Form::Nothing,
        (MediaKind::Document, _) => Form::Part(media),
        (MediaKind::Audio, Source::Url(_)) if !mistral => Form::Nothing,
        (MediaKind::Audio, _) if style.is_openai() && !matches!(format(&media.mime), "wav" | "mp3") => Form::Nothing,
        (MediaKind::Audio, _) => Form::Part(media),
        (MediaKind::Video, _) if style.is_openai() || mistral => Form::Nothing,
        (MediaKind::Video, _) => Form::Part(media),
    }
}

/// A document that is text, with its title and what it is about before it.
fn as_text<'m>(media: &'m Media<'_>) -> Option<Cow<'m, str>> {
    let text = match &media.source {
        Source::Text(text) => Cow::Borrowed(text.as_str()),
        Source::Base64(data) if media.kind == MediaKind::Document && is_text(&media.mime) => {
            Cow::Owned(String::from_utf8(STANDARD.decode(data.as_bytes()).ok()?).ok()?)
        }
        _ => return None,
    };
    let heads = [media.name.as_deref(), media.context.as_deref()];
    let head: Vec<&str> = heads.into_iter().flatten().filter(|head| !head.is_empty()).collect();
    Some(if head.is_empty() { text } else { format!("{}\n\n{text}", head.join("\n")).into() })
}

fn is_text(mime: &str) -> bool {
    mime.starts_with("text/") || matches!(mime, "application/json" | "application/xml" | "application/yaml")
}

/// Writes a medium as a part.
pub(super) fn write(media: &Media<'_>, style: &Style<'_>, part: &mut Object<'_>) {
    match media.kind {
        MediaKind::Image => link(part, "image_url", media),
        MediaKind::Video => link(part, "video_url", media),
        MediaKind::Audio => audio(media, style, part),
        MediaKind::Document if style.is(Flavour::Mistral) => {
            part.set("type", "document_url").set("document_url", Shown(Address(media)));
            part.maybe("document_name", media.name.as_ref());
        }
        MediaKind::Document => {
            part.set("type", "file");
            part.object("file", |file| match &media.source {
                Source::FileId(id) => _ = file.set("file_id", id),
                _ => {
                    let made = || format!("document-{:08x}.pdf", fnv(address_of(media).as_bytes()) as u32);
                    file.set("filename", media.name.as_deref().map_or_else(|| made().into(), Cow::Borrowed));
                    file.set("file_data", Shown(Address(media)));
                }
            });
        }
    }
}

/// `{"type": name, name: {"url": ..}}`
pub(super) fn link(part: &mut Object<'_>, name: &'static str, media: &Media<'_>) {
    part.set("type", name);
    part.object(name, |link| {
        link.set("url", Shown(Address(media)));
        link.maybe("detail", media.detail.as_ref());
    });
}

fn audio(media: &Media<'_>, style: &Style<'_>, part: &mut Object<'_>) {
    part.set("type", "input_audio");
    if style.is(Flavour::Mistral) {
        part.set("input_audio", address_of(media));
        return;
    }
    let format = format(&media.mime);
    part.object("input_audio", |audio| _ = audio.set("data", address_of(media)).set("format", format));
}

/// The format of sound, of which OpenAI itself knows only `wav` and `mp3`.
fn format(mime: &str) -> &str {
    match mime.rsplit('/').next().unwrap_or_default() {
        "mpeg" | "mp3" | "mpga" => "mp3",
        "" | "wav" | "x-wav" | "wave" | "vnd.wave" => "wav",
        other => other,
    }
}

fn address_of<'m>(media: &'m Media<'_>) -> &'m str {
    match &media.source {
        Source::Base64(text) | Source::Url(text) | Source::FileId(text) | Source::Text(text) => text,
    }
}

/// Where a medium is: its address, or a `data:` URL that holds it.
struct Address<'m>(&'m Media<'m>);

impl fmt::Display for Address<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.source {
            Source::Base64(data) => {
                let mime = if self.0.mime.is_empty() { guessed(self.0.kind, data) } else { &self.0.mime };
                write!(f, "data:{mime};base64,{data}")
            }
            _ => f.write_str(address_of(self.0)),
        }
    }
}

/// The media type where nobody said it, by the first bytes.
fn guessed(kind: MediaKind, data: &str) -> &'static str {
    const STARTS: [(&str, &str); 5] = [
        ("/9j/", "image/jpeg"),
        ("iVBOR", "image/png"),
        ("R0lGOD", "image/gif"),
        ("UklGR", "image/webp"),
        ("JVBER", "application/pdf"),
    ];
    match STARTS.iter().find(|(start, _)| data.starts_with(start)) {
        Some((_, mime)) => mime,
        None => match kind {
            MediaKind::Image => "image/png",
            MediaKind::Document => "application/pdf",
            MediaKind::Audio => "audio/wav",
            MediaKind::Video => "video/mp4",
        },
    }
}
