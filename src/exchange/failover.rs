//! When, where and how soon a call is tried again.
//!
//! Pure: the plan, the tries so far and the time go in, the next step comes out. What a fault means for the *call* is
//! one row of [`meaning`]; what it means for the *target* is [`crate::health`]'s.
//!
//! Targets are equals: among them a call moves on at once. Fallbacks are second best: before a call leaves the last
//! good target for one, it is patient once, if a try can be spared for it. No repeat ever takes the place of a first
//! try at a target that may be called, nor, once none of these is left, at any other: what is known of a target that
//! failed lately is older than the failure of those that were asked, and it may be back.

use std::time::{Duration, Instant};

use smallvec::SmallVec;

use crate::canonical::FaultKind;
use crate::routing::plan::{Plan, Standing};
use crate::routing::{Policy, RetryOn};

/// A repeat waits up to this long, the next up to twice as long. Also what is waited at most beyond a pause that a
/// provider named, so that not all who were told the same moment come back in it.
const BACKOFF: Duration = Duration::from_millis(250);

/// No pause between two tries is longer, except where the provider itself named one.
const BACKOFF_CAP: Duration = Duration::from_secs(4);

/// Who is over its limit stays away so long when the provider does not say how long.
pub(super) const UNHINTED: Duration = Duration::from_secs(1);

/// What a fault of one kind means for the call.
#[derive(Clone, Copy, Debug)]
pub struct Meaning {
    /// Whether the call may go on at all.
    pub on: On,
    /// What the same target, asked in the same way, is good for.
    pub again: Again,
    /// Who else may do better.
    pub others: Others,
}

/// Whether a call may go on after a fault, before or after its first event.
#[derive(Clone, Copy, Debug)]
pub enum On {
    /// Where `retry.on` has the word for it.
    Said(fn(RetryOn) -> bool),
    /// It is our key, our account, our list of models, our choice of target: never the client's concern.
    Always,
    /// Every target would say so, or nobody is there to hear it, or the time is up.
    Never,
}

/// What the same target is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// It may do better at once: one quick repeat before a fallback is asked.
    Quickly,
    /// It may do better when its pause is over: waited for before a fallback is asked, if that fits `patience`.
    AfterPause,
    /// It has cost too much time already, or hardly changes within seconds: only when nobody else is left.
    LastResort,
    /// It would say the same.
    Never,
}

/// Who else may do better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Others {
    /// Any other target.
    All,
    /// Any whose context is not known to be too small as well.
    WithLargerContext,
    /// Nobody.
    None,
}

/// The table. After the first event it decides in the same way: what goes on, is recovered.
pub fn meaning(kind: FaultKind) -> Meaning {
    use FaultKind::*;
    let row = |on, again, others| Meaning { on, again, others };
    match kind {
        Connect | ConnectTimeout => row(On::Said(|on| on.connect), Again::LastResort, Others::All),
        Reset => row(On::Said(|on| on.connect), Again::Quickly, Others::All),
        Tls => row(On::Said(|on| on.connect), Again::Never, Others::All),
        FirstTokenTimeout | UpstreamTimeout => row(On::Said(|on| on.timeout), Again::LastResort, Others::All),
        IdleTimeout => row(On::Said(|on| on.stream), Again::LastResort, Others::All),
        ServerError => row(On::Said(|on| on.server_error), Again::Quickly, Others::All),
        Overloaded => row(On::Said(|on| on.server_error), Again::AfterPause, Others::All),
        RateLimited => row(On::Said(|on| on.rate_limited), Again::AfterPause, Others::All),
        Empty | Truncated => row(On::Said(|on| on.stream), Again::Quickly, Others::All),
        Malformed => row(On::Said(|on| on.stream), Again::LastResort, Others::All),
        KeyRefused | QuotaExhausted | ModelMissing | Unsupported | Diverged => {
            row(On::Always, Again::Never, Others::All)
        }
        ContextExceeded => row(On::Always, Again::Never, Others::WithLargerContext),
        ContentFiltered => row(On::Said(|on| on.content_filter), Again::Never, Others::All),
        Rejected | BadRequest | TooLarge | ClientTimeout | Forbidden | ClientGone | UnknownModel | NoTarget
        | Excluded | Busy | TotalTimeout | Overtaken | Internal | Unauthorized | OverBudget | OverLimit => {
            row(On::Never, Again::Never, Others::None)
        }
    }
}

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
    /// When that was.
    pub at: Instant,
    /// How long the provider asked us to stay away.
    pub retry_after: Option<Duration>,
    /// The target can be asked in another way at once: with another key, or at another address.
    pub other_way: bool,
    /// The target is not healthy any more.
    pub opened: bool,
    /// It was asked after a [`Next::Wait`].
    pub waited: bool,
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

