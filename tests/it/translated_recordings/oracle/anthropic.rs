//! Anthropic's Messages.

use serde_json::{Map, Value};

use super::{Class, Said, at, count, each};

pub fn whole(message: &Value) -> Said {
    let mut said = Said::default();
    each(&message["content"]).iter().for_each(|block| read(block, &mut said));
    said.stop = class(&message["stop_reason"]);
    said.usage = usage(&message["usage"]);
    said
}

pub fn stream(documents: &[Value]) -> Said {
    let mut blocks: Vec<(Value, String)> = Vec::new();
    let mut message = Map::new();
    let mut counted = Map::new();
    for event in documents {
        let index = count(&event["index"]) as usize;
        match event["type"].as_str().unwrap_or_default() {
            "message_start" => {
                // A turn that only goes on with calls of code's comes whole.
                let begun = each(&event["message"]["content"]).iter();
                blocks.extend(begun.map(|block| (block.clone(), String::new())));
                message.extend(told(&event["message"]));
                counted.extend(told(&event["message"]["usage"]));
            }
            "content_block_start" => at(&mut blocks, index).0 = event["content_block"].clone(),
            "content_block_delta" => delta(&event["delta"], at(&mut blocks, index)),
            "message_delta" => {
                message.extend(told(&event["delta"]));
                counted.extend(told(&event["usage"]));
            }
            _ => {}
        }
    }
    let mut said = Said::default();
    for (mut block, input) in blocks {
        if !input.is_empty() {
            block["input"] = input.into();
        }
        read(&block, &mut said);
    }
    said.stop = class(message.get("stop_reason").unwrap_or(&Value::Null));
    said.usage = usage(&counted.into());
    said
}

/// What an object says: a count that is null does not take back an earlier one.
fn told(object: &Value) -> Map<String, Value> {
    let members = object.as_object().into_iter().flatten();
    members.filter(|(_, value)| !value.is_null()).map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn delta(delta: &Value, (block, input): &mut (Value, String)) {
    input.push_str(delta["partial_json"].as_str().unwrap_or_default());
    for name in ["text", "thinking"] {
        if let Some(more) = delta[name].as_str() {
            block[name] = format!("{}{more}", block[name].as_str().unwrap_or_default()).into();
        }
    }
}

fn read(block: &Value, said: &mut Said) {
    match block["type"].as_str().unwrap_or_default() {
        "text" => said.say(&block["text"]),
        "thinking" => said.think(&block["thinking"]),
        "tool_use" => said.call(&block["id"], &block["name"], &block["input"]),
        _ => {}
    }
}

fn class(reason: &Value) -> Class {
    match reason.as_str().unwrap_or_default() {
        // A paused turn has ended for who cannot send it back.
        "end_turn" | "stop_sequence" | "pause_turn" => Class::End,
        "max_tokens" | "model_context_window_exceeded" => Class::Length,
        "tool_use" => Class::Tools,
        "refusal" => Class::Filter,
        _ => Class::Other,
    }
}

/// What was read from the cache or written to it is not part of `input_tokens`.
fn usage(usage: &Value) -> Option<(u64, u64)> {
    let members = ["input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"];
    let input = members.iter().map(|name| count(&usage[*name])).sum();
    usage.is_object().then(|| (input, count(&usage["output_tokens"])))
}
