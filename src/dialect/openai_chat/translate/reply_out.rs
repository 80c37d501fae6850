//! A whole reply as this dialect's clients expect it.

use std::borrow::Cow;

use super::json_out::{Object, raw_line};
use super::{assistant_out, details_out, media_out, stop, usage_out};
use crate::canonical::{Choice, Citation, Dialect, Media, MediaKind, Part, Reply, Source, ToolCall};
use crate::dialect::codec::About;

/// The reply as a client expects it.
pub(in super::super) fn write_reply(reply: &Reply<'_>, about: &About<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(2048);
    let mut body = Object::begin(&mut out);
    body.set("id", answer_id(&reply.id, about.id)).set("object", "chat.completion");
    body.set("created", reply.created.unwrap_or(about.created));
    body.set("model", if reply.model.is_empty() { about.model } else { &reply.model });
    let mut choices = Object::list(body.key("choices"));
    for (index, choice) in reply.choices.iter().enumerate() {
        write_choice(index, choice, choices.item());
    }
    choices.end();
    if !reply.usage.is_empty() {
        usage_out::write(&reply.usage, body.key("usage"));
    }
    body.maybe("service_tier", tier(reply.service_tier.as_deref()));
    let own = || reply.others.iter().filter(|other| other.dialect == Dialect::OpenAiChat);
    if !own().any(|other| other.kind == "system_fingerprint") {
        body.set("system_fingerprint", ());
    }
    own().for_each(|other| _ = body.set(&other.kind, &other.json));
    body.end();
    out
}

/// The provider's name of the answer, in the shape that clients of this dialect know.
pub(super) fn answer_id<'r>(own: &'r str, made: &str) -> Cow<'r, str> {
    if own.starts_with("chatcmpl-") { Cow::Borrowed(own) } else { Cow::Owned(format!("chatcmpl-{made}")) }
}

/// Other vendors have other words for theirs, which a client that knows OpenAI's would not take.
pub(super) fn tier(tier: Option<&str>) -> Option<&str> {
    match tier? {
        known @ ("auto" | "default" | "flex" | "scale" | "priority") => Some(known),
        _ => Some("default"),
    }
}

fn write_choice(index: usize, choice: &Choice<'_>, out: &mut Vec<u8>) {
    let (calls, refused) = stop::holds(&choice.parts);
    let finish = stop::word(choice.stop.reason, calls, refused);
    let mut wire = Object::begin(out);
    wire.set("index", index);
    write_message(&choice.parts, wire.key("message"));
    wire.set("logprobs", choice.logprobs.as_ref()).set("finish_reason", finish);
    if let Some(native) = choice.stop.native.as_deref().filter(|native| *native != finish) {
        wire.set("native_finish_reason", native);
    }
    wire.maybe("stop_reason", choice.stop.sequence.as_ref());
    wire.end();
}

