//! Recorded traffic. It is not part of the project: `OUTRIDER_CAPTURES` names the folder that has it.

use std::io::Read;
use std::path::{Path, PathBuf};

use base64::Engine;
use bytes::Bytes;
use serde_json::Value;

use super::{ABOUT, assert_grammar, documents};
use crate::canonical::{Event, Gatherer, Lost, Reply};
use crate::dialect::anthropic::Anthropic;
use crate::dialect::codec::{Asked, Codec, Flavour, Framing, Target};
use crate::dialect::frames::Frames;
use crate::dialect::sse;

fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("OUTRIDER_CAPTURES").map(PathBuf::from);
    if folder.is_none() {
        println!("skipped: OUTRIDER_CAPTURES is not set");
    }
    folder
}

/// The exchanges of one file whose request is one of this dialect.
fn exchanges(folder: &Path, file: &str) -> Vec<Value> {
    let mut text = String::new();
    let file = std::fs::File::open(folder.join(file)).unwrap();
    flate2::read::MultiGzDecoder::new(file).read_to_string(&mut text).unwrap();
    let exchanges = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    exchanges.filter(|one| one["req"]["messages"].is_array() && is_claude(one)).collect()
}

fn is_claude(exchange: &Value) -> bool {
    let path = exchange["path"].as_str().unwrap();
    (path.contains("/v1/messages") || path.contains("anthropic")) && !path.contains("/threads/")
}

const FILES: [&str; 4] = [
    "anthropic.messages.jsonl.gz",
    "vertex.anthropic.jsonl.gz",
    "bedrock.invoke.jsonl.gz",
    "bedrock.invoke-stream.jsonl.gz",
];

/// The frames of a stream of server-sent events that comes in two pieces.
fn frames(stream: &Bytes, cut: usize) -> Vec<Vec<u8>> {
    let mut splitter = sse::Splitter::new(1 << 24);
    let mut frames = Vec::new();
    for piece in [stream.slice(..cut), stream.slice(cut..)] {
        let ready = splitter.push(piece).unwrap();
        frames.extend(ready.events().filter_map(|event| sse::Event::read(event).data.map(|data| data.into_owned())));
    }
    frames
}

/// Reads frames, and writes them as a client's stream, which has to keep to the grammar and say the same.
fn check_frames(frames: &[Vec<u8>], name: &str) {
    let mut reader = Anthropic.read_stream();
    let mut writer = Anthropic.write_stream(&ABOUT);
    let (mut out, mut gatherer) = (Vec::new(), Gatherer::new());
    let mut take = |event: Event<'_>| {
        writer.event(&event, &mut out);
        gatherer.push(event);
    };
    for frame in frames {
        reader.frame("", frame, &mut take).unwrap_or_else(|fault| panic!("{name}: {fault:?}"));
    }
    reader.end(&mut take).unwrap_or_else(|fault| panic!("{name}: {fault:?}"));
    let reply = gatherer.finish().unwrap();
    let stream = String::from_utf8(out).unwrap();
    assert_grammar(&documents(&stream));
    let again = super::gathered(&stream).unwrap();
    // Texts that were never anything are not written.
    let filled = |reply: &Reply<'static>| {
        let empty = |part: &&crate::canonical::Part<'_>| match part {
            crate::canonical::Part::Text(text) => *text == crate::canonical::Text::default(),
            crate::canonical::Part::Reasoning(reasoning) => reasoning.text.is_empty() && reasoning.signature.is_none(),
            _ => false,
        };
        let parts = &reply.choices.first().unwrap().parts;
        parts.iter().filter(|part| !empty(part)).cloned().collect::<Vec<_>>()
    };
    assert_eq!(filled(&again), filled(&reply), "{name}");
    assert_eq!((again.usage.input, again.usage.output), (reply.usage.input.or(Some(0)), reply.usage.output), "{name}");
}

/// Reads a reply, writes it, and reads that: the same.
fn check_reply(body: &[u8], name: &str) {
    let reply = Anthropic.read_reply(body).unwrap_or_else(|fault| panic!("{name}: {fault:?}"));
    let again = Anthropic.write_reply(&reply, &ABOUT);
    let again = Anthropic.read_reply(&again).unwrap();
    assert_eq!(again.choices[0].parts, reply.choices[0].parts, "{name}");
    assert_eq!((again.usage.input, again.usage.output), (reply.usage.input, reply.usage.output), "{name}");
    assert_eq!(again.choices[0].stop.reason, reply.choices[0].stop.reason, "{name}");
}

/// A request that a provider took comes out with what it said, for the model that it was for.
fn check_request(body: &Value, model: &str, name: &str) {
    let text = body.to_string();
    let asked = Asked { model: Some(model), ..Asked::default() };
    let request = Anthropic.read_request(text.as_bytes(), &asked).unwrap_or_else(|fault| panic!("{name}: {fault:?}"));
    let mut lost = Lost::nothing();
    let target = Target { model, flavour: Flavour::Vendor };
    let written = Anthropic.write_request(&request, &target, &mut lost).unwrap();
    let written: Value = serde_json::from_slice(&written).unwrap();
    assert_eq!(written["max_tokens"], body["max_tokens"], "{name}");
    let again = written.to_string();
    let again = Anthropic.read_request(again.as_bytes(), &asked).unwrap();
    // Written once more it changes no more: everything is in its place.
    let twice = Anthropic.write_request(&again, &target, &mut Lost::nothing()).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&twice).unwrap(), written, "{name}");
    let texts = |value: &Value| value.to_string().matches("\"type\":\"tool_").count();
    assert!(texts(&written["messages"]) >= texts(&body["messages"]), "{name}");
}

