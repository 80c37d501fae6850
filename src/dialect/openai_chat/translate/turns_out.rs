//! The conversation of a request, written as messages.
//!
//! OpenAI refuses a call without a result, a result without its call, and anything between the two. So the results
//! that stand anywhere before the next answer are written right behind the calls, in the calls' order; what is missing
//! is made up in words, and a result of no call is told as the user's text.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::assistant_out;
use super::content_out::{Pieces, kept};
use super::json_out::Object;
use super::style::{Family, Style};
use crate::canonical::{Lost, Part, Request, Role, Str, ToolCall, ToolResult, Turn, fitting_id, fnv};
use crate::dialect::codec::Flavour;

/// Writes all turns. `instruction` is one more thing to tell the model.
pub(super) fn write(
    request: &Request<'_>,
    instruction: Option<&str>,
    style: &Style<'_>,
    messages: &mut Object<'_>,
    lost: &mut Lost,
) {
    let mut writer = Writer { style, lost, messages, written: HashSet::new() };
    let leading = request.leading_system();
    let loop_at = last_question(&request.turns);
    for (index, turn) in request.turns.iter().enumerate() {
        if index == leading {
            writer.instruct(instruction);
        }
        match turn.role {
            Role::System | Role::Developer => writer.system(turn),
            Role::User => writer.user(turn),
            Role::Assistant => {
                let rest = request.turns.get(index + 1..).unwrap_or_default();
                writer.assistant(turn, rest, loop_at.is_none_or(|at| index > at));
            }
        }
    }
    if leading == request.turns.len() {
        writer.instruct(instruction);
    }
}

/// Where the user last said something: behind it the model is in a loop of tools.
fn last_question(turns: &[Turn<'_>]) -> Option<usize> {
    let asks =
        |turn: &Turn<'_>| turn.role == Role::User && turn.parts.iter().any(|part| !matches!(part, Part::ToolResult(_)));
    turns.iter().rposition(asks)
}

struct Writer<'w, 'r, 'o> {
    style: &'w Style<'w>,
    lost: &'w mut Lost,
    messages: &'w mut Object<'o>,
    /// Where the results are that were written behind their calls.
    written: HashSet<*const ToolResult<'r>>,
}

impl<'r> Writer<'_, 'r, '_> {
    fn instruct(&mut self, instruction: Option<&str>) {
        if let Some(text) = instruction {
            let mut message = Object::begin(self.messages.item());
            message.set("role", "system").set("content", text);
            message.end();
        }
    }

    fn system(&mut self, turn: &'r Turn<'r>) {
        // OpenAI's older models refuse the newer word.
        let developer = turn.role == Role::Developer && self.style.is_openai() && self.style.family != Family::Plain;
        let mut pieces = Pieces::default();
        self.gather(&turn.parts, &mut pieces);
        self.message(if developer { "developer" } else { "system" }, turn, &pieces);
    }

    fn user(&mut self, turn: &'r Turn<'r>) {
        let mut pieces = Pieces::default();
        for part in &turn.parts {
            if let Part::ToolResult(result) = part {
                self.attachments(result, &mut pieces);
            }
        }
        self.gather(&turn.parts, &mut pieces);
        let only_results = !turn.parts.is_empty() && turn.parts.iter().all(|part| matches!(part, Part::ToolResult(_)));
        if pieces.is_empty() {
            if only_results {
                return;
            }
            let said = turn.parts.iter().all(|part| matches!(part, Part::Text(_)));
            pieces.say(if said { "" } else { "[an attachment that cannot be shown here]" });
        }
        self.message("user", turn, &pieces);
    }

    /// What stands in a result and cannot stand in a tool's message; the whole of it, where it is of no call.
    fn attachments(&mut self, result: &'r ToolResult<'r>, pieces: &mut Pieces<'r>) {
        if !self.written.contains(&std::ptr::from_ref(result)) {
            pieces.say(format!("[result of the tool call {}]\n{}", result.id, result_text(result)));
        }
        for part in &result.parts {
            match part {
                Part::Media(media) => {
                    pieces.say(marker(result, self.style));
                    pieces.media(media, self.style, self.lost);
                }
                Part::Foreign(foreign) => pieces.foreign(foreign, self.lost),
                _ => {}
            }
        }
    }

