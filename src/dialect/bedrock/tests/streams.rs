//! A provider's streams.

use serde_json::{Value, json};

use super::*;
use crate::canonical::{Delta, Event, FaultKind, PartStart};

/// What the frames are as events, in words, and how the stream ended.
fn events<'f>(frames: impl IntoIterator<Item = (&'f str, Value)>) -> (Vec<String>, Result<(), FaultKind>) {
    let mut reader = Bedrock.read_stream();
    let mut said = Vec::new();
    let mut out = |event: Event<'_>| said.push(words(&event));
    let mut ended = Ok(());
    for (name, data) in frames {
        ended = ended.and_then(|()| reader.frame(name, data.to_string().as_bytes(), &mut out));
    }
    let ended = ended.and_then(|()| reader.end(&mut out));
    (said, ended.map_err(|fault| fault.kind))
}

fn words(event: &Event<'_>) -> String {
    match event {
        Event::Start { .. } => "start".to_owned(),
        Event::PartStart { part, start, .. } => match start {
            PartStart::Text => format!("{part} text"),
            PartStart::Reasoning { redacted, .. } => {
                format!("{part} {}", if *redacted { "redacted" } else { "thoughts" })
            }
            PartStart::ToolCall { id, name, .. } => format!("{part} call {id} {name}"),
            PartStart::Media(media) => format!("{part} {}", media.mime),
            PartStart::Foreign(foreign) => format!("{part} {} {}", foreign.kind, foreign.json.as_str()),
            PartStart::Refusal => format!("{part} refusal"),
        },
        Event::Delta { part, delta: Delta::Text(text), .. } => format!("{part} + {text}"),
        Event::Delta { part, delta: Delta::Signature(signature), .. } => format!("{part} signed {}", signature.value),
        Event::Delta { part, delta: Delta::Citation(citation), .. } => format!("{part} cites {:?}", citation.title),
        Event::PartEnd { part, .. } => format!("{part} end"),
        Event::Stop { stop, .. } => format!("stop {:?}", stop.reason),
        Event::Usage(usage) => format!("usage {:?} {:?}", usage.input, usage.output),
        Event::Error(fault) => format!("error {} {} {:?}", fault.kind, fault.message, fault.status),
        Event::End => "end".to_owned(),
        other => format!("{other:?}"),
    }
}

fn delta(index: u32, delta: Value) -> (&'static str, Value) {
    ("contentBlockDelta", json!({"contentBlockIndex": index, "delta": delta, "p": "abc"}))
}

fn start(index: u32, start: Value) -> (&'static str, Value) {
    ("contentBlockStart", json!({"contentBlockIndex": index, "start": start}))
}

fn block_stop(index: u32) -> (&'static str, Value) {
    ("contentBlockStop", json!({"contentBlockIndex": index}))
}

fn begin() -> (&'static str, Value) {
    ("messageStart", json!({"role": "assistant", "p": "ab"}))
}

fn stop(reason: &str) -> (&'static str, Value) {
    ("messageStop", json!({"stopReason": reason}))
}

fn metadata() -> (&'static str, Value) {
    let usage = json!({"inputTokens": 3, "outputTokens": 4, "totalTokens": 9, "cacheReadInputTokens": 2});
    ("metadata", json!({"usage": usage, "metrics": {"latencyMs": 1}}))
}

#[test]
fn case_118_and_119_blocks_without_a_start_and_their_indexes() {
    let (said, ended) = events([
        begin(),
        delta(0, json!({"reasoningContent": {"text": "h"}})),
        delta(0, json!({"reasoningContent": {"text": "m"}})),
        delta(0, json!({"reasoningContent": {"signature": "c2ln"}})),
        block_stop(0),
        delta(1, json!({"reasoningContent": {"redactedContent": "aGlk"}})),
        block_stop(1),
        start(2, json!({})),
        delta(2, json!({"text": ""})),
        delta(2, json!({"text": "I"})),
        delta(2, json!({"citation": {"title": "T"}})),
        block_stop(2),
        start(4, json!({"toolUse": {"toolUseId": "a", "name": "f"}})),
        delta(4, json!({"toolUse": {"input": ""}})),
        delta(4, json!({"toolUse": {"input": "{\"x\":\"\\u00"}})),
        delta(4, json!({"toolUse": {"input": "e9\"}"}})),
        block_stop(4),
        start(7, json!({"toolUse": {"toolUseId": "b", "name": "g"}})),
        block_stop(7),
        stop("tool_use"),
        metadata(),
    ]);
    let expected = [
        "start",
        "0 thoughts",
        "0 + h",
        "0 + m",
        "0 signed c2ln",
        "0 end",
        "1 redacted",
        "1 signed aGlk",
        "1 end",
        "2 text",
        "2 + I",
        "2 cites Some(\"T\")",
        "2 end",
        "3 call a f",
        r#"3 + {"x":"\u00"#,
        r#"3 + e9"}"#,
        "3 end",
        "4 call b g",
        "4 end",
        "stop ToolCalls",
        "usage Some(5) Some(4)",
        "end",
    ];
    assert_eq!((said, ended), (expected.map(str::to_owned).to_vec(), Ok(())));
}

