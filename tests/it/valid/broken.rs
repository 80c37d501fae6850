//! The validators themselves: one that finds nothing would let everything pass.

use serde_json::{Value, json};

use super::judge::by_schemas;
use super::specs;
use crate::captures::tell;

/// A document with a mistake for each kind of schema, and what is to be found in it.
fn mistakes() -> Vec<(&'static str, Value, &'static str)> {
    let hi = json!([{"role": "user", "content": "hi"}]);
    vec![
        ("openai-chat", json!({"model": "m", "messages": hi, "wat": 1}), ": unknown member wat"),
        (
            "openai-chat",
            json!({"model": "m", "messages": hi, "tools": [{"type": "function", "function": {"strict": true}}]}),
            "tools.*.function: required: \"name\" is a required property",
        ),
        ("openai-responses", json!({"model": "m", "input": "hi", "stream": 1}), "stream: int where it should be"),
        ("anthropic", json!({"model": "m", "messages": hi}), ": required: \"max_tokens\" is a required property"),
        ("mistral", json!({"model": "m", "messages": hi, "safe_prompt": "yes"}), "safe_prompt: str where it should be"),
        ("ollama", json!({"model": "m", "messages": [{"role": "user"}]}), "messages.*: required: \"content\""),
        ("gemini", json!({"contents": [{"parts": [{"txt": "hi"}]}]}), "contents.*.parts.*: unknown member txt"),
        (
            "gemini",
            json!({"contents": [{"parts": [{"inlineData": {"mimeType": "a/b", "data": "?"}}]}]}),
            "contents.*.parts.*.inlineData.data: pattern",
        ),
        ("bedrock", json!({"messages": [{"role": "user", "content": [{"txt": "hi"}]}]}), "unknown member txt"),
        ("bedrock", json!({"messages": [{"role": "usr", "content": [{"text": "hi"}]}]}), "'usr' is none of"),
        (
            "cohere",
            json!({"model": "m", "messages": [{"role": "user", "content": "x", "wat": 1}]}),
            "unknown member wat",
        ),
        ("open-responses reply", json!({"id": "r"}), "is a required property"),
        ("open-responses event", json!({"type": "response.output_text.delta", "delta": "x"}), "is a required property"),
    ]
}

#[test]
fn the_validators_find_mistakes() {
    let Some(specs) = specs() else { return tell("validators: skipped: OUTRIDER_SPECS is not set") };
    let mistakes = mistakes();
    let Some(found) = by_schemas(&specs, mistakes.iter().map(|(schema, document, _)| (*schema, document))) else {
        return;
    };
    for (at, (schema, document, what)) in mistakes.iter().enumerate() {
        let said: Vec<_> = found.iter().filter(|(of, _)| *of == at).map(|(_, said)| said.as_str()).collect();
        assert!(said.iter().any(|said| said.contains(what)), "{schema} {document}: {said:?}");
    }
}
