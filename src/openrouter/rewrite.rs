//! A request without what it says to a router.
//!
//! A provider sees none of it, but for OpenRouter itself, which is told all but the list of models: who is asked after
//! whom is decided here. How much to think stays in the body under OpenRouter's name, at a place that is known, because
//! each provider has its own word for it.

use std::ops::Range;

use bytes::Bytes;

use super::request::is_ours;
use crate::canonical::{Dialect, Fault, Raw, Str};
use crate::dialect::doors::Operation;
use crate::dialect::head::TO_A_ROUTER;
use crate::dialect::json::quote;
use crate::dialect::wire::{Members, read_client};
use crate::upstream::Body;

/// A request's body, written anew. What has a place stands in this order.
#[derive(Clone, Debug, Default)]
pub struct Rewritten {
    /// The body.
    pub body: Body,
    /// Where its model stands, as [`crate::dialect::head::RequestHead::model_at`].
    pub model_at: Range<usize>,
    /// Where it says how much to think, each member with the comma before it. Empty: nowhere.
    pub thinking_at: Range<usize>,
    /// The same of the wish for a count at the end of a stream.
    pub usage_at: Range<usize>,
    /// The same of what many servers of the dialect take and its vendor refuses.
    pub extras_at: Range<usize>,
}

/// What OpenRouter has for all models, and passes over where it is not known: OpenAI would refuse the call for it.
const EXTRAS: [&str; 5] = ["top_k", "top_a", "min_p", "repetition_penalty", "cache_control"];

/// Who the body is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// A provider that knows nothing of routing.
    Provider,
    /// OpenRouter.
    OpenRouter,
}

/// `body` for `reader`. `model` is the one that is asked for; `usage`: a stream is to end with a count.
pub fn rewrite(
    body: &[u8],
    (dialect, operation): (Dialect, Operation),
    model: &str,
    usage: bool,
    reader: Reader,
) -> Result<Rewritten, Fault> {
    let Members(members) = read_client::<Members<'_>>(body)?;
    let ours = |name: &str| TO_A_ROUTER.contains(&name) && is_ours(dialect, operation, name);
    let thinks = reader == Reader::Provider
        && members.iter().any(|(name, _)| matches!(name.as_str(), "reasoning" | "include_reasoning") && ours(name));
    let is_thinking = |name: &str| thinks && matches!(name, "reasoning" | "include_reasoning" | "reasoning_effort");
    let is_extra = |name: &str| reader == Reader::Provider && dialect == Dialect::OpenAiChat && EXTRAS.contains(&name);
    let mut out = Vec::with_capacity(body.len() + 64);
    out.extend_from_slice(b"{\"model\":");
    let model_at = written(&mut out, |out| quote(model, out));
    let thinking_at = written(&mut out, |out| {
        members.iter().filter(|(name, _)| is_thinking(name)).for_each(|(name, value)| write(name, value.as_str(), out));
    });
    let usage_at = written(&mut out, |out| {
        if usage {
            write("stream_options", &with_usage(&members), out);
        }
    });
    let extras_at = written(&mut out, |out| {
        members.iter().filter(|(name, _)| is_extra(name)).for_each(|(name, value)| write(name, value.as_str(), out));
    });
    for (name, value) in &members {
        let taken = match reader {
            Reader::Provider => is_thinking(name) || is_extra(name) || ours(name),
            Reader::OpenRouter => matches!(name.as_str(), "models" | "route" | "fallbacks"),
        };
        if !(taken || *name == "model" || usage && *name == "stream_options") {
            write(name, value.as_str(), &mut out);
        }
    }
    out.push(b'}');
    Ok(Rewritten { body: Body::from(Bytes::from(out)), model_at, thinking_at, usage_at, extras_at })
}

/// The names of `members`, each of which has a comma before it.
pub fn names(members: &[u8]) -> Vec<String> {
    let document = [b"{", members.get(1..).unwrap_or_default(), b"}"].concat();
    let read = serde_json::from_slice::<Members<'_>>(&document).unwrap_or_default();
    read.0.into_iter().map(|(name, _)| name.as_str().to_owned()).collect()
}