/// The next step. `allowed` asks the candidate's retry budget, and is asked only for repeats and for targets that are
/// known to fail: a first try at a healthy target is always allowed, so no call is lost while one is there.
pub fn next(plan: &Plan, situation: &Situation<'_>, mut allowed: impl FnMut(usize) -> bool) -> Next {
    let policy = &plan.model.policy;
    let left = (policy.tries as usize).saturating_sub(situation.tried.len());
    let fresh = untried(plan, situation);
    let good = |candidate: &&usize| match plan.order[**candidate].standing {
        Standing::Ready | Standing::OnTrial { .. } => true,
        Standing::Resting { left } => left <= policy.patience,
        Standing::Open { .. } | Standing::Unreachable => false,
    };
    let to_spare = left > fresh.iter().filter(good).count();
    if let Some(last) = situation.tried.last() {
        if left == 0 || situation.now >= situation.deadline {
            return Next::GiveUp;
        }
        if !goes_on(last.kind, policy.retry_on) {
            return another_model(plan, last, &fresh).map_or(Next::GiveUp, Next::Try);
        }
        if last.other_way && to_spare {
            return Next::Try(last.candidate);
        }
        if to_spare
            && let Some((candidate, pause)) = worth_patience(plan, situation, last, &fresh)
            && allowed(candidate)
        {
            return Next::Wait(candidate, pause);
        }
    }
    match fresh.first() {
        Some(first) if matches!(plan.order[*first].standing, Standing::Ready | Standing::OnTrial { .. }) => {
            Next::Try(*first)
        }
        _ => least_bad(plan, situation, &fresh, left, allowed),
    }
}

/// Whether another try may change anything, and is wanted.
fn goes_on(kind: FaultKind, on: RetryOn) -> bool {
    match meaning(kind).on {
        On::Said(word) => word(on),
        On::Always => true,
        On::Never => false,
    }
}

/// The first candidate of a model that the call names behind that of `last`, if there is one: whoever names several wants
/// the next one asked whatever the one before said. Not so where nobody would be served by it.
fn another_model(plan: &Plan, last: &Tried, fresh: &[usize]) -> Option<usize> {
    use FaultKind::*;
    let alternative = |candidate: usize| plan.target(&plan.order[candidate]).alternative;
    let served = !matches!(last.kind, ClientGone | ClientTimeout | TotalTimeout | Overtaken | Busy | Internal);
    let behind = |candidate: &usize| served && alternative(*candidate) > alternative(last.candidate);
    fresh.iter().copied().find(behind)
}

/// The candidates that were not asked yet and may be worth it, the best first.
fn untried(plan: &Plan, situation: &Situation<'_>) -> SmallVec<[usize; 4]> {
    let refused = too_small(plan, situation);
    let asked = |i: &usize| situation.tried.iter().any(|tried| tried.candidate == *i);
    (0..plan.order.len()).filter(|i| !asked(i) && !hopeless(plan, *i, refused)).collect()
}

/// The largest context that is known to be too small.
fn too_small(plan: &Plan, situation: &Situation<'_>) -> Option<u64> {
    let refused = situation.tried.iter().filter(|tried| meaning(tried.kind).others == Others::WithLargerContext);
    refused.filter_map(|tried| plan.target(&plan.order[tried.candidate]).context()).max()
}

/// Its context is known to be no larger than one that was too small.
fn hopeless(plan: &Plan, candidate: usize, too_small: Option<u64>) -> bool {
    let context = plan.target(&plan.order[candidate]).context();
    too_small.zip(context).is_some_and(|(too_small, context)| context <= too_small)
}

/// Whom the call waits for before it leaves the last group that was asked, which it does once: the target asked last,
/// or another of its group.
fn worth_patience(plan: &Plan, situation: &Situation<'_>, last: &Tried, fresh: &[usize]) -> Option<(usize, Duration)> {
    let group = |candidate: usize| plan.order[candidate].group;
    let leaves = fresh.first().is_some_and(|next| group(*next) > group(last.candidate));
    let here = || situation.tried.iter().rev().filter(|tried| group(tried.candidate) == group(last.candidate));
    if !leaves || here().any(|tried| tried.waited) {
        return None;
    }
    let patience = plan.model.policy.patience;
    let good = |tried: &&Tried| {
        let healthy = plan.order[tried.candidate].standing == Standing::Ready && !tried.opened;
        let repeats = matches!(meaning(tried.kind).again, Again::Quickly | Again::AfterPause);
        healthy && repeats && rest(tried) <= patience
    };
    let too_small = too_small(plan, situation);
    let good = here().filter(good).find(|tried| !hopeless(plan, tried.candidate, too_small))?;
    let pause = pause(situation, good);
    (situation.now + pause < situation.deadline).then_some((good.candidate, pause))
}

