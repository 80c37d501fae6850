//! The validators themselves: one that finds nothing would let everything pass.

use outrider::canonical::Dialect;
use serde_json::{Value, json};

use super::judge::by_schemas;
use super::sent::Sent;
use super::specs;
use super::steady::Steady;
use crate::captures::tell;
use crate::support::run;

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

/// What is asked of `/responses` with that input.
fn asked(input: Value) -> Sent {
    let (from, body) = (Dialect::OpenAiChat, json!({"model": "m", "input": input}));
    let (id, path) = (String::new(), "/v1/responses".to_owned());
    Sent { id, from, to: "openai-responses", path, headers: Vec::new(), body }
}

#[test]
fn the_server_finds_mistakes_in_lists() {
    let Some(specs) = specs() else { return tell("validators: skipped: OUTRIDER_SPECS is not set") };
    run(async {
        let Some(mut steady) = Steady::with(&specs, "openai-openapi.json").await else { return };
        let message = json!({"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]});
        let call = json!({"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"});
        for good in [json!("hi"), json!([message]), json!([message, message, call]), json!([message, call, message])] {
            assert_eq!(steady.mistakes(&asked(good.clone())).await, [""; 0], "{good}");
        }
        let wrong = [
            json!({"type": "message", "role": "usr", "content": "hi"}),
            json!({"type": "message", "role": "user", "content": [{"type": "input_txt", "text": "hi"}]}),
            json!({"type": "message", "role": "user", "content": [{"type": "input_text"}]}),
            json!({"type": "function_call", "call_id": "c", "arguments": "{}"}),
            json!({"type": "function_call_output", "call_id": "c", "output": 5}),
            json!({"type": "reasoning", "id": "r", "summary": "thought"}),
            json!({"type": "wat"}),
        ];
        for wrong in wrong {
            for input in [json!([wrong]), json!([message, wrong]), json!([wrong, wrong, message])] {
                assert_ne!(steady.mistakes(&asked(input.clone())).await, [""; 0], "{input}");
            }
        }
        assert_ne!(steady.mistakes(&asked(json!(5))).await, [""; 0], "no list");
    });
}
