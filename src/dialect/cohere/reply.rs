//! A whole reply, read and written.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::message_out::{CallOut, ContentOut, arguments};
use super::wire::Message;
use super::{citation, content, logprobs, stop, usage};
use crate::canonical::{Choice, Fault, FaultKind, Part, Reply, StopReason, Str};
use crate::dialect::codec::About;
use crate::dialect::error;
use crate::dialect::wire::read_provider;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Wire<'a> {
    #[serde(borrow)]
    id: Option<Str<'a>>,
    /// The answer; in an error the words for it.
    #[serde(borrow)]
    message: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(borrow)]
    finish_reason: Option<Str<'a>>,
    usage: Option<usage::Wire>,
    #[serde(borrow)]
    logprobs: Option<Vec<logprobs::Item<'a>>>,
}

/// A provider's whole reply, or the error that it is.
pub(super) fn read_reply(body: &[u8]) -> Result<Reply<'_>, Fault> {
    if body.trim_ascii().is_empty() {
        return Err(empty());
    }
    let wire: Wire<'_> = read_provider(body)?;
    let message = wire.message.filter(|message| message.get().starts_with('{'));
    let Some(message) = message else {
        return Err(if wire.message.is_some() || wire.error.is_some() { error::in_band(body) } else { empty() });
    };
    let native = wire.finish_reason.unwrap_or_default();
    stop::fault(&native, body).map_or(Ok(()), Err)?;
    let message: Message<'_> = read_provider(message.get().as_bytes())?;
    let id = wire.id.unwrap_or_default();
    let parts = content::spoken(message, &id).map_err(malformed)?;
    let calls = parts.iter().any(|part| matches!(part, Part::ToolCall(_)));
    let stop = stop::read(native, calls);
    if parts.is_empty() && stop.reason == StopReason::End {
        return Err(empty());
    }
    let choice = Choice { parts, stop, logprobs: wire.logprobs.and_then(logprobs::read) };
    let usage = wire.usage.unwrap_or_default().read();
    Ok(Reply { id, choices: vec![choice], usage, ..Reply::default() })
}

fn empty() -> Fault {
    Fault::new(FaultKind::Empty, "the provider's answer is empty")
}

fn malformed(wrong: content::Wrong) -> Fault {
    Fault::new(FaultKind::Malformed, "the provider's answer is not what its dialect says").with_detail(wrong)
}

#[derive(Serialize)]
struct Written<'r> {
    id: Cow<'r, str>,
    finish_reason: &'static str,
    message: Answer<'r>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<usage::Written>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logprobs: Vec<logprobs::Written<'r>>,
}

#[derive(Default, Serialize)]
struct Answer<'r> {
    role: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<Vec<ContentOut<'r>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_plan: Option<Cow<'r, str>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<CallOut<'r>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    citations: Vec<citation::Written<'r>>,
}

/// The reply as a client expects it. Cohere gives one answer, whatever others there are.
pub(super) fn write_reply(reply: &Reply<'_>, about: &About<'_>) -> Vec<u8> {
    let choice = reply.choices.first();
    let parts = choice.map(|choice| &*choice.parts).unwrap_or_default();
    let written = Written {
        id: id(&reply.id, about),
        finish_reason: stop::write(choice.map(|choice| choice.stop.reason).unwrap_or_default()),
        message: answer(parts),
        usage: usage::write(&reply.usage),
        logprobs: choice.and_then(|choice| choice.logprobs.as_ref()).map(logprobs::write).unwrap_or_default(),
    };
    // Strings, numbers and JSON alone: writing them cannot fail.
    serde_json::to_vec(&written).unwrap_or_default()
}

fn answer<'r>(parts: &'r [Part<'_>]) -> Answer<'r> {
    let mut answer = Answer { role: "assistant", ..Answer::default() };
    let mut content = Vec::new();
    let mut plan = Vec::new();
    let calls = parts.iter().any(|part| matches!(part, Part::ToolCall(_)));
    for part in parts {
        match part {
            Part::Text(text) if text.text.is_empty() && text.citations.is_empty() => {}
            // What is said before calls is the plan; a text with sources stays one, since a plan has none.
            Part::Text(text) if calls && text.citations.is_empty() => plan.push(text.text.as_str()),
            Part::Text(text) => {
                let index = content.len();
                answer.citations.extend(text.citations.iter().map(|cited| citation::write(cited, index)));
                content.push(ContentOut::Text { text: text.text.as_str().into() });
            }
            Part::Refusal(text) => content.push(ContentOut::Text { text: text.as_str().into() }),
            Part::Reasoning(thought) if !thought.text.is_empty() => {
                content.push(ContentOut::Thinking { thinking: &thought.text });
            }
            Part::ToolCall(call) => answer.tool_calls.push(CallOut::new(call, arguments(call).0)),
            Part::Reasoning(_) | Part::Media(_) | Part::Foreign(_) | Part::ToolResult(_) => {}
        }
    }
    // Joined with nothing, as a stream would be: cited answers are cut into texts in the middle of a sentence.
    answer.tool_plan = (!plan.is_empty()).then(|| plan.concat().into());
    answer.content = (!content.is_empty() || !calls).then_some(content);
    answer
}

/// Several texts as one.
pub(super) fn joined<'r>(texts: &[&'r str]) -> Cow<'r, str> {
    match texts {
        [] => Cow::Borrowed(""),
        [one] => Cow::Borrowed(one),
        several => Cow::Owned(several.join("\n")),
    }
}

/// Cohere names its answers with UUIDs.
pub(super) fn id<'r>(id: &'r str, about: &'r About<'_>) -> Cow<'r, str> {
    if is_uuid(id) {
        return id.into();
    }
    match [(0, 8), (8, 12), (12, 16), (16, 20), (20, 32)].map(|(from, to)| about.id.get(from..to)) {
        [Some(a), Some(b), Some(c), Some(d), Some(e)] => format!("{a}-{b}-{c}-{d}-{e}").into(),
        _ => about.id.into(),
    }
}

pub(super) fn is_uuid(id: &str) -> bool {
    id.len() == 36 && id.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}
