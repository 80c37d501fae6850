use serde_json::{Value, json};

use super::{Said, events, words};
use crate::support::provider::Answer;

pub fn whole(said: &Said) -> Value {
    let mut message = json!({"role": "assistant", "content": said.all_text()});
    let thoughts = said.all_thoughts();
    if !thoughts.is_empty() {
        message["reasoning_content"] = json!(thoughts);
    }
    if said.has_calls() {
        if said.all_text().is_empty() {
            message["content"] = Value::Null;
        }
        message["tool_calls"] = said.calls().map(|(id, name, arguments)| call(id, name, arguments)).collect();
    }
    json!({"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "the-model",
        "choices": [{"index": 0, "finish_reason": finish(said), "message": message}], "usage": usage(said)})
}

/// All calls come at once, their arguments in turns: this dialect may do that.
pub fn stream(said: &Said) -> Answer {
    let chunk = |choices: Value, usage: Value| {
        json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "the-model",
            "choices": choices, "usage": usage})
    };
    let delta = |delta: Value| chunk(json!([{"index": 0, "delta": delta, "finish_reason": null}]), Value::Null);
    let mut all = vec![delta(json!({"role": "assistant", "content": ""}))];
    for (member, text) in [("reasoning_content", said.all_thoughts()), ("content", said.all_text())] {
        let pieces = words(&text);
        all.extend(pieces.iter().filter(|piece| !piece.is_empty()).map(|piece| delta(json!({member: piece}))));
    }
    for (index, (id, name, _)) in said.calls().enumerate() {
        let mut start = call(id, name, "");
        start["index"] = json!(index);
        all.push(delta(json!({"tool_calls": [start]})));
    }
    let arguments: Vec<_> = said.calls().map(|(_, _, arguments)| words(arguments)).collect();
    for turn in 0..arguments.iter().map(Vec::len).max().unwrap_or(0) {
        for (index, words) in arguments.iter().enumerate().filter(|(_, words)| turn < words.len()) {
            let piece = json!({"index": index, "function": {"arguments": words[turn]}});
            all.push(delta(json!({"tool_calls": [piece]})));
        }
    }
    all.push(chunk(json!([{"index": 0, "delta": {}, "finish_reason": finish(said)}]), Value::Null));
    all.push(chunk(json!([]), usage(said)));
    all.push(Value::from("[DONE]"));
    events(&all)
}

fn call(id: &str, name: &str, arguments: &str) -> Value {
    json!({"id": id, "type": "function", "function": {"name": name, "arguments": arguments}})
}

fn finish(said: &Said) -> &'static str {
    if said.has_calls() { "tool_calls" } else { "stop" }
}

fn usage(said: &Said) -> Value {
    json!({"prompt_tokens": said.input, "completion_tokens": said.output, "total_tokens": said.input + said.output,
        "prompt_tokens_details": {"cached_tokens": said.cached}})
}
