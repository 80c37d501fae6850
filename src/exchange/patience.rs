//! How long one try may take to come how far.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::Call;
use crate::canonical::{Fault, FaultKind};
use crate::routing::Policy;

/// The deadlines of one try, until its answer goes out.
#[derive(Clone, Copy)]
pub(super) struct Patience {
    first: Instant,
    idle: Duration,
    total: Instant,
}

impl Patience {
    /// For a try that starts now and has `first` until its first real event.
    pub(super) fn new(call: &Call, policy: &Policy, first: Duration) -> Self {
        Self { first: Instant::now() + first, idle: policy.idle, total: call.arrived + policy.total }
    }

    /// `work`, which comes before the first real event.
    pub(super) async fn first<W>(&self, work: impl Future<Output = Result<W, Fault>>) -> Result<W, Fault> {
        self.by(self.first, FaultKind::FirstTokenTimeout, "the provider did not answer in time", work).await
    }

    /// `work`, which comes after a real event at `last`.
    pub(super) async fn next<W>(
        &self,
        last: Instant,
        work: impl Future<Output = Result<W, Fault>>,
    ) -> Result<W, Fault> {
        self.by(last + self.idle, FaultKind::IdleTimeout, "the provider fell silent", work).await
    }

    async fn by<W>(
        &self,
        deadline: Instant,
        kind: FaultKind,
        message: &'static str,
        work: impl Future<Output = Result<W, Fault>>,
    ) -> Result<W, Fault> {
        match timeout_at(deadline.min(self.total), work).await {
            Ok(done) => done,
            Err(_) if self.total <= deadline => Err(Fault::new(FaultKind::TotalTimeout, "the call's time is used up")),
            Err(_) => Err(Fault::new(kind, message)),
        }
    }
}
