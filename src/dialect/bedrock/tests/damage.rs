//! Documents that are not what they should be: a fault or an answer, never a panic.

use serde_json::{Value, json};

use super::*;
use crate::canonical::{Event, FaultKind, Gatherer};
use crate::dialect::aws_events;

fn request() -> Value {
    json!({
        "messages": [
            {"role": "user", "content": [
                {"text": "é\n"},
                {"image": {"format": "png", "source": {"bytes": "iVBORw0KGgo="}}},
                {"document": {"format": "pdf", "name": "é.", "source": {"text": "x"}, "citations": {"enabled": true}}},
                {"cachePoint": {"type": "default", "ttl": "1h"}},
            ]},
            {"role": "assistant", "content": [
                {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "~outrider.gemini.é"}}},
                {"reasoningContent": {"redactedContent": "fm91dHJpZGVyLmdlbWluaS7DqQ=="}},
                {"reasoningContent": {"reasoningText": {"text": "", "signature": "~last~outrider.gemini.é"}}},
                {"citationsContent": {"content": [{"text": "x"}], "citations": [{"title": "T"}]}},
                {"toolUse": {"toolUseId": "t:é", "name": "a.b", "input": {"z": 1e30, "a": [1]}}},
            ]},
            {"role": "user", "content": [
                {"toolResult": {"toolUseId": "t:é", "content": [{"json": {"b": 1}}], "status": "error"}}]},
        ],
        "system": [{"text": "Be brief"}, {"cachePoint": {"type": "default"}}],
        "inferenceConfig": {"maxTokens": 10, "temperature": 0.7, "topP": 0.5, "stopSequences": ["|"]},
        "toolConfig": {
            "tools": [{"toolSpec": {"name": "a.b", "inputSchema": {"json": {"type": ["object"]}}}}, {"cachePoint": {}}],
            "toolChoice": {"tool": {"name": "a.b"}},
        },
        "additionalModelRequestFields": {"thinking": {"type": "enabled", "budget_tokens": 5}, "top_k": 5, "x": {}},
        "outputConfig": {"effort": "low",
            "textFormat": {"structure": {"jsonSchema": {"schema": "{\"type\":\"object\"}"}}}},
        "requestMetadata": {"team": "a b"},
        "serviceTier": {"type": "flex"},
    })
}

fn reply() -> Value {
    json!({
        "output": {"message": {"role": "assistant", "content": request()["messages"][1]["content"]}},
        "stopReason": "tool_use",
        "usage": {"inputTokens": u64::MAX, "outputTokens": u64::MAX, "cacheReadInputTokens": u64::MAX,
            "cacheDetails": [{"ttl": "1h", "inputTokens": u64::MAX}, {"ttl": "1h", "inputTokens": 1}]},
        "additionalModelResponseFields": {"stop_sequence": "|"},
    })
}

/// Puts something else in the place of a value somewhere in it.
fn mangle(value: &mut Value, random: &mut fastrand::Rng) {
    let count = match value {
        Value::Array(list) => list.len(),
        Value::Object(object) => object.len(),
        _ => 0,
    };
    if count == 0 || random.u8(..4) == 0 {
        let others = [
            json!(null),
            json!(-1),
            json!(1.5),
            json!("é\""),
            json!([]),
            json!({}),
            json!([{"text": "x"}]),
            json!(true),
        ];
        *value = random.choice(others).unwrap();
        return;
    }
    let at = random.usize(..count);
    match value {
        Value::Array(list) => mangle(&mut list[at], random),
        Value::Object(object) => mangle(object.values_mut().nth(at).unwrap(), random),
        _ => {}
    }
}

fn documents(document: &Value, seed: u64) -> Vec<Vec<u8>> {
    let text = document.to_string().into_bytes();
    let mut random = fastrand::Rng::with_seed(seed);
    let mut all: Vec<_> = (0..text.len()).map(|end| text[..end].to_vec()).collect();
    for _ in 0..1500 {
        let mut mangled = document.clone();
        (0..random.usize(1..4)).for_each(|_| mangle(&mut mangled, &mut random));
        all.push(mangled.to_string().into_bytes());
        let mut bytes = text.clone();
        let at = random.usize(..bytes.len());
        bytes[at] = random.u8(..);
        all.push(bytes);
    }
    all
}

const MODELS: [&str; 4] = [CLAUDE, "us.anthropic.claude-opus-4-8", "us.amazon.nova-2-lite-v1:0", ""];

#[test]
fn damaged_requests() {
    let (mut read, mut written) = (0, 0);
    for body in documents(&request(), 1) {
        let asked = Asked { model: Some("%FF%zz"), ..Asked::default() };
        let Ok(request) = Bedrock.read_request(&body, &asked) else { continue };
        read += 1;
        for model in MODELS {
            let target = Target { model, flavour: Flavour::Vendor };
            let Ok(body) = Bedrock.write_request(&request, &target, &mut Lost::nothing()) else { continue };
            written += 1;
            let document: Value = serde_json::from_slice(&body).unwrap();
            let roles =
                document["messages"].as_array().unwrap().iter().map(|message| message["role"].as_str().unwrap());
            assert!(
                roles
                    .eq(["user", "assistant"].into_iter().cycle().take(document["messages"].as_array().unwrap().len()))
            );
        }
    }
    assert!(read > 300 && written > 1000, "{read} {written}");
}

