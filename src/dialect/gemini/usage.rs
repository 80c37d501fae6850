//! Tokens: Google counts thoughts apart from the answer, and what tools brought apart from the prompt.

use serde::Deserialize;

use super::out::Object;
use super::wire::{Num, Word};
use crate::canonical::{Str, Usage};

/// `usageMetadata` as it is read.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Counts<'a> {
    #[serde(alias = "prompt_token_count")]
    prompt_token_count: Option<Num>,
    #[serde(alias = "cached_content_token_count")]
    cached_content_token_count: Option<Num>,
    #[serde(alias = "candidates_token_count")]
    candidates_token_count: Option<Num>,
    #[serde(alias = "thoughts_token_count")]
    thoughts_token_count: Option<Num>,
    #[serde(alias = "tool_use_prompt_token_count")]
    tool_use_prompt_token_count: Option<Num>,
    #[serde(alias = "total_token_count")]
    total_token_count: Option<Num>,
    #[serde(borrow, alias = "service_tier")]
    service_tier: Option<Word<'a>>,
}

/// The counts of one answer. Each piece of a stream may bring some of them, and the last need not have all.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Tally {
    prompt: Option<u64>,
    cached: Option<u64>,
    candidates: Option<u64>,
    thoughts: Option<u64>,
    tools: Option<u64>,
    total: Option<u64>,
    searches: Option<u64>,
}

impl Tally {
    /// Takes in what a later piece says.
    pub(super) fn update(&mut self, counts: &Counts<'_>) {
        let count = |number: &Option<Num>, before: Option<u64>| number.as_ref().and_then(Num::count).or(before);
        self.prompt = count(&counts.prompt_token_count, self.prompt);
        self.cached = count(&counts.cached_content_token_count, self.cached);
        self.candidates = count(&counts.candidates_token_count, self.candidates);
        self.thoughts = count(&counts.thoughts_token_count, self.thoughts);
        self.tools = count(&counts.tool_use_prompt_token_count, self.tools);
        self.total = count(&counts.total_token_count, self.total);
    }

    /// Takes in what was searched for: each of the queries is billed, from Gemini 3 on
    /// (ai.google.dev/gemini-api/docs/google-search). Each piece of a stream names all so far.
    pub(super) fn searched(&mut self, searches: u64) {
        self.searches = self.searches.max(Some(searches).filter(|searches| *searches > 0));
    }

    /// As all vendors count.
    pub(super) fn usage(&self) -> Usage {
        let add = |one: Option<u64>, other: Option<u64>| match (one, other) {
            (None, None) => None,
            (one, other) => Some(one.unwrap_or(0).saturating_add(other.unwrap_or(0))),
        };
        let input = add(self.prompt, self.tools);
        // A count of zero is left out: then the total says it.
        let rest = || Some(self.total?.saturating_sub(input?));
        Usage {
            input,
            output: add(self.candidates, self.thoughts).or_else(rest),
            cached: self.cached,
            cache_write: None,
            cache_write_1h: None,
            reasoning: self.thoughts,
            searches: self.searches,
            ..Usage::default()
        }
    }
}

impl<'a> Counts<'a> {
    /// The service tier in the words that all dialects share.
    pub(super) fn tier(&mut self) -> Option<Str<'a>> {
        let tier = self.service_tier.take()?.name(&["unspecified", "standard", "flex", "priority"]);
        read_tier(tier)
    }
}

/// Google's `standard` is everybody else's `default`.
pub(super) fn read_tier(tier: Str<'_>) -> Option<Str<'_>> {
    let lower = tier.to_ascii_lowercase();
    let bare = lower.strip_prefix("service_tier_").unwrap_or(&lower);
    match bare {
        "" | "unspecified" => None,
        "standard" => Some("default".into()),
        _ if bare == tier.as_str() => Some(tier),
        bare => Some(bare.to_owned().into()),
    }
}

/// The way back; `None` where Google has no word for it.
pub(super) fn write_tier(tier: &str) -> Option<&'static str> {
    match tier {
        "default" | "standard" | "standard_only" => Some("standard"),
        "flex" => Some("flex"),
        "priority" => Some("priority"),
        _ => None,
    }
}

/// Writes `usageMetadata`.
pub(super) fn write(usage: &Usage, tier: Option<&str>, object: &mut Object<'_>) {
    let mut counts = object.object("usageMetadata");
    let mut number = |name: &str, value: Option<u64>| {
        if let Some(value) = value {
            counts.number(name, value);
        }
    };
    number("promptTokenCount", usage.input);
    number("candidatesTokenCount", usage.output.map(|all| all.saturating_sub(usage.reasoning.unwrap_or(0))));
    number("totalTokenCount", usage.input.zip(usage.output).map(|(input, output)| input.saturating_add(output)));
    number("cachedContentTokenCount", usage.cached);
    number("thoughtsTokenCount", usage.reasoning.filter(|tokens| *tokens > 0));
    if let Some(tier) = tier.and_then(write_tier) {
        counts.text("serviceTier", tier);
    }
    counts.end();
}
