//! A second target, asked while the first is late: the first real event wins.

use std::pin::pin;
use std::time::Duration;

use smallvec::{SmallVec, smallvec};
use tokio::time::{Instant, timeout};

use super::admission::{self, Entry};
use super::afford;
use super::attempt::Done;
use super::repeat::Effects;
use super::{Call, Exchange};
use crate::canonical::{Fault, FaultKind};
use crate::dialect::doors::Operation;
use crate::routing::Target;
use crate::routing::plan::{Plan, Standing};
use crate::upstream::Transport;

/// The tries of a race. A winner is the last.
pub(super) type Race<'p, R> = SmallVec<[Done<'p, R>; 1]>;

/// When a second target is asked, and which.
pub(super) struct Second {
    late: Duration,
    candidate: usize,
}

/// Whether a second target may be asked when `first` is late: where the operator wants it, where the first has a history
/// that says what late is, and where all targets are well, since an outage is no time for more calls.
pub(super) fn second(call: &Call, plan: &Plan, first: usize) -> Option<Second> {
    let hedge = plan.model.policy.hedge.filter(|_| call.operation == Operation::Chat)?;
    let target = plan.target(&plan.order[first]);
    target.provider.hedge_budget.deposit(hedge.at_most);
    if plan.order.iter().any(|candidate| candidate.standing != Standing::Ready) {
        return None;
    }
    let candidate = (0..plan.order.len()).find(|candidate| *candidate != first)?;
    Some(Second { late: target.health.late_after(hedge.after, call.head.stream)?, candidate })
}

impl<T: Transport> Exchange<T> {
    /// Asks `first`, and the second target when that is late.
    pub(super) async fn race<'p>(
        &self,
        call: &Call,
        plan: &'p Plan,
        (first, entry): (usize, Entry),
        Second { late, candidate }: Second,
    ) -> Race<'p, T::Reply> {
        let policy = &plan.model.policy;
        let target = |candidate: usize| -> &'p Target { plan.target(&plan.order[candidate]) };
        let mut one = pin!(self.attempt(call, policy, (first, target(first)), entry, None));
        if let Ok(done) = timeout(late, one.as_mut()).await {
            return smallvec![done];
        }
        let room = admission::enter(target(candidate)).filter(|_| Effects::of(call).are_none());
        let Some(room) = room.filter(|_| target(first).provider.hedge_budget.withdraw()) else {
            return smallvec![one.await];
        };
        let Ok(held) = afford::a_try(call, &plan.model, target(candidate)) else { return smallvec![one.await] };
        let entry = Entry { room, others_left: false, held };
        let (started, other_started) = (Instant::now() - late, Instant::now());
        let mut other = pin!(self.attempt(call, policy, (candidate, target(candidate)), entry, None));
        // Dropping the loser ends its call at the provider.
        let lost = |candidate, since| {
            let fault = Fault::new(FaultKind::Overtaken, "another target answered first");
            Done::new(candidate, target(candidate), since, Err(fault))
        };
        tokio::select! {
            done = one.as_mut() => match &done.outcome {
                Ok(_) => smallvec![lost(candidate, other_started), done],
                Err(_) => smallvec![done, other.await],
            },
            done = other.as_mut() => match &done.outcome {
                Ok(_) => smallvec![lost(first, started), done],
                Err(_) => smallvec![done, one.await],
            },
        }
    }
}
