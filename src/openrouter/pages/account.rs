//! Calls that are over, and what they came to.

use chrono::{DateTime, NaiveDate};
use http::StatusCode;
use serde_json::{Value, json};

use super::{Page, Sources, busy, not_found, wrong};
use crate::canonical::FaultKind;
use crate::ledger::journal::report::{By, Of, Sum};
use crate::ledger::{Period, Scope};
use crate::money::Usd;
use crate::names::CallerName;
use crate::openrouter::dollars;
use crate::openrouter::providers::display;

/// There is nothing to be bought here: what is left is told as this, so that no client takes it for none.
const PLENTY: f64 = 1_000_000.0;

/// `/generation?id=`.
pub(super) async fn generation(sources: &Sources<'_>, id: Option<&str>) -> Page {
    let id = id.ok_or_else(|| wrong("`id`: missing".to_owned()))?.to_owned();
    let name = id.clone();
    let found = sources.books.asked(move |books| books.call(&name)).await.ok_or_else(busy)?;
    // Of others' calls nobody is told.
    let own = found.filter(|found| found.caller.as_deref() == sources.caller.map(CallerName::as_str));
    let found = own.ok_or_else(|| not_found(format!("no generation is called `{id}`")))?;
    let name = |target: &str| {
        let (id, model) = target.split_once('/').unwrap_or((target, ""));
        (provider(sources, id).to_owned(), model.to_owned())
    };
    let target = found.target.as_deref().unwrap_or_default();
    let cost = found.cost.map(dollars);
    let tried = found.tries.iter().map(|one| {
        let (provider, model) = name(&one.target);
        let status = one.status.unwrap_or(if one.outcome == "ok" { 200 } else { 502 });
        json!({"provider_name": provider, "model_permaslug": model, "status": status, "latency": one.ms,
            "is_byok": false})
    });
    let mut data = json!({
        "id": found.name, "request_id": found.id, "created_at": time(found.at / 1000),
        "model": target, "provider_name": name(target).0, "api_type": api(&found.operation),
        "streamed": found.stream, "cancelled": found.outcome == FaultKind::ClientGone.as_str(),
        "latency": found.first_ms, "generation_time": found.total_ms,
        "tokens_prompt": found.input, "tokens_completion": found.output, "native_tokens_prompt": found.input,
        "native_tokens_completion": found.output, "native_tokens_reasoning": found.reasoning,
        "native_tokens_cached": found.cached, "session_id": found.session, "user_agent": found.agent,
    });
    let cost_or_none = cost.clone().unwrap_or(0.into());
    let more = json!({
        "total_cost": cost_or_none, "usage": cost_or_none, "upstream_inference_cost": cost, "is_byok": false,
        "origin": found.referer.clone().unwrap_or_default(), "http_referer": found.referer,
        "provider_responses": tried.collect::<Value>(), "data_region": "global",
    });
    let (Some(all), Value::Object(more)) = (data.as_object_mut(), more) else { return Ok(Value::Null) };
    all.extend(more);
    for name in UNKNOWN {
        all.insert(name.to_owned(), Value::Null);
    }
    Ok(json!({"data": data}))
}

/// What there is a place for, and nothing here that would fill it.
const UNKNOWN: [&str; 18] = [
    "upstream_id",
    "moderation_latency",
    "finish_reason",
    "native_finish_reason",
    "service_tier",
    "native_tokens_completion_images",
    "num_media_prompt",
    "num_input_audio_prompt",
    "num_media_completion",
    "num_search_results",
    "num_fetches",
    "web_search_engine",
    "cache_discount",
    "app_id",
    "external_user",
    "preset_id",
    "router",
    "workspace_id",
];

/// `/key`.
pub(super) async fn key(sources: &Sources<'_>) -> Page {
    let days = spent(sources, &[By::Day], None).await?;
    let since = |days_ago: i64| days.iter().filter(move |sum| sum.names[0] >= date(today(sources) - days_ago));
    let of = |days_ago: i64| dollars(since(days_ago).map(|sum| sum.counts.cost).sum::<Usd>());
    let own = Allowance::of(sources);
    Ok(json!({"data": {
        "label": sources.caller.map_or("outrider", CallerName::as_str), "limit": own.as_ref().map(|own| dollars(own.limit)),
        "limit_remaining": own.as_ref().map(|own| dollars(own.left)), "limit_reset": own.as_ref().and_then(|own| own.reset),
        "include_byok_in_limit": false, "usage": of(today(sources)), "usage_daily": of(0), "usage_weekly": of(6),
        "usage_monthly": of(29), "byok_usage": 0, "byok_usage_daily": 0, "byok_usage_weekly": 0,
        "byok_usage_monthly": 0, "is_free_tier": false, "is_management_key": false, "is_provisioning_key": false,
        "creator_user_id": null, "expires_at": null, "organization_id": null, "workspace_id": null,
        "allowed_data_regions": ["global"], "budgets": [], "effective_budget": null,
        "free_model_daily_requests": {"limit": 1_000_000, "remaining": 1_000_000, "used": 0},
        "rate_limit": {"requests": -1, "interval": "10s", "note": "This field is deprecated and safe to ignore."},
    }}))
}

