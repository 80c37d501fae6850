//! Calls that are over, and what they came to.

use chrono::{DateTime, NaiveDate};
use serde_json::{Value, json};

use super::{Page, Sources, not_found, wrong};
use crate::openrouter::dollars;
use crate::openrouter::providers::display;

/// There is nothing to be bought here: what is left is told as this, so that no client takes it for none.
const PLENTY: f64 = 1_000_000.0;

/// `/generation?id=`.
pub(super) fn generation(sources: &Sources<'_>, id: Option<&str>) -> Page {
    let id = id.ok_or_else(|| wrong("`id`: missing".to_owned()))?;
    // Of others' calls nobody is told.
    let own = sources.past.generation(id).filter(|found| found.caller.as_ref() == sources.caller);
    let found = own.ok_or_else(|| not_found(format!("no generation is called `{id}`")))?;
    let usage = found.usage;
    let cost = found.cost.map(dollars);
    let tried = found.tried.iter().map(|(provider, model, status, took)| {
        json!({"provider_name": provider, "model_permaslug": model, "status": status, "latency": took,
            "is_byok": false})
    });
    let mut data = json!({
        "id": found.id, "request_id": found.request, "created_at": time(found.created),
        "model": found.model, "provider_name": found.provider, "api_type": found.api, "streamed": found.streamed,
        "cancelled": found.cancelled, "latency": found.first_token, "generation_time": found.total,
        "tokens_prompt": usage.input, "tokens_completion": usage.output, "native_tokens_prompt": usage.input,
        "native_tokens_completion": usage.output, "native_tokens_reasoning": usage.reasoning,
        "native_tokens_cached": usage.cached, "session_id": found.session, "user_agent": found.agent,
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
pub(super) fn key(sources: &Sources<'_>) -> Value {
    let spent = |days| dollars(sources.past.spent(days, sources.now));
    json!({"data": {
        "label": "outrider", "limit": null, "limit_remaining": null, "limit_reset": null,
        "include_byok_in_limit": false, "usage": spent(u64::MAX), "usage_daily": spent(1), "usage_weekly": spent(7),
        "usage_monthly": spent(30), "byok_usage": 0, "byok_usage_daily": 0, "byok_usage_weekly": 0,
        "byok_usage_monthly": 0, "is_free_tier": false, "is_management_key": false, "is_provisioning_key": false,
        "creator_user_id": null, "expires_at": null, "organization_id": null, "workspace_id": null,
        "allowed_data_regions": ["global"], "budgets": [], "effective_budget": null,
        "free_model_daily_requests": {"limit": 1_000_000, "remaining": 1_000_000, "used": 0},
        "rate_limit": {"requests": -1, "interval": "10s", "note": "This field is deprecated and safe to ignore."},
    }})
}

/// `/credits`.
pub(super) fn credits(sources: &Sources<'_>) -> Value {
    let spent = sources.past.spent(u64::MAX, sources.now);
    json!({"data": {"total_credits": PLENTY + spent.dollars(), "total_usage": dollars(spent)}})
}

/// `/activity`.
pub(super) fn activity(sources: &Sources<'_>, date: Option<&str>) -> Page {
    if let Some(date) = date.filter(|date| NaiveDate::parse_from_str(date, "%Y-%m-%d").is_err()) {
        return Err(wrong(format!("`date`: expected a day such as 2026-01-31, not `{date}`")));
    }
    let rows = sources.past.days().into_iter().filter_map(|(day, target, sum)| {
        let provider = sources.snapshot.providers.get(target.provider()).map_or(target.provider(), |own| display(own));
        let model = target.as_str();
        let day = time(day).get(..10)?.to_owned();
        date.is_none_or(|date| date == day).then(|| {
            json!({"date": day, "model": model, "model_permaslug": model, "endpoint_id": format!("{provider}: {model}"),
                "provider_name": provider, "usage": dollars(sum.cost), "byok_usage_inference": 0,
                "requests": sum.requests, "prompt_tokens": sum.input, "completion_tokens": sum.output,
                "reasoning_tokens": sum.reasoning, "cached_tokens": sum.cached})
        })
    });
    Ok(json!({"data": rows.collect::<Value>()}))
}

fn time(seconds: u64) -> String {
    let time = i64::try_from(seconds).ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    time.map(|time| time.format("%Y-%m-%dT%H:%M:%SZ").to_string()).unwrap_or_default()
}

/// What was asked for, in its words.
pub fn api(operation: &str) -> &'static str {
    match operation {
        "embeddings" => "embeddings",
        "rerank" => "rerank",
        _ => "completions",
    }
}
