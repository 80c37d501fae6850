//! Streams.

use super::*;
use crate::canonical::{Delta, FaultKind, Part, PartStart, Stop, StopReason, ToolCall, Usage};

fn stream(frames: &[&str]) -> String {
    frames.iter().map(|frame| format!("data: {frame}\n\n")).collect()
}

const START: &str = r#"{"id":"c14c80c3-18eb-4519-9460-6c92edd8cfb4","type":"message-start","delta":{"message":{"role":"assistant","content":[],"tool_plan":"","tool_calls":[],"citations":[]}}}"#;

/// Everything that one stream can have, as Cohere writes it.
fn full() -> String {
    let events = [
        START,
        r#"{"type":"content-start","index":0,"delta":{"message":{"content":{"type":"thinking","thinking":""}}}}"#,
        r#"{"type":"content-delta","index":0,"delta":{"message":{"content":{"thinking":"Hm"}}}}"#,
        r#"{"type":"content-end","index":0}"#,
        r#"{"type":"content-start","index":1,"delta":{"message":{"content":{"type":"text","text":""}}}}"#,
        r#"{"type":"content-delta","index":1,"delta":{"message":{"content":{"text":"It \"is\""}}}}"#,
        r#"{"type":"content-delta","index":1,"delta":{"message":{"content":{"text":" 4:20 é"}}}}"#,
        r#"{"type":"citation-start","index":0,"delta":{"message":{"citations":{"start":3,"end":7,"text":"4:20","sources":[]}}}}"#,
        r#"{"type":"citation-end","index":0}"#,
        r#"{"type":"content-end","index":1}"#,
        r#"{"type":"tool-call-start","index":0,"delta":{"message":{"tool_calls":{"id":"a","type":"function","function":{"name":"f","arguments":""}}}}}"#,
        r#"{"type":"tool-call-delta","index":0,"delta":{"message":{"tool_calls":{"function":{"arguments":"{\"x\":"}}}}}"#,
        r#"{"type":"tool-call-delta","index":0,"delta":{"message":{"tool_calls":{"function":{"arguments":"1.0}"}}}}}"#,
        r#"{"type":"tool-call-end","index":0}"#,
        r#"{"type":"message-end","delta":{"finish_reason":"TOOL_CALL","usage":{"billed_units":{"input_tokens":9,"output_tokens":4},"tokens":{"input_tokens":9,"output_tokens":4},"cached_tokens":2}}}"#,
    ];
    let name = |event: &str| event.split_once("\"type\":\"").unwrap().1.split_once('"').unwrap().0.to_owned();
    let mut text: String = events.iter().map(|event| format!("event: {}\ndata: {event}\n\n", name(event))).collect();
    text.push_str("data: [DONE]\n\n");
    text
}

/// Read and written event by event, it is the same bytes.
#[test]
fn a_stream_comes_out_as_it_went_in() {
    let (events, result) = events(full().as_bytes(), 1000);
    result.unwrap();
    let mut writer = Cohere.write_stream(&ABOUT);
    let mut out = Vec::new();
    events.iter().for_each(|event| writer.event(event, &mut out));
    assert_eq!(String::from_utf8(out).unwrap(), full());
}

#[test]
fn case_083_the_cuts_do_not_matter() {
    let whole = events(full().as_bytes(), usize::MAX);
    grammatical(&whole.0);
    for size in 1..200 {
        assert_eq!(events(full().as_bytes(), size), whole, "chunks of {size}");
    }
    let crlf = full().replace('\n', "\r\n");
    assert_eq!(events(crlf.as_bytes(), 3), whole);
    assert_eq!(events(full().replace("data: [DONE]\n\n", ": ping\n\n").as_bytes(), 7), whole, "[DONE] may be missing");
}

#[test]
fn case_057_a_stream_that_is_cut_is_not_one_that_ended() {
    let text = full();
    let cuts: Vec<_> = text.match_indices("\n\n").map(|(at, _)| at + 2).collect();
    for end in &cuts[..cuts.len() - 2] {
        let (events, result) = events(&text.as_bytes()[..*end], 1000);
        assert_eq!(result.unwrap_err().kind, FaultKind::Truncated, "{end}");
        assert!(!events.contains(&Event::End));
    }
}

#[test]
fn the_plan_is_a_text_before_the_calls() {
    let reply = gathered(&stream(&[
        START,
        r#"{"type":"tool-plan-delta","delta":{"message":{"tool_plan":"I will"}}}"#,
        r#"{"type":"tool-plan-delta","delta":{"message":{"tool_plan":" look"}}}"#,
        r#"{"type":"tool-call-start","index":0,"delta":{"message":{"tool_calls":{"id":"a","type":"function","function":{"name":"f","arguments":""}}}}}"#,
        r#"{"type":"tool-call-end","index":0}"#,
        r#"{"type":"message-end","delta":{"finish_reason":"TOOL_CALL"}}"#,
    ]));
    let [Part::Text(plan), Part::ToolCall(call)] = &reply.choices[0].parts[..] else { panic!("{reply:?}") };
    assert_eq!((plan.text.as_str(), call.id.as_str(), call.arguments.as_str()), ("I will look", "a", ""));
    assert_eq!(reply.choices[0].stop.reason, StopReason::ToolCalls);
}

