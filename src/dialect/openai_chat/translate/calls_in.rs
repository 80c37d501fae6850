//! The tools that a streamed answer asks for, put together from their pieces.
//!
//! OpenAI tells a call's id and name with its first piece and nothing but the index with the others. Others leave out
//! the index, give every call the index 0, repeat the name, send the name late, or send a call as one piece.

use super::answer_in::Parts;
use super::wire::{Called, ToolCall, thought_signature};
use crate::canonical::{Delta, Dialect, Event, Fault, FaultKind, PartStart, Signature, Str, made_up_id};

/// The calls of one answer, and Gemini's proofs of those that are still to come.
#[derive(Default)]
pub(super) struct Calls(Vec<Known>, Vec<Proof>);

/// A call's id, and the proof that belongs to it.
type Proof = (String, Signature<'static>);

/// A call, as far as it has come.
#[derive(Default)]
struct Known {
    index: Option<u32>,
    id: String,
    /// Its part, once it could begin: when the name was known.
    part: Option<u32>,
    free_form: bool,
    /// Arguments that came before the name.
    held: String,
    /// The arguments are a whole JSON object.
    whole: Balance,
}

/// A piece of a call.
pub(super) struct Call<'a> {
    index: Option<u32>,
    id: Option<Str<'a>>,
    name: Option<Str<'a>>,
    arguments: Str<'a>,
    free_form: bool,
    signature: Option<Signature<'a>>,
}

/// More calls than any model makes at once.
const MOST: usize = 1024;
/// More arguments than anybody sends before the name.
const MOST_HELD: usize = 1 << 20;

impl<'a> From<ToolCall<'a>> for Call<'a> {
    fn from(wire: ToolCall<'a>) -> Self {
        let free_form = wire.custom.is_some();
        let called = wire.custom.or(wire.function).unwrap_or_default();
        let arguments = if free_form { called.input.given().unwrap_or_default() } else { called.arguments.0 };
        let signature = thought_signature(wire.extra_content).map(|value| Signature::untag(Dialect::Gemini, value));
        Self { index: wire.index, id: wire.id.given(), name: called.name.given(), arguments, free_form, signature }
    }
}

impl<'a> Call<'a> {
    /// A piece in the oldest form, which knows only one call.
    pub(super) fn legacy(called: Called<'a>) -> Self {
        let (name, arguments) = (called.name.given(), called.arguments.0);
        Self { index: Some(u32::MAX), id: None, name, arguments, free_form: false, signature: None }
    }
}

