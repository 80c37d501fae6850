//! Tries, one after the other, until a target answers.
//!
//! Nothing of an answer reaches the client before its first real event, so whatever happens until then can still go
//! elsewhere. Where it goes is [`failover`]'s decision.

use std::pin::pin;
use std::time::Instant;

use smallvec::{SmallVec, smallvec};
use tokio::time::sleep;

use super::admission::Entry;
use super::answer::Answer;
use super::attempt::{Done, now, rest};
use super::attended::Attended;
use super::failover::{self, Next, Situation, Tried};
use super::hedge::{self, Race};
use super::recover::Joint;
use super::{Call, Caller, Exchange};
use crate::canonical::{Fault, FaultKind};
use crate::dialect::codec;
use crate::dialect::flow::Given;
use crate::health;
use crate::routing::plan::{Plan, Standing};
use crate::routing::{Policy, Recover, Target};
use crate::upstream::Transport;

/// What was tried for one call so far.
pub(super) struct Tries {
    tried: SmallVec<[Tried; 4]>,
    /// What the client is told if it comes to nothing.
    told: Option<Fault>,
    deadline: Instant,
}

impl Tries {
    pub(super) fn new(call: &Call, plan: &Plan) -> Self {
        let deadline = failover::deadline(call.arrived.into_std(), &plan.model.policy);
        Self { tried: SmallVec::new(), told: None, deadline }
    }

    /// A try at `target` came to nothing, or its answer broke off. `other_way`: it can be asked again at once, in
    /// another way. `waited`: it was waited for.
    pub(super) fn failed(&mut self, candidate: usize, target: &Target, fault: Fault, other_way: bool, waited: bool) {
        let opened = target.health.standing(now()) != health::Standing::Healthy;
        let (kind, retry_after) = (fault.kind, fault.retry_after);
        self.tried.push(Tried { candidate, kind, at: now(), retry_after, other_way, opened, waited });
        self.told = Some(more_useful(self.told.take(), fault));
    }

    /// Notes what came of tries, and gives the answer if there is one.
    fn learn<R>(&mut self, call: &mut Call, race: Race<'_, R>, waited: bool) -> Option<Answer<R>> {
        for done in race {
            call.record.attempts.push(done.told());
            let Done { candidate, target, key, outcome, held, .. } = done;
            match outcome {
                Ok(answer) => {
                    call.held_for_try = held;
                    return Some(answer);
                }
                Err(fault) if fault.kind == FaultKind::Overtaken => {}
                Err(fault) => {
                    let other_way = rest(&fault, key, target) || fault.one_address;
                    self.failed(candidate, target, fault, other_way, waited);
                }
            }
        }
        None
    }

    /// How the answer of `target` is to be joined to what the client has.
    fn joint<'g>(&self, call: &Call, policy: &Policy, target: &Target, given: &'g Given) -> Joint<'g> {
        let diverged = self.tried.iter().any(|tried| tried.kind == FaultKind::Diverged);
        let preferred = diverged || policy.recover == Recover::Continue;
        Joint::new(given, preferred && prefills(call, target))
    }

    fn next(&self, call: &Call, plan: &Plan, given: Option<&Given>) -> Next {
        let now = now();
        // It has just said something else; asked to go on from what the client has, it cannot.
        if let (Some(given), Some(last)) = (given, self.tried.last())
            && last.kind == FaultKind::Diverged
            && self.tried.len() < plan.model.policy.tries as usize
            && given.prefix().is_some()
            && prefills(call, plan.target(&plan.order[last.candidate]))
        {
            return Next::Try(last.candidate);
        }
        let situation = Situation { tried: &self.tried, now, deadline: self.deadline, dice: fastrand::f64() };
        let budget = |candidate: usize| plan.target(&plan.order[candidate]).provider.retry_budget.withdraw(now);
        failover::next(plan, &situation, budget)
    }
}

