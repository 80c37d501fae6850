//! The order in which one call tries the targets of its model.
//!
//! First, who may not answer at all is left out ([`super::constraints`]). Then groups in their order; within a group the
//! healthy ones as [`super::choice::Balance`] says. After everything that may be called come the resting and the open
//! ones, the least bad first: beside what is forbidden a plan leaves nobody out, so that a call is never refused for want
//! of a target that might, after all, answer.
//!
//! Not obvious: a target on trial is put first for few calls only, and behind its healthy equals for the rest. One call
//! has to find out whether it is back; whoever that is may pay with a slow first try.

mod order;
mod table;

use std::sync::Arc;
use std::time::{Duration, Instant};

use smallvec::SmallVec;

use super::score::Estimate;
use super::wishes::Wishes;
use super::{Model, Target, constraints};
use crate::canonical::Fault;
use crate::health;
use crate::names::TargetId;
use crate::provider::{Key, Provider};

pub use table::{Excluded, Seen, Table};

/// What a plan is made for.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// When the call begins.
    pub now: Instant,
    /// What it asks of routing.
    pub wishes: Option<&'a Wishes>,
    /// What is expected of it.
    pub estimate: Estimate,
    /// Tokens of its prompt, where these may be too many for some target: it is not asked.
    pub tokens: Option<u64>,
    /// Tokens that have to fit into a context: of its prompt, and of the answer where the call says how long it may be.
    pub needs: Option<u64>,
    /// Where its conversation was last.
    pub warm: Option<&'a Warm>,
    /// The provider that made what the call brings along, and alone can read it.
    pub maker: Option<&'a str>,
}

impl Question<'_> {
    /// A call of which nothing is known.
    pub fn at(now: Instant) -> Self {
        let estimate = Estimate::default();
        Self { now, wishes: None, estimate, tokens: None, needs: None, warm: None, maker: None }
    }
}

/// Where a conversation was last.
#[derive(Clone, Debug, PartialEq)]
pub struct Warm {
    /// The target.
    pub target: TargetId,
    /// So many tokens of its prompt should be in that one's cache.
    pub tokens: f32,
}

/// The order of one call.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What is asked for.
    pub model: Arc<Model>,
    /// Every target of the model that may answer, the best first.
    pub order: SmallVec<[Candidate; 4]>,
}

/// One target in its place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// Which of [`Model::groups`].
    pub group: u16,
    /// Which of that group.
    pub index: u16,
    /// How it was doing when the plan was made.
    pub standing: Standing,
}

/// How a candidate was doing when the plan was made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Standing {
    /// Nothing speaks against it.
    Ready,
    /// It failed, has rested, and waits for one call to show whether it is back.
    OnTrial {
        /// For so long.
        waited: Duration,
    },
    /// All of its provider's keys rest, or it asked to be left alone itself.
    Resting {
        /// Until it may be asked.
        left: Duration,
    },
    /// It failed lately.
    Open {
        /// Until a trial is due; zero while one is under way.
        left: Duration,
    },
    /// None of its provider's addresses answers to probes.
    Unreachable,
}

impl Plan {
    /// The order for a call. `dice` gives numbers in `0..1`. Where all targets are excluded, it is told by what.
    pub fn new(model: Arc<Model>, question: &Question<'_>, dice: impl FnMut() -> f64) -> Result<Self, Fault> {
        let table = Table::new(&model, question, false);
        if table.seen.is_empty() && !table.excluded.is_empty() {
            let each = table.excluded.iter().map(|out| (model.target(out.group, out.index), &out.why));
            return Err(constraints::nobody(model.name.as_str(), each));
        }
        let order = table.order(&model, question, dice);
        Ok(Self { model, order })
    }

    /// The target that a candidate of this plan stands for.
    pub fn target(&self, candidate: &Candidate) -> &Target {
        self.model.target(candidate.group, candidate.index)
    }
}

/// The key for the next try: any that does not rest, or else the one whose rest ends first. `None` if the provider has
/// no keys. `dice` gives a number in `0..1`.
pub fn pick_key(provider: &Provider, now: Instant, dice: impl FnOnce() -> f64) -> Option<&Key> {
    pick_among(&provider.keys, now, dice())
}

fn standing(target: &Target, now: Instant) -> Standing {
    if !target.provider.endpoint.reachable() {
        return Standing::Unreachable;
    }
    let rest = rest_left(&target.provider.keys, now).max(target.health.resting(now));
    judge(target.health.standing(now), rest, now)
}

/// The breaker's word and the rests' together: where both speak against a target, the longer time counts.
fn judge(health: health::Standing, rest: Option<Duration>, now: Instant) -> Standing {
    match (health, rest) {
        (health::Standing::Open { until }, rest) => {
            Standing::Open { left: until.saturating_duration_since(now).max(rest.unwrap_or_default()) }
        }
        (_, Some(left)) => Standing::Resting { left },
        (health::Standing::Trial { since }, None) => Standing::OnTrial { waited: now.saturating_duration_since(since) },
        (health::Standing::Healthy, None) => Standing::Ready,
    }
}

/// How long until one of the keys may be used; `None` if one may be already, or if none is needed.
fn rest_left(keys: &[Key], now: Instant) -> Option<Duration> {
    let mut soonest = None;
    for key in keys {
        let left = key.health.resting(now)?;
        soonest = Some(soonest.map_or(left, |soonest: Duration| soonest.min(left)));
    }
    soonest
}

fn pick_among(keys: &[Key], now: Instant, dice: f64) -> Option<&Key> {
    let awake = || keys.iter().filter(|key| key.health.resting(now).is_none());
    let chosen = (dice * awake().count() as f64) as usize;
    awake().nth(chosen).or_else(|| keys.iter().min_by_key(|key| key.health.resting(now)))
}

#[cfg(test)]
mod tests;
