//! Turns gathered into messages; see [`super::turns`] for the rules.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::block::{Block, CacheControl, Cited, LONGEST_ID, input};
use super::media::media;
use super::turns::Message;
use crate::canonical::{
    Dialect, Foreign, Lost, Part, Reasoning, Role, Str, Text, ToolCall, ToolResult, Turn, Waiting, fitting_id,
};
use crate::dialect::codec::Flavour;

/// What stands where nothing is left of a user's message.
const EMPTY: &str = "(empty message)";
/// What a call is answered with that nobody answered.
const NO_RESULT: &str = "(no result)";

/// Gathers turns into messages.
pub(super) struct Gatherer<'r, 'l> {
    flavour: Flavour,
    /// The model takes `system` messages.
    system_turns: bool,
    lost: &'l mut Lost,
    messages: Vec<Message<'r>>,
    /// Ids of calls that are taken.
    ids: HashSet<Str<'r>>,
    /// The last number behind each id that was wanted again: those with lower ones are taken.
    again: HashMap<Str<'r>, usize>,
    /// The calls of the last message, if that is the model's, without a result so far: their ids as written.
    calls: Waiting<'r, Str<'r>>,
    /// The user's message that is being gathered.
    user: User<'r>,
    /// Anybody said anything.
    said: bool,
}

#[derive(Default)]
struct User<'r> {
    /// There was such a turn.
    spoke: bool,
    results: Vec<Block<'r>>,
    others: Vec<Block<'r>>,
    /// System turns behind all of it.
    system: Vec<&'r Text<'r>>,
}

impl<'r, 'l> Gatherer<'r, 'l> {
    /// Nothing so far.
    pub(super) fn new(flavour: Flavour, system_turns: bool, lost: &'l mut Lost) -> Self {
        Self {
            flavour,
            system_turns,
            lost,
            messages: Vec::new(),
            ids: HashSet::new(),
            again: HashMap::new(),
            calls: Waiting::default(),
            user: User::default(),
            said: false,
        }
    }

    /// The messages, and whether anybody said anything in them.
    pub(super) fn finish(mut self) -> (Vec<Message<'r>>, bool) {
        self.flush();
        (self.messages, self.said)
    }