impl<T: Transport> Exchange<T> {
    /// The next answer that any target of the plan gives. `given`: what the client has of one that broke off.
    pub(super) async fn answer<C: Caller>(
        &self,
        call: &mut Call,
        client: &mut Attended<'_, C>,
        plan: &Plan,
        tries: &mut Tries,
        given: Option<&Given>,
    ) -> Result<Answer<T::Reply>, Fault> {
        loop {
            let (candidate, waited) = match tries.next(call, plan, given) {
                Next::Try(candidate) => (candidate, false),
                Next::Wait(candidate, pause) => {
                    client.wait_for(pin!(sleep(pause))).await?;
                    (candidate, true)
                }
                Next::GiveUp => return Err(tries.told.take().unwrap_or_else(|| nobody(plan))),
            };
            if call.record.attempts.is_empty() {
                call.record.added += call.received.elapsed();
            }
            let (candidate, entry) = self.enter(call, client, plan, tries, candidate).await?;
            let race = self.ask_or_race(call, client, plan, tries, (candidate, entry), given).await;
            if let Some(answer) = tries.learn(call, race, waited) {
                return Ok(answer);
            }
        }
    }

    /// Room for the next try: at `candidate`, or at another that is doing well.
    async fn enter<C: Caller>(
        &self,
        call: &mut Call,
        client: &mut Attended<'_, C>,
        plan: &Plan,
        tries: &mut Tries,
        candidate: usize,
    ) -> Result<(usize, Entry), Fault> {
        let asked = |index: usize| tries.tried.iter().any(|tried| tried.candidate == index);
        match self.room_for_a_try(call, client, plan, candidate, asked, tries.deadline).await {
            // What a provider has said helps more than that another is full.
            Err(full) if matches!(full.kind, FaultKind::Busy | FaultKind::OverLimit | FaultKind::OverBudget) => {
                Err(tries.told.take().unwrap_or(full))
            }
            room => room,
        }
    }

    /// One try, or two at a time where the first is late. What came of each; an answer is the last.
    async fn ask_or_race<'p, C: Caller>(
        &self,
        call: &Call,
        client: &mut Attended<'_, C>,
        plan: &'p Plan,
        tries: &Tries,
        (candidate, entry): (usize, Entry),
        given: Option<&Given>,
    ) -> Race<'p, T::Reply> {
        let (policy, target) = (&plan.model.policy, plan.target(&plan.order[candidate]));
        let first = call.record.attempts.is_empty();
        if first {
            target.provider.retry_budget.deposit(now());
        }
        let started = tokio::time::Instant::now();
        let joint = given.map(|given| tries.joint(call, policy, target, given));
        let asking = pin!(async {
            match first.then(|| hedge::second(call, plan, candidate)).flatten() {
                // Boxed: it is rare, and two tries make a large future.
                Some(second) => Box::pin(self.race(call, plan, (candidate, entry), second)).await,
                None => smallvec![self.attempt(call, policy, (candidate, target), entry, joint).await],
            }
        });
        match client.wait_for(asking).await {
            Ok(race) => race,
            Err(gone) => smallvec![Done::new(candidate, target, started, Err(gone.into()))],
        }
    }
}

/// Which of two faults helps the client more: what a provider said beats what we saw, and what may pass beats what
/// will not.
fn more_useful(told: Option<Fault>, fault: Fault) -> Fault {
    fn rank(kind: FaultKind) -> u8 {
        use FaultKind::*;
        match kind {
            ClientGone | TotalTimeout | Rejected => 10,
            ContextExceeded | ContentFiltered => 9,
            RateLimited => 8,
            Overloaded => 7,
            ServerError => 6,
            UpstreamTimeout | FirstTokenTimeout => 5,
            Empty | Malformed | Truncated => 4,
            QuotaExhausted | ModelMissing => 3,
            KeyRefused => 2,
            _ => 1,
        }
    }
    match told {
        Some(told) if rank(told.kind) > rank(fault.kind) => told,
        _ => fault,
    }
}

/// Not even a first try was worth it: every target rests for longer than anybody waits.
fn nobody(plan: &Plan) -> Fault {
    let rests = plan.order.iter().filter_map(|candidate| match candidate.standing {
        Standing::Resting { left } => Some(left),
        _ => None,
    });
    match rests.min() {
        Some(left) => {
            let message =
                format!("every target of model `{}` rests after a rate limit or an empty account", plan.model.name);
            Fault { retry_after: Some(left), ..Fault::new(FaultKind::RateLimited, message) }
        }
        None => Fault::new(FaultKind::NoTarget, format!("model `{}` has no target", plan.model.name)),
    }
}

/// Whether `target` can be asked to go on from a given text.
fn prefills(call: &Call, target: &Target) -> bool {
    let voice = target.provider.voice(call.dialect, call.operation, &target.model);
    codec::of(voice.dialect).prefills(&codec::Target { model: &target.model, flavour: voice.flavour })
}
