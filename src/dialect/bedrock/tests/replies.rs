//! Whole answers.

use serde_json::{Value, json};

use super::*;
use crate::canonical::{
    Choice, Citation, Dialect, FaultKind, Foreign, Part, Raw, Reasoning, Signature, Stop, StopReason, Text, ToolCall,
    Usage,
};

fn read(body: &str) -> Reply<'_> {
    Bedrock.read_reply(body.as_bytes()).unwrap()
}

#[test]
fn case_122_124_and_128_an_answer_with_everything_is_the_same_again() {
    let body = json!({
        "output": {"message": {"role": "assistant", "content": [
            {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "c2ln"}}},
            {"reasoningContent": {"redactedContent": "aGlkZGVu"}},
            {"text": "I will"},
            {"citationsContent": {"content": [{"text": "It is so"}], "citations": [
                {"title": "T", "sourceContent": [{"text": "so"}],
                    "location": {"documentPage": {"documentIndex": 0, "start": 1, "end": 2}}}]}},
            {"toolUse": {"toolUseId": "s", "name": "nova_grounding", "input": {}, "type": "server_tool_use"}},
            {"toolUse": {"toolUseId": "t1", "name": "f", "input": {"z": 1, "a": 2}}},
            {"image": {"format": "png", "source": {"bytes": "iVBORw0KGgo="}}},
        ]}},
        "stopReason": "tool_use",
        "usage": {"inputTokens": 5, "outputTokens": 7, "totalTokens": 42, "cacheReadInputTokens": 10,
            "cacheWriteInputTokens": 20, "cacheDetails": [{"ttl": "1h", "inputTokens": 8}]},
        "metrics": {"latencyMs": 12},
        "trace": {"guardrail": {}},
        "additionalModelResponseFields": {"stop_sequence": null},
        "serviceTier": {"type": "flex"},
    });
    let text = body.to_string();
    let reply = read(&text);
    assert_eq!(reply_again(&reply), body);
    let cached = Usage {
        input: Some(35),
        output: Some(7),
        cached: Some(10),
        cache_write: Some(20),
        cache_write_1h: Some(8),
        reasoning: None,
        ..Usage::default()
    };
    assert_eq!(reply.usage, cached, "case 122: the cache's tokens are part of the input");
    let parts = &reply.choices[0].parts;
    assert!(
        matches!(&parts[4], Part::Foreign(hosted) if hosted.kind == "toolUse"),
        "case 128: not the client's to run"
    );
    assert!(matches!(&parts[5], Part::ToolCall(call) if call.arguments == r#"{"z":1,"a":2}"#));
    assert!(
        matches!(&parts[0], Part::Reasoning(thought) if thought.signature.as_ref().unwrap().from == Dialect::Bedrock)
    );
}

#[test]
fn older_names_of_the_caches_tokens() {
    let body = r#"{"output":{"message":{"content":[{"text":"x"}]}},"usage":{"inputTokens":1,"outputTokens":2,
        "cacheReadInputTokenCount":3,"cacheWriteInputTokenCount":4}}"#;
    let usage = read(body).usage;
    assert_eq!((usage.input, usage.cached, usage.cache_write, usage.total()), (Some(8), Some(3), Some(4), Some(10)));
}

#[test]
fn case_120_reasons() {
    for (word, reason) in [
        ("end_turn", StopReason::End),
        ("tool_use", StopReason::ToolCalls),
        ("max_tokens", StopReason::Length),
        ("stop_sequence", StopReason::Sequence),
        ("guardrail_intervened", StopReason::Filtered),
        ("content_filtered", StopReason::Filtered),
        ("malformed_model_output", StopReason::Broken),
        ("malformed_tool_use", StopReason::Broken),
        ("model_context_window_exceeded", StopReason::Length),
    ] {
        let body = json!({"output": {"message": {"content": [{"text": "x"}]}}, "stopReason": word}).to_string();
        let reply = read(&body);
        assert_eq!(reply.choices[0].stop.reason, reason, "{word}");
        assert_eq!(reply_again(&reply)["stopReason"], word);
    }
    let reason = |stop: &str, block: Value| {
        let body = json!({"output": {"message": {"content": [block]}}, "stopReason": stop}).to_string();
        read(&body).choices[0].stop.reason
    };
    let call = json!({"toolUse": {"toolUseId": "t", "name": "f", "input": {}}});
    assert_eq!(reason("end_turn", call.clone()), StopReason::ToolCalls);
    assert_eq!(reason("new_reason", call), StopReason::ToolCalls);
    assert_eq!(reason("new_reason", json!({"text": "x"})), StopReason::End);
    let written = |reason, native: Option<&'static str>| {
        let stop = Stop { reason, native: native.map(Into::into), ..Stop::default() };
        let reply = Reply { choices: vec![Choice { stop, ..Choice::default() }], ..Reply::default() };
        reply_again(&reply)["stopReason"].as_str().unwrap().to_owned()
    };
    assert_eq!(written(StopReason::Filtered, Some("content_filter")), "content_filtered");
    assert_eq!(written(StopReason::Paused, Some("pause_turn")), "end_turn");
    assert_eq!(written(StopReason::Length, Some("end_turn")), "max_tokens", "a word that means something else");
}