    fn gather(&mut self, parts: &'r [Part<'r>], pieces: &mut Pieces<'r>) {
        for part in parts {
            match part {
                Part::Text(text) => pieces.text(text, self.style, self.lost),
                Part::Media(media) => pieces.media(media, self.style, self.lost),
                Part::Foreign(foreign) => pieces.foreign(foreign, self.lost),
                Part::Refusal(text) => pieces.say(text.as_str()),
                // Results are written elsewhere; nobody but the model thinks or calls.
                Part::ToolResult(_) | Part::Reasoning(_) | Part::ToolCall(_) => {}
            }
        }
    }

    fn message(&mut self, role: &str, turn: &Turn<'_>, pieces: &Pieces<'_>) {
        let mut message = Object::begin(self.messages.item());
        message.set("role", role);
        pieces.write(self.style, message.key("content"));
        match &turn.name {
            Some(_) if self.style.is(Flavour::Mistral) => self.lost.add("messages.name"),
            name => _ = message.maybe("name", name.as_ref()),
        }
        message.end();
    }

    fn assistant(&mut self, turn: &'r Turn<'r>, rest: &'r [Turn<'r>], in_loop: bool) {
        let place = assistant_out::Place { is_last: rest.is_empty(), in_loop };
        assistant_out::write(turn, place, self.style, self.messages, self.lost);
        let results = results_before_next(rest);
        for part in &turn.parts {
            let Part::ToolCall(call) = part else { continue };
            let result = results.get(call.id.as_str()).copied();
            self.written.extend(result.map(std::ptr::from_ref));
            self.result(call, result);
        }
    }

    fn result(&mut self, call: &ToolCall<'_>, result: Option<&ToolResult<'_>>) {
        let mut message = Object::begin(self.messages.item());
        message.set("role", "tool").set("tool_call_id", call_id(&call.id, self.style));
        if self.style.is(Flavour::Mistral) {
            message.set("name", &call.name);
        }
        let text = result.map_or(Cow::Borrowed("[the tool gave no result]"), result_text);
        let pictured = result.is_some_and(|result| result.parts.iter().any(|part| matches!(part, Part::Media(_))));
        match (pictured, result) {
            (true, Some(result)) => {
                let marker = marker(result, self.style);
                let told = if text.is_empty() { marker } else { format!("{text}\n{marker}") };
                message.set("content", told);
            }
            _ => _ = message.set("content", text),
        }
        if let Some(cache) = kept(result.and_then(|result| result.cache.as_ref()), self.style, self.lost) {
            super::tools_out::cache_control(&mut message, cache);
        }
        message.end();
    }
}

/// The results before the model's next turn; of several for one call the first.
fn results_before_next<'r>(rest: &'r [Turn<'r>]) -> HashMap<&'r str, &'r ToolResult<'r>> {
    let before_next = rest.iter().take_while(|turn| turn.role != Role::Assistant);
    let mut results = HashMap::new();
    for part in before_next.flat_map(|turn| &turn.parts) {
        if let Part::ToolResult(result) = part {
            results.entry(result.id.as_str()).or_insert(result);
        }
    }
    results
}

/// Stands in the tool's message and before what it points to.
fn marker(result: &ToolResult<'_>, style: &Style<'_>) -> String {
    format!("[attached: what the tool call {} gave]", call_id(&result.id, style))
}

/// The words of a result. Chat has no other way to say that a tool failed.
fn result_text<'r>(result: &'r ToolResult<'_>) -> Cow<'r, str> {
    const FAILED: &str = "Error: ";
    let text = result.text();
    match result.is_error && !text.starts_with(FAILED) {
        true if text.is_empty() => Cow::Borrowed("Error: the tool failed"),
        true => Cow::Owned(format!("{FAILED}{text}")),
        false => text.0,
    }
}

/// A call's id as the target takes it: the same for the call and for its result.
pub(super) fn call_id<'r>(id: &'r str, style: &Style<'_>) -> Str<'r> {
    /// OpenAI's limit for Chat.
    const LONGEST: usize = 40;
    if style.is(Flavour::Mistral) {
        return mistral_id(id);
    }
    if id.len() > LONGEST { fitting_id(id, LONGEST) } else { Str::new(id) }
}

/// Mistral wants exactly nine letters and digits.
fn mistral_id(id: &str) -> Str<'_> {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    if id.len() == 9 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Str::new(id);
    }
    let mut hash = fnv(id.as_bytes());
    let digits = (0..9).map(|_| {
        let digit = DIGITS[(hash % 62) as usize];
        hash /= 62;
        char::from(digit)
    });
    digits.collect::<String>().into()
}
