//! The parts of messages and of tools' outputs, both ways.

use serde_json::value::RawValue;

use super::OWN;
use super::carried::tail;
use super::wire::{Annotation, Piece, Shape, at, lenient, text_of};
use super::writing::{Link, Object, comma};
use crate::canonical::{Cache, Citation, Fault, Foreign, Lost, Media, MediaKind, Part, Raw, Source, Str, Text};
use crate::dialect::codec::Flavour;

/// Before the kind of a part that is no item by itself.
pub(super) const INSIDE: &str = "content.";

/// The parts of a client's `content` or `output`.
pub(super) fn read<'a>(content: Option<&'a RawValue>, place: &dyn Fn() -> String) -> Result<Vec<Part<'a>>, Fault> {
    match content.map(Shape::of) {
        None => Ok(Vec::new()),
        Some(Shape::Text(text)) => Ok(vec![Part::text(text)]),
        Some(Shape::List(pieces)) => {
            (0..).zip(pieces).map(|(index, piece)| read_piece(piece, &|| format!("{}[{index}]", place()))).collect()
        }
        Some(Shape::Other(piece)) => Ok(vec![read_piece(piece, place)?]),
    }
}

fn read_piece<'a>(raw: &'a RawValue, place: &dyn Fn() -> String) -> Result<Part<'a>, Fault> {
    if let Shape::Text(text) = Shape::of(raw) {
        return Ok(Part::text(text));
    }
    let piece: Piece<'_> = at(raw, place)?;
    Ok(part_of(raw, piece))
}

/// What a part is; one of an unknown kind is kept as it is.
pub(super) fn part_of<'a>(raw: &'a RawValue, piece: Piece<'a>) -> Part<'a> {
    let cache = piece.prompt_cache_breakpoint.map(|_| Cache::default());
    let media = |kind, (source, mime): (Source<'a>, Str<'a>), name, detail, cache| {
        Part::Media(Media { kind, source, mime, name, context: None, detail, cite: false, cache })
    };
    match piece.kind.as_deref().unwrap_or("input_text") {
        "input_text" | "output_text" | "text" | "summary_text" | "reasoning_text" => Part::Text(Text {
            text: piece.text.unwrap_or_default(),
            cache,
            citations: piece.annotations.unwrap_or_default().into_iter().map(citation).collect(),
            signature: None,
        }),
        "refusal" => Part::Refusal(piece.refusal.unwrap_or_default()),
        "input_image" | "image_url" => {
            let (url, detail) = address(piece.image_url, piece.detail);
            let source = url.map(located).or(piece.file_id.map(stored)).unwrap_or_else(|| located(Str::default()));
            media(MediaKind::Image, source, None, detail, cache)
        }
        "input_file" | "file" => {
            let given = piece.file_data.map(|data| data_of(data, piece.filename.as_deref()));
            let found = piece.file_url.map(|url| (Source::Url(url), Str::default()));
            let (source, mime) =
                given.or(found).or(piece.file_id.map(stored)).unwrap_or_else(|| located(Str::default()));
            let name = piece.filename.as_deref().or(match &source {
                Source::Url(url) => Some(url.as_str()),
                _ => None,
            });
            let mime = if mime.is_empty() { name.map_or("", mime_of_name).into() } else { mime };
            media(kind_of(&mime), (source, mime), piece.filename, None, cache)
        }
        "input_audio" => {
            let audio = piece.input_audio.unwrap_or_default();
            let mime = match &*audio.format {
                "mp3" => "audio/mpeg".into(),
                format => format!("audio/{format}").into(),
            };
            media(MediaKind::Audio, (Source::Base64(audio.data), mime), None, None, cache)
        }
        "input_video" | "video_url" => {
            let (url, detail) = address(piece.video_url, piece.detail);
            media(MediaKind::Video, located(url.unwrap_or_default()), None, detail, cache)
        }
        kind => Part::Foreign(Foreign { dialect: OWN, kind: format!("{INSIDE}{kind}").into(), json: Raw::from(raw) }),
    }
}

/// An address as a string, or as Chat's object with `url` and `detail` in it.
fn address<'a>(raw: Option<&'a RawValue>, detail: Option<Str<'a>>) -> (Option<Str<'a>>, Option<Str<'a>>) {
    #[derive(Default, serde::Deserialize)]
    #[serde(default)]
    struct Wire<'a> {
        #[serde(borrow)]
        url: Option<Str<'a>>,
        #[serde(borrow)]
        detail: Option<Str<'a>>,
    }
    match raw.map(Shape::of) {
        Some(Shape::Text(url)) => (Some(url), detail),
        Some(Shape::Other(object)) => {
            let wire: Wire<'_> = lenient(object);
            (wire.url, detail.or(wire.detail))
        }
        _ => (None, detail),
    }
}

