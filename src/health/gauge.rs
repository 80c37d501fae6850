//! One measurement of a target: a mean in which the most recent counts most.
//!
//! A sample fades in two ways: with the samples after it, of which only so many are remembered, and with time. How much
//! of the evidence is left is the [`Figure`]'s weight; where it is little, whoever reads it goes by what is known of
//! others. So a target that was bad and is not asked any more is forgiven by and by.
//!
//! Not obvious: there is no lock. Mean and weight travel in one word; their time in another, which may be read a moment too
//! old or too new. That costs a sample a part of its weight, once in a while.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// How fast a measurement fades.
#[derive(Clone, Copy, Debug)]
pub(super) struct Memory {
    /// The time in milliseconds after which about half of a sample is left.
    pub(super) half: f32,
    /// At most so many samples count.
    pub(super) most: f32,
}

/// A mean, and how much speaks for it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figure {
    /// The mean.
    pub mean: f32,
    /// So many samples, as far as they have not faded; 0: nothing is known.
    pub weight: f32,
}

impl Figure {
    /// A figure of which so much is known.
    pub fn new(mean: f32, weight: f32) -> Self {
        Self { mean, weight }
    }

    fn pack(self) -> u64 {
        u64::from(self.mean.to_bits()) << 32 | u64::from(self.weight.to_bits())
    }

    fn unpack(packed: u64) -> Self {
        Self { mean: f32::from_bits((packed >> 32) as u32), weight: f32::from_bits(packed as u32) }
    }
}

/// See the module. Times are milliseconds after some origin.
#[derive(Debug, Default)]
pub(super) struct Gauge {
    figure: AtomicU64,
    at: AtomicU64,
}

impl Gauge {
    /// One more sample, which counts as `weight` ordinary ones.
    pub(super) fn record(&self, at: u64, sample: f32, weight: f32, memory: Memory) {
        if !sample.is_finite() || weight <= 0.0 {
            return;
        }
        let left = self.left(at, memory);
        let renewed = |packed| {
            let before = Figure::unpack(packed);
            let kept = (before.weight * left).min((memory.most - weight).max(0.0));
            let mean = (before.mean * kept + sample * weight) / (kept + weight);
            Some(Figure { mean, weight: kept + weight }.pack())
        };
        let _ = self.figure.fetch_update(Relaxed, Relaxed, renewed); // never refused
        self.at.fetch_max(at, Relaxed);
    }

    /// The mean, however old.
    pub(super) fn mean(&self) -> f32 {
        Figure::unpack(self.figure.load(Relaxed)).mean
    }

    /// Near an exponential for samples that follow each other, and far cheaper.
    fn left(&self, at: u64, memory: Memory) -> f32 {
        memory.half / (memory.half + self.age(at))
    }

    fn age(&self, at: u64) -> f32 {
        // Signed: of such a number the processor makes a float in one step.
        at.saturating_sub(self.at.load(Relaxed)) as i64 as f32
    }
}

/// What several gauges know now. All are read first, so that the divisions, which cost most here, are made side by side.
pub(super) fn figures<const N: usize>(gauges: [(&Gauge, Memory); N], at: u64) -> [Figure; N] {
    let read = gauges.map(|(gauge, _)| Figure::unpack(gauge.figure.load(Relaxed)));
    let (ages, halves) = (gauges.map(|(gauge, _)| gauge.age(at)), gauges.map(|(_, memory)| memory.half));
    let (means, mut weights) = (read.map(|figure| figure.mean), read.map(|figure| figure.weight));
    for index in 0..N {
        weights[index] *= halves[index] / (halves[index] + ages[index]);
    }
    std::array::from_fn(|index| Figure { mean: means[index], weight: weights[index] })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEMORY: Memory = Memory { half: 1_000.0, most: 10.0 };

    /// The mean and the weight after samples at times, as seen at `at`.
    fn check(samples: &[(u64, f32)], at: u64, mean: f32, weight: f32) {
        let gauge = Gauge::default();
        samples.iter().for_each(|(at, sample)| gauge.record(*at, *sample, 1.0, MEMORY));
        let [found] = figures([(&gauge, MEMORY)], at);
        assert!((found.mean - mean).abs() < 0.01 && (found.weight - weight).abs() < 0.01, "{samples:?}: {found:?}");
    }

    #[test]
    fn what_is_recent_counts_most() {
        check(&[], 0, 0.0, 0.0);
        check(&[(0, 2.0)], 0, 2.0, 1.0);
        check(&[(0, 2.0)], 1_000, 2.0, 0.5);
        check(&[(0, 2.0), (0, 4.0)], 0, 3.0, 2.0);
        check(&[(0, 2.0), (1_000, 5.0)], 1_000, 4.0, 1.5);
        check(&[(0, 1.0); 100], 0, 1.0, 10.0); // no more than ten are remembered
        check(&[(5, 1.0), (0, 3.0)], 5, 2.0, 2.0); // late ones count as the newest
        check(&[(0, f32::NAN), (0, f32::INFINITY)], 0, 0.0, 0.0);
    }
}
