//! The parts of a stream that is read.

use crate::canonical::{Delta, Event, Part, PartStart, Reasoning, Str};

/// A part that began and whose item is not complete.
pub(super) struct Open {
    pub(super) output: u64,
    pub(super) kind: Kind,
    pub(super) part: u32,
    /// Something of it was given.
    pub(super) said: bool,
    /// The summary's or the thoughts' paragraph that was spoken last.
    pub(super) paragraph: u64,
    pub(super) cited: bool,
    pub(super) logged: bool,
    pub(super) ended: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A text or a refusal; which of the message's parts.
    Said(u64),
    /// Thoughts; a summary or not.
    Thoughts { summary: bool },
    /// A call.
    Call,
}

/// What the caller does with events.
pub(super) type Out<'o> = &'o mut dyn FnMut(Event<'_>);

/// The open parts, and the number of the next.
#[derive(Default)]
pub(super) struct Parts {
    pub(super) open: Vec<Open>,
    pub(super) next: u32,
}

impl Parts {
    pub(super) fn find(&mut self, output: u64, is: impl Fn(Kind) -> bool) -> Option<&mut Open> {
        // The one that is spoken of is nearly always the last.
        self.open.iter_mut().rev().find(|open| open.output == output && is(open.kind))
    }

    pub(super) fn begin(&mut self, output: u64, kind: Kind, start: PartStart<'_>, out: Out<'_>) -> &mut Open {
        let part = self.next;
        self.next += 1;
        out(Event::PartStart { choice: 0, part, start });
        self.open.push(Open::new(output, kind, part));
        let last = self.open.len().saturating_sub(1);
        &mut self.open[last]
    }

    /// A part of a message that comes as a whole, and is remembered until the message is complete.
    pub(super) fn whole_of_message(&mut self, output: u64, content: u64, part: Part<'_>, out: Out<'_>) {
        let known = Open { ended: true, ..Open::new(output, Kind::Said(content), self.next) };
        self.whole(part, out);
        self.open.push(known);
    }

    /// A part that comes as a whole.
    pub(super) fn whole(&mut self, part: Part<'_>, out: Out<'_>) {
        let index = self.next;
        let (start, text, signature) = match part {
            Part::Text(text) => {
                self.next += 1;
                out(Event::PartStart { choice: 0, part: index, start: PartStart::Text });
                delta(index, text.text, out);
                for citation in text.citations {
                    out(Event::Delta { choice: 0, part: index, delta: Delta::Citation(Box::new(citation)) });
                }
                if let Some(signature) = text.signature {
                    out(Event::Delta { choice: 0, part: index, delta: Delta::Signature(signature) });
                }
                return out(Event::PartEnd { choice: 0, part: index });
            }
            Part::Refusal(text) => (PartStart::Refusal, text, None),
            Part::Reasoning(Reasoning { text, summary, id, signature, redacted }) => {
                (PartStart::Reasoning { summary, id, redacted }, text, signature)
            }
            Part::ToolCall(call) => {
                let start = PartStart::ToolCall { id: call.id, name: call.name, free_form: call.free_form };
                (start, call.arguments, call.signature)
            }
            Part::Media(media) => (PartStart::Media(Box::new(media)), Str::default(), None),
            Part::Foreign(foreign) => (PartStart::Foreign(Box::new(foreign)), Str::default(), None),
            Part::ToolResult(_) => return, // no model says one
        };
        self.next += 1;
        out(Event::PartStart { choice: 0, part: index, start });
        delta(index, text, out);
        if let Some(signature) = signature {
            out(Event::Delta { choice: 0, part: index, delta: Delta::Signature(signature) });
        }
        out(Event::PartEnd { choice: 0, part: index });
    }

    /// An item is complete: so are its parts.
    pub(super) fn end_item(&mut self, output: u64, out: Out<'_>) {
        self.open.retain_mut(|open| {
            if open.output != output {
                return true;
            }
            open.end(out);
            false
        });
    }

    /// Everything is complete.
    pub(super) fn end_all(&mut self, out: Out<'_>) {
        self.open.drain(..).for_each(|mut open| open.end(out));
    }
}

impl Open {
    fn new(output: u64, kind: Kind, part: u32) -> Self {
        Self { output, kind, part, said: false, paragraph: 0, cited: false, logged: false, ended: false }
    }

    /// More of it.
    pub(super) fn delta(&mut self, text: Str<'_>, out: Out<'_>) {
        if !self.ended && !text.is_empty() {
            self.said = true;
            delta(self.part, text, out);
        }
    }

    /// All of it, where nothing of it was given before.
    pub(super) fn all(&mut self, text: Str<'_>, out: Out<'_>) {
        if !self.said {
            self.delta(text, out);
        }
    }

    pub(super) fn end(&mut self, out: Out<'_>) {
        if !std::mem::replace(&mut self.ended, true) {
            out(Event::PartEnd { choice: 0, part: self.part });
        }
    }
}

fn delta(part: u32, text: Str<'_>, out: Out<'_>) {
    if !text.is_empty() {
        out(Event::Delta { choice: 0, part, delta: Delta::Text(text) });
    }
}
