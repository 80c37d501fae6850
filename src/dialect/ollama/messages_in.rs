//! The conversation of a request, read.

use super::media::image;
use super::wire::{Message, call};
use crate::canonical::{Fault, FaultKind, Part, Reasoning, Role, Str, ToolResult, Turn, Waiting, made_up_id};

/// A call that has no result yet.
struct Asked<'a> {
    id: Str<'a>,
    name: Str<'a>,
}

/// The messages as turns.
pub(super) fn turns(messages: Vec<Message<'_>>) -> Result<Vec<Turn<'_>>, Fault> {
    let mut turns: Vec<Turn<'_>> = Vec::with_capacity(messages.len());
    let mut waiting: Waiting<'_, Asked<'_>> = Waiting::default();
    // Results of tools are one turn, however many messages they came in.
    let mut results = false;
    for (at, mut message) in messages.into_iter().enumerate() {
        let word = message.role.take().unwrap_or_default();
        let role = match word.to_ascii_lowercase().as_str() {
            "system" => Role::System,
            "developer" => Role::Developer,
            "user" => Role::User,
            "assistant" => Role::Assistant,
            "tool" => {
                let result = Part::ToolResult(result(message, at, &mut waiting));
                match turns.last_mut() {
                    Some(turn) if results => turn.parts.push(result),
                    _ => turns.push(Turn { role: Role::User, parts: vec![result], name: None }),
                }
                results = true;
                continue;
            }
            _ => {
                let message = format!("`messages[{at}].role`: unknown role `{word}`");
                return Err(Fault::new(FaultKind::BadRequest, message));
            }
        };
        results = false;
        let parts = parts(message, &format!("message {at}"));
        if role == Role::Assistant {
            waiting = asked_for(&parts);
        }
        turns.push(Turn { role, parts, name: None });
    }
    Ok(turns)
}

fn asked_for<'a>(parts: &[Part<'a>]) -> Waiting<'a, Asked<'a>> {
    let mut waiting = Waiting::default();
    for part in parts {
        if let Part::ToolCall(call) = part {
            waiting.add(call.id.clone(), Asked { id: call.id.clone(), name: call.name.clone() });
            waiting.of(call.name.clone());
        }
    }
    waiting
}

/// What a message says: thoughts, text, images, calls. `answer` names it, for calls without an id.
pub(super) fn parts<'a>(message: Message<'a>, answer: &str) -> Vec<Part<'a>> {
    let mut parts = Vec::new();
    if let Some(text) = message.thinking.filter(|text| !text.is_empty()) {
        parts.push(Part::Reasoning(Reasoning { text, ..Reasoning::default() }));
    }
    parts.extend(message.content.filter(|text| !text.is_empty()).map(Part::text));
    parts.extend(message.images.unwrap_or_default().into_iter().map(|data| Part::Media(image(data))));
    let calls = message.tool_calls.unwrap_or_default().into_iter().enumerate();
    parts.extend(calls.map(|(at, wire)| Part::ToolCall(call(wire, answer, at))));
    parts
}

/// A result: of the call that it names, else of the first that waits for this tool, else of the first that waits.
fn result<'a>(message: Message<'a>, at: usize, waiting: &mut Waiting<'a, Asked<'a>>) -> ToolResult<'a> {
    let said = message.tool_call_id.filter(|id| !id.is_empty());
    let name = message.tool_name.filter(|name| !name.is_empty());
    let call = match (&said, &name) {
        (Some(id), _) => waiting.take(id),
        (None, Some(name)) => waiting.take_of(name),
        (None, None) => waiting.take_first(),
    };
    let made_up = || made_up_id(&format!("result {at}"), 0).into();
    let (id, called) = call.map_or((None, None), |call| (Some(call.id), Some(call.name)));
    let mut parts: Vec<_> = message.content.filter(|text| !text.is_empty()).map(Part::text).into_iter().collect();
    parts.extend(message.images.unwrap_or_default().into_iter().map(|data| Part::Media(image(data))));
    ToolResult { id: said.or(id).unwrap_or_else(made_up), name: name.or(called), parts, ..ToolResult::default() }
}
