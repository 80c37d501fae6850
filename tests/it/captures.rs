//! Recorded traffic of real providers, read as Outrider reads it while it passes.
//!
//! The recordings are not part of the project: `OUTRIDER_CAPTURES` names the folder that has them, as
//! `openai.chat.jsonl.gz` and its like, one exchange a line. What is expected of each comes from the recording itself,
//! read by other means than ours; where that cannot be, it is listed in [`EXCEPTIONS`].

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use http::HeaderMap;
use outrider::canonical::{Fault, FaultKind, Service, Usage};
use outrider::dialect::doors::Operation;
use outrider::dialect::error;
use outrider::dialect::flow::Flow;
use outrider::dialect::openai_chat::{StreamWatch, read_reply};
use serde_json::Value;

/// Recordings of status 200 that are no answers, by their id, and why.
pub const EXCEPTIONS: &[(&str, FaultKind, &str)] = &[
    ("b0ee882b682344ed", FaultKind::ContentFiltered, "an error of Azure's content filter"),
    ("16060a870a4ad162", FaultKind::Empty, "the reply was not recorded"),
    ("f1d2cedc81c111a9", FaultKind::Empty, "the reply was not recorded"),
    ("1091a19378fe098f", FaultKind::Empty, "the reply was not recorded"),
    ("3bbe0e20a4fc1e14", FaultKind::Empty, "a stream of Writer's own, of `{\"value\": text}`"),
];

/// The recordings in a format that the native lane carries.
pub const FILES: [(&str, Operation); 3] = [
    ("openai.chat.jsonl.gz", Operation::Chat),
    ("openai.completions.jsonl.gz", Operation::Completions),
    ("openai.embeddings.jsonl.gz", Operation::Embeddings),
];

/// Where the recordings are, if they are there.
pub fn folder() -> Option<PathBuf> {
    std::env::var_os("OUTRIDER_CAPTURES").map(PathBuf::from)
}

/// Every exchange of a file.
pub fn recordings(folder: &Path, file: &str) -> impl Iterator<Item = Value> {
    let path = folder.join(file);
    let lines = BufReader::new(MultiGzDecoder::new(File::open(&path).unwrap_or_else(|e| panic!("{path:?}: {e}"))));
    lines.lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap())
}

/// How often each stream is cut anew.
const CUTS: usize = 8;

#[test]
fn recorded_traffic_is_understood_and_not_changed() {
    let Some(folder) = folder() else { return tell("recorded traffic: skipped: OUTRIDER_CAPTURES is not set") };
    let mut random = fastrand::Rng::with_seed(20_261_120);
    for (file, operation) in FILES {
        let mut counts = [0; 4];
        for recording in recordings(&folder, file) {
            counts[check(operation, &recording, &mut random) as usize] += 1;
        }
        let [streams, replies, errors, exceptions] = counts;
        assert!(streams + replies > 20, "{file}: only {streams} streams and {replies} replies");
        tell(&format!("{file}: {streams} streams, {replies} replies, {errors} errors, {exceptions} exceptions"));
    }
}

enum Checked {
    Stream,
    Reply,
    Error,
    Exception,
}

fn check(operation: Operation, recording: &Value, random: &mut fastrand::Rng) -> Checked {
    let id = recording["id"].as_str().unwrap();
    let text = recording["resp_text"].as_str().unwrap_or_default();
    let status = recording["status"].as_u64().unwrap() as u16;
    if status != 200 {
        check_error(id, status, text);
        return Checked::Error;
    }
    let exception = EXCEPTIONS.iter().find(|(exception, ..)| *exception == id).map(|(_, kind, _)| *kind);
    let is_stream = !text.trim_start().starts_with('{') && !text.is_empty();
    for _ in 0..if is_stream { CUTS } else { 1 } {
        let read = if is_stream { stream(operation, text, random) } else { read_reply(operation, text.as_bytes()) };
        match (read, exception) {
            (Ok(usage), None) => assert_eq!(usage, recorded_usage(text), "{id}"),
            (Ok(_), Some(kind)) => panic!("{id}: taken for an answer, expected {kind}"),
            (Err(fault), expected) => assert_eq!(Some(fault.kind), expected, "{id}: {fault} {:?}", fault.detail),
        }
    }
    match (exception, is_stream) {
        (Some(_), _) => Checked::Exception,
        (None, true) => Checked::Stream,
        (None, false) => Checked::Reply,
    }
}

