//! How fast a target has lately begun to answer.
//!
//! Time to the first token only: the whole time of an answer depends on how long the answer is, not on who gives it.

use std::time::Duration;

/// Enough for a 99th percentile to be a measurement, and few enough that an hour-old one does not linger under traffic.
const SAMPLES: usize = 100;

/// The weight of the newest sample in the average: about the last ten calls matter.
const NEWEST: f64 = 0.2;

/// The latest samples. Recording takes constant time; quantiles are worked out when they are asked for.
#[derive(Debug)]
pub struct Latency {
    /// Milliseconds, in a ring.
    samples: [u32; SAMPLES],
    /// How many were ever recorded.
    recorded: usize,
    average: f64,
}

/// Milliseconds to the first token.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Quantiles {
    /// The moving average, which the last ten calls make.
    pub recent: u32,
    /// Half of the last hundred calls were at most as slow.
    pub p50: u32,
    /// 75 % were.
    pub p75: u32,
    /// 90 % were.
    pub p90: u32,
    /// 95 % were.
    pub p95: u32,
    /// 99 % were.
    pub p99: u32,
}

/// When an answer is late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// Later than half of the target's latest calls.
    P50,
    /// Later than nine of ten.
    P90,
    /// Later than 19 of 20.
    P95,
    /// Later than 99 of 100.
    P99,
    /// Later than this.
    Fixed(Duration),
}

impl Latency {
    /// A call was answered after `first_token`.
    pub fn record(&mut self, first_token: Duration) {
        let millis = u32::try_from(first_token.as_millis()).unwrap_or(u32::MAX);
        self.samples[self.recorded % SAMPLES] = millis;
        self.average = match self.recorded {
            0 => f64::from(millis),
            _ => self.average + NEWEST * (f64::from(millis) - self.average),
        };
        self.recorded += 1;
    }

    /// `None` before the first sample.
    pub fn quantiles(&self) -> Option<Quantiles> {
        let mut sorted = self.samples;
        let sorted = &mut sorted[..self.recorded.min(SAMPLES)];
        if sorted.is_empty() {
            return None;
        }
        sorted.sort_unstable();
        let at_most = |percent: usize| sorted[(sorted.len() * percent).div_ceil(100) - 1];
        let recent = self.average.round() as u32;
        Some(Quantiles {
            recent,
            p50: at_most(50),
            p75: at_most(75),
            p90: at_most(90),
            p95: at_most(95),
            p99: at_most(99),
        })
    }

    /// How many samples there ever were.
    pub fn recorded(&self) -> usize {
        self.recorded
    }
}

impl Default for Latency {
    fn default() -> Self {
        Self { samples: [0; SAMPLES], recorded: 0, average: 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(samples: impl IntoIterator<Item = u64>, expected: Option<(u32, u32, u32)>) {
        let mut latency = Latency::default();
        samples.into_iter().for_each(|millis| latency.record(Duration::from_millis(millis)));
        assert_eq!(latency.quantiles().map(|q| (q.p50, q.p95, q.p99)), expected);
    }

    #[test]
    fn quantiles_of_the_latest_samples() {
        check([], None);
        check([7], Some((7, 7, 7)));
        check([30, 10, 20], Some((20, 30, 30)));
        check(1..=100, Some((50, 95, 99)));
        check((1..=100).rev(), Some((50, 95, 99)));
        check((0..50).chain(1..=100), Some((50, 95, 99))); // the first fifty are forgotten
        check([u64::MAX], Some((u32::MAX, u32::MAX, u32::MAX)));
    }

    #[test]
    fn the_average_follows_the_last_ten_calls() {
        let mut latency = Latency::default();
        (0..50).for_each(|_| latency.record(Duration::from_millis(1_000)));
        assert_eq!(latency.quantiles().unwrap().recent, 1_000);
        (0..10).for_each(|_| latency.record(Duration::from_millis(100)));
        assert!(latency.quantiles().unwrap().recent < 200);
    }
}
