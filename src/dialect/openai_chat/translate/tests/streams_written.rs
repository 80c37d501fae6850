//! Clients' streams.

use serde_json::{Value, json};

use super::{ABOUT, data_of, tree, write_events};
use crate::canonical::{
    Citation, Delta, Dialect, Event, Fault, FaultKind, Foreign, PartStart, Raw, Signature, Stop, StopReason, Usage,
};
use crate::dialect::codec::About;

fn start() -> Event<'static> {
    Event::Start { id: "msg_1".into(), model: "m".into(), created: None, service_tier: None }
}

fn begin(part: u32, start: PartStart<'static>) -> Event<'static> {
    Event::PartStart { choice: 0, part, start }
}

fn text(part: u32, text: &'static str) -> Event<'static> {
    Event::Delta { choice: 0, part, delta: Delta::Text(text.into()) }
}

fn proof(part: u32, from: Dialect, value: &'static str) -> Event<'static> {
    Event::Delta { choice: 0, part, delta: Delta::Signature(Signature::new(from, value)) }
}

fn end(part: u32) -> Event<'static> {
    Event::PartEnd { choice: 0, part }
}

fn stop(reason: StopReason) -> Event<'static> {
    Event::Stop { choice: 0, stop: Stop { reason, ..Stop::default() } }
}

fn call(id: &'static str, name: &'static str) -> PartStart<'static> {
    PartStart::ToolCall { id: id.into(), name: name.into(), free_form: false }
}

