//! An answer in one piece, by dialect.

use serde_json::Value;

use super::{Heard, list, said};

/// Reads it all.
pub fn read(dialect: &str, reply: &Value, heard: &mut Heard) {
    heard.ended = 1;
    match dialect {
        "openai_chat" => openai_chat(reply, heard),
        "openai_responses" => openai_responses(reply, heard),
        "anthropic" => anthropic(reply, heard),
        "gemini" => {
            parts(&reply["candidates"][0]["content"]["parts"], heard);
            heard.output = reply["usageMetadata"]["candidatesTokenCount"].as_u64();
        }
        "bedrock" => bedrock(reply, heard),
        "cohere" => cohere(reply, heard),
        _ => ollama(reply, heard),
    }
}

fn openai_chat(reply: &Value, heard: &mut Heard) {
    let message = &reply["choices"][0]["message"];
    heard.thoughts.push_str(said(&message["reasoning_content"]));
    heard.text.push_str(said(&message["content"]));
    for call in list(&message["tool_calls"]) {
        heard.call(&call["function"]["name"], &call["function"]["arguments"]);
    }
    heard.output = reply["usage"]["completion_tokens"].as_u64();
}

fn openai_responses(reply: &Value, heard: &mut Heard) {
    for item in list(&reply["output"]) {
        match said(&item["type"]) {
            "message" => list(&item["content"]).iter().for_each(|part| heard.text.push_str(said(&part["text"]))),
            "reasoning" => list(&item["summary"]).iter().for_each(|part| heard.thoughts.push_str(said(&part["text"]))),
            "function_call" => heard.call(&item["name"], &item["arguments"]),
            _ => {}
        }
    }
    heard.output = reply["usage"]["output_tokens"].as_u64();
}

fn anthropic(reply: &Value, heard: &mut Heard) {
    for block in list(&reply["content"]) {
        heard.thoughts.push_str(said(&block["thinking"]));
        heard.text.push_str(said(&block["text"]));
        if block["type"] == "tool_use" {
            heard.call(&block["name"], &block["input"]);
        }
    }
    heard.output = reply["usage"]["output_tokens"].as_u64();
}

/// Gemini's, whole and in a stream.
pub fn parts(parts: &Value, heard: &mut Heard) {
    for part in list(parts) {
        let to = if part["thought"] == true { &mut heard.thoughts } else { &mut heard.text };
        to.push_str(said(&part["text"]));
        if part["functionCall"].is_object() {
            heard.call(&part["functionCall"]["name"], &part["functionCall"]["args"]);
        }
    }
}

fn bedrock(reply: &Value, heard: &mut Heard) {
    for block in list(&reply["output"]["message"]["content"]) {
        heard.thoughts.push_str(said(&block["reasoningContent"]["reasoningText"]["text"]));
        heard.text.push_str(said(&block["text"]));
        if block["toolUse"].is_object() {
            heard.call(&block["toolUse"]["name"], &block["toolUse"]["input"]);
        }
    }
    heard.output = reply["usage"]["outputTokens"].as_u64();
}

fn cohere(reply: &Value, heard: &mut Heard) {
    for block in list(&reply["message"]["content"]) {
        heard.thoughts.push_str(said(&block["thinking"]));
        heard.text.push_str(said(&block["text"]));
    }
    // What a model says before it calls a tool.
    heard.text.push_str(said(&reply["message"]["tool_plan"]));
    for call in list(&reply["message"]["tool_calls"]) {
        heard.call(&call["function"]["name"], &call["function"]["arguments"]);
    }
    heard.output = reply["usage"]["tokens"]["output_tokens"].as_u64();
}

/// Ollama's, whole and in a stream.
pub fn ollama(reply: &Value, heard: &mut Heard) {
    let message = &reply["message"];
    heard.thoughts.push_str(said(&message["thinking"]));
    heard.text.push_str(said(&message["content"]));
    for call in list(&message["tool_calls"]) {
        heard.call(&call["function"]["name"], &call["function"]["arguments"]);
    }
    heard.output = reply["eval_count"].as_u64().or(heard.output);
}
