//! A streamed reply, watched as it passes.
//!
//! Bytes are never changed. Incomplete events are held back, so that an error can take their place. Until the first
//! *real* event, one that carries a part of the answer, nothing has been shown to the client, and an error can still
//! become another try: see [`Seen`] for what is looked at when.

mod seen;

use bytes::Bytes;

use self::seen::{Progress, Seen};
use crate::canonical::{Fault, FaultKind, Usage};
use crate::dialect::doors::Operation;
use crate::dialect::flow::{Flow, Pushed};
use crate::dialect::sse::Splitter;

/// A whole image, base64 coded, may come as one event; what is larger is no event.
const LONGEST_EVENT: usize = 16 << 20;

/// Watches one stream.
pub struct StreamWatch {
    splitter: Splitter,
    seen: Seen,
    /// Once it went wrong, it stays so: nothing more is forwarded.
    fault: Option<Fault>,
}

impl StreamWatch {
    /// A stream that has not begun.
    pub fn new(operation: Operation) -> Self {
        Self { splitter: Splitter::new(LONGEST_EVENT), seen: Seen::nothing(operation), fault: None }
    }
}

impl Flow for StreamWatch {
    /// A real event has been seen.
    fn begun(&self) -> bool {
        self.seen.progress > Progress::Waiting
    }

    /// The tokens counted so far. Where several events count, the last one is right.
    fn usage(&self) -> Usage {
        self.seen.usage
    }

    /// The next chunk.
    fn push(&mut self, chunk: Bytes) -> Pushed {
        if self.fault.is_some() {
            return self.pushed(Bytes::new());
        }
        let Ok(ready) = self.splitter.push(chunk) else {
            self.fault = Some(Fault::new(FaultKind::Malformed, "the provider sent an event without an end"));
            return self.pushed(Bytes::new());
        };
        let mut good = 0;
        for event in ready.events() {
            if let Err(fault) = self.seen.event(event) {
                self.fault = Some(fault);
                break;
            }
            good += event.len();
        }
        let ready = ready.bytes.slice(..good);
        self.pushed(ready)
    }

    /// The stream has ended: whether it may, and the event that lacks only its blank line.
    fn end(&mut self) -> Pushed {
        if self.fault.is_some() {
            return self.pushed(Bytes::new());
        }
        let rest = self.splitter.rest();
        let ready = match self.seen.rest(&rest) {
            Ok(true) => rest,
            Ok(false) => Bytes::new(),
            Err(fault) => {
                self.fault = Some(fault);
                return self.pushed(Bytes::new());
            }
        };
        self.fault = match self.seen.progress {
            Progress::Waiting => Some(Fault::new(FaultKind::Empty, "the provider's stream ended without an answer")),
            Progress::Begun => Some(Fault::new(FaultKind::Truncated, "the provider's stream ended too early")),
            Progress::Finished | Progress::Done => None,
        };
        self.pushed(ready)
    }

    fn fail(&mut self, fault: &Fault) -> Bytes {
        super::error_event(fault)
    }
}

impl StreamWatch {
    fn pushed(&self, ready: Bytes) -> Pushed {
        Pushed { ready, fault: self.fault.clone() }
    }
}

#[cfg(test)]
mod tests;
