//! A whole reply, read and written.

use std::borrow::Cow;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::messages_out::{CallOut, MessageOut, joined};
use super::wire::Answer;
use super::{logprobs, messages_in, time};
use crate::canonical::{Choice, Fault, FaultKind, Media, MediaKind, Part, Reply, Source, Stop, StopReason, Str, Usage};
use crate::dialect::codec::About;
use crate::dialect::error;
use crate::dialect::wire::read_provider;

/// A provider's whole reply, or the error that it is.
pub(super) fn read_reply(body: &[u8]) -> Result<Reply<'_>, Fault> {
    if body.trim_ascii().is_empty() {
        return Err(empty());
    }
    let mut wire: Answer<'_> = read_provider(body)?;
    if wire.error.is_some() {
        return Err(error::in_band(body));
    }
    let message = wire.take_message().ok_or_else(empty)?;
    if wire.done == Some(false) {
        return Err(Fault::new(FaultKind::Truncated, "the provider's answer is only a part of one"));
    }
    let created_at = wire.created_at.take().unwrap_or_default();
    let parts = messages_in::parts(message, &created_at);
    let calls = parts.iter().any(|part| matches!(part, Part::ToolCall(_)));
    let stop = read_stop(wire.done_reason.take(), calls);
    if parts.is_empty() && stop.reason == StopReason::End {
        return Err(empty());
    }
    let logprobs = wire.logprobs.and_then(logprobs::read);
    Ok(Reply {
        created: time::read(&created_at),
        usage: usage(&wire),
        model: wire.model.unwrap_or_default(),
        choices: vec![Choice { parts, stop, logprobs }],
        ..Reply::default()
    })
}

fn empty() -> Fault {
    Fault::new(FaultKind::Empty, "the provider's answer is empty")
}

/// The tokens. Those of a prompt that was answered before are not counted at all.
pub(super) fn usage(wire: &Answer<'_>) -> Usage {
    Usage { input: wire.prompt_eval_count, output: wire.eval_count, ..Usage::default() }
}

/// What Ollama's word means. `calls`: a tool was asked for, for which Ollama has no word of its own.
pub(super) fn read_stop(native: Option<Str<'_>>, calls: bool) -> Stop<'_> {
    let reason = match native.as_deref() {
        Some("length") => StopReason::Length,
        _ if calls => StopReason::ToolCalls,
        _ => StopReason::End,
    };
    Stop { reason, native: native.filter(|word| !word.is_empty()), ..Stop::default() }
}

/// Ollama's word.
pub(super) fn write_stop(reason: StopReason) -> &'static str {
    if reason == StopReason::Length { "length" } else { "stop" }
}

/// The end of an answer: the last members of a reply or of a stream's last line.
#[derive(Serialize)]
pub(super) struct End {
    done: bool,
    done_reason: &'static str,
    /// Nobody measured them, but clients with typed models ask for all of them.
    total_duration: u64,
    load_duration: u64,
    prompt_eval_count: u64,
    prompt_eval_duration: u64,
    eval_count: u64,
    eval_duration: u64,
}

impl End {
    pub(super) fn new(reason: StopReason, usage: &Usage) -> Self {
        Self {
            done: true,
            done_reason: write_stop(reason),
            total_duration: 0,
            load_duration: 0,
            prompt_eval_count: usage.input.unwrap_or_default(),
            prompt_eval_duration: 0,
            eval_count: usage.output.unwrap_or_default(),
            eval_duration: 0,
        }
    }
}

#[derive(Serialize)]
struct Written<'r> {
    model: &'r str,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<MessageOut<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response: Option<Cow<'r, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<Cow<'r, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logprobs: Option<&'r RawValue>,
    #[serde(flatten)]
    end: End,
}

/// The reply as a client expects it, in the form of its request. Ollama gives one answer, whatever others there are.
pub(super) fn write_reply(reply: &Reply<'_>, about: &About<'_>) -> Vec<u8> {
    let choice = reply.choices.first();
    let message = answer(choice.map(|choice| &*choice.parts).unwrap_or_default());
    let mut written = Written {
        model: if reply.model.is_empty() { about.model } else { &reply.model },
        created_at: time::write(reply.created.unwrap_or(about.created)),
        message: None,
        response: None,
        thinking: None,
        logprobs: choice.and_then(|choice| logprobs::write(choice.logprobs.as_ref()?)),
        end: End::new(choice.map(|choice| choice.stop.reason).unwrap_or_default(), &reply.usage),
    };
    if is_generate(about.request) {
        written.response = Some(message.content);
        written.thinking = message.thinking;
    } else {
        written.message = Some(message);
    }
    // Strings, numbers and JSON alone: writing them cannot fail.
    serde_json::to_vec(&written).unwrap_or_default()
}

fn answer<'r>(parts: &'r [Part<'_>]) -> MessageOut<'r> {
    let (mut texts, mut thoughts, mut images, mut tool_calls) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for part in parts {
        match part {
            Part::Text(text) if !text.text.is_empty() => texts.push(Cow::Borrowed(text.text.as_str())),
            Part::Refusal(text) => texts.push(text.as_str().into()),
            Part::Reasoning(thought) if !thought.text.is_empty() => thoughts.push(Cow::Borrowed(&*thought.text)),
            Part::ToolCall(call) => tool_calls.push(CallOut::new(tool_calls.len(), call)),
            Part::Media(media) => images.extend(shown(media)),
            Part::Text(_) | Part::Reasoning(_) | Part::Foreign(_) | Part::ToolResult(_) => {}
        }
    }
    let thinking = (!thoughts.is_empty()).then(|| joined(thoughts));
    // Joined with nothing, as a stream would be: cited answers are cut into texts in the middle of a sentence.
    MessageOut {
        role: "assistant",
        content: texts.concat().into(),
        thinking,
        images,
        tool_calls,
        ..MessageOut::default()
    }
}

/// The base64 of an image that the model made.
pub(super) fn shown<'r>(media: &'r Media<'_>) -> Option<&'r str> {
    match (&media.kind, &media.source) {
        (MediaKind::Image, Source::Base64(data)) => Some(data),
        _ => None,
    }
}

/// The client asked `/api/generate`, whose requests have a prompt and no messages.
pub(super) fn is_generate(request: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Form {
        prompt: Option<IgnoredAny>,
        messages: Option<IgnoredAny>,
    }
    serde_json::from_slice::<Form>(request).is_ok_and(|form| form.prompt.is_some() && form.messages.is_none())
}