fn stored(id: Str<'_>) -> (Source<'_>, Str<'_>) {
    (Source::FileId(id), Str::default())
}

/// What is behind an address, and its media type where that is said.
fn located(url: Str<'_>) -> (Source<'_>, Str<'_>) {
    let data =
        url.get(..5).filter(|scheme| scheme.eq_ignore_ascii_case("data:")).and_then(|_| url[5..].split_once(','));
    let Some((head, _)) = data else {
        let path = url.split(['?', '#']).next().unwrap_or_default();
        let mime = mime_of_name(path);
        return (Source::Url(url), mime.into());
    };
    let mut parameters = head.split(';');
    let mime = parameters.next().unwrap_or_default().trim().to_ascii_lowercase();
    if !parameters.any(|parameter| parameter.trim().eq_ignore_ascii_case("base64")) {
        return (Source::Url(url), mime.into());
    }
    let mime = if mime == "image/jpg" { "image/jpeg".to_owned() } else { mime };
    let start = 5 + head.len() + 1;
    (Source::Base64(tail(url, start)), mime.into())
}

/// A file's data: the vendor wants a data URL, clients also send bare base64.
fn data_of<'a>(data: Str<'a>, name: Option<&str>) -> (Source<'a>, Str<'a>) {
    // Base64 has no colon: this is a URL, of the data itself or of where it is.
    if data.bytes().take(16).any(|byte| byte == b':') {
        return located(data);
    }
    let mime = name.map(mime_of_name).filter(|mime| !mime.is_empty()).unwrap_or("application/pdf");
    (Source::Base64(data), mime.into())
}

/// Media types by the ending of a file's name, and the kind of medium.
const TYPES: &[(&str, &str)] = &[
    (".pdf", "application/pdf"),
    (".txt", "text/plain"),
    (".md", "text/markdown"),
    (".csv", "text/csv"),
    (".html", "text/html"),
    (".json", "application/json"),
    (".docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    (".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (".png", "image/png"),
    (".jpg", "image/jpeg"),
    (".jpeg", "image/jpeg"),
    (".gif", "image/gif"),
    (".webp", "image/webp"),
    (".mp4", "video/mp4"),
    (".mp3", "audio/mpeg"),
    (".wav", "audio/wav"),
];

fn mime_of_name(name: &str) -> &'static str {
    let ending = name.rfind('.').map(|dot| name[dot..].to_ascii_lowercase()).unwrap_or_default();
    TYPES.iter().find(|(known, _)| *known == ending).map_or("", |(_, mime)| mime)
}

fn name_of_mime(mime: &str) -> String {
    let ending = TYPES.iter().find(|(_, known)| *known == mime).map_or(".pdf", |(ending, _)| ending);
    format!("file{ending}")
}

fn kind_of(mime: &str) -> MediaKind {
    match mime.split('/').next() {
        Some("image") => MediaKind::Image,
        Some("audio") => MediaKind::Audio,
        Some("video") => MediaKind::Video,
        _ => MediaKind::Document,
    }
}

/// A source of a text.
pub(super) fn citation(raw: &RawValue) -> Citation<'_> {
    let wire: Annotation<'_> = lenient(raw);
    let kind = wire.kind.unwrap_or_else(|| "annotation".into());
    Citation {
        url: wire.url,
        title: wire.title.or(wire.filename),
        text: None,
        range: wire.start_index.zip(wire.end_index),
        original: Foreign { dialect: OWN, kind, json: Raw::from(raw) },
    }
}

/// Appends a source to a list of annotations; `length` is that of the text it is of. What has no address is no
/// annotation here.
pub(super) fn write_citation(citation: &Citation<'_>, length: usize, list: &mut Vec<u8>) -> bool {
    // xAI's have no place in the text, and some no title.
    let whole = citation.original.kind != "url_citation" || citation.range.is_some() && citation.title.is_some();
    if citation.original.dialect == OWN && whole {
        comma(list);
        list.extend_from_slice(citation.original.json.as_str().as_bytes());
        return true;
    }
    let Some(url) = &citation.url else { return false };
    let (start, end) = citation.range.unwrap_or((0, length as u64));
    comma(list);
    let mut object = Object::begin(list);
    object.member("type", "url_citation");
    object.member("start_index", &start);
    object.member("end_index", &end);
    object.member("url", url);
    object.member("title", citation.title.as_ref().unwrap_or(url));
    object.end();
    true
}

