//! Every recorded error reply, as a client of each dialect is told of it.

use std::path::Path;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use outrider::canonical::Dialect;
use outrider::dialect::{codec, error};
use serde_json::Value;

use crate::captures::{folder, recordings, tell};

/// The files that have errors.
const FILES: [&str; 9] = [
    "openai.chat",
    "openai.responses",
    "openai.embeddings",
    "openai.completions",
    "gemini.generateContent",
    "bedrock.converse",
    "bedrock.converse-stream",
    "cohere.v1.chat",
    "ollama.chat",
];

/// What was not recorded, as the vendors document it or as it was seen in reports. A line each: the status, words of
/// the message, the body.
const WRITTEN: &str = include_str!("errors.tsv");

#[test]
fn an_error_keeps_its_words_and_its_class_in_every_dialect() {
    let mut errors: Vec<(u16, String, String)> = WRITTEN.lines().map(row).collect();
    match folder() {
        Some(folder) => errors.extend(recorded(&folder)),
        None => tell("recorded errors: skipped: OUTRIDER_CAPTURES is not set"),
    }
    let mut wrong = Vec::new();
    for (status, words, body) in &errors {
        let fault = error::read(*status, &HeaderMap::new(), &Bytes::copy_from_slice(body.as_bytes()));
        for to in Dialect::ALL {
            let (written, document) = codec::of(to).write_error(&fault);
            if let Err(what) = check(to, *status, words, written, &document) {
                let written = String::from_utf8_lossy(&document);
                wrong.push(format!("{status} {body} -> {}: {what}: {written}", to.as_str()));
            }
        }
    }
    let all = errors.len() * Dialect::ALL.len();
    tell(&format!("errors: {} of {all} told in other words rightly", all - wrong.len()));
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

fn row(line: &str) -> (u16, String, String) {
    let mut cells = line.splitn(3, '\t').map(str::to_owned);
    let mut cell = || cells.next().unwrap();
    (cell().parse().unwrap(), cell(), cell())
}

/// Status, words of the message, body.
fn recorded(folder: &Path) -> Vec<(u16, String, String)> {
    let exchanges = FILES.iter().flat_map(|file| {
        recordings(folder, &format!("{file}.jsonl.gz")).filter(|exchange| exchange["status"] != 200).collect::<Vec<_>>()
    });
    let errors: Vec<_> = exchanges
        .filter_map(|exchange| {
            let text = exchange["resp_text"].as_str()?;
            let document: Value = serde_json::from_str(text).ok()?;
            let places = ["/error/message", "/error", "/message", "/detail"];
            let words = places.iter().find_map(|place| document.pointer(place)?.as_str())?;
            // A key is not told again.
            let words = words.split("sk-").next().unwrap_or_default().trim_end().to_owned();
            Some((exchange["status"].as_u64()? as u16, words, text.to_owned()))
        })
        .collect();
    assert!(errors.len() > 15, "only {}", errors.len());
    errors
}

fn check(to: Dialect, status: u16, words: &str, written: StatusCode, document: &[u8]) -> Result<(), String> {
    let document: Value = serde_json::from_slice(document).map_err(|e| e.to_string())?;
    let message = match to {
        Dialect::Ollama => &document["error"],
        Dialect::Bedrock | Dialect::Cohere => &document["message"],
        _ => &document["error"]["message"],
    };
    let told = message.as_str().ok_or("no message where this dialect has it")?;
    if !told.contains(words) {
        return Err(format!("{words:?} is missing"));
    }
    let is_shaped = match to {
        Dialect::OpenAiChat | Dialect::OpenAiResponses => {
            let error = &document["error"];
            error["type"].is_string() && error.get("code").is_some() && error.get("param").is_some()
        }
        Dialect::Anthropic => document["type"] == "error" && document["error"]["type"].is_string(),
        Dialect::Gemini => document["error"]["code"] == written.as_u16() && document["error"]["status"].is_string(),
        Dialect::Bedrock | Dialect::Cohere | Dialect::Ollama => true,
    };
    if !is_shaped {
        return Err("not this vendor's shape".into());
    }
    fits(status, words, written.as_u16()).then_some(()).ok_or_else(|| format!("the status became {written}"))
}

/// A status that makes a client do what the provider's would make it do: try again, or not, or look at its key.
fn fits(status: u16, words: &str, written: u16) -> bool {
    match status {
        // Waiting does not help: where a client would try again after a 429, another status is better.
        429 if words.contains("current quota") => matches!(written, 400 | 402 | 403 | 429),
        401 | 403 => matches!(written, 401 | 403),
        402 => matches!(written, 402 | 429 | 403 | 400),
        404 => matches!(written, 404 | 400),
        408 | 504 => matches!(written, 408 | 500 | 502 | 503 | 504 | 529),
        424 => matches!(written, 424 | 400 | 500 | 502),
        429 => written == 429,
        503 | 529 => matches!(written, 429 | 500 | 503 | 529),
        400..=499 => matches!(written, 400 | 413 | 422),
        _ => (500..=599).contains(&written),
    }
}
