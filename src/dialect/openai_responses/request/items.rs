//! Turns into items.

use std::collections::HashSet;

use super::super::OWN;
use super::super::content::{INSIDE, write_citation, write_input};
use super::super::writing::{Object, comma, json};
use crate::canonical::{Foreign, Lost, Part, Reasoning, Request, Role, Text, ToolCall, ToolResult, Turn, fitting_id};
use crate::dialect::codec::Flavour;

/// The longest `call_id`.
const LONGEST_ID: usize = 64;

/// What the model did not get to hear of a call of its own.
const NO_OUTPUT: &str = "(no output)";

/// Writes turns as items.
pub(super) struct Items<'r, 'l> {
    flavour: Flavour,
    /// The calls in the conversation, and whether they are of tools that take free text.
    calls: HashSet<(&'r str, bool)>,
    /// The calls that have an output.
    answered: HashSet<&'r str>,
    /// Earlier calls may be kept at the provider, so none is missed here.
    stateful: bool,
    lost: &'l mut Lost,
    list: Vec<u8>,
    /// Thoughts that wait for the item that they belong to: they may not stand alone.
    thoughts: Vec<u8>,
    /// Some thoughts are in the list.
    replays: bool,
}

/// A message that is being written: where it begins, and its first part.
struct Message {
    start: usize,
    content: usize,
}

/// What the model said in one message. OpenAI's specification has parts of an output only in messages that have an id
/// of the vendor's; a message of anybody else's is a string. So it is one unless something is cited, for which OpenAI
/// takes parts without an id.
#[derive(Default)]
struct Said {
    /// The texts, and the words of refusals.
    text: String,
    /// Every part.
    parts: Vec<u8>,
    /// There are citations.
    rich: bool,
}

impl<'r, 'l> Items<'r, 'l> {
    /// Items that are written behind what `list` already holds.
    pub(super) fn new(request: &'r Request<'_>, flavour: Flavour, list: Vec<u8>, lost: &'l mut Lost) -> Self {
        let (mut calls, mut answered) = (HashSet::new(), HashSet::new());
        for part in request.turns.iter().flat_map(|turn| &turn.parts) {
            match part {
                Part::ToolCall(call) => drop(calls.insert((call.id.as_str(), call.free_form))),
                Part::ToolResult(result) => drop(answered.insert(result.id.as_str())),
                _ => {}
            }
        }
        let stateful = super::stateful(request).is_some();
        Self { flavour, calls, answered, stateful, lost, list, thoughts: Vec::new(), replays: false }
    }

    /// The list, without its last bracket, and whether earlier thoughts are in it.
    pub(super) fn finish(self) -> (Vec<u8>, bool) {
        (self.list, self.replays)
    }

    pub(super) fn turn(&mut self, turn: &Turn<'_>) {
        self.lost.add_if(turn.name.is_some(), "messages.name");
        match turn.role {
            Role::System => self.others(&turn.parts, "system"),
            Role::Developer => self.others(&turn.parts, "developer"),
            Role::User => self.others(&turn.parts, "user"),
            Role::Assistant => self.assistant(&turn.parts),
        }
    }

    /// Everything that the model did not say.
    fn others(&mut self, parts: &[Part<'_>], role: &str) {
        let mut message = None;
        for part in parts {
            match part {
                Part::ToolResult(result) => {
                    self.close(message.take());
                    self.result(result);
                }
                Part::Foreign(foreign) if own_item(foreign) => {
                    self.close(message.take());
                    self.raw(foreign);
                }
                _ => {
                    message.get_or_insert_with(|| self.open(role));
                    write_input(part, self.flavour, self.lost, &mut self.list);
                }
            }
        }
        self.close(message.take());
    }

    /// Begins a message whose parts are written where they stay, because they may be images.
    fn open(&mut self, role: &str) -> Message {
        let start = self.list.len();
        let mut object = self.begin("message");
        object.member("role", role);
        object.name("content").push(b'[');
        Message { start, content: self.list.len() }
    }

    /// Ends it, or takes it back where nothing could be said. (No thoughts are taken back with it: none wait here.)
    fn close(&mut self, message: Option<Message>) {
        match message {
            Some(Message { start, content }) if content == self.list.len() => self.list.truncate(start),
            Some(_) => self.list.extend_from_slice(b"]}"),
            None => {}
        }
    }

    fn message(&mut self, role: &str, content: &mut Vec<u8>) {
        if content.is_empty() {
            return;
        }
        let mut object = self.begin("message");
        object.member("role", role);
        list(&mut object, "content", content);
        object.end();
        content.clear();
    }

    fn begin(&mut self, kind: &str) -> Object<'_> {
        self.think();
        comma(&mut self.list);
        let mut object = Object::begin(&mut self.list);
        object.member("type", kind);
        object
    }

