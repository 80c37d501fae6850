//! When, where and how soon a call is tried again.
//!
//! Pure: the plan, the tries so far and the time go in, the next step comes out. Everything that a fault means for
//! the *call* is decided here; what it means for the *target* is [`crate::health`]'s.

use std::time::{Duration, Instant};

use crate::canonical::FaultKind;
use crate::routing::plan::{Plan, Standing};
use crate::routing::{Policy, RetryOn};

/// The first repeat against a target that just failed waits up to this long, the next up to twice as long.
const BACKOFF: Duration = Duration::from_millis(250);

/// No pause between two tries is longer, except where the provider itself named one.
const BACKOFF_CAP: Duration = Duration::from_secs(4);

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Next {
    /// Ask this candidate (an index into [`Plan::order`]) now.
    Try(usize),
    /// Ask it after so long.
    Wait(usize, Duration),
    /// Tell the client.
    GiveUp,
}

/// One try that failed.
#[derive(Clone, Copy, Debug)]
pub struct Tried {
    /// Whom we asked, as an index into [`Plan::order`].
    pub candidate: usize,
    /// What came of it.
    pub kind: FaultKind,
    /// How long the provider asked us to stay away.
    pub retry_after: Option<Duration>,
    /// The provider has another key, which does not rest.
    pub other_key: bool,
}

/// What a decision is made from, besides the plan.
pub struct Situation<'a> {
    /// The tries so far, in order.
    pub tried: &'a [Tried],
    /// Now.
    pub now: Instant,
    /// When the call's whole time is used up.
    pub deadline: Instant,
    /// From 0 to 1, for the jitter.
    pub dice: f64,
}

/// The next step. `allowed` asks the candidate's retry budget, and is asked only for repeats against targets that
/// are known to fail: a first try at a healthy target is always allowed, so no call is lost while one is there.
pub fn next(plan: &Plan, situation: &Situation<'_>, mut allowed: impl FnMut(usize) -> bool) -> Next {
    let policy = &plan.model.policy;
    if let Some(last) = situation.tried.last() {
        let enough = situation.tried.len() >= policy.tries as usize;
        if enough || situation.now >= situation.deadline || !may_go_on(last.kind, policy.retry_on) {
            return Next::GiveUp;
        }
        if last.other_key {
            return Next::Try(last.candidate);
        }
        if let Some(wait) = worth_waiting_for(plan, situation, last) {
            return fits(situation, Next::Wait(last.candidate, wait));
        }
    }
    match untried(plan, situation) {
        Some(candidate) => first_try(plan, situation, candidate, allowed),
        None => match repeatable(situation) {
            Some(tried) if allowed(tried.candidate) => fits(situation, again(situation, tried)),
            _ => Next::GiveUp,
        },
    }
}

/// Whether another try may change anything.
fn may_go_on(kind: FaultKind, on: RetryOn) -> bool {
    use FaultKind::*;
    match kind {
        Connect | ConnectTimeout | Tls | Reset => on.connect,
        FirstTokenTimeout | UpstreamTimeout => on.timeout,
        Overloaded | ServerError => on.server_error,
        RateLimited => on.rate_limited,
        Empty | Malformed | Truncated | IdleTimeout => on.stream,
        // Our key, our account, our list of models: never the client's concern.
        QuotaExhausted | KeyRefused | ModelMissing | Unsupported | Diverged => true,
        // Every target would say so, or nobody is there to hear it.
        Rejected | BadRequest | TooLarge | ClientTimeout | Forbidden | ClientGone | UnknownModel | NoTarget
        | TotalTimeout | Internal => false,
    }
}

/// Among targets a call moves on at once, but before it leaves the last one for a fallback it is patient: a pause
/// that the provider named is waited for when it fits `retry.patience`.
fn worth_waiting_for(plan: &Plan, situation: &Situation<'_>, last: &Tried) -> Option<Duration> {
    let pause = last.retry_after.filter(|pause| *pause <= plan.model.policy.patience)?;
    let group = plan.order[last.candidate].group;
    let next = untried(plan, situation)?;
    let leaves_its_group = plan.order[next].group > group;
    let first_wait = situation.tried.iter().filter(|t| t.candidate == last.candidate).count() == 1;
    (leaves_its_group && first_wait).then_some(pause)
}

/// The next candidate of the plan that was not asked yet.
fn untried(plan: &Plan, situation: &Situation<'_>) -> Option<usize> {
    (0..plan.order.len()).find(|i| situation.tried.iter().all(|tried| tried.candidate != *i))
}

fn first_try(plan: &Plan, situation: &Situation<'_>, candidate: usize, mut allowed: impl FnMut(usize) -> bool) -> Next {
    match plan.order[candidate].standing {
        Standing::Ready | Standing::OnTrial => Next::Try(candidate),
        // Nothing better is left. Its keys come back by themselves, and asking earlier would only prolong that.
        Standing::Resting { left } => {
            let back = |tried: &Tried| tried.retry_after.filter(|_| repeats(tried.kind)).unwrap_or(Duration::MAX);
            match situation.tried.iter().filter(|tried| back(tried) < left).min_by_key(|tried| back(tried)) {
                Some(sooner) => fits(situation, Next::Wait(sooner.candidate, back(sooner))),
                None => fits(situation, Next::Wait(candidate, left)),
            }
        }
        // Nothing better is left than a target that is known to fail. The call's only hope is always worth one try;
        // after a failed one the budget decides.
        Standing::Open { .. } | Standing::Unreachable => {
            if situation.tried.is_empty() || allowed(candidate) {
                Next::Try(candidate)
            } else {
                Next::GiveUp
            }
        }
    }
}

/// Of the targets that failed in a way that may pass, the one that is back first.
fn repeatable<'a>(situation: &'a Situation<'_>) -> Option<&'a Tried> {
    let last_of = |candidate| situation.tried.iter().rev().find(move |tried| tried.candidate == candidate);
    let candidates = situation.tried.iter().filter_map(|tried| last_of(tried.candidate));
    candidates.filter(|tried| repeats(tried.kind)).min_by_key(|tried| tried.retry_after.unwrap_or_default())
}

/// The same target may do better next time.
fn repeats(kind: FaultKind) -> bool {
    !matches!(
        kind,
        FaultKind::KeyRefused
            | FaultKind::QuotaExhausted
            | FaultKind::ModelMissing
            | FaultKind::Unsupported
            | FaultKind::Tls
    )
}

/// The same target again, after the pause it named, or after a backoff with full jitter.
fn again(situation: &Situation<'_>, tried: &Tried) -> Next {
    let repeats = situation.tried.iter().filter(|t| t.candidate == tried.candidate).count() as u32;
    let ceiling = (BACKOFF * 2u32.saturating_pow(repeats - 1)).min(BACKOFF_CAP);
    Next::Wait(tried.candidate, tried.retry_after.unwrap_or(ceiling.mul_f64(situation.dice)))
}

/// `next`, unless the call's time is over before it.
fn fits(situation: &Situation<'_>, next: Next) -> Next {
    match next {
        Next::Wait(_, pause) if situation.now + pause >= situation.deadline => Next::GiveUp,
        next => next,
    }
}

/// When a call that starts at `start` has used up its whole time.
pub fn deadline(start: Instant, policy: &Policy) -> Instant {
    start + policy.total
}
