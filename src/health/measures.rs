//! What calls have shown of a target: how fast, how sound and how dear its answers are. Targets are compared by it.
//!
//! Told by every call at its end and asked by every call at its start, without a lock.

use std::time::{Duration, Instant};

use super::gauge::{self, Figure, Gauge, Memory};
use crate::canonical::Usage;

/// Speed changes with the load of the hour; what it was a minute ago is worth half. Twenty calls make a mean.
const SPEED: Memory = Memory { half: 60_000.0, most: 20.0 };

/// Shares of calls: with fewer than a hundred, one fault in a hundred is an accident. They fade sooner, because who was
/// degraded and is left alone shows by nothing else that it is back.
const SHARE: Memory = Memory { half: 30_000.0, most: 100.0 };

/// Caches are warm or cold for minutes.
const CACHE: Memory = Memory { half: 600_000.0, most: 50.0 };

/// Lengths of answers scatter widely and are the nature of a model: only many say anything.
const MIX: Memory = Memory { half: 1_800_000.0, most: 1_000.0 };

/// An answer of so many tokens shows as much of the speed as one sample should; longer ones show more.
const TOKENS_A_SAMPLE: f32 = 200.0;

/// With fewer, an answer says nothing about its speed.
const FEWEST_TOKENS: u64 = 8;

/// So many things are measured.
pub const COUNT: usize = 8;

/// See the module.
#[derive(Debug)]
pub struct Measures {
    origin: Instant,
    first_token: Gauge,
    per_token: Gauge,
    errors: Gauge,
    limited: Gauge,
    tool_faults: Gauge,
    cached: Gauge,
    input: Gauge,
    output: Gauge,
}

/// What is known of a target now.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figures {
    /// Seconds to the first token.
    pub first_token: Figure,
    /// Seconds for each token of the answer after that.
    pub per_token: Figure,
    /// The share of calls that failed by the target's own fault.
    pub errors: Figure,
    /// The share of calls that it refused for a rate limit.
    pub limited: Figure,
    /// Of the answers that call tools, the share in which a call could not be read.
    pub tool_faults: Figure,
    /// Of the prompts' tokens, the share that came from its cache.
    pub cached: Figure,
    /// Tokens of a prompt.
    pub input: Figure,
    /// Tokens of an answer.
    pub output: Figure,
}

impl Figures {
    /// All of them, in their order.
    pub fn all(&self) -> [Figure; COUNT] {
        let Self { first_token, per_token, errors, limited, tool_faults, cached, input, output } = *self;
        [first_token, per_token, errors, limited, tool_faults, cached, input, output]
    }
}

impl From<[Figure; COUNT]> for Figures {
    fn from(all: [Figure; COUNT]) -> Self {
        let [first_token, per_token, errors, limited, tool_faults, cached, input, output] = all;
        Self { first_token, per_token, errors, limited, tool_faults, cached, input, output }
    }
}

impl Measures {
    pub(super) fn new() -> Self {
        Self {
            origin: Instant::now(),
            first_token: Gauge::default(),
            per_token: Gauge::default(),
            errors: Gauge::default(),
            limited: Gauge::default(),
            tool_faults: Gauge::default(),
            cached: Gauge::default(),
            input: Gauge::default(),
            output: Gauge::default(),
        }
    }

    /// What is known now.
    pub fn figures(&self, now: Instant) -> Figures {
        let gauges = [
            (&self.first_token, SPEED),
            (&self.per_token, SPEED),
            (&self.errors, SHARE),
            (&self.limited, SHARE),
            (&self.tool_faults, SHARE),
            (&self.cached, CACHE),
            (&self.input, MIX),
            (&self.output, MIX),
        ];
        Figures::from(gauge::figures(gauges, self.at(now)))
    }

    /// A call was answered; its first token came after so long, where the answer is streamed.
    pub(super) fn answered(&self, now: Instant, first_token: Option<Duration>) {
        let at = self.at(now);
        self.errors.record(at, 0.0, 1.0, SHARE);
        self.limited.record(at, 0.0, 1.0, SHARE);
        if let Some(took) = first_token {
            self.first_token.record(at, took.as_secs_f32(), 1.0, SPEED);
        }
    }

    /// A call was given up after so long without a first token.
    pub(super) fn late(&self, now: Instant, waited: Duration) {
        self.first_token.record(self.at(now), waited.as_secs_f32(), 1.0, SPEED);
    }

