//! Nothing that comes in makes a reader panic.

use crate::dialect::anthropic::Anthropic;
use crate::dialect::codec::{Asked, Codec, Flavour, Target};

const REQUEST: &str = r#"{"model":"claude-opus-5","max_tokens":100,"system":[{"type":"text","text":"s","cache_control":{"type":"ephemeral","ttl":"1h"}}],"messages":[{"role":"user","content":[{"type":"text","text":"é"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBO"}}]},{"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"^~outrider.gemini.x"},{"type":"tool_use","id":"a.b","name":"f","input":{"a":[1]}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"a.b","content":"r","is_error":true}]},{"role":"system","content":"x"}],"tools":[{"name":"f","input_schema":{"type":"object","oneOf":[{"properties":{"a":{}}}]},"strict":true}],"tool_choice":{"type":"tool","name":"f"},"thinking":{"type":"enabled","budget_tokens":2000,"display":"omitted"},"output_config":{"effort":"max","format":{"type":"json_schema","schema":{"type":"object","properties":{"a":{"minLength":1}}}}},"temperature":0.5,"stop_sequences":["a"],"metadata":{"user_id":"u"}}"#;

const FRAMES: [&str; 9] = [
    r#"{"type":"message_start","message":{"id":"msg_1","model":"m","content":[],"usage":{"input_tokens":5,"cache_creation":{"ephemeral_1h_input_tokens":1}}}}"#,
    r#"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}"#,
    r#"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"~outrider.gemini.x"}}"#,
    r#"{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"t","name":"f","input":{"a":1}}}"#,
    r#"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"é"}}"#,
    r#"{"type":"content_block_start","index":2,"content_block":{"type":"server_tool_use","id":"t","name":"f","input":{}}}"#,
    r#"{"type":"content_block_delta","index":2,"delta":{"type":"text_delta","text":"x"}}"#,
    r#"{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_details":{"explanation":"x"}},"usage":{"output_tokens":18446744073709551615}}"#,
    r#"{"type":"message_stop"}"#,
];

/// Words that stand for other types of values, numbers at the edges, and broken pieces.
const PIECES: [&str; 14] =
    ["null", "{}", "[]", "\"\"", "0", "-1", "1e400", "18446744073709551616", "true", "\"", "}", ",", "\\u", "\u{e9}"];

/// The document with a few pieces of it replaced, cut or doubled.
fn mangled(document: &str, random: &mut fastrand::Rng) -> Vec<u8> {
    let mut bytes = document.as_bytes().to_vec();
    for _ in 0..random.usize(1..4) {
        let start = random.usize(..bytes.len());
        let length = random.usize(0..12).min(bytes.len() - start);
        let piece = match random.u8(..3) {
            0 => Vec::new(),
            1 => random.choice(PIECES).unwrap_or_default().as_bytes().to_vec(),
            _ => bytes[start..start + length].repeat(2),
        };
        bytes.splice(start..start + length, piece);
        if bytes.is_empty() {
            break;
        }
    }
    bytes
}

/// The document with one whole value replaced, so that it stays JSON.
fn retyped(document: &str, random: &mut fastrand::Rng) -> Vec<u8> {
    let mut tree: serde_json::Value = serde_json::from_str(document).unwrap();
    retype(&mut tree, random);
    tree.to_string().into_bytes()
}

/// Goes down to a value and puts another in its place.
fn retype(at: &mut serde_json::Value, random: &mut fastrand::Rng) {
    let below = match at {
        serde_json::Value::Object(object) => random.choice(object.values_mut()),
        serde_json::Value::Array(list) => random.choice(list.iter_mut()),
        _ => None,
    };
    match below {
        Some(below) if random.u8(..6) > 0 => retype(below, random),
        _ => *at = serde_json::from_str(random.choice(&PIECES[..6]).unwrap()).unwrap(),
    }
}

#[test]
fn requests() {
    let mut random = fastrand::Rng::with_seed(1);
    let mut written = 0;
    let models = ["claude-opus-5", "claude-sonnet-4-5", "claude-3-haiku", "claude-opus-4-6", "x"];
    for round in 0..6000 {
        let body = if round % 2 == 0 { mangled(REQUEST, &mut random) } else { retyped(REQUEST, &mut random) };
        let Ok(request) = Anthropic.read_request(&body, &Asked::default()) else { continue };
        let target = Target { model: models[round % models.len()], flavour: Flavour::Vendor };
        if let Ok(out) = Anthropic.write_request(&request, &target, &mut Default::default()) {
            assert!(serde_json::from_slice::<serde_json::Value>(&out).is_ok(), "{}", String::from_utf8_lossy(&out));
            written += 1;
        }
    }
    assert!(written > 1000, "{written} were still requests");
    for cut in 0..REQUEST.len() {
        assert!(Anthropic.read_request(&REQUEST.as_bytes()[..cut], &Asked::default()).is_err());
    }
}

#[test]
fn streams_and_replies() {
    let mut random = fastrand::Rng::with_seed(2);
    let mut ended = 0;
    for round in 0..6000 {
        let mut reader = Anthropic.read_stream();
        let mut writer = Anthropic.write_stream(&super::ABOUT);
        let mut out = Vec::new();
        let which = random.usize(..FRAMES.len());
        for (index, frame) in FRAMES.iter().enumerate() {
            let data = match (index == which, round % 2) {
                (false, _) => frame.as_bytes().to_vec(),
                (true, 0) => mangled(frame, &mut random),
                (true, _) => retyped(frame, &mut random),
            };
            if reader.frame("", &data, &mut |event| writer.event(&event, &mut out)).is_err() {
                break;
            }
        }
        if reader.end(&mut |event| writer.event(&event, &mut out)).is_ok() {
            ended += 1;
        }
        let text = String::from_utf8(out).unwrap();
        for data in text.lines().filter_map(|line| line.strip_prefix("data: ")) {
            assert!(serde_json::from_str::<serde_json::Value>(data).is_ok(), "{data}");
        }
    }
    assert!(ended > 500, "{ended} still came to an end");
    let reply = r#"{"id":"msg_1","type":"message","content":[{"type":"text","text":"a","citations":[{"type":"x"}]},{"type":"tool_use","id":"t","name":"f","input":{}}],"stop_reason":"end_turn","usage":{"input_tokens":1}}"#;
    for round in 0..3000 {
        let body = if round % 2 == 0 { mangled(reply, &mut random) } else { retyped(reply, &mut random) };
        if let Ok(reply) = Anthropic.read_reply(&body) {
            let out = Anthropic.write_reply(&reply, &super::ABOUT);
            assert!(serde_json::from_slice::<serde_json::Value>(&out).is_ok(), "{}", String::from_utf8_lossy(&out));
        }
    }
}
