//! One answer of a stream, put together from its pieces.

use super::calls_in::{Call, Calls};
use super::content_in;
use super::loose::Words;
use super::message_in::{images, spoken};
use super::reasoning::signature;
use super::stop::Ended;
use super::think_tags::{Piece, Splitter};
use super::wire::{self, Detail, Message, lenient, thought_signature};
use crate::canonical::{Delta, Dialect, Event, Fault, Media, Part, PartStart, Signature, Str};
use crate::dialect::wire::{Content, List};

/// One answer, as far as it has come.
pub(super) struct Answer {
    parts: Parts,
    calls: Calls,
    think: Splitter,
    refused: bool,
    /// Why it ended, where that was said.
    reason: Option<[Option<Str<'static>>; 3]>,
}

/// Numbers the parts. Of those that are not calls only one is open at a time.
pub(super) struct Parts {
    pub choice: u32,
    next: u32,
    open: Option<(u32, Kind)>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Text,
    Refusal,
    Thought(Thought),
}

/// Which thought: `index` as its details count, if there are any.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Thought {
    index: Option<u32>,
    summary: bool,
}

type Out<'o> = &'o mut dyn FnMut(Event<'_>);

impl Answer {
    pub(super) fn new(choice: u32) -> Self {
        let parts = Parts { choice, next: 0, open: None };
        Self { parts, calls: Calls::default(), think: Splitter::default(), refused: false, reason: None }
    }

    /// The next piece.
    pub(super) fn delta(&mut self, mut message: Message<'_>, answer: &str, out: Out<'_>) -> Result<(), Fault> {
        self.thoughts(&mut message, out);
        match message.content {
            Content::Nothing => {}
            Content::Text(text) => self.text(&text, out),
            Content::Parts(parts) => {
                content_in::answer(Content::Parts(parts)).into_iter().for_each(|part| self.part(part, out));
            }
        }
        if let Some(refusal) = message.refusal.given() {
            self.refused = true;
            self.parts.say(Kind::Refusal, &refusal, out);
        }
        for citation in wire::citations(message.annotations) {
            self.add(Delta::Citation(Box::new(citation)), out);
        }
        if let Some(value) = thought_signature(message.extra_content) {
            self.add(Delta::Signature(Signature::untag(Dialect::Gemini, value)), out);
        }
        if message.audio.is_some() || message.images.is_some() {
            spoken(message.audio).chain(images(message.images)).for_each(|part| self.part(part, out));
        }
        let List(calls) = message.tool_calls;
        if !calls.is_empty() || message.function_call.is_some() {
            self.settle(out);
        }
        for call in calls {
            self.calls.piece(Call::from(call), answer, &mut self.parts, out)?;
        }
        if let Some(called) = message.function_call {
            self.calls.piece(Call::legacy(called), answer, &mut self.parts, out)?;
        }
        Ok(())
    }

    /// Why it ends, as far as this event says.
    pub(super) fn note_reason(&mut self, finish: Words<'_>, native: Words<'_>, met: Words<'_>) {
        if let Some(finish) = finish.given() {
            let owned = |words: Words<'_>| words.given().map(Str::into_owned);
            self.reason = Some([Some(finish.into_owned()), owned(native), owned(met)]);
        }
    }

    /// It was said why it ends.
    pub(super) fn has_reason(&self) -> bool {
        self.reason.is_some()
    }

    /// Ends whatever is open.
    pub(super) fn close(&mut self, answer: &str, out: Out<'_>) {
        self.settle(out);
        for (id, proof) in self.calls.unclaimed() {
            let start = PartStart::Reasoning { summary: false, id: Some(id.into()), redacted: true };
            self.parts.whole(start, Some(proof), out);
        }
        self.parts.close(out);
        self.calls.close(answer, &mut self.parts, out);
    }

    /// Tells why it ended.
    pub(super) fn stop(&mut self, out: Out<'_>) {
        let [finish, native, met] = self.reason.take().unwrap_or_default();
        let stop = Ended { finish, native, met }.stop(!self.calls.is_empty(), self.refused);
        out(Event::Stop { choice: self.parts.choice, stop });
    }

    fn text(&mut self, text: &str, out: Out<'_>) {
        if text.is_empty() {
            return;
        }
        if self.think.is_past() {
            return self.parts.say(Kind::Text, text, out);
        }
        let parts = &mut self.parts;
        self.think.push(text, &mut |piece| parts.piece(piece, out));
    }

    /// Something else than text begins: what was held of it is text after all.
    fn settle(&mut self, out: Out<'_>) {
        let parts = &mut self.parts;
        self.think.pass(&mut |piece| parts.piece(piece, out));
    }

    fn part(&mut self, part: Part<'_>, out: Out<'_>) {
        match part {
            Part::Text(text) => self.text(&text.text, out),
            Part::Reasoning(thought) => {
                self.settle(out);
                self.parts.say(Kind::Thought(Thought::default()), &thought.text, out);
            }
            Part::Refusal(text) => {
                self.refused = true;
                self.parts.say(Kind::Refusal, &text, out);
            }
            Part::Media(media) => self.media(media, out),
            Part::ToolCall(_) | Part::ToolResult(_) | Part::Foreign(_) => {}
        }
    }

    fn media(&mut self, media: Media<'_>, out: Out<'_>) {
        self.settle(out);
        self.parts.whole(PartStart::Media(Box::new(media)), None, out);
    }

    /// Adds to the text; where there is none, one begins that stays empty.
    fn add(&mut self, delta: Delta<'_>, out: Out<'_>) {
        self.settle(out);
        let part = self.parts.part(Kind::Text, None, out);
        out(Event::Delta { choice: self.parts.choice, part, delta });
    }

    fn thoughts(&mut self, message: &mut Message<'_>, out: Out<'_>) {
        let mut told = false;
        if let Some(raw) = message.reasoning_details.take() {
            for detail in lenient::<Vec<Detail<'_>>>(Some(raw)).unwrap_or_default() {
                self.settle(out);
                told |= !detail.text.is_empty() || !detail.summary.is_empty();
                self.detail(detail, out);
            }
        }
        if told {
            return;
        }
        let own = if message.reasoning_content.is_empty() { &message.reasoning } else { &message.reasoning_content };
        if !own.is_empty() {
            self.settle(out);
            self.parts.say(Kind::Thought(Thought::default()), own.as_str(), out);
        }
    }

    fn detail(&mut self, detail: Detail<'_>, out: Out<'_>) {
        let thought = Thought { index: detail.index, summary: detail.kind.as_str() == "reasoning.summary" };
        let text = if detail.text.is_empty() { &detail.summary } else { &detail.text };
        let id = (!detail.id.is_empty()).then(|| detail.id.as_str());
        if !text.is_empty() {
            let part = self.parts.part(Kind::Thought(thought), id, out);
            let delta = Delta::Text(Str::new(text.as_str()));
            out(Event::Delta { choice: self.parts.choice, part, delta });
        }
        let format = detail.format.as_str();
        if !detail.signature.is_empty() {
            let proof = signature(format, Str::new(detail.signature.as_str()));
            let part = self.parts.part(Kind::Thought(thought), id, out);
            out(Event::Delta { choice: self.parts.choice, part, delta: Delta::Signature(proof) });
            self.parts.close(out);
        }
        if !detail.data.is_empty() {
            let proof = signature(format, Str::new(detail.data.as_str()));
            self.encrypted(thought, id, proof, out);
        }
    }

    /// Encrypted thoughts: of a call, of the summary before them, or on their own.
    fn encrypted(&mut self, thought: Thought, id: Option<&str>, proof: Signature<'_>, out: Out<'_>) {
        let choice = self.parts.choice;
        if let Some(part) = id.and_then(|id| self.calls.part_of(id)) {
            return out(Event::Delta { choice, part, delta: Delta::Signature(proof) });
        }
        // OpenRouter tells Gemini's proof of a call before the call.
        if let (Dialect::Gemini, Some(id)) = (proof.from, id) {
            return self.calls.keep(id, proof);
        }
        match self.parts.open {
            Some((part, Kind::Thought(open))) if open.summary && open.goes_on(thought.index) => {
                out(Event::Delta { choice, part, delta: Delta::Signature(proof) });
                self.parts.close(out);
            }
            _ => {
                let id = id.map(Str::new);
                self.parts.whole(PartStart::Reasoning { summary: false, id, redacted: true }, Some(proof), out);
            }
        }
    }
}