#[test]
fn the_stop_text_that_was_met() {
    let body = r#"{"output":{"message":{"content":[{"text":"x"}]}},"stopReason":"stop_sequence",
        "additionalModelResponseFields":{"stop_sequence":"|"}}"#;
    let mut reply = read(body);
    assert_eq!(reply.choices[0].stop.sequence.as_deref(), Some("|"));
    reply.others.clear();
    assert_eq!(reply_again(&reply)["additionalModelResponseFields"]["stop_sequence"], "|");
}

#[test]
fn case_123_and_146_errors_under_a_200() {
    let kind = |body: &str| Bedrock.read_reply(body.as_bytes()).unwrap_err().kind;
    assert_eq!(kind(r#"{"message":"Too many requests, slow down"}"#), FaultKind::RateLimited);
    assert_eq!(
        kind(r#"{"Output":{"__type":"com.amazon.coral.service#UnknownOperationException"}}"#),
        FaultKind::ServerError
    );
    assert_eq!(kind(r#"{"output":null,"stopReason":"end_turn"}"#), FaultKind::Empty);
    assert_eq!(kind(r#"{"output":{"message":{"content":[]}},"stopReason":"end_turn"}"#), FaultKind::Empty);
    assert_eq!(kind("<html>"), FaultKind::Malformed);
    let blocked = r#"{"output":{"message":{"content":[]}},"stopReason":"guardrail_intervened"}"#;
    assert_eq!(read(blocked).choices[0].stop.reason, StopReason::Filtered);
}

fn answer(parts: Vec<Part<'_>>) -> Reply<'_> {
    Reply { choices: vec![Choice { parts, ..Choice::default() }], ..Reply::default() }
}

#[test]
fn an_answer_of_others_has_all_that_is_required() {
    let written = reply_again(&answer(vec![Part::text("x"), Part::Refusal("no".into())]));
    let expected = json!({
        "output": {"message": {"role": "assistant", "content": [{"text": "x"}, {"text": "no"}]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 0, "outputTokens": 0, "totalTokens": 0},
        "metrics": {"latencyMs": 0},
    });
    assert_eq!(written, expected);
    assert_eq!(reply_again(&Reply::default())["output"]["message"]["content"], json!([]));
}

/// A client that knows nothing of it sends back what it was given.
#[test]
fn foreign_signatures_come_back() {
    let signed = |from, value: &'static str| Some(Signature::new(from, value));
    let thought = |signature, redacted| Part::Reasoning(Reasoning { signature, redacted, ..Reasoning::default() });
    let parts = vec![
        thought(signed(Dialect::OpenAiResponses, "encrypted"), false),
        thought(signed(Dialect::Anthropic, "hidden"), true),
        Part::Text(Text { text: "a".into(), signature: signed(Dialect::Gemini, "s1"), ..Text::default() }),
        Part::ToolCall(ToolCall {
            id: "1".into(),
            name: "f".into(),
            arguments: "{}".into(),
            free_form: false,
            signature: signed(Dialect::Gemini, "s2"),
            cache: None,
        }),
    ];
    let message = reply_again(&answer(parts.clone()))["output"]["message"].clone();
    let hidden = message["content"][1]["reasoningContent"]["redactedContent"].as_str().unwrap();
    assert!(!hidden.contains('~'), "it has to be base64: {hidden}");
    let body = json!({"messages": [message]}).to_string();
    assert_eq!(read_request(&body).turns[0].parts, parts);
}

#[test]
fn sources_of_others_are_cited() {
    let citation = Citation {
        url: Some("https://a".into()),
        title: Some("A".into()),
        text: None,
        range: None,
        original: Foreign { dialect: Dialect::OpenAiChat, kind: "x".into(), json: Raw::parse("{}").unwrap() },
    };
    let text = Text { text: "t".into(), citations: vec![citation], ..Text::default() };
    let written = reply_again(&answer(vec![Part::Text(text)]));
    let expected = json!({"citationsContent": {"content": [{"text": "t"}], "citations": [
        {"title": "A", "source": "https://a", "location": {"web": {"url": "https://a"}}}]}});
    assert_eq!(written["output"]["message"]["content"][0], expected);
    let text = written.to_string();
    let Part::Text(read) = &read(&text).choices[0].parts[0] else { panic!("{text}") };
    assert_eq!(read.citations[0].url.as_deref(), Some("https://a"));
}

#[test]
fn case_013_arguments_that_were_cut_off_are_kept() {
    let arguments = r#"{"a": "b"#;
    let call = ToolCall {
        id: "f:1".into(),
        name: "f".into(),
        arguments: arguments.into(),
        free_form: false,
        signature: None,
        cache: None,
    };
    let written = reply_again(&answer(vec![Part::ToolCall(call)]));
    assert_eq!(written["output"]["message"]["content"][0]["toolUse"]["input"], json!({"input": arguments}));
}

#[test]
fn the_tiers_of_other_vendors_are_told_in_amazons_words() {
    for (said, told) in [("flex", "flex"), ("reserved", "reserved"), ("standard", "default"), ("auto", "default")] {
        let reply = Reply { service_tier: Some(said.into()), ..Reply::default() };
        assert_eq!(reply_again(&reply)["serviceTier"]["type"], told);
    }
}
