//! Whatever comes, nothing panics.

use super::*;
use crate::canonical::{Event, replay};

const REQUEST: &str = r#"{"model":"m","stream":true,"instructions":"i","input":[{"role":"user",
    "content":[{"type":"input_text","text":"a"},{"type":"input_image","image_url":"data:image/png;base64,QQ==",
    "detail":"low"},{"type":"input_file","filename":"é.pdf","file_data":"QQ=="}]},{"type":"reasoning","id":"rs_1",
    "summary":[{"type":"summary_text","text":"s"}],"encrypted_content":"~outrider.gemini.<é"},{"type":"function_call",
    "call_id":"c","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"c",
    "output":[{"type":"input_text","text":"o"}]}],"tools":[{"type":"function","name":"f",
    "parameters":{"type":"object"}},{"type":"web_search"}],"tool_choice":{"type":"allowed_tools","mode":"auto",
    "tools":[{"type":"function","name":"f"}]},"text":{"format":{"type":"json_schema","name":"n","schema":{}}},
    "reasoning":{"effort":"low","summary":"auto"},"include":["reasoning.encrypted_content"],"max_output_tokens":5,
    "metadata":{}}"#;

const REPLY: &str = r#"{"id":"resp_1","object":"response","created_at":1,"status":"incomplete",
    "incomplete_details":{"reason":"max_output_tokens"},"error":null,"model":"m","output":[{"type":"reasoning",
    "id":"rs_1","summary":[{"type":"summary_text","text":"s"}],"encrypted_content":"E"},{"type":"message","id":"m",
    "status":"completed","role":"assistant","content":[{"type":"output_text","text":"é",
    "annotations":[{"type":"url_citation","start_index":0,"end_index":1,"url":"u","title":"t"}],
    "logprobs":[{"token":"a","logprob":-0.5,"bytes":[97],"top_logprobs":[]}]},{"type":"refusal","refusal":"r"}]},
    {"type":"function_call","id":"fc","call_id":"c","name":"f","arguments":"{\"a\":"}],"usage":{"input_tokens":1,
    "input_tokens_details":{"cached_tokens":0},"output_tokens":2,"output_tokens_details":{"reasoning_tokens":1},
    "total_tokens":3}}"#;

/// A document with something in it changed.
fn mangled(document: &str, random: &mut fastrand::Rng) -> Vec<u8> {
    let mut bytes = document.as_bytes().to_vec();
    let at = random.usize(..bytes.len());
    match random.u8(..4) {
        0 => bytes.truncate(at),
        1 => bytes[at] = random.u8(..),
        2 => {
            drop(bytes.splice(
                at..at,
                random.choice([&b"null"[..], b"[]", b"{}", b"\"", b"-1e9", b",", b"]"]).unwrap().to_vec(),
            ))
        }
        _ => {
            // A whole value becomes one of another type.
            let mut tree: Value = serde_json::from_str(document).unwrap();
            let mut places = Vec::new();
            pointers(&tree, String::new(), &mut places);
            let others = [
                Value::Null,
                7.into(),
                (-1.5).into(),
                "x".into(),
                true.into(),
                serde_json::json!([]),
                serde_json::json!({}),
                serde_json::json!([[1]]),
                serde_json::json!({"type": 1}),
            ];
            let place = random.choice(&places).unwrap();
            *tree.pointer_mut(place).unwrap() = random.choice(&others).unwrap().clone();
            bytes = tree.to_string().into_bytes();
        }
    }
    bytes
}

fn pointers(value: &Value, here: String, all: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| pointers(value, format!("{here}/{name}"), all))
        }
        Value::Array(list) => {
            (0..).zip(list).for_each(|(index, value)| pointers(value, format!("{here}/{index}"), all))
        }
        _ => {}
    }
    all.push(here);
}

#[test]
fn mangled_documents_do_no_harm() {
    let mut random = fastrand::Rng::with_seed(7);
    let (mut requests, mut replies) = (0, 0);
    for _ in 0..6_000 {
        let body = mangled(REQUEST, &mut random);
        if let Ok(request) = OpenAiResponses.read_request(&body, &Asked::default())
            && let Ok(body) = OpenAiResponses.write_request(&request, &VENDOR, &mut Lost::nothing())
        {
            json(&body);
            requests += 1;
        }
        let about = About { request: &body, ..about("") };
        let body = mangled(REPLY, &mut random);
        if let Ok(reply) = OpenAiResponses.read_reply(&body) {
            json(&OpenAiResponses.write_reply(&reply, &about));
            let mut writer = OpenAiResponses.write_stream(&about);
            let mut out = Vec::new();
            replay(&reply, &mut |event| writer.event(&event, &mut out));
            events_of(&out);
            replies += 1;
        }
    }
    assert!(requests > 1000 && replies > 1000, "{requests} {replies}");
}

/// The stream that our own writer makes of the reply, mangled, still keeps to the grammar.
#[test]
fn mangled_streams_do_no_harm() {
    let reply = OpenAiResponses.read_reply(REPLY.as_bytes()).unwrap();
    let mut writer = OpenAiResponses.write_stream(&about("{}"));
    let mut out = Vec::new();
    replay(&reply, &mut |event: Event<'_>| writer.event(&event, &mut out));
    let frames: Vec<String> = events_of(&out).iter().map(Value::to_string).collect();
    assert!(frames.len() > 15);
    let mut random = fastrand::Rng::with_seed(11);
    let mut good = 0;
    for _ in 0..4_000 {
        let mut mixed: Vec<Vec<u8>> = frames.iter().map(|frame| frame.clone().into_bytes()).collect();
        for _ in 0..random.usize(1..4) {
            let at = random.usize(..mixed.len());
            match random.u8(..4) {
                0 => drop(mixed.remove(at)),
                1 => {
                    let other = random.usize(..mixed.len());
                    mixed.swap(at, other);
                }
                2 => mixed.insert(at, mixed[at].clone()),
                _ => mixed[at] = mangled(&frames[at.min(frames.len() - 1)], &mut random),
            }
        }
        good += usize::from(read_frames(&mixed).is_ok());
    }
    assert!(good > 400, "{good}");
}