impl Thought {
    fn goes_on(self, index: Option<u32>) -> bool {
        self.index.is_none() || index.is_none() || self.index == index
    }
}

impl Parts {
    /// The number of a new part.
    pub(super) fn number(&mut self) -> u32 {
        let part = self.next;
        self.next += 1;
        part
    }

    /// Ends the part that is open.
    pub(super) fn close(&mut self, out: Out<'_>) {
        if let Some((part, _)) = self.open.take() {
            out(Event::PartEnd { choice: self.choice, part });
        }
    }

    fn piece(&mut self, piece: Piece<'_>, out: Out<'_>) {
        match piece {
            Piece::Thought(text) => self.say(Kind::Thought(Thought::default()), text, out),
            Piece::Text(text) => self.say(Kind::Text, text, out),
        }
    }

    fn say(&mut self, kind: Kind, text: &str, out: Out<'_>) {
        if text.is_empty() {
            return;
        }
        let part = self.part(kind, None, out);
        out(Event::Delta { choice: self.choice, part, delta: Delta::Text(Str::new(text)) });
    }

    /// The open part of that kind; else it begins, and what was open ends.
    fn part(&mut self, kind: Kind, id: Option<&str>, out: Out<'_>) -> u32 {
        match (self.open, kind) {
            (Some((part, Kind::Thought(open))), Kind::Thought(thought))
                if open.goes_on(thought.index) && open.summary == thought.summary =>
            {
                return part;
            }
            (Some((part, open)), kind) if open == kind => return part,
            _ => {}
        }
        self.close(out);
        let part = self.number();
        let start = match kind {
            Kind::Text => PartStart::Text,
            Kind::Refusal => PartStart::Refusal,
            Kind::Thought(Thought { summary, .. }) => {
                PartStart::Reasoning { summary, id: id.map(Str::new), redacted: false }
            }
        };
        out(Event::PartStart { choice: self.choice, part, start });
        self.open = Some((part, kind));
        part
    }

    /// A part that comes as a whole.
    fn whole(&mut self, start: PartStart<'_>, proof: Option<Signature<'_>>, out: Out<'_>) {
        self.close(out);
        let (choice, part) = (self.choice, self.number());
        out(Event::PartStart { choice, part, start });
        if let Some(proof) = proof {
            out(Event::Delta { choice, part, delta: Delta::Signature(proof) });
        }
        out(Event::PartEnd { choice, part });
    }
}
