//! What takes long only where there is much of it: every list and object of every document of the corpora is made long,
//! and must not cost more than in proportion. A fuzzer's inputs are too short to show it.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use outrider_fuzz::canonical::Dialect;
use outrider_fuzz::{replies, requests, streams, vectors};
use serde_json::Value;

/// So often an element is repeated, or fewer times where that would be more than `LARGEST` bytes.
const MANY: usize = 4_000;
const LARGEST: usize = 400_000;
/// What each byte may take: all checks in all dialects need a fifth of it, and what is quadratic many times as much.
const LONGEST: Duration = Duration::from_micros(20);
/// The largest documents of each corpus, which have most in them.
const DOCUMENTS: usize = 4;

#[test]
fn what_is_long_takes_no_longer_than_it_is_long() {
    let mut slow = Vec::new();
    let mut tried = 0;
    for dialect in Dialect::ALL {
        let name = dialect.as_str();
        tried += documents(&format!("request_{name}"), &|body| requests::check(body, dialect), &mut slow);
        tried += documents(&format!("reply_{name}"), &|body| replies::check(body, dialect), &mut slow);
        tried += frames(&format!("stream_{name}"), &|data| streams::check(data, dialect), &mut slow);
    }
    tried += documents("vectors", &vectors::check, &mut slow);
    assert!(tried > 500, "{tried}");
    assert!(slow.is_empty(), "{} are slow:\n{}", slow.len(), slow.join("\n"));
}

/// Each list and each object of each document, made long.
fn documents(target: &str, check: &dyn Fn(&[u8]), slow: &mut Vec<String>) -> usize {
    let mut tried = 0;
    for file in corpus(target) {
        let Ok(document) = serde_json::from_slice::<Value>(&std::fs::read(&file).unwrap()) else { continue };
        for place in places(&document) {
            for distinct in [false, true] {
                let mut long = document.clone();
                lengthen(long.pointer_mut(&place).unwrap(), distinct);
                judge(
                    &format!("{target}/{} {place} {distinct}", file.file_name().unwrap().display()),
                    long.to_string().as_bytes(),
                    check,
                    slow,
                );
                tried += 1;
            }
        }
    }
    tried
}

/// Each frame of each stream, repeated.
fn frames(target: &str, check: &dyn Fn(&[u8]), slow: &mut Vec<String>) -> usize {
    let mut tried = 0;
    for file in corpus(target) {
        let text = String::from_utf8_lossy(&std::fs::read(&file).unwrap()).into_owned();
        let end = if text.contains("\n\n") { "\n\n" } else { "\n" };
        let frames: Vec<&str> = text.split_inclusive(end).collect();
        for place in 0..frames.len() {
            for distinct in [false, true] {
                let again =
                    |number| if distinct { renumbered(frames[place], number) } else { frames[place].to_owned() };
                let repeated: String = (0..many(frames[place].len())).map(again).collect();
                let long = [frames[..place].concat(), repeated, frames[place + 1..].concat()].concat();
                let name = format!("{target}/{} {place} {distinct}", file.file_name().unwrap().display());
                judge(&name, long.as_bytes(), check, slow);
                tried += 1;
            }
        }
    }
    tried
}

fn judge(name: &str, long: &[u8], check: &dyn Fn(&[u8]), slow: &mut Vec<String>) {
    let start = spent();
    check(long);
    let took = spent().saturating_sub(start);
    if took > LONGEST * long.len() as u32 + Duration::from_secs(1) {
        slow.push(format!("{name}: {} bytes: {took:?}", long.len()));
        eprintln!("{}", slow[slow.len() - 1]);
    }
}

/// What this thread has had of a core, where Linux tells it: on a busy machine all takes long. Else what a clock says.
fn spent() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = told.as_deref().and_then(|told| told.split(' ').next()?.parse().ok());
    nanos.map_or_else(|| START.elapsed(), Duration::from_nanos)
}

/// The pointers to all lists and objects with something in them.
fn places(document: &Value) -> Vec<String> {
    let mut all = Vec::new();
    let mut open = vec![(String::new(), document)];
    while let Some((at, value)) = open.pop() {
        let below: Vec<(String, &Value)> = match value {
            Value::Array(list) => {
                list.iter().enumerate().map(|(index, value)| (format!("{at}/{index}"), value)).collect()
            }
            Value::Object(object) => object
                .iter()
                .map(|(name, value)| (format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), value))
                .collect(),
            _ => continue,
        };
        if !below.is_empty() {
            all.push(at);
        }
        open.extend(below);
    }
    all
}

/// Repeats the last element; with other names and ids each time, where they are to be `distinct`.
fn lengthen(at: &mut Value, distinct: bool) {
    match at {
        Value::Array(list) => {
            let last = list.last().cloned().unwrap_or_default().to_string();
            for number in 0..many(last.len()) {
                let next = if distinct { renumbered(&last, number) } else { last.clone() };
                list.push(serde_json::from_str(&next).unwrap_or_default());
            }
        }
        Value::Object(object) => {
            let (name, last) = object.iter().next_back().map(|(name, value)| (name.clone(), value.clone())).unwrap();
            for number in 0..many(last.to_string().len()) {
                object.insert(format!("{name}_{number}"), last.clone());
            }
        }
        _ => {}
    }
}

fn many(length: usize) -> usize {
    MANY.min(LARGEST / length.max(1))
}

/// The document with a number in its names, ids and indexes.
fn renumbered(json: &str, number: usize) -> String {
    let mut text = json.to_owned();
    for member in ["id\":\"", "Id\":\"", "name\":\"", "url\":\"", "uri\":\"", "title\":\"", "ndex\":"] {
        text = text.replace(member, &format!("{member}{}", number + 1));
    }
    text.replace("\"text\":\"", &format!("\"text\":\"{number}"))
}

fn corpus(target: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort_by_key(|file| std::cmp::Reverse((file.metadata().unwrap().len(), file.clone())));
    files.truncate(DOCUMENTS);
    files
}
