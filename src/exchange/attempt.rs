//! Tries, one after the other, until a target answers.
//!
//! Nothing reaches the client before the first real event of an answer, so whatever happens until then can still go
//! elsewhere. Where it goes is [`failover`]'s decision.

use std::sync::Arc;
use std::time::{Duration, Instant};

use smallvec::SmallVec;
use tokio::time::{sleep, timeout_at};

use super::answer::Answer;
use super::failover::{self, Next, Situation, Tried};
use super::outbound::{self, Outbound};
use super::{Call, Caller, Exchange, Gone, hold};
use crate::canonical::{Fault, FaultKind};
use crate::provider::auth::{Fetch, Outgoing};
use crate::provider::{Key, Signer};
use crate::routing::plan::{Plan, Standing, pick_key};
use crate::routing::{Policy, Target};
use crate::telemetry::Attempt;
use crate::upstream::{Endpoint, Request, Transport};

/// A key that is over its limit rests this long when the provider does not say how long.
const REST_UNHINTED: Duration = Duration::from_secs(1);

/// An account without money or quota is not filled up within seconds.
const REST_BROKE: Duration = Duration::from_secs(10 * 60);

impl<T: Transport> Exchange<T> {
    /// The first answer that any target of the plan gives.
    pub(super) async fn first_answer(
        &self,
        call: &mut Call,
        caller: &mut impl Caller,
        plan: &Plan,
    ) -> Result<Answer<T::Reply>, Fault> {
        let deadline = failover::deadline(call.arrived.into_std(), &plan.model.policy);
        let mut tried = SmallVec::<[Tried; 4]>::new();
        let mut told: Option<Fault> = None;
        loop {
            let now = now();
            let situation = Situation { tried: &tried, now, deadline, dice: fastrand::f64() };
            let budget = |candidate: usize| plan.target(&plan.order[candidate]).provider.retry_budget.withdraw(now);
            let candidate = match failover::next(plan, &situation, budget) {
                Next::Try(candidate) => candidate,
                Next::Wait(candidate, pause) => {
                    tokio::select! {
                        () = caller.gone() => return Err(Gone.into()),
                        () = sleep(pause) => candidate,
                    }
                }
                Next::GiveUp => return Err(told.unwrap_or_else(|| nobody(plan))),
            };
            let target = plan.target(&plan.order[candidate]);
            if tried.is_empty() {
                target.provider.retry_budget.deposit(now);
            }
            let key = pick_key(&target.provider, self::now(), fastrand::f64);
            let started = tokio::time::Instant::now();
            if tried.is_empty() {
                call.record.added += started - call.received;
            }
            let outcome = tokio::select! {
                biased;
                outcome = self.attempt(call, &plan.model.policy, target, key) => outcome,
                () = caller.gone() => Err(Gone.into()),
            };
            call.record.attempts.push(Attempt {
                target: target.id.clone(),
                key: key.map(|key| key.id.clone()),
                fault: outcome.as_ref().err().map(|fault| fault.kind),
                status: outcome.as_ref().map_or_else(|fault| fault.status, |answer| Some(answer.status.as_u16())),
                took: started.elapsed(),
                detail: outcome.as_ref().err().and_then(|fault| fault.detail.clone()),
            });
            let fault = match outcome {
                Ok(answer) => return Ok(answer),
                Err(fault) => fault,
            };
            tried.push(Tried {
                candidate,
                kind: fault.kind,
                retry_after: fault.retry_after,
                other_key: rest(&fault, key, target),
            });
            told = Some(more_useful(told, fault));
        }
    }

