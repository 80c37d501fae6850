//! How a model chooses among its targets: what the operator said, decided.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use super::constraints::{Bound, Terms};
use super::score::Scoring;
use super::wishes::Percentiles;

/// How a model chooses among its targets.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Choice {
    /// How the ready targets of a group share the calls.
    pub balance: Balance,
    /// The operator has said so.
    pub balance_said: bool,
    /// What a score is made of.
    pub scoring: Scoring,
    /// Hard: no target outside, ever. Each holds.
    pub terms: Vec<Bound>,
    /// Which task the call is, where it says that itself.
    pub task: Option<Box<str>>,
    /// Soft: who is slower comes last.
    pub prefer: Prefer,
    /// Whether a conversation stays where its prompt is cached.
    pub sticky: Sticky,
}

impl Choice {
    /// Holds `terms` as well, for the targets of one of the models that a call names, or for all. Where a quality is asked
    /// for, price decides among those who have it, unless something else is said.
    pub fn hold(&mut self, terms: Arc<Terms>, alternative: Option<u16>) {
        if !terms.min_quality.is_empty() && !self.balance_said && self.balance == Balance::Score {
            self.balance = Balance::Price;
        }
        if !terms.is_empty() {
            self.terms.push(Bound { terms, alternative });
        }
    }
}

/// How the ready targets of a group share the calls.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Balance {
    /// By what a good answer costs: [`super::score`].
    #[default]
    Score,
    /// The cheapest first.
    Price,
    /// The one with the soonest first token first.
    Latency,
    /// The one that writes fastest first.
    Throughput,
    /// The one with the fewest calls under way for its weight first.
    LeastBusy,
    /// At random, in proportion to their weights.
    Weighted,
    /// One after the other.
    RoundRobin(Turn),
}

/// Whose turn it is. All that has grown out of one configuration shares it.
#[derive(Clone, Debug, Default)]
pub struct Turn(Arc<AtomicUsize>);

impl Turn {
    /// The number of this call.
    pub fn next(&self) -> usize {
        self.0.fetch_add(1, Relaxed)
    }

    /// The same turn, for whoever only looks: nobody loses theirs.
    fn aside(&self) -> Self {
        Self(Arc::new(AtomicUsize::new(self.peek())))
    }

    /// The number that the next call will have.
    pub fn peek(&self) -> usize {
        self.0.load(Relaxed)
    }
}

/// Whose turn it is does not make another configuration.
impl PartialEq for Turn {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Balance {
    /// The same, for whoever only looks.
    pub fn aside(&self) -> Self {
        match self {
            Self::RoundRobin(turn) => Self::RoundRobin(turn.aside()),
            other => other.clone(),
        }
    }

    /// As it is written.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Score => "score",
            Self::Price => "price",
            Self::Latency => "latency",
            Self::Throughput => "throughput",
            Self::LeastBusy => "least_busy",
            Self::Weighted => "weighted",
            Self::RoundRobin(_) => "round_robin",
        }
    }
}

/// Soft bounds: who misses one comes after those that keep them all.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Prefer {
    /// At most so many seconds to the first token.
    pub first_token: Percentiles,
    /// At least so many tokens a second.
    pub throughput: Percentiles,
}

/// Whether a conversation stays where its prompt is cached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sticky {
    /// A conversation that has a name stays from its first answer on; one that is known by its beginning, once its
    /// prompt was seen to come from a cache.
    #[default]
    Auto,
    /// Only a conversation that has a name.
    Session,
    /// It does not matter.
    Off,
}
