//! What a group of calls comes to: each sum is written once a group, not once a call.

use std::collections::{HashMap, HashSet};
use std::ops::AddAssign;

use super::entry::Entry;
use crate::canonical::Usage;
use crate::money::Usd;

/// Names that one day may have; what clients make up beyond that is summed up under one.
const MOST_NAMES: usize = 2_000;

/// The name of those for which there was no room.
const OTHER: &str = "other";

/// What sums are told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key<'e> {
    /// On which day calls began, since 1970.
    pub day: i64,
    /// Who asked.
    pub caller: &'e str,
    /// Which model was served.
    pub model: &'e str,
    /// Who answered.
    pub target: &'e str,
    /// What led them to their model.
    pub route: &'e str,
}

/// What calls came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Calls that ended.
    pub calls: i64,
    /// Those that came to no good end.
    pub failed: i64,
    /// Those of which it is not known what they cost.
    pub unpriced: i64,
    /// Tokens of prompts.
    pub input: i64,
    /// Tokens of answers.
    pub output: i64,
    /// Of `input`: read from a cache.
    pub cached: i64,
    /// Of `input`: written to one.
    pub cache_write: i64,
    /// Of `output`: of reasoning.
    pub reasoning: i64,
    /// Of what is known, what it cost.
    pub cost: Usd,
}

/// The names of a day's sums.
#[derive(Debug, Default)]
pub struct Names {
    day: i64,
    known: HashSet<Box<str>>,
}

/// The sums of `calls`. Answers that broke off are those of their targets.
pub fn of<'e>(calls: &'e [Entry], names: &mut Names) -> HashMap<Key<'e>, Counts> {
    let mut sums = HashMap::new();
    for call in calls {
        let day = call.day();
        let key = Key {
            day,
            caller: call.caller.as_ref().map_or("unknown", |caller| caller.as_str()),
            model: names.take(day, call.model.as_ref().map_or("", |model| model.as_str())),
            target: "",
            route: call.route.as_deref().unwrap_or(""),
        };
        let mut add = |target: &'e str, counts: Counts| {
            let key = Key { target: names.take(day, target), ..key };
            *sums.entry(key).or_insert_with(Counts::default) += counts;
        };
        let (failed, unpriced) = (i64::from(!call.is_success()), i64::from(call.unpriced));
        let answer = Counts { calls: 1, failed, unpriced, ..Counts::of(&call.usage, call.answer_cost) };
        add(call.target.as_ref().map_or("", |target| target.as_str()), answer);
        for one in &call.tries {
            if let Some((usage, cost)) = &one.broke_off {
                add(one.target.as_str(), Counts::of(usage, *cost));
            }
        }
    }
    sums
}

impl Names {
    /// The name under which a sum is kept: its own, while there is room for one more.
    fn take<'n>(&mut self, day: i64, name: &'n str) -> &'n str {
        if self.day < day {
            *self = Self { day, known: HashSet::new() };
        }
        if self.known.contains(name) {
            return name;
        }
        if self.known.len() >= MOST_NAMES {
            return OTHER;
        }
        self.known.insert(name.into());
        name
    }
}

impl Counts {
    fn of(usage: &Usage, cost: Option<Usd>) -> Self {
        let Usage { input, output, cached, cache_write, reasoning, .. } = *usage;
        let [input, output, cached, cache_write, reasoning] =
            [input, output, cached, cache_write, reasoning].map(|tokens| count(tokens).unwrap_or(0));
        Self { input, output, cached, cache_write, reasoning, cost: cost.unwrap_or_default(), ..Self::default() }
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        for (here, more) in [
            (&mut self.calls, other.calls),
            (&mut self.failed, other.failed),
            (&mut self.unpriced, other.unpriced),
            (&mut self.input, other.input),
            (&mut self.output, other.output),
            (&mut self.cached, other.cached),
            (&mut self.cache_write, other.cache_write),
            (&mut self.reasoning, other.reasoning),
        ] {
            *here = here.saturating_add(more);
        }
        self.cost += other.cost;
    }
}

/// Integers of databases have a sign.
pub(super) fn count(tokens: Option<u64>) -> Option<i64> {
    tokens.map(|tokens| i64::try_from(tokens).unwrap_or(i64::MAX))
}
