//! Models, and who serves each of them how well.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{Page, Sources, not_found, wrong};
use crate::catalogue::{Ability, Cache, Facts, Levels, Price, Promise, Table, Tier};
use crate::money::Usd;
use crate::names::TargetId;
use crate::openrouter::providers;
use crate::provider::Provider;
use crate::routing::Target;

/// Where nothing is said, and at most, as OpenRouter has it.
const LIMITS: (usize, usize) = (500, 1000);

/// One provider with one model, as it calls it.
#[derive(Clone)]
struct Offer {
    provider: Arc<Provider>,
    model: String,
}

impl Offer {
    fn facts(&self) -> Arc<Facts> {
        self.provider.facts(&self.model)
    }
}

/// Every name that can be asked for, with those who serve it: what the configuration names, and what the catalogue
/// knows of the providers that are configured.
fn served(sources: &Sources<'_>) -> BTreeMap<String, Vec<Offer>> {
    let snapshot = sources.snapshot;
    let mut all: BTreeMap<String, Vec<Offer>> = BTreeMap::new();
    for (name, model) in &snapshot.models {
        let offer =
            |target: &Target| Offer { provider: target.provider.clone(), model: target.model.as_ref().to_owned() };
        all.insert(name.as_str().to_owned(), model.groups.iter().flatten().map(offer).collect());
    }
    for target in &snapshot.offered {
        if let Some((id, model)) = target.as_str().split_once('/')
            && let Some(provider) = snapshot.providers.get(id)
        {
            let offer = || vec![Offer { provider: provider.clone(), model: model.to_owned() }];
            all.entry(target.as_str().to_owned()).or_insert_with(offer);
        }
    }
    let mut known: BTreeMap<String, Vec<Offer>> = BTreeMap::new();
    for row in snapshot.catalogue.tables().flat_map(Table::rows) {
        for provider in snapshot.providers.values().filter(|provider| provider.kind.name == row.kind) {
            let slug = Some(row.slug()).filter(|slug| slug.contains('/')).map(str::to_owned);
            let name = slug.unwrap_or_else(|| format!("{}/{}", provider.id, row.model));
            let offers = known.entry(name).or_default();
            // Under one name a provider may have several, of which the others are older or dated.
            if offers.iter().all(|offer| offer.provider.id != provider.id) {
                offers.push(Offer { provider: provider.clone(), model: row.model.to_owned() });
            }
        }
    }
    for (name, offers) in known {
        all.entry(name).or_insert(offers);
    }
    all
}

/// `/models/count`.
pub(super) fn count(sources: &Sources<'_>) -> usize {
    served(sources).len()
}

/// `/models`.
pub(super) fn list<'q>(sources: &Sources<'_>, said: &impl Fn(&str) -> Option<&'q str>) -> Page {
    let number = |name: &str, otherwise: f64| match said(name) {
        None => Ok(otherwise),
        Some(text) => text
            .parse()
            .ok()
            .filter(|number| *number >= 0.0)
            .ok_or_else(|| wrong(format!("`{name}`: expected a number, not `{text}`"))),
    };
    let (offset, limit) = (number("offset", 0.0)? as usize, number("limit", LIMITS.0 as f64)? as usize);
    let (context, dearest) = (number("context", 0.0)?, number("max_price", f64::MAX)?);
    let wanted = said("q").map(str::to_lowercase).unwrap_or_default();
    let by = said("providers").map(str::to_lowercase).unwrap_or_default();
    let (by_context, by_price) = (context > 0.0, dearest < f64::MAX);
    let mut rows: Vec<(String, Vec<Offer>)> = served(sources)
        .into_iter()
        .filter(|(name, offers)| {
            let known = |offer: &Offer| providers::slug(providers::display(&offer.provider));
            let long = |offer: &Offer| offer.facts().context.unwrap_or(u64::MAX) as f64 >= context;
            let cheap = |offer: &Offer| input(&offer.facts()).is_some_and(|price| price.dollars() <= dearest);
            name.to_lowercase().contains(&wanted)
                && (!by_context || offers.iter().any(long))
                && (!by_price || offers.iter().any(cheap))
                && (by.is_empty() || offers.iter().any(|offer| by.split(',').any(|name| known(offer) == name)))
        })
        .collect();
    let first = |row: &(String, Vec<Offer>)| row.1.first().map(Offer::facts).unwrap_or_default();
    match said("sort") {
        Some("pricing-low-to-high") => {
            rows.sort_by_cached_key(|row| input(&first(row)).map_or((true, Usd::ZERO), |price| (false, price)));
        }
        Some("pricing-high-to-low") => rows.sort_by_cached_key(|row| std::cmp::Reverse(input(&first(row)))),
        Some("context-high-to-low") => rows.sort_by_cached_key(|row| std::cmp::Reverse(first(row).context)),
        // Of the other orders nothing is known here: the names'.
        _ => {}
    }
    let total = rows.len();
    let limit = limit.clamp(1, LIMITS.1);
    let data: Value = rows.iter().skip(offset).take(limit).map(|(name, offers)| model(sources, name, offers)).collect();
    let next = (offset + limit < total).then(|| format!("/api/v1/models?offset={}&limit={limit}", offset + limit));
    Ok(json!({"data": data, "total_count": total, "links": {"next": next}}))
}

