//! Calls of tools, kept back until they are complete.

use crate::canonical::{Delta, Event, PartStart};

/// Keeps back everything from the beginning of a call until no call is open: half a call is of no use to anybody, and
/// one that was not shown can be made anew by another answer.
#[derive(Default)]
pub(super) struct Calls {
    open: Vec<(u32, u32)>,
    held: Vec<Event<'static>>,
}

impl Calls {
    /// A call is open.
    pub(super) fn is_open(&self) -> bool {
        !self.open.is_empty()
    }

    /// Learns from `event` whether a call is open.
    pub(super) fn note(&mut self, event: &Event<'_>) {
        match event {
            Event::PartStart { choice, part, start: PartStart::ToolCall { .. } } => self.open.push((*choice, *part)),
            Event::PartEnd { choice, part } => self.open.retain(|open| *open != (*choice, *part)),
            Event::Error(_) | Event::End => self.open.clear(),
            _ => {}
        }
    }

    /// Gives `event`, and what was kept back before it, to `out` unless a call is open.
    pub(super) fn push(&mut self, event: &Event<'_>, out: &mut dyn FnMut(&Event<'_>)) {
        if !self.is_open() && !matches!(event, Event::PartStart { start: PartStart::ToolCall { .. }, .. }) {
            return out(event); // by far the most
        }
        self.note(event);
        if let Event::Error(_) = event {
            self.held.clear();
            return out(event);
        }
        self.hold(event);
        if !self.is_open() {
            self.held.drain(..).for_each(|event| out(&event));
        }
    }

    /// Pieces of one text are joined, so that a long call does not become a long list.
    fn hold(&mut self, event: &Event<'_>) {
        if let Event::Delta { choice, part, delta: Delta::Text(more) } = event
            && let Some(Event::Delta { choice: of, part: last, delta: Delta::Text(text) }) = self.held.last_mut()
            && (of, last) == (&mut { *choice }, &mut { *part })
        {
            return text.0.to_mut().push_str(more);
        }
        self.held.push(event.clone().into_owned());
    }
}
