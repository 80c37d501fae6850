//! The answers of the operator's door, ready to be sent.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use http::Response;
use http::header::CONTENT_TYPE;
use serde_json::Value;

use super::spend;
use crate::health::Registry;
use crate::health::gate::Gate;
use crate::names::TargetId;
use crate::provider::Key;
use crate::snapshot::Snapshot;
use crate::telemetry::{GateGauges, Metrics, ProviderGauges, TargetGauges};

/// The page at `/`.
pub(super) const INDEX: &str = "\
outrider

/healthz   the process runs
/readyz    calls can be served
/metrics   counters, for Prometheus
/targets   who answers, and how they are doing
/spend     budgets and limits, and what is left of them
/config    the configuration in use, without its secrets
/explain   POST {\"model\", \"body\", \"headers\", \"path\", \"caller\"}: what would become of such a call, and why
";

/// The answer to a scrape.
pub(super) fn metrics(metrics: &Metrics, snapshot: &Snapshot, registry: &Registry) -> Response<Vec<u8>> {
    let (known, mut uses) = (registry.targets(), uses(snapshot));
    let targets = known.iter().map(|target| {
        let (models, reachable) = uses.remove(target.id()).unwrap_or_default();
        TargetGauges {
            target: target.id().as_str(),
            breaker: target.breaker_state(),
            models: models.into_iter().collect(),
            reachable,
            in_flight: target.in_flight(),
        }
    });
    let now = Instant::now();
    let providers = snapshot.providers.values().map(|provider| ProviderGauges {
        provider: provider.id.as_str(),
        reachable: provider.endpoint.reachable(),
        resting: provider.keys.iter().filter_map(|key| resting(key, now)).collect(),
    });
    let text = metrics.render(targets, providers, gates(snapshot, registry), spend::gauges(snapshot));
    respond(200, Metrics::CONTENT_TYPE, text.into_bytes())
}

/// Which models use which target, each once, and whether it can be reached.
fn uses(snapshot: &Snapshot) -> BTreeMap<&TargetId, (BTreeSet<&str>, bool)> {
    let mut uses = BTreeMap::<_, (BTreeSet<_>, _)>::new();
    for model in snapshot.models.values() {
        for target in model.groups.iter().flatten() {
            let (models, reachable) = uses.entry(&target.id).or_default();
            models.insert(model.name.as_str());
            *reachable = target.provider.endpoint.reachable();
        }
    }
    uses
}

/// Each limit of the configuration, once.
fn gates<'a>(snapshot: &'a Snapshot, registry: &'a Registry) -> impl Iterator<Item = GateGauges<'a>> {
    let show = |(scope, name), gate: &Gate| GateGauges {
        scope,
        name,
        waiting: gate.waiting(),
        turned_away: gate.turned_away(),
    };
    let process = snapshot.max_in_flight.map(|_| show(("process", ""), registry.gate()));
    let providers = snapshot.providers.values().filter(|provider| provider.max_in_flight.is_some());
    let providers = providers.map(move |provider| show(("provider", provider.id.as_str()), &provider.gate));
    let targets = snapshot.targets().filter(|target| target.max_in_flight.is_some());
    // A target may stand in several models.
    let targets: BTreeMap<_, _> = targets.map(|target| (target.id.as_str(), target.health.gate())).collect();
    let targets = targets.into_iter().map(move |(id, gate)| show(("target", id), gate));
    process.into_iter().chain(providers).chain(targets)
}

fn resting(key: &Key, now: Instant) -> Option<(&str, &'static str)> {
    Some((key.id.as_str(), key.health.why(now)?.as_str()))
}

/// The answer to a load balancer.
pub(super) fn ready(reason: Option<&str>) -> Response<Vec<u8>> {
    match reason {
        None => text(200, "ready\n"),
        Some(reason) => text(503, &format!("{reason}\n")),
    }
}

/// A page of text.
pub(super) fn text(status: u16, text: &str) -> Response<Vec<u8>> {
    respond(status, "text/plain; charset=utf-8", text.into())
}

/// A page of JSON, indented for people with curl.
pub(super) fn json(status: u16, value: &Value) -> Response<Vec<u8>> {
    respond(status, "application/json", format!("{value:#}\n").into_bytes())
}

fn respond(status: u16, content_type: &'static str, body: Vec<u8>) -> Response<Vec<u8>> {
    Response::builder().status(status).header(CONTENT_TYPE, content_type).body(body).expect("constants of this file")
}
