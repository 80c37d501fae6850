//! What a client has been given of an answer.

use crate::canonical::{Delta, Event, Numbering, PartStart, Stop, StreamWriter, Usage};

/// What is longer is not kept, and cannot be gone on with.
const LONGEST: usize = 4 << 20;

/// What a client has been given of an answer: enough to bring a fresh writer where the old one was, and to tell
/// whether another answer begins in the same way.
#[derive(Clone, Debug, Default)]
pub struct Given {
    start: Option<Event<'static>>,
    parts: Vec<Piece>,
    usage: Usage,
    stop: Option<Stop<'static>>,
    length: usize,
    /// How it was numbered, where it was.
    pub(super) numbering: Option<Numbering>,
    /// Something was given that no other answer can begin with.
    odd: bool,
}

/// One part of it.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub(super) part: u32,
    pub(super) start: PartStart<'static>,
    pub(super) text: String,
    /// Signatures and citations.
    others: Vec<Delta<'static>>,
    pub(super) open: bool,
}

impl Given {
    /// Remembers `event`, which the client is given now.
    pub fn event(&mut self, event: &Event<'_>) {
        match event {
            Event::Start { .. } => self.start = Some(event.clone().into_owned()),
            Event::PartStart { choice: 0, part, start } => {
                self.odd |= matches!(start, PartStart::Media(_) | PartStart::Foreign(_) | PartStart::Refusal);
                if self.grow(64) {
                    let start = start.clone().into_owned();
                    self.parts.push(Piece { part: *part, start, text: String::new(), others: Vec::new(), open: true });
                }
            }
            Event::Delta { choice: 0, part, delta } => self.delta(*part, delta),
            Event::PartEnd { choice: 0, part } => {
                if let Some(piece) = self.piece(*part) {
                    piece.open = false;
                }
            }
            Event::Stop { choice: 0, stop } => self.stop = Some(stop.clone().into_owned()),
            Event::Usage(usage) => self.usage.update(*usage),
            // No answer of several can be told from the others when they are asked for anew.
            Event::PartStart { .. } | Event::Delta { .. } | Event::PartEnd { .. } | Event::Stop { .. } => {
                self.odd = true
            }
            Event::Logprobs { .. } | Event::Ping | Event::Error(_) | Event::End => {}
        }
    }

    /// Nothing can go on from here.
    pub(super) fn give_up(&mut self) {
        self.odd = true;
    }

    /// How many bytes of text, thoughts and arguments there are in it.
    pub fn text_length(&self) -> usize {
        self.parts.iter().map(|piece| piece.text.len()).sum()
    }

    /// Whether another answer may go on from here.
    pub fn can_go_on(&self) -> bool {
        !self.odd
    }

    /// The answer was complete but for the words that end a stream.
    pub fn is_whole(&self) -> bool {
        self.stop.is_some() && !self.odd
    }

    /// The text of the answer, which another model can be asked to go on from. `None` where there is more to it than
    /// text, or no text.
    pub fn prefix(&self) -> Option<String> {
        let only_text = |piece: &Piece| matches!(piece.start, PartStart::Text | PartStart::Reasoning { .. });
        let text = self.text();
        (!text.is_empty() && self.can_go_on() && self.parts.iter().all(only_text)).then_some(text)
    }

    /// Brings `writer`, which is fresh, to where the client is.
    pub(super) fn replay(&self, writer: &mut dyn StreamWriter) {
        let mut unsent = Vec::new();
        self.numbering.iter().for_each(|numbering| writer.go_on(numbering));
        self.each(&mut |event| {
            writer.event(event, &mut unsent);
            unsent.clear();
        });
        self.numbering.iter().for_each(|numbering| writer.go_on(numbering));
    }

    pub(super) fn pieces(&self) -> &[Piece] {
        &self.parts
    }

    pub(super) fn text(&self) -> String {
        let texts = self.parts.iter().filter(|piece| matches!(piece.start, PartStart::Text));
        texts.map(|piece| piece.text.as_str()).collect()
    }

    /// A number that no part of it has.
    pub(super) fn next_part(&self) -> u32 {
        self.parts.iter().map(|piece| piece.part + 1).max().unwrap_or(0)
    }

    fn each(&self, out: &mut dyn FnMut(&Event<'_>)) {
        self.start.iter().for_each(&mut *out);
        if self.usage != Usage::default() {
            out(&Event::Usage(self.usage));
        }
        for Piece { part, start, text, others, open } in &self.parts {
            let (choice, part) = (0, *part);
            out(&Event::PartStart { choice, part, start: start.clone() });
            if !text.is_empty() {
                out(&Event::Delta { choice, part, delta: Delta::Text(text.as_str().into()) });
            }
            others.iter().for_each(|delta| out(&Event::Delta { choice, part, delta: delta.clone() }));
            if !open {
                out(&Event::PartEnd { choice, part });
            }
        }
        if let Some(stop) = &self.stop {
            out(&Event::Stop { choice: 0, stop: stop.clone() });
        }
    }

    fn delta(&mut self, part: u32, delta: &Delta<'_>) {
        let length = match delta {
            Delta::Text(text) => text.len(),
            Delta::Signature(signature) => signature.value.len(),
            Delta::Citation(_) => 256,
        };
        if !self.grow(length) {
            return;
        }
        let Some(piece) = self.piece(part) else { return };
        match delta {
            Delta::Text(text) => piece.text.push_str(text),
            delta => piece.others.push(delta.clone().into_owned()),
        }
    }

    /// Whether there is room for so many bytes more.
    fn grow(&mut self, length: usize) -> bool {
        self.length += length;
        if self.length > LONGEST {
            self.odd = true;
            self.parts = Vec::new();
        }
        !self.odd
    }

    fn piece(&mut self, part: u32) -> Option<&mut Piece> {
        self.parts.iter_mut().rev().find(|piece| piece.part == part)
    }
}
