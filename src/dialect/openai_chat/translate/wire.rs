//! What is read of messages, the same in requests, replies and streams.
//!
//! Members that carry the talk are typed; those whose shape varies from server to server are kept raw, because an odd
//! one is not worth an answer.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::loose::{Arguments, Words};
use crate::canonical::{Citation, Dialect, Foreign, Raw, Str};
use crate::dialect::wire::{Content, List};

/// One message of a request, of a reply, or a piece of one in a stream.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Message<'a> {
    #[serde(borrow, default)]
    pub content: Content<'a, ContentPart<'a>>,
    #[serde(borrow, default)]
    pub refusal: Words<'a>,
    #[serde(borrow, default)]
    pub tool_calls: List<ToolCall<'a>>,
    /// The oldest form of a tool's call.
    #[serde(borrow)]
    pub function_call: Option<Called<'a>>,
    #[serde(borrow, default)]
    pub tool_call_id: Words<'a>,
    /// Not OpenAI's: some clients say so that a tool failed.
    pub is_error: Option<bool>,
    /// DeepSeek's, xAI's, and most others'.
    #[serde(borrow, default)]
    pub reasoning_content: Words<'a>,
    /// Groq's, Ollama's, OpenRouter's.
    #[serde(borrow, default)]
    pub reasoning: Words<'a>,
    /// OpenRouter's.
    #[serde(borrow)]
    pub reasoning_details: Option<&'a RawValue>,
    #[serde(borrow)]
    pub annotations: Option<&'a RawValue>,
    #[serde(borrow)]
    pub audio: Option<&'a RawValue>,
    #[serde(borrow)]
    pub images: Option<&'a RawValue>,
    /// Google's.
    #[serde(borrow)]
    pub extra_content: Option<&'a RawValue>,
}

/// A part of a content that is a list.
#[derive(Debug, Default, Deserialize)]
pub(super) struct ContentPart<'a> {
    #[serde(rename = "type", borrow)]
    pub kind: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub text: Words<'a>,
    #[serde(borrow, default)]
    pub refusal: Words<'a>,
    #[serde(borrow)]
    pub image_url: Option<&'a RawValue>,
    #[serde(borrow)]
    pub video_url: Option<&'a RawValue>,
    #[serde(borrow)]
    pub audio_url: Option<&'a RawValue>,
    #[serde(borrow)]
    pub file_url: Option<&'a RawValue>,
    /// Mistral's.
    #[serde(borrow)]
    pub document_url: Option<&'a RawValue>,
    #[serde(borrow)]
    pub document_name: Option<Str<'a>>,
    #[serde(borrow)]
    pub input_audio: Option<&'a RawValue>,
    #[serde(borrow)]
    pub file: Option<File<'a>>,
    /// Mistral's thoughts: a list of text parts.
    #[serde(borrow)]
    pub thinking: Option<&'a RawValue>,
    #[serde(borrow)]
    pub cache_control: Option<CacheControl<'a>>,
}

/// Where a medium is: `{"url": ..}`, or the address alone.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Link<'a> {
    #[serde(borrow)]
    pub url: Str<'a>,
    #[serde(borrow)]
    pub detail: Option<Str<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct File<'a> {
    #[serde(borrow)]
    pub file_id: Option<Str<'a>>,
    #[serde(borrow)]
    pub file_data: Option<Str<'a>>,
    #[serde(borrow)]
    pub file_url: Option<Str<'a>>,
    #[serde(borrow)]
    pub filename: Option<Str<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct InputAudio<'a> {
    #[serde(borrow)]
    pub data: Str<'a>,
    #[serde(borrow)]
    pub format: Option<Str<'a>>,
}

/// The audio of an answer.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Spoken<'a> {
    #[serde(borrow)]
    pub data: Option<Str<'a>>,
    #[serde(borrow)]
    pub transcript: Option<Str<'a>>,
}

/// Anthropic's, which OpenRouter and others take.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct CacheControl<'a> {
    #[serde(borrow)]
    pub ttl: Option<Str<'a>>,
}

/// A tool's call, or a piece of one.
#[derive(Debug, Default, Deserialize)]
pub(super) struct ToolCall<'a> {
    pub index: Option<u32>,
    #[serde(borrow, default)]
    pub id: Words<'a>,
    #[serde(borrow)]
    pub function: Option<Called<'a>>,
    #[serde(borrow)]
    pub custom: Option<Called<'a>>,
    #[serde(borrow)]
    pub extra_content: Option<&'a RawValue>,
}

/// What is called, and with what.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Called<'a> {
    #[serde(borrow, default)]
    pub name: Words<'a>,
    #[serde(borrow, default)]
    pub arguments: Arguments<'a>,
    /// Of a custom tool.
    #[serde(borrow, default)]
    pub input: Words<'a>,
}

/// One of OpenRouter's `reasoning_details`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Detail<'a> {
    #[serde(rename = "type", borrow)]
    pub kind: Words<'a>,
    #[serde(borrow)]
    pub text: Words<'a>,
    #[serde(borrow)]
    pub summary: Words<'a>,
    #[serde(borrow)]
    pub data: Words<'a>,
    #[serde(borrow)]
    pub signature: Words<'a>,
    #[serde(borrow)]
    pub format: Words<'a>,
    #[serde(borrow)]
    pub id: Words<'a>,
    pub index: Option<u32>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Extra<'a> {
    #[serde(borrow)]
    google: Option<Google<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Google<'a> {
    #[serde(borrow)]
    thought_signature: Words<'a>,
}

#[derive(Deserialize)]
struct Annotation<'a> {
    #[serde(borrow)]
    url_citation: UrlCitation<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct UrlCitation<'a> {
    #[serde(borrow)]
    url: Words<'a>,
    #[serde(borrow)]
    title: Words<'a>,
    /// OpenRouter's: the words that are cited.
    #[serde(borrow)]
    content: Words<'a>,
    start_index: Option<u64>,
    end_index: Option<u64>,
}

/// The value of a raw member as a `T`, where it has that shape.
pub(super) fn lenient<'a, T: Deserialize<'a>>(raw: Option<&'a RawValue>) -> Option<T> {
    serde_json::from_str(raw?.get()).ok()
}

/// `{"url": ..}`, or an address that stands alone.
pub(super) fn link(raw: &RawValue) -> Option<Link<'_>> {
    match serde_json::from_str::<Str<'_>>(raw.get()) {
        Ok(url) => Some(Link { url, detail: None }),
        Err(_) => serde_json::from_str(raw.get()).ok(),
    }
}

/// Google's signature in an `extra_content`.
pub(super) fn thought_signature(extra: Option<&RawValue>) -> Option<Str<'_>> {
    lenient::<Extra<'_>>(extra)?.google?.thought_signature.given()
}

/// The sources among `annotations`.
pub(super) fn citations(raw: Option<&RawValue>) -> Vec<Citation<'_>> {
    let Some(list) = lenient::<Vec<&RawValue>>(raw) else { return Vec::new() };
    list.into_iter()
        .filter_map(|raw| {
            let UrlCitation { url, title, content, start_index, end_index } =
                serde_json::from_str::<Annotation<'_>>(raw.get()).ok()?.url_citation;
            let json = Raw::from(raw);
            let original = Foreign { dialect: Dialect::OpenAiChat, kind: "url_citation".into(), json };
            let range = start_index.zip(end_index);
            Some(Citation { url: url.given(), title: title.given(), text: content.given(), range, original })
        })
        .collect()
}
