//! The conversation of a request, read.

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::wire::Message;
use super::{content_in, message_in};
use crate::canonical::{Fault, FaultKind, Part, Role, Str, ToolResult, Turn, Waiting, made_up_id};

/// Reads all messages into turns.
pub(super) fn read<'a>(messages: Vec<&'a RawValue>) -> Result<Vec<Turn<'a>>, Fault> {
    let mut reader = Reader::default();
    for (index, raw) in messages.into_iter().enumerate() {
        reader.message(raw).map_err(|what| Fault::new(FaultKind::BadRequest, format!("`messages[{index}]{what}")))?;
    }
    Ok(reader.turns)
}

#[derive(Default)]
struct Reader<'a> {
    turns: Vec<Turn<'a>>,
    /// The ids from here on of calls without a result so far, those of the last assistant's turn. They wait under the
    /// ids that the client wrote, too.
    pending: Waiting<'a, Str<'a>>,
    /// Every id in use: servers that count from 0 in each answer give one twice, which other vendors refuse.
    used: HashSet<Str<'a>>,
}

/// A message whose content is not yet looked at.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    role: Str<'a>,
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
    #[serde(borrow, default)]
    name: Option<Str<'a>>,
}

impl<'a> Reader<'a> {
    fn message(&mut self, raw: &'a RawValue) -> Result<(), String> {
        let envelope: Envelope<'a> = read_at(raw)?;
        let role = match envelope.role.as_str() {
            "system" => Role::System,
            "developer" => Role::Developer,
            "user" => Role::User,
            "assistant" => return self.assistant(raw, envelope.name),
            "tool" | "function" => return self.result(raw, envelope),
            other => return Err(format!(".role`: unknown role `{other}`")),
        };
        let parts = content_in::parts(envelope.content).map_err(|error| format!(".content`: {error}"))?;
        self.turns.push(Turn { role, parts, name: envelope.name });
        Ok(())
    }

    fn assistant(&mut self, raw: &'a RawValue, name: Option<Str<'a>>) -> Result<(), String> {
        let message: Message<'a> = read_at(raw)?;
        let mut written: Vec<Str<'a>> = Vec::new();
        for call in &message.tool_calls.0 {
            if call.custom.is_some() || call.function.is_some() {
                written.push(call.id.clone().given().unwrap_or_default());
            }
        }
        let answer = format!("turn_{}", self.turns.len());
        let mut parts = message_in::parts(message, &answer);
        let mut written = written.into_iter();
        self.pending = Waiting::default();
        let calls = parts.iter_mut().filter_map(|part| if let Part::ToolCall(call) = part { Some(call) } else { None });
        // Whatever was tried for one call is taken for the next.
        let mut ordinal = 0;
        for (index, call) in calls.enumerate() {
            ordinal = ordinal.max(index);
            while self.used.contains(&call.id) {
                call.id = made_up_id(&answer, ordinal).into();
                ordinal += 1;
            }
            self.used.insert(call.id.clone());
            self.pending.add(call.id.clone(), call.id.clone());
            self.pending.also(written.next().unwrap_or_default());
            self.pending.of(call.name.clone());
        }
        self.turns.push(Turn { role: Role::Assistant, parts, name });
        Ok(())
    }

    /// A tool's result; those that follow each other are one turn.
    fn result(&mut self, raw: &'a RawValue, envelope: Envelope<'a>) -> Result<(), String> {
        let message: Message<'a> = read_at(raw)?;
        let parts = content_in::parts(envelope.content).map_err(|error| format!(".content`: {error}"))?;
        let (id, name) = (message.tool_call_id.given().unwrap_or_default(), envelope.name);
        let call = match name.as_ref() {
            _ if !id.is_empty() => self.pending.take(&id),
            // The oldest form pairs by the name.
            Some(name) => self.pending.take_of(name),
            None => self.pending.take_first(),
        };
        let id = match call {
            Some(id) => id,
            None if id.is_empty() => made_up_id("result", self.turns.len()).into(),
            None => id,
        };
        let is_error = message.is_error.unwrap_or(false);
        let result = Part::ToolResult(ToolResult { id, name, parts, is_error, ..ToolResult::default() });
        match self.turns.last_mut() {
            Some(turn) if matches!(turn.parts.last(), Some(Part::ToolResult(_))) => turn.parts.push(result),
            _ => self.turns.push(Turn { role: Role::User, parts: vec![result], name: None }),
        }
        Ok(())
    }
}

/// A message as a `T`; what is wrong with it is told from the place on, up to the quote that ends the path.
fn read_at<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Result<T, String> {
    serde_json::from_str(raw.get()).map_err(|error| {
        let mut reader = serde_json::Deserializer::from_str(raw.get());
        match serde_path_to_error::deserialize::<_, T>(&mut reader) {
            Err(error) if error.path().iter().next().is_some() => format!(".{}`: {}", error.path(), error.inner()),
            _ => format!("`: {error}"),
        }
    })
}
