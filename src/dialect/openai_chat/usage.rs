//! Tokens, as the many providers of this dialect write them.
//!
//! A count that is missing, null or no number is unknown; a usage that cannot be read at all is no reason to lose an
//! answer.

use memchr::memmem;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::canonical::{Service, Str, Usage};

/// Reads a `usage` object.
pub(super) fn read(object: &[u8]) -> Option<Usage> {
    let wire: Wire<'_> = serde_json::from_slice(object).ok()?;
    let input: Details<'_> = details(wire.prompt_tokens_details);
    let output: Details<'_> = details(wire.completion_tokens_details);
    let cached = count(input.cached_tokens).or(count(wire.prompt_cache_hit_tokens)).or(count(wire.num_cached_tokens));
    let (prompt, completion, reasoning) =
        (count(wire.prompt_tokens), count(wire.completion_tokens), count(output.reasoning_tokens));
    let usage = Usage {
        input: prompt,
        output: with_reasoning(prompt, completion, reasoning, count(wire.total_tokens)),
        cached,
        cache_write: count(input.cache_write_tokens),
        cache_write_1h: None,
        reasoning,
        searches: searches(&wire),
        ..Usage::default()
    };
    (!usage.is_empty()).then_some(usage)
}

/// Searches of the web: OpenRouter's, under both of its names, and Perplexity's.
fn searches(wire: &Wire<'_>) -> Option<u64> {
    let tools: Tools<'_> = details(wire.server_tool_use_details.or(wire.server_tool_use));
    count(tools.web_search_requests).or(count(wire.num_search_queries)).filter(|searches| *searches > 0)
}

/// The tokens of the answer with those of its thoughts. xAI counts these apart, as its total shows, and so does
/// Vercel's gateway for Gemini, whose total shows nothing but whose price does: there they can be more than the answer.
fn with_reasoning(
    prompt: Option<u64>,
    completion: Option<u64>,
    reasoning: Option<u64>,
    total: Option<u64>,
) -> Option<u64> {
    let Some(completion) = completion else {
        // Thoughts alone: what the total says beside the prompt, and no less than them.
        let rest = total.zip(prompt).map_or(0, |(total, prompt)| total.saturating_sub(prompt));
        return reasoning.map(|reasoning| reasoning.max(rest));
    };
    let reasoning = reasoning.unwrap_or(0);
    let both = completion.saturating_add(reasoning);
    let is_apart =
        reasoning > completion || total.is_some() && total == prompt.and_then(|prompt| prompt.checked_add(both));
    Some(if is_apart { both } else { completion })
}

/// Reads Groq's own member, which has a usage also where none was asked for.
pub(super) fn read_groq(object: &[u8]) -> Option<Usage> {
    #[derive(Deserialize)]
    struct Groq<'a> {
        #[serde(borrow)]
        usage: Option<&'a RawValue>,
    }
    read(serde_json::from_slice::<Groq<'_>>(object).ok()?.usage?.get().as_bytes())
}

/// Reads the class of service, a word.
pub(super) fn service(word: &[u8]) -> Option<Service> {
    Service::read(&serde_json::from_slice::<Str<'_>>(word).ok()?)
}

/// The usage of a reply of which only the end was kept: where providers write it.
pub fn usage_in_tail(tail: &[u8]) -> Usage {
    let object = memmem::rfind(tail, b"\"usage\"").and_then(|at| {
        let value = after_colon(&tail[at + b"\"usage\"".len()..])?;
        serde_json::Deserializer::from_slice(value).into_iter::<&RawValue>().next()?.ok()
    });
    object.and_then(|object| read(object.get().as_bytes())).unwrap_or_default()
}

/// What follows a member's colon.
pub(super) fn after_colon(rest: &[u8]) -> Option<&[u8]> {
    rest.trim_ascii_start().strip_prefix(b":").map(<[u8]>::trim_ascii_start)
}

/// Raw values, so that one odd member does not spoil the others.
#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow)]
    prompt_tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    completion_tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    total_tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    prompt_tokens_details: Option<&'a RawValue>,
    #[serde(borrow)]
    completion_tokens_details: Option<&'a RawValue>,
    /// DeepSeek.
    #[serde(borrow)]
    prompt_cache_hit_tokens: Option<&'a RawValue>,
    /// Mistral.
    #[serde(borrow)]
    num_cached_tokens: Option<&'a RawValue>,
    /// OpenRouter.
    #[serde(borrow)]
    server_tool_use: Option<&'a RawValue>,
    #[serde(borrow)]
    server_tool_use_details: Option<&'a RawValue>,
    /// Perplexity.
    #[serde(borrow)]
    num_search_queries: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
struct Tools<'a> {
    #[serde(borrow)]
    web_search_requests: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
struct Details<'a> {
    #[serde(borrow)]
    cached_tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    cache_write_tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    reasoning_tokens: Option<&'a RawValue>,
}

