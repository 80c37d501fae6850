//! Tokens.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::writing::Object;
use crate::canonical::{Str, Usage};

/// Raw values, so that one odd member does not spoil the others.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Wire<'a> {
    #[serde(borrow)]
    input_tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    output_tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    input_tokens_details: Option<&'a RawValue>,
    #[serde(borrow)]
    output_tokens_details: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Details<'a> {
    #[serde(borrow)]
    cached_tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    cache_write_tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    reasoning_tokens: Option<&'a RawValue>,
}

/// Reads a `usage` object.
pub(super) fn read(raw: Option<&RawValue>) -> Usage {
    let wire: Wire<'_> = raw.map(super::wire::lenient).unwrap_or_default();
    let input: Details<'_> = wire.input_tokens_details.map(super::wire::lenient).unwrap_or_default();
    let output: Details<'_> = wire.output_tokens_details.map(super::wire::lenient).unwrap_or_default();
    Usage {
        input: count(wire.input_tokens),
        output: count(wire.output_tokens),
        cached: count(input.cached_tokens),
        cache_write: count(input.cache_write_tokens),
        cache_write_1h: None,
        reasoning: count(output.reasoning_tokens),
        ..Usage::default()
    }
}

/// The usage of a whole response, whose searches are counted nowhere: each is an item of its own. What is opened or
/// looked for within a page is no search (platform.openai.com/docs/pricing).
pub(super) fn of(raw: Option<&RawValue>, items: &[&RawValue]) -> Usage {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Call<'a> {
        #[serde(borrow, rename = "type")]
        kind: Option<Str<'a>>,
        #[serde(borrow)]
        action: Option<Action<'a>>,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Action<'a> {
        #[serde(borrow, rename = "type")]
        kind: Option<Str<'a>>,
    }
    let is_search = |raw: &&&RawValue| {
        // Most items are text, and need not be parsed for it.
        if !raw.get().contains("web_search_call") {
            return false;
        }
        let call = super::wire::lenient::<Call<'_>>(raw);
        let searches = call.action.and_then(|action| action.kind).is_none_or(|kind| kind == "search");
        call.kind.is_some_and(|kind| kind == "web_search_call") && searches
    };
    let searches = items.iter().filter(is_search).count() as u64;
    Usage { searches: Some(searches).filter(|searches| *searches > 0), ..read(raw) }
}

/// Some servers are written in languages where `12.0` is a count.
pub(super) fn count(raw: Option<&RawValue>) -> Option<u64> {
    let text = raw?.get();
    text.parse().ok().or_else(|| text.parse().ok().filter(|n: &f64| *n >= 0.0).map(|n| n as u64))
}

/// Writes a `usage` object. Every member is required there, so what is unknown is 0.
pub(super) fn write(usage: &Usage, out: &mut Vec<u8>) {
    let (input, output) = (usage.input.unwrap_or(0), usage.output.unwrap_or(0));
    let mut object = Object::begin(out);
    object.member("input_tokens", &input);
    let mut details = Object::begin(object.name("input_tokens_details"));
    details.member("cached_tokens", &usage.cached.unwrap_or(0));
    details.member("cache_write_tokens", &usage.cache_write.unwrap_or(0));
    details.end();
    object.member("output_tokens", &output);
    let mut details = Object::begin(object.name("output_tokens_details"));
    details.member("reasoning_tokens", &usage.reasoning.unwrap_or(0));
    details.end();
    object.member("total_tokens", &input.saturating_add(output));
    object.end();
}
