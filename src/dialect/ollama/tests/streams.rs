//! Streams.

use super::*;
use crate::canonical::{Delta, FaultKind, Part, PartStart, Stop, StopReason, Usage};

/// Everything that one stream can have, as it is written.
const FULL: &str = r#"{"model":"llama3","created_at":"2023-11-14T22:13:20Z","message":{"role":"assistant","content":"","thinking":"Hm"},"done":false}
{"model":"llama3","created_at":"2023-11-14T22:13:20Z","message":{"role":"assistant","content":"It \"is\""},"done":false}
{"model":"llama3","created_at":"2023-11-14T22:13:20Z","message":{"role":"assistant","content":" 4:20 é\n"},"done":false}
{"model":"llama3","created_at":"2023-11-14T22:13:20Z","message":{"role":"assistant","content":"","images":["AA=="]},"done":false}
{"model":"llama3","created_at":"2023-11-14T22:13:20Z","message":{"role":"assistant","content":"","tool_calls":[{"id":"a","function":{"index":0,"name":"f","arguments":{"x":1.0}}}]},"done":false}
{"model":"llama3","created_at":"2023-11-14T22:13:20Z","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","total_duration":0,"load_duration":0,"prompt_eval_count":9,"prompt_eval_duration":0,"eval_count":4,"eval_duration":0}
"#;

/// Read and written event by event, it is the same bytes.
#[test]
fn a_stream_comes_out_as_it_went_in() {
    let (events, result) = events(FULL.as_bytes(), 1000);
    result.unwrap();
    let mut writer = Ollama.write_stream(&ABOUT);
    let mut out = Vec::new();
    events.iter().for_each(|event| writer.event(event, &mut out));
    assert_eq!(String::from_utf8(out).unwrap(), FULL);
}

#[test]
fn case_083_the_cuts_do_not_matter() {
    let whole = events(FULL.as_bytes(), usize::MAX);
    grammatical(&whole.0);
    for size in 1..200 {
        assert_eq!(events(FULL.as_bytes(), size), whole, "chunks of {size}");
    }
    assert_eq!(events(FULL.replace('\n', "\r\n\r\n").as_bytes(), 3), whole);
    assert_eq!(events(FULL.trim_end().as_bytes(), 7), whole, "the last line may lack its end");
}

#[test]
fn case_057_a_stream_that_is_cut_is_not_one_that_ended() {
    for (end, _) in FULL.match_indices('\n').take(5) {
        let (events, result) = events(&FULL.as_bytes()[..=end], 1000);
        assert_eq!(result.unwrap_err().kind, FaultKind::Truncated, "{end}");
        assert!(!events.contains(&Event::End));
    }
    assert_eq!(events(&FULL.as_bytes()[..100], 1000).1.unwrap_err().kind, FaultKind::Malformed);
}

