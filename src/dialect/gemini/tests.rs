//! Recorded traffic: none of it may be refused, lost or misread. It is read where OUTRIDER_CAPTURES says it lies.

use std::io::Read;
use std::path::PathBuf;
use std::process::Command;

use bytes::Bytes;
use serde_json::Value;

use super::Gemini;
use crate::canonical::{Event, Fault, FaultKind, Gatherer, Lost, Part, Reply, StopReason, replay};
use crate::dialect::codec::{About, Asked, Codec, Flavour, Target};
use crate::dialect::{json_array, sse};

mod edge_cases;
mod requests;
mod settings;
mod streams;
mod torture;

fn captures() -> Option<PathBuf> {
    let folder = std::env::var_os("OUTRIDER_CAPTURES").map(PathBuf::from);
    if folder.is_none() {
        println!("skipped: OUTRIDER_CAPTURES is not set");
    }
    folder
}

fn rows(name: &str) -> Vec<Value> {
    let Some(folder) = captures() else { return Vec::new() };
    let mut text = String::new();
    let file = std::fs::File::open(folder.join(name)).unwrap();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The files of an archive whose name contains one of the words, by name.
fn unpacked(name: &str, wanted: &[&str]) -> Vec<(String, String)> {
    let Some(folder) = captures() else { return Vec::new() };
    let into = tempfile::tempdir().unwrap();
    let done = Command::new("tar").arg("xJf").arg(folder.join(name)).arg("-C").arg(into.path()).status().unwrap();
    assert!(done.success());
    let mut files = Vec::new();
    let mut folders = vec![into.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.to_string_lossy().into_owned();
                if wanted.iter().any(|word| name.contains(word)) {
                    files.push((name, std::fs::read_to_string(path).unwrap()));
                }
            }
        }
    }
    files.sort();
    assert!(!files.is_empty());
    files
}

/// Every recorded request body, reply body and stream's pieces.
struct Recorded {
    requests: Vec<String>,
    replies: Vec<String>,
    streams: Vec<Vec<String>>,
}

fn recorded() -> Recorded {
    let mut all = Recorded { requests: Vec::new(), replies: Vec::new(), streams: Vec::new() };
    for name in ["gemini.generateContent.jsonl.gz", "gemini.streamGenerateContent.jsonl.gz"] {
        for row in rows(name) {
            if row["status"] != 400 {
                all.requests.push(row["req"].to_string());
            }
            let text = row["resp_text"].as_str().unwrap();
            if name.contains("stream") {
                all.streams.push(pieces(text));
            } else if row["status"] == 200 {
                all.replies.push(text.to_owned());
            }
        }
    }
    for (name, text) in unpacked("same-case-many-dialects.tar.xz", &["/google/"]) {
        if name.ends_with("request.json") {
            all.requests.push(text);
        } else if name.ends_with("streaming.json") {
            let list: Vec<Value> = serde_json::from_str(&text).unwrap();
            all.streams.push(list.iter().map(Value::to_string).collect());
        } else if name.ends_with("response.json") {
            all.replies.push(text);
        }
    }
    for (name, text) in unpacked("newest-features.tar.xz", &["google/src/__fixtures__/"]) {
        if name.ends_with(".chunks.txt") {
            all.streams.push(text.lines().map(str::to_owned).collect());
        } else if !name.contains("429") {
            all.replies.push(text);
        }
    }
    all
}

/// The pieces of a stream in either framing.
fn pieces(text: &str) -> Vec<String> {
    let bytes = Bytes::copy_from_slice(text.as_bytes());
    if text.trim_start().starts_with('[') {
        let mut splitter = json_array::Splitter::new(1 << 24);
        let ready = splitter.push(bytes).unwrap();
        let elements = ready.pieces().filter_map(json_array::element);
        return elements.map(|element| String::from_utf8(element.to_vec()).unwrap()).collect();
    }
    let mut splitter = sse::Splitter::new(1 << 24);
    let ready = splitter.push(bytes).unwrap();
    let data = ready.events().filter_map(|event| sse::Event::read(event).data.map(|data| data.into_owned()));
    data.map(|data| String::from_utf8(data).unwrap()).collect()
}

/// The events of a stream, owned as text, and the reply that they make.
fn read_stream(pieces: &[String]) -> (Vec<String>, Result<Reply<'static>, Fault>) {
    let mut reader = Gemini.read_stream();
    let mut gatherer = Gatherer::new();
    let mut events = Vec::new();
    let mut out = |event: Event<'_>| {
        events.push(format!("{event:?}"));
        gatherer.push(event);
    };
    for piece in pieces {
        if let Err(fault) = reader.frame("", piece.as_bytes(), &mut out) {
            return (events, Err(fault));
        }
    }
    match reader.end(&mut out) {
        Ok(()) => (events, gatherer.finish()),
        Err(fault) => (events, Err(fault)),
    }
}

fn about() -> About<'static> {
    About {
        id: "0123456789abcdef0123456789abcdef",
        created: 1_700_000_000,
        model: "smart",
        usage_in_stream: true,
        json_array: false,
        request: b"",
    }
}

fn target(model: &'static str) -> Target<'static> {
    Target { model, flavour: Flavour::Vendor }
}

fn read_request(body: &str) -> crate::canonical::Request<'_> {
    Gemini.read_request(body.as_bytes(), &Asked::default()).unwrap()
}

fn write_request(body: &str, target: Target<'_>) -> (Value, Vec<String>) {
    write_canonical(&read_request(body), target)
}

fn write_canonical(request: &crate::canonical::Request<'_>, target: Target<'_>) -> (Value, Vec<String>) {
    let mut lost = Lost::nothing();
    let written = Gemini.write_request(request, &target, &mut lost).unwrap();
    (serde_json::from_slice(&written).unwrap(), lost.iter().map(str::to_owned).collect())
}

