//! Parts as they are read, in requests and answers alike.

use std::collections::HashSet;

use super::signature;
use super::wire;
use crate::canonical::{
    Dialect, Foreign, Media, MediaKind, Part, Raw, Reasoning, Source, Str, Text, ToolCall, ToolResult, fnv, made_up_id,
};

/// Names the calls of one answer: Google mostly does not.
pub(super) struct Ids {
    seed: String,
    next: usize,
    given: HashSet<u64>,
}

impl Ids {
    /// Names that are the same for the same `seed`.
    pub(super) fn new(seed: impl Into<String>) -> Self {
        Self { seed: seed.into(), next: 0, given: HashSet::new() }
    }

    /// The provider's own name, unless it has none or gives it twice.
    pub(super) fn name<'a>(&mut self, own: Option<Str<'a>>) -> Str<'a> {
        let index = self.next;
        self.next += 1;
        if let Some(own) = own.filter(|own| !own.is_empty())
            && self.given.insert(fnv(own.as_bytes()))
        {
            return own;
        }
        made_up_id(&self.seed, index).into()
    }
}

/// What a part is. `None`: nothing at all.
pub(super) fn read<'a>(part: wire::Part<'a>, ids: &mut Ids) -> Option<Part<'a>> {
    if let Some(call) = part.function_call {
        return Some(Part::ToolCall(ToolCall {
            id: ids.name(call.id),
            name: call.name.unwrap_or_default(),
            arguments: arguments(call.args),
            free_form: false,
            signature: part.thought_signature.and_then(signature::read),
            cache: None,
        }));
    }
    if let Some(response) = part.function_response {
        return Some(Part::ToolResult(result(response, ids)));
    }
    if let Some(media) = media(part.inline_data, part.file_data) {
        return Some(Part::Media(media));
    }
    let foreign = [
        ("executableCode", part.executable_code),
        ("codeExecutionResult", part.code_execution_result),
        ("toolCall", part.tool_call),
        ("toolResponse", part.tool_response),
    ];
    if let Some((kind, json)) = foreign.into_iter().find_map(|(kind, json)| Some((kind, json?))) {
        return foreign_part(kind, &json, part.thought_signature).map(Part::Foreign);
    }
    let (signature, redacted) = part.thought_signature.map(signature::read_thought).unwrap_or_default();
    let text = part.text.unwrap_or_default();
    if text.is_empty() && signature.is_none() {
        return None;
    }
    Some(if part.thought == Some(true) {
        Part::Reasoning(Reasoning { text, summary: true, signature, redacted, id: None })
    } else {
        Part::Text(Text { text, signature, ..Text::default() })
    })
}

/// A part that only this dialect knows, whole.
pub(super) fn foreign_part<'a>(kind: &'static str, json: &Raw<'_>, signature: Option<Str<'_>>) -> Option<Foreign<'a>> {
    #[derive(serde::Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Signed<'s> {
        #[serde(skip_serializing_if = "Option::is_none")]
        thought_signature: Option<&'s str>,
    }
    let signed = Raw::write(&Signed { thought_signature: signature.as_deref() })?;
    let rest = signed.as_str().trim_start_matches('{');
    let comma = if rest == "}" { "" } else { "," };
    let whole = format!("{{\"{kind}\":{}{comma}{rest}", compact(json.borrowed().into_str()));
    let json = Raw::parse(&whole)?.into_owned();
    Some(Foreign { dialect: Dialect::Gemini, kind: Str::new(kind), json })
}

