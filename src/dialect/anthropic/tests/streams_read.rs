//! Streams of providers, read.

use serde_json::{Value, json};

use super::{ABOUT, each, events, gathered};
use crate::canonical::{Dialect, Event, FaultKind, Part, Raw, StopReason, Usage};
use crate::dialect::anthropic::Anthropic;
use crate::dialect::codec::Codec;

const START: &str = r#"{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"usage":{"input_tokens":5,"cache_read_input_tokens":2,"output_tokens":1}}}"#;
const STOP: &str = r#"{"type":"message_stop"}"#;

fn block(index: u32, block: &str) -> String {
    format!(r#"{{"type":"content_block_start","index":{index},"content_block":{block}}}"#)
}

fn delta(index: u32, delta: &str) -> String {
    format!(r#"{{"type":"content_block_delta","index":{index},"delta":{delta}}}"#)
}

fn text(index: u32, text: &str) -> String {
    delta(index, &format!(r#"{{"type":"text_delta","text":"{text}"}}"#))
}

fn input(index: u32, json: &str) -> String {
    delta(index, &format!(r#"{{"type":"input_json_delta","partial_json":{}}}"#, serde_json::to_string(json).unwrap()))
}

fn end(index: u32) -> String {
    format!(r#"{{"type":"content_block_stop","index":{index}}}"#)
}

fn why(reason: &str) -> String {
    format!(
        r#"{{"type":"message_delta","delta":{{"stop_reason":"{reason}","stop_sequence":null}},"usage":{{"output_tokens":9}}}}"#
    )
}

const TEXT: &str = r#"{"type":"text","text":""}"#;

/// The parts and the reason of a stream of `frames`.
#[track_caller]
fn check(frames: &[&str], parts: Vec<Part<'static>>, reason: StopReason) {
    let reply = gathered(&frames.join("\n")).unwrap();
    assert_eq!((&reply.choices[0].parts, reply.choices[0].stop.reason), (&parts, reason));
}

fn call(arguments: &'static str) -> Part<'static> {
    let (id, name) = ("toolu_1".into(), "f".into());
    Part::ToolCall(crate::canonical::ToolCall {
        id,
        name,
        arguments: arguments.into(),
        free_form: false,
        signature: None,
        cache: None,
    })
}

#[test]
fn events_are_those_of_the_grammar() {
    let frames =
        [START, "{\"type\":\"ping\"}", &block(0, TEXT), &text(0, "a"), &text(0, "b"), &end(0), &why("end_turn"), STOP];
    let expected = [
        r#"Start { id: "msg_1", model: "m", created: None, service_tier: None }"#,
        "Usage(Usage { input: Some(7), output: Some(1), cached: Some(2), cache_write: None, cache_write_1h: None, reasoning: None, searches: None, billed_input: None, billed_output: None, service: None })",
        "Ping",
        "PartStart { choice: 0, part: 0, start: Text }",
        r#"Delta { choice: 0, part: 0, delta: Text("a") }"#,
        r#"Delta { choice: 0, part: 0, delta: Text("b") }"#,
        "PartEnd { choice: 0, part: 0 }",
        "Usage(Usage { input: Some(7), output: Some(9), cached: Some(2), cache_write: None, cache_write_1h: None, reasoning: None, searches: None, billed_input: None, billed_output: None, service: None })",
        r#"Stop { choice: 0, stop: Stop { reason: End, native: Some("end_turn"), sequence: None, explanation: None } }"#,
        "End",
    ];
    assert_eq!(events(&frames.join("\n")).unwrap(), expected);
}

#[test]
fn case_047_048_hosted_tools_do_not_count_as_calls() {
    let hosted = r#"{"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{}}"#;
    let found = r#"{"type":"web_search_tool_result","tool_use_id":"srvtoolu_1","content":[]}"#;
    let tool = r#"{"type":"tool_use","id":"toolu_1","name":"f","input":{}}"#;
    let whole = r#"{"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{"query":"q"}}"#;
    let foreign = |kind: &'static str, json: &'static str| {
        let json = Raw::parse(json).unwrap();
        Part::Foreign(crate::canonical::Foreign { dialect: Dialect::Anthropic, kind: kind.into(), json })
    };
    check(
        &[
            START,
            &block(0, hosted),
            &input(0, "{\"query\":"),
            &input(0, "\"q\"}"),
            &end(0),
            &block(1, found),
            &end(1),
            &block(2, tool),
            &input(2, ""),
            &end(2),
            &why("tool_use"),
            STOP,
        ],
        vec![foreign("server_tool_use", whole), foreign("web_search_tool_result", found), call("")],
        StopReason::ToolCalls,
    );
}

#[test]
fn case_049_input_at_the_beginning() {
    let eager = r#"{"type":"tool_use","id":"toolu_1","name":"f","input":{"a":1}}"#;
    let once = vec![call("{\"a\":1}")];
    check(&[START, &block(0, eager), &end(0), &why("tool_use"), STOP], once.clone(), StopReason::ToolCalls);
    let twice = [START, &block(0, eager), &input(0, "{\"a\":"), &input(0, "1}"), &end(0), &why("tool_use"), STOP];
    check(&twice, once, StopReason::ToolCalls);
}

#[test]
fn case_050_arguments_are_joined_without_being_read() {
    let tool = r#"{"type":"tool_use","id":"toolu_1","name":"f","input":{}}"#;
    let frames =
        [START, &block(0, tool), &input(0, "{\"a\":\"\\u00"), &input(0, "e9\"}"), &end(0), &why("tool_use"), STOP];
    check(&frames, vec![call("{\"a\":\"\\u00e9\"}")], StopReason::ToolCalls);
}

#[test]
fn case_051_thoughts_citations_and_what_is_hidden() {
    let thinking = r#"{"type":"thinking","thinking":"","signature":""}"#;
    let redacted = r#"{"type":"redacted_thinking","data":"ZGF0YQ=="}"#;
    let cited = r#"{"type":"char_location","cited_text":"c","document_index":0,"document_title":"t"}"#;
    let frames = [
        START,
        &block(0, thinking),
        &delta(0, r#"{"type":"thinking_delta","thinking":"hm"}"#),
        &delta(0, r#"{"type":"signature_delta","signature":"c2ln"}"#),
        &end(0),
        &block(1, thinking),
        &delta(1, r#"{"type":"signature_delta","signature":"b21pdHRlZA=="}"#),
        &end(1),
        &block(2, redacted),
        &end(2),
        &block(3, TEXT),
        &text(3, "a"),
        &delta(3, &format!(r#"{{"type":"citations_delta","citation":{cited}}}"#)),
        &end(3),
        &block(4, r#"{"type":"compaction","content":null}"#),
        &delta(4, r#"{"type":"compaction_delta","content":"short"}"#),
        &end(4),
        &why("end_turn"),
        STOP,
    ];
    let reply = gathered(&frames.join("\n")).unwrap();
    let written: Value = serde_json::from_slice(&Anthropic.write_reply(&reply, &ABOUT)).unwrap();
    let cited: Value = serde_json::from_str(cited).unwrap();
    assert_eq!(
        written["content"],
        json!([
            {"type": "thinking", "thinking": "hm", "signature": "c2ln"},
            {"type": "thinking", "thinking": "", "signature": "b21pdHRlZA=="},
            {"type": "redacted_thinking", "data": "ZGF0YQ=="},
            {"type": "text", "text": "a", "citations": [cited]},
            {"type": "compaction", "content": "short"},
        ])
    );
}

#[test]
fn case_053_an_error_in_the_middle() {
    let error = r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
    let mut got = Vec::new();
    each(&[START, &block(0, TEXT), error, &text(0, "late"), STOP].join("\n"), &mut |event| match event {
        Event::Error(fault) => got.push(format!("{}", fault.kind)),
        Event::Delta { .. } | Event::End => got.push("more".to_owned()),
        _ => {}
    })
    .unwrap();
    assert_eq!(got, ["overloaded"]);
    // Some leave out the type.
    for (name, data) in [
        ("error", r#"{"type":"error","error":{"type":"rate_limit_error","message":"x"}}"#),
        ("", r#"{"error":{"type":"rate_limit_error","message":"x"}}"#),
    ] {
        let mut kinds = Vec::new();
        let mut reader = Anthropic.read_stream();
        reader
            .frame(name, data.as_bytes(), &mut |event| {
                if let Event::Error(fault) = event {
                    kinds.push(fault.kind);
                }
            })
            .unwrap();
        assert_eq!(kinds, [FaultKind::RateLimited], "{name}");
    }
}

#[test]
fn case_054_counts_may_come_again_and_leave_things_out() {
    let start = r#"{"type":"message_start","message":{"id":"m","usage":{"input_tokens":0,"cache_creation_input_tokens":3,"cache_creation":{"ephemeral_1h_input_tokens":2},"output_tokens":1}}}"#;
    let first = r#"{"type":"message_delta","delta":{},"usage":{"output_tokens":4,"output_tokens_details":{"thinking_tokens":2}}}"#;
    let second = r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"input_tokens":61,"cache_creation_input_tokens":0,"output_tokens":9}}"#;
    let third = r#"{"type":"message_delta","delta":{"stop_reason":null},"usage":{}}"#;
    let reply = gathered(&[start, &block(0, TEXT), &text(0, "a"), first, second, third, STOP].join("\n")).unwrap();
    let expected = Usage {
        input: Some(64),
        output: Some(9),
        cached: None,
        cache_write: Some(3),
        cache_write_1h: Some(2),
        reasoning: Some(2),
        ..Usage::default()
    };
    assert_eq!((reply.usage, reply.choices[0].stop.native.as_deref()), (expected, Some("end_turn")));
}

#[test]
fn case_057_a_stream_that_is_cut_is_no_answer() {
    let frames = [START, &block(0, TEXT), &text(0, "a"), &end(0), &why("end_turn"), STOP];
    for cut in 0..frames.len() - 1 {
        let fault = gathered(&frames[..cut].join("\n")).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Truncated, "after {cut}");
    }
    let whole = gathered(&frames.join("\n")).unwrap();
    assert_eq!(gathered(&frames[..5].join("\n")), Ok(whole), "what is missing says nothing");
    let told_too_early = [START, &block(0, TEXT), &text(0, "a"), &why("end_turn")];
    assert!(gathered(&told_too_early.join("\n")).is_err(), "a block is open");
}

#[test]
fn case_083_cut_at_every_byte() {
    let frames = [START, &block(0, TEXT), &text(0, "é"), &end(0), &why("end_turn"), STOP];
    let mut stream = "\u{feff}: hello\r\n\r\n".to_owned();
    for (index, frame) in frames.iter().enumerate() {
        let name = serde_json::from_str::<Value>(frame).unwrap()["type"].as_str().unwrap().to_owned();
        let line = if index % 2 == 0 { "\r\n" } else { "\n" };
        stream.push_str(&format!("event: {name}{line}data:{frame}  {line}{line}: OPENROUTER PROCESSING{line}{line}"));
    }
    let expected = events(&frames.join("\n")).unwrap();
    for cut in 0..stream.len() {
        let mut splitter = crate::dialect::sse::Splitter::new(1 << 20);
        let mut reader = Anthropic.read_stream();
        let mut got = Vec::new();
        let mut out = |event: Event<'_>| got.push(format!("{event:?}"));
        for piece in [&stream.as_bytes()[..cut], &stream.as_bytes()[cut..]] {
            for event in splitter.push(bytes::Bytes::copy_from_slice(piece)).unwrap().events() {
                let event = crate::dialect::sse::Event::read(event);
                let Some(data) = event.data else { continue };
                reader.frame(std::str::from_utf8(event.name).unwrap(), &data, &mut out).unwrap();
            }
        }
        reader.end(&mut out).unwrap();
        assert_eq!(got, expected, "cut at {cut}");
    }
}

#[test]
fn case_074_what_breaks_the_rules_is_put_right() {
    // Without a beginning, starts, stops and a reason.
    check(&[&text(0, "a"), &text(0, "b"), STOP], vec![Part::text("ab")], StopReason::End);
    // A block begins again at an index that is open, and changes its kind.
    let thinking = delta(0, r#"{"type":"thinking_delta","thinking":"hm"}"#);
    let hm = crate::canonical::Reasoning { text: "hm".into(), ..Default::default() };
    check(
        &[START, &block(0, TEXT), &text(0, "a"), START, &block(0, TEXT), &text(0, "b"), &thinking, &text(0, "c"), STOP],
        vec![Part::text("a"), Part::text("b"), Part::Reasoning(hm), Part::text("c")],
        StopReason::End,
    );
    // Two at once.
    let two =
        [START, &block(0, TEXT), &block(1, TEXT), &text(0, "a"), &text(1, "x"), &text(0, "b"), &end(1), &end(0), STOP];
    check(&two, vec![Part::text("ab"), Part::text("x")], StopReason::End);
    // `[DONE]`, new events, new deltas, and an empty message.
    let odd = delta(0, r#"{"type":"from_the_future","x":1}"#);
    check(
        &[START, &block(0, TEXT), &odd, "{\"type\":\"new\"}", &end(0), STOP, "data: [DONE]"],
        vec![Part::text("")],
        StopReason::End,
    );
    check(&[START, &why("end_turn"), STOP], vec![], StopReason::End);
    // A whole reply.
    let whole = r#"{"type":"message","content":[{"type":"text","text":"a"}],"stop_reason":"end_turn"}"#;
    check(&[whole], vec![Part::text("a")], StopReason::End);
    for bad in ["{", "data: []", "data: 7", &block(0, "{\"text\":\"x\"}"), &input(0, "{}")] {
        assert_eq!(gathered(&[START, bad].join("\n")).unwrap_err().kind, FaultKind::Malformed, "{bad}");
    }
}
