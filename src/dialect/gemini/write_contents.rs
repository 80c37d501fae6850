//! The conversation as Google wants it: turns of `user` and `model`, the results of functions in a turn of their own
//! right behind the calls, one for each call and in their order.

use super::generation::Generation;
use super::out::{Object, comma};
use super::signature::{DUMMY, for_provider};
use super::write_parts::{write_call, write_foreign, write_media, write_text};
use crate::canonical::{
    Dialect, Lost, Media, Part, Raw, Reasoning, Request, Role, Source, Text, ToolCall, ToolResult, Turn, Waiting,
};

const USER: &str = "user";
const MODEL: &str = "model";

/// What is written, and how far it is.
pub(super) struct Contents<'o> {
    out: &'o mut Vec<u8>,
    /// The role of the turn that is open.
    open: Option<&'static str>,
    first_turn: bool,
    first_part: bool,
    generation: Generation,
    /// Calls are named. Vertex knows no names.
    with_ids: bool,
}

impl<'o> Contents<'o> {
    pub(super) fn begin(out: &'o mut Vec<u8>, generation: Generation, with_ids: bool) -> Self {
        out.push(b'[');
        Self { out, open: None, first_turn: true, first_part: true, generation, with_ids }
    }

    /// Closes the list; false where nothing was said.
    pub(super) fn end(mut self) -> bool {
        self.close();
        self.out.push(b']');
        !self.first_turn
    }

    /// Adds text of the user.
    pub(super) fn user_text(&mut self, said: &str) {
        self.part(USER, |out| {
            write_text(out, said, false, None);
            true
        });
    }

    /// Adds the turns, but for the system's.
    pub(super) fn turns(&mut self, request: &Request<'_>, lost: &mut Lost) {
        let turns: Vec<_> = request.turns.iter().filter(|turn| !is_system(turn.role)).collect();
        let mut calls: Vec<&ToolCall<'_>> = Vec::new();
        for group in turns.chunk_by(|one, next| one.role == next.role) {
            lost.add_if(group.iter().any(|turn| turn.name.is_some()), "messages.name");
            let parts: Vec<_> = group.iter().flat_map(|turn| &turn.parts).collect();
            if group.first().is_some_and(|turn| turn.role == Role::Assistant) {
                calls = self.model(&parts, lost);
            } else {
                self.user(&parts, &std::mem::take(&mut calls), lost);
            }
        }
    }

    /// Writes one part into a turn of `role`, which is opened for it if need be; `write` says whether it did.
    fn part(&mut self, role: &'static str, write: impl FnOnce(&mut Vec<u8>) -> bool) {
        let before = self.out.len();
        let state = (self.open, self.first_turn, self.first_part);
        if self.open != Some(role) {
            self.close();
            comma(self.out, &mut self.first_turn);
            self.out.extend_from_slice(b"{\"role\":\"");
            self.out.extend_from_slice(role.as_bytes());
            self.out.extend_from_slice(b"\",\"parts\":[");
            self.open = Some(role);
            self.first_part = true;
        }
        comma(self.out, &mut self.first_part);
        if !write(self.out) {
            self.out.truncate(before);
            (self.open, self.first_turn, self.first_part) = state;
        }
    }

    fn close(&mut self) {
        if self.open.take().is_some() {
            self.out.extend_from_slice(b"]}");
        }
    }