    /// One try at one target.
    async fn attempt(
        &self,
        call: &Call,
        policy: &Policy,
        target: &Target,
        key: Option<&Key>,
    ) -> Result<Answer<T::Reply>, Fault> {
        let mut in_flight = target.health.start(now());
        let started = tokio::time::Instant::now();
        let total = call.arrived + policy.total;
        let patience = if call.head.stream { policy.first_token } else { policy.whole_reply };
        let answer = async {
            let Outbound { mut request, sent } = outbound::request(call, policy, target, key)?;
            if let Some(signer) = &target.provider.signer {
                sign(signer, &target.provider.endpoint, &mut request, &self.fetch).await?;
            }
            let reply = self.transport.send(&target.provider.endpoint, request).await?;
            hold::first_event(call, sent, reply).await
        };
        let outcome = match timeout_at((started + patience).min(total), answer).await {
            Ok(outcome) => outcome,
            Err(_) if total <= started + patience => {
                Err(Fault::new(FaultKind::TotalTimeout, "the call's time is used up"))
            }
            Err(_) => Err(Fault::new(FaultKind::FirstTokenTimeout, "the provider did not answer in time")),
        };
        match outcome {
            Ok(held) => {
                in_flight.answered(now(), started.elapsed());
                if let Some(key) = key {
                    key.health.success();
                }
                Ok(held.by(target.clone(), in_flight))
            }
            Err(mut fault) => {
                if let Some(signer) = target.provider.signer.as_ref().filter(|_| fault.kind == FaultKind::KeyRefused) {
                    signer.refused();
                }
                if target.provider.passthrough && fault.kind == FaultKind::KeyRefused {
                    fault.kind = FaultKind::Rejected; // the key is the client's own
                }
                in_flight.fault(now(), &fault);
                Err(fault)
            }
        }
    }
}

/// The credentials of a cloud's login: last, since a signature covers the whole request.
async fn sign(
    signer: &Signer,
    endpoint: &Endpoint,
    request: &mut Request,
    fetch: &Arc<dyn Fetch>,
) -> Result<(), Fault> {
    let Request { method, path, headers, body } = request;
    let outgoing = Outgoing { method, authority: endpoint.authority(), path_and_query: path, body };
    signer.authorize(&outgoing, headers, fetch).await
}

/// A fault that is the key's lets that key rest. Whether the target may be asked again at once, with another one.
fn rest(fault: &Fault, key: Option<&Key>, target: &Target) -> bool {
    let Some(key) = key else { return false };
    let now = now();
    match fault.kind {
        FaultKind::RateLimited => key.health.rest(now + fault.retry_after.unwrap_or(REST_UNHINTED), fault.kind),
        FaultKind::KeyRefused => key.health.refused(now, fault.retry_after, fault.kind),
        FaultKind::QuotaExhausted => key.health.rest(now + fault.retry_after.unwrap_or(REST_BROKE), fault.kind),
        FaultKind::Overloaded if fault.retry_after.is_some() => {
            key.health.rest(now + fault.retry_after.unwrap_or_default(), fault.kind);
            return false; // the provider is overloaded for every key
        }
        _ => return false,
    }
    tracing::warn!(key = %key.id, reason = %fault.kind, retry_after = ?fault.retry_after, "key rests");
    target.provider.keys.iter().any(|key| key.health.resting(now).is_none())
}

/// Which of two faults helps the client more: what a provider said beats what we saw, and what may pass beats what
/// will not.
fn more_useful(told: Option<Fault>, fault: Fault) -> Fault {
    fn rank(kind: FaultKind) -> u8 {
        use FaultKind::*;
        match kind {
            ClientGone | TotalTimeout | Rejected => 9,
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

/// Not even a first try was worth it: every key rests for longer than the call may take.
fn nobody(plan: &Plan) -> Fault {
    let rests = plan.order.iter().filter_map(|candidate| match candidate.standing {
        Standing::Resting { left } => Some(left),
        _ => None,
    });
    match rests.min() {
        Some(left) => {
            let message = format!("every target of model `{}` rests after a rate limit", plan.model.name);
            Fault { retry_after: Some(left), ..Fault::new(FaultKind::RateLimited, message) }
        }
        None => Fault::new(FaultKind::NoTarget, format!("model `{}` has no target", plan.model.name)),
    }
}

/// The time that health is told: tokio's clock, which tests can pause.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
