//! Recorded traffic. It is not a part of the project: `OUTRIDER_CAPTURES` names the folder where it lies.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::*;
use crate::canonical::{FaultKind, Part, Str};

fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("OUTRIDER_CAPTURES").map(PathBuf::from);
    if folder.is_none() {
        println!("skipped: OUTRIDER_CAPTURES is not set");
    }
    folder
}

/// The exchanges of a file.
fn exchanges(path: &Path) -> Vec<Value> {
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A reply's and a stream's recorded texts, and requests.
fn recorded() -> Vec<(String, String)> {
    let Some(folder) = folder() else { return Vec::new() };
    let mut all = Vec::new();
    for exchange in exchanges(&folder.join("cohere.v2.chat.jsonl.gz")) {
        let text = |name: &str| exchange[name].as_str().unwrap_or_default().to_owned();
        all.push(("request".to_owned(), exchange["req"].to_string()));
        let kind = if text("ct").contains("event-stream") { "stream" } else { "reply" };
        all.push((kind.to_owned(), text("resp_text")));
    }
    let tar = folder.join("newest-features.tar.xz");
    let list = Command::new("tar").args(["-tJf"]).arg(&tar).output().unwrap();
    for name in String::from_utf8(list.stdout).unwrap().lines() {
        if !name.contains("/cohere/src/__fixtures__/cohere-") || name.contains("embedding") {
            continue;
        }
        let file = Command::new("tar").args(["-xJOf"]).arg(&tar).arg(name).output().unwrap();
        let text = String::from_utf8(file.stdout).unwrap();
        if name.ends_with(".txt") {
            all.push(("stream".into(), text.lines().map(|line| format!("data: {line}\n\n")).collect()));
        } else {
            all.push(("reply".into(), text));
        }
    }
    assert!(all.len() > 40, "{}", all.len());
    all
}

#[test]
fn everything_recorded_is_read() {
    for (kind, text) in recorded() {
        match kind.as_str() {
            "request" => {
                let (value, lost) = written(&read(&text));
                assert!(lost.is_empty(), "{lost:?}");
                let original: Value = serde_json::from_str(&text).unwrap();
                assert_eq!(value["tools"], original["tools"]);
                assert_eq!(value["messages"].as_array().unwrap().len(), original["messages"].as_array().unwrap().len());
            }
            "stream" => {
                let reply = gathered(&text);
                assert!(!reply.choices[0].parts.is_empty() && reply.usage.input.is_some(), "{text}");
                let mut again = gathered(&streamed(&reply));
                for part in &mut again.choices[0].parts {
                    if let Part::ToolCall(call) = part
                        && call.arguments == "{}"
                    {
                        call.arguments = Str::default(); // no arguments are written as none
                    }
                }
                assert_eq!(again.choices, reply.choices);
            }
            _ => {
                let reply = Cohere.read_reply(text.as_bytes()).unwrap();
                assert!(!reply.choices[0].parts.is_empty() && reply.usage.input.is_some(), "{text}");
                let bytes = Cohere.write_reply(&reply, &ABOUT);
                assert_eq!(Cohere.read_reply(&bytes).unwrap().choices[0].parts.len(), reply.choices[0].parts.len());
            }
        }
    }
}

#[test]
fn every_recorded_stream_may_be_cut_anywhere() {
    for (_, text) in recorded().into_iter().filter(|(kind, _)| kind == "stream") {
        let whole = events(text.as_bytes(), usize::MAX);
        for size in [1, 2, 3, 5, 7, 11, 64, 997] {
            assert_eq!(events(text.as_bytes(), size), whole, "chunks of {size}");
        }
        // A cut before the end's mark is none.
        let end = text.find("message-end").unwrap();
        assert_eq!(events(&text.as_bytes()[..end], 100).1.unwrap_err().kind, FaultKind::Truncated);
    }
}

#[test]
fn recorded_errors_are_errors() {
    let Some(folder) = folder() else { return };
    let mut found = 0;
    for exchange in exchanges(&folder.join("cohere.v1.chat.jsonl.gz")) {
        if exchange["status"] == 200 {
            continue;
        }
        let body = exchange["resp_text"].as_str().unwrap();
        let status = exchange["status"].as_u64().unwrap() as u16;
        let fault = crate::dialect::error::read(status, &Default::default(), &body.to_owned().into());
        assert_eq!(fault.kind, FaultKind::ModelMissing);
        assert!(Cohere.read_reply(body.as_bytes()).is_err(), "nor is it an answer under a 200");
        let (written, ours) = Cohere.write_error(&fault);
        assert_eq!(written.as_u16(), status);
        let message = |body: &[u8]| serde_json::from_slice::<Value>(body).unwrap()["message"].clone();
        assert_eq!(message(&ours), message(body.as_bytes()));
        found += 1;
    }
    assert!(found > 0);
}
