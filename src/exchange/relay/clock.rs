//! The deadlines of a relay.

use std::pin::Pin;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::canonical::{Fault, FaultKind};
use crate::routing::Policy;

/// The two deadlines of a relay. One timer serves all events: it is only looked at when it fires.
pub(super) struct Clock {
    idle: Duration,
    idle_from: Instant,
    total: Instant,
    timer: Pin<Box<tokio::time::Sleep>>,
}

impl Clock {
    pub(super) fn new(arrived: Instant, policy: &Policy) -> Self {
        let now = Instant::now();
        let total = arrived + policy.total;
        let timer = Box::pin(sleep_until(total.min(now + policy.idle)));
        Self { idle: policy.idle, idle_from: now, total, timer }
    }

    pub(super) fn restart(&mut self) {
        self.idle_from = Instant::now();
    }

    /// `work`, unless a deadline passes before it is done.
    pub(super) async fn limit<W>(
        &mut self,
        mut work: Pin<&mut impl Future<Output = Result<W, Fault>>>,
    ) -> Result<W, Fault> {
        loop {
            tokio::select! {
                biased;
                done = work.as_mut() => return done,
                () = &mut self.timer => {
                    let now = Instant::now();
                    if now >= self.total {
                        return Err(Fault::new(FaultKind::TotalTimeout, "the call's time is used up"));
                    }
                    if now >= self.idle_from + self.idle {
                        return Err(Fault::new(FaultKind::IdleTimeout, "the provider fell silent"));
                    }
                    self.timer.as_mut().reset(self.total.min(self.idle_from + self.idle));
                }
            }
        }
    }
}