/// Watches a stream in chunks cut at random; what comes out must be what went in.
fn stream(operation: Operation, text: &str, random: &mut fastrand::Rng) -> Result<Usage, Fault> {
    let mut watch = StreamWatch::new(operation, false);
    let mut forwarded = Vec::new();
    let mut rest = text.as_bytes();
    let longest = *random.choice(&[3, 60, 400, 20_000]).unwrap();
    while !rest.is_empty() {
        let (chunk, tail) = rest.split_at(random.usize(1..=longest.min(rest.len())));
        rest = tail;
        let pushed = watch.push(Bytes::copy_from_slice(chunk));
        forwarded.extend_from_slice(&pushed.ready);
        pushed.fault.map_or(Ok(()), Err)?;
    }
    let pushed = watch.end();
    forwarded.extend_from_slice(&pushed.ready);
    pushed.fault.map_or(Ok(()), Err)?;
    assert_eq!(String::from_utf8_lossy(&forwarded), text, "the bytes were changed");
    Ok(watch.usage())
}

/// What the recording says, by a parser of all of it: the last usage of any document in it.
pub fn recorded_usage(text: &str) -> Usage {
    let documents: Vec<Value> = match serde_json::from_str(text) {
        Ok(document) => vec![document],
        Err(_) => text.lines().filter_map(|line| serde_json::from_str(line.strip_prefix("data:")?).ok()).collect(),
    };
    let usage = |document: &Value| {
        [&document["usage"], &document["x_groq"]["usage"]].into_iter().find(|usage| usage.is_object()).cloned()
    };
    let service = documents.iter().filter_map(|document| Service::read(document["service_tier"].as_str()?)).next_back();
    let Some(usage) = documents.iter().filter_map(usage).next_back() else { return Usage::default() };
    let cached = ["/prompt_tokens_details/cached_tokens", "/prompt_cache_hit_tokens", "/num_cached_tokens"];
    let number = |pointer: &str| usage.pointer(pointer).and_then(Value::as_u64);
    // xAI counts what was thought apart from what was said; so does Vercel's gateway for Gemini, as its prices show.
    let thought = number("/completion_tokens_details/reasoning_tokens").unwrap_or(0);
    let said = number("/completion_tokens").unwrap_or(0);
    let is_apart = thought > said
        || number("/total_tokens").is_some_and(|total| total == number("/prompt_tokens").unwrap_or(0) + said + thought);
    Usage {
        input: number("/prompt_tokens"),
        output: number("/completion_tokens").map(|said| if is_apart { said + thought } else { said }),
        cached: cached.into_iter().find_map(number),
        cache_write: number("/prompt_tokens_details/cache_write_tokens"),
        cache_write_1h: None,
        reasoning: number("/completion_tokens_details/reasoning_tokens"),
        service,
        ..Usage::default()
    }
}

fn check_error(id: &str, status: u16, text: &str) {
    let fault = error::read(status, &HeaderMap::new(), &Bytes::copy_from_slice(text.as_bytes()));
    let expected = match status {
        400 => FaultKind::Rejected,
        401 => FaultKind::KeyRefused,
        404 => FaultKind::ModelMissing,
        _ => panic!("{id}: {status} was not recorded before; say here what is expected"),
    };
    assert_eq!(fault.kind, expected, "{id}: {text}");
    assert!(fault.message.len() > 20 && !fault.message.contains("sk-fake"), "{id}: {}", fault.message);
}

/// Past the test harness, which shows nothing of a test that passes.
pub fn tell(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