/// `/model/{author}/{slug}`.
pub(super) fn one(sources: &Sources<'_>, name: &str) -> Page {
    let (name, targets) = found(sources, name)?;
    Ok(json!({"data": model(sources, &name, &targets)}))
}

/// `/models/{author}/{slug}/endpoints`.
pub(super) fn endpoints(sources: &Sources<'_>, name: &str) -> Page {
    let (name, targets) = found(sources, name)?;
    let rows: Value = targets.iter().map(|target| endpoint(sources, &name, target)).collect();
    let about = architecture(&targets.first().map(Offer::facts).unwrap_or_default());
    let created = sources.snapshot.catalogue.since();
    Ok(json!({"data": {"id": name, "name": name, "created": created, "description": "", "architecture": about,
        "endpoints": rows}}))
}

/// `/endpoints/zdr`: those who are known to keep nothing.
pub(super) fn zero_retention(sources: &Sources<'_>) -> Value {
    let all = served(sources);
    let keeps_nothing = |offer: &&Offer| offer.facts().retention == Some(Promise::DoesNot);
    let rows = all.iter().flat_map(|(name, targets)| {
        targets.iter().filter(keeps_nothing).map(|target| endpoint(sources, name, target)).collect::<Vec<_>>()
    });
    json!({"data": rows.collect::<Value>()})
}

/// `/providers`.
pub(super) fn providers(sources: &Sources<'_>) -> Value {
    let rows = sources.snapshot.providers.values().map(|provider| {
        let name = providers::display(provider);
        json!({"name": name, "slug": providers::slug(name), "privacy_policy_url": null, "terms_of_service_url": null,
            "status_page_url": null, "headquarters": null, "datacenters": null})
    });
    json!({"data": rows.collect::<Value>()})
}

fn found(sources: &Sources<'_>, name: &str) -> Result<(String, Vec<Offer>), (StatusCode, String)> {
    let mut all = served(sources);
    let targets = all.remove(name).ok_or_else(|| not_found(format!("no model is called `{name}`")))?;
    Ok((name.to_owned(), targets))
}

fn model(sources: &Sources<'_>, name: &str, offers: &[Offer]) -> Value {
    let facts = offers.first().map(Offer::facts).unwrap_or_default();
    let details = format!("/api/v1/models/{name}/endpoints");
    let mut row = json!({
        "id": name, "canonical_slug": name, "name": name, "created": sources.snapshot.catalogue.since(), "description": "",
        "hugging_face_id": null, "context_length": facts.context, "architecture": architecture(&facts),
        "pricing": pricing(&facts),
        "top_provider": {"context_length": facts.context, "max_completion_tokens": facts.output, "is_moderated": false},
        "per_request_limits": null, "supported_parameters": parameters(&facts), "default_parameters": null,
        "supported_voices": null, "knowledge_cutoff": null, "expiration_date": facts.until,
        "links": {"details": details},
    });
    if facts.able.can(Ability::Reasoning) == Some(true) {
        let mut efforts: Vec<&str> = facts.levels.iter().collect();
        efforts.reverse(); // the highest first
        row["reasoning"] = json!({"mandatory": can(&facts, Ability::MandatoryReasoning),
            "supported_efforts": (!efforts.is_empty()).then_some(efforts)});
    }
    row
}

fn can(facts: &Facts, ability: Ability) -> bool {
    facts.able.can(ability) == Some(true)
}

fn architecture(facts: &Facts) -> Value {
    let can = |ability| can(facts, ability);
    let mut input = vec!["text"];
    let further =
        [(Ability::Image, "image"), (Ability::Pdf, "file"), (Ability::Audio, "audio"), (Ability::Video, "video")];
    input.extend(further.into_iter().filter(|(ability, _)| can(*ability)).map(|(_, name)| name));
    let output = match () {
        () if can(Ability::Embedding) => vec!["embeddings"],
        () if can(Ability::Rerank) => vec!["rerank"],
        () if can(Ability::Speech) => vec!["text", "audio"],
        () => vec!["text"],
    };
    let modality = format!("{}->{}", input.join("+"), output.join("+"));
    json!({"modality": modality, "input_modalities": input, "output_modalities": output, "tokenizer": "Other",
        "instruct_type": null})
}

/// What can be asked of it. Where nothing is known of an ability, it is not listed.
fn parameters(facts: &Facts) -> Vec<&'static str> {
    let can = |ability| can(facts, ability);
    let mut all = vec!["max_tokens", "stop"];
    if facts.able.can(Ability::Sampling) != Some(false) {
        all.extend(["temperature", "top_p"]);
    }
    if facts.levels != Levels::default() {
        all.push("reasoning_effort");
    }
    let further: [(Ability, &[&str]); 6] = [
        (Ability::Tools, &["tools"]),
        (Ability::Choice, &["tool_choice"]),
        (Ability::Parallel, &["parallel_tool_calls"]),
        (Ability::Schema, &["response_format", "structured_outputs"]),
        (Ability::Reasoning, &["reasoning", "include_reasoning"]),
        (Ability::Search, &["web_search_options"]),
    ];
    further.into_iter().filter(|(ability, _)| can(*ability)).for_each(|(_, names)| all.extend(names));
    all
}