    /// A turn of the model. Gives the calls in it.
    fn model<'p>(&mut self, parts: &[&'p Part<'p>], lost: &mut Lost) -> Vec<&'p ToolCall<'p>> {
        let mut calls: Vec<&ToolCall<'_>> = Vec::new();
        // A signature on its way to the part that it belongs to. Clients of other dialects can carry one with a piece
        // of reasoning only, though Google gives it with the call or the text behind that.
        let mut carried: Option<&str> = None;
        for (index, part) in parts.iter().enumerate() {
            match part {
                Part::Reasoning(reasoning) => {
                    let own = for_provider(&reasoning.signature);
                    let moves = own.is_some() && takes_signature(parts.get(index + 1..).unwrap_or_default());
                    if moves {
                        carried = own;
                    }
                    self.reasoning(reasoning, own.filter(|_| !moves), moves, lost);
                }
                Part::ToolCall(call) => {
                    if calls.is_empty() && self.first_turn {
                        // A call comes behind something that the user said.
                        self.user_text(" ");
                    }
                    lost.add_if(call.cache.is_some(), "cache_control");
                    // Google asks for a signature only with the first of several calls at once.
                    let dummy = (self.generation.third && calls.is_empty()).then_some(DUMMY);
                    let signature = for_provider(&call.signature).or(carried.take()).or(dummy);
                    let with_ids = self.with_ids;
                    self.part(MODEL, |out| {
                        write_call(out, call, with_ids, signature);
                        true
                    });
                    calls.push(call);
                }
                Part::Text(text) => {
                    let signature = for_provider(&text.signature).or_else(|| carried.take());
                    self.text(MODEL, text, signature, lost);
                }
                Part::Refusal(said) => self.text(MODEL, &Text { text: said.borrowed(), ..Text::default() }, None, lost),
                other => self.other(MODEL, other, lost),
            }
        }
        calls
    }

    fn reasoning(&mut self, reasoning: &Reasoning<'_>, own: Option<&str>, moved: bool, lost: &mut Lost) {
        let foreign = reasoning.signature.as_ref().is_some_and(|signature| signature.from != Dialect::Gemini);
        lost.add_if(foreign, "messages.reasoning.signature");
        if reasoning.text.is_empty() && own.is_none() {
            lost.add_if(reasoning.redacted && !moved, "messages.reasoning");
            return;
        }
        self.part(MODEL, |out| {
            write_text(out, &reasoning.text, true, own);
            true
        });
    }

    fn text(&mut self, role: &'static str, text: &Text<'_>, signature: Option<&str>, lost: &mut Lost) {
        lost.add_if(text.cache.is_some(), "cache_control");
        lost.add_if(!text.citations.is_empty(), "messages.citations");
        if text.text.is_empty() && signature.is_none() {
            return;
        }
        self.part(role, |out| {
            write_text(out, &text.text, false, signature);
            true
        });
    }

    fn other(&mut self, role: &'static str, part: &Part<'_>, lost: &mut Lost) {
        match part {
            Part::Text(text) => self.text(role, text, None, lost),
            Part::Refusal(said) => self.text(role, &Text { text: said.borrowed(), ..Text::default() }, None, lost),
            Part::Media(media) => self.part(role, |out| write_media(out, media, lost)),
            Part::Foreign(foreign) => self.part(role, |out| write_foreign(out, foreign, lost)),
            // A result without the call: what the tool said is still worth telling.
            Part::ToolResult(result) => {
                let said = result.text();
                self.text(role, &Text { text: said, ..Text::default() }, None, lost);
                for part in result.parts.iter().filter(|part| matches!(part, Part::Media(_))) {
                    self.other(role, part, lost);
                }
            }
            Part::Reasoning(_) | Part::ToolCall(_) => lost.add_content(part),
        }
    }

    /// What the user says, and first the results of the model's last `calls`.
    fn user(&mut self, parts: &[&Part<'_>], calls: &[&ToolCall<'_>], lost: &mut Lost) {
        let mut results: Vec<Option<&ToolResult<'_>>> = vec![None; calls.len()];
        let mut waiting = Waiting::default();
        calls.iter().enumerate().for_each(|(index, call)| waiting.add(call.id.borrowed(), index));
        let mut rest: Vec<&Part<'_>> = Vec::new();
        for part in parts {
            let slot = match part {
                Part::ToolResult(result) => {
                    waiting.take(&result.id).and_then(|index| Some((results.get_mut(index)?, result)))
                }
                _ => None,
            };
            match slot {
                Some((slot, result)) => *slot = Some(result),
                None => rest.push(part),
            }
        }
        let mut media = Vec::new();
        for (call, result) in calls.iter().zip(results) {
            let within = self.generation.third;
            let with_ids = self.with_ids;
            self.part(USER, |out| {
                write_result(out, call, result, with_ids, within, lost);
                true
            });
            media.extend(result.into_iter().flat_map(|result| outside(result, within)));
        }
        for media in media {
            self.part(USER, |out| write_media(out, media, lost));
        }
        if !calls.is_empty() {
            self.close();
        }
        rest.into_iter().for_each(|part| self.other(USER, part, lost));
    }
}

