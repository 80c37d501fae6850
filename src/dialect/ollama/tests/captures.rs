//! Recorded traffic. It is not a part of the project: `OUTRIDER_CAPTURES` names the folder where it lies.

use std::io::Read;
use std::path::Path;

use super::*;
use crate::canonical::{FaultKind, Part};

/// The exchanges of both files; none where they are not there.
fn exchanges() -> Vec<Value> {
    let Some(folder) = std::env::var_os("OUTRIDER_CAPTURES") else {
        println!("skipped: OUTRIDER_CAPTURES is not set");
        return Vec::new();
    };
    let mut all = Vec::new();
    for name in ["ollama.chat.jsonl.gz", "ollama.generate.jsonl.gz"] {
        let file = std::fs::File::open(Path::new(&folder).join(name)).unwrap();
        let mut text = String::new();
        flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
        all.extend(text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()));
    }
    assert!(all.len() > 20, "{}", all.len());
    all
}

fn text(exchange: &Value) -> &str {
    exchange["resp_text"].as_str().unwrap()
}

fn is_stream(exchange: &Value) -> bool {
    exchange["req"]["stream"] == true
}

#[test]
fn everything_recorded_is_read() {
    let (mut calls, mut thoughts) = (0, 0);
    let all = exchanges();
    let some = !all.is_empty();
    for exchange in all {
        let request = exchange["req"].to_string();
        let canonical = read(&request);
        assert_eq!(canonical.stream, is_stream(&exchange));
        let (value, lost) = written(&canonical);
        assert!(lost.is_empty() && !value["messages"].as_array().unwrap().is_empty(), "{lost:?}");
        if exchange["status"] != 200 {
            let fault = crate::dialect::error::read(404, &Default::default(), &text(&exchange).to_owned().into());
            assert_eq!(fault.kind, FaultKind::ModelMissing);
            let (status, body) = Ollama.write_error(&fault);
            assert_eq!((status.as_u16(), &body[..]), (404, text(&exchange).as_bytes()));
            continue;
        }
        let about = About { request: request.as_bytes(), ..ABOUT };
        let reply = if is_stream(&exchange) {
            let reply = gathered(text(&exchange));
            let (mut writer, mut out) = (Ollama.write_stream(&about), Vec::new());
            replay(&reply, &mut |event| writer.event(&event, &mut out));
            assert_eq!(gathered(std::str::from_utf8(&out).unwrap()).choices, reply.choices);
            reply
        } else {
            let reply = Ollama.read_reply(text(&exchange).as_bytes()).unwrap();
            let bytes = Ollama.write_reply(&reply, &about);
            let original: Value = serde_json::from_str(text(&exchange)).unwrap();
            let again: Value = serde_json::from_slice(&bytes).unwrap();
            for name in ["model", "message", "response", "done", "done_reason", "eval_count"] {
                assert_eq!(again.get(name), original.get(name), "{name}");
            }
            let mut gatherer = Gatherer::new();
            replay(&reply, &mut |event| gatherer.push(event));
            gatherer.finish().unwrap()
        };
        assert!(reply.created.is_some() && reply.usage.output.is_some() && !reply.model.is_empty());
        calls += reply.choices[0].parts.iter().filter(|part| matches!(part, Part::ToolCall(_))).count();
        thoughts += reply.choices[0].parts.iter().filter(|part| matches!(part, Part::Reasoning(_))).count();
    }
    assert!(!some || (calls > 0 && thoughts > 0), "{calls} {thoughts}");
}

#[test]
fn every_recorded_stream_may_be_cut_anywhere() {
    for exchange in exchanges().iter().filter(|exchange| is_stream(exchange)) {
        let text = text(exchange).as_bytes();
        let whole = events(text, usize::MAX);
        grammatical(&whole.0);
        for size in [1, 2, 3, 5, 7, 64, 997] {
            assert_eq!(events(text, size), whole, "chunks of {size}");
        }
        let end = text.trim_ascii_end().iter().rposition(|byte| *byte == b'\n').unwrap();
        assert_eq!(events(&text[..end], 100).1.unwrap_err().kind, FaultKind::Truncated);
    }
}