fn details<'a, T: Default + Deserialize<'a>>(raw: Option<&'a RawValue>) -> T {
    raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
}

/// Some servers are written in languages where `12.0` is a count.
fn count(raw: Option<&RawValue>) -> Option<u64> {
    let text = raw?.get();
    text.parse().ok().or_else(|| text.parse().ok().filter(|n: &f64| *n >= 0.0 && n.fract() == 0.0).map(|n| n as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(input: u64, output: u64, cached: u64, cache_write: u64, reasoning: u64) -> Usage {
        let some = |n| (n > 0).then_some(n);
        Usage {
            input: some(input),
            output: some(output),
            cached: some(cached),
            cache_write: some(cache_write),
            cache_write_1h: None,
            reasoning: some(reasoning),
            ..Usage::default()
        }
    }

    #[test]
    fn each_providers_counts() {
        let check = |object: &str, expected: Option<Usage>| assert_eq!(read(object.as_bytes()), expected, "{object}");
        check(
            r#"{"prompt_tokens":9,"completion_tokens":12,"total_tokens":21,"prompt_tokens_details":{"cached_tokens":4,"cache_write_tokens":2},"completion_tokens_details":{"reasoning_tokens":7}}"#,
            Some(usage(9, 12, 4, 2, 7)),
        );
        check(r#"{"prompt_tokens":8,"total_tokens":8}"#, Some(usage(8, 0, 0, 0, 0)));
        check(r#"{"prompt_tokens":8,"completion_tokens":1,"prompt_cache_hit_tokens":3}"#, Some(usage(8, 1, 3, 0, 0)));
        check(r#"{"prompt_tokens":8,"completion_tokens":1,"num_cached_tokens":5}"#, Some(usage(8, 1, 5, 0, 0)));
        check(
            r#"{"prompt_tokens":8.0,"completion_tokens":null,"prompt_tokens_details":null}"#,
            Some(usage(8, 0, 0, 0, 0)),
        );
        check(r#"{"prompt_tokens":"many","completion_tokens":-1,"completion_tokens_details":[1]}"#, None);
        check(r#"{"prompt_tokens":8.5,"completion_tokens":3}"#, Some(usage(0, 3, 0, 0, 0)));
        // The answer's own count is missing, but that of its thoughts is there.
        check(r#"{"completion_tokens_details":{"reasoning_tokens":7}}"#, Some(usage(0, 7, 0, 0, 7)));
        check(
            r#"{"prompt_tokens":8,"total_tokens":20,"completion_tokens_details":{"reasoning_tokens":7}}"#,
            Some(usage(8, 12, 0, 0, 7)),
        );
        for searched in [r#""server_tool_use":{"web_search_requests":2}"#, r#""num_search_queries":2"#] {
            let object = format!(r#"{{"prompt_tokens":8,"completion_tokens":1,{searched}}}"#);
            check(&object, Some(Usage { searches: Some(2), ..usage(8, 1, 0, 0, 0) }));
        }
        check("{}", None);
        check("[]", None);
        check("null", None);
    }

    #[test]
    fn the_end_of_a_reply_is_enough() {
        let check = |tail: &str, expected: Usage| assert_eq!(usage_in_tail(tail.as_bytes()), expected, "{tail}");
        check(r#".25,0.5]}],"model":"m","usage" : {"prompt_tokens":5,"total_tokens":5}}"#, usage(5, 0, 0, 0, 0));
        check(r#""usage":{"prompt_tokens":1}},"usage":{"prompt_tokens":2},"x":{}}"#, usage(2, 0, 0, 0, 0));
        check(r#""usage":{"prompt_tokens":5"#, Usage::default());
        check(r#""usage":null}"#, Usage::default());
        check(r#"say \"usage\": {"prompt_tokens":5}"#, Usage::default());
        check("", Usage::default());
    }
}
