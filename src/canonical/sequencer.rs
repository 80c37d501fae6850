//! Parts one after the other, for dialects that cannot have two open at once.

use super::{Delta, Event, PartStart};

/// Lets one part through at a time and keeps what belongs to later ones until theirs is the turn.
///
/// Only the first answer passes: no dialect that needs this has several.
#[derive(Default)]
pub struct Sequencer {
    /// The part that is open now.
    open: Option<u32>,
    /// Those that have to wait, in the order of their starts.
    waiting: Vec<Waiting>,
}

struct Waiting {
    part: u32,
    start: PartStart<'static>,
    deltas: Vec<Delta<'static>>,
    ended: bool,
}

impl Sequencer {
    /// Nothing is open.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes an event and gives those whose turn has come.
    pub fn push(&mut self, event: &Event<'_>, out: &mut dyn FnMut(&Event<'_>)) {
        match event {
            Event::PartStart { choice: 0, part, start } => {
                if self.open.is_none() {
                    self.open = Some(*part);
                    out(event);
                } else {
                    let start = start.clone().into_owned();
                    self.waiting.push(Waiting { part: *part, start, deltas: Vec::new(), ended: false });
                }
            }
            Event::Delta { choice: 0, part, delta } => {
                if self.open == Some(*part) {
                    out(event);
                } else if let Some(waiting) = self.waiting.iter_mut().find(|waiting| waiting.part == *part) {
                    waiting.add(delta);
                }
            }
            Event::PartEnd { choice: 0, part } => {
                if self.open == Some(*part) {
                    out(event);
                    self.open = None;
                    self.next(out);
                } else if let Some(waiting) = self.waiting.iter_mut().find(|waiting| waiting.part == *part) {
                    waiting.ended = true;
                }
            }
            Event::PartStart { .. } | Event::Delta { .. } | Event::PartEnd { .. } => {}
            Event::Stop { choice, .. } | Event::Logprobs { choice, .. } if *choice > 0 => {}
            _ => out(event),
        }
    }

    /// Opens the next part, and those after it while they are already complete.
    fn next(&mut self, out: &mut dyn FnMut(&Event<'_>)) {
        while self.open.is_none() && !self.waiting.is_empty() {
            let Waiting { part, start, deltas, ended } = self.waiting.remove(0);
            out(&Event::PartStart { choice: 0, part, start });
            deltas.into_iter().for_each(|delta| out(&Event::Delta { choice: 0, part, delta }));
            if ended {
                out(&Event::PartEnd { choice: 0, part });
            } else {
                self.open = Some(part);
            }
        }
    }
}

impl Waiting {
    /// Text is joined, so that a long wait does not become a long list.
    fn add(&mut self, delta: &Delta<'_>) {
        if let (Delta::Text(more), Some(Delta::Text(last))) = (delta, self.deltas.last_mut()) {
            last.0.to_mut().push_str(more);
        } else {
            self.deltas.push(delta.clone().into_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interleaved_parts_come_one_after_the_other() {
        let start = |part| Event::PartStart { choice: 0, part, start: PartStart::Text };
        let text = |part, text: &'static str| Event::Delta { choice: 0, part, delta: Delta::Text(text.into()) };
        let end = |part| Event::PartEnd { choice: 0, part };
        let mut sequencer = Sequencer::new();
        let mut got = Vec::new();
        for event in [
            start(0),
            start(1),
            text(0, "a"),
            text(1, "x"),
            text(1, "y"),
            start(2),
            text(2, "z"),
            end(2),
            text(0, "b"),
            end(0),
            text(1, "w"),
            end(1),
            Event::End,
        ] {
            sequencer.push(&event, &mut |event| got.push(format!("{event:?}")));
        }
        let expected = [
            start(0),
            text(0, "a"),
            text(0, "b"),
            end(0),
            start(1),
            text(1, "xy"),
            text(1, "w"),
            end(1),
            start(2),
            text(2, "z"),
            end(2),
            Event::End,
        ];
        assert_eq!(got, expected.map(|event| format!("{event:?}")));
    }
}
