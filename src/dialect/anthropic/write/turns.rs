//! The conversation, brought into the order that this dialect insists on.
//!
//! - Turns of one speaker that follow each other become one message, which begins with the user's.
//! - The results of tools come first in the message directly behind the calls, one for each call. A call that nobody
//!   answered gets a result that says so; a result that answers no call becomes text.
//! - System turns at the beginning are the `system` prompt. One in the middle is a `system` message where the model
//!   takes that, and there only behind a user's message and before the model's or at the end; everywhere else it is
//!   text of the user in `<system>` tags, which keeps its place.
//! - Blank text is dropped, and a message that would be empty says so.

use super::block::Block;
use super::gather::Gatherer;
use crate::canonical::{Fault, FaultKind, Lost, Request};
use crate::dialect::codec::Flavour;

/// One message.
#[derive(Debug)]
pub(super) struct Message<'r> {
    pub(super) role: &'static str,
    pub(super) content: Vec<Block<'r>>,
}

impl Message<'_> {
    fn write(&self, out: &mut Vec<u8>) -> serde_json::Result<()> {
        out.extend_from_slice(b"{\"role\":\"");
        out.extend_from_slice(self.role.as_bytes());
        out.extend_from_slice(b"\",\"content\":");
        list(&self.content, out, Block::write)?;
        out.push(b'}');
        Ok(())
    }
}

fn list<T>(
    items: &[T],
    out: &mut Vec<u8>,
    write: impl Fn(&T, &mut Vec<u8>) -> serde_json::Result<()>,
) -> serde_json::Result<()> {
    out.push(b'[');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write(item, out)?;
    }
    out.push(b']');
    Ok(())
}

/// What becomes of the turns.
pub(super) struct Conversation<'r> {
    pub(super) system: Vec<Block<'r>>,
    pub(super) messages: Vec<Message<'r>>,
}

/// The user's words where the model is to speak first.
const BEGINNING: &str = "(the conversation begins)";
/// The user's words where the model does not take the beginning of its answer.
const GO_ON: &str = "Go on from exactly where your last message ends, without repeating any of it.";

/// Writes the turns. A request of which nothing is left is a fault.
pub(super) fn conversation<'r>(
    request: &'r Request<'_>,
    flavour: Flavour,
    system_turns: bool,
    lost: &mut Lost,
) -> Result<Conversation<'r>, Fault> {
    let (leading, turns) = request.turns.split_at(request.leading_system());
    let mut gatherer = Gatherer::new(flavour, system_turns, lost);
    let parts = leading.iter().flat_map(|turn| &turn.parts);
    let mut system: Vec<Block<'r>> = parts.filter_map(|part| gatherer.system(part)).collect();
    for turn in turns {
        gatherer.turn(turn);
    }
    let (mut messages, said) = gatherer.finish();
    if messages.is_empty() && !system.is_empty() {
        messages.push(Message { role: "user", content: std::mem::take(&mut system) });
    } else if !said {
        return Err(Fault::new(FaultKind::BadRequest, "nothing is left of `messages` that this model could be given"));
    }
    if messages.first().is_some_and(|first| first.role == "assistant") {
        messages.insert(0, Message { role: "user", content: vec![Block::text(BEGINNING)] });
    }
    Ok(Conversation { system, messages })
}

impl Conversation<'_> {
    /// Writes `system` and `messages` as the last members of the object that `out` ends with.
    pub(super) fn write(&self, out: &mut Vec<u8>) -> serde_json::Result<()> {
        out.pop();
        if !self.system.is_empty() {
            out.extend_from_slice(b",\"system\":");
            list(&self.system, out, Block::write)?;
        }
        out.extend_from_slice(b",\"messages\":");
        list(&self.messages, out, Message::write)?;
        out.push(b'}');
        Ok(())
    }

    /// The model is in the middle of using tools, and its thoughts before that are not there any more.
    pub(super) fn lost_its_thoughts(&self) -> bool {
        let [.., asked, answered] = self.messages.as_slice() else { return false };
        matches!(answered.content.first(), Some(Block::ToolResult { .. }))
            && !asked.content.first().is_some_and(Block::is_thinking)
    }

    /// Sees to the end: where the model is to go on in its own words, `prefill` says whether it takes them as the
    /// beginning of its answer.
    pub(super) fn finish(&mut self, prefill: bool) {
        let Some(last) = self.messages.last_mut().filter(|last| last.role == "assistant") else { return };
        if last.content.iter().any(|block| matches!(block, Block::Foreign(_))) {
            return; // a paused turn, which goes on by itself
        }
        if !prefill {
            self.messages.push(Message { role: "user", content: vec![Block::text(GO_ON)] });
            return;
        }
        if let Some(Block::Text { text, .. }) = last.content.last_mut() {
            *text = text.trim_end().to_owned().into();
        }
    }
}
