//! How long a provider's cache keeps a prompt after its last use, as its documentation says (read in November 2026).
//!
//! Where a range is documented the shorter end is taken, and where nothing is, five minutes, which is usual: to leave a
//! cache that is still warm costs less than to stay with a dearer target for one that is cold.

use std::time::Duration;

use memchr::memmem;

use crate::canonical::Usage;
use crate::upstream::Body;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Of the body so much is looked at from each end for what it says of caching: breakpoints stand behind the tools and the
/// instructions, and in the last turns.
const LOOKED_AT: usize = 64 << 10;

/// How long the cache of a provider of that `kind` keeps a prompt of `model`. `asked`: what the request says of it.
pub(super) fn of(kind: &str, model: &str, asked: Option<Duration>, usage: &Usage) -> Duration {
    match kind {
        // "5m" and "1h", refreshed with each use. platform.claude.com/docs/en/build-with-claude/prompt-caching,
        // docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html, forum.moonshot.ai/t/613
        "anthropic" | "bedrock" | "moonshot" => hour(asked, usage).unwrap_or(5 * MINUTE),
        // From GPT-5.6 on, 30 minutes at least since the last use; of older models, "5 to 10 minutes of inactivity", but
        // a day by default where the account has no zero retention. developers.openai.com/api/docs/guides/prompt-caching
        "openai" => asked.unwrap_or(30 * MINUTE),
        // "5 to 10 minutes of inactivity", a day if asked for.
        // learn.microsoft.com/azure/foundry/openai/how-to/prompt-caching
        "azure" => asked.unwrap_or(10 * MINUTE),
        // "A few hours to a few days". api-docs.deepseek.com/guides/kv_cache
        "deepseek" => 2 * HOUR,
        // "Automatically expires after 2 hours without use." console.groq.com/docs/prompt-caching
        "groq" => 2 * HOUR,
        // What leaves the memory goes to storage, and is deleted within a day. docs.cloud.google.com,
        // gemini-enterprise-agent-platform/models/context-cache/context-cache-overview
        "vertex" if model.contains("gemini") => HOUR,
        "vertex" => hour(asked, usage).unwrap_or(5 * MINUTE),
        // It keeps a conversation with its provider for ten minutes after the last use.
        // openrouter.ai/docs/guides/best-practices/prompt-caching
        "openrouter" => hour(asked, usage).unwrap_or(10 * MINUTE),
        // Alibaba: "5-minute validity period" (help.aliyun.com/en/model-studio/context-cache). Fireworks: "at least several
        // minutes" (docs.fireworks.ai/guides/prompt-caching). xAI: "can be evicted at any time" (docs.x.ai, prompt-caching).
        // Gemini: "in a short amount of time" (ai.google.dev/gemini-api/docs/caching). Of others nothing is documented.
        _ => hour(None, usage).unwrap_or(5 * MINUTE),
    }
}

/// An hour, where that is asked for or has been counted.
fn hour(asked: Option<Duration>, usage: &Usage) -> Option<Duration> {
    (asked == Some(HOUR) || usage.cache_write_1h.unwrap_or(0) > 0).then_some(HOUR)
}

/// How long the request says that its prompt is to be kept: the longest that it says anywhere, as Anthropic's
/// `cache_control`, Bedrock's `cachePoint` and OpenAI's `prompt_cache_options` have it in `ttl`, or in OpenAI's
/// `prompt_cache_retention`. Words of a text are not found, because their quotes are escaped there.
pub(super) fn asked(body: &Body) -> Option<Duration> {
    let length = body.len();
    let read = |from, to| {
        let part = body.slice(from, to);
        ["\"ttl\"", "\"prompt_cache_retention\""].iter().filter_map(|name| longest(&part, name)).max()
    };
    match length {
        0..=LOOKED_AT => read(0, length),
        _ => read(0, LOOKED_AT).max(read(length.saturating_sub(LOOKED_AT).max(LOOKED_AT), length)),
    }
}

fn longest(part: &[u8], name: &str) -> Option<Duration> {
    let values = memmem::find_iter(part, name).filter_map(|at| {
        let value = part[at + name.len()..].trim_ascii_start().strip_prefix(b":")?.trim_ascii_start();
        let said = |(word, time): (&[u8], Duration)| value.starts_with(word).then_some(time);
        let words: [(&[u8], Duration); 5] = [
            (b"\"5m\"", 5 * MINUTE),
            (b"\"in_memory\"", 5 * MINUTE),
            (b"\"30m\"", 30 * MINUTE),
            (b"\"1h\"", HOUR),
            (b"\"24h\"", DAY),
        ];
        words.into_iter().find_map(said)
    });
    values.max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn caches_live_as_long_as_their_providers_say() {
        let hour = Usage { cache_write_1h: Some(1), ..Usage::default() };
        let none = Usage::default();
        for (kind, model, body, usage, minutes) in [
            ("anthropic", "claude", "{}", none, 5),
            ("anthropic", "claude", "{}", hour, 60),
            ("anthropic", "claude", r#"{"system":[{"cache_control":{"type":"ephemeral","ttl":"1h"}}]}"#, none, 60),
            ("anthropic", "claude", r#"{"cache_control":{"ttl": "5m"}}"#, none, 5),
            ("anthropic", "claude", r#"{"messages":[{"content":"\"ttl\":\"1h\""}]}"#, none, 5),
            ("bedrock", "anthropic.claude", r#"{"system":[{"cachePoint":{"type":"default","ttl":"1h"}}]}"#, none, 60),
            ("vertex", "claude-sonnet", "{}", none, 5),
            ("vertex", "gemini-3-pro", "{}", none, 60),
            ("gemini", "gemini-3-pro", "{}", none, 5),
            ("openai", "gpt-5", "{}", none, 30),
            ("openai", "gpt-4o", r#"{"prompt_cache_retention":"in_memory"}"#, none, 5),
            ("openai", "gpt-5.5", r#"{"prompt_cache_retention" : "24h"}"#, none, 24 * 60),
            ("openai", "gpt-5.6", r#"{"prompt_cache_options":{"ttl":"30m"}}"#, none, 30),
            ("azure", "gpt-5", "{}", none, 10),
            ("azure", "gpt-5", r#"{"prompt_cache_retention":"24h"}"#, none, 24 * 60),
            ("moonshot", "kimi-k3", r#"{"prompt_cache_options":{"ttl":"1h"}}"#, none, 60),
            ("deepseek", "deepseek-chat", "{}", none, 120),
            ("groq", "llama", "{}", none, 120),
            ("xai", "grok", r#"{"tools":[{"ttl":"24h"}]}"#, none, 5),
            ("mistral", "m", "{}", none, 5),
        ] {
            let asked = asked(&Body::from(bytes::Bytes::from(body)));
            assert_eq!(of(kind, model, asked, &usage).as_secs() / 60, minutes, "{kind} {model} {body}");
        }
    }

    #[test]
    fn a_long_request_is_looked_at_from_both_ends() {
        let text = "x".repeat(200 << 10);
        let at_the_end = format!(r#"{{"m":"{text}","cache_control":{{"ttl":"1h"}}}}"#);
        assert_eq!(asked(&Body::from(bytes::Bytes::from(at_the_end))), Some(HOUR));
        let in_the_middle = format!(r#"{{"m":"{text}","cache_control":{{"ttl":"1h"}},"n":"{text}"}}"#);
        assert_eq!(asked(&Body::from(bytes::Bytes::from(in_the_middle))), None);
    }
}
