//! A client's streams.

use bytes::Bytes;
use serde_json::{Value, json};

use super::*;
use crate::canonical::{
    Delta, Dialect, Event, FaultKind, Gatherer, Part, PartStart, Signature, Stop, StopReason, ToolCall, Usage, replay,
};
use crate::dialect::aws_events;

/// The frames that the events are written as: type and payload.
pub(super) fn frames(bytes: &[u8]) -> Vec<(String, Value)> {
    let mut splitter = aws_events::Splitter::new(1 << 24);
    let ready = splitter.push(Bytes::copy_from_slice(bytes));
    assert_eq!((ready.broken, ready.bytes.len()), (None, bytes.len()));
    let event = |frame| {
        let event = aws_events::Event::read(frame);
        (event.name().into_owned(), serde_json::from_slice(event.payload).unwrap())
    };
    ready.events().map(event).collect()
}

fn written<'e>(events: impl IntoIterator<Item = Event<'e>>) -> Vec<(String, Value)> {
    let (mut writer, mut out) = (Bedrock.write_stream(&ABOUT), Vec::new());
    events.into_iter().for_each(|event| writer.event(&event, &mut out));
    frames(&out)
}

fn part_start(part: u32, start: PartStart<'static>) -> Event<'static> {
    Event::PartStart { choice: 0, part, start }
}

fn text(part: u32, text: &'static str) -> Event<'static> {
    Event::Delta { choice: 0, part, delta: Delta::Text(text.into()) }
}

fn part_end(part: u32) -> Event<'static> {
    Event::PartEnd { choice: 0, part }
}

fn opening() -> Event<'static> {
    Event::Start { id: "x".into(), model: "m".into(), created: None, service_tier: None }
}

fn call(id: &'static str, free_form: bool) -> PartStart<'static> {
    PartStart::ToolCall { id: id.into(), name: "f".into(), free_form }
}

#[test]
fn case_072_blocks_are_sequential_and_only_calls_have_a_start() {
    let usage = Usage { input: Some(9), output: Some(2), cached: Some(4), ..Usage::default() };
    let got = written([
        opening(),
        Event::Usage(usage),
        part_start(0, PartStart::Text),
        text(0, "a\"\n"),
        part_start(1, call("1", false)),
        part_start(2, call("x:2", false)),
        text(2, "{\"b\":2}"),
        text(1, "{\"a\""),
        text(1, ":1}"),
        part_end(0),
        part_end(2),
        part_end(1),
        part_start(3, PartStart::Text),
        part_end(3),
        part_start(4, call("3", false)),
        part_end(4),
        Event::Ping,
        Event::Stop { choice: 0, stop: Stop { reason: StopReason::ToolCalls, ..Stop::default() } },
        Event::End,
    ]);
    let d = |index: u32, delta: Value| {
        ("contentBlockDelta".to_owned(), json!({"contentBlockIndex": index, "delta": delta}))
    };
    let s = |index: u32, id: &str| {
        let start = json!({"toolUse": {"toolUseId": id, "name": "f"}});
        ("contentBlockStart".to_owned(), json!({"contentBlockIndex": index, "start": start}))
    };
    let e = |index: u32| ("contentBlockStop".to_owned(), json!({"contentBlockIndex": index}));
    let ids = got.iter().filter_map(|(_, payload)| payload.pointer("/start/toolUse/toolUseId")?.as_str());
    let id = ids.into_iter().find(|id| id.starts_with("call_")).unwrap().to_owned();
    let usage = json!({"inputTokens": 5, "outputTokens": 2, "totalTokens": 11, "cacheReadInputTokens": 4});
    let expected = vec![
        ("messageStart".to_owned(), json!({"role": "assistant"})),
        d(0, json!({"text": "a\"\n"})),
        e(0),
        s(1, "1"),
        d(1, json!({"toolUse": {"input": "{\"a\":1}"}})),
        e(1),
        s(2, &id),
        d(2, json!({"toolUse": {"input": "{\"b\":2}"}})),
        e(2),
        s(3, "3"),
        d(3, json!({"toolUse": {"input": "{}"}})),
        e(3),
        ("messageStop".to_owned(), json!({"stopReason": "tool_use"})),
        ("metadata".to_owned(), json!({"usage": usage, "metrics": {"latencyMs": 0}})),
    ];
    // What waited for its turn may come in one piece or in several.
    let mut joined: Vec<(String, Value)> = Vec::new();
    for (name, mut payload) in got {
        if let Some((last, before)) = joined.last_mut()
            && (last.as_str(), name.as_str()) == ("contentBlockDelta", "contentBlockDelta")
            && let Some(first) = before.pointer("/delta/toolUse/input").and_then(Value::as_str)
        {
            let both = format!("{first}{}", payload["delta"]["toolUse"]["input"].as_str().unwrap());
            payload["delta"]["toolUse"]["input"] = both.into();
            *before = payload;
        } else {
            joined.push((name, payload));
        }
    }
    assert_eq!(joined, expected);
}

#[test]
fn free_text_is_a_member_of_an_object() {
    let got = written([opening(), part_start(0, call("1", true)), text(0, "echo \"é\""), text(0, "\n\\"), part_end(0)]);
    let input: String =
        got.iter().filter_map(|(_, payload)| payload.pointer("/delta/toolUse/input")?.as_str()).collect();
    assert_eq!(serde_json::from_str::<Value>(&input).unwrap(), json!({"input": "echo \"é\"\n\\"}));
}

#[test]
fn an_error_is_an_exception() {
    for (kind, name) in [
        (FaultKind::RateLimited, "throttlingException"),
        (FaultKind::Rejected, "validationException"),
        (FaultKind::Overloaded, "serviceUnavailableException"),
        (FaultKind::Truncated, "modelStreamErrorException"),
        (FaultKind::Internal, "internalServerException"),
    ] {
        let got = written([opening(), Event::Error(Fault::new(kind, "why"))]);
        assert_eq!(got[1], (format!("exception:{name}"), json!({"message": "why"})));
    }
}

/// What is written is read as the same.
#[test]
fn a_stream_that_is_written_is_read_as_the_same_answer() {
    let body = json!({
        "output": {"message": {"role": "assistant", "content": [
            {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "c2ln"}}},
            {"reasoningContent": {"redactedContent": "aGlkZGVu"}},
            {"citationsContent": {"content": [{"text": "It is so"}], "citations": [{"title": "T"}]}},
            {"toolUse": {"toolUseId": "s", "name": "g", "type": "server_tool_use", "input": {"q": 1}}},
            {"toolResult": {"toolUseId": "s", "type": "x", "content": [{"text": "r"}]}},
            {"image": {"format": "png", "source": {"bytes": "iVBORw0KGgo="}}},
            {"toolUse": {"toolUseId": "t1", "name": "f", "input": {"z": 1, "a": "é\"\\"}}},
        ]}},
        "stopReason": "tool_use",
        "usage": {"inputTokens": 5, "outputTokens": 7, "cacheReadInputTokens": 1},
        "additionalModelResponseFields": {"stop_sequence": "|"},
    })
    .to_string();
    let mut reply = Bedrock.read_reply(body.as_bytes()).unwrap();
    let Part::Foreign(result) = &mut reply.choices[0].parts[4] else { unreachable!("{:?}", reply.choices[0].parts[4]) };
    assert_eq!(result.kind, "toolResult");
    reply.others.clear();
    assert_eq!(through(&reply), reply);
}