/// Arguments on one line: Google indents what it does not send as events, and a line feed means something there.
pub(super) fn arguments(args: Option<Raw<'_>>) -> Str<'_> {
    match args {
        None => Str::new("{}"),
        Some(args) => compact(args.into_str()),
    }
}

/// JSON without line feeds and the space that indents it. Borrowed where there is none.
pub(super) fn compact(json: Str<'_>) -> Str<'_> {
    if memchr::memchr(b'\n', json.as_bytes()).is_none() {
        return json;
    }
    let mut compact = String::with_capacity(json.len());
    let (mut inside, mut escaped) = (false, false);
    for char in json.chars() {
        if inside {
            inside = escaped || char != '"';
            escaped = !escaped && char == '\\';
        } else if char == '"' {
            inside = true;
        } else if matches!(char, ' ' | '\n' | '\r' | '\t') {
            continue;
        }
        compact.push(char);
    }
    compact.into()
}

pub(super) fn media<'a>(blob: Option<wire::Blob<'a>>, file: Option<wire::File<'a>>) -> Option<Media<'a>> {
    let (mime, source, name) = match (blob, file) {
        (Some(blob), _) => {
            (blob.mime_type, Source::Base64(standard_base64(blob.data.unwrap_or_default())), blob.display_name)
        }
        (None, Some(file)) => {
            let uri = file.file_uri.unwrap_or_default();
            let source = if is_at_google(&uri) { Source::FileId(uri) } else { Source::Url(uri) };
            (file.mime_type, source, file.display_name)
        }
        (None, None) => return None,
    };
    let mime = plain_mime(mime.unwrap_or_default());
    let kind = match &source {
        Source::Url(uri) if mime.is_empty() && is_at_youtube(uri) => MediaKind::Video,
        _ => kind_of(&mime),
    };
    Some(Media { kind, source, mime, name, context: None, detail: None, cite: false, cache: None })
}

/// Films there need no type.
pub(super) fn is_at_youtube(uri: &str) -> bool {
    uri.contains("youtube.com/") || uri.contains("youtu.be/")
}

/// An address that means nothing to anybody else.
fn is_at_google(uri: &str) -> bool {
    uri.starts_with("gs://")
        || uri.starts_with("files/")
        || uri.starts_with("https://generativelanguage.googleapis.com/")
}

/// Google also takes base64 in its form for URLs; nobody else does.
fn standard_base64(data: Str<'_>) -> Str<'_> {
    if memchr::memchr2(b'-', b'_', data.as_bytes()).is_none() {
        return data;
    }
    let mut standard = data.replace('-', "+").replace('_', "/");
    while !standard.len().is_multiple_of(4) {
        standard.push('=');
    }
    standard.into()
}

/// In lower case and without parameters.
fn plain_mime(mime: Str<'_>) -> Str<'_> {
    if !mime.contains(';') && !mime.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return mime;
    }
    let bare = mime.split(';').next().unwrap_or_default();
    bare.trim().to_ascii_lowercase().into()
}

fn kind_of(mime: &str) -> MediaKind {
    match mime.split('/').next() {
        Some("image") => MediaKind::Image,
        Some("audio") => MediaKind::Audio,
        Some("video") => MediaKind::Video,
        _ => MediaKind::Document,
    }
}

/// The id is the caller's to find, where there is none.
fn result<'a>(response: wire::Response<'a>, ids: &mut Ids) -> ToolResult<'a> {
    let said = response.response.map(said);
    let Said { text, json, is_error } = said.unwrap_or_default();
    let mut parts: Vec<Part<'a>> = if text.is_empty() { Vec::new() } else { vec![Part::text(text)] };
    parts.extend(response.parts.0.into_iter().filter_map(|part| read(part, ids)));
    ToolResult {
        id: response.id.unwrap_or_default(),
        name: response.name,
        parts,
        json,
        is_error,
        free_form: false,
        cache: None,
    }
}

#[derive(Default)]
struct Said<'a> {
    text: Str<'a>,
    json: Option<Raw<'a>>,
    is_error: bool,
}

/// `{"output": text}` and `{"error": text}` are what a text is wrapped in, as Google documents; all else is an object
/// of the client's own.
fn said(response: Raw<'_>) -> Said<'_> {
    #[derive(serde::Deserialize)]
    struct Wrapped<'w> {
        #[serde(borrow)]
        output: Option<Raw<'w>>,
        #[serde(borrow)]
        error: Option<Raw<'w>>,
    }
    let json = compact(response.borrowed().into_str()).into_owned();
    let members = serde_json::from_str::<crate::dialect::wire::Members<'_>>(&json);
    let alone = members.is_ok_and(|members| members.0.len() == 1);
    let wrapped = serde_json::from_str::<Wrapped<'_>>(&json).ok().filter(|_| alone);
    let (is_error, inner) = match wrapped {
        Some(Wrapped { error: Some(error), .. }) => (true, Some(error)),
        Some(Wrapped { output, .. }) => (false, output),
        None => (false, None),
    };
    let text = inner.and_then(|inner| inner.read::<String>().ok());
    match text {
        // A text that is an object would be written as one.
        Some(text) if is_error || Raw::parse(&text).is_none_or(|raw| !raw.is_object()) => {
            Said { text: text.into(), json: None, is_error }
        }
        _ => Said { text: json, json: Some(response), is_error },
    }
}