impl Calls {
    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|call| call.part.is_none())
    }

    /// The part of the call with that id.
    pub(super) fn part_of(&self, id: &str) -> Option<u32> {
        self.0.iter().find(|call| call.id == id)?.part
    }

    /// Keeps a proof until its call comes. More than there can be calls are not kept.
    pub(super) fn keep(&mut self, id: &str, proof: Signature<'_>) {
        if self.1.len() < MOST {
            self.1.push((id.to_owned(), proof.into_owned()));
        }
    }

    /// The proofs whose calls did not come.
    pub(super) fn unclaimed(&mut self) -> Vec<Proof> {
        std::mem::take(&mut self.1)
    }

    /// The next piece of a call.
    pub(super) fn piece(
        &mut self,
        piece: Call<'_>,
        answer: &str,
        parts: &mut Parts,
        out: &mut dyn FnMut(Event<'_>),
    ) -> Result<(), Fault> {
        let at = match self.position(&piece) {
            Some(at) => at,
            None if self.0.len() >= MOST => {
                return Err(Fault::new(FaultKind::Malformed, "the provider's answer calls too many tools"));
            }
            None => {
                self.0.push(Known { index: piece.index, ..Known::default() });
                self.0.len() - 1
            }
        };
        let Some(call) = self.0.get_mut(at) else { return Ok(()) };
        call.free_form |= piece.free_form;
        if call.id.is_empty()
            && let Some(id) = &piece.id
        {
            id.as_str().clone_into(&mut call.id);
        }
        if call.part.is_none() {
            match &piece.name {
                Some(name) => call.begin(name, at, answer, parts, out),
                None if call.held.len() > MOST_HELD => call.begin("", at, answer, parts, out),
                None => {}
            }
        }
        call.go_on(&piece.arguments, parts.choice, out);
        let kept = self.1.iter().position(|(id, _)| *id == call.id && call.part.is_some());
        let signature = piece.signature.or_else(|| Some(self.1.swap_remove(kept?).1));
        if let (Some(part), Some(signature)) = (call.part, signature) {
            out(Event::Delta { choice: parts.choice, part, delta: Delta::Signature(signature) });
        }
        Ok(())
    }

    /// Ends all calls. One whose name never came is shown without, if it has anything to show.
    pub(super) fn close(&mut self, answer: &str, parts: &mut Parts, out: &mut dyn FnMut(Event<'_>)) {
        for (at, call) in self.0.iter_mut().enumerate() {
            if call.part.is_none() && !call.held.is_empty() {
                call.begin("", at, answer, parts, out);
            }
            if let Some(part) = call.part {
                out(Event::PartEnd { choice: parts.choice, part });
            }
        }
    }

    /// Which call a piece belongs to. `None`: a new one.
    fn position(&self, piece: &Call<'_>) -> Option<usize> {
        let at = match (piece.index, &piece.id) {
            (Some(index), _) => self.0.iter().rposition(|call| call.index == Some(index))?,
            (None, Some(id)) => return self.0.iter().rposition(|call| call.id == id.as_str()),
            (None, None) => self.0.len().checked_sub(1)?,
        };
        let call = self.0.get(at)?;
        let begins = piece.name.is_some() && call.part.is_some();
        let another = match &piece.id {
            Some(id) => !call.id.is_empty() && call.id != id.as_str(),
            // A name once more: of the same call, unless that is complete and this brings other arguments.
            None => call.whole.is_complete() && !piece.arguments.trim().is_empty(),
        };
        (!(begins && another)).then_some(at)
    }
}

impl Known {
    fn begin(&mut self, name: &str, at: usize, answer: &str, parts: &mut Parts, out: &mut dyn FnMut(Event<'_>)) {
        if self.id.is_empty() {
            self.id = made_up_id(answer, at);
        }
        parts.close(out);
        let (choice, part) = (parts.choice, parts.number());
        let start = PartStart::ToolCall { id: Str::new(&self.id), name: Str::new(name), free_form: self.free_form };
        out(Event::PartStart { choice, part, start });
        self.part = Some(part);
        if !self.held.is_empty() {
            let held = std::mem::take(&mut self.held);
            out(Event::Delta { choice, part, delta: Delta::Text(held.into()) });
        }
    }

    fn go_on(&mut self, arguments: &str, choice: u32, out: &mut dyn FnMut(Event<'_>)) {
        if arguments.is_empty() {
            return;
        }
        self.whole.push(arguments);
        match self.part {
            Some(part) => out(Event::Delta { choice, part, delta: Delta::Text(Str::new(arguments)) }),
            None => self.held.push_str(arguments),
        }
    }
}

/// Whether a JSON object that comes in pieces is complete.
#[derive(Default)]
struct Balance {
    depth: u32,
    in_string: bool,
    escaped: bool,
    complete: bool,
}

impl Balance {
    fn is_complete(&self) -> bool {
        self.complete
    }

    fn push(&mut self, piece: &str) {
        for byte in piece.bytes() {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' if self.in_string => self.escaped = true,
                b'"' => self.in_string = !self.in_string,
                _ if self.in_string => {}
                b'{' | b'[' => self.depth = self.depth.saturating_add(1),
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    self.complete |= self.depth == 0;
                }
                _ => {}
            }
        }
    }
}