/// The deltas of all chunks, and the reasons to end.
fn deltas(events: &[Event<'_>]) -> (Vec<Value>, Vec<Value>) {
    let stream = write_events(events, &About { usage_in_stream: false, ..ABOUT });
    let (mut deltas, mut reasons) = (Vec::new(), Vec::new());
    for data in data_of(&stream) {
        if data == "[DONE]" {
            continue;
        }
        let chunk = tree(data);
        let choice = &chunk["choices"][0];
        match &choice["finish_reason"] {
            Value::Null => deltas.push(choice["delta"].clone()),
            reason => reasons.push(reason.clone()),
        }
    }
    (deltas, reasons)
}

#[test]
fn case_056_058_order_and_head_of_chunks() {
    let usage = Usage { input: Some(9), output: Some(2), cached: Some(4), ..Usage::default() };
    let events = [
        start(),
        Event::Usage(Usage { input: Some(9), ..Usage::default() }),
        begin(0, PartStart::Text),
        text(0, "Hi"),
        end(0),
        stop(StopReason::End),
        Event::Usage(usage),
        Event::End,
    ];
    let expected = r#"data: {"id":"chatcmpl-0123","object":"chat.completion.chunk","created":7,"model":"m","system_fingerprint":null,"choices":[{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"logprobs":null,"finish_reason":null}],"usage":null}

data: {"id":"chatcmpl-0123","object":"chat.completion.chunk","created":7,"model":"m","system_fingerprint":null,"choices":[{"index":0,"delta":{"content":"Hi"},"logprobs":null,"finish_reason":null}],"usage":null}

data: {"id":"chatcmpl-0123","object":"chat.completion.chunk","created":7,"model":"m","system_fingerprint":null,"choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}],"usage":null}

data: {"id":"chatcmpl-0123","object":"chat.completion.chunk","created":7,"model":"m","system_fingerprint":null,"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11,"prompt_tokens_details":{"cached_tokens":4}}}

data: [DONE]

"#;
    assert_eq!(write_events(&events, &ABOUT), expected);
    // Case 43: not to a client that did not ask.
    let unasked = write_events(&events, &About { usage_in_stream: false, ..ABOUT });
    assert!(!unasked.contains("usage") && unasked.ends_with("\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"));
}

#[test]
fn case_045_046_047_048_calls_are_counted_and_have_arguments_once() {
    let events = [
        start(),
        begin(0, PartStart::Reasoning { summary: false, id: None, redacted: false }),
        text(0, "Hm"),
        proof(0, Dialect::Anthropic, "S"),
        end(0),
        begin(1, call("a", "f")),
        begin(2, call("b", "g")),
        text(1, "{\"x\":"),
        text(2, ""),
        text(1, "1}"),
        end(1),
        end(2),
        stop(StopReason::ToolCalls),
        Event::End,
    ];
    let (deltas, reasons) = deltas(&events);
    let begun = |index: u32, id: &str, name: &str| json!({"tool_calls": [{"index": index, "id": id, "type": "function", "function": {"name": name, "arguments": ""}}]});
    let more = |index: u32, text: &str| json!({"tool_calls": [{"index": index, "function": {"arguments": text}}]});
    let expected = [
        json!({"role": "assistant", "content": "", "refusal": null}),
        json!({"reasoning_content": "Hm", "reasoning_details": [{"type": "reasoning.text", "text": "Hm", "index": 0}]}),
        json!({"reasoning_details": [{"type": "reasoning.text", "signature": "S", "format": "anthropic-claude-v1", "index": 0}]}),
        begun(0, "a", "f"),
        begun(1, "b", "g"),
        more(0, "{\"x\":"),
        more(0, "1}"),
        more(1, "{}"),
    ];
    assert_eq!(deltas, expected);
    assert_eq!(reasons, ["tool_calls"]);
}

#[test]
fn case_046_content_is_null_where_only_calls_come() {
    let (deltas, _) = deltas(&[start(), begin(0, call("a", "f")), end(0), stop(StopReason::ToolCalls), Event::End]);
    assert_eq!(deltas[0], json!({"role": "assistant", "content": null, "refusal": null}));
}

#[test]
fn case_051_nothing_is_dropped_that_has_a_place() {
    let redacted = PartStart::Reasoning { summary: false, id: None, redacted: true };
    let summary = PartStart::Reasoning { summary: true, id: Some("rs".into()), redacted: false };
    let original = Foreign { dialect: Dialect::Anthropic, kind: "x".into(), json: Raw::parse("{}").unwrap() };
    let source = Citation { url: Some("http://u".into()), title: None, text: None, range: None, original };
    let source = Event::Delta { choice: 0, part: 2, delta: Delta::Citation(Box::new(source)) };
    let own = Citation {
        url: Some("u".into()),
        title: None,
        text: None,
        range: None,
        original: Foreign {
            dialect: Dialect::OpenAiChat,
            kind: "url_citation".into(),
            json: Raw::parse("{\n\"a\":\"\\n\"\r\n}").unwrap(),
        },
    };
    let own = Event::Delta { choice: 0, part: 2, delta: Delta::Citation(Box::new(own)) };
    let events = [
        start(),
        begin(0, redacted),
        proof(0, Dialect::Bedrock, "R"),
        end(0),
        begin(1, summary),
        text(1, "sum"),
        proof(1, Dialect::OpenAiResponses, "E"),
        end(1),
        begin(2, PartStart::Text),
        text(2, "héllo"),
        source,
        own,
        proof(2, Dialect::Gemini, "G"),
        end(2),
        begin(3, PartStart::Refusal),
        text(3, "No"),
        end(3),
        begin(4, call("a", "f")),
        proof(4, Dialect::Gemini, "T"),
        end(4),
        stop(StopReason::Filtered),
        Event::End,
    ];
    let (deltas, reasons) = deltas(&events);
    let has = |expected: Value| assert!(deltas.contains(&expected), "{expected} in {deltas:#?}");
    has(
        json!({"reasoning_details": [{"type": "reasoning.encrypted", "data": "~outrider.bedrock.R", "format": "unknown", "index": 0}]}),
    );
    has(
        json!({"reasoning_content": "sum", "reasoning_details": [{"type": "reasoning.summary", "summary": "sum", "id": "rs", "index": 1}]}),
    );
    has(
        json!({"reasoning_details": [{"type": "reasoning.encrypted", "data": "E", "format": "openai-responses-v1", "index": 1}]}),
    );
    has(
        json!({"annotations": [{"type": "url_citation", "url_citation": {"start_index": 0, "end_index": 5, "url": "http://u", "title": ""}}]}),
    );
    has(json!({"annotations": [{"a": "\n"}]}));
    has(json!({"extra_content": {"google": {"thought_signature": "G"}}}));
    has(json!({"refusal": "No"}));
    has(
        json!({"tool_calls": [{"index": 0, "function": {"arguments": ""}, "extra_content": {"google": {"thought_signature": "T"}}}]}),
    );
    assert_eq!(reasons, ["stop"], "as OpenAI ends a refusal in words");
}

#[test]
fn case_044_059_reasons() {
    for (reason, word) in [
        (StopReason::End, "stop"),
        (StopReason::Sequence, "stop"),
        (StopReason::Length, "length"),
        (StopReason::Filtered, "content_filter"),
        (StopReason::Paused, "stop"),
        (StopReason::Broken, "stop"),
        (StopReason::ToolCalls, "tool_calls"),
    ] {
        assert_eq!(deltas(&[start(), stop(reason), Event::End]).1, [word]);
    }
    let told = Stop { sequence: Some("END".into()), ..Stop::new(StopReason::Sequence, "stop_sequence") };
    let stream = write_events(&[start(), Event::Stop { choice: 0, stop: told }, Event::End], &ABOUT);
    let expected = r#""finish_reason":"stop","native_finish_reason":"stop_sequence","stop_reason":"END"}]"#;
    assert!(stream.contains(expected), "{stream}");
    // A call was made, whatever the provider calls it.
    assert_eq!(
        deltas(&[start(), begin(0, call("a", "f")), end(0), stop(StopReason::End), Event::End]).1,
        ["tool_calls"]
    );
}

#[test]
fn case_052_053_pings_and_errors() {
    let fault = Fault::new(FaultKind::Overloaded, "busy");
    let stream = write_events(&[start(), Event::Ping, Event::Error(fault)], &ABOUT);
    let expected = r#"data: {"error":{"message":"busy","type":"server_error","param":null,"code":"overloaded"}}"#;
    assert_eq!(stream, format!(": ping\n\n{expected}\n\n"));
}

#[test]
fn log_probabilities_and_several_answers_stay_on_one_line() {
    let logprobs = Event::Logprobs { choice: 1, logprobs: Raw::parse("{\"content\":\n[]}").unwrap() };
    let stream =
        write_events(&[start(), logprobs, Event::Stop { choice: 1, stop: Stop::default() }, Event::End], &ABOUT);
    let data = data_of(&stream);
    assert_eq!(data.len(), 4, "{stream}");
    assert_eq!(tree(data[0])["choices"][0]["delta"]["role"], "assistant");
    assert_eq!(tree(data[1])["choices"][0]["logprobs"], json!({"content": []}));
    assert!(data.iter().take(3).all(|chunk| tree(chunk)["choices"][0]["index"] == 1));
}
