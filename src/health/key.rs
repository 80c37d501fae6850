//! Whether a credential rests, and for how long.
//!
//! Two reasons to rest. A limit: the provider said when to come back, and calls that were under way may still succeed
//! meanwhile, so a success does not end such a rest. A refusal: somebody has to change the key, nobody knows when, so
//! it is tried again at growing intervals, and the first success proves that it was changed.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use super::lock;
use crate::canonical::FaultKind;
use crate::names::KeyId;

/// The first rest of a refused key: a new secret takes about that long to reach every host of a provider.
const FIRST_REFUSAL: Duration = Duration::from_secs(60);

/// The longest: a key that was repaired at the provider serves again within ten minutes without a reload.
const LONGEST_REFUSAL: Duration = Duration::from_secs(600);

/// How one credential is doing.
#[derive(Debug)]
pub struct KeyHealth {
    id: KeyId,
    /// Where `until` counts from: an instant cannot be kept in an atomic, a distance can.
    origin: Instant,
    /// The end of the rest in nanoseconds after `origin`, enough for 584 years; 0 for none. Read by every call without a lock.
    until: AtomicU64,
    /// Refusals since the last success. Read by every success without a lock.
    refusals: AtomicU32,
    /// The lock under which both of the above are written.
    rest: Mutex<Rest>,
}

#[derive(Debug, Default)]
struct Rest {
    why: Option<FaultKind>,
    /// The key was refused, rather than limited.
    refused: bool,
}

impl KeyHealth {
    /// A key that nothing is known of.
    pub fn new(id: KeyId) -> Self {
        Self {
            id,
            origin: Instant::now(),
            until: AtomicU64::new(0),
            refusals: AtomicU32::new(0),
            rest: Mutex::default(),
        }
    }

    /// Its name.
    pub fn id(&self) -> &KeyId {
        &self.id
    }

    /// How long it still rests; `None` if it may be used.
    pub fn resting(&self, now: Instant) -> Option<Duration> {
        let until = self.until.load(Relaxed);
        if until == 0 {
            return None;
        }
        let left = (self.origin + Duration::from_nanos(until)).saturating_duration_since(now);
        (!left.is_zero()).then_some(left)
    }

    /// Why it rests.
    pub fn why(&self, now: Instant) -> Option<FaultKind> {
        self.resting(now)?;
        lock(&self.rest).why
    }

    /// A limit: rests at least `until`. Of several rests the longest counts.
    pub fn rest(&self, until: Instant, why: FaultKind) {
        let mut rest = lock(&self.rest);
        self.rest_until(until, Rest { why: Some(why), refused: false }, &mut rest);
    }

    /// A refusal: the key is invalid, or its account is empty. Rests as long as the provider said, if it did. Calls
    /// that were under way at the same time are refused too, and count as one refusal.
    pub fn refused(&self, now: Instant, retry_after: Option<Duration>, why: FaultKind) {
        let mut rest = lock(&self.rest);
        if rest.refused && self.resting(now).is_some() {
            return;
        }
        let refusals = self.refusals.fetch_add(1, Relaxed);
        let growing = FIRST_REFUSAL.saturating_mul(1 << refusals.min(16)).min(LONGEST_REFUSAL);
        let until = now + retry_after.unwrap_or(growing);
        self.rest_until(until, Rest { why: Some(why), refused: true }, &mut rest);
    }

    /// The provider took it.
    pub fn success(&self) {
        if self.refusals.load(Relaxed) == 0 {
            return;
        }
        let mut rest = lock(&self.rest);
        self.refusals.store(0, Relaxed);
        if rest.refused {
            *rest = Rest::default();
            self.until.store(0, Relaxed);
        }
    }

    fn rest_until(&self, until: Instant, new: Rest, rest: &mut Rest) {
        let until = until.saturating_duration_since(self.origin).as_nanos() as u64;
        if until > self.until.load(Relaxed) {
            self.until.store(until, Relaxed);
            *rest = new;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `l` limited for 20 s, `L` for 100 s, `r` refused, `R` refused for 5 s, `s` succeeded; a digit lets so many times 10 s pass.
    fn check(story: &str, seconds_left: Option<u64>, why: Option<FaultKind>) {
        let key = KeyHealth::new("openai#1".into());
        let mut now = Instant::now();
        for step in story.chars() {
            match step {
                'l' => key.rest(now + Duration::from_secs(20), FaultKind::RateLimited),
                'L' => key.rest(now + Duration::from_secs(100), FaultKind::Overloaded),
                'r' => key.refused(now, None, FaultKind::KeyRefused),
                'R' => key.refused(now, Some(Duration::from_secs(5)), FaultKind::QuotaExhausted),
                's' => key.success(),
                digit => now += Duration::from_secs(10) * digit.to_digit(10).unwrap(),
            }
        }
        assert_eq!(key.resting(now).map(|left| left.as_secs_f64().round() as u64), seconds_left, "{story}");
        assert_eq!(key.why(now), why, "{story}");
    }

    #[test]
    fn a_limit_lasts_as_long_as_it_was_said_to() {
        use FaultKind::{Overloaded, RateLimited};
        check("", None, None);
        check("s", None, None);
        check("l", Some(20), Some(RateLimited));
        check("l1", Some(10), Some(RateLimited));
        check("l2", None, None);
        check("ls", Some(20), Some(RateLimited)); // the success was under way before
        check("Ll", Some(100), Some(Overloaded));
        check("lL", Some(100), Some(Overloaded));
        check("l2s", None, None);
        check("l2sl", Some(20), Some(RateLimited));
    }

    #[test]
    fn a_refusal_lasts_longer_each_time_until_a_success() {
        use FaultKind::{KeyRefused, QuotaExhausted, RateLimited};
        check("r", Some(60), Some(KeyRefused));
        check("rrrr", Some(60), Some(KeyRefused)); // all of one moment
        check("r6r", Some(120), Some(KeyRefused));
        check("r6r93r", Some(240), Some(KeyRefused));
        check("r6r93r996r999993r", Some(600), Some(KeyRefused));
        check("rs", None, None);
        check("r6sr", Some(60), Some(KeyRefused));
        check("r6lr", Some(120), Some(KeyRefused));
        check("R", Some(5), Some(QuotaExhausted)); // as the provider said
        check("R1r", Some(120), Some(KeyRefused));
        check("r6l1s", Some(10), Some(RateLimited));
    }
}
