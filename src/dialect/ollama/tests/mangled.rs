//! Documents that no provider and no client should send.

use super::*;

const REQUEST: &str = r#"{"model":"m","messages":[{"role":"system","content":"s"},
    {"role":"user","content":"é","images":["iVBORw0KGgo="]},
    {"role":"assistant","content":"","thinking":"h","tool_calls":[{"id":"a","function":{"name":"f","arguments":{"x":1.0}}}]},
    {"role":"tool","content":"r","tool_name":"f"}],"format":{"type":"object"},"think":"low","keep_alive":"5m",
    "tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}],
    "options":{"temperature":0.5,"num_predict":7,"stop":["x"],"num_ctx":4096},"logprobs":true}"#;

const REPLY: &str = r#"{"model":"m","created_at":"2024-05-24T21:02:00.76482Z","message":{"role":"assistant","content":"é",
    "thinking":"h","images":["AA=="],"tool_calls":[{"function":{"index":0,"name":"f","arguments":{"x":1.0}}}]},
    "done":true,"done_reason":"stop","prompt_eval_count":1,"eval_count":2,"logprobs":[{"token":"é","logprob":-1.0}]}"#;

const LINES: [&str; 4] = [
    r#"{"model":"m","created_at":"2024-05-24T21:02:00Z","message":{"role":"assistant","content":"","thinking":"h"},"done":false}"#,
    r#"{"model":"m","message":{"role":"assistant","content":"é"},"done":false}"#,
    r#"{"model":"m","message":{"content":"","tool_calls":[{"function":{"name":"f","arguments":{}}}]},"done":false}"#,
    r#"{"model":"m","message":{"content":""},"done":true,"done_reason":"stop","eval_count":2}"#,
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
        match Ollama.read_request(&body, &Asked::default()) {
            Ok(request) => {
                good += 1;
                if let Ok(body) = Ollama.write_request(&request, &target, &mut Lost::nothing()) {
                    let written: Value = serde_json::from_slice(&body).unwrap();
                    assert!(written["messages"].is_array());
                }
            }
            Err(fault) => {
                bad += 1;
                assert_eq!(fault.kind, crate::canonical::FaultKind::BadRequest);
            }
        }
        if let Ok(reply) = Ollama.read_reply(&mangled(REPLY, &mut random)) {
            serde_json::from_slice::<Value>(&Ollama.write_reply(&reply, &ABOUT)).unwrap();
            gathered(&streamed(&reply));
        }
        let mut reader = Ollama.read_stream();
        let mut events = Vec::new();
        let lines = LINES.map(|line| if random.u8(..3) == 0 { mangled(line, &mut random) } else { line.into() });
        let read = lines.iter().all(|line| reader.frame("", line, &mut |event| events.push(owned(event))).is_ok());
        if read && reader.end(&mut |event| events.push(owned(event))).is_ok() && events.last() == Some(&Event::End) {
            grammatical(&events);
        }
    }
    assert!(good > 200 && bad > 200, "{good} {bad}");
}
