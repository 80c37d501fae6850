//! Recorded traffic, which is read from the folder that `OUTRIDER_CAPTURES` names.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Command;

use bytes::Bytes;
use flate2::read::GzDecoder;
use serde_json::Value;

use super::super::OpenAiResponses;
use super::*;
use crate::canonical::{FaultKind, Part, StopReason, replay};
use crate::dialect::sse::{Event as Sse, Splitter};

fn captures() -> Option<PathBuf> {
    let folder = std::env::var_os("OUTRIDER_CAPTURES").map(PathBuf::from);
    if folder.is_none() {
        println!("skipped: OUTRIDER_CAPTURES is not set");
    }
    folder
}

/// The files of an archive whose paths end so and have `part` in them.
fn unpacked(archive: &Path, part: &str, ending: &str) -> Vec<(String, Vec<u8>)> {
    let folder = tempfile::tempdir().unwrap();
    let done = Command::new("tar").arg("xJf").arg(archive).arg("-C").arg(folder.path()).status().unwrap();
    assert!(done.success());
    let (mut found, mut folders) = (Vec::new(), vec![folder.path().to_owned()]);
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap().map(Result::unwrap) {
            let path = entry.path();
            let name = path.strip_prefix(folder.path()).unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                folders.push(path);
            } else if name.contains(part) && name.ends_with(ending) {
                found.push((name, std::fs::read(&path).unwrap()));
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "nothing found in {}", archive.display());
    found
}

fn frames(stream: &[u8], size: usize) -> Vec<Vec<u8>> {
    let mut splitter = Splitter::new(1 << 24);
    let mut frames = Vec::new();
    for chunk in stream.chunks(size) {
        let ready = splitter.push(Bytes::copy_from_slice(chunk)).unwrap();
        frames.extend(ready.events().filter_map(|event| Sse::read(event).data).map(|data| data.into_owned()));
    }
    frames.extend(Sse::read(&splitter.rest()).data.map(|data| data.into_owned()));
    frames
}

