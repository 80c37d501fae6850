//! Whatever comes in, nothing panics.

use serde_json::{Value, json};

use super::{ABOUT, read_frames, write_events, write_for};
use crate::dialect::codec::{Asked, Codec, Flavour};
use crate::dialect::openai_chat::OpenAiChat;

const REQUEST: &str = r#"{"model":"m","messages":[{"role":"system","content":"é\n"},{"role":"user","content":[{"type":"text","text":"x","cache_control":{"type":"ephemeral","ttl":"1h"}},{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA","detail":"low"}},{"type":"input_audio","input_audio":{"data":"AA","format":"mp3"}},{"type":"file","file":{"file_data":"data:text/plain;base64,aGk=","filename":"f"}}]},{"role":"assistant","content":null,"reasoning_details":[{"type":"reasoning.text","text":"a","signature":"S","index":0}],"tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"a","content":[{"type":"image_url","image_url":{"url":"u"}}]}],"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}],"tool_choice":{"type":"function","function":{"name":"f"}},"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{}}},"stop":["a"],"reasoning":{"effort":"low"},"stream":true,"temperature":0.1,"metadata":{"a":"b"},"x":[1]}"#;

const REPLY: &str = r#"{"id":"x","created":1,"choices":[{"index":0,"message":{"role":"assistant","content":"<think>a</think>b","reasoning_details":[{"type":"reasoning.encrypted","data":"d","id":"a"}],"annotations":[{"type":"url_citation","url_citation":{"url":"u"}}],"audio":{"data":"AA","transcript":"t"},"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{\"a\":1}"},"extra_content":{"google":{"thought_signature":"s"}}}]},"logprobs":{"content":[]},"finish_reason":"stop"}],"usage":{"prompt_tokens":1}}"#;

/// The document with one value of it changed into another.
fn mangle(value: &mut Value, random: &mut fastrand::Rng) {
    let descend = random.u8(..4) > 0;
    match value {
        Value::Array(list) if descend && !list.is_empty() => {
            let at = random.usize(..list.len());
            mangle(&mut list[at], random);
        }
        Value::Object(members) if descend && !members.is_empty() => {
            let at = random.usize(..members.len());
            mangle(members.values_mut().nth(at).unwrap(), random);
        }
        value => {
            let kinds = [
                json!(null),
                json!(7),
                json!(-1.5),
                json!("é\u{0}"),
                json!([]),
                json!({}),
                json!([[]]),
                json!({"a": {}}),
                json!(true),
                json!(""),
                json!(u64::MAX),
                json!(["x", 1]),
                json!("data:;base64,"),
                json!("data:é"),
            ];
            *value = kinds[random.usize(..kinds.len())].clone();
        }
    }
}

fn feed(body: &str) {
    if let Ok(request) = OpenAiChat.read_request(body.as_bytes(), &Asked::default()) {
        for flavour in [Flavour::Vendor, Flavour::Mistral, Flavour::Compatible, Flavour::DeepSeek, Flavour::OpenRouter]
        {
            write_for(&request, "gpt-5", flavour);
        }
    }
    if let Ok(reply) = OpenAiChat.read_reply(body.as_bytes()) {
        serde_json::from_slice::<Value>(&OpenAiChat.write_reply(&reply, &ABOUT)).unwrap();
    }
    let events = read_frames([body, &body.replace("\"message\"", "\"delta\""), body]).events;
    super::check_grammar(&events, body);
    write_events(&events, &ABOUT);
}

#[test]
fn no_document_panics() {
    let mut random = fastrand::Rng::with_seed(20_261_121);
    for document in [REQUEST, REPLY] {
        // They are good before they are made bad.
        let good = [
            OpenAiChat.read_request(document.as_bytes(), &Asked::default()).is_ok(),
            OpenAiChat.read_reply(document.as_bytes()).is_ok(),
        ];
        assert_eq!(good.iter().filter(|good| **good).count(), 1);
        for end in (0..document.len()).filter(|end| document.is_char_boundary(*end)) {
            feed(&document[..end]);
        }
        for _ in 0..3000 {
            let mut tree: Value = serde_json::from_str(document).unwrap();
            (0..random.u8(1..4)).for_each(|_| mangle(&mut tree, &mut random));
            feed(&tree.to_string());
        }
    }
}

#[test]
fn no_bytes_panic() {
    let mut random = fastrand::Rng::with_seed(7);
    for document in [REQUEST, REPLY] {
        for _ in 0..2000 {
            let mut bytes = document.as_bytes().to_vec();
            let at = random.usize(..bytes.len());
            bytes[at] = random.u8(..);
            let _ = OpenAiChat.read_request(&bytes, &Asked::default());
            let _ = OpenAiChat.read_reply(&bytes);
            let _ = OpenAiChat.read_stream().frame("", &bytes, &mut |_| {});
        }
    }
}
