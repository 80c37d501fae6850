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
        ..Usage::default()
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn check(usage: Usage, expected: Value) {
        assert_eq!(serde_json::to_value(write(&usage)).unwrap(), expected, "{usage:?}");
    }

    #[test]
    fn the_total_holds_what_the_cache_did() {
        let counted = Usage { output: Some(2), cached: Some(4), cache_write: Some(3), ..Usage::default() };
        let cache = |input, total| {
            json!({"inputTokens": input, "outputTokens": 2, "totalTokens": total, "cacheReadInputTokens": 4,
                "cacheWriteInputTokens": 3})
        };
        check(Usage { input: Some(10), ..counted }, cache(3, 12));
        // Nobody counted the prompt, or less of it than the cache had.
        check(counted, cache(0, 9));
        check(Usage { input: Some(5), ..counted }, cache(0, 9));
        check(
            Usage { input: Some(1), ..Usage::default() },
            json!({"inputTokens": 1, "outputTokens": 0, "totalTokens": 1}),
        );
    }

    /// What is written is read again as the same, also where it is too much to be added up.
    #[test]
    fn a_total_without_end_does_not_overflow() {
        let most = Some(u64::MAX);
        let usage = Usage { input: most, output: most, cached: most, cache_write: most, ..Usage::default() };
        let text = serde_json::to_string(&write(&usage)).unwrap();
        assert_eq!(read(&serde_json::from_str(&text).unwrap()), usage);
    }
}
