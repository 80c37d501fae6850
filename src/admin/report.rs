//! Who answers, and how they are doing: the page `/targets`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use serde::Serialize;
use serde_json::{Value, json};

use crate::canonical::FaultKind;
use crate::health::{KeyHealth, TargetHealth};
use crate::names::TargetId;
use crate::provider::Provider;
use crate::snapshot::Snapshot;

/// The targets that are remembered, and the providers that are configured.
pub(super) fn targets(snapshot: &Snapshot, known: &[Arc<TargetHealth>], now: Instant) -> Value {
    let mut uses = uses(snapshot);
    let targets: Vec<Value> = known
        .iter()
        .map(|health| {
            let (provider, model) = health.id().as_str().split_once('/').unwrap_or_default();
            let used_by = uses.remove(health.id()).unwrap_or_default();
            json!({
                "target": health.id().as_str(), "provider": provider, "model": model, "used_by": used_by,
                "health": health.report(now),
            })
        })
        .collect();
    json!({ "targets": targets, "providers": providers(snapshot, now) })
}

/// One model of the configuration that uses a target.
#[derive(Serialize)]
struct Use<'a> {
    model: &'a str,
    /// 0 is asked first, the others are fallbacks.
    group: usize,
    weight: u32,
}

/// Which models use which target. A target that clients named themselves, as `provider/model`, has none.
fn uses(snapshot: &Snapshot) -> BTreeMap<&TargetId, Vec<Use<'_>>> {
    let mut uses = BTreeMap::<_, Vec<_>>::new();
    for model in snapshot.models.values() {
        for (group, targets) in model.groups.iter().enumerate() {
            for target in targets {
                let user = Use { model: model.name.as_str(), group, weight: target.weight };
                uses.entry(&target.id).or_default().push(user);
            }
        }
    }
    uses.values_mut().for_each(|users| users.sort_by_key(|user| (user.model, user.group)));
    uses
}

/// Where the providers are, and whether their credentials rest.
fn providers(snapshot: &Snapshot, now: Instant) -> Vec<Value> {
    let report = |provider: &Arc<Provider>| {
        json!({
            "provider": provider.id.as_str(),
            "authority": provider.endpoint.authority(),
            "addresses": provider.endpoint.addresses(),
            "reachable": provider.endpoint.reachable(),
            "keys": provider.keys.iter().map(|key| key_report(&key.health, now)).collect::<Vec<_>>(),
        })
    };
    snapshot.providers.values().map(report).collect()
}

fn key_report(key: &KeyHealth, now: Instant) -> Value {
    json!({
        "key": key.id().as_str(),
        "rests_for_ms": key.resting(now).map(|left| left.as_millis() as u64),
        "why": key.why(now).map(FaultKind::as_str),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::admin::fixture;
    use crate::canonical::Fault;

    #[test]
    fn the_report_joins_configuration_and_health() {
        let now = Instant::now();
        let (snapshot, registry) = fixture::configured();
        registry.target(&"openai/gpt-5".into()).start(now).fault(now, &Fault::new(FaultKind::Connect, "refused"));
        registry.dynamic_target(&"openai/org/asked-for".into());
        registry.target(&"openai/gpt-5".into()).rest(now + Duration::from_secs(7));
        registry.key(&"openai#1".into()).rest(now + Duration::from_secs(3), FaultKind::RateLimited);

        let report = targets(&snapshot, &registry.targets(), now);

        let [configured, dynamic] = report["targets"].as_array().expect("a list").as_slice() else {
            panic!("{report}")
        };
        assert_eq!(configured["target"], "openai/gpt-5");
        assert_eq!(configured["used_by"], json!([{"model": "smart", "group": 0, "weight": 80}]));
        assert_eq!(configured["health"]["last_fault"]["kind"], "connect");
        assert_eq!(configured["health"]["paused_for_ms"], 7_000);
        assert!(dynamic["health"]["paused_for_ms"].is_null());
        assert_eq!((&dynamic["provider"], &dynamic["model"]), (&json!("openai"), &json!("org/asked-for")));
        assert_eq!(dynamic["used_by"], json!([]));
        let expected = json!([{
            "provider": "openai", "authority": "api.openai.com", "addresses": 0, "reachable": true,
            "keys": [{"key": "openai#1", "rests_for_ms": 3_000, "why": "rate_limited"}],
        }]);
        assert_eq!(report["providers"], expected);
        assert!(!report.to_string().contains(fixture::SECRET));
    }
}
