//! One event after the other, by dialect.

use serde_json::Value;

use super::{Heard, list, said};

/// Adds an event to what was heard.
pub fn read(dialect: &str, name: &str, data: &Value, heard: &mut Heard) {
    match dialect {
        "openai_chat" => openai_chat(data, heard),
        "openai_responses" => openai_responses(data, heard),
        "anthropic" => anthropic(data, heard),
        "gemini" => gemini(data, heard),
        "bedrock" => bedrock(name, data, heard),
        "cohere" => cohere(data, heard),
        _ => ollama(data, heard),
    }
}

/// What comes behind a good end: tokens, and the word that ends it all.
pub fn may_follow(dialect: &str, data: &Value) -> bool {
    data == "[DONE]"
        || match dialect {
            "openai_chat" => list(&data["choices"]).is_empty() && data["usage"].is_object(),
            "bedrock" => data["usage"].is_object(),
            _ => false,
        }
}

fn openai_chat(data: &Value, heard: &mut Heard) {
    if !data["error"].is_null() {
        return heard.fail(&data["error"]["message"]);
    }
    let choice = &data["choices"][0];
    let delta = &choice["delta"];
    heard.thoughts.push_str(said(&delta["reasoning_content"]));
    heard.text.push_str(said(&delta["content"]));
    for call in list(&delta["tool_calls"]) {
        if call["index"].as_u64() == Some(heard.calls.len() as u64) {
            heard.call(&call["function"]["name"], &Value::Null);
        }
        heard.more_arguments(&call["function"]["arguments"]);
    }
    heard.ended += usize::from(choice["finish_reason"].is_string());
    tokens(&data["usage"]["completion_tokens"], heard);
}

fn openai_responses(data: &Value, heard: &mut Heard) {
    match said(&data["type"]) {
        "response.created" => heard.begun += 1,
        "response.output_text.delta" => heard.text.push_str(said(&data["delta"])),
        "response.reasoning_summary_text.delta" | "response.reasoning_text.delta" => {
            heard.thoughts.push_str(said(&data["delta"]));
        }
        "response.output_item.added" if data["item"]["type"] == "function_call" => {
            heard.call(&data["item"]["name"], &Value::Null);
        }
        "response.function_call_arguments.delta" => heard.more_arguments(&data["delta"]),
        "response.completed" => {
            heard.ended += 1;
            let whole = Heard::whole("openai_responses", &data["response"]);
            let same = whole.text == heard.text && whole.calls == heard.calls;
            heard.expect(same, || format!("the last event tells otherwise: {whole:?}"));
            heard.output = whole.output;
        }
        "response.failed" => heard.fail(&data["response"]["error"]["message"]),
        "error" => heard.fail(&data["message"]),
        "response.incomplete" => heard.broken.push("incomplete".into()),
        _ => {}
    }
}

fn anthropic(data: &Value, heard: &mut Heard) {
    let delta = &data["delta"];
    match said(&data["type"]) {
        "message_start" => heard.begun += 1,
        "content_block_start" if data["content_block"]["type"] == "tool_use" => {
            heard.call(&data["content_block"]["name"], &Value::Null);
        }
        "content_block_delta" => {
            heard.thoughts.push_str(said(&delta["thinking"]));
            heard.text.push_str(said(&delta["text"]));
            if delta["type"] == "input_json_delta" {
                heard.more_arguments(&delta["partial_json"]);
            }
        }
        "message_delta" => tokens(&data["usage"]["output_tokens"], heard),
        "message_stop" => heard.ended += 1,
        "error" => heard.fail(&data["error"]["message"]),
        _ => {}
    }
}

fn gemini(data: &Value, heard: &mut Heard) {
    if !data["error"].is_null() {
        return heard.fail(&data["error"]["message"]);
    }
    let candidate = &data["candidates"][0];
    super::wholes::parts(&candidate["content"]["parts"], heard);
    match &candidate["finishReason"] {
        Value::Null => {}
        reason if reason == "STOP" => heard.ended += 1,
        reason => heard.fail(reason),
    }
    tokens(&data["usageMetadata"]["candidatesTokenCount"], heard);
}

fn bedrock(name: &str, data: &Value, heard: &mut Heard) {
    match name {
        "messageStart" => heard.begun += 1,
        "contentBlockStart" if data["start"]["toolUse"].is_object() => {
            heard.call(&data["start"]["toolUse"]["name"], &Value::Null);
        }
        "contentBlockDelta" => {
            let delta = &data["delta"];
            heard.thoughts.push_str(said(&delta["reasoningContent"]["text"]));
            heard.text.push_str(said(&delta["text"]));
            if delta["toolUse"].is_object() {
                heard.more_arguments(&delta["toolUse"]["input"]);
            }
        }
        "messageStop" => heard.ended += 1,
        "metadata" => tokens(&data["usage"]["outputTokens"], heard),
        exception if exception.starts_with("exception") => heard.fail(&data["message"]),
        _ => {}
    }
}

fn cohere(data: &Value, heard: &mut Heard) {
    let message = &data["delta"]["message"];
    match said(&data["type"]) {
        "message-start" => heard.begun += 1,
        "content-delta" => {
            heard.thoughts.push_str(said(&message["content"]["thinking"]));
            heard.text.push_str(said(&message["content"]["text"]));
        }
        // What a model says before it calls a tool.
        "tool-plan-delta" => heard.text.push_str(said(&message["tool_plan"])),
        "tool-call-start" => {
            let function = &message["tool_calls"]["function"];
            heard.call(&function["name"], &function["arguments"]);
        }
        "tool-call-delta" => heard.more_arguments(&message["tool_calls"]["function"]["arguments"]),
        "message-end" if data["delta"]["finish_reason"] == "ERROR" => heard.fail(&data["delta"]["error"]),
        "message-end" => {
            heard.ended += 1;
            tokens(&data["delta"]["usage"]["tokens"]["output_tokens"], heard);
        }
        _ => {}
    }
}

fn ollama(data: &Value, heard: &mut Heard) {
    if !data["error"].is_null() {
        return heard.fail(&data["error"]);
    }
    super::wholes::ollama(data, heard);
    heard.ended += usize::from(data["done"] == true);
}

fn tokens(count: &Value, heard: &mut Heard) {
    heard.output = count.as_u64().or(heard.output);
}