#[test]
fn recorded_requests_are_read_and_come_back_the_same() {
    for body in recorded_or_none().requests {
        let request = read_request(&body);
        assert!(!request.turns.is_empty(), "{body}");
        let mut lost = Lost::nothing();
        let Ok(written) = Gemini.write_request(&request, &target("gemini-2.5-flash"), &mut lost) else {
            panic!("{body}")
        };
        let again = std::str::from_utf8(&written).unwrap();
        let mut again = read_request(again);
        again.model = request.model.clone();
        // Budgets are held within the model's limits, words become budgets, and turns are put in order.
        again.reasoning = request.reasoning.clone();
        again.n = again.n.or(request.n.filter(|count| *count == 1));
        let parts = |request: &crate::canonical::Request<'_>| {
            let parts = request.turns.iter().flat_map(|turn| &turn.parts);
            parts.filter(|part| !matches!(part, Part::Reasoning(_))).map(|part| format!("{part:?}")).collect::<Vec<_>>()
        };
        if !lost.iter().any(|name| name == "response_format") {
            let one: std::collections::BTreeSet<_> = parts(&request).into_iter().collect();
            let other: std::collections::BTreeSet<_> = parts(&again).into_iter().collect();
            let ids_are_made_up = !body.contains("\"id\"");
            assert!(ids_are_made_up || one == other, "{body}\n{}", String::from_utf8_lossy(&written));
            assert_eq!(one.len(), other.len(), "{body}\n{}", String::from_utf8_lossy(&written));
            again.turns = request.turns.clone();
            assert_eq!(again, request, "{body}");
        }
    }
}

fn recorded_or_none() -> Recorded {
    match captures() {
        Some(_) => recorded(),
        None => Recorded { requests: Vec::new(), replies: Vec::new(), streams: Vec::new() },
    }
}

#[test]
fn recorded_replies_are_read_and_come_back_the_same() {
    for body in recorded_or_none().replies {
        let reply = Gemini.read_reply(body.as_bytes()).unwrap_or_else(|fault| panic!("{fault}\n{body}"));
        let wire: Value = serde_json::from_str(&body).unwrap();
        let total = wire["usageMetadata"]["totalTokenCount"].as_u64();
        assert_eq!(reply.usage.total(), total, "{body}");
        let written = Gemini.write_reply(&reply, &about());
        let mut again = Gemini.read_reply(&written).unwrap();
        again.created = reply.created;
        let mut reply = reply.clone();
        for other in again.others.iter_mut().chain(&mut reply.others) {
            other.json = crate::canonical::Raw::write(&other.json.tree()).unwrap();
        }
        for (choice, was) in again.choices.iter_mut().zip(&mut reply.choices) {
            without_originals(&mut choice.parts);
            without_originals(&mut was.parts);
            // An odd reason has no word of its own.
            choice.stop.native = was.stop.native.clone();
        }
        assert_eq!(again, reply, "{body}\n{}", String::from_utf8_lossy(&written));
    }
}

#[test]
fn recorded_streams_are_read_to_their_end_and_come_back_the_same() {
    for pieces in recorded_or_none().streams {
        let (_, reply) = read_stream(&pieces);
        let reply = match reply {
            Ok(reply) => reply,
            // Recorded too: a model that said nothing, and an error.
            Err(fault) if fault.kind == FaultKind::Empty || pieces.iter().any(|piece| piece.contains("\"error\"")) => {
                continue;
            }
            Err(fault) => panic!("{fault}\n{}", pieces.join("\n")),
        };
        let wire: Vec<Value> = pieces.iter().map(|piece| serde_json::from_str(piece).unwrap()).collect();
        let mut totals = wire.iter().filter_map(|piece| piece["usageMetadata"]["totalTokenCount"].as_u64());
        assert_eq!(reply.usage.total(), totals.next_back(), "{}", pieces.join("\n"));
        let texts = wire.iter().flat_map(|piece| piece["candidates"].as_array().into_iter().flatten());
        let texts = texts.flat_map(|candidate| candidate["content"]["parts"].as_array().into_iter().flatten());
        let text: String = texts.filter_map(|part| part["text"].as_str()).collect();
        let mut read = String::new();
        for part in reply.choices.iter().flat_map(|choice| &choice.parts) {
            match part {
                Part::Text(text) => read.push_str(&text.text),
                Part::Reasoning(thought) => read.push_str(&thought.text),
                _ => {}
            }
        }
        assert_eq!(read.len(), text.len(), "{}", pieces.join("\n"));
        for json_array in [false, true] {
            let written = streams::write(&reply, &About { json_array, ..about() });
            let (_, again) = read_stream(&self::pieces(&written));
            let mut again = again.unwrap_or_else(|fault| panic!("{fault}\n{written}"));
            again.created = reply.created;
            // Said at the end only.
            again.service_tier = reply.service_tier.clone();
            // The queries stand beside the citations.
            again.usage.searches = reply.usage.searches;
            for (choice, was) in again.choices.iter_mut().zip(&reply.choices) {
                choice.stop.native = was.stop.native.clone();
                without_originals(&mut choice.parts);
            }
            let mut reply = reply.clone();
            reply.choices.iter_mut().for_each(|choice| without_originals(&mut choice.parts));
            assert_eq!(again, reply, "{written}");
        }
    }
}

/// Citations are written anew.
fn without_originals(parts: &mut [Part<'_>]) {
    for part in parts {
        if let Part::Text(text) = part {
            let none = crate::canonical::Raw::parse("null").unwrap();
            text.citations.iter_mut().for_each(|citation| citation.original.json = none.clone());
        }
    }
}
