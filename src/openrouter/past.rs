//! Calls that are over: each of the latest by its name, and sums by the day.
//!
//! In memory, bounded, and gone with the process: what has to outlast that is a journal's to keep.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::observed::{Observed, Shown};
use crate::canonical::Usage;
use crate::money::Usd;
use crate::names::{CallerName, TargetId};
use crate::telemetry::CallRecord;

/// So many calls can be asked for by name.
const GENERATIONS: usize = 4096;

/// So many rows of days are kept, the latest.
const ROWS: usize = 8192;

/// Seconds of a day.
const DAY: u64 = 86_400;

/// Calls that are over.
#[derive(Debug, Default)]
pub struct Past(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    order: VecDeque<String>,
    generations: HashMap<String, Generation>,
    days: BTreeMap<(u64, Option<TargetId>), Sum>,
    observed: Observed,
}

/// One call.
#[derive(Clone, Debug, Default)]
pub struct Generation {
    /// Its name.
    pub id: String,
    /// Whose call it was.
    pub caller: Option<CallerName>,
    /// Our name for it in the log.
    pub request: String,
    /// When it came, in seconds since 1970.
    pub created: u64,
    /// The model that answered.
    pub model: String,
    /// Who answered.
    pub provider: String,
    /// What was asked for: `completions`, `embeddings`, `rerank`.
    pub api: &'static str,
    /// As a stream.
    pub streamed: bool,
    /// The client left before the end.
    pub cancelled: bool,
    /// Milliseconds to the first token.
    pub first_token: Option<f64>,
    /// Milliseconds in all.
    pub total: f64,
    /// The tokens.
    pub usage: Usage,
    /// What they cost, where that is known.
    pub cost: Option<Usd>,
    /// The conversation that it belongs to.
    pub session: Option<String>,
    /// The client's `user-agent`.
    pub agent: Option<String>,
    /// The client's `http-referer`.
    pub referer: Option<String>,
    /// Who was tried: provider, model, status, milliseconds.
    pub tried: Vec<(String, String, u16, f64)>,
}

/// What calls of one day came to, of one model at one provider.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sum {
    /// Calls.
    pub requests: u64,
    /// Tokens of prompts.
    pub input: u64,
    /// Tokens of answers.
    pub output: u64,
    /// Of these, of reasoning.
    pub reasoning: u64,
    /// Tokens of prompts that came from a provider's cache.
    pub cached: u64,
    /// What they cost, as far as that is known.
    pub cost: Usd,
}

impl Past {
    /// A call is over. `generation`: what can be asked for by its name, where it has one. `seconds`: how long it took;
    /// `now` in seconds since 1970.
    pub fn note(&self, record: &CallRecord, generation: Option<Generation>, seconds: f64, now: u64) {
        let mut kept = self.kept();
        kept.observed.note(record, seconds, now);
        if record.target.is_none() {
            return;
        }
        let (usage, cost) = (record.tokens(), record.cost);
        let sum = kept.days.entry((now / DAY, record.target.clone())).or_default();
        sum.requests += 1;
        sum.input = sum.input.saturating_add(usage.input.unwrap_or(0));
        sum.output = sum.output.saturating_add(usage.output.unwrap_or(0));
        sum.reasoning = sum.reasoning.saturating_add(usage.reasoning.unwrap_or(0));
        sum.cached = sum.cached.saturating_add(usage.cached.unwrap_or(0));
        sum.cost += cost.unwrap_or_default();
        if kept.days.len() > ROWS {
            kept.days.pop_first();
        }
        let Some(generation) = generation else { return };
        kept.order.push_back(generation.id.clone());
        kept.generations.insert(generation.id.clone(), generation);
        if kept.order.len() > GENERATIONS
            && let Some(oldest) = kept.order.pop_front()
        {
            kept.generations.remove(&oldest);
        }
    }

    /// The call of that name.
    pub fn generation(&self, id: &str) -> Option<Generation> {
        self.kept().generations.get(id).cloned()
    }

    /// The days, the latest first: the day as seconds since 1970, and who answered.
    pub fn days(&self) -> Vec<(u64, TargetId, Sum)> {
        let kept = self.kept();
        let rows = kept.days.iter().rev();
        rows.filter_map(|((day, target), sum)| Some((day * DAY, target.clone()?, *sum))).collect()
    }

    /// What was spent on the last `days` days, today included.
    pub fn spent(&self, days: u64, now: u64) -> Usd {
        let first = (now / DAY + 1).saturating_sub(days);
        self.kept().days.range((first, None)..).map(|(_, sum)| sum.cost).sum()
    }

    /// How a target did lately.
    pub fn observed(&self, target: &TargetId, now: u64) -> Shown {
        self.kept().observed.show(target, now)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_found_by_name_and_summed_by_day() {
        let past = Past::default();
        let record = CallRecord::sample();
        let (cost, input) = (record.cost.unwrap().nanos(), record.tokens().input.unwrap());
        for number in 0..GENERATIONS as u64 + 10 {
            let id = format!("gen-{number}");
            let generation = Some(Generation { id, ..Generation::default() });
            past.note(&record, generation, 1.0, if number < 2 { 0 } else { 3 * DAY });
        }
        assert!(past.generation("gen-9").is_none() && past.generation("gen-10").is_some());
        assert_eq!(past.kept().order.len(), GENERATIONS);
        let days = past.days();
        assert_eq!((days.len(), days[1].0, days[1].2.requests, days[1].2.input), (2, 0, 2, 2 * input));
        assert_eq!(days[1].2.cost.nanos(), 2 * cost);
        assert_eq!((past.spent(1, 0), past.spent(3, 3 * DAY + 5)), (past.spent(30, 3 * DAY), days[0].2.cost));
        let nobody = CallRecord { target: None, ..CallRecord::sample() };
        past.note(&nobody, Some(Generation { id: "none".into(), ..Generation::default() }), 1.0, 9 * DAY);
        assert!(past.generation("none").is_none());
    }
}
