//! A provider's stream on its way to a client, chunk by chunk.
//!
//! Until the first *real* event, one that carries a part of the answer, nothing has been shown to the client, and a
//! fault can still become another try. Only complete events are forwarded, so that an error can always take the place
//! of the rest. Where the rest may come from somewhere else ([`Splice`]), calls of tools are forwarded only when they
//! are complete, and what the client has been given is kept.

mod calls;
mod given;
mod passing;
mod splice;
mod stream;
#[cfg(test)]
mod tests;

use bytes::Bytes;

use crate::canonical::{Fault, Noted, Usage};

pub use given::Given;
pub use passing::Passing;
pub use splice::{Splice, Way};
pub use stream::Stream;

/// One stream on its way.
pub trait Flow: Send {
    /// The next chunk from the provider.
    fn push(&mut self, chunk: Bytes) -> Pushed;

    /// The provider's stream has ended: whether it may, and what is still to be sent.
    fn end(&mut self) -> Pushed;

    /// A real event has been seen. It may still be held back.
    fn begun(&self) -> bool;

    /// A real event is among what was given out.
    fn shown(&self) -> bool;

    /// The provider has told why the answer stops: no part of it is to come.
    fn stopped(&self) -> bool;

    /// A filter has stopped the answer, in which the model has not refused in its own words.
    fn filtered(&self) -> bool;

    /// The tokens counted so far.
    fn usage(&self) -> Usage;

    /// What is noted of it. Asked once, when it has ended.
    fn noted(&mut self) -> Noted;

    /// How many events could not be read and were left out.
    fn skipped(&self) -> u32;

    /// What the client has been given so far. `None`: it was not kept, or nothing else could go on from there, as when a
    /// tool that the provider runs has been called.
    fn given(&mut self) -> Option<Given>;

    /// What the client is sent at the end of an answer that lacked nothing but its end.
    fn close(&mut self) -> Bytes;

    /// What the client is sent in the place of the rest.
    fn fail(&mut self, fault: &Fault) -> Bytes;
}

/// What one chunk brought.
#[derive(Debug, Default)]
pub struct Pushed {
    /// What is to be sent to the client; may be empty.
    pub ready: Bytes,
    /// A real event was among it, be it sent or held back: the provider is at work.
    pub progress: bool,
    /// What went wrong after that. Every later push says it again.
    pub fault: Option<Fault>,
}

/// So many events in a row that cannot be read are no accident.
const GARBAGE: u32 = 3;

/// Counts the events of a stream that cannot be read.
#[derive(Debug, Default)]
pub struct Garbage {
    /// So many were left out.
    pub skipped: u32,
    in_a_row: u32,
}

impl Garbage {
    /// One that cannot be read is left out: `true`. Or it is one too many.
    pub fn may_skip(&mut self) -> bool {
        let may = self.in_a_row + 1 < GARBAGE;
        if may {
            self.skipped += 1;
            self.in_a_row += 1;
        }
        may
    }

    /// One could be read.
    pub fn passed(&mut self) {
        self.in_a_row = 0;
    }
}
