//! The grammar of an answer as it comes, as `canonical::Event` tells it.

use std::collections::BTreeMap;

use crate::canonical::{Delta, Event, PartStart};

/// Looks at each event in turn, and panics at the first that may not come there.
#[derive(Default)]
pub struct Grammar {
    started: bool,
    last: bool,
    choices: BTreeMap<u32, Choice>,
}

#[derive(Default)]
struct Choice {
    parts: u32,
    /// Those that may go on: with text too, or only with a signature.
    open: BTreeMap<u32, Deltas>,
    stopped: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Deltas {
    All,
    Signature,
    None,
}

impl Grammar {
    /// The next event.
    pub fn event(&mut self, event: &Event<'_>) {
        assert!(!self.last, "{event:?} behind the last");
        match event {
            Event::Start { .. } => {
                assert!(!self.started, "a second start");
                self.started = true;
                return;
            }
            Event::Ping => return,
            Event::Error(_) => {
                self.last = true;
                return;
            }
            _ => assert!(self.started, "{event:?} before the start"),
        }
        match event {
            Event::PartStart { choice, part, start } => self.part(*choice, *part, start),
            Event::Delta { choice, part, delta } => {
                let open = self.choices.entry(*choice).or_default().open.get(part);
                let fits = match delta {
                    Delta::Signature(_) => open.is_some_and(|deltas| *deltas != Deltas::None),
                    Delta::Text(_) | Delta::Citation(_) => open == Some(&Deltas::All),
                };
                assert!(fits, "{event:?} without its part");
            }
            Event::PartEnd { choice, part } => {
                let ended = self.choices.entry(*choice).or_default().open.remove(part);
                assert!(ended.is_some(), "{event:?} without its part");
            }
            Event::Stop { choice, .. } => {
                let choice = self.choices.entry(*choice).or_default();
                assert!(choice.open.is_empty() && !choice.stopped, "{event:?} while a part is open, or again");
                choice.stopped = true;
            }
            Event::End => {
                assert!(self.choices.values().all(|choice| choice.stopped), "an end without a stop");
                self.last = true;
            }
            _ => {}
        }
    }

    fn part(&mut self, choice: u32, part: u32, start: &PartStart<'_>) {
        let choice = self.choices.entry(choice).or_default();
        assert!(!choice.stopped, "{start:?} behind the stop");
        assert_eq!(part, choice.parts, "parts are counted from 0: {start:?}");
        choice.parts += 1;
        let deltas = match start {
            PartStart::Media(_) | PartStart::Foreign(_) => Deltas::None,
            PartStart::Reasoning { redacted: true, .. } => Deltas::Signature,
            PartStart::ToolCall { id, .. } => {
                assert!(!id.is_empty(), "a call without an id");
                Deltas::All
            }
            _ => Deltas::All,
        };
        choice.open.insert(part, deltas);
    }
}
