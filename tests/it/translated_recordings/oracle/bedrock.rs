//! AWS Bedrock's Converse.

use serde_json::Value;

use super::{Class, Said, at, count, each};

pub fn whole(document: &Value) -> Said {
    let mut said = Said::default();
    each(&document["output"]["message"]["content"]).iter().for_each(|block| read(block, &mut said));
    said.stop = class(&document["stopReason"]);
    said.usage = usage(&document["usage"]);
    said
}

/// A stream's documents are `{type: payload}`.
pub fn stream(documents: &[Value]) -> Said {
    #[derive(Default)]
    struct Block {
        text: String,
        thought: String,
        tool: Option<Value>,
        input: String,
    }
    let mut blocks: Vec<Block> = Vec::new();
    let mut said = Said::default();
    for document in documents {
        let (start, delta) = (&document["contentBlockStart"], &document["contentBlockDelta"]);
        if start["start"]["toolUse"].is_object() {
            let block = at(&mut blocks, count(&start["contentBlockIndex"]) as usize);
            block.tool = Some(start["start"]["toolUse"].clone());
        }
        if delta.is_object() {
            let block = at(&mut blocks, count(&delta["contentBlockIndex"]) as usize);
            let more = |pointer: &str| delta["delta"].pointer(pointer).and_then(Value::as_str).unwrap_or_default();
            block.text += more("/text");
            block.thought += more("/reasoningContent/text");
            block.input += more("/toolUse/input");
        }
        if document["messageStop"].is_object() {
            said.stop = class(&document["messageStop"]["stopReason"]);
        }
        said.usage = usage(&document["metadata"]["usage"]).or(said.usage);
    }
    for Block { text, thought, tool, input } in blocks {
        said.text += &text;
        said.thoughts += &thought;
        if let Some(tool) = tool {
            said.call(&tool["toolUseId"], &tool["name"], &input.into());
        }
    }
    said
}

fn read(block: &Value, said: &mut Said) {
    said.say(&block["text"]);
    each(&block["citationsContent"]["content"]).iter().for_each(|part| said.say(&part["text"]));
    said.think(&block["reasoningContent"]["reasoningText"]["text"]);
    if block["toolUse"].is_object() {
        said.call(&block["toolUse"]["toolUseId"], &block["toolUse"]["name"], &block["toolUse"]["input"]);
    }
}

fn class(reason: &Value) -> Class {
    match reason.as_str().unwrap_or_default() {
        "end_turn" | "stop_sequence" => Class::End,
        "max_tokens" | "model_context_window_exceeded" => Class::Length,
        "tool_use" => Class::Tools,
        "guardrail_intervened" | "content_filtered" => Class::Filter,
        _ => Class::Other,
    }
}

/// What was read from the cache or written to it is not part of `inputTokens`.
fn usage(usage: &Value) -> Option<(u64, u64)> {
    let members = ["inputTokens", "cacheReadInputTokens", "cacheWriteInputTokens"];
    let input = members.iter().map(|name| count(&usage[*name])).sum();
    usage.is_object().then(|| (input, count(&usage["outputTokens"])))
}