/// Nothing is left that may be called: what comes back soon, else what is known to fail, else what comes back at all.
fn least_bad(
    plan: &Plan,
    situation: &Situation<'_>,
    fresh: &[usize],
    left: usize,
    mut allowed: impl FnMut(usize) -> bool,
) -> Next {
    // Longer than for a first token nobody waits for a target that said when it will be back: the client is told, and
    // can wait as well as we can.
    let patience = plan.model.policy.patience;
    let longest = plan.model.policy.first_token.max(patience);
    let fits = |pause: Duration| pause <= longest && situation.now + pause < situation.deadline;
    let resting = fresh.iter().filter_map(|i| match plan.order[*i].standing {
        Standing::Resting { left } => Some((*i, left, false)),
        _ => None,
    });
    let out_of_reach = resting.clone().filter(|(_, rest, _)| !fits(*rest)).count();
    let to_spare = left > fresh.len() - out_of_reach;
    let repeats = repeatable(plan, situation).filter(|_| to_spare).map(|(i, pause)| (i, pause, true));
    let soonest = resting.clone().chain(repeats).min_by_key(|(_, pause, _)| *pause);
    let soonest = soonest.filter(|(_, pause, _)| fits(*pause));
    let wait = |allowed: &mut dyn FnMut(usize) -> bool| match soonest {
        Some((candidate, pause, repeat)) if !repeat || allowed(candidate) => Next::Wait(candidate, pause),
        _ => Next::GiveUp,
    };
    if resting.clone().any(|(_, left, _)| left <= patience)
        && let found @ Next::Wait(..) = wait(&mut allowed)
    {
        return found;
    }
    // The call's only hope is always worth one try; after a failed one the budget decides. Not so for a call that began
    // with a target that was well: what is known of the others is older than its failure, and one of them may be back.
    // There are few such calls before that target is known to fail, too.
    let failing = fresh.iter().find(|i| !matches!(plan.order[**i].standing, Standing::Resting { .. }));
    let well =
        |tried: &Tried| matches!(plan.order[tried.candidate].standing, Standing::Ready | Standing::OnTrial { .. });
    match failing {
        Some(candidate) if situation.tried.first().is_none_or(well) || allowed(*candidate) => Next::Try(*candidate),
        _ => wait(&mut allowed),
    }
}

/// The targets that failed in a way that may pass, each with the pause before it is asked again.
fn repeatable<'a>(
    plan: &'a Plan,
    situation: &'a Situation<'_>,
) -> impl Iterator<Item = (usize, Duration)> + Clone + 'a {
    let too_small = too_small(plan, situation);
    let is_last = move |(at, tried): &(usize, &Tried)| {
        situation.tried[at + 1..].iter().all(|later| later.candidate != tried.candidate)
    };
    let latest = situation.tried.iter().enumerate().filter(is_last).map(|(_, tried)| tried);
    latest
        .filter(|tried| meaning(tried.kind).again != Again::Never)
        .filter(move |tried| !hopeless(plan, tried.candidate, too_small))
        .map(|tried| (tried.candidate, pause(situation, tried)))
}

/// How long the target has to be left alone.
fn rest(tried: &Tried) -> Duration {
    match meaning(tried.kind).again {
        Again::AfterPause => tried.retry_after.unwrap_or(UNHINTED),
        _ => tried.retry_after.unwrap_or_default(),
    }
}

/// The pause before it is asked again: what is left of its rest, and a backoff with full jitter.
fn pause(situation: &Situation<'_>, tried: &Tried) -> Duration {
    let times = situation.tried.iter().filter(|other| other.candidate == tried.candidate).count() as u32;
    let ceiling = match tried.retry_after {
        Some(_) => BACKOFF,
        None => (BACKOFF * 2u32.saturating_pow(times - 1)).min(BACKOFF_CAP),
    };
    (tried.at + rest(tried)).saturating_duration_since(situation.now) + ceiling.mul_f64(situation.dice)
}

/// When a call that starts at `start` has used up its whole time.
pub fn deadline(start: Instant, policy: &Policy) -> Instant {
    start + policy.total
}

#[cfg(test)]
mod tests;
