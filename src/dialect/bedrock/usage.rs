//! Tokens: Converse counts those of the cache beside the input, the canonical model within it.

use serde::Serialize;

use super::wire;
use crate::canonical::Usage;

/// What was counted.
pub(super) fn read(wire: &wire::Usage<'_>) -> Usage {
    let cached = wire.cache_read_input_tokens.or(wire.cache_read_input_token_count);
    let cache_write = wire.cache_write_input_tokens.or(wire.cache_write_input_token_count);
    let details = wire.cache_details.and_then(|raw| serde_json::from_str::<Vec<wire::CacheDetail<'_>>>(raw.get()).ok());
    let hour = |details: Vec<wire::CacheDetail<'_>>| {
        let hours = details.iter().filter(|detail| detail.ttl == "1h");
        hours.map(|detail| detail.input_tokens).reduce(u64::saturating_add)
    };
    let sum = |input: u64| input.saturating_add(cached.unwrap_or(0)).saturating_add(cache_write.unwrap_or(0));
    Usage {
        input: wire.input_tokens.map(sum),
        output: wire.output_tokens,
        cached,
        cache_write,
        cache_write_1h: details.and_then(hour),
        reasoning: None,
    }
}

/// The same as it is written. The first three are required.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Written {
    input_tokens: u64,
    output_tokens: u64,
    total_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_read_input_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_write_input_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_details: Option<[Detail; 1]>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Detail {
    ttl: &'static str,
    input_tokens: u64,
}

/// Writes it.
pub(super) fn write(usage: &Usage) -> Written {
    let beside = usage.cached.unwrap_or(0).saturating_add(usage.cache_write.unwrap_or(0));
    // What is read from the cache or written to it is part of the prompt, also where nobody counted that.
    let (input, output) = (usage.input.unwrap_or(0).max(beside), usage.output.unwrap_or(0));
    Written {
        input_tokens: input.saturating_sub(beside),
        output_tokens: output,
        total_tokens: input.saturating_add(output),
        cache_read_input_tokens: usage.cached,
        cache_write_input_tokens: usage.cache_write,
        cache_details: usage.cache_write_1h.map(|input_tokens| [Detail { ttl: "1h", input_tokens }]),
    }
}
