//! How often calls may be repeated against a provider that is failing.
//!
//! Each call that fails tempts everybody to try again, and an outage is answered with a multiple of the usual load.
//! The budget keeps repeats to about a fifth of the calls. It only ever limits repeats: the first try of a call at a
//! healthy target never asks.

use std::sync::Mutex;
use std::time::Instant;

use super::lock;

/// What one first try adds: five calls pay for one repeat, so an outage adds at most 20 % of load.
const DEPOSIT: f64 = 0.2;

/// The most that can be saved, and what a new budget starts with: ten repeats absorb a provider's restart at once,
/// and are too few to hurt it.
const RESERVE: f64 = 10.0;

/// Tokens a second that come by themselves: a process with a call a second must be able to repeat each of them.
const REFILL: f64 = 1.0;

/// The repeats of one provider.
#[derive(Debug)]
pub struct RetryBudget(Mutex<Bucket>);

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    /// When the refill was last added.
    filled: Option<Instant>,
}

impl RetryBudget {
    /// A full one.
    pub fn new() -> Self {
        Self(Mutex::new(Bucket { tokens: RESERVE, filled: None }))
    }

    /// A call makes its first try.
    pub fn deposit(&self, now: Instant) {
        let mut bucket = lock(&self.0);
        bucket.refill(now);
        bucket.tokens = (bucket.tokens + DEPOSIT).min(RESERVE);
    }

    /// A call wants another try. `false`: it must do without.
    pub fn withdraw(&self, now: Instant) -> bool {
        let mut bucket = lock(&self.0);
        bucket.refill(now);
        let allowed = bucket.tokens >= 1.0;
        bucket.tokens -= if allowed { 1.0 } else { 0.0 };
        allowed
    }
}

impl Default for RetryBudget {
    fn default() -> Self {
        Self::new()
    }
}

impl Bucket {
    fn refill(&mut self, now: Instant) {
        let passed = self.filled.map_or(0.0, |filled| now.saturating_duration_since(filled).as_secs_f64());
        self.tokens = (self.tokens + REFILL * passed).min(RESERVE);
        self.filled = self.filled.max(Some(now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// An outage: each of `calls`, `apart` from each other, would like to be repeated twice.
    fn check(calls: u32, apart: Duration, repeats: std::ops::RangeInclusive<u32>) {
        let (budget, start) = (RetryBudget::new(), Instant::now());
        let made: u32 = (0..calls)
            .map(|call| {
                let now = start + apart * call;
                budget.deposit(now);
                u32::from(budget.withdraw(now)) + u32::from(budget.withdraw(now))
            })
            .sum();
        assert!(repeats.contains(&made), "{calls} calls {apart:?} apart were repeated {made} times");
    }

    #[test]
    fn repeats_are_a_fifth_of_the_calls_of_an_outage() {
        check(10_000, Duration::ZERO, 2_005..=2_010);
        check(10_000, Duration::from_millis(1), 2_010..=2_020);
        check(10_000, Duration::from_millis(10), 2_100..=2_115); // a hundred seconds refill a hundred
    }

    #[test]
    fn a_quiet_process_repeats_as_it_likes() {
        check(5, Duration::ZERO, 10..=10); // the reserve
        check(100, Duration::from_secs(2), 200..=200);
    }

    #[test]
    fn savings_are_bounded() {
        let (budget, now) = (RetryBudget::new(), Instant::now());
        (0..10_000).for_each(|_| budget.deposit(now));
        let later = now + Duration::from_secs(3_600);
        assert_eq!((0..100).filter(|_| budget.withdraw(later)).count(), 10);
        assert!(!budget.withdraw(now), "a late instant adds nothing");
    }
}
