//! The conversation, written.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::canonical::{Lost, Media, MediaKind, Part, Request, Role, Source, ToolCall, ToolResult, Turn};

/// One message.
#[derive(Default, Serialize)]
pub(super) struct MessageOut<'r> {
    pub(super) role: &'static str,
    pub(super) content: Cow<'r, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) thinking: Option<Cow<'r, str>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) images: Vec<&'r str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tool_calls: Vec<CallOut<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tool_name: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tool_call_id: Option<&'r str>,
}

/// A call.
#[derive(Serialize)]
pub(super) struct CallOut<'r> {
    id: &'r str,
    function: Called<'r>,
}

#[derive(Serialize)]
struct Called<'r> {
    index: usize,
    name: &'r str,
    arguments: Cow<'r, RawValue>,
}

impl<'r> CallOut<'r> {
    pub(super) fn new(index: usize, call: &'r ToolCall<'_>) -> Self {
        let arguments = arguments(&call.arguments, call.free_form).0;
        Self { id: &call.id, function: Called { index, name: &call.name, arguments } }
    }
}

/// Arguments as an object, and whether they are what they were. Text that is none becomes a member of one, so that
/// what there is of it is not lost.
pub(super) fn arguments(text: &str, free_form: bool) -> (Cow<'_, RawValue>, bool) {
    #[derive(Serialize)]
    struct Input<'a> {
        input: &'a str,
    }
    if !free_form {
        let text = if text.trim().is_empty() { "{}" } else { text };
        if let Some(object) = serde_json::from_str::<&RawValue>(text).ok().filter(|json| json.get().starts_with('{')) {
            return (Cow::Borrowed(object), true);
        }
    }
    let object = serde_json::value::to_raw_value(&Input { input: text });
    (Cow::Owned(object.unwrap_or_default()), free_form)
}

/// The turns as messages.
pub(super) fn write<'r>(request: &'r Request<'_>, lost: &mut Lost) -> Vec<MessageOut<'r>> {
    let mut writer = Writer { tools: request.tools_of_calls(), calls: HashMap::new(), messages: Vec::new(), lost };
    for turn in &request.turns {
        writer.lost.add_if(turn.name.is_some(), "messages.name");
        writer.turn(turn);
    }
    writer.messages
}

struct Writer<'r, 'l> {
    /// The tools of all calls.
    tools: HashMap<&'r str, &'r str>,
    /// The calls of the model's last turn: where they stand in it, and their tools.
    calls: HashMap<&'r str, (usize, &'r str)>,
    messages: Vec<MessageOut<'r>>,
    lost: &'l mut Lost,
}

/// What of a message is gathered before it is written.
#[derive(Default)]
struct Said<'r> {
    texts: Vec<Cow<'r, str>>,
    thoughts: Vec<&'r str>,
    images: Vec<&'r str>,
    calls: Vec<CallOut<'r>>,
}