    /// The item that thoughts wait for is about to be written.
    fn think(&mut self) {
        if !self.thoughts.is_empty() {
            self.replays = true;
            comma(&mut self.list);
            self.list.append(&mut self.thoughts);
        }
    }

    fn raw(&mut self, foreign: &Foreign<'_>) {
        self.think();
        comma(&mut self.list);
        self.list.extend_from_slice(foreign.json.as_str().as_bytes());
    }

    /// Whether the call that is answered takes free text: as the result has it, if there is such a call. `None`: there
    /// is no call.
    fn free_form(&self, result: &ToolResult<'_>) -> Option<bool> {
        let called = |kind: &bool| self.calls.contains(&(result.id.as_str(), *kind));
        let found = [result.free_form, !result.free_form].into_iter().find(called);
        found.or(self.stateful.then_some(result.free_form))
    }

    fn result(&mut self, result: &ToolResult<'_>) {
        let Some(free_form) = self.free_form(result) else {
            // An output without its call is refused. What it says may matter all the same.
            let mut content = Vec::new();
            result.parts.iter().for_each(|part| write_input(part, self.flavour, self.lost, &mut content));
            return self.message("user", &mut content);
        };
        self.lost.add_if(result.cache.is_some(), "cache_control");
        let rich = result.parts.iter().any(|part| !matches!(part, Part::Text(_)));
        let mut content = Vec::new();
        if rich {
            if result.is_error {
                write_input(&Part::text("Error:"), self.flavour, self.lost, &mut content);
            }
            result.parts.iter().for_each(|part| write_input(part, self.flavour, self.lost, &mut content));
        }
        // Other servers know only the string. The rest of it then follows as the user's words.
        let apart = rich && self.flavour == Flavour::Compatible;
        let kind = if free_form { "custom_tool_call_output" } else { "function_call_output" };
        let mut object = self.begin(kind);
        object.member("call_id", &fitting_id(&result.id, LONGEST_ID));
        if rich && !apart && !content.is_empty() {
            list(&mut object, "output", &content);
        } else {
            let text = result.text();
            // There is no other place to say that the tool failed.
            let failed = result.is_error && !text.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("error"));
            match failed {
                true => object.member("output", &format!("Error: {text}")),
                false => object.member("output", &text),
            }
        }
        object.end();
        if apart {
            let mut media = Vec::new();
            for part in result.parts.iter().filter(|part| matches!(part, Part::Media(_))) {
                write_input(part, self.flavour, &mut Lost::nothing(), &mut media);
            }
            self.message("user", &mut media);
        }
    }

