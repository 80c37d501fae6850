//! How budgets and limits stand: the page `/spend`.

use serde_json::{Value, json};

use crate::ledger::account::Standing;
use crate::ledger::{Rule, Then};
use crate::snapshot::Snapshot;
use crate::telemetry::BudgetGauges;

/// Each, with what is spent of it, held for calls under way, and left, and until when.
pub(super) fn spend(snapshot: &Snapshot) -> Value {
    json!({ "budgets": snapshot.rules.iter().map(|rule| one(rule)).collect::<Vec<_>>() })
}

fn one(rule: &Rule) -> Value {
    let Standing { spent, held, refused, renewed_in } = rule.account.standing(&rule.caps);
    let mut things = serde_json::Map::new();
    for (name, cap, spent, held) in [
        ("requests", rule.caps.requests, spent.requests, held.requests),
        ("tokens", rule.caps.tokens, spent.tokens, held.tokens),
    ] {
        if let Some(limit) = cap {
            let left = (limit - spent - held).max(0);
            things.insert(name.to_owned(), json!({"limit": limit, "spent": spent, "held": held, "left": left}));
        }
    }
    if let Some(limit) = rule.caps.usd {
        let left = (limit - spent.usd - held.usd).max(crate::money::Usd::ZERO);
        let [limit, spent, held, left] = [limit, spent.usd, held.usd, left].map(|usd| usd.to_string());
        things.insert("usd".to_owned(), json!({"limit": limit, "spent": spent, "held": held, "left": left}));
    }
    let then = match &rule.then {
        Then::Deny => json!("deny"),
        Then::Warn => json!("warn"),
        Then::Next => json!("next"),
        Then::Wait => json!("wait"),
        Then::Fallback(model) => json!({ "fallback": model.as_str() }),
    };
    json!({
        "name": &*rule.name, "per": rule.account.period.as_str(), "then": then, "of": things, "refused": refused,
        "renewed_in_s": renewed_in.map(|pause| pause.as_secs()),
    })
}

/// The same for a scrape.
pub(super) fn gauges(snapshot: &Snapshot) -> impl Iterator<Item = BudgetGauges<'_>> {
    snapshot.rules.iter().map(|rule| {
        let Standing { spent, held, refused, .. } = rule.account.standing(&rule.caps);
        let mut used = spent;
        used += held;
        BudgetGauges { name: &rule.name, used: rule.caps.share_of(&used), refused }
    })
}
