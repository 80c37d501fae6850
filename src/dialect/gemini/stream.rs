//! A provider's stream, read.
//!
//! Each piece is shaped like a whole answer that holds only what is new. Nothing marks the end but the connection's;
//! an answer is complete once each of its candidates has said why it ended.

use super::partial::Arguments;
use super::parts::{self, Ids};
use super::usage::Tally;
use super::{finish, grounding, logprobs, reply, time, wire};
use crate::canonical::{Delta, Event, Fault, FaultKind, Part, PartStart, Signature, Stop, Str, StreamReader, Usage};
use crate::dialect::error;
use crate::dialect::wire::read_provider;

/// Reads one provider's stream.
#[derive(Default)]
pub(super) struct Reader {
    ids: Option<Ids>,
    choices: Vec<Choice>,
    tally: Tally,
    told: Usage,
    blocked: Option<Stop<'static>>,
    over: bool,
}

/// More answers than anybody can ask for.
const MOST_CHOICES: u32 = 1024;

/// How far one answer is.
#[derive(Default)]
struct Choice {
    next: u32,
    open: Option<Open>,
    any: bool,
    called: bool,
    stop: Option<Stop<'static>>,
}

/// A part that may go on.
struct Open {
    part: u32,
    kind: Kind,
    /// Its signature has come: what follows is another part.
    signed: bool,
}

enum Kind {
    Text,
    Thought,
    Call(Arguments),
}

type Out<'o> = dyn FnMut(Event<'_>) + 'o;

impl StreamReader for Reader {
    fn frame(&mut self, _name: &str, data: &[u8], out: &mut Out<'_>) -> Result<(), Fault> {
        // Compatible servers may end with OpenAI's mark.
        if self.over || data.trim_ascii() == b"[DONE]" {
            return Ok(());
        }
        if data.trim_ascii_start().starts_with(b"[") {
            self.over = true;
            out(Event::Error(error::in_band(data)));
            return Ok(());
        }
        let piece: wire::Reply<'_> = read_provider(data)?;
        if piece.error.is_some() {
            self.over = true;
            out(Event::Error(error::in_band(data)));
            return Ok(());
        }
        self.piece(piece, data, out);
        Ok(())
    }

    fn end(&mut self, out: &mut Out<'_>) -> Result<(), Fault> {
        if std::mem::replace(&mut self.over, true) {
            return Ok(());
        }
        if self.choices.is_empty()
            && let Some(stop) = self.blocked.take()
        {
            self.choices.push(Choice { stop: Some(stop), any: true, ..Choice::default() });
        }
        if self.choices.is_empty() || self.choices.iter().any(|choice| choice.stop.is_none()) {
            return Err(Fault::new(FaultKind::Truncated, "the provider's stream ended too early"));
        }
        for (index, choice) in (0..).zip(&mut self.choices) {
            choice.close(index, out);
        }
        let nothing = |choice: &Choice| !choice.any && choice.stop.as_ref().is_none_or(finish::is_plain);
        if self.choices.iter().all(nothing) {
            return Err(Fault::new(FaultKind::Empty, "the provider's answer is empty"));
        }
        for (index, choice) in (0..).zip(&mut self.choices) {
            if let Some(mut stop) = choice.stop.take() {
                stop.reason = finish::waiting(stop.reason, choice.called);
                out(Event::Stop { choice: index, stop });
            }
        }
        out(Event::End);
        Ok(())
    }
}

impl Reader {
    fn piece(&mut self, mut piece: wire::Reply<'_>, data: &[u8], out: &mut Out<'_>) {
        let tier = piece.usage_metadata.as_mut().and_then(super::usage::Counts::tier);
        let id = piece.response_id.unwrap_or_default();
        if self.ids.is_none() {
            self.ids = Some(Ids::new(reply::seed(Some(&id), data)));
            let created = piece.create_time.as_deref().and_then(time::seconds);
            let model = piece.model_version.unwrap_or_default();
            out(Event::Start { id, model, created, service_tier: tier });
        }
        for (place, candidate) in (0..).zip(piece.candidates.0) {
            self.tally.searched(grounding::searches(candidate.grounding_metadata.as_ref()));
            self.candidate(place, candidate, out);
        }
        if let Some(stop) = piece.prompt_feedback.and_then(finish::blocked) {
            self.blocked = Some(owned(stop));
        }
        let counts = piece.usage_metadata.as_ref();
        counts.iter().for_each(|counts| self.tally.update(counts));
        if counts.is_some() {
            let usage = self.tally.usage();
            if usage != self.told {
                self.told = usage;
                out(Event::Usage(usage));
            }
        }
    }

    fn candidate(&mut self, place: u32, candidate: wire::Candidate<'_>, out: &mut Out<'_>) {
        let index = candidate.index.unwrap_or(place).min(MOST_CHOICES - 1);
        while self.choices.len() <= index as usize {
            self.choices.push(Choice::default());
        }
        let (Some(choice), Some(ids)) = (self.choices.get_mut(index as usize), &mut self.ids) else { return };
        for part in candidate.content.unwrap_or_default().parts.0 {
            choice.part(index, part, ids, out);
        }
        if candidate.grounding_metadata.is_some() || candidate.citation_metadata.is_some() {
            let citations =
                grounding::read(candidate.grounding_metadata.as_ref(), candidate.citation_metadata.as_ref());
            choice.cite(index, citations, out);
        }
        if let Some(logprobs) = candidate.logprobs_result.as_ref().and_then(logprobs::read) {
            out(Event::Logprobs { choice: index, logprobs });
        }
        // The functions it asks for are known at the end only.
        if let Some(stop) = finish::read(candidate.finish_reason, candidate.finish_message, false) {
            choice.stop = Some(owned(stop));
        }
    }
}

