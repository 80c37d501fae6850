//! How long one try may take to come how far.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::time::{Instant, Timeout, timeout_at};

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
    /// For a try that has until `first` for its first real event.
    pub(super) fn new(call: &Call, policy: &Policy, first: Instant) -> Self {
        Self { first, idle: policy.idle, total: call.arrived + policy.total }
    }

    /// `work`, which comes before the first real event.
    pub(super) fn first<F: Future>(&self, work: F) -> Limited<F> {
        self.by(self.first, FaultKind::FirstTokenTimeout, "the provider did not answer in time", work)
    }

    /// `work`, which comes after a real event at `last`.
    pub(super) fn next<F: Future>(&self, last: Instant, work: F) -> Limited<F> {
        self.by(last + self.idle, FaultKind::IdleTimeout, "the provider fell silent", work)
    }

    fn by<F: Future>(&self, deadline: Instant, kind: FaultKind, message: &'static str, work: F) -> Limited<F> {
        let (kind, message) = match self.total <= deadline {
            true => (FaultKind::TotalTimeout, "the call's time is used up"),
            false => (kind, message),
        };
        Limited { work: timeout_at(deadline.min(self.total), work), kind, message }
    }
}

pin_project! {
    /// Work with a deadline, and the fault that it is to miss it.
    ///
    /// By hand, since an `async fn` keeps what it was given beside what it awaits: three such functions one around the
    /// other made a call's future three times as large, and it is moved on its way.
    pub(super) struct Limited<F> {
        #[pin]
        work: Timeout<F>,
        kind: FaultKind,
        message: &'static str,
    }
}

impl<W, F: Future<Output = Result<W, Fault>>> Future for Limited<F> {
    type Output = Result<W, Fault>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let done = ready!(this.work.poll(context));
        Poll::Ready(done.unwrap_or_else(|_| Err(Fault::new(*this.kind, *this.message))))
    }
}