    /// A part of the system prompt, which is text alone.
    pub(super) fn system(&mut self, part: &'r Part<'_>) -> Option<Block<'r>> {
        match part {
            Part::Text(text) => text_block(text),
            Part::Foreign(foreign) => self.foreign(foreign),
            _ => {
                self.lost.add("messages.content");
                None
            }
        }
    }

    /// The next turn.
    pub(super) fn turn(&mut self, turn: &'r Turn<'_>) {
        self.lost.add_if(turn.name.is_some(), "messages.name");
        match turn.role {
            Role::Assistant => self.assistant(&turn.parts),
            Role::User => {
                self.user.spoke = true;
                self.settle_system();
                for part in &turn.parts {
                    self.user_part(part);
                }
            }
            Role::System | Role::Developer => {
                for part in &turn.parts {
                    match part {
                        Part::Text(text) if !text.text.trim().is_empty() => self.user.system.push(text),
                        Part::Text(_) => {}
                        _ => self.lost.add("messages.content"),
                    }
                }
            }
        }
    }

    fn user_part(&mut self, part: &'r Part<'_>) {
        match part {
            Part::ToolResult(result) => self.result(result),
            Part::Text(text) => self.user.others.extend(text_block(text)),
            Part::Refusal(text) => self.user.others.extend(plain(text)),
            Part::Media(medium) => self.user.others.extend(media(medium, self.flavour, self.lost)),
            Part::Foreign(foreign) => {
                let block = self.foreign(foreign);
                self.user.others.extend(block);
            }
            // Nothing that a user can say.
            Part::Reasoning(_) | Part::ToolCall(_) => self.lost.add("messages.content"),
        }
    }

    /// A result goes to the first call of its id that has none yet. Without such a call it becomes text.
    fn result(&mut self, result: &'r ToolResult<'_>) {
        let content: Vec<_> = result.parts.iter().filter_map(|part| self.result_part(part)).collect();
        let Some(tool_use_id) = self.calls.take(&result.id) else {
            self.user.others.push(Block::text(format!("<tool_result id=\"{}\">", result.id)));
            self.user.others.extend(content);
            self.user.others.push(Block::text("</tool_result>"));
            return;
        };
        self.user.results.push(Block::ToolResult {
            tool_use_id,
            content,
            is_error: result.is_error,
            cache_control: CacheControl::of(result.cache.as_ref()),
        });
    }

    fn result_part(&mut self, part: &'r Part<'_>) -> Option<Block<'r>> {
        match part {
            Part::Text(text) => text_block(text),
            Part::Refusal(text) => plain(text),
            Part::Media(medium) => media(medium, self.flavour, self.lost),
            Part::Foreign(foreign) => self.foreign(foreign),
            Part::Reasoning(_) | Part::ToolCall(_) | Part::ToolResult(_) => None,
        }
    }

    fn assistant(&mut self, parts: &'r [Part<'_>]) {
        let mut calls = Waiting::default();
        let mut blocks = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Part::Text(text) => {
                    let foreign = text.citations.iter().any(|citation| citation.original.dialect != Dialect::Anthropic);
                    self.lost.add_if(foreign, "messages.citations");
                    blocks.extend(text_block(text));
                }
                Part::Refusal(text) => blocks.extend(plain(text)),
                Part::Reasoning(reasoning) => blocks.extend(self.reasoning(reasoning)),
                Part::ToolCall(call) => blocks.push(self.call(call, &mut calls)),
                Part::Foreign(foreign) => blocks.extend(self.foreign(foreign)),
                Part::Media(_) => self.lost.add("messages.content"), // assistants have none here
                Part::ToolResult(_) => self.lost.add("messages.content"),
            }
        }
        if blocks.is_empty() {
            return;
        }
        self.flush();
        self.said = true;
        match self.messages.last_mut() {
            Some(last) if last.role == "assistant" => last.content.extend(blocks),
            _ => self.messages.push(Message { role: "assistant", content: blocks }),
        }
        self.calls = calls;
    }

    /// Ids must be unique in the whole conversation; some servers count from 0 in every turn.
    fn call(&mut self, call: &'r ToolCall<'_>, calls: &mut Waiting<'r, Str<'r>>) -> Block<'r> {
        let fitting = fitting_id(&call.id, LONGEST_ID);
        let mut written = fitting.clone();
        if !self.ids.insert(written.clone()) {
            let again = self.again.entry(fitting.clone()).or_insert(1);
            while !self.ids.insert(written.clone()) {
                *again += 1;
                written = format!("{fitting}_{again}").into();
            }
        }
        calls.add(call.id.borrowed(), written.clone());
        Block::ToolUse {
            id: written,
            name: &call.name,
            input: input(call),
            cache_control: CacheControl::of(call.cache.as_ref()),
        }
    }

    /// Thoughts are taken back only with the signature that they were given here.
    fn reasoning(&mut self, reasoning: &'r Reasoning<'_>) -> Option<Block<'r>> {
        let own = reasoning.signature.as_ref().filter(|signature| signature.from == Dialect::Anthropic);
        let Some(signature) = own else {
            self.lost.add("messages.reasoning");
            return None;
        };
        let value = signature.value.borrowed();
        Some(match reasoning.redacted {
            true => Block::RedactedThinking { data: value },
            false => Block::Thinking { thinking: &reasoning.text, signature: value },
        })
    }

    fn foreign(&mut self, foreign: &'r Foreign<'_>) -> Option<Block<'r>> {
        if foreign.dialect == Dialect::Anthropic {
            return Some(Block::Foreign(foreign.json.borrowed()));
        }
        self.lost.add_part(foreign);
        None
    }

    /// Completes the user's message, if there is one or has to be one.
    fn flush(&mut self) {
        for tool_use_id in self.calls.rest() {
            self.user.results.push(Block::ToolResult {
                tool_use_id,
                content: vec![Block::text(NO_RESULT)],
                is_error: true,
                cache_control: None,
            });
        }
        if self.system_turns && !(self.user.results.is_empty() && self.user.others.is_empty()) {
            let system = std::mem::take(&mut self.user.system);
            self.flush_user();
            if !system.is_empty() {
                let content = system.into_iter().filter_map(text_block).collect();
                self.messages.push(Message { role: "system", content });
            }
        } else {
            self.settle_system();
            self.flush_user();
        }
    }

    fn flush_user(&mut self) {
        let User { spoke, results, others, .. } = std::mem::take(&mut self.user);
        let mut content = results;
        content.extend(others);
        self.said |= !content.is_empty();
        if content.is_empty() {
            if !spoke {
                return;
            }
            content.push(Block::text(EMPTY));
        }
        self.messages.push(Message { role: "user", content });
    }

    /// System turns that turn out to stand before words of the user are words of the user's too.
    fn settle_system(&mut self) {
        let wrapped = |text: &&'r Text<'r>| Block::Text {
            text: format!("<system>{}</system>", text.text).into(),
            citations: Vec::new(),
            cache_control: CacheControl::of(text.cache.as_ref()),
        };
        self.user.others.extend(self.user.system.iter().map(wrapped));
        self.user.system.clear();
    }
}

/// A text, unless it is blank.
fn text_block<'r>(text: &'r Text<'_>) -> Option<Block<'r>> {
    if text.text.trim().is_empty() {
        return None;
    }
    let citations = text.citations.iter().filter(|citation| citation.original.dialect == Dialect::Anthropic);
    Some(Block::Text {
        text: Cow::Borrowed(&text.text),
        citations: citations.filter_map(Cited::of).collect(),
        cache_control: CacheControl::of(text.cache.as_ref()),
    })
}

fn plain<'r>(text: &'r Str<'_>) -> Option<Block<'r>> {
    (!text.trim().is_empty()).then(|| Block::text(text.as_str()))
}
