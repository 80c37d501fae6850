//! A whole reply: an answer, or an error that calls itself 200.

use std::sync::LazyLock;

use memchr::memmem;

use super::chunk::Chunk;
use super::{OpenAiChat, usage};
use crate::canonical::{Fault, FaultKind, Noted, Usage};
use crate::dialect::codec::Codec;
use crate::dialect::doors::Operation;
use crate::dialect::error;
use crate::dialect::json::Scan;

/// What a 200 with a JSON body really is: the tokens it used, or a fault. The body is only scanned; what it says
/// below its top level is the client's to read.
pub fn read_reply(operation: Operation, body: &[u8]) -> Result<Usage, Fault> {
    if body.trim_ascii().is_empty() {
        return Err(Fault::new(FaultKind::Empty, "the provider's answer is empty"));
    }
    let mut scan = Scan::new(&["error", "choices", "data", "results", "usage", "x_groq", "object", "service_tier"]);
    let scanned = scan.push(body).and_then(|()| scan.finish());
    let found = scanned.map_err(|not_json| {
        let detail = format!("{} at byte {} of {}", not_json.what, not_json.at, body.len());
        Fault::new(FaultKind::Malformed, "the provider's answer is not valid JSON").with_detail(detail)
    })?;
    let value = |name| found.get(name).map(|at| &body[at]);
    if value("error").is_some_and(says_something) || value("object") == Some(b"\"error\"") {
        return Err(error::in_band(body));
    }
    let (answers, what) = match operation {
        Operation::Embeddings | Operation::Embedding => (value("data"), "data"),
        // Voyage says `data`.
        Operation::Rerank => (value("results").or(value("data")), "results"),
        _ => (value("choices"), "choices"),
    };
    let answers = answers
        .filter(|answers| says_something(answers))
        .ok_or_else(|| Fault::new(FaultKind::Empty, format!("the provider's answer has no {what}")))?;
    if matches!(operation, Operation::Chat | Operation::Completions) && may_have_broken_off(answers) {
        // Rare enough for a parser.
        if let Some(fault) = Chunk::read(body).ok().and_then(|chunk| chunk.broken_off()) {
            return Err(fault);
        }
    }
    let usage = value("usage").and_then(usage::read).or_else(|| usage::read_groq(value("x_groq")?)).unwrap_or_default();
    Ok(Usage { service: value("service_tier").and_then(usage::service), ..usage })
}

/// Each answer in a whole reply was stopped by a filter.
pub fn is_filtered(body: &[u8]) -> bool {
    Chunk::read(body).is_ok_and(|reply| reply.is_filtered())
}

/// What is noted of a whole reply. One without a call of a tool is not read for it.
pub fn noted(body: &[u8]) -> Noted {
    let calls = memmem::find(body, b"\"tool_calls\"").is_some();
    let read = calls.then(|| OpenAiChat.read_reply(body).ok()).flatten();
    read.map(|reply| Noted::of(&reply)).unwrap_or_default()
}

/// Neither null nor false nor empty.
pub(super) fn says_something(value: &[u8]) -> bool {
    match value {
        b"null" | b"false" | b"\"\"" => false,
        [b'[' | b'{', inner @ .., _] => !inner.trim_ascii().is_empty(),
        _ => true,
    }
}

/// A choice seems to have ended with the reason `error`, as OpenRouter and Mistral have it.
fn may_have_broken_off(choices: &[u8]) -> bool {
    const NAME: &[u8] = b"\"finish_reason\"";
    // Made once: that costs more than to look through a short reply.
    static FINDER: LazyLock<memmem::Finder<'_>> = LazyLock::new(|| memmem::Finder::new(NAME));
    FINDER
        .find_iter(choices)
        .any(|at| usage::after_colon(&choices[at + NAME.len()..]).is_some_and(|value| value.starts_with(b"\"error\"")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::doors::Operation::*;

    #[test]
    fn answers() {
        let check = |operation, body: &str, input, output| {
            let usage = read_reply(operation, body.as_bytes()).unwrap();
            assert_eq!((usage.input, usage.output), (input, output), "{body}");
        };
        let choices =
            r#""choices":[{"index":0,"message":{"content":"\"usage\":{\"prompt_tokens\":7}"},"finish_reason":"stop"}]"#;
        check(Chat, &format!(r#"{{{choices},"usage":{{"prompt_tokens":3,"completion_tokens":4}}}}"#), Some(3), Some(4));
        check(Chat, &format!(r#"{{"usage":null,{choices},"error":null}}"#), None, None);
        check(Chat, &format!(r#"{{{choices},"x_groq":{{"id":"r","usage":{{"prompt_tokens":3}}}}}}"#), Some(3), None);
        check(Completions, r#"{"choices":[{"text":""}],"usage":{"prompt_tokens":1}}"#, Some(1), None);
        check(
            Embeddings,
            r#"{"data":[{"embedding":[0.1]}],"usage":{"prompt_tokens":8,"total_tokens":8}}"#,
            Some(8),
            None,
        );
    }

    #[test]
    fn what_is_no_answer() {
        use FaultKind::*;
        let check = |operation, body: &str, kind| {
            assert_eq!(read_reply(operation, body.as_bytes()).unwrap_err().kind, kind, "{body}");
        };
        check(Chat, "", Empty);
        check(Chat, " \n", Empty);
        check(Chat, "{}", Empty);
        check(Chat, r#"{"choices":[]}"#, Empty);
        check(Chat, r#"{"choices":[ ]}"#, Empty);
        check(Chat, r#"{"choices":null}"#, Empty);
        check(Chat, r#"{"data":[1]}"#, Empty);
        check(Embeddings, r#"{"choices":[1]}"#, Empty);
        check(Embeddings, r#"{"data":[]}"#, Empty);
        check(Rerank, r#"{"results":[]}"#, Empty);
        check(Rerank, r#"{"choices":[1]}"#, Empty);
        check(Chat, "<html>", Malformed);
        check(Chat, r#"{"choices":[{"#, Malformed);
        check(Chat, "data: {\"choices\":[]}\n\n", Malformed);
        check(Chat, r#"{"error":{"message":"x","code":429}}"#, RateLimited);
        check(Chat, r#"{"error":"overloaded","choices":[{}]}"#, Overloaded);
        check(Chat, r#"{"object":"error","message":"x","code":400}"#, Rejected);
        check(Chat, r#"{"choices":[{"finish_reason":"error","message":{"content":"hal"}}]}"#, ServerError);
        check(Chat, r#"{"choices":[{"error":{"code":503,"message":"x"},"finish_reason" : "error"}]}"#, Overloaded);
    }
}