    /// A call failed by the target's own fault, before its answer or in the middle of it.
    pub(super) fn failed(&self, now: Instant) {
        self.errors.record(self.at(now), 1.0, 1.0, SHARE);
    }

    /// A call was refused for a rate limit.
    pub(super) fn limited(&self, now: Instant) {
        self.limited.record(self.at(now), 1.0, 1.0, SHARE);
    }

    /// An answer called tools, and each call could be read or not.
    pub fn called_tools(&self, now: Instant, sound: bool) {
        self.tool_faults.record(self.at(now), if sound { 0.0 } else { 1.0 }, 1.0, SHARE);
    }

    /// An answer has ended. `took`: all of it; of that, `first_token` until it began, where it was streamed.
    pub(super) fn ended(&self, now: Instant, took: Duration, first_token: Option<Duration>, usage: &Usage) {
        let at = self.at(now);
        if let Some(output) = usage.output.filter(|output| *output > 0) {
            self.output.record(at, output as f32, 1.0, MIX);
            if let Some(seconds) = self.generated_in(took, first_token)
                && output >= FEWEST_TOKENS
            {
                let (tokens, most) = (output as f32 / TOKENS_A_SAMPLE, SPEED.most);
                self.per_token.record(at, seconds / output as f32, tokens.min(most / 2.0), SPEED);
            }
        }
        if let Some(input) = usage.input.filter(|input| *input > 0) {
            self.input.record(at, input as f32, 1.0, MIX);
            let cached = usage.cached.unwrap_or(0).min(input) as f32 / input as f32;
            self.cached.record(at, cached, 1.0, CACHE);
        }
    }

    /// The seconds in which the answer was written. Of one that is not streamed, it is not seen when it began: as late as
    /// streams do, but not later than in the middle.
    fn generated_in(&self, took: Duration, first_token: Option<Duration>) -> Option<f32> {
        let took = took.as_secs_f32();
        let began = match first_token {
            Some(first) => first.as_secs_f32(),
            None => self.first_token.mean().min(took / 2.0),
        };
        Some(took - began).filter(|seconds| *seconds >= 0.0)
    }

    fn at(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.origin).as_millis() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(input: u64, cached: u64, output: u64) -> Usage {
        Usage { input: Some(input), cached: Some(cached), output: Some(output), ..Usage::default() }
    }

    #[test]
    fn an_answer_shows_speed_and_mix() {
        let (measures, now) = (Measures::new(), Instant::now());
        let first = Duration::from_millis(500);
        measures.answered(now, Some(first));
        measures.ended(now, Duration::from_millis(2_500), Some(first), &usage(1_000, 250, 100));
        let found = measures.figures(now);
        assert_eq!((found.first_token.mean, found.per_token.mean), (0.5, 0.02));
        assert_eq!((found.input.mean, found.cached.mean, found.output.mean), (1_000.0, 0.25, 100.0));
        assert_eq!((found.errors.mean, found.limited.mean), (0.0, 0.0));
        assert_eq!(found.errors.weight, 1.0);
    }

    #[test]
    fn a_whole_answer_began_where_streams_do() {
        let (measures, now) = (Measures::new(), Instant::now());
        measures.ended(now, Duration::from_secs(2), None, &usage(1, 0, 100));
        assert_eq!(measures.figures(now).per_token.mean, 0.02);
        measures.answered(now, Some(Duration::from_secs(1)));
        measures.ended(now, Duration::from_secs(3), None, &usage(1, 0, 100));
        assert_eq!(measures.figures(now).per_token.mean, 0.02);
    }

    #[test]
    fn who_fails_is_known_within_seconds_and_forgiven_within_minutes() {
        let (measures, mut now) = (Measures::new(), Instant::now());
        for _ in 0..1_000 {
            measures.answered(now, None);
        }
        for call in 0..40 {
            now += Duration::from_millis(100);
            if call % 2 == 0 { measures.failed(now) } else { measures.answered(now, None) }
        }
        let errors = measures.figures(now).errors;
        assert!(errors.mean > 0.15, "{errors:?}");
        let later = measures.figures(now + Duration::from_secs(300)).errors;
        assert!(later.weight < 10.0, "{later:?}");
    }
}