impl Choice {
    fn part(&mut self, index: u32, part: wire::Part<'_>, ids: &mut Ids, out: &mut Out<'_>) {
        if let Some(call) = &part.function_call {
            let goes_on = call.name.as_deref().is_none_or(str::is_empty);
            if goes_on && matches!(self.open, Some(Open { kind: Kind::Call(_), .. })) {
                return self.more_arguments(index, call, out);
            }
            if goes_on && call.args.is_none() {
                return; // the end of a call that has ended already
            }
            if call.args.is_none() && (call.will_continue == Some(true) || !call.partial_args.0.is_empty()) {
                return self.begin_call(index, part, ids, out);
            }
        }
        match parts::read(part, ids) {
            None | Some(Part::ToolResult(_) | Part::Refusal(_)) => {}
            Some(Part::Text(text)) => self.text(index, false, text.text, text.signature, out),
            Some(Part::Reasoning(thought)) => self.text(index, true, thought.text, thought.signature, out),
            Some(Part::ToolCall(call)) => {
                let start = PartStart::ToolCall { id: call.id, name: call.name, free_form: false };
                let part = self.start(index, start, out);
                self.called = true;
                out(Event::Delta { choice: index, part, delta: Delta::Text(call.arguments) });
                if let Some(signature) = call.signature {
                    out(Event::Delta { choice: index, part, delta: Delta::Signature(signature) });
                }
                out(Event::PartEnd { choice: index, part });
            }
            Some(Part::Media(media)) => {
                let part = self.start(index, PartStart::Media(Box::new(media)), out);
                out(Event::PartEnd { choice: index, part });
            }
            Some(Part::Foreign(foreign)) => {
                let part = self.start(index, PartStart::Foreign(Box::new(foreign)), out);
                out(Event::PartEnd { choice: index, part });
            }
        }
    }

    /// More of the open part if it is of the same kind, else a new one.
    fn text(&mut self, index: u32, thought: bool, text: Str<'_>, signature: Option<Signature<'_>>, out: &mut Out<'_>) {
        let same = |open: &&mut Open| match open.kind {
            Kind::Text => !thought,
            Kind::Thought => thought,
            Kind::Call(_) => false,
        };
        let goes_on = self.open.as_mut().filter(same).filter(|open| !open.signed);
        let part = match goes_on {
            Some(open) => {
                open.signed = signature.is_some();
                open.part
            }
            None => {
                let start = match thought {
                    true => PartStart::Reasoning { summary: true, id: None, redacted: false },
                    false => PartStart::Text,
                };
                let part = self.start(index, start, out);
                let kind = if thought { Kind::Thought } else { Kind::Text };
                self.open = Some(Open { part, kind, signed: signature.is_some() });
                part
            }
        };
        if !text.is_empty() {
            out(Event::Delta { choice: index, part, delta: Delta::Text(text) });
        }
        if let Some(signature) = signature {
            out(Event::Delta { choice: index, part, delta: Delta::Signature(signature) });
        }
    }

    /// A call whose arguments come bit by bit.
    fn begin_call(&mut self, index: u32, part: wire::Part<'_>, ids: &mut Ids, out: &mut Out<'_>) {
        let signature = part.thought_signature.and_then(super::signature::read);
        let call = part.function_call.unwrap_or_default();
        let start = PartStart::ToolCall {
            id: ids.name(call.id.clone()),
            name: call.name.clone().unwrap_or_default(),
            free_form: false,
        };
        let part = self.start(index, start, out);
        self.called = true;
        if let Some(signature) = signature {
            out(Event::Delta { choice: index, part, delta: Delta::Signature(signature) });
        }
        self.open = Some(Open { part, kind: Kind::Call(Arguments::default()), signed: false });
        self.more_arguments(index, &call, out);
    }

    fn more_arguments(&mut self, index: u32, call: &wire::Call<'_>, out: &mut Out<'_>) {
        if let Some(Open { kind: Kind::Call(arguments), .. }) = &mut self.open {
            call.partial_args.0.iter().for_each(|arg| arguments.add(arg));
        }
        if call.will_continue != Some(true) {
            self.close(index, out);
        }
    }

    fn cite(&self, index: u32, citations: Vec<crate::canonical::Citation<'_>>, out: &mut Out<'_>) {
        if let Some(Open { part, kind: Kind::Text, .. }) = self.open {
            for citation in citations {
                out(Event::Delta { choice: index, part, delta: Delta::Citation(Box::new(citation)) });
            }
        }
    }

    fn start(&mut self, index: u32, start: PartStart<'_>, out: &mut Out<'_>) -> u32 {
        self.close(index, out);
        self.any = true;
        let part = self.next;
        self.next += 1;
        out(Event::PartStart { choice: index, part, start });
        part
    }

    fn close(&mut self, index: u32, out: &mut Out<'_>) {
        let Some(Open { part, kind, .. }) = self.open.take() else { return };
        if let Kind::Call(arguments) = kind {
            out(Event::Delta { choice: index, part, delta: Delta::Text(arguments.json().into()) });
        }
        out(Event::PartEnd { choice: index, part });
    }
}

pub(super) fn owned(stop: Stop<'_>) -> Stop<'static> {
    Stop {
        reason: stop.reason,
        native: stop.native.map(Str::into_owned),
        sequence: stop.sequence.map(Str::into_owned),
        explanation: stop.explanation.map(Str::into_owned),
    }
}