#[test]
fn case_103_a_whole_call_is_a_start_and_one_delta() {
    let (events, _) = events(FULL.as_bytes(), 1000);
    let at = events
        .iter()
        .position(|event| matches!(event, Event::PartStart { start: PartStart::ToolCall { .. }, .. }))
        .unwrap();
    let delta = Delta::Text(r#"{"x":1.0}"#.into());
    assert_eq!(
        events[at + 1..at + 3],
        [Event::Delta { choice: 0, part: 3, delta }, Event::PartEnd { choice: 0, part: 3 }]
    );
    let stop = Event::Stop { choice: 0, stop: Stop::new(StopReason::ToolCalls, "stop") };
    assert!(events.contains(&stop), "case 78");
}

#[test]
fn case_053_errors_in_the_middle() {
    let first = FULL.lines().next().unwrap();
    let (found, result) = events(format!("{first}\n{{\"error\":\"overloaded\"}}\n{first}\n").as_bytes(), 1000);
    result.unwrap();
    let Some(Event::Error(fault)) = found.last() else { panic!("{found:?}") };
    assert_eq!(fault.kind, FaultKind::Overloaded);
    for broken in ["{", "[]x", r#"{"message":7}"#] {
        let (_, result) = events(format!("{first}\n{broken}\n").as_bytes(), 1000);
        assert_eq!(result.unwrap_err().kind, FaultKind::Malformed, "{broken}");
    }
    let mut out = Vec::new();
    Ollama.write_stream(&ABOUT).event(&Event::Error(Fault::new(FaultKind::ServerError, "hal")), &mut out);
    assert_eq!(out, b"{\"error\":\"hal\"}\n");
}

#[test]
fn a_prompts_stream_is_read_and_written() {
    let lines = concat!(
        r#"{"model":"m","created_at":"2023-11-14T22:13:20.5Z","response":"","thinking":"Hm","done":false}"#,
        "\n",
        r#"{"model":"m","created_at":"2023-11-14T22:13:21.5Z","response":"It","done":false}"#,
        "\n",
        r#"{"model":"m","created_at":"2023-11-14T22:13:22.5Z","response":"","done":true,"done_reason":"length","eval_count":2}"#,
        "\n"
    );
    let reply = gathered(lines);
    let [Part::Reasoning(_), Part::Text(text)] = &reply.choices[0].parts[..] else { panic!("{reply:?}") };
    assert_eq!((text.text.as_str(), reply.choices[0].stop.reason), ("It", StopReason::Length));
    let about = About { request: br#"{"prompt":"x"}"#, ..ABOUT };
    let (mut writer, mut out) = (Ollama.write_stream(&about), Vec::new());
    replay(&reply, &mut |event| writer.event(&event, &mut out));
    let text = String::from_utf8(out).unwrap();
    let values: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(values.iter().all(|line| line["response"].is_string() && line.get("message").is_none()), "{text}");
    assert_eq!((&values[0]["thinking"], &values[1]["response"]), (&"Hm".into(), &"It".into()));
    assert_eq!(gathered(&text).choices, reply.choices);
}

#[test]
fn case_076_calls_that_interleave_are_sent_whole() {
    let start = |part, id: &'static str| Event::PartStart {
        choice: 0,
        part,
        start: PartStart::ToolCall { id: id.into(), name: "f".into(), free_form: false },
    };
    let delta = |part, text: &'static str| Event::Delta { choice: 0, part, delta: Delta::Text(text.into()) };
    let end = |part| Event::PartEnd { choice: 0, part };
    let other = Event::PartStart { choice: 1, part: 0, start: PartStart::Text };
    let unseen = Event::Delta { choice: 1, part: 0, delta: Delta::Text("other".into()) };
    let stop = Event::Stop { choice: 0, stop: Stop::new(StopReason::ToolCalls, "") };
    let usage = Event::Usage(Usage { input: Some(1), output: Some(2), ..Usage::default() });
    let (mut writer, mut out) = (Ollama.write_stream(&ABOUT), Vec::new());
    let (a, b) = (start(0, "a"), start(1, "b"));
    let deltas = [delta(0, "{\"a\":\n"), delta(1, "{\"b\":"), other, unseen, delta(0, "1}"), delta(1, "2}")];
    for event in [Event::Ping, a, b].into_iter().chain(deltas).chain([end(0), end(1), stop, usage, Event::End]) {
        writer.event(&event, &mut out);
    }
    let text = String::from_utf8(out).unwrap();
    assert_eq!(text.lines().count(), 4, "{text}");
    let reply = gathered(&text);
    let [Part::ToolCall(a), Part::ToolCall(b)] = &reply.choices[0].parts[..] else { panic!("{reply:?}") };
    assert_eq!((a.arguments.as_str(), b.arguments.as_str()), ("{\"a\": 1}", "{\"b\":2}"));
    assert_eq!((reply.usage.input, reply.usage.output), (Some(1), Some(2)));
    assert!(text.starts_with("{\"model\":\"llama3\",\"created_at\":\"2023-11-14T22:13:20Z\","), "{text}");
}
