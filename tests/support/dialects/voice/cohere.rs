use serde_json::{Value, json};

use super::{Part, Said, events, words};
use crate::support::provider::Answer;

pub fn whole(said: &Said) -> Value {
    let mut message = json!({"role": "assistant"});
    let content: Vec<_> = said.parts.iter().filter_map(block).collect();
    if !content.is_empty() {
        message["content"] = json!(content);
    }
    if said.has_calls() {
        message["tool_calls"] = said.calls().map(|(id, name, arguments)| call(id, name, arguments)).collect();
    }
    json!({"id": "c-1", "finish_reason": finish(said), "message": message, "usage": usage(said)})
}

pub fn stream(said: &Said) -> Answer {
    let at =
        |kind: &str, index: usize, message: Value| json!({"type": kind, "index": index, "delta": {"message": message}});
    let mut all = vec![json!({"type": "message-start", "id": "c-1", "delta": {"message": {"role": "assistant",
        "content": [], "tool_plan": "", "tool_calls": [], "citations": []}}})];
    let content = said.parts.iter().filter(|part| !matches!(part, Part::Call(..)));
    for (index, part) in content.enumerate() {
        let (kind, text) = match part {
            Part::Thought(text, _) => ("thinking", text),
            Part::Text(text) | Part::Call(text, ..) => ("text", text),
        };
        all.push(at("content-start", index, json!({"content": {"type": kind, kind: ""}})));
        all.extend(words(text).into_iter().map(|word| at("content-delta", index, json!({"content": {kind: word}}))));
        all.push(json!({"type": "content-end", "index": index}));
    }
    for (index, (id, name, arguments)) in said.calls().enumerate() {
        all.push(at("tool-call-start", index, json!({"tool_calls": call(id, name, "")})));
        for word in words(arguments) {
            all.push(at("tool-call-delta", index, json!({"tool_calls": {"function": {"arguments": word}}})));
        }
        all.push(json!({"type": "tool-call-end", "index": index}));
    }
    all.push(json!({"type": "message-end", "delta": {"finish_reason": finish(said), "usage": usage(said)}}));
    all.push(Value::from("[DONE]"));
    events(&all)
}

fn block(part: &Part) -> Option<Value> {
    match part {
        Part::Text(text) => Some(json!({"type": "text", "text": text})),
        Part::Thought(text, _) => Some(json!({"type": "thinking", "thinking": text})),
        Part::Call(..) => None,
    }
}

fn call(id: &str, name: &str, arguments: &str) -> Value {
    json!({"id": id, "type": "function", "function": {"name": name, "arguments": arguments}})
}

fn finish(said: &Said) -> &'static str {
    if said.has_calls() { "TOOL_CALL" } else { "COMPLETE" }
}

fn usage(said: &Said) -> Value {
    json!({"tokens": {"input_tokens": said.input, "output_tokens": said.output}, "cached_tokens": said.cached})
}
