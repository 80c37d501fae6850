//! A moment that every call looks at and hardly any changes: no lock to read it.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// An instant cannot be kept in an atomic, but a distance can: nanoseconds after `origin`, enough for 584 years.
#[derive(Debug)]
pub(super) struct Moment {
    origin: Instant,
    /// 0 for none.
    nanos: AtomicU64,
}

impl Moment {
    /// None yet.
    pub(super) fn none() -> Self {
        Self { origin: Instant::now(), nanos: AtomicU64::new(0) }
    }

    /// The moment, if there is one.
    pub(super) fn get(&self) -> Option<Instant> {
        match self.nanos.load(Relaxed) {
            0 => None,
            nanos => Some(self.origin + Duration::from_nanos(nanos)),
        }
    }

    /// How long until then; `None` where it has passed.
    pub(super) fn left(&self, now: Instant) -> Option<Duration> {
        let left = self.get()?.saturating_duration_since(now);
        (!left.is_zero()).then_some(left)
    }

    /// Another moment.
    pub(super) fn set(&self, moment: Instant) {
        self.nanos.store(self.distance(moment), Relaxed);
    }

    /// The later of this moment and the one that it was.
    pub(super) fn not_before(&self, moment: Instant) {
        self.nanos.fetch_max(self.distance(moment), Relaxed);
    }

    /// What lies before the origin cannot be told from the origin, and neither from none.
    fn distance(&self, moment: Instant) -> u64 {
        (moment.saturating_duration_since(self.origin).as_nanos() as u64).max(1)
    }
}
