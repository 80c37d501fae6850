//! One try at one target.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::admission::Entry;
use super::answer::Answer;
use super::failover::UNHINTED;
use super::hold::Asked;
use super::outbound::{self, Outbound};
use super::patience::Patience;
use super::recover::Joint;
use super::{Call, Exchange, hold};
use crate::canonical::{Fault, FaultKind};
use crate::health;
use crate::ledger::Held;
use crate::provider::auth::{Fetch, Outgoing};
use crate::provider::{Key, Signer};
use crate::routing::plan::pick_key;
use crate::routing::{Policy, Target};
use crate::telemetry::Attempt;
use crate::upstream::{Endpoint, Request, Transport};

/// An account without money or quota is not filled up within seconds.
const REST_BROKE: Duration = Duration::from_secs(10 * 60);

/// What came of one try.
pub(super) struct Done<'p, R> {
    /// Which candidate of the plan was asked.
    pub(super) candidate: usize,
    pub(super) target: &'p Target,
    pub(super) key: Option<&'p Key>,
    pub(super) took: Duration,
    /// It was known to fail: whoever asks it has nothing better.
    pub(super) forced: bool,
    /// What is held for it.
    pub(super) held: Vec<Held>,
    pub(super) outcome: Result<Answer<R>, Fault>,
}

impl<'p, R> Done<'p, R> {
    /// A try that began at `started` and was not seen to its end.
    pub(super) fn new(
        candidate: usize,
        target: &'p Target,
        started: tokio::time::Instant,
        outcome: Result<Answer<R>, Fault>,
    ) -> Self {
        Self { candidate, target, key: None, took: started.elapsed(), forced: false, held: Vec::new(), outcome }
    }

    /// What is told of it.
    pub(super) fn told(&self) -> Attempt {
        let fault = self.outcome.as_ref().err();
        let usage = fault.and_then(|fault| fault.usage.as_deref().copied());
        Attempt {
            target: self.target.id.clone(),
            key: self.key.map(|key| key.id.clone()),
            fault: fault.map(|fault| fault.kind),
            status: self.outcome.as_ref().map_or_else(|fault| fault.status, |answer| Some(answer.status.as_u16())),
            took: self.took,
            usage,
            cost: usage.and_then(|usage| self.target.facts.price.as_ref()?.cost(&usage)),
            forced: self.forced,
            detail: fault.and_then(|fault| fault.detail.clone()),
            ended: self.target.facts.ended(std::time::SystemTime::now()).map(Into::into),
        }
    }
}

impl<T: Transport> Exchange<T> {
    /// One try at `target`.
    pub(super) async fn attempt<'p>(
        &self,
        call: &Call,
        policy: &Policy,
        (candidate, target): (usize, &'p Target),
        mut entry: Entry,
        joint: Option<Joint<'_>>,
    ) -> Done<'p, T::Reply> {
        let started = tokio::time::Instant::now();
        let key = pick_key(&target.provider, started.into_std(), fastrand::f64);
        let forced = is_known_to_fail(target, started.into_std());
        let held = std::mem::take(&mut entry.held);
        let outcome = self.ask(call, policy, (candidate, target), (started, entry), key, joint).await;
        Done { candidate, target, key, took: started.elapsed(), forced, held, outcome }
    }

    async fn ask(
        &self,
        call: &Call,
        policy: &Policy,
        (candidate, target): (usize, &Target),
        (started, Entry { room, others_left, .. }): (tokio::time::Instant, Entry),
        key: Option<&Key>,
        joint: Option<Joint<'_>>,
    ) -> Result<Answer<T::Reply>, Fault> {
        let mut in_flight = target.health.start(started.into_std()).whole(!call.head.stream).with(room);
        let first = policy.first(&target.health, call.head.stream, others_left);
        let patience = Patience::new(call, policy, started + first);
        let asked = Asked { call, policy, patience, joint };
        // Pinned where it is made, here and below: whatever takes a future by value copies all of it.
        let answer = pin!(async {
            let Outbound { mut request, sent } = outbound::request(call, policy, target, key, joint)?;
            // In a block of its own, so that reading the reply takes the same place.
            let reply = {
                let send = pin!(async {
                    if let Some(signer) = &target.provider.signer {
                        // Boxed: few providers want it, and it may ask for a token first.
                        Box::pin(sign(signer, &target.provider.endpoint, &mut request, &self.fetch)).await?;
                    }
                    self.transport.send(&target.provider.endpoint, request).await
                });
                patience.first(send).await?
            };
            hold::first_event(asked, sent, reply).await
        });
        match answer.await {
            Ok(held) => {
                in_flight.answered(now(), held.first_event - started);
                if let Some(key) = key {
                    key.health.success();
                }
                Ok(held.by(candidate, target.clone(), in_flight))
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

/// A fault that is the key's lets that key rest, and a pause that is meant for all lets the target rest. Whether the
/// target may be asked again at once, with another key.
pub(super) fn rest(fault: &Fault, key: Option<&Key>, target: &Target) -> bool {
    let now = now();
    let Some(key) = key.filter(|_| fault.kind != FaultKind::Overloaded) else {
        let pause = match fault.kind {
            FaultKind::RateLimited | FaultKind::Overloaded => fault.retry_after,
            // The account behind a cloud's login. With the client's own credentials it would be that client's alone.
            FaultKind::QuotaExhausted if target.provider.signer.is_some() => Some(REST_BROKE),
            _ => None,
        };
        if let Some(pause) = pause {
            target.health.rest(now + pause);
            tracing::warn!(target = %target.id, reason = %fault.kind, retry_after = ?pause, "target rests");
        }
        return false;
    };
    match fault.kind {
        FaultKind::RateLimited => key.health.rest(now + fault.retry_after.unwrap_or(UNHINTED), fault.kind),
        FaultKind::KeyRefused => key.health.refused(now, fault.retry_after, fault.kind),
        // A hint, where there is one, tells of the limits per minute.
        FaultKind::QuotaExhausted => {
            key.health.rest(now + fault.retry_after.unwrap_or_default().max(REST_BROKE), fault.kind);
        }
        _ => return false,
    }
    if fault.kind == FaultKind::QuotaExhausted {
        tracing::error!(key = %key.id, target = %target.id, reason = %fault.message, "account is out of quota");
    } else {
        tracing::warn!(key = %key.id, reason = %fault.kind, retry_after = ?fault.retry_after, "key rests");
    }
    target.provider.keys.iter().any(|key| key.health.resting(now).is_none())
}

/// Whoever asks it now has nothing better.
fn is_known_to_fail(target: &Target, now: Instant) -> bool {
    let open = matches!(target.health.standing(now), health::Standing::Open { .. });
    open || !target.provider.endpoint.reachable()
}

/// The time that health is told: tokio's clock, which tests can pause.
pub(super) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
