//! Who answers, told to clients that speak OpenRouter's dialect in its words.

use std::sync::Arc;
use std::time::UNIX_EPOCH;

use bytes::Bytes;
use http::{HeaderName, HeaderValue};

use super::answer::{Answer, Rest};
use super::{Call, hold, outbound};
use crate::canonical::Fault;
use crate::openrouter::{self, Answerer, Endpoint, Events, Observed, error, providers};
use crate::routing::Target;
use crate::routing::plan::Plan;
use crate::telemetry::Attempt;
use crate::telemetry::record::{ByName, bounded};

/// `X-Generation-Id`: the name of the answer, by which it can be asked for later.
pub(super) const GENERATION: HeaderName = HeaderName::from_static("x-generation-id");

/// The client's name for the answer, if it speaks that dialect.
pub(super) fn generation(call: &Call) -> Option<HeaderValue> {
    call.spoken.as_ref().map(|spoken| outbound::value(&spoken.generation))
}

/// What is told of `target` beside its answer. `None`: nothing, or it has told so itself.
pub(super) fn answerer(call: &Call, plan: &Plan, target: &Target) -> Option<Answerer> {
    let spoken = call.spoken.as_ref()?;
    if target.provider.kind.name == openrouter::OPENROUTER {
        return None;
    }
    Some(Answerer {
        dialect: call.dialect,
        operation: call.operation,
        generation: spoken.generation.clone(),
        created: call.created,
        provider: providers::display(&target.provider).to_owned(),
        model: model(call, target),
        facts: target.facts.clone(),
        hides_thoughts: spoken.hides_thoughts,
        metadata: spoken.wants_metadata.then(|| route(call, plan, Some(target))),
    })
}

/// The name under which the client can ask for the same again.
fn model(call: &Call, target: &Target) -> String {
    let named = match usize::from(target.alternative) {
        0 => Some(&call.head.model),
        place => call.wishes.models.get(place - 1),
    };
    let name = named.map_or("", |name| openrouter::bare(name));
    if name.contains('/') { name.to_owned() } else { target.id.as_str().to_owned() }
}

/// How the call was routed so far.
fn route(call: &Call, plan: &Plan, selected: Option<&Target>) -> serde_json::Value {
    let targets = || plan.order.iter().map(|candidate| plan.target(candidate));
    let endpoint = |target: &Target| Endpoint {
        provider: providers::display(&target.provider).to_owned(),
        model: model(call, target),
    };
    let available: Vec<Endpoint> = targets().map(endpoint).collect();
    let selected = selected.and_then(|selected| targets().position(|target| target.id == selected.id));
    let tried = call.record.attempts.iter().map(|attempt| {
        let target = targets().find(|target| target.id == attempt.target);
        let unknown = || Endpoint { provider: attempt.target.as_str().to_owned(), model: String::new() };
        (target.map_or_else(unknown, endpoint), status(attempt))
    });
    let several = !call.wishes.models.is_empty();
    openrouter::metadata(&call.head.model, several, &available, selected, &tried.collect::<Vec<_>>())
}

/// The status that came of a try, or the one that fits.
fn status(attempt: &Attempt) -> u16 {
    attempt.status.unwrap_or(if attempt.fault.is_some() { 502 } else { 200 })
}

/// A call that is over is kept in mind as one of those of its targets.
pub(super) fn remember(call: &Call, observed: &Observed) {
    let record = &call.record;
    if !record.attempts.is_empty() {
        let now = UNIX_EPOCH.elapsed().map_or(0, |since| since.as_secs());
        observed.note(record, record.total.as_secs_f64(), now);
    }
}

/// What is kept of a call whose answer has a name, by which its client can ask for it.
pub(super) fn by_name(call: &Call) -> Option<Arc<ByName>> {
    let spoken = call.spoken.as_ref().filter(|_| !call.record.attempts.is_empty())?;
    let header = |name: &str| {
        let text = call.headers.get(name).and_then(|value| value.to_str().ok());
        text.map(|text| bounded(text).into())
    };
    Some(Arc::new(ByName {
        name: spoken.generation.as_str().into(),
        session: call.wishes.session.clone(),
        agent: header("user-agent"),
        referer: header("http-referer"),
    }))
}

/// What is told beside a fault: whose it is, and who was asked before.
pub(super) fn told(call: &Call) -> (Option<String>, Vec<(String, u16)>) {
    let name = |attempt: &Attempt| {
        let id = attempt.target.as_str().split('/').next().unwrap_or_default();
        let provider = call.snapshot.providers.get(id);
        provider.map_or(id, |provider| providers::display(provider)).to_owned()
    };
    let Some((last, before)) = call.record.attempts.split_last() else { return (None, Vec::new()) };
    (Some(name(last)), before.iter().map(|attempt| (name(attempt), status(attempt))).collect())
}

/// A fault as this client is told.
pub(super) fn refusal(call: &Call, fault: &Fault) -> (http::StatusCode, Bytes) {
    let (provider, previous) = told(call);
    let requested = std::iter::once(&*call.record.model_asked).chain(call.wishes.models.iter().map(String::as_str));
    let requested = requested.filter(|name| !name.is_empty()).collect();
    let id = Some(&*call.record.id);
    let told = error::Told { provider: provider.as_deref(), previous, requested, metadata: None, request_id: id };
    error::write(fault, call.dialect, &told)
}

/// Puts a complete answer into the client's words. Of one that is not, what is to become of its events is given back.
pub(super) fn begin<R>(call: &Call, plan: &Plan, answer: &mut Answer<R>) -> Option<Box<Events>> {
    let by = answerer(call, plan, &answer.target)?;
    let streams = call.head.stream && !answer.ready.first().is_some_and(|first| hold::looks_like_json(first));
    match &answer.rest {
        Rest::Nothing(usage, _) if streams => {
            let (mut events, count) = (Events::new(by), answer.ready.len());
            let pieces = std::mem::take(&mut answer.ready).into_iter().enumerate();
            answer.ready = pieces.map(|(index, piece)| events.push(piece, usage, index + 1 == count)).collect();
            None
        }
        Rest::Nothing(usage, _) => {
            if let Some(whole) = by.whole(&answer.ready.concat(), usage) {
                answer.ready = vec![whole];
            }
            None
        }
        Rest::Events(_) => Some(Box::new(Events::new(by))),
        Rest::Bytes(_) => None,
    }
}
