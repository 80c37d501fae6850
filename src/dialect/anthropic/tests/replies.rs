//! Whole replies.

use serde_json::{Value, json};

use super::ABOUT;
use crate::canonical::{
    Choice, Citation, Dialect, FaultKind, Foreign, Media, MediaKind, Part, Raw, Reasoning, Reply, Source, Stop,
    StopReason, Text, ToolCall, Usage,
};
use crate::dialect::anthropic::Anthropic;
use crate::dialect::codec::Codec;

fn read(body: &str) -> Reply<'_> {
    Anthropic.read_reply(body.as_bytes()).unwrap()
}

fn write(reply: &Reply<'_>) -> Value {
    serde_json::from_slice(&Anthropic.write_reply(reply, &ABOUT)).unwrap()
}

fn answer(parts: Vec<Part<'static>>, stop: Stop<'static>) -> Reply<'static> {
    Reply { choices: vec![Choice { parts, stop, logprobs: None }], ..Reply::default() }
}

fn reason(reason: StopReason) -> Stop<'static> {
    Stop { reason, ..Stop::default() }
}

fn call(arguments: &'static str) -> Part<'static> {
    let (id, name) = ("toolu_1".into(), "f".into());
    Part::ToolCall(ToolCall { id, name, arguments: arguments.into(), free_form: false, signature: None, cache: None })
}

#[test]
fn a_reply_comes_out_as_it_went_in() {
    let body = json!({
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-opus-5",
        "content": [
            {"type": "thinking", "thinking": "hm", "signature": "c2ln"},
            {"type": "redacted_thinking", "data": "ZGF0YQ=="},
            {"type": "text", "text": "a", "citations": [{"type": "web_search_result_location", "url": "https://x",
                "title": "t", "cited_text": "c", "encrypted_index": "e"}]},
            {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "q"}},
            {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"b": 1.50, "a": 2}},
        ],
        "stop_reason": "tool_use", "stop_sequence": null, "stop_details": null,
        "usage": {"input_tokens": 10, "cache_creation_input_tokens": 20, "cache_read_input_tokens": 30,
            "cache_creation": {"ephemeral_5m_input_tokens": 15, "ephemeral_1h_input_tokens": 5},
            "output_tokens": 7, "output_tokens_details": {"thinking_tokens": 3}, "server_tool_use": null,
            "service_tier": "priority", "inference_geo": null},
        "container": {"id": "c"}, "context_management": {"applied_edits": []},
    });
    let text = body.to_string();
    let reply = read(&text);
    assert_eq!(write(&reply), body);
    let again = write(&reply).to_string();
    assert_eq!(read(&again), reply);
}