/// Where `work` has written.
fn written(out: &mut Vec<u8>, work: impl FnOnce(&mut Vec<u8>)) -> Range<usize> {
    let begin = out.len();
    work(out);
    begin..out.len()
}

/// `stream_options` as it was, with the wish for a count.
fn with_usage(members: &[(Str<'_>, Raw<'_>)]) -> String {
    let said = members.iter().rfind(|(name, _)| *name == "stream_options");
    let Members(others) = said.and_then(|(_, value)| value.read().ok()).unwrap_or_default();
    let mut out = b"{\"include_usage\":true".to_vec();
    for (name, value) in others.iter().filter(|(name, _)| *name != "include_usage") {
        write(name, value.as_str(), &mut out);
    }
    out.push(b'}');
    String::from_utf8(out).unwrap_or_default()
}

/// One member, with the comma before it.
fn write(name: &str, value: &str, out: &mut Vec<u8>) {
    out.push(b',');
    quote(name, out);
    out.push(b':');
    out.extend_from_slice(value.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &str = r#"{"messages":[{"role":"user","content":"\u0068i"}],"models":["a","b"],"provider":{"only":["x"]},
        "reasoning_effort":"low","route":"fallback","temperature":1.50,"min_p":0.10,"reasoning":{"effort":"high"},"user":"u",
        "stream_options":{"include_obfuscation":false,"include_usage":false},"trace":{},"session_id":"s","usage":{}}"#;

    fn rewritten(text: &str, dialect: Dialect, usage: bool, reader: Reader) -> (String, [String; 4]) {
        let kind = (dialect, Operation::Chat);
        let Rewritten { body, model_at, thinking_at, usage_at, extras_at } =
            rewrite(text.as_bytes(), kind, "m", usage, reader).unwrap();
        let text = String::from_utf8(body.chunks().concat()).unwrap();
        let at = |range: Range<usize>| text[range].to_owned();
        (text.clone(), [at(model_at), at(thinking_at), at(usage_at), at(extras_at)])
    }

    #[test]
    fn a_provider_sees_nothing_of_what_is_said_to_a_router() {
        let (text, places) = rewritten(ALL, Dialect::OpenAiChat, true, Reader::Provider);
        let (thinking, usage) = (
            r#","reasoning_effort":"low","reasoning":{"effort":"high"}"#,
            r#","stream_options":{"include_usage":true,"include_obfuscation":false}"#,
        );
        let extras = r#","min_p":0.10"#;
        let rest = r#","messages":[{"role":"user","content":"\u0068i"}],"temperature":1.50,"user":"u"}"#;
        assert_eq!(text, format!(r#"{{"model":"m"{thinking}{usage}{extras}{rest}"#));
        assert_eq!(places, ["\"m\"", thinking, usage, extras]);
        assert_eq!(names(extras.as_bytes()), ["min_p"]);
    }

    #[test]
    fn openrouter_is_told_all_but_whom_to_ask_next() {
        let (text, places) = rewritten(ALL, Dialect::OpenAiChat, false, Reader::OpenRouter);
        for there in ["provider", "reasoning", "reasoning_effort", "trace", "session_id", "usage", "stream_options"] {
            assert!(text.contains(&format!("\"{there}\":")), "{there}: {text}");
        }
        assert!(!text.contains("models") && !text.contains("route"), "{text}");
        assert_eq!(places, ["\"m\"", "", "", ""]);
    }

    #[test]
    fn what_another_dialect_calls_so_stays() {
        let text = r#"{"model":"x","reasoning":{"effort":"high"},"provider":{},"fallbacks":[]}"#;
        let expected = r#"{"model":"m","reasoning":{"effort":"high"},"fallbacks":[]}"#;
        assert_eq!(rewritten(text, Dialect::OpenAiResponses, false, Reader::Provider).0, expected);
        assert_eq!(rewritten(r#"{"fallbacks":[]}"#, Dialect::Anthropic, false, Reader::Provider).0, r#"{"model":"m"}"#);
        assert_eq!(rewritten("{}", Dialect::OpenAiChat, false, Reader::Provider).0, r#"{"model":"m"}"#);
    }
}