/// The system's words, wherever they stand.
pub(super) fn system_texts<'r>(request: &'r Request<'_>, lost: &mut Lost) -> Vec<&'r str> {
    let mut texts = Vec::new();
    for turn in request.turns.iter().filter(|turn| is_system(turn.role)) {
        let Turn { parts, .. } = turn;
        for part in parts {
            match part {
                Part::Text(text) => {
                    lost.add_if(text.cache.is_some(), "cache_control");
                    if !text.text.is_empty() {
                        texts.push(text.text.as_str());
                    }
                }
                _ => lost.add_content(part),
            }
        }
    }
    texts
}

fn is_system(role: Role) -> bool {
    matches!(role, Role::System | Role::Developer)
}

/// The next part that is no thought can take a signature, and has none.
fn takes_signature(rest: &[&Part<'_>]) -> bool {
    for part in rest {
        match part {
            // That one's signature goes there.
            Part::Reasoning(reasoning) if for_provider(&reasoning.signature).is_some() => return false,
            Part::Reasoning(_) => {}
            Part::ToolCall(call) => return for_provider(&call.signature).is_none(),
            Part::Text(text) => return for_provider(&text.signature).is_none(),
            _ => return false,
        }
    }
    false
}

/// Media that go beside the results: all, where the model takes none within them; else those that are not here.
fn outside<'p>(result: &'p ToolResult<'p>, within: bool) -> impl Iterator<Item = &'p Media<'p>> {
    result.parts.iter().filter_map(move |part| match part {
        Part::Media(media) if !(within && is_here(media)) => Some(media),
        _ => None,
    })
}

fn is_here(media: &Media<'_>) -> bool {
    matches!(media.source, Source::Base64(_) | Source::Text(_))
}

fn write_result(
    out: &mut Vec<u8>,
    call: &ToolCall<'_>,
    result: Option<&ToolResult<'_>>,
    with_id: bool,
    within: bool,
    lost: &mut Lost,
) {
    let mut part = Object::begin(out);
    let mut response = part.object("functionResponse");
    if with_id {
        response.text("id", &call.id);
    }
    response.text("name", &call.name);
    match result {
        Some(result) => {
            lost.add_if(result.cache.is_some(), "cache_control");
            write_said(response.key("response"), result);
            write_within(&mut response, result, within, lost);
        }
        // As many results as calls, or Google refuses the whole.
        None => response.raw("response", r#"{"error":"the call was not answered"}"#),
    }
    response.end();
    part.end();
}

fn write_within(response: &mut Object<'_>, result: &ToolResult<'_>, within: bool, lost: &mut Lost) {
    let media = result.parts.iter().filter_map(|part| match part {
        Part::Media(media) if within && is_here(media) => Some(media),
        _ => None,
    });
    let mut media = media.peekable();
    if media.peek().is_none() {
        return;
    }
    let out = response.key("parts");
    out.push(b'[');
    let mut first = true;
    for media in media {
        comma(out, &mut first);
        write_media(out, media, lost);
    }
    out.push(b']');
}

/// What a tool said, as an object: its own, else `{"output": text}`, or `{"error": text}` where it failed.
fn write_said(out: &mut Vec<u8>, result: &ToolResult<'_>) {
    let said = result.text();
    let own = result.json.as_ref().map(Raw::borrowed).or_else(|| Raw::parse(&said)).filter(Raw::is_object);
    let wrapper = if result.is_error { "error" } else { "output" };
    match own {
        Some(own) if !result.is_error => out.extend_from_slice(own.as_str().as_bytes()),
        own => {
            let mut object = Object::begin(out);
            match own {
                Some(own) => object.raw(wrapper, own.as_str()),
                None => object.text(wrapper, &said),
            }
            object.end();
        }
    }
}
