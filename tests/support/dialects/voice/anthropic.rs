use serde_json::{Value, json};

use super::{Part, Said, events, object, words};
use crate::support::provider::Answer;

pub fn whole(said: &Said) -> Value {
    let blocks: Value = said.parts.iter().map(|part| block(part, true)).collect();
    message(said, blocks, json!(stop(said)), said.output)
}

pub fn stream(said: &Said) -> Answer {
    events(&streamed(said))
}

/// The events of a stream.
pub fn streamed(said: &Said) -> Vec<Value> {
    let mut all = vec![
        json!({"type": "message_start", "message": message(said, json!([]), Value::Null, 1)}),
        json!({"type": "ping"}),
    ];
    for (index, part) in said.parts.iter().enumerate() {
        let delta = |delta: Value| json!({"type": "content_block_delta", "index": index, "delta": delta});
        all.push(json!({"type": "content_block_start", "index": index, "content_block": block(part, false)}));
        let (kind, member, text) = match part {
            Part::Text(text) => ("text_delta", "text", text),
            Part::Thought(text, _) => ("thinking_delta", "thinking", text),
            Part::Call(_, _, arguments) => {
                all.push(delta(json!({"type": "input_json_delta", "partial_json": ""})));
                ("input_json_delta", "partial_json", arguments)
            }
        };
        all.extend(words(text).into_iter().map(|word| delta(json!({"type": kind, member: word}))));
        if let Part::Thought(_, signature) = part {
            all.push(delta(json!({"type": "signature_delta", "signature": signature})));
        }
        all.push(json!({"type": "content_block_stop", "index": index}));
    }
    all.push(json!({"type": "message_delta", "delta": {"stop_reason": stop(said), "stop_sequence": null},
        "usage": {"output_tokens": said.output}}));
    all.push(json!({"type": "message_stop"}));
    all
}

fn block(part: &Part, done: bool) -> Value {
    let text = |text: &'static str| if done { text } else { "" };
    match part {
        Part::Text(said) => json!({"type": "text", "text": text(said)}),
        Part::Thought(said, signature) => {
            json!({"type": "thinking", "thinking": text(said), "signature": text(signature)})
        }
        Part::Call(id, name, arguments) => {
            json!({"type": "tool_use", "id": id, "name": name, "input": if done { object(arguments) } else { json!({}) }})
        }
    }
}

fn stop(said: &Said) -> &'static str {
    if said.has_calls() { "tool_use" } else { "end_turn" }
}

/// Cached tokens are not among `input_tokens` here.
fn message(said: &Said, content: Value, stop: Value, output: u64) -> Value {
    json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "the-model", "content": content,
        "stop_reason": stop, "stop_sequence": null, "usage": {"input_tokens": said.input - said.cached,
            "cache_read_input_tokens": said.cached, "cache_creation_input_tokens": 0, "output_tokens": output}})
}