impl<'r> Writer<'r, '_> {
    fn turn(&mut self, turn: &'r Turn<'_>) {
        let mut said = Said::default();
        self.results(&turn.parts, &mut said);
        for part in &turn.parts {
            self.part(part, turn.role, &mut said);
        }
        if turn.role == Role::Assistant {
            self.calls = calls(&turn.parts);
        }
        let role = match turn.role {
            Role::System | Role::Developer => "system",
            Role::User => "user",
            Role::Assistant => "assistant",
        };
        let Said { texts, thoughts, images, calls } = said;
        if texts.is_empty() && thoughts.is_empty() && images.is_empty() && calls.is_empty() {
            return;
        }
        let thinking = (!thoughts.is_empty()).then(|| thoughts.join("\n").into());
        // An answer with sources is many texts in the midst of sentences; what a user says is one after the other.
        let content = if turn.role == Role::Assistant { texts.concat().into() } else { joined(texts) };
        let message = MessageOut { role, content, thinking, images, ..MessageOut::default() };
        self.messages.push(MessageOut { tool_calls: calls, ..message });
    }

    fn part(&mut self, part: &'r Part<'_>, role: Role, said: &mut Said<'r>) {
        match part {
            Part::Text(text) => {
                self.lost.add_if(text.cache.is_some(), "cache_control");
                self.lost.add_if(!text.citations.is_empty(), "messages.citations");
                said.texts.extend((!text.text.is_empty()).then_some(Cow::Borrowed(text.text.as_str())));
            }
            Part::Refusal(text) => said.texts.push(text.as_str().into()),
            Part::Reasoning(thought) if role == Role::Assistant && !thought.text.is_empty() => {
                said.thoughts.push(&thought.text);
            }
            Part::Reasoning(_) => self.lost.add("messages.reasoning"),
            Part::ToolCall(call) => {
                self.lost.add_if(call.cache.is_some(), "cache_control");
                self.lost.add_if(!arguments(&call.arguments, call.free_form).1, "messages.tool_calls.arguments");
                said.calls.push(CallOut::new(said.calls.len(), call));
            }
            Part::ToolResult(_) => {} // already told
            Part::Media(media) => self.medium(media, said),
            Part::Foreign(foreign) => self.lost.add_part(foreign),
        }
    }

    /// Results in the order of their calls: most templates tell models nothing else of which belongs to which.
    fn results(&mut self, parts: &'r [Part<'_>], said: &mut Said<'r>) {
        let mut results: Vec<_> = parts
            .iter()
            .filter_map(|part| if let Part::ToolResult(result) = part { Some(result) } else { None })
            .collect();
        results.sort_by_key(|result| self.calls.get(result.id.as_str()).map_or(usize::MAX, |(at, _)| *at));
        results.into_iter().for_each(|result| self.result(result, said));
    }

    /// A result is a message of its own, before what the user says in the same turn. What it shows comes after it,
    /// since models look only at pictures of users.
    fn result(&mut self, result: &'r ToolResult<'_>, said: &mut Said<'r>) {
        self.lost.add_if(result.cache.is_some(), "cache_control");
        let text = result.text();
        let content = if result.is_error { format!("Error: {text}").into() } else { text.0 };
        // Servers that count calls anew in each answer use an id again: the last call is meant.
        let called = || self.calls.get(result.id.as_str()).map(|(_, name)| *name);
        let name = result.name.as_deref().or_else(called).or_else(|| self.tools.get(result.id.as_str()).copied());
        self.messages.push(MessageOut {
            role: "tool",
            content,
            tool_name: name,
            tool_call_id: Some(&result.id),
            ..MessageOut::default()
        });
        let images = said.images.len();
        for part in &result.parts {
            if let Part::Media(media) = part {
                self.medium(media, said);
            }
        }
        if said.images.len() > images {
            said.texts.push(format!("The tool call {} returned the image.", result.id).into());
        }
    }

    fn medium(&mut self, media: &'r Media<'_>, said: &mut Said<'r>) {
        self.lost.add_if(media.cache.is_some(), "cache_control");
        match (media.kind, &media.source) {
            (MediaKind::Image, Source::Base64(data)) => said.images.push(data),
            (MediaKind::Document, Source::Text(text)) => {
                let heads = [media.name.as_deref(), media.context.as_deref()];
                said.texts.extend(heads.into_iter().flatten().map(Cow::Borrowed));
                said.texts.push(text.as_str().into());
            }
            _ => self.lost.add_medium(media),
        }
    }
}

/// The calls by their ids; of several with one id the first.
fn calls<'r>(parts: &'r [Part<'_>]) -> HashMap<&'r str, (usize, &'r str)> {
    let mut calls = HashMap::new();
    for (at, part) in parts.iter().enumerate() {
        if let Part::ToolCall(call) = part {
            calls.entry(call.id.as_str()).or_insert((at, call.name.as_str()));
        }
    }
    calls
}

/// Several texts as one.
pub(super) fn joined(mut texts: Vec<Cow<'_, str>>) -> Cow<'_, str> {
    if texts.len() > 1 { texts.join("\n").into() } else { texts.pop().unwrap_or_default() }
}