/// The text, arguments and refusals of a reply's document, gathered without our reader.
fn words(response: &Value) -> Vec<String> {
    let mut words = Vec::new();
    for item in response["output"].as_array().into_iter().flatten() {
        for piece in item["content"].as_array().into_iter().flatten().filter(|_| item["type"] == "message") {
            words.extend(piece["text"].as_str().or(piece["refusal"].as_str()).map(str::to_owned));
        }
        if matches!(item["type"].as_str(), Some("function_call" | "custom_tool_call"))
            && !item["call_id"].as_str().unwrap_or("").starts_with("xs_call")
        {
            words.extend(item["arguments"].as_str().or(item["input"].as_str()).map(str::to_owned));
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn words_of(reply: &Reply<'_>) -> Vec<String> {
    let word = |part: &Part<'_>| match part {
        Part::Text(text) => Some(text.text.to_string()),
        Part::Refusal(text) => Some(text.to_string()),
        Part::ToolCall(call) => Some(call.arguments.to_string()),
        _ => None,
    };
    reply.choices.iter().flat_map(|choice| &choice.parts).filter_map(word).filter(|word| !word.is_empty()).collect()
}

fn check_reply(name: &str, body: &[u8]) {
    let output = json(body)["output"].clone();
    let silent = |item: &Value| item["type"] == "reasoning" || item["type"] == "message";
    if words(&json(body)).is_empty()
        && output.as_array().is_some_and(|items| items.iter().all(silent))
        && json(body)["status"] == "completed"
    {
        // Thoughts that are not shown, and an empty text.
        assert_eq!(OpenAiResponses.read_reply(body).unwrap_err().kind, FaultKind::Empty, "{name}");
        return;
    }
    let reply = OpenAiResponses.read_reply(body).unwrap_or_else(|fault| panic!("{name}: {fault:?}"));
    assert_eq!(words_of(&reply), words(&json(body)), "{name}");
    assert!(!reply.id.is_empty() && !reply.model.is_empty(), "{name}");
    check_writing(name, &reply);
}

/// What is written of a reply, whole or as a stream, is read as the same.
fn check_writing(name: &str, reply: &Reply<'_>) {
    let about = about(r#"{"reasoning":{"summary":"auto"}}"#);
    let whole = OpenAiResponses.write_reply(reply, &about);
    let mut writer = OpenAiResponses.write_stream(&about);
    let mut stream = Vec::new();
    replay(reply, &mut |event| writer.event(&event, &mut stream));
    let events = events_of(&stream);
    assert_eq!(events.last().unwrap()["response"], json(&whole), "{name}: stream and whole differ");
    let again = OpenAiResponses.read_reply(&whole).unwrap_or_else(|fault| panic!("{name}: {fault:?}"));
    let streamed = read_frames(events.iter().map(Value::to_string)).unwrap_or_else(|fault| panic!("{name}: {fault:?}"));
    for (way, got) in [("whole", &again), ("stream", &streamed)] {
        assert_eq!(words_of(got), words_of(reply), "{name}: {way}");
        assert_eq!(got.choices[0].stop.reason, reply.choices[0].stop.reason, "{name}: {way}");
        assert_eq!(got.choices[0].parts.len(), reply.choices[0].parts.len(), "{name}: {way} {got:#?} {reply:#?}");
        assert_eq!(got.usage.total(), reply.usage.total(), "{name}: {way}");
    }
}

fn check_stream(name: &str, frames: &[Vec<u8>]) {
    let reply = read_frames(frames).unwrap_or_else(|fault| panic!("{name}: {fault:?}"));
    let last = frames.iter().rev().map(|frame| json(frame)).find(|frame| frame["response"].is_object()).unwrap();
    assert_eq!(words_of(&reply), words(&last["response"]), "{name}");
    assert!(!reply.usage.is_empty(), "{name}");
    if reply.choices[0].parts.is_empty() && reply.choices[0].stop.reason == StopReason::End {
        assert!(OpenAiResponses.read_reply(last["response"].to_string().as_bytes()).is_err(), "{name}");
        return;
    }
    check_writing(name, &reply);
}

fn exchanges(folder: &Path) -> Vec<Value> {
    let file = std::fs::File::open(folder.join("openai.responses.jsonl.gz")).unwrap();
    BufReader::new(GzDecoder::new(file)).lines().map(|line| json(line.unwrap().as_bytes())).collect()
}

#[test]
fn recorded_exchanges_are_read() {
    let Some(folder) = captures() else { return };
    let (mut requests, mut replies, mut streams) = (0, 0, 0);
    for exchange in exchanges(&folder) {
        let name = exchange["id"].to_string();
        let request = exchange["req"].to_string();
        check_request(&name, &request);
        requests += 1;
        let text = exchange["resp_text"].as_str().unwrap_or_default();
        if exchange["status"] != 200 {
            continue;
        }
        if text.starts_with("event:") {
            check_stream(&name, &frames(text.as_bytes(), usize::MAX));
            streams += 1;
        } else {
            check_reply(&name, text.as_bytes());
            replies += 1;
        }
    }
    assert!(requests > 150 && replies > 50 && streams > 50, "{requests} {replies} {streams}");
}

/// Every stream cut at every byte gives the same events.
#[test]
fn cuts_do_not_matter() {
    let Some(folder) = captures() else { return };
    let mut checked = 0;
    for exchange in exchanges(&folder) {
        let text = exchange["resp_text"].as_str().unwrap_or_default();
        if !text.starts_with("event:") || text.len() > 40_000 {
            continue;
        }
        let whole = frames(text.as_bytes(), usize::MAX);
        for size in [1, 2, 3, 7, 61, 1021] {
            assert_eq!(frames(text.as_bytes(), size), whole);
        }
        // A stream that is cut before its last event is not complete.
        for cut in 0..whole.len() {
            let kind = json(&whole[cut.max(1) - 1])["type"].as_str().unwrap_or_default().to_owned();
            let got = read_frames(&whole[..cut]);
            assert_eq!(got.is_ok(), cut > 0 && kind == "response.completed", "{cut}: {got:?}");
        }
        checked += 1;
    }
    assert!(checked > 20, "{checked}");
}

/// Members that come out as they went in, unless they are named as lost.
const SAME: [&str; 11] = [
    "temperature",
    "top_p",
    "metadata",
    "max_output_tokens",
    "service_tier",
    "previous_response_id",
    "prompt_cache_key",
    "prompt_cache_options",
    "max_tool_calls",
    "store",
    "truncation",
];

/// What is read of a request and written for the same dialect says the same.
fn check_request(name: &str, body: &str) {
    let request = OpenAiResponses
        .read_request(body.as_bytes(), &Asked::default())
        .unwrap_or_else(|fault| panic!("{name}: {fault:?}"));
    assert!(!request.turns.is_empty(), "{name}");
    let target = Target { model: &request.model, flavour: Flavour::Vendor };
    let (value, lost) = written(&request, &target);
    let text = value.to_string();
    let again = OpenAiResponses.read_request(text.as_bytes(), &Asked::default()).unwrap();
    let (twice, _) = written(&again, &target);
    assert_eq!(value, twice, "{name}: {lost:?}");
    let given = json(body.as_bytes());
    let asked = given["tools"].as_array().map_or(0, Vec::len);
    assert_eq!(value["tools"].as_array().map_or(0, Vec::len), asked, "{name}");
    let unlost = |name: &str| !lost.iter().any(|lost| lost == name);
    for (member, value_given) in given.as_object().unwrap() {
        let same = SAME.contains(&member.as_str());
        let least = member == "max_output_tokens" && value_given.as_u64() < Some(16); // which the vendor refuses
        if same && !least && unlost(member) && !(value_given.is_null()) {
            let unsaid = value[member].is_null() && (value_given == 1 || value_given == "disabled"); // the default
            assert!(&value[member] == value_given || unsaid, "{name}: {member}");
        }
    }
}

#[test]
fn the_same_case_in_many_dialects() {
    let Some(folder) = captures() else { return };
    let archive = folder.join("same-case-many-dialects.tar.xz");
    for (name, body) in unpacked(&archive, "/responses/", ".json") {
        let value = json(&body);
        if name.contains("request") {
            check_request(&name, &value.to_string());
        } else if let Some(events) = value.as_array() {
            if events[0]["type"].is_null() {
                continue; // one of them is of no dialect that there is
            }
            check_stream(&name, &events.iter().map(|event| event.to_string().into_bytes()).collect::<Vec<_>>());
        } else if value["error"].is_null() {
            check_reply(&name, &body);
        } else {
            OpenAiResponses.read_reply(&body).unwrap_err();
        }
    }
}

#[test]
fn the_newest_features() {
    let Some(folder) = captures() else { return };
    let archive = folder.join("newest-features.tar.xz");
    let (mut failed, mut streams) = (0, 0);
    for (name, body) in unpacked(&archive, "/responses/__fixtures__/", "") {
        if name.ends_with(".chunks.txt") {
            let text = String::from_utf8(body).unwrap();
            let frames: Vec<_> =
                text.lines().filter(|line| !line.is_empty()).map(|line| line.as_bytes().to_vec()).collect();
            let kind = |frame: &Vec<u8>| serde_json::from_slice::<Value>(frame).map(|frame| frame["type"].clone());
            // Some of them were shortened by hand, with an end that repeats less than was sent.
            let ends = frames.iter().any(|frame| {
                kind(frame).is_ok_and(|kind| kind == "response.completed" || kind == "response.incomplete")
            });
            match read_frames(&frames) {
                Ok(reply) => {
                    assert!(ends, "{name}");
                    assert!(!reply.choices[0].parts.is_empty(), "{name}");
                    check_writing(&name, &reply);
                    streams += 1;
                }
                Err(fault) => {
                    assert!(!ends, "{name}: {fault:?}");
                    failed += 1;
                }
            }
        } else if name.ends_with(".json") {
            let value = json(&body);
            if value["output"].is_array() && value["error"].is_null() {
                check_reply(&name, &body);
            } else if !value["error"].is_null() {
                OpenAiResponses.read_reply(&body).unwrap_err();
            }
        }
    }
    assert!(streams > 30 && failed < 5, "{streams} {failed}");
}