#[test]
fn case_055_input_contains_what_was_cached() {
    let usage = |usage: &str| {
        read(&format!(r#"{{"type":"message","content":[],"stop_reason":"end_turn","usage":{usage}}}"#)).usage
    };
    let all = r#"{"input_tokens":1,"cache_creation_input_tokens":20,"cache_read_input_tokens":300,
        "cache_creation":{"ephemeral_5m_input_tokens":15,"ephemeral_1h_input_tokens":5},
        "output_tokens":7,"output_tokens_details":{"thinking_tokens":3}}"#;
    let expected = Usage {
        input: Some(321),
        output: Some(7),
        cached: Some(300),
        cache_write: Some(20),
        cache_write_1h: Some(5),
        reasoning: Some(3),
        ..Usage::default()
    };
    assert_eq!(usage(all), expected);
    let few = Usage { input: Some(1), output: Some(2), ..Usage::default() };
    assert_eq!(usage(r#"{"input_tokens":1,"output_tokens":2,"cache_creation":null}"#), few);
}

#[test]
fn case_081_tokens_are_never_negative() {
    let usage =
        Usage { input: Some(5), cached: Some(9), cache_write: Some(1), cache_write_1h: Some(4), ..Usage::default() };
    let written = write(&Reply { usage, ..answer(vec![Part::text("a")], Stop::default()) });
    assert_eq!(written["usage"]["input_tokens"], 0);
    assert_eq!(
        written["usage"]["cache_creation"],
        json!({"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 1})
    );
    let usage = Usage { input: Some(15), cached: Some(9), cache_write: Some(1), ..Usage::default() };
    let written = write(&Reply { usage, ..answer(vec![Part::text("a")], Stop::default()) });
    assert_eq!((&written["usage"]["input_tokens"], &written["usage"]["output_tokens"]), (&json!(5), &json!(0)));
}

#[test]
fn case_044_reasons_to_stop_are_read() {
    use StopReason::*;
    for (native, expected) in [
        ("end_turn", End),
        ("max_tokens", Length),
        ("model_context_window_exceeded", Length),
        ("stop_sequence", Sequence),
        ("tool_use", ToolCalls),
        ("refusal", Filtered),
        ("pause_turn", Paused),
        ("from_the_future", End),
    ] {
        let body = format!(
            r#"{{"type":"message","content":[],"stop_reason":"{native}","stop_sequence":"S",
            "stop_details":{{"type":"refusal","category":null,"explanation":"why"}}}}"#
        );
        let reply = read(&body);
        let stop = &reply.choices[0].stop;
        assert_eq!((stop.reason, stop.native.as_deref()), (expected, Some(native)));
        assert_eq!((stop.sequence.as_deref(), stop.explanation.as_deref()), (Some("S"), Some("why")), "case 59");
    }
}

#[test]
fn case_078_079_reasons_to_stop_are_written() {
    use StopReason::*;
    let written = |parts, stop| write(&answer(parts, stop))["stop_reason"].as_str().unwrap().to_owned();
    let text = || vec![Part::text("a")];
    for (stop, expected) in [
        (End, "end_turn"),
        (Length, "max_tokens"),
        (Sequence, "stop_sequence"),
        (ToolCalls, "end_turn"),
        (Filtered, "refusal"),
        (Paused, "pause_turn"),
        (Broken, "end_turn"),
    ] {
        assert_eq!(written(text(), reason(stop)), expected);
    }
    assert_eq!(written(vec![call("{}")], reason(End)), "tool_use");
    assert_eq!(written(vec![call("{}")], Stop::new(End, "stop")), "tool_use");
    assert_eq!(written(vec![call("{}")], Stop::new(End, "end_turn")), "end_turn");
    assert_eq!(written(vec![call("{\"a\":")], reason(Length)), "max_tokens");
    assert_eq!(written(vec![Part::Refusal("no".into())], reason(End)), "refusal", "case 84");
    let stop = Stop { sequence: Some("S".into()), ..reason(Sequence) };
    assert_eq!(write(&answer(text(), stop))["stop_sequence"], "S");
    let stop = Stop { explanation: Some("why".into()), ..reason(Filtered) };
    let expected = json!({"type": "refusal", "category": null, "explanation": "why"});
    assert_eq!(write(&answer(text(), stop))["stop_details"], expected);
    let full = Stop::new(Length, "model_context_window_exceeded");
    assert_eq!(written(text(), full), "model_context_window_exceeded");
}

#[test]
fn every_member_that_an_sdk_needs_is_there() {
    let written = write(&answer(vec![Part::text("a")], Stop::default()));
    for name in
        ["id", "type", "role", "content", "model", "stop_reason", "stop_sequence", "stop_details", "usage", "container"]
    {
        assert!(written.get(name).is_some(), "{name}");
    }
    assert_eq!((&written["id"], &written["model"]), (&json!("msg_0123456789abcdef0123456789abcdef"), &json!("asked")));
    let nothing = write(&Reply::default());
    assert_eq!((&nothing["content"], &nothing["stop_reason"]), (&json!([]), &json!("end_turn")));
}

#[test]
fn case_045_073_thoughts_and_empty_texts() {
    let parts = vec![
        Part::Reasoning(Reasoning { text: "hm".into(), ..Reasoning::default() }),
        Part::Reasoning(Reasoning::default()),
        Part::text(""),
        Part::text("a"),
        Part::text("b"),
    ];
    assert_eq!(
        write(&answer(parts, Stop::default()))["content"],
        json!([
            {"type": "thinking", "thinking": "hm", "signature": ""},
            {"type": "text", "text": "a"},
            {"type": "text", "text": "b"},
        ])
    );
}

#[test]
fn what_other_dialects_have() {
    let foreign = || Foreign { dialect: Dialect::Gemini, kind: "x".into(), json: Raw::parse("{}").unwrap() };
    let citation = |url: Option<&'static str>| Citation {
        url: url.map(Into::into),
        title: Some("t".into()),
        text: None,
        range: Some((0, 1)),
        original: foreign(),
    };
    let media = |source| {
        let mime = "image/png".into();
        let kind = MediaKind::Image;
        Part::Media(Media { kind, source, mime, name: None, context: None, detail: None, cite: false, cache: None })
    };
    let text =
        Text { text: "a".into(), citations: vec![citation(Some("https://x")), citation(None)], ..Text::default() };
    let parts = vec![
        Part::Text(text),
        Part::Foreign(foreign()),
        media(Source::Url("https://i".into())),
        media(Source::Base64("AA".into())),
        call("{\"cut"),
    ];
    assert_eq!(
        write(&answer(parts, Stop::default()))["content"],
        json!([
            {"type": "text", "text": "a", "citations": [{"type": "web_search_result_location", "url": "https://x",
                "title": "t", "cited_text": "", "encrypted_index": ""}]},
            {"type": "text", "text": "![](https://i)"},
            {"type": "text", "text": "[image/png]"},
            {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"_raw_arguments": "{\"cut"}},
        ])
    );
}

#[test]
fn case_146_what_is_no_answer() {
    use FaultKind::*;
    for (body, kind) in [
        ("", Empty),
        (" \n", Empty),
        (r#"{"type":"message","content":[],"stop_reason":null}"#, Empty),
        (r#"{"type":"message"}"#, Empty),
        (r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#, Overloaded),
        (r#"{"error":{"type":"rate_limit_error","message":"x"}}"#, RateLimited),
        (r#"{"message":"Too many requests"}"#, RateLimited),
        ("<html>", Malformed),
        (r#"{"type":"message","content":[{"type":"text"}]}"#, Malformed),
        (r#"{"type":"message","content":"x"}"#, Malformed),
    ] {
        assert_eq!(Anthropic.read_reply(body.as_bytes()).unwrap_err().kind, kind, "{body}");
    }
    // An answer without words is one.
    assert!(read(r#"{"type":"message","content":[],"stop_reason":"end_turn"}"#).choices[0].parts.is_empty());
    // And one that does not say why it ended.
    let unsaid = r#"{"type":"message","content":[{"type":"tool_use","name":"f","input":{}}]}"#;
    let reply = read(unsaid);
    assert_eq!(reply.choices[0].stop.reason, StopReason::ToolCalls);
    let Part::ToolCall(call) = &reply.choices[0].parts[0] else { panic!() };
    assert!(call.id.starts_with("call_") && call.arguments.is_empty(), "{call:?}");
}