fn endpoint(sources: &Sources<'_>, name: &str, offer: &Offer) -> Value {
    let (facts, provider) = (offer.facts(), providers::display(&offer.provider));
    let seen = sources.observed.show(&TargetId::new(&offer.provider.id, &offer.model), sources.now);
    let percentiles = |figures: Option<[f64; 4]>| {
        figures.map(|[p50, p75, p90, p99]| json!({"p50": p50, "p75": p75, "p90": p90, "p99": p99}))
    };
    let tag = match &facts.region {
        Some(region) => format!("{}/{region}", providers::slug(provider)),
        None => providers::slug(provider),
    };
    // What the numbers mean nobody says; below zero is not well. The bound is OpenRouter's for providers.
    let well = seen.uptime[0].is_none_or(|uptime| uptime >= 80.0);
    // Newer than the specification, and asked for by the SDKs.
    let (tools, choice) = (can(&facts, Ability::Tools), can(&facts, Ability::Choice));
    let choices = json!({"auto": tools, "none": tools, "required": choice, "function": choice});
    json!({
        "supports_tool_choice": choices, "native_tools": {}, "service_tier": null, "supports_diarization": false,
        "name": format!("{provider}: {}", offer.model), "model_id": name, "model_name": name,
        "provider_name": provider, "tag": tag, "status": if well { 0 } else { -2 },
        "context_length": facts.context.unwrap_or(0), "max_prompt_tokens": facts.context,
        "max_completion_tokens": facts.output, "quantization": facts.quantization, "pricing": pricing(&facts),
        "supported_parameters": parameters(&facts), "supports_implicit_caching": facts.cache == Some(Cache::Auto),
        "uptime_last_5m": seen.uptime[0], "uptime_last_30m": seen.uptime[1], "uptime_last_1d": seen.uptime[2],
        "latency_last_5m": percentiles(seen.latency[0]), "throughput_last_5m": percentiles(seen.throughput[0]),
        "latency_last_30m": percentiles(seen.latency[1]), "throughput_last_30m": percentiles(seen.throughput[1]),
        "latency_last_1d": percentiles(seen.latency[2]), "throughput_last_1d": percentiles(seen.throughput[2]),
    })
}

/// Prices as decimals, in dollars for one token. `-1`, as OpenRouter has it where a price depends: it is not known.
fn pricing(facts: &Facts) -> Value {
    let unknown = Price::default();
    let price = facts.price.as_ref().unwrap_or(&unknown);
    let mut prices = Map::new();
    for (name, amount) in [("prompt", price.input), ("completion", price.output)] {
        prices.insert(name.to_owned(), amount.map_or_else(|| "-1".to_owned(), each).into());
    }
    let further = [
        ("input_cache_read", price.cache_read),
        ("input_cache_write", price.cache_write),
        ("input_cache_write_1h", price.cache_write_1h),
        ("internal_reasoning", price.reasoning),
        ("audio", price.audio),
    ];
    for (name, amount) in further {
        if let Some(amount) = amount {
            prices.insert(name.to_owned(), each(amount).into());
        }
    }
    for (name, amount) in [("request", price.request), ("image", price.image)] {
        if let Some(amount) = amount {
            prices.insert(name.to_owned(), amount.to_string().into());
        }
    }
    if !price.tiers.is_empty() {
        prices.insert("overrides".to_owned(), price.tiers.iter().map(longer).collect());
    }
    Value::Object(prices)
}

/// What is otherwise where the prompt has more tokens.
fn longer(tier: &Tier) -> Value {
    let mut prices = Map::from_iter([("min_prompt_tokens".to_owned(), tier.above.into())]);
    let amounts = [
        ("prompt", tier.input),
        ("completion", tier.output),
        ("input_cache_read", tier.cache_read),
        ("input_cache_write", tier.cache_write),
        ("input_cache_write_1h", tier.cache_write_1h),
    ];
    for (name, amount) in amounts {
        if let Some(amount) = amount {
            prices.insert(name.to_owned(), each(amount).into());
        }
    }
    Value::Object(prices)
}

fn input(facts: &Facts) -> Option<Usd> {
    facts.price.as_ref().and_then(|price| price.input)
}

/// What one of a million costs, exactly.
fn each(million: Usd) -> String {
    let digits = format!("{:016}", million.nanos().unsigned_abs());
    let (whole, part) = digits.split_at(digits.len() - 15);
    let part = part.trim_end_matches('0');
    if part.is_empty() { whole.to_owned() } else { format!("{whole}.{part}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_of_one_token_are_exact() {
        for (million, token) in [
            ("3", "0.000003"),
            ("0.1", "0.0000001"),
            ("1000000", "1"),
            ("0", "0"),
            ("0.000000001", "0.000000000000001"),
        ] {
            assert_eq!(each(Usd::parse(million).unwrap()), token);
        }
    }
}
