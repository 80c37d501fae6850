//! What a model said, read from a message.

use serde_json::value::RawValue;

use super::wire::{Message, Spoken, citations, lenient, thought_signature};
use super::{content_in, reasoning};
use crate::canonical::{Dialect, Media, MediaKind, Part, Signature, Source, Str, ToolCall, Waiting, made_up_id};

/// The parts of what a model said: thoughts, words, a refusal, media, and the tools it asks for. `answer` is what ids
/// are made from where a call has none.
pub(super) fn parts<'a>(mut message: Message<'a>, answer: &str) -> Vec<Part<'a>> {
    let mut of_calls = Waiting::default();
    let mut parts = reasoning::read(&mut message, &mut of_calls);
    let text_at = parts.len();
    parts.extend(content_in::answer(message.content));
    decorate(&mut parts, text_at, message.annotations, message.extra_content);
    parts.extend(message.refusal.given().map(Part::Refusal));
    parts.extend(spoken(message.audio));
    parts.extend(images(message.images));
    let calls = message.tool_calls.0.into_iter().enumerate().filter_map(|(index, call)| {
        let free_form = call.custom.is_some();
        let called = call.custom.or(call.function)?;
        let id = call.id.given().unwrap_or_else(|| made_up_id(answer, index).into());
        let proof = thought_signature(call.extra_content).map(|value| Signature::untag(Dialect::Gemini, value));
        let signature = proof.or_else(|| of_calls.take(&id));
        let arguments = if free_form { called.input.given().unwrap_or_default() } else { called.arguments.0 };
        let name = called.name.given().unwrap_or_default();
        Some(Part::ToolCall(ToolCall { id, name, arguments, free_form, signature, cache: None }))
    });
    parts.extend(calls);
    parts.extend(message.function_call.map(|called| {
        let (id, name) = (made_up_id(answer, 0).into(), called.name.given().unwrap_or_default());
        let arguments = called.arguments.0;
        Part::ToolCall(ToolCall { id, name, arguments, free_form: false, signature: None, cache: None })
    }));
    parts
}

/// Gives the text its sources and Google's proof, which stands alone where there is no text.
fn decorate<'a>(
    parts: &mut Vec<Part<'a>>,
    from: usize,
    annotations: Option<&'a RawValue>,
    extra: Option<&'a RawValue>,
) {
    let citations = citations(annotations);
    let signature = thought_signature(extra).map(|value| Signature::untag(Dialect::Gemini, value));
    if citations.is_empty() && signature.is_none() {
        return;
    }
    if !parts.iter().skip(from).any(|part| matches!(part, Part::Text(_))) {
        parts.push(Part::text(""));
    }
    let texts = parts.iter_mut().skip(from).rev();
    if let Some(text) = texts.into_iter().find_map(|part| if let Part::Text(text) = part { Some(text) } else { None }) {
        text.citations = citations;
        text.signature = signature;
    }
}

/// A spoken answer: its words, and the sound.
pub(super) fn spoken<'a>(audio: Option<&'a RawValue>) -> impl Iterator<Item = Part<'a>> {
    let Spoken { data, transcript } = lenient(audio).unwrap_or_default();
    let sound = data.filter(|data| !data.is_empty()).map(|data| {
        let source = Source::Base64(data);
        let (name, context, detail) = (None, None, None);
        // The reply does not tell the format; the request did.
        let mime = Str::default();
        Part::Media(Media { kind: MediaKind::Audio, source, mime, name, context, detail, cite: false, cache: None })
    });
    transcript.filter(|words| !words.is_empty()).map(Part::text).into_iter().chain(sound)
}

/// OpenRouter's images: content parts beside the content.
pub(super) fn images<'a>(raw: Option<&'a RawValue>) -> Vec<Part<'a>> {
    #[derive(serde::Deserialize)]
    struct Image<'a> {
        #[serde(borrow)]
        image_url: Option<&'a RawValue>,
    }
    let list = lenient::<Vec<Image<'a>>>(raw).unwrap_or_default();
    list.into_iter().filter_map(|image| content_in::image(image.image_url?)).collect()
}
