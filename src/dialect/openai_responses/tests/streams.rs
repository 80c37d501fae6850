//! Streams, written.

use serde_json::json;

use super::*;
use crate::canonical::{
    Citation, Delta, Dialect, FaultKind, Foreign, PartStart, Raw, Signature, Stop, StopReason, Usage,
};

fn start() -> Event<'static> {
    Event::Start { id: "x".into(), model: "m".into(), created: Some(5), service_tier: None }
}

fn begin(part: u32, start: PartStart<'static>) -> Event<'static> {
    Event::PartStart { choice: 0, part, start }
}

fn text(part: u32, text: &'static str) -> Event<'static> {
    Event::Delta { choice: 0, part, delta: Delta::Text(text.into()) }
}

fn end(part: u32) -> Event<'static> {
    Event::PartEnd { choice: 0, part }
}

fn stop(reason: StopReason) -> Event<'static> {
    Event::Stop { choice: 0, stop: Stop::new(reason, "x") }
}

fn tool(id: &'static str) -> PartStart<'static> {
    PartStart::ToolCall { id: id.into(), name: "f".into(), free_form: false }
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().unwrap().trim_start_matches("response.")).collect()
}

#[test]
fn case_136_the_events_come_in_their_order() {
    let events = stream_of(
        &[
            start(),
            begin(0, PartStart::Reasoning { summary: true, id: None, redacted: false }),
            text(0, "th"),
            end(0),
            begin(1, PartStart::Text),
            text(1, "a\n"),
            text(1, "b"),
            end(1),
            begin(2, tool("c1")),
            text(2, "{\"a\""),
            text(2, ":1}"),
            end(2),
            Event::Ping,
            Event::Usage(Usage { input: Some(1), output: Some(2), ..Usage::default() }),
            stop(StopReason::ToolCalls),
            Event::End,
        ],
        "{}",
    );
    let expected = [
        "created",
        "in_progress",
        "output_item.added",
        "reasoning_summary_part.added",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.done",
        "reasoning_summary_part.done",
        "output_item.done",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "output_item.added",
        "function_call_arguments.delta",
        "function_call_arguments.delta",
        "function_call_arguments.done",
        "output_item.done",
        "completed",
    ];
    assert_eq!(kinds(&events), expected);
    let item = "msg_0123456789abcdef0123456789abcdef0001";
    assert_eq!(
        events[11],
        json!({"type": "response.output_text.delta", "sequence_number": 11, "item_id": item, "output_index": 1,
            "content_index": 0, "delta": "b", "logprobs": []})
    );
    assert_eq!(events[12]["text"], "a\nb");
    let part = json!({"type": "output_text", "text": "a\nb", "annotations": [], "logprobs": []});
    assert_eq!(events[13]["part"], part);
    assert_eq!(
        events[14]["item"],
        json!({"type": "message", "id": item, "status": "completed", "role": "assistant", "content": [part]})
    );
    for event in &events[2..events.len() - 1] {
        let index = [0, 1, 2][usize::from(event["sequence_number"].as_u64() > Some(7))
            + usize::from(event["sequence_number"].as_u64() > Some(14))];
        assert_eq!(event["output_index"], index, "{event}");
        let id = event["item_id"].as_str().or(event["item"]["id"].as_str()).unwrap();
        assert!(id.starts_with(["rs_", "msg_", "fc_"][index]), "{event}");
    }
    let done: Vec<_> = events
        .iter()
        .filter(|event| event["type"] == "response.output_item.done")
        .map(|event| &event["item"])
        .collect();
    let response = &events.last().unwrap()["response"];
    assert_eq!(response["output"], json!(done));
    assert_eq!(response["usage"]["total_tokens"], 3);
    assert_eq!(
        (&events[0]["response"]["status"], &events[0]["response"]["usage"]),
        (&json!("in_progress"), &Value::Null)
    );
}

#[test]
fn case_139_done_equals_the_deltas() {
    let events = stream_of(
        &[
            start(),
            begin(0, tool("c1")),
            end(0),
            begin(1, PartStart::ToolCall { id: "c2".into(), name: "g".into(), free_form: true }),
            text(1, "free \"text\""),
            end(1),
            begin(2, PartStart::Refusal),
            text(2, "no"),
            end(2),
            stop(StopReason::End),
            Event::End,
        ],
        "{}",
    );
    let sum = |kind: &str| {
        let deltas = events.iter().filter(|event| event["type"] == kind);
        deltas.map(|event| event["delta"].as_str().unwrap()).collect::<String>()
    };
    let whole = |kind: &str, member: &str| {
        events.iter().find(|event| event["type"] == kind).unwrap()[member].as_str().unwrap().to_owned()
    };
    assert_eq!(sum("response.function_call_arguments.delta"), "{}");
    assert_eq!(whole("response.function_call_arguments.done", "arguments"), "{}");
    assert_eq!(sum("response.custom_tool_call_input.delta"), "free \"text\"");
    assert_eq!(whole("response.custom_tool_call_input.done", "input"), "free \"text\"");
    assert_eq!((sum("response.refusal.delta"), whole("response.refusal.done", "refusal")), ("no".into(), "no".into()));
    assert_eq!(
        events.last().unwrap()["response"]["output"][2]["content"],
        json!([{"type": "refusal", "refusal": "no"}])
    );
}