/// Appends a part of what the user, the system or a tool says to a list of them.
pub(super) fn write_input(part: &Part<'_>, flavour: Flavour, lost: &mut Lost, list: &mut Vec<u8>) {
    match part {
        Part::Text(text) if text.text.is_empty() => {}
        Part::Text(text) => {
            lost.add_if(text.cache.is_some(), "cache_control");
            input_text(&text.text, list);
        }
        Part::Refusal(text) => input_text(text, list),
        Part::Media(media) => write_media(media, flavour, lost, list),
        Part::Foreign(foreign) if foreign.dialect == OWN && foreign.kind.starts_with(INSIDE) => {
            comma(list);
            list.extend_from_slice(foreign.json.as_str().as_bytes());
        }
        Part::Foreign(foreign) => lost.add_part(foreign),
        Part::Reasoning(_) | Part::ToolCall(_) | Part::ToolResult(_) => {}
    }
}

fn input_text(text: &str, list: &mut Vec<u8>) {
    comma(list);
    let mut object = Object::begin(list);
    object.member("type", "input_text");
    object.member("text", text);
    object.end();
}

fn write_media(media: &Media<'_>, flavour: Flavour, lost: &mut Lost, list: &mut Vec<u8>) {
    lost.add_if(media.cache.is_some(), "cache_control");
    lost.add_if(media.cite, "messages.citations");
    lost.add_if(media.context.is_some(), "messages.document.context");
    let link = match &media.source {
        Source::Url(url) => Some(Link::Url(url)),
        Source::Base64(base64) => Some(Link::Data { mime: mime_or_default(media), base64 }),
        Source::FileId(_) => None,
        Source::Text(text) => {
            return match &media.name {
                Some(name) => input_text(&format!("{name}\n\n{text}"), list),
                None => input_text(text, list),
            };
        }
    };
    match media.kind {
        MediaKind::Audio => return lost.add_medium(media),
        // Only Open Responses has it, not OpenAI.
        MediaKind::Video if flavour != Flavour::Compatible || link.is_none() => return lost.add_medium(media),
        _ => {}
    }
    comma(list);
    let mut object = Object::begin(list);
    match media.kind {
        MediaKind::Image => {
            object.member("type", "input_image");
            object.maybe("image_url", link.as_ref());
            object.member("detail", media.detail.as_deref().unwrap_or("auto"));
        }
        MediaKind::Video => {
            object.member("type", "input_video");
            object.maybe("video_url", link.as_ref());
        }
        MediaKind::Document | MediaKind::Audio => {
            object.member("type", "input_file");
            match link {
                Some(Link::Url(url)) => object.member("file_url", url),
                Some(data) => {
                    // The vendor refuses data without a name.
                    let name = media.name.as_ref().map_or_else(|| name_of_mime(&media.mime), Str::to_string);
                    object.member("filename", &name);
                    object.member("file_data", &data);
                }
                None => {}
            }
        }
    }
    if let Source::FileId(id) = &media.source {
        object.member("file_id", id);
    }
    object.end();
}

fn mime_or_default<'m>(media: &'m Media<'_>) -> &'m str {
    match (&*media.mime, media.kind) {
        ("", MediaKind::Image) => "image/png",
        ("", _) => "application/pdf",
        (mime, _) => mime,
    }
}

/// The text of thoughts: of `content` where the thoughts are open, else of their `summary`.
pub(super) fn thoughts<'a>(content: Option<&'a RawValue>, summary: Option<&'a RawValue>) -> (Str<'a>, bool) {
    let open = texts(content);
    if open.is_empty() { (texts(summary), true) } else { (open, false) }
}

/// The paragraphs of a list of texts.
fn texts(list: Option<&RawValue>) -> Str<'_> {
    let Some(list) = list else { return Str::default() };
    let Shape::List(pieces) = Shape::of(list) else { return text_of(Some(list)) };
    let mut all = Str::default();
    for piece in pieces {
        let piece: Piece<'_> = lenient(piece);
        match piece.text {
            Some(text) if all.is_empty() => all = text,
            Some(text) if !text.is_empty() => all.0.to_mut().extend(["\n\n", text.as_str()]),
            _ => {}
        }
    }
    all
}