#[test]
fn damaged_replies() {
    let mut read = 0;
    for body in documents(&reply(), 2) {
        if let Ok(reply) = Bedrock.read_reply(&body) {
            read += 1;
            serde_json::from_slice::<Value>(&Bedrock.write_reply(&reply, &ABOUT)).unwrap();
        }
    }
    assert!(read > 300, "{read}");
}

fn frames() -> Vec<(&'static str, Value)> {
    vec![
        ("messageStart", json!({"role": "assistant"})),
        ("contentBlockDelta", json!({"contentBlockIndex": 0, "delta": {"text": "é"}})),
        ("contentBlockStop", json!({"contentBlockIndex": 0})),
        ("contentBlockStart", json!({"contentBlockIndex": 1, "start": {"toolUse": {"toolUseId": "a", "name": "f"}}})),
        ("contentBlockDelta", json!({"contentBlockIndex": 1, "delta": {"toolUse": {"input": "{}"}}})),
        ("contentBlockStop", json!({"contentBlockIndex": 1})),
        ("contentBlockDelta", json!({"contentBlockIndex": 2, "delta": {"reasoningContent": {"signature": "x"}}})),
        ("contentBlockStart", json!({"contentBlockIndex": 3, "start": {"toolResult": {"toolUseId": "a"}}})),
        ("contentBlockDelta", json!({"contentBlockIndex": 3, "delta": {"toolResult": [{"text": "x"}]}})),
        ("contentBlockStop", json!({"contentBlockIndex": 3})),
        ("messageStop", json!({"stopReason": "tool_use"})),
        ("metadata", json!({"usage": {"inputTokens": 1, "outputTokens": 2}, "metrics": {"latencyMs": 1}})),
    ]
}

/// Frames damaged, left out, doubled and in any order: the events keep to their grammar all the same.
#[test]
fn damaged_streams_keep_to_the_grammar() {
    let mut random = fastrand::Rng::with_seed(3);
    let mut whole = 0;
    for _ in 0..5000 {
        let mut frames = frames();
        for _ in 0..random.usize(..4) {
            let at = random.usize(..frames.len());
            match random.u8(..4) {
                0 => drop(frames.remove(at)),
                1 => frames.insert(at, frames[random.usize(..frames.len())].clone()),
                2 => mangle(&mut frames[at].1, &mut random),
                _ => frames.swap(at, 0),
            }
        }
        whole += usize::from(run(&frames));
    }
    assert!(whole > 1000, "{whole}");
}

/// Whether it came to a good end; fails where the grammar is broken.
fn run(frames: &[(&str, Value)]) -> bool {
    let mut reader = Bedrock.read_stream();
    let (mut started, mut over, mut stopped) = (false, false, false);
    let (mut next, mut open) = (0, Vec::new());
    let mut out = |event: Event<'_>| {
        assert!(!over, "{event:?} after the end");
        match &event {
            Event::Start { .. } => assert!(!std::mem::replace(&mut started, true)),
            Event::PartStart { part, .. } => {
                assert_eq!((*part, stopped), (next, false));
                next += 1;
                open.push(*part);
            }
            Event::Delta { part, .. } => assert!(open.contains(part)),
            Event::PartEnd { part, .. } => {
                assert!(open.contains(part));
                open.retain(|other| other != part);
            }
            Event::Stop { .. } => {
                assert!(open.is_empty() && !std::mem::replace(&mut stopped, true));
            }
            Event::End => {
                assert!(stopped && open.is_empty());
                over = true;
            }
            _ => {}
        }
        assert!(started, "{event:?}");
    };
    for (name, data) in frames {
        if let Err(fault) = reader.frame(name, data.to_string().as_bytes(), &mut out) {
            assert_eq!(fault.kind, FaultKind::Malformed);
            return false;
        }
    }
    reader.end(&mut out).is_ok()
}

#[test]
fn a_stream_cut_at_every_byte_gives_the_same_events() {
    let mut bytes = Vec::new();
    for (name, data) in frames() {
        aws_events::write_event(name, data.to_string().as_bytes(), &mut bytes);
    }
    let read = |first: usize| {
        let (mut splitter, mut reader, mut gatherer) =
            (aws_events::Splitter::new(1 << 20), Bedrock.read_stream(), Gatherer::new());
        for chunk in [&bytes[..first], &bytes[first..]] {
            for frame in splitter.push(chunk.to_vec().into()).events() {
                let event = aws_events::Event::read(frame);
                reader.frame(&event.name(), &event.data(), &mut |event| gatherer.push(event)).unwrap();
            }
        }
        reader.end(&mut |event| gatherer.push(event)).unwrap();
        gatherer.finish().unwrap()
    };
    let whole = read(0);
    assert_eq!(whole.choices[0].parts.len(), 4);
    for first in 1..bytes.len() {
        assert_eq!(read(first), whole, "cut at {first}");
    }
}