#[test]
fn foreign_signatures_go_through_a_stream() {
    let signed = |value: &'static str| Some(Signature::new(Dialect::Gemini, value));
    let call = ToolCall {
        id: "1".into(),
        name: "f".into(),
        arguments: "{}".into(),
        free_form: false,
        signature: signed("s"),
        cache: None,
    };
    let mut reply = Reply::default();
    reply.choices.push(Default::default());
    reply.choices[0].parts.push(Part::ToolCall(call));
    let (mut writer, mut out) = (Bedrock.write_stream(&ABOUT), Vec::new());
    replay(&reply, &mut |event| writer.event(&event, &mut out));
    let block = frames(&out).into_iter().find_map(|(_, payload)| payload.pointer("/delta/reasoningContent").cloned());
    let block = json!({"reasoningContent": {"reasoningText": {"text": "", "signature": block.unwrap()["signature"]}}});
    let sent = json!({"messages": [{"role": "assistant", "content": [
        {"toolUse": {"toolUseId": "1", "name": "f", "input": {}}}, block]}]});
    let text = sent.to_string();
    assert_eq!(read_request(&text).turns[0].parts, reply.choices[0].parts);
}

fn through(reply: &Reply<'_>) -> Reply<'static> {
    let (mut writer, mut out) = (Bedrock.write_stream(&ABOUT), Vec::new());
    replay(reply, &mut |event| writer.event(&event, &mut out));
    let mut reader = Bedrock.read_stream();
    let mut gatherer = Gatherer::new();
    for (name, payload) in frames(&out) {
        reader.frame(&name, payload.to_string().as_bytes(), &mut |event| gatherer.push(event)).unwrap();
    }
    reader.end(&mut |event| gatherer.push(event)).unwrap();
    gatherer.finish().unwrap()
}
