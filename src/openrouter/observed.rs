//! How targets did over the last minutes and the last day, as `/models/.../endpoints` tells it.
//!
//! Health looks at half a minute and forgets; this is for people and dashboards, and decides nothing.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::canonical::{Blame, FaultKind};
use crate::names::TargetId;
use crate::telemetry::{Attempt, CallRecord};

/// Seconds that are counted together.
const SLOT: u64 = 60;

/// A day of them.
const SLOTS: usize = 1440;

/// So many answers are looked at for the percentiles.
const SAMPLES: usize = 256;

/// What is told of: the last 5 minutes, half an hour, a day.
const MINUTES: [u64; 3] = [5, 30, 1440];

/// Clients make up targets (`provider/anything`): no more than this are remembered.
const TARGETS: usize = 512;

/// What is known of targets.
#[derive(Debug, Default)]
pub struct Observed(Mutex<HashMap<TargetId, Seen>>);

/// What is known of one.
#[derive(Debug, Default)]
struct Seen {
    /// By the minute, the oldest first, empty minutes left out.
    minutes: VecDeque<Minute>,
    samples: VecDeque<Sample>,
}

#[derive(Clone, Copy, Debug)]
struct Minute {
    number: u64,
    good: u32,
    bad: u32,
}

#[derive(Clone, Copy, Debug)]
struct Sample {
    at: u64,
    /// Seconds.
    first_token: f64,
    /// Tokens a second.
    throughput: Option<f64>,
}

/// How a target did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shown {
    /// Of a hundred calls so many were answered, over 5 minutes, 30 minutes and a day. `None`: there were no calls.
    pub uptime: [Option<f64>; 3],
    /// Seconds to the first token over the same times: the 50th, 75th, 90th and 99th percentile, of the latest answers
    /// where there were many.
    pub latency: [Option<[f64; 4]>; 3],
    /// Tokens a second, of the whole time that an answer took: what half, a quarter, a tenth and a hundredth of the
    /// answers do not reach.
    pub throughput: [Option<[f64; 4]>; 3],
}

impl Observed {
    /// Learns from a call that is over. `now` in seconds since 1970.
    pub fn note(&self, record: &CallRecord, seconds: f64, now: u64) {
        let mut targets = self.targets();
        for attempt in &record.attempts {
            let Some(good) = counts(attempt) else { continue };
            if !targets.contains_key(&attempt.target) && targets.len() >= TARGETS {
                continue;
            }
            let seen = targets.entry(attempt.target.clone()).or_default();
            seen.count(good, now);
            if good {
                let alone = record.attempts.len() == 1;
                let tokens = record.usage.output.filter(|tokens| *tokens > 0 && alone && seconds > 0.0);
                let first_token = attempt.took.as_secs_f64();
                let throughput = tokens.map(|tokens| tokens as f64 / seconds);
                if seen.samples.len() == SAMPLES {
                    seen.samples.pop_front();
                }
                seen.samples.push_back(Sample { at: now, first_token, throughput });
            }
        }
    }

    /// How `target` did.
    pub fn show(&self, target: &TargetId, now: u64) -> Shown {
        let targets = self.targets();
        let Some(seen) = targets.get(target) else { return Shown::default() };
        let recent = |minutes: u64| seen.samples.iter().filter(move |sample| sample.at + minutes * 60 >= now);
        // The slow ones are at the other end.
        let slowness = |minutes| recent(minutes).filter_map(|sample| Some(-sample.throughput?)).collect();
        Shown {
            uptime: MINUTES.map(|minutes| seen.uptime(minutes, now)),
            latency: MINUTES.map(|minutes| percentiles(recent(minutes).map(|sample| sample.first_token).collect())),
            throughput: MINUTES.map(|minutes| Some(percentiles(slowness(minutes))?.map(|negative| -negative))),
        }
    }