#[test]
fn recorded_requests_and_replies_are_read() {
    let Some(folder) = folder() else { return };
    let mut seen = 0;
    for exchange in FILES.iter().flat_map(|file| exchanges(&folder, file)) {
        let name = exchange["id"].to_string();
        let model = exchange["req"]["model"].as_str().unwrap_or("claude-sonnet-4-5");
        check_request(&exchange["req"], model, &name);
        let body = exchange["resp_text"].as_str().unwrap_or_default();
        if exchange["status"] == 200 && body.trim_start().starts_with('{') {
            check_reply(body.as_bytes(), &name);
            seen += 1;
        }
    }
    assert!(seen > 60, "{seen} replies");
}

#[test]
fn recorded_streams_are_read_wherever_they_are_cut() {
    let Some(folder) = folder() else { return };
    let mut seen = 0;
    for exchange in FILES[..2].iter().flat_map(|file| exchanges(&folder, file)) {
        let body = exchange["resp_text"].as_str().unwrap_or_default();
        if exchange["status"] != 200 || !body.starts_with("event:") {
            continue;
        }
        seen += 1;
        let name = exchange["id"].to_string();
        let stream = Bytes::from(body.to_owned());
        let whole = frames(&stream, 0);
        // Every byte of the short ones, and as many places of the long ones.
        for cut in (0..body.len()).step_by((body.len() / 200).max(1)) {
            assert_eq!(frames(&stream, cut), whole, "{name} cut at {cut}");
        }
        check_frames(&whole, &name);
    }
    assert!(seen > 50, "{seen} streams");
}

#[test]
fn recorded_streams_of_bedrock_are_read() {
    let Some(folder) = folder() else { return };
    let mut seen = 0;
    for exchange in exchanges(&folder, FILES[3]) {
        let Some(bytes) = exchange["resp_b64"].as_str() else { continue };
        let bytes = base64::engine::general_purpose::STANDARD.decode(bytes).unwrap();
        let (mut splitter, mut frames) = (Frames::new(Framing::AwsChunks), Vec::new());
        let (_, fault) = splitter.push(bytes.into(), &mut |_, event| {
            frames.push(event.to_vec());
            Ok(true)
        });
        assert!(fault.is_none(), "{fault:?}");
        check_frames(&frames, &exchange["id"].to_string());
        seen += 1;
    }
    assert!(seen >= 10, "{seen} streams");
}

/// The files of an archive whose names say that they are of this dialect.
fn archived(folder: &Path, archive: &str) -> Vec<(String, Vec<u8>)> {
    fn walk(folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.to_string_lossy().into_owned();
            if path.is_dir() {
                walk(&path, found);
            } else if name.contains("anthropic/") {
                found.push((name, std::fs::read(&path).unwrap()));
            }
        }
    }
    let unpacked = tempfile::tempdir().unwrap();
    let file = folder.join(archive);
    let tar = std::process::Command::new("tar").arg("xJf").arg(&file).arg("-C").arg(unpacked.path()).status();
    let mut found = Vec::new();
    match tar {
        Ok(status) if status.success() => walk(unpacked.path(), &mut found),
        other => println!("skipped: {archive} cannot be unpacked: {other:?}"),
    }
    found
}

#[test]
fn the_same_cases_in_this_dialect_are_read() {
    let Some(folder) = folder() else { return };
    let files = archived(&folder, "same-case-many-dialects.tar.xz");
    let (mut requests, mut replies, mut streams) = (0, 0, 0);
    for (name, body) in &files {
        let document: Value = serde_json::from_slice(body).unwrap();
        if name.ends_with("request.json") {
            let model = document["model"].as_str().unwrap_or("claude-sonnet-4-5").to_owned();
            check_request(&document, &model, name);
            requests += 1;
        } else if name.ends_with("streaming.json") {
            let frames: Vec<_> =
                document.as_array().unwrap().iter().map(|frame| frame.to_string().into_bytes()).collect();
            check_frames(&frames, name);
            streams += 1;
        } else if name.ends_with("response.json") {
            check_reply(body, name);
            replies += 1;
        }
    }
    let enough = requests > 60 && replies > 60 && streams > 60;
    assert!(files.is_empty() || enough, "{requests} {replies} {streams}");
}

#[test]
fn the_newest_features_are_read() {
    let Some(folder) = folder() else { return };
    let files = archived(&folder, "newest-features.tar.xz");
    let (mut replies, mut streams) = (0, 0);
    for (name, body) in files.iter().filter(|(name, _)| name.contains("packages/anthropic/src/__fixtures__/")) {
        let text = std::str::from_utf8(body).unwrap();
        if name.ends_with(".json") {
            check_reply(body, name);
            replies += 1;
        } else if name.ends_with("chunks.txt") && text.contains("\"message_stop\"") {
            let frames: Vec<_> =
                text.lines().filter(|line| !line.is_empty()).map(|line| line.as_bytes().to_vec()).collect();
            check_frames(&frames, name);
            streams += 1;
        }
    }
    assert!(files.is_empty() || (replies > 20 && streams > 20), "{replies} {streams}");
}
