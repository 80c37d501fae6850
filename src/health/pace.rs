//! How soon a target begins to answer, kept so that every call can ask without a lock and without a sort.
//!
//! The quantiles are worked out anew after every few answers, by the call that brings the last of them. A call that
//! was given up counts with the time that it was given: without it, a deadline that became too short would never see
//! an answer that proves it wrong.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use super::latency::{After, Latency, Quantiles};

/// With fewer answers, a percentile is an anecdote.
const ENOUGH: usize = 20;

/// Quantiles of a hundred samples move by little with eight more, and a sort of a hundred costs a microsecond.
const EVERY: usize = 8;

/// Four times what 99 of 100 calls took is no longer bad luck.
const TIMES_P99: u32 = 4;

/// However quick a target is, a longer prompt, a cold cache or a queue cost it some seconds once in a while.
const LEAST: Duration = Duration::from_secs(5);

/// See the module. Milliseconds; 0: not known yet.
#[derive(Debug, Default)]
pub(super) struct Pace {
    p50: AtomicU32,
    p75: AtomicU32,
    p90: AtomicU32,
    p95: AtomicU32,
    p99: AtomicU32,
}

impl Pace {
    /// One more sample was recorded. To be called under the lock of `samples`.
    pub(super) fn follow(&self, samples: &Latency) {
        let recorded = samples.recorded();
        if recorded < ENOUGH || recorded != ENOUGH && !recorded.is_multiple_of(EVERY) {
            return;
        }
        self.set(samples);
    }

    /// A sample was recorded that cannot wait: what is known may be wrong.
    pub(super) fn correct(&self, samples: &Latency) {
        if samples.recorded() >= ENOUGH {
            self.set(samples);
        }
    }

    fn set(&self, samples: &Latency) {
        let Some(Quantiles { p50, p75, p90, p95, p99, .. }) = samples.quantiles() else { return };
        // What is quicker than a millisecond is known all the same.
        let kept = [&self.p50, &self.p75, &self.p90, &self.p95, &self.p99];
        for (kept, value) in kept.into_iter().zip([p50, p75, p90, p95, p99]) {
            kept.store(value.max(1), Relaxed);
        }
    }

    /// When an answer is late; `None` while too little is known.
    pub(super) fn late_after(&self, after: After) -> Option<Duration> {
        let kept = match after {
            After::Fixed(time) => return Some(time),
            After::P50 => &self.p50,
            After::P90 => &self.p90,
            After::P95 => &self.p95,
            After::P99 => &self.p99,
        };
        let millis = kept.load(Relaxed);
        (millis > 0).then(|| Duration::from_millis(millis.into()))
    }

    /// So many percent of the samples were at most this; `None` while too little is known. Of 50, 75, 90 and 99.
    pub(super) fn at(&self, percent: u8) -> Option<Duration> {
        let kept = match percent {
            0..=50 => &self.p50,
            51..=75 => &self.p75,
            76..=90 => &self.p90,
            _ => &self.p99,
        };
        let millis = kept.load(Relaxed);
        (millis > 0).then(|| Duration::from_millis(millis.into()))
    }

    /// When an answer is so late that nobody should wait for it: `max(5 s, 4 x p99)`.
    pub(super) fn deadline(&self) -> Option<Duration> {
        Some(self.late_after(After::P99)?.saturating_mul(TIMES_P99).max(LEAST))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// After these samples: what is late at p95, and the deadline, in milliseconds.
    fn check(samples: impl IntoIterator<Item = u32>, expected: Option<(u32, u32)>) {
        let (mut latency, pace) = (Latency::default(), Pace::default());
        for millis in samples {
            latency.record(millis * MS);
            pace.follow(&latency);
        }
        let found = pace.late_after(After::P95).zip(pace.deadline());
        assert_eq!(found, expected.map(|(late, deadline)| (late * MS, deadline * MS)));
    }

    #[test]
    fn history_decides_once_there_is_enough() {
        check([], None);
        check(std::iter::repeat_n(100, 19), None);
        check(std::iter::repeat_n(0, 20), Some((1, 5_000)));
        check(std::iter::repeat_n(100, 20), Some((100, 5_000)));
        check(std::iter::repeat_n(3_000, 20), Some((3_000, 12_000)));
        check((1..=100).map(|n| n * 100), Some((9_200, 38_400))); // of the first 96, as far as it was followed
        check((1..=104).map(|n| n * 100), Some((9_900, 41_200)));
    }

    #[test]
    fn a_deadline_that_is_too_short_corrects_itself() {
        let (mut latency, pace) = (Latency::default(), Pace::default());
        for _ in 0..100 {
            latency.record(100 * MS);
            pace.follow(&latency);
        }
        assert_eq!(pace.deadline(), Some(LEAST));
        let mut given = Vec::new();
        for _ in 0..4 {
            let deadline = pace.deadline().unwrap();
            given.push(deadline.as_secs());
            latency.record(deadline);
            pace.correct(&latency);
        }
        assert_eq!(given, [5, 5, 20, 20], "two calls of a hundred that waited in vain are enough");
    }

    #[test]
    fn a_fixed_time_needs_no_history() {
        assert_eq!(Pace::default().late_after(After::Fixed(MS)), Some(MS));
    }
}
