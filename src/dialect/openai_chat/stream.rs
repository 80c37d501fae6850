//! A streamed reply, watched as it passes.
//!
//! Bytes are never changed. Incomplete events are held back, so that an error can take their place, and so are calls of
//! tools where another answer may have to go on. Until the first
//! *real* event, one that carries a part of the answer, nothing has been shown to the client, and an error can still
//! become another try: see [`Seen`] for what is looked at when.

mod seen;

use bytes::Bytes;

use self::seen::{Progress, Seen};
use super::OpenAiChat;
use crate::canonical::{Fault, FaultKind, Noted, Usage};
use crate::dialect::codec::Codec;
use crate::dialect::doors::Operation;
use crate::dialect::flow::{Flow, Garbage, Given, Passing, Pushed};
use crate::dialect::frames;
use crate::dialect::sse::Splitter;

/// A whole image, base64 coded, may come as one event; what is larger is no event.
const LONGEST_EVENT: usize = 16 << 20;

/// Watches one stream.
pub struct StreamWatch {
    splitter: Splitter,
    seen: Seen,
    passing: Passing,
    /// Once it went wrong, it stays so: nothing more is forwarded.
    fault: Option<Fault>,
    garbage: Garbage,
}

impl StreamWatch {
    /// A stream that has not begun. `kept`: another may have to go on where it breaks off.
    pub fn new(operation: Operation, kept: bool) -> Self {
        Self {
            splitter: Splitter::new(LONGEST_EVENT),
            seen: Seen::nothing(operation),
            passing: Passing::new(&OpenAiChat, kept && operation == Operation::Chat),
            fault: None,
            garbage: Garbage::default(),
        }
    }
}

impl Flow for StreamWatch {
    /// A real event has been seen.
    fn begun(&self) -> bool {
        self.seen.progress > Progress::Waiting
    }

    fn shown(&self) -> bool {
        self.begun() && !(self.passing.is_kept() && self.is_calling())
    }

    fn stopped(&self) -> bool {
        self.seen.progress >= Progress::Finished
    }

    fn filtered(&self) -> bool {
        self.seen.filtered
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
        let Self { splitter, seen, garbage, .. } = self;
        let Ok(ready) = splitter.push(chunk) else {
            self.fault = Some(Fault::new(FaultKind::Malformed, "the provider sent an event without an end"));
            return self.pushed(Bytes::new());
        };
        let mut progress = false;
        let (good, fault) = frames::good(&ready.bytes, ready.events(), |event| match seen.event(event) {
            Ok(real) => {
                progress |= real;
                garbage.passed();
                Ok(true)
            }
            // One that cannot be read is an accident, but the first is not.
            Err(fault)
                if fault.kind == FaultKind::Malformed && seen.progress > Progress::Waiting && garbage.may_skip() =>
            {
                Ok(false)
            }
            Err(fault) => Err(fault),
        });
        self.fault = fault;
        Pushed { progress, ..self.pushed(good) }
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

    fn noted(&mut self) -> Noted {
        self.seen.noted()
    }

    fn skipped(&self) -> u32 {
        self.garbage.skipped
    }

    fn given(&mut self) -> Option<Given> {
        self.passing.given()
    }

    fn close(&mut self) -> Bytes {
        Bytes::from_static(OpenAiChat.closing())
    }

    fn fail(&mut self, fault: &Fault) -> Bytes {
        super::error_event(fault)
    }
}

impl StreamWatch {
    fn pushed(&mut self, good: Bytes) -> Pushed {
        let calling = self.is_calling();
        Pushed { ready: self.passing.push(good, calling), progress: false, fault: self.fault.clone() }
    }

    fn is_calling(&self) -> bool {
        self.seen.calling && self.seen.progress < Progress::Finished
    }
}

#[cfg(test)]
mod tests;