fn write_message(parts: &[Part<'_>], out: &mut Vec<u8>) {
    let mut message = Object::begin(out);
    message.set("role", "assistant");
    write_texts(parts, &mut message);
    write_thoughts(parts, &mut message);
    write_sources(parts, &mut message);
    write_media(parts, &mut message);
    let mut calls = parts.iter().filter_map(|part| if let Part::ToolCall(call) = part { Some(call) } else { None });
    if let Some(first) = calls.next() {
        let mut list = Object::list(message.key("tool_calls"));
        write_call(first, list.item());
        calls.for_each(|call| write_call(call, list.item()));
        list.end();
    }
    message.end();
}

/// What was said, in one piece, and the refusal.
fn write_texts(parts: &[Part<'_>], message: &mut Object<'_>) {
    let (mut text, mut refusal) = (Cow::Borrowed(""), Cow::Borrowed(""));
    let mut proof = None;
    for part in parts {
        match part {
            Part::Text(part) => {
                text += part.text.as_str();
                proof = part.signature.as_ref().or(proof);
            }
            Part::Refusal(part) => refusal += part.as_str(),
            _ => {}
        }
    }
    let (calls, refused) = stop::holds(parts);
    match text.is_empty() && (calls || refused) {
        true => message.set("content", ()),
        false => message.text("content", &text),
    };
    message.set("refusal", (!refusal.is_empty()).then_some(refusal));
    if let Some(proof) = proof {
        assistant_out::google(&proof.tagged(Dialect::Gemini), message);
    }
}

/// Thoughts twice: as the text that most clients show, and as the details with which they can be sent back.
fn write_thoughts(parts: &[Part<'_>], message: &mut Object<'_>) {
    let thoughts = || parts.iter().filter_map(|part| if let Part::Reasoning(one) = part { Some(one) } else { None });
    let text: String = thoughts().map(|thought| thought.text.as_str()).collect();
    if !text.is_empty() {
        message.set("reasoning_content", text);
    }
    if thoughts().next().is_some() {
        details_out::write(thoughts(), message);
    }
}

fn write_sources(parts: &[Part<'_>], message: &mut Object<'_>) {
    let mut start = 0;
    let mut sources = Vec::new();
    for part in parts {
        let Part::Text(text) = part else { continue };
        let end = start + text.text.chars().count() as u64;
        let linked = text.citations.iter().filter(|citation| citation.url.is_some());
        sources.extend(linked.map(|citation| (citation, (start, end))));
        start = end;
    }
    if !sources.is_empty() {
        let mut list = Object::list(message.key("annotations"));
        sources.into_iter().for_each(|(citation, of)| write_source(citation, of, list.item()));
        list.end();
    }
}

/// One source: as it was, if it is this dialect's, else of the text that it stands with.
pub(super) fn write_source(citation: &Citation<'_>, of: (u64, u64), out: &mut Vec<u8>) {
    if citation.original.dialect == Dialect::OpenAiChat {
        return raw_line(out, &citation.original.json);
    }
    let (start, end) = citation.range.unwrap_or(of);
    let mut note = Object::begin(out);
    note.set("type", "url_citation");
    note.object("url_citation", |source| {
        source.set("start_index", start).set("end_index", end);
        source.set("url", citation.url.as_deref().unwrap_or_default());
        source.set("title", citation.title.as_deref().unwrap_or_default());
        source.maybe("content", citation.text.as_ref());
    });
    note.end();
}

fn write_media(parts: &[Part<'_>], message: &mut Object<'_>) {
    let media = || parts.iter().filter_map(|part| if let Part::Media(media) = part { Some(media) } else { None });
    let mut images = media().filter(|media| media.kind == MediaKind::Image).peekable();
    if images.peek().is_some() {
        let mut list = Object::list(message.key("images"));
        images.for_each(|image| write_image(image, list.item()));
        list.end();
    }
    if let Some(Media { source: Source::Base64(data), .. }) = media().find(|media| media.kind == MediaKind::Audio) {
        write_audio(data, message);
    }
}

/// One of OpenRouter's `images`.
pub(super) fn write_image(image: &Media<'_>, out: &mut Vec<u8>) {
    let mut part = Object::begin(out);
    media_out::link(&mut part, "image_url", image);
    part.end();
}

/// OpenAI's `audio`. The provider keeps nothing by that id.
pub(super) fn write_audio(data: &str, message: &mut Object<'_>) {
    message.object("audio", |audio| {
        audio.set("id", "audio_0").set("data", data).set("expires_at", 0).set("transcript", "");
    });
}

fn write_call(call: &ToolCall<'_>, out: &mut Vec<u8>) {
    let mut wire = Object::begin(out);
    wire.set("id", &call.id);
    if call.free_form {
        wire.set("type", "custom");
        wire.object("custom", |custom| _ = custom.set("name", &call.name).set("input", &call.arguments));
    } else {
        let arguments = if call.arguments.trim().is_empty() { "{}" } else { &call.arguments };
        wire.set("type", "function");
        wire.object("function", |function| _ = function.set("name", &call.name).set("arguments", arguments));
    }
    if let Some(proof) = &call.signature {
        assistant_out::google(&proof.tagged(Dialect::Gemini), &mut wire);
    }
    wire.end();
}
