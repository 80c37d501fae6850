use serde_json::{Value, json};

use super::{Part, Said, events, words};
use crate::support::provider::Answer;

pub fn whole(said: &Said) -> Value {
    let items = said.parts.iter().enumerate().map(|(index, part)| item(index, part, true)).collect();
    response("completed", items, usage(said))
}

pub fn stream(said: &Said) -> Answer {
    let mut all =
        vec![json!({"type": "response.created", "response": response("in_progress", json!([]), Value::Null)})];
    for (index, part) in said.parts.iter().enumerate() {
        let begun = item(index, part, false);
        let at = |kind: &str, more: Value| {
            let mut event = json!({"type": kind, "item_id": begun["id"], "output_index": index});
            event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            event
        };
        all.push(at("response.output_item.added", json!({"item": begun})));
        match part {
            Part::Text(text) => {
                let part = |text: &str| json!({"type": "output_text", "text": text, "annotations": []});
                all.push(at("response.content_part.added", json!({"content_index": 0, "part": part("")})));
                for word in words(text) {
                    all.push(at("response.output_text.delta", json!({"content_index": 0, "delta": word})));
                }
                all.push(at("response.output_text.done", json!({"content_index": 0, "text": text})));
                all.push(at("response.content_part.done", json!({"content_index": 0, "part": part(text)})));
            }
            Part::Thought(text, _) => {
                let part = |text: &str| json!({"type": "summary_text", "text": text});
                all.push(at("response.reasoning_summary_part.added", json!({"summary_index": 0, "part": part("")})));
                for word in words(text) {
                    all.push(at("response.reasoning_summary_text.delta", json!({"summary_index": 0, "delta": word})));
                }
                all.push(at("response.reasoning_summary_text.done", json!({"summary_index": 0, "text": text})));
                all.push(at("response.reasoning_summary_part.done", json!({"summary_index": 0, "part": part(text)})));
            }
            Part::Call(_, _, arguments) => {
                for word in words(arguments) {
                    all.push(at("response.function_call_arguments.delta", json!({"delta": word})));
                }
                all.push(at("response.function_call_arguments.done", json!({"arguments": arguments})));
            }
        }
        all.push(at("response.output_item.done", json!({"item": item(index, part, true)})));
    }
    all.push(json!({"type": "response.completed", "response": whole(said)}));
    for (number, event) in all.iter_mut().enumerate() {
        event["sequence_number"] = json!(number);
    }
    events(&all)
}

fn item(index: usize, part: &Part, done: bool) -> Value {
    let status = if done { "completed" } else { "in_progress" };
    match part {
        Part::Text(text) => {
            let content = json!([{"type": "output_text", "text": text, "annotations": []}]);
            json!({"id": format!("msg_{index}"), "type": "message", "role": "assistant", "status": status,
                "content": if done { content } else { json!([]) }})
        }
        Part::Thought(text, signature) => {
            let summary = json!([{"type": "summary_text", "text": text}]);
            json!({"id": format!("rs_{index}"), "type": "reasoning", "encrypted_content": done.then_some(signature),
                "summary": if done { summary } else { json!([]) }})
        }
        Part::Call(id, name, arguments) => {
            json!({"id": format!("fc_{index}"), "type": "function_call", "call_id": id, "name": name, "status": status,
                "arguments": if done { *arguments } else { "" }})
        }
    }
}

fn response(status: &str, output: Value, usage: Value) -> Value {
    json!({"id": "resp_1", "object": "response", "created_at": 1, "status": status, "model": "the-model",
        "output": output, "usage": usage})
}

fn usage(said: &Said) -> Value {
    json!({"input_tokens": said.input, "output_tokens": said.output, "total_tokens": said.input + said.output,
        "input_tokens_details": {"cached_tokens": said.cached}, "output_tokens_details": {"reasoning_tokens": 0}})
}
