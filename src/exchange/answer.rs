//! A reply that is worth showing to the client, and what is known of it so far.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use tokio::time::Instant;

use crate::canonical::{Lost, Noted, Usage};
use crate::dialect::flow::Flow;
use crate::health::InFlight;
use crate::routing::Target;

/// The first real event of a target's reply has arrived: from here on the client is committed to it.
pub(super) struct Answer<R> {
    /// Which candidate of the plan answers.
    pub candidate: usize,
    /// Who that is.
    pub target: Target,
    /// Counts the call as in flight at its target until the reply has ended.
    pub in_flight: InFlight,
    /// The reply, whose body may not be at its end.
    pub reply: R,
    /// Its status.
    pub status: StatusCode,
    /// Its headers as they go to the client.
    pub headers: HeaderMap,
    /// What of the request the target was not told.
    pub lost: Lost,
    /// What was read of the body so far and may be written at once.
    pub ready: Vec<Bytes>,
    /// What follows.
    pub rest: Rest,
    /// When it was ready to go out.
    pub ready_at: Instant,
}

/// What follows after [`Answer::ready`].
pub(super) enum Rest {
    /// Nothing: the body is complete.
    Nothing(Usage, Box<Noted>),
    /// More events.
    Events(Box<dyn Flow>),
    /// More of a body that is too long to be held, or that cannot be looked into.
    Bytes(Tail),
}

/// The last bytes of a long body: that is where usage is.
#[derive(Default)]
pub(super) struct Tail(Vec<u8>);

impl Tail {
    /// A usage object and what may follow it fits well.
    const KEPT: usize = 4096;

    /// Remembers the end of what has passed.
    pub(super) fn push(&mut self, chunk: &[u8]) {
        let chunk = &chunk[chunk.len().saturating_sub(Self::KEPT)..];
        let surplus = (self.0.len() + chunk.len()).saturating_sub(Self::KEPT);
        self.0.drain(..surplus.min(self.0.len()));
        self.0.extend_from_slice(chunk);
    }

    /// The end of what has passed.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}
