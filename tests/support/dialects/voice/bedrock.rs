use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{Part, Said, anthropic, object, words};
use crate::support::provider::Answer;

pub fn whole(said: &Said) -> Value {
    let block = |part: &Part| match part {
        Part::Text(text) => json!({"text": text}),
        Part::Thought(text, signature) => {
            json!({"reasoningContent": {"reasoningText": {"text": text, "signature": signature}}})
        }
        Part::Call(id, name, arguments) => {
            json!({"toolUse": {"toolUseId": id, "name": name, "input": object(arguments)}})
        }
    };
    let blocks: Value = said.parts.iter().map(block).collect();
    json!({"output": {"message": {"role": "assistant", "content": blocks}}, "stopReason": stop(said),
        "usage": usage(said), "metrics": {"latencyMs": 7}})
}

/// Only a call's block has a beginning here.
pub fn stream(said: &Said) -> Answer {
    let mut all = vec![("messageStart", json!({"role": "assistant"}))];
    for (index, part) in said.parts.iter().enumerate() {
        let delta = |delta: Value| ("contentBlockDelta", json!({"contentBlockIndex": index, "delta": delta}));
        match part {
            Part::Text(text) => all.extend(words(text).into_iter().map(|word| delta(json!({"text": word})))),
            Part::Thought(text, signature) => {
                all.extend(words(text).into_iter().map(|word| delta(json!({"reasoningContent": {"text": word}}))));
                all.push(delta(json!({"reasoningContent": {"signature": signature}})));
            }
            Part::Call(id, name, arguments) => {
                let start = json!({"toolUse": {"toolUseId": id, "name": name}});
                all.push(("contentBlockStart", json!({"contentBlockIndex": index, "start": start})));
                all.extend(words(arguments).into_iter().map(|word| delta(json!({"toolUse": {"input": word}}))));
            }
        }
        all.push(("contentBlockStop", json!({"contentBlockIndex": index})));
    }
    all.push(("messageStop", json!({"stopReason": stop(said)})));
    all.push(("metadata", json!({"usage": usage(said), "metrics": {"latencyMs": 7}})));
    let pieces = all.iter().map(|(name, payload)| frame("event", name, payload).into()).collect();
    Answer { pieces, ..Answer::body(200, "application/vnd.amazon.eventstream", "") }
}

/// Claude's own events, as InvokeModel streams them.
pub fn invoked(said: &Said) -> Answer {
    let chunk = |event: &Value| json!({"bytes": STANDARD.encode(event.to_string()), "p": "abc"});
    let pieces = anthropic::streamed(said).iter().map(|event| frame("event", "chunk", &chunk(event)).into()).collect();
    let answer = Answer::body(200, "application/vnd.amazon.eventstream", "");
    Answer { pieces, ..answer.with_header("x-amzn-bedrock-content-type", "application/json") }
}

/// The frames of a stream, by the event's or the exception's name; Claude's events out of their chunks.
pub fn frames(mut stream: &[u8]) -> Vec<(String, Value)> {
    let mut frames = Vec::new();
    let number = |bytes: &[u8]| u32::from_be_bytes(bytes[..4].try_into().expect("four bytes")) as usize;
    while !stream.is_empty() {
        let (length, headers) = (number(stream), number(&stream[4..]));
        let (frame, rest) = stream.split_at(length);
        assert_eq!(number(&frame[8..]), crc32fast::hash(&frame[..8]) as usize);
        assert_eq!(number(&frame[length - 4..]), crc32fast::hash(&frame[..length - 4]) as usize);
        // The name comes first: a length, `:event-type` or `:exception-type`, 7, two bytes of length.
        let value = &frame[12 + 1 + usize::from(frame[12]) + 1..];
        let name = &value[2..2 + usize::from(value[1])];
        let mut payload: Value = serde_json::from_slice(&frame[12 + headers..length - 4]).expect("a document");
        if let Some(event) = payload["bytes"].as_str() {
            payload = serde_json::from_slice(&STANDARD.decode(event).expect("base64")).expect("an event");
        }
        frames.push((String::from_utf8_lossy(name).into_owned(), payload));
        stream = rest;
    }
    frames
}

fn stop(said: &Said) -> &'static str {
    if said.has_calls() { "tool_use" } else { "end_turn" }
}

/// Cached tokens are not among `inputTokens` here.
fn usage(said: &Said) -> Value {
    json!({"inputTokens": said.input - said.cached, "cacheReadInputTokens": said.cached,
        "cacheWriteInputTokens": 0, "outputTokens": said.output, "totalTokens": said.input + said.output})
}

/// An `event` or an `exception` in AWS's binary framing.
pub fn frame(kind: &str, name: &str, payload: &Value) -> Vec<u8> {
    let payload = payload.to_string();
    let mut headers = Vec::new();
    let named = format!(":{kind}-type");
    for (key, value) in [(&*named, name), (":content-type", "application/json"), (":message-type", kind)] {
        headers.push(key.len() as u8);
        headers.extend(key.as_bytes());
        headers.push(7); // a string
        headers.extend((value.len() as u16).to_be_bytes());
        headers.extend(value.as_bytes());
    }
    let mut frame = Vec::new();
    frame.extend((16 + headers.len() as u32 + payload.len() as u32).to_be_bytes());
    frame.extend((headers.len() as u32).to_be_bytes());
    frame.extend(crc32fast::hash(&frame).to_be_bytes());
    frame.extend(headers);
    frame.extend(payload.as_bytes());
    frame.extend(crc32fast::hash(&frame).to_be_bytes());
    frame
}