#[test]
fn a_citation_may_come_behind_its_text() {
    let cite =
        r#"{"type":"citation-start","index":0,"delta":{"message":{"citations":{"start":0,"end":1,"text":"a"}}}}"#;
    let reply = gathered(&stream(&[
        START,
        r#"{"type":"content-start","index":0,"delta":{"message":{"content":{"type":"text","text":"a"}}}}"#,
        r#"{"type":"content-end","index":0}"#,
        cite,
        r#"{"type":"citation-end","index":0}"#,
        r#"{"type":"message-end","delta":{"finish_reason":"COMPLETE"}}"#,
    ]));
    let [Part::Text(text)] = &reply.choices[0].parts[..] else { panic!("{reply:?}") };
    assert_eq!((text.text.as_str(), text.citations[0].range), ("a", Some((0, 1))));
    let alone = gathered(&stream(&[START, cite, r#"{"type":"message-end","delta":{"finish_reason":"COMPLETE"}}"#]));
    assert!(matches!(&alone.choices[0].parts[..], [Part::Text(text)] if text.citations.len() == 1));
}

/// What is missing is made up.
#[test]
fn a_careless_stream_still_follows_the_grammar() {
    let reply = gathered(&stream(&[
        r#"{"type":"content-delta","index":0,"delta":{"message":{"content":{"text":"a"}}}}"#,
        r#"{"type":"content-delta","index":1,"delta":{"message":{"content":{"thinking":"b"}}}}"#,
        r#"{"type":"tool-call-start","delta":{"message":{"tool_calls":{"function":{"name":"f","arguments":"{"}}}}}"#,
        r#"{"type":"tool-call-delta","delta":{"message":{"tool_calls":{"function":{"arguments":"}"}}}}}"#,
        r#"{"type":"brand-new","delta":[7]}"#,
        r#"{"type":"message-end"}"#,
    ]));
    let [Part::Text(_), Part::Reasoning(thought), Part::ToolCall(call)] = &reply.choices[0].parts[..] else {
        panic!("{reply:?}")
    };
    assert_eq!((thought.text.as_str(), call.arguments.as_str(), call.id.is_empty()), ("b", "{}", false));
    assert_eq!(reply.choices[0].stop.reason, StopReason::ToolCalls, "case 78");
}

#[test]
fn case_053_errors_in_the_middle() {
    let check = |last: &str, kind: FaultKind| {
        let (events, result) = events(stream(&[START, last]).as_bytes(), 1000);
        result.unwrap();
        let Some(Event::Error(fault)) = events.last() else { panic!("{events:?}") };
        assert_eq!(fault.kind, kind, "{last}");
    };
    check(r#"{"type":"message-end","delta":{"finish_reason":"ERROR"}}"#, FaultKind::ServerError);
    check(r#"{"type":"message-end","delta":{"finish_reason":"ERROR","error":"overloaded"}}"#, FaultKind::Overloaded);
    check(r#"{"type":"message-end","delta":{"finish_reason":"TIMEOUT"}}"#, FaultKind::UpstreamTimeout);
    check(r#"{"id":"x","message":"rate limit"}"#, FaultKind::RateLimited);
    check(r#"{"type":"error","error":{"message":"x"}}"#, FaultKind::ServerError);
    for broken in ["{", r#"{"type":"content-delta","delta":7}"#, r#"{"type":"tool-call-delta","index":5}"#] {
        let (_, result) = events(stream(&[START, broken]).as_bytes(), 1000);
        assert_eq!(result.unwrap_err().kind, FaultKind::Malformed, "{broken}");
    }
}

#[test]
fn an_error_is_an_end_with_a_reason() {
    let written = |kind| {
        let mut writer = Cohere.write_stream(&ABOUT);
        let mut out = Vec::new();
        writer.event(&Event::Error(Fault::new(kind, "hal \"9000\"")), &mut out);
        String::from_utf8(out).unwrap()
    };
    let text = written(FaultKind::ServerError);
    assert!(text.starts_with("event: message-start\n"), "{text}");
    let end = r#"{"type":"message-end","delta":{"error":"hal \"9000\"","finish_reason":"ERROR"}}"#;
    assert!(text.trim_end().ends_with(end), "{text}");
    assert!(!text.contains("[DONE]"));
    assert!(written(FaultKind::IdleTimeout).contains(r#""finish_reason":"TIMEOUT""#));
    let (events, _) = events(text.as_bytes(), 1000);
    assert!(matches!(events.last(), Some(Event::Error(_))), "what is written as an error is read as one");
}

fn call<'a>(id: &'a str, arguments: &'a str) -> Part<'a> {
    Part::ToolCall(ToolCall {
        id: id.into(),
        name: "f".into(),
        arguments: arguments.into(),
        free_form: false,
        signature: None,
        cache: None,
    })
}

#[test]
fn case_048_a_call_without_arguments_says_so_once() {
    let choice = crate::canonical::Choice {
        parts: vec![Part::text(""), call("a", ""), call("b", "{\"x\":1}")],
        stop: Stop::new(StopReason::ToolCalls, "tool_use"),
        logprobs: None,
    };
    let usage = Usage { input: Some(1), output: Some(2), ..Usage::default() };
    let text = streamed(&Reply { choices: vec![choice], usage, ..Reply::default() });
    let kinds: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("event: ")).collect();
    let call = ["tool-call-start", "tool-call-delta", "tool-call-end"];
    assert_eq!(kinds, [&["message-start"][..], &call, &call, &["message-end"]].concat(), "{text}");
    assert_eq!(text.matches(r#""arguments":"{}""#).count(), 1);
    assert!(text.contains("\"id\":\"01234567-89ab-cdef-0123-456789abcdef\""), "{text}");
    assert!(text.ends_with("data: [DONE]\n\n"));
    let back = gathered(&text);
    assert!(matches!(&back.choices[0].parts[..], [Part::ToolCall(a), Part::ToolCall(b)] if a.id == "a" && b.id == "b"));
    assert_eq!(back.usage, usage);
}

#[test]
fn case_072_and_076_parts_are_sequential() {
    let start = |part, id: &'static str| Event::PartStart {
        choice: 0,
        part,
        start: PartStart::ToolCall { id: id.into(), name: "f".into(), free_form: false },
    };
    let delta = |part, text: &'static str| Event::Delta { choice: 0, part, delta: Delta::Text(text.into()) };
    let end = |part| Event::PartEnd { choice: 0, part };
    let mut writer = Cohere.write_stream(&ABOUT);
    let mut out = Vec::new();
    let begin = Event::Start { id: "".into(), model: "".into(), created: None, service_tier: None };
    let stop = Event::Stop { choice: 0, stop: Stop::new(StopReason::ToolCalls, "") };
    let (a, b) = (start(0, "a"), start(1, "b"));
    let deltas = [delta(0, "{\"a\":"), delta(1, "{\"b\":"), delta(0, "1}"), delta(1, "2}")];
    for event in [begin, a, b].into_iter().chain(deltas).chain([end(0), end(1), Event::Ping, stop, Event::End]) {
        writer.event(&event, &mut out);
    }
    let reply = gathered(std::str::from_utf8(&out).unwrap());
    let [Part::ToolCall(a), Part::ToolCall(b)] = &reply.choices[0].parts[..] else { panic!("{reply:?}") };
    assert_eq!((a.arguments.as_str(), b.arguments.as_str()), ("{\"a\":1}", "{\"b\":2}"));
}

#[test]
fn logprobs_come_with_their_text() {
    let text = stream(&[
        START,
        r#"{"type":"content-delta","index":0,"delta":{"message":{"content":{"text":"a"}}},"logprobs":{"token_ids":[1],"text":"a","logprobs":[-0.5]}}"#,
        r#"{"type":"content-delta","index":0,"delta":{"message":{"content":{"text":"b"}}},"logprobs":{"token_ids":[1],"text":"b","logprobs":[-1.5]}}"#,
        r#"{"type":"message-end","delta":{"finish_reason":"COMPLETE"}}"#,
    ]);
    let tree = gathered(&text).choices[0].logprobs.as_ref().unwrap().tree();
    assert_eq!(tree["content"][1]["logprob"], -1.5);
    let (events, _) = events(text.as_bytes(), 1000);
    let (mut writer, mut out) = (Cohere.write_stream(&ABOUT), Vec::new());
    events.iter().for_each(|event| writer.event(event, &mut out));
    let again = gathered(std::str::from_utf8(&out).unwrap());
    assert_eq!(again.choices, gathered(&text).choices);
}

/// Found by the fuzzer: what is first said of an answer is how likely its tokens are.
#[test]
fn logprobs_without_a_beginning_begin_the_answer() {
    let text = stream(&[
        r#"{"type":"content-delta","index":0,"logprobs":[{"text":"a","logprobs":[-0.5]}]}"#,
        r#"{"type":"message-end","delta":{"finish_reason":"COMPLETE"}}"#,
    ]);
    let (events, result) = events(text.as_bytes(), 1000);
    result.unwrap();
    grammatical(&events);
    assert!(matches!(&events[..], [Event::Start { .. }, Event::Logprobs { .. }, ..]), "{events:?}");
}