/// `/credits`.
pub(super) async fn credits(sources: &Sources<'_>) -> Page {
    let spent = spent(sources, &[], None).await?.iter().map(|sum| sum.counts.cost).sum::<Usd>();
    let left = Allowance::of(sources).map_or(PLENTY, |own| own.left.dollars());
    Ok(json!({"data": {"total_credits": left + spent.dollars(), "total_usage": dollars(spent)}}))
}

/// `/activity`.
pub(super) async fn activity(sources: &Sources<'_>, day: Option<&str>) -> Page {
    let only = match day.map(|day| (day, NaiveDate::parse_from_str(day, "%Y-%m-%d"))) {
        None => None,
        Some((_, Ok(date))) => Some((date - NaiveDate::default()).num_days()),
        Some((day, Err(_))) => {
            return Err(wrong(format!("`date`: expected a day such as 2026-01-31, not `{day}`")));
        }
    };
    let sums = spent(sources, &[By::Day, By::Target], only).await?;
    let rows = sums.iter().rev().filter(|sum| !sum.names[1].is_empty()).map(|Sum { names, counts }| {
        let [day, model] = [&names[0], &names[1]];
        let provider = provider(sources, model.split('/').next().unwrap_or_default());
        json!({"date": day, "model": model, "model_permaslug": model, "endpoint_id": format!("{provider}: {model}"),
            "provider_name": provider, "usage": dollars(counts.cost), "byok_usage_inference": 0,
            "requests": counts.calls, "prompt_tokens": counts.input, "completion_tokens": counts.output,
            "reasoning_tokens": counts.reasoning, "cached_tokens": counts.cached})
    });
    Ok(json!({"data": rows.collect::<Value>()}))
}

/// What the calls of whoever asks came to: of that day alone, or of all.
async fn spent(sources: &Sources<'_>, by: &'static [By], day: Option<i64>) -> Result<Vec<Sum>, (StatusCode, String)> {
    let caller = Some(sources.caller.map_or("", CallerName::as_str).into());
    let of = day.map_or(Of::ALL, |day| Of { first: day, last: day, caller: None });
    let of = Of { caller, ..of };
    sources.books.asked(move |books| books.sums(by, &of)).await.ok_or_else(busy)
}

/// The budget of money that whoever asks has for themselves.
struct Allowance {
    limit: Usd,
    left: Usd,
    reset: Option<&'static str>,
}

impl Allowance {
    fn of(sources: &Sources<'_>) -> Option<Self> {
        let alone = |scope: &Scope| {
            let Scope { caller, model, headers, provider, target } = scope;
            caller.as_ref() == sources.caller
                && caller.is_some()
                && (model, provider, target) == (&None, &None, &None)
                && headers.is_empty()
        };
        let rule = sources.snapshot.rules.iter().find(|rule| rule.caps.usd.is_some() && alone(&rule.scope))?;
        let (limit, standing) = (rule.caps.usd?, rule.account.standing(&rule.caps));
        let reset = match rule.account.period {
            Period::Day => Some("daily"),
            Period::Week => Some("weekly"),
            Period::Month => Some("monthly"),
            Period::Minute | Period::Hour => None,
        };
        Some(Self { limit, left: (limit - standing.spent.usd - standing.held.usd).max(Usd::ZERO), reset })
    }
}

fn provider<'s>(sources: &Sources<'s>, id: &'s str) -> &'s str {
    sources.snapshot.providers.get(id).map_or(id, |own| display(own))
}

fn today(sources: &Sources<'_>) -> i64 {
    (sources.now / 86_400) as i64
}

pub(super) fn date(day: i64) -> String {
    time(day.saturating_mul(86_400)).get(..10).unwrap_or_default().to_owned()
}

fn time(seconds: i64) -> String {
    let time = DateTime::from_timestamp(seconds, 0);
    time.map(|time| time.format("%Y-%m-%dT%H:%M:%SZ").to_string()).unwrap_or_default()
}

/// What was asked for, in its words.
fn api(operation: &str) -> &'static str {
    match operation {
        "embeddings" => "embeddings",
        "rerank" => "rerank",
        _ => "completions",
    }
}
