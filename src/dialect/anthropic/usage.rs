//! Tokens: this dialect counts what came from or went to the cache apart from `input_tokens`.

use serde::Serialize;

use super::wire;
use crate::canonical::Usage;

/// What was counted so far. Counts of a stream are of the whole answer, and what one leaves out another has said.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counted {
    input: Option<u64>,
    cached: Option<u64>,
    cache_write: Option<u64>,
    cache_write_1h: Option<u64>,
    output: Option<u64>,
    reasoning: Option<u64>,
    searches: Option<u64>,
}

impl Counted {
    /// A later count. Some servers know the input only at the end, and say 0 until then; or the other way round.
    pub(super) fn update(&mut self, wire: &wire::Usage<'_>) {
        let later = |count: &mut Option<u64>, new: Option<u64>| {
            *count = new.filter(|new| *new > 0).or(*count).or(new);
        };
        later(&mut self.input, wire.input_tokens);
        later(&mut self.cached, wire.cache_read_input_tokens);
        later(&mut self.cache_write, wire.cache_creation_input_tokens);
        let kept = wire.cache_creation.as_ref().and_then(|creation| creation.ephemeral_1h_input_tokens);
        later(&mut self.cache_write_1h, kept);
        later(&mut self.output, wire.output_tokens);
        let details = wire.output_tokens_details.as_ref();
        later(&mut self.reasoning, details.and_then(|details| details.thinking_tokens));
        later(&mut self.searches, wire.server_tool_use.as_ref().and_then(|tools| tools.web_search_requests));
    }

    /// The count as all dialects have it.
    pub(super) fn usage(&self) -> Usage {
        let cache = self.cached.unwrap_or(0).saturating_add(self.cache_write.unwrap_or(0));
        Usage {
            input: self.input.map(|input| input.saturating_add(cache)),
            output: self.output,
            cached: self.cached,
            cache_write: self.cache_write,
            cache_write_1h: self.cache_write_1h,
            reasoning: self.reasoning,
            searches: self.searches,
            ..Usage::default()
        }
    }
}

/// Reads the usage of a whole reply.
pub(super) fn read(wire: &wire::Usage<'_>) -> Usage {
    let mut counted = Counted::default();
    counted.update(wire);
    counted.usage()
}

/// `usage` of a reply, and of the beginning of a stream. A client's SDK needs each member to be there.
#[derive(Serialize)]
pub(super) struct Written<'a> {
    input_tokens: u64,
    cache_creation_input_tokens: u64,
    cache_read_input_tokens: u64,
    cache_creation: Kept,
    output_tokens: u64,
    output_tokens_details: Option<Thought>,
    server_tool_use: Option<Searched>,
    service_tier: Option<&'a str>,
    inference_geo: Option<()>,
}

#[derive(Serialize)]
struct Kept {
    ephemeral_5m_input_tokens: u64,
    ephemeral_1h_input_tokens: u64,
}

#[derive(Serialize)]
struct Thought {
    thinking_tokens: u64,
}

#[derive(Serialize)]
struct Searched {
    web_search_requests: u64,
    web_fetch_requests: u64,
}

/// What was searched for; the vendor says nothing where nothing was.
fn searched(usage: &Usage) -> Option<Searched> {
    let searches = usage.searches.filter(|searches| *searches > 0)?;
    Some(Searched { web_search_requests: searches, web_fetch_requests: 0 })
}

/// `usage` of a stream's end.
#[derive(Serialize)]
pub(super) struct WrittenDelta {
    input_tokens: u64,
    cache_creation_input_tokens: u64,
    cache_read_input_tokens: u64,
    output_tokens: u64,
    output_tokens_details: Option<Thought>,
    server_tool_use: Option<Searched>,
}

/// What is neither read from nor written to the cache. A provider whose counts do not fit together gives 0.
fn fresh(usage: &Usage) -> u64 {
    let cache = usage.cached.unwrap_or(0).saturating_add(usage.cache_write.unwrap_or(0));
    usage.input.unwrap_or(0).saturating_sub(cache)
}

/// Writes the usage of a reply.
pub(super) fn write<'a>(usage: &Usage, service_tier: Option<&'a str>) -> Written<'a> {
    let cache_write = usage.cache_write.unwrap_or(0);
    let hour = usage.cache_write_1h.unwrap_or(0).min(cache_write);
    Written {
        input_tokens: fresh(usage),
        cache_creation_input_tokens: cache_write,
        cache_read_input_tokens: usage.cached.unwrap_or(0),
        cache_creation: Kept { ephemeral_5m_input_tokens: cache_write - hour, ephemeral_1h_input_tokens: hour },
        output_tokens: usage.output.unwrap_or(0),
        output_tokens_details: usage.reasoning.map(|thinking_tokens| Thought { thinking_tokens }),
        server_tool_use: searched(usage),
        // The vendor's own values; a client's enumeration knows no others.
        service_tier: service_tier.map(|tier| match tier {
            "priority" | "batch" => tier,
            _ => "standard",
        }),
        inference_geo: None,
    }
}

/// Writes the usage of a stream's end.
pub(super) fn write_delta(usage: &Usage) -> WrittenDelta {
    WrittenDelta {
        input_tokens: fresh(usage),
        cache_creation_input_tokens: usage.cache_write.unwrap_or(0),
        cache_read_input_tokens: usage.cached.unwrap_or(0),
        output_tokens: usage.output.unwrap_or(0),
        output_tokens_details: usage.reasoning.map(|thinking_tokens| Thought { thinking_tokens }),
        server_tool_use: searched(usage),
    }
}