    fn targets(&self) -> MutexGuard<'_, HashMap<TargetId, Seen>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    fn count(&mut self, good: bool, now: u64) {
        let number = now / SLOT;
        if self.minutes.back().is_none_or(|last| last.number < number) {
            if self.minutes.len() == SLOTS {
                self.minutes.pop_front();
            }
            self.minutes.push_back(Minute { number, good: 0, bad: 0 });
        }
        // A clock that was set back counts where it was.
        if let Some(last) = self.minutes.back_mut() {
            let count = if good { &mut last.good } else { &mut last.bad };
            *count = count.saturating_add(1);
        }
    }

    fn uptime(&self, minutes: u64, now: u64) -> Option<f64> {
        let first = (now / SLOT + 1).saturating_sub(minutes);
        let (mut good, mut bad) = (0u64, 0u64);
        for minute in self.minutes.iter().rev().take_while(|minute| minute.number >= first) {
            (good, bad) = (good + u64::from(minute.good), bad + u64::from(minute.bad));
        }
        (good + bad > 0).then(|| 100.0 * good as f64 / (good + bad) as f64)
    }
}

/// Whether a try counts for or against its target: not where the client was wrong, nor a rate limit.
fn counts(attempt: &Attempt) -> Option<bool> {
    match attempt.fault {
        None => Some(true),
        Some(FaultKind::RateLimited) => None,
        Some(kind) => matches!(kind.blame(), Blame::Target | Blame::Key).then_some(false),
    }
}

/// The 50th, 75th, 90th and 99th percentile.
fn percentiles(mut figures: Vec<f64>) -> Option<[f64; 4]> {
    figures.sort_by(f64::total_cmp);
    let last = figures.len().checked_sub(1)?;
    let at = |share: f64| figures[((last as f64 * share).round() as usize).min(last)];
    Some([0.5, 0.75, 0.9, 0.99].map(at))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn call(fault: Option<FaultKind>, took: u64, tokens: u64) -> CallRecord {
        let mut record = CallRecord::sample();
        record.attempts.truncate(1);
        (record.attempts[0].fault, record.attempts[0].took) = (fault, Duration::from_millis(took));
        record.usage.output = Some(tokens);
        record
    }

    #[test]
    fn uptime_and_percentiles_are_those_of_their_time() {
        let observed = Observed::default();
        let target = CallRecord::sample().attempts[0].target.clone();
        assert_eq!(observed.show(&target, 1_000_000), Shown::default());
        let now = 1_000_000;
        observed.note(&call(Some(FaultKind::ServerError), 5, 0), 1.0, now - 7200);
        observed.note(&call(Some(FaultKind::RateLimited), 5, 0), 1.0, now);
        observed.note(&call(Some(FaultKind::Rejected), 5, 0), 1.0, now);
        for took in 1..=3 {
            observed.note(&call(None, 100 * took, 50 * took), 1.0, now - 600);
        }
        let shown = observed.show(&target, now);
        assert_eq!(shown.uptime, [None, Some(100.0), Some(75.0)]);
        let latency = Some([0.2, 0.3, 0.3, 0.3]);
        assert_eq!(shown.latency, [None, latency, latency]);
        let throughput = Some([100.0, 50.0, 50.0, 50.0]);
        assert_eq!(shown.throughput, [None, throughput, throughput]);
        assert_eq!(observed.show(&target, now + 3600).latency, [None, None, latency], "that was long ago");
        assert_eq!(observed.show(&target, now + 100_000).uptime, [None; 3]);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let observed = Observed::default();
        for number in 0..2 * SLOTS as u64 {
            observed.note(&call(None, 1, 1), 1.0, number * SLOT);
        }
        let kept = observed.targets().values().map(|seen| (seen.minutes.len(), seen.samples.len())).next();
        assert_eq!(kept, Some((SLOTS, SAMPLES)));
        for number in 0..2 * TARGETS {
            let mut record = call(None, 1, 1);
            record.attempts[0].target = format!("openai/made-up-{number}").as_str().into();
            observed.note(&record, 1.0, 0);
        }
        assert_eq!(observed.targets().len(), TARGETS);
    }
}
