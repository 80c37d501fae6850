//! Streams for clients, written.

use serde_json::{Value, json};

use super::{ABOUT, assert_grammar, documents, gathered, streamed};
use crate::canonical::{
    Delta, Dialect, Event, Fault, FaultKind, PartStart, Raw, Signature, Stop, StopReason, Usage, replay,
};
use crate::dialect::anthropic::Anthropic;
use crate::dialect::codec::Codec;

fn start() -> Event<'static> {
    Event::Start { id: "chatcmpl-1".into(), model: "gpt".into(), created: None, service_tier: None }
}

fn part(part: u32, start: PartStart<'static>) -> Event<'static> {
    Event::PartStart { choice: 0, part, start }
}

fn more(part: u32, text: &'static str) -> Event<'static> {
    Event::Delta { choice: 0, part, delta: Delta::Text(text.into()) }
}

fn over(part: u32) -> Event<'static> {
    Event::PartEnd { choice: 0, part }
}

fn stopped(reason: StopReason) -> Event<'static> {
    Event::Stop { choice: 0, stop: Stop { reason, ..Stop::default() } }
}

fn tool(id: &'static str, free_form: bool) -> PartStart<'static> {
    PartStart::ToolCall { id: id.into(), name: "f".into(), free_form }
}

#[test]
fn case_071_080_a_stream_is_written() {
    let counted = Usage { input: Some(10), cached: Some(4), output: Some(3), ..Usage::default() };
    let events = [
        start(),
        part(0, PartStart::Text),
        more(0, "a\n"),
        over(0),
        stopped(StopReason::Length),
        Event::Usage(counted),
        Event::End,
    ];
    let expected = concat!(
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_0123456789abcdef0123456789abcdef\",",
        "\"type\":\"message\",\"role\":\"assistant\",\"model\":\"gpt\",\"content\":[],\"stop_reason\":null,",
        "\"stop_sequence\":null,\"stop_details\":null,\"usage\":{\"input_tokens\":0,\"cache_creation_input_tokens\":0,",
        "\"cache_read_input_tokens\":0,\"cache_creation\":{\"ephemeral_5m_input_tokens\":0,\"ephemeral_1h_input_tokens\":0},",
        "\"output_tokens\":0,\"output_tokens_details\":null,\"server_tool_use\":null,\"service_tier\":null,",
        "\"inference_geo\":null},\"container\":null}}\n\n",
        "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,",
        "\"content_block\":{\"type\":\"text\",\"text\":\"\",\"citations\":null}}\n\n",
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,",
        "\"delta\":{\"type\":\"text_delta\",\"text\":\"a\\n\"}}\n\n",
        "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n",
        "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"max_tokens\",",
        "\"stop_sequence\":null,\"stop_details\":null,\"container\":null},\"usage\":{\"input_tokens\":6,",
        "\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":4,\"output_tokens\":3,",
        "\"output_tokens_details\":null,\"server_tool_use\":null}}\n\n",
        "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
    );
    assert_eq!(streamed(&events), expected);
    // Where the tokens of the prompt are known before, they are in the beginning.
    let events = [start(), Event::Usage(counted), Event::Ping, stopped(StopReason::End), Event::End];
    let documents = documents(&streamed(&events));
    assert_eq!(documents[0]["message"]["usage"]["input_tokens"], 6);
    assert_eq!(documents[1], json!({"type": "ping"}), "case 52");
    assert_grammar(&documents);
}

#[test]
fn case_072_076_blocks_are_sequential() {
    let events = [
        start(),
        part(0, PartStart::Reasoning { summary: false, id: None, redacted: false }),
        more(0, "hm"),
        over(0),
        part(1, PartStart::Text), // never says anything: case 73
        part(2, tool("1", false)),
        part(3, tool("2", false)),
        more(2, "{\"a\":"),
        more(3, "{\"b\":"),
        over(1),
        more(2, "1}"),
        more(3, "2}"),
        over(3),
        over(2),
        stopped(StopReason::End),
        Event::End,
    ];
    let documents = documents(&streamed(&events));
    assert_grammar(&documents);
    let blocks: Vec<_> = documents.iter().filter_map(|document| document["content_block"]["type"].as_str()).collect();
    assert_eq!(blocks, ["thinking", "tool_use", "tool_use"]);
    let json: String = documents.iter().filter_map(|document| document["delta"]["partial_json"].as_str()).collect();
    assert_eq!(json, "{\"a\":1}{\"b\":2}");
    let end = &documents[documents.len() - 2];
    assert_eq!(end["delta"]["stop_reason"], "tool_use", "case 78");
}

#[test]
fn case_075_077_signatures_ids_and_free_text() {
    let signed = |part, from, value: &'static str| Event::Delta {
        choice: 0,
        part,
        delta: Delta::Signature(Signature::new(from, value)),
    };
    let events = [
        start(),
        part(0, PartStart::Reasoning { summary: false, id: None, redacted: false }),
        signed(0, Dialect::Anthropic, "c2"),
        signed(0, Dialect::Anthropic, "ln"),
        over(0),
        part(1, tool("functions.f:0", true)),
        more(1, "say \"x\"\n"),
        over(1),
        stopped(StopReason::ToolCalls),
        Event::End,
    ];
    let documents = documents(&streamed(&events));
    assert_grammar(&documents);
    assert_eq!(documents[2]["delta"], json!({"type": "signature_delta", "signature": "c2ln"}));
    let id = documents[4]["content_block"]["id"].as_str().unwrap();
    assert!(id.starts_with("call_"), "{id}");
    let json: String = documents.iter().filter_map(|document| document["delta"]["partial_json"].as_str()).collect();
    assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), json!({"input": "say \"x\"\n"}));
}

