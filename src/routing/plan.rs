//! The order in which one call tries the targets of its model.
//!
//! Groups in their order; within a group the healthy ones by weighted chance. After everything that may be called
//! come the resting and the open ones, the least bad first: a plan leaves nobody out, so that a call is never
//! refused for want of a target that might, after all, answer.
//!
//! Not obvious: a target on trial is put first for few calls only, and behind its healthy equals for the rest. One call
//! has to find out whether it is back; whoever that is may pay with a slow first try.

use std::cmp::Ordering;
use std::sync::Arc;
use std::time::{Duration, Instant};

use smallvec::SmallVec;

use super::{Model, Target};
use crate::health;
use crate::provider::{Key, Provider};

/// With a healthy equal beside it, a target on trial is put first for this share of calls, or for its weight's share
/// where that is less. Under load that finds out within milliseconds; with few calls, most of them stay fast.
const TRIAL_SHARE: f64 = 0.1;

/// A trial that nobody has made for so long is made by the next call: with a call a second, a target would otherwise
/// stay out of use for a minute after it is back.
const TRIAL_OVERDUE: Duration = Duration::from_secs(5);

/// The order of one call.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What is asked for.
    pub model: Arc<Model>,
    /// Every target of the model, the best first.
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
    /// The order for a call that begins `now`. `dice` gives numbers in `0..1`.
    pub fn new(model: Arc<Model>, now: Instant, dice: impl FnMut() -> f64) -> Self {
        let mut seen = SmallVec::<[Seen; 4]>::new();
        for (group, targets) in (0..).zip(&model.groups) {
            for (index, target) in (0..).zip(targets) {
                let candidate = Candidate { group, index, standing: standing(target, now) };
                seen.push(Seen { candidate, weight: target.weight, warmth: target.health.warmth(now) });
            }
        }
        Self { model, order: order(&seen, dice) }
    }

    /// The target that a candidate of this plan stands for.
    pub fn target(&self, candidate: &Candidate) -> &Target {
        &self.model.groups[usize::from(candidate.group)][usize::from(candidate.index)]
    }
}

/// The key for the next try: any that does not rest, or else the one whose rest ends first. `None` if the provider has
/// no keys. `dice` gives a number in `0..1`.
pub fn pick_key(provider: &Provider, now: Instant, dice: impl FnOnce() -> f64) -> Option<&Key> {
    pick_among(&provider.keys, now, dice())
}

/// A target as [`order`] needs it: free of providers and clocks.
#[derive(Clone, Copy, Debug)]
struct Seen {
    candidate: Candidate,
    weight: u32,
    /// What of its share it gets for now.
    warmth: f64,
}

/// What candidates are sorted by; the lowest goes first.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
struct Rank {
    class: Class,
    /// Only what may be called minds its group; the rest goes by time left.
    group: u16,
    seat: Seat,
    /// Within the above: chance among equals, or seconds left.
    score: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
enum Class {
    MayBeCalled,
    Resting,
    Open,
    Unreachable,
}

#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
enum Seat {
    LuckyTrial,
    Weighted,
    /// Weight 0: only when nothing else in its group can.
    Reserve,
    Trial,
}

fn order(seen: &[Seen], mut dice: impl FnMut() -> f64) -> SmallVec<[Candidate; 4]> {
    let mut ranked: SmallVec<[(Rank, Candidate); 4]> =
        seen.iter().map(|one| (rank(one, seen, &mut dice), one.candidate)).collect();
    // Stable, so that what is equally bad keeps the order of the file.
    ranked.sort_by(|(a, _), (b, _)| a.partial_cmp(b).unwrap_or(Ordering::Equal));
    ranked.into_iter().map(|(_, candidate)| candidate).collect()
}

fn rank(one: &Seen, all: &[Seen], dice: &mut impl FnMut() -> f64) -> Rank {
    let by_time_left =
        |class, left: Duration| Rank { class, group: 0, seat: Seat::Weighted, score: left.as_secs_f64() };
    let may_be_called = |seat, score| Rank { class: Class::MayBeCalled, group: one.candidate.group, seat, score };
    match one.candidate.standing {
        Standing::Ready if one.weight == 0 => may_be_called(Seat::Reserve, dice()),
        Standing::Ready => may_be_called(Seat::Weighted, arrival(f64::from(one.weight) * one.warmth, dice())),
        Standing::OnTrial { waited } if dice() < trial_share(one, waited, all) => {
            may_be_called(Seat::LuckyTrial, dice())
        }
        Standing::OnTrial { .. } => may_be_called(Seat::Trial, dice()),
        Standing::Resting { left } => by_time_left(Class::Resting, left),
        Standing::Open { left } => by_time_left(Class::Open, left),
        Standing::Unreachable => by_time_left(Class::Unreachable, Duration::ZERO),
    }
}

/// Weighted order without replacement is a race: each runner arrives after an exponential time whose rate is its
/// weight, and arrives first with the probability of its share (Efraimidis and Spirakis, 2006).
fn arrival(weight: f64, dice: f64) -> f64 {
    -(1.0 - dice).ln() / weight
}

/// How often a target on trial goes first.
fn trial_share(one: &Seen, waited: Duration, all: &[Seen]) -> f64 {
    if waited >= TRIAL_OVERDUE && one.weight > 0 {
        return 1.0;
    }
    let group = all.iter().filter(|other| other.candidate.group == one.candidate.group);
    let may_be_called =
        group.filter(|other| matches!(other.candidate.standing, Standing::Ready | Standing::OnTrial { .. }));
    let total: f64 = may_be_called.map(|other| f64::from(other.weight)).sum();
    if total > 0.0 { TRIAL_SHARE.min(f64::from(one.weight) / total) } else { 0.0 }
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