#[test]
fn pieces_that_are_missing_are_made_up() {
    let (said, ended) = events([
        delta(0, json!({"text": "a"})),
        delta(1, json!({"text": "b"})),
        delta(1, json!({"reasoningContent": {"text": "c"}})),
        start(2, json!({"toolUse": {"toolUseId": "a", "name": "f"}})),
        metadata(),
        stop("end_turn"),
    ]);
    let expected = [
        "start",
        "0 text",
        "0 + a",
        "0 end",
        "1 text",
        "1 + b",
        "1 end",
        "2 thoughts",
        "2 + c",
        "2 end",
        "3 call a f",
        "usage Some(5) Some(4)",
        "3 end",
        "stop ToolCalls",
        "end",
    ];
    assert_eq!((said, ended), (expected.map(str::to_owned).to_vec(), Ok(())));
}

#[test]
fn case_121_an_answer_is_whole_when_its_tokens_are_told() {
    let ended = |count: usize| {
        let frames = [begin(), delta(0, json!({"text": "a"})), block_stop(0), stop("end_turn"), metadata()];
        events(frames.into_iter().take(count))
    };
    for count in 0..5 {
        let (said, ended) = ended(count);
        assert_eq!(ended, Err(FaultKind::Truncated), "after {count} frames");
        assert!(!said.contains(&"end".to_owned()));
        assert_eq!(said.contains(&"stop End".to_owned()), count == 4);
    }
    assert_eq!(ended(5).1, Ok(()));
}

#[test]
fn case_117_exceptions() {
    for (name, expected) in [
        ("throttlingException", "error rate_limited why Some(429)"),
        ("modelStreamErrorException", "error server_error why Some(424)"),
        ("validationException", "error rejected why Some(400)"),
        ("internalServerException", "error server_error why Some(500)"),
        ("serviceUnavailableException", "error overloaded why Some(503)"),
        ("modelTimeoutException", "error upstream_timeout why Some(408)"),
        ("somethingNew", "error server_error why Some(500)"),
    ] {
        let name = format!("exception:{name}");
        let frames = [begin(), (name.as_str(), json!({"message": "why"})), stop("end_turn"), metadata()];
        let (said, ended) = events(frames);
        assert_eq!((said, ended), (vec!["start".to_owned(), expected.to_owned()], Ok(())));
    }
}

#[test]
fn frames_that_cannot_be_read() {
    let fault = |name, data: Value| events([begin(), (name, data)]).1.unwrap_err();
    assert_eq!(fault("contentBlockDelta", json!({"delta": {"text": 7}})), FaultKind::Malformed);
    assert_eq!(fault("contentBlockDelta", json!({"delta": {"toolUse": {"input": "{"}}})), FaultKind::Malformed);
    assert_eq!(fault("messageStop", json!([1])), FaultKind::Malformed);
    assert_eq!(fault("newFrame", json!(7)), FaultKind::Truncated, "a new kind is passed over");
}

#[test]
fn case_128_what_the_provider_runs_itself_is_given_whole() {
    let hosted = json!({"toolUse": {"toolUseId": "s", "name": "nova_grounding", "type": "server_tool_use"}});
    let (said, ended) = events([
        begin(),
        start(0, hosted),
        delta(0, json!({"toolUse": {"input": "{\"q\":"}})),
        delta(0, json!({"toolUse": {"input": "1}"}})),
        block_stop(0),
        start(1, json!({"toolResult": {"toolUseId": "s", "status": "success"}})),
        delta(1, json!({"toolResult": [{"text": "a"}]})),
        delta(1, json!({"toolResult": [{"json": {"b": 1}}]})),
        block_stop(1),
        start(2, json!({"image": {"format": "png"}})),
        delta(2, json!({"image": {"source": {"bytes": "iVBO"}}})),
        block_stop(2),
        stop("end_turn"),
        metadata(),
    ]);
    let expected = [
        "start",
        r#"0 toolUse {"toolUseId":"s","name":"nova_grounding","type":"server_tool_use","input":{"q":1}}"#,
        "0 end",
        r#"1 toolResult {"toolUseId":"s","status":"success","content":[{"text":"a"},{"json":{"b":1}}]}"#,
        "1 end",
        "2 image/png",
        "2 end",
        "stop End",
        "usage Some(5) Some(4)",
        "end",
    ];
    assert_eq!((said, ended), (expected.map(str::to_owned).to_vec(), Ok(())));
}