#[test]
fn case_079_084_refusals() {
    let events = [start(), part(0, PartStart::Refusal), more(0, "no"), over(0), stopped(StopReason::End), Event::End];
    let of_refusal = documents(&streamed(&events));
    assert_eq!(of_refusal[4]["delta"]["stop_reason"], "refusal");
    assert_eq!(of_refusal[2]["delta"]["text"], "no");
    let events = [start(), stopped(StopReason::Filtered), Event::End];
    let of_filter = documents(&streamed(&events));
    assert_eq!(of_filter[1]["delta"]["stop_details"]["type"], "refusal");
}

#[test]
fn case_150_a_stream_kept_alive_begins_once() {
    let events = [Event::Ping, start(), stopped(StopReason::End), Event::End];
    let documents = documents(&streamed(&events));
    assert_grammar(&documents);
    assert_eq!(documents.len(), 4);
}

#[test]
fn case_082_an_error_ends_the_stream() {
    let fault = Fault::new(FaultKind::RateLimited, "slow down");
    let events = [start(), part(0, PartStart::Text), more(0, "a"), Event::Error(fault), over(0), Event::End];
    let written = streamed(&events);
    let (_, last) = written.trim_end().rsplit_once("\n\n").unwrap();
    let error = r#"{"type":"error","error":{"type":"rate_limit_error","message":"slow down"},"request_id":null}"#;
    assert_eq!(last, format!("event: error\ndata: {error}"));
    assert!(!written.contains("message_stop"));
}

#[test]
fn json_of_several_lines_stays_one_event() {
    let json = Raw::parse("{\n\"type\":\"x\",\r\n\"a\":\"\\n\"}").unwrap();
    let foreign = crate::canonical::Foreign { dialect: Dialect::Anthropic, kind: "x".into(), json };
    let events =
        [start(), part(0, PartStart::Foreign(Box::new(foreign))), over(0), stopped(StopReason::End), Event::End];
    let documents = documents(&streamed(&events));
    assert_grammar(&documents);
    assert_eq!(documents[1]["content_block"], json!({"type": "x", "a": "\n"}));
}

#[test]
fn a_reply_and_its_stream_say_the_same() {
    let body = r#"{"id":"msg_1","type":"message","model":"m","content":[
        {"type":"thinking","thinking":"hm","signature":"c2ln"},{"type":"redacted_thinking","data":"ZA=="},
        {"type":"text","text":"a","citations":[{"type":"page_location","cited_text":"c","document_title":"t"}]},
        {"type":"server_tool_use","id":"s","name":"w","input":{"q":1}},
        {"type":"tool_use","id":"toolu_1","name":"f","input":{"a":1}}],
        "stop_reason":"tool_use","usage":{"input_tokens":3,"cache_read_input_tokens":2,"output_tokens":1}}"#;
    let reply = Anthropic.read_reply(body.as_bytes()).unwrap();
    let mut writer = Anthropic.write_stream(&ABOUT);
    let mut out = Vec::new();
    replay(&reply, &mut |event| writer.event(&event, &mut out));
    let stream = String::from_utf8(out).unwrap();
    assert_grammar(&documents(&stream));
    let again = gathered(&stream).unwrap();
    assert_eq!(again.choices, reply.choices);
    assert_eq!((again.id, again.model, again.usage.input), (reply.id, reply.model, reply.usage.input));
}
