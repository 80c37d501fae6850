use serde_json::{Value, json};

use super::{Said, object, words};
use crate::support::provider::Answer;

pub fn whole(said: &Said) -> Value {
    let mut message = json!({"role": "assistant", "content": said.all_text()});
    let thoughts = said.all_thoughts();
    if !thoughts.is_empty() {
        message["thinking"] = json!(thoughts);
    }
    if said.has_calls() {
        message["tool_calls"] = calls(said);
    }
    line(message, Some(said))
}

pub fn stream(said: &Said) -> Answer {
    let mut all = Vec::new();
    let spoken = |text: &str, thought: &str| json!({"role": "assistant", "content": text, "thinking": thought});
    for word in words(&said.all_thoughts()).into_iter().filter(|word| !word.is_empty()) {
        all.push(line(spoken("", word), None));
    }
    for word in words(&said.all_text()).into_iter().filter(|word| !word.is_empty()) {
        all.push(line(json!({"role": "assistant", "content": word}), None));
    }
    if said.has_calls() {
        all.push(line(json!({"role": "assistant", "content": "", "tool_calls": calls(said)}), None));
    }
    all.push(line(json!({"role": "assistant", "content": ""}), Some(said)));
    let pieces = all.iter().map(|line| format!("{line}\n").into()).collect();
    Answer { pieces, ..Answer::body(200, "application/x-ndjson", "") }
}

/// Calls have no ids here.
fn calls(said: &Said) -> Value {
    said.calls()
        .map(|(_, name, arguments)| json!({"function": {"name": name, "arguments": object(arguments)}}))
        .collect()
}

/// One document; of a whole answer, or the last of a stream, where there is somebody to count.
fn line(message: Value, end: Option<&Said>) -> Value {
    let mut line =
        json!({"model": "the-model", "created_at": "2026-01-01T00:00:00Z", "message": message, "done": end.is_some()});
    if let Some(said) = end {
        line["done_reason"] = json!("stop");
        line["prompt_eval_count"] = json!(said.input);
        line["eval_count"] = json!(said.output);
    }
    line
}