    fn assistant(&mut self, parts: &[Part<'_>]) {
        let mut said = Said::default();
        let mut unanswered = Vec::new();
        for part in parts {
            match part {
                Part::Text(text) => self.said(text, &mut said),
                Part::Refusal(text) => {
                    said.text.push_str(text);
                    comma(&mut said.parts);
                    let mut object = Object::begin(&mut said.parts);
                    object.member("type", "refusal");
                    object.member("refusal", text);
                    object.end();
                }
                Part::Reasoning(thoughts) => {
                    self.speak(&mut said);
                    self.thought(thoughts);
                }
                Part::ToolCall(call) => {
                    self.speak(&mut said);
                    self.call(call);
                    if !self.stateful && !self.answered.contains(call.id.as_str()) {
                        unanswered.push(call);
                    }
                }
                Part::Foreign(foreign) if own_item(foreign) => {
                    self.speak(&mut said);
                    self.raw(foreign);
                }
                Part::Foreign(foreign) => self.lost.add_part(foreign),
                Part::Media(media) => self.lost.add_medium(media),
                Part::ToolResult(result) => {
                    self.speak(&mut said);
                    self.result(result);
                }
            }
        }
        self.speak(&mut said);
        // Thoughts at the end of a turn, without what they led to, would be refused.
        self.lost.add_if(!self.thoughts.is_empty(), "messages.reasoning");
        self.thoughts.clear();
        for call in unanswered {
            // A call without an output would be refused too.
            let kind = if call.free_form { "custom_tool_call_output" } else { "function_call_output" };
            let mut object = self.begin(kind);
            object.member("call_id", &fitting_id(&call.id, LONGEST_ID));
            object.member("output", NO_OUTPUT);
            object.end();
        }
    }

    /// What was said until here, as a message.
    fn speak(&mut self, said: &mut Said) {
        let Said { text, mut parts, rich } = std::mem::take(said);
        if rich {
            self.message("assistant", &mut parts);
        } else if !parts.is_empty() {
            let mut object = self.begin("message");
            object.member("role", "assistant");
            object.member("content", &text);
            object.end();
        }
    }

    fn said(&mut self, text: &Text<'_>, said: &mut Said) {
        if text.text.is_empty() {
            return;
        }
        self.lost.add_if(text.cache.is_some(), "cache_control");
        comma(&mut said.parts);
        said.text.push_str(&text.text);
        let mut annotations = Vec::new();
        for citation in &text.citations {
            let written = write_citation(citation, text.text.chars().count(), &mut annotations);
            self.lost.add_if(!written, "messages.citations");
        }
        said.rich |= !annotations.is_empty();
        let mut object = Object::begin(&mut said.parts);
        object.member("type", "output_text");
        object.member("text", &text.text);
        list(&mut object, "annotations", &annotations);
        object.end();
    }

    /// Only thoughts of this dialect, and only with their proof: without it they are looked for in a store that does
    /// not have them.
    fn thought(&mut self, thoughts: &Reasoning<'_>) {
        let own = thoughts.signature.as_ref().filter(|signature| signature.from == OWN);
        let Some(signature) = own else { return self.lost.add("messages.reasoning") };
        comma(&mut self.thoughts);
        let mut object = Object::begin(&mut self.thoughts);
        object.member("type", "reasoning");
        object.maybe("id", thoughts.id.as_ref());
        let summary = object.name("summary");
        summary.push(b'[');
        if !thoughts.text.is_empty() {
            let mut text = Object::begin(summary);
            text.member("type", "summary_text");
            text.member("text", &thoughts.text);
            text.end();
        }
        summary.push(b']');
        object.member("encrypted_content", &signature.value);
        object.end();
    }

    fn call(&mut self, call: &ToolCall<'_>) {
        self.lost.add_if(call.cache.is_some(), "cache_control");
        let mut object = self.begin(if call.free_form { "custom_tool_call" } else { "function_call" });
        object.member("call_id", &fitting_id(&call.id, LONGEST_ID));
        object.member("name", &call.name);
        match call.free_form {
            true => object.member("input", &call.arguments),
            false if call.arguments.trim().is_empty() => object.member("arguments", "{}"),
            false => object.member("arguments", &call.arguments),
        }
        object.end();
    }
}

fn own_item(foreign: &Foreign<'_>) -> bool {
    foreign.dialect == OWN && !foreign.kind.starts_with(INSIDE)
}

fn list(object: &mut Object<'_>, name: &str, elements: &[u8]) {
    let out = object.name(name);
    out.push(b'[');
    out.extend_from_slice(elements);
    out.push(b']');
}

/// A system turn that can stand in `instructions`: one text and nothing about it.
pub(super) fn instructions<'r>(turn: &'r Turn<'_>) -> Option<&'r str> {
    match (turn.role, turn.parts.as_slice()) {
        (Role::System, [Part::Text(text)]) if text.cache.is_none() && turn.name.is_none() => Some(&text.text),
        _ => None,
    }
}

/// The same as an item, for a request that has no other.
pub(super) fn alone(instructions: &str, list: &mut Vec<u8>) {
    let mut object = Object::begin(list);
    object.member("type", "message");
    object.member("role", "system");
    json(object.name("content"), instructions);
    object.end();
}