#[test]
fn case_076_parallel_calls_come_one_after_the_other() {
    let events = stream_of(
        &[
            start(),
            begin(0, tool("c1")),
            begin(1, tool("c2")),
            text(1, "{\"b\":2}"),
            text(0, "{\"a\":1}"),
            end(0),
            end(1),
            stop(StopReason::ToolCalls),
            Event::End,
        ],
        "{}",
    );
    let indexes: Vec<_> = events.iter().filter_map(|event| event["output_index"].as_u64()).collect();
    assert!(indexes.is_sorted(), "{indexes:?}");
    let output = &events.last().unwrap()["response"]["output"];
    assert_eq!((&output[0]["arguments"], &output[1]["arguments"]), (&json!("{\"a\":1}"), &json!("{\"b\":2}")));
}

#[test]
fn case_073_nothing_is_opened_that_has_nothing_in_it() {
    let silent = begin(0, PartStart::Reasoning { summary: false, id: None, redacted: false });
    let events = stream_of(
        &[start(), silent, end(0), begin(1, PartStart::Text), text(1, ""), end(1), stop(StopReason::End), Event::End],
        "{}",
    );
    assert_eq!(kinds(&events), ["created", "in_progress", "completed"]);
}

#[test]
fn open_thoughts_are_told_as_they_are_unless_a_summary_is_wanted() {
    let told = |request| {
        let thoughts = begin(0, PartStart::Reasoning { summary: false, id: None, redacted: false });
        let signature = Delta::Signature(Signature::new(Dialect::Anthropic, "S"));
        let signed = Event::Delta { choice: 0, part: 0, delta: signature };
        let events =
            stream_of(&[start(), thoughts, text(0, "th"), signed, end(0), stop(StopReason::End), Event::End], request);
        (kinds(&events)[4].to_owned(), events.last().unwrap()["response"]["output"][0].clone())
    };
    let id = "rs_0123456789abcdef0123456789abcdef0000";
    let encrypted = "~outrider.anthropic.S";
    assert_eq!(
        told("{}"),
        (
            "reasoning_text.delta".into(),
            json!({"type": "reasoning", "id": id, "summary": [], "content": [{"type": "reasoning_text",
                "text": "th"}], "encrypted_content": encrypted})
        )
    );
    assert_eq!(
        told(r#"{"reasoning":{"summary":"detailed"}}"#),
        (
            "reasoning_summary_text.delta".into(),
            json!({"type": "reasoning", "id": id, "summary": [{"type": "summary_text", "text": "th"}],
                "encrypted_content": encrypted})
        )
    );
}

#[test]
fn citations_and_log_probabilities_are_told() {
    let citation = Citation {
        url: Some("u".into()),
        title: Some("T".into()),
        text: None,
        range: Some((0, 2)),
        original: Foreign { dialect: Dialect::Gemini, kind: "x".into(), json: Raw::parse("{}").unwrap() },
    };
    let cited = Event::Delta { choice: 0, part: 0, delta: Delta::Citation(Box::new(citation)) };
    let logprobs = Raw::parse(r#"{"content":[{"token":"h","logprob":-1}]}"#).unwrap();
    let likely = Event::Logprobs { choice: 0, logprobs };
    let events = stream_of(
        &[start(), begin(0, PartStart::Text), text(0, "hi"), cited, end(0), likely, stop(StopReason::End), Event::End],
        "{}",
    );
    let annotation = json!({"type": "url_citation", "start_index": 0, "end_index": 2, "url": "u", "title": "T"});
    assert_eq!(
        (&events[5]["type"], &events[5]["annotation"]),
        (&json!("response.output_text.annotation.added"), &annotation)
    );
    let piece = &events.last().unwrap()["response"]["output"][0]["content"][0];
    assert_eq!(piece["annotations"], json!([annotation]));
    assert_eq!(piece["logprobs"], json!([{"token": "h", "logprob": -1, "bytes": [], "top_logprobs": []}]));
}

#[test]
fn a_cut_answer_is_incomplete() {
    let events =
        stream_of(&[start(), begin(0, tool("c")), text(0, "{\"a"), end(0), stop(StopReason::Length), Event::End], "{}");
    let last = events.last().unwrap();
    assert_eq!((&last["type"], &last["response"]["status"]), (&json!("response.incomplete"), &json!("incomplete")));
    assert_eq!(last["response"]["incomplete_details"], json!({"reason": "max_output_tokens"}));
    assert_eq!(last["response"]["output"][0]["status"], "incomplete");
}

#[test]
fn case_137_a_failure_ends_the_stream_as_failed() {
    let fail = |fault: Fault| {
        let events = stream_of(&[start(), begin(0, PartStart::Text), text(0, "hi"), Event::Error(fault)], "{}");
        let last = events.last().unwrap().clone();
        assert!(!kinds(&events).contains(&"completed") && !kinds(&events).contains(&"error"));
        assert_eq!((&last["type"], &last["response"]["status"]), (&json!("response.failed"), &json!("failed")));
        assert!(last["error"].is_null(), "SDKs throw at sight of it");
        last["response"]["error"].clone()
    };
    assert_eq!(fail(Fault::new(FaultKind::Truncated, "cut")), json!({"code": "server_error", "message": "cut"}));
    assert_eq!(fail(Fault::new(FaultKind::RateLimited, "slow"))["code"], "rate_limit_exceeded");
    let long = crate::dialect::error::in_band(
        br#"{"error":{"message":"long","type":"invalid_request_error","code":"context_length_exceeded"}}"#,
    );
    assert_eq!(fail(long), json!({"code": "context_length_exceeded", "message": "long"}));
}
