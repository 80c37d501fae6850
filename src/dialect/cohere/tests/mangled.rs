//! Documents that no provider and no client should send.

use super::*;

const REQUEST: &str = r#"{"model":"m","stream":true,"messages":[{"role":"system","content":"s"},
    {"role":"user","content":[{"type":"text","text":"é"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}}]},
    {"role":"assistant","tool_plan":"p","tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}],"citations":[{"start":0}]},
    {"role":"tool","tool_call_id":"a","content":[{"type":"document","document":{"data":{"x":1}}}]}],
    "tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}],"documents":["d"],
    "response_format":{"type":"json_object","json_schema":{}},"temperature":1,"stop_sequences":["x"]}"#;

const REPLY: &str = r#"{"id":"x","finish_reason":"TOOL_CALL","message":{"role":"assistant","tool_plan":"é",
    "content":[{"type":"text","text":"t"},{"type":"thinking","thinking":"h"}],"citations":[{"start":0,"end":1,"sources":[{"document":{"url":"u"}}]}],
    "tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}]},
    "usage":{"tokens":{"input_tokens":1,"output_tokens":2}},"logprobs":[{"text":"a","logprobs":[-1.0]}]}"#;

const FRAMES: [&str; 6] = [
    r#"{"id":"x","type":"message-start","delta":{"message":{"content":[]}}}"#,
    r#"{"type":"content-start","index":0,"delta":{"message":{"content":{"type":"text","text":"é"}}}}"#,
    r#"{"type":"citation-start","index":0,"delta":{"message":{"citations":{"start":3,"end":7,"sources":[{}]}}}}"#,
    r#"{"type":"tool-call-start","index":0,"delta":{"message":{"tool_calls":{"id":"a","function":{"name":"f","arguments":""}}}}}"#,
    r#"{"type":"tool-call-delta","index":0,"delta":{"message":{"tool_calls":{"function":{"arguments":"{}"}}}}}"#,
    r#"{"type":"message-end","delta":{"finish_reason":"COMPLETE","usage":{"tokens":{"input_tokens":9}}}}"#,
];

/// `text` with one of its JSON values or bytes changed.
fn mangled(text: &str, random: &mut fastrand::Rng) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    let at = random.usize(..bytes.len());
    match random.u8(..4) {
        0 => bytes.truncate(at),
        1 => bytes[at] = random.u8(..),
        2 => _ = bytes.remove(at),
        _ => {
            // Another type in the place of a value.
            let colons: Vec<_> = text.match_indices(':').map(|(at, _)| at + 1).collect();
            let start = colons[random.usize(..colons.len())];
            let other = ["null", "7", "-1.5e300", "\"\"", "[]", "{}", "[null]", "true", "\"\\ud83d\\ude00\""];
            let mut rest = serde_json::Deserializer::from_slice(&bytes[start..]).into_iter::<serde::de::IgnoredAny>();
            if matches!(rest.next(), Some(Ok(_))) {
                let end = start + rest.byte_offset();
                bytes.splice(start..end, other[random.usize(..other.len())].bytes());
            }
        }
    }
    bytes
}

#[test]
fn nothing_panics() {
    let mut random = fastrand::Rng::with_seed(7);
    let target = Target { model: "m", flavour: Default::default() };
    let (mut good, mut bad) = (0, 0);
    for _ in 0..4000 {
        let body = mangled(REQUEST, &mut random);
        match Cohere.read_request(&body, &Asked::default()) {
            Ok(request) => {
                good += 1;
                if let Ok(body) = Cohere.write_request(&request, &target, &mut Lost::nothing()) {
                    let written: Value = serde_json::from_slice(&body).unwrap();
                    assert!(written["messages"].is_array());
                }
            }
            Err(fault) => {
                bad += 1;
                assert_eq!(fault.kind, crate::canonical::FaultKind::BadRequest);
            }
        }
        if let Ok(reply) = Cohere.read_reply(&mangled(REPLY, &mut random)) {
            serde_json::from_slice::<Value>(&Cohere.write_reply(&reply, &ABOUT)).unwrap();
            gathered(&streamed(&reply));
        }
        let mut reader = Cohere.read_stream();
        let mut events = Vec::new();
        let frames = FRAMES.map(|frame| if random.u8(..3) == 0 { mangled(frame, &mut random) } else { frame.into() });
        let read = frames.iter().all(|frame| reader.frame("", frame, &mut |event| events.push(owned(event))).is_ok());
        if read && reader.end(&mut |event| events.push(owned(event))).is_ok() && events.last() == Some(&Event::End) {
            grammatical(&events);
        }
    }
    assert!(good > 200 && bad > 200, "{good} {bad}");
}
