//! What a client's SDK may rely on in an answer of each dialect: the strict part, for answers that Outrider wrote.

use std::collections::HashSet;

use outrider::canonical::Dialect;
use serde_json::Value;

/// The members that the vendors' SDKs require of a whole answer.
pub fn whole(dialect: Dialect, document: &Value) -> Result<(), String> {
    let members: &[&str] = match dialect {
        Dialect::OpenAiChat => &["id", "object", "created", "model", "choices", "choices/0/message/role"],
        Dialect::OpenAiResponses => {
            &["id", "object", "created_at", "model", "output", "status", "tools", "tool_choice", "parallel_tool_calls"]
        }
        Dialect::Anthropic => {
            &["id", "type", "role", "model", "content", "stop_reason", "usage/input_tokens", "usage/output_tokens"]
        }
        Dialect::Gemini => &["candidates", "modelVersion", "responseId"],
        Dialect::Bedrock => &["output/message/role", "output/message/content", "stopReason", "metrics/latencyMs"],
        Dialect::Cohere => &["id", "finish_reason", "message/role"],
        Dialect::Ollama => &["model", "created_at", "message/role", "message/content", "done"],
    };
    let missing = |member: &&&str| document.pointer(&format!("/{member}")).is_none_or(Value::is_null);
    match members.iter().find(missing) {
        Some(member) => Err(format!("{member} is missing")),
        None => {
            counts(dialect, document)?;
            unique(&ids(document, &mut Vec::new()))
        }
    }
}

/// Counts fit together.
fn counts(dialect: Dialect, document: &Value) -> Result<(), String> {
    let number = |pointer: &str| document.pointer(pointer).and_then(Value::as_u64).unwrap_or(0);
    match dialect {
        Dialect::OpenAiChat if document["usage"].is_object() => {
            let output = number("/usage/completion_tokens");
            is(number("/usage/total_tokens") == number("/usage/prompt_tokens") + output, "the total is a sum")?;
            let thought = number("/usage/completion_tokens_details/reasoning_tokens");
            is(thought <= output, "what was thought is part of the output")
        }
        Dialect::OpenAiResponses => {
            let output = number("/usage/output_tokens");
            is(number("/usage/total_tokens") == number("/usage/input_tokens") + output, "the total is a sum")?;
            let thought = number("/usage/output_tokens_details/reasoning_tokens");
            is(thought <= output, "what was thought is part of the output")
        }
        Dialect::Gemini if document.pointer("/usageMetadata/totalTokenCount").is_some() => {
            let parts = ["promptTokenCount", "toolUsePromptTokenCount", "candidatesTokenCount", "thoughtsTokenCount"];
            let sum = parts.iter().map(|name| number(&format!("/usageMetadata/{name}"))).sum::<u64>();
            is(number("/usageMetadata/totalTokenCount") == sum, "the total is a sum")
        }
        _ => Ok(()),
    }
}

/// The ids of calls, wherever they are.
fn ids(value: &Value, path: &mut Vec<String>) -> Vec<String> {
    let mut found = Vec::new();
    match value {
        Value::Array(list) => list.iter().for_each(|item| found.extend(ids(item, path))),
        Value::Object(members) => {
            let is_call = ["tool_use", "function_call", "function"].iter().any(|kind| value["type"] == *kind);
            if is_call && (path.last().is_some_and(|name| ["content", "output", "tool_calls"].contains(&&**name))) {
                let id = ["call_id", "id"].iter().find_map(|name| value[*name].as_str());
                found.push(id.unwrap_or_default().to_owned());
            }
            if let Some(id) = members.get("toolUseId") {
                found.push(id.as_str().unwrap_or_default().to_owned());
            }
            for (name, member) in members {
                if !["tools", "input", "args", "arguments"].contains(&&**name) {
                    path.push(name.clone());
                    found.extend(ids(member, path));
                    path.pop();
                }
            }
        }
        _ => {}
    }
    found
}

fn unique(ids: &[String]) -> Result<(), String> {
    let different: HashSet<&String> = ids.iter().collect();
    match ids.iter().any(String::is_empty) || different.len() < ids.len() {
        true => Err(format!("calls need ids that differ: {ids:?}")),
        false => Ok(()),
    }
}

/// The order of a stream's events.
pub fn stream(dialect: Dialect, written: &[u8], documents: &[Value]) -> Result<(), String> {
    match dialect {
        Dialect::OpenAiChat => chat(written, documents),
        Dialect::OpenAiResponses => responses(documents),
        Dialect::Anthropic => anthropic(documents),
        Dialect::Gemini => gemini(documents),
        Dialect::Bedrock => bedrock(documents),
        Dialect::Cohere => cohere(documents),
        Dialect::Ollama => ollama(documents),
    }
}

fn chat(written: &[u8], chunks: &[Value]) -> Result<(), String> {
    let text = String::from_utf8_lossy(written);
    is(text.ends_with("data: [DONE]\n\n") && text.matches("[DONE]\n").count() == 1, "it ends with one [DONE]")?;
    let first = &chunks.first().ok_or("no chunks")?;
    is(first["choices"][0]["delta"]["role"] == "assistant", "the role is in the first chunk")?;
    let mut finished = 0;
    let mut calls = HashSet::new();
    for chunk in chunks {
        let head = ["id", "object", "created", "model"].iter().all(|name| chunk[*name] == first[*name]);
        is(head && !first["id"].is_null(), "each chunk has the same head")?;
        counts(Dialect::OpenAiChat, chunk)?;
        let choice = &chunk["choices"][0];
        is(finished == 0 || choice.is_null() || choice["index"] != 0, "nothing comes behind the finish")?;
        for call in choice["delta"]["tool_calls"].as_array().into_iter().flatten() {
            let index = call["index"].as_u64().ok_or("a call's index is missing")?;
            let is_first = calls.insert(index);
            is(is_first == call["id"].is_string(), "the id is in a call's first piece, and only there")?;
            let said = call["function"]["arguments"].is_string() || call["custom"]["input"].is_string();
            is(said, "each piece of a call has arguments, if empty ones")?;
            is(!is_first || call["type"].is_string(), "the type is in a call's first piece")?;
            is(index < calls.len() as u64, "calls are counted without a gap")?;
        }
        finished += usize::from(choice["index"] == 0 && choice["finish_reason"].is_string());
    }
    is(finished == 1, "it has one finish")
}

fn responses(events: &[Value]) -> Result<(), String> {
    let numbered = (0..).zip(events).all(|(number, event)| event["sequence_number"] == number);
    is(numbered, "the sequence numbers are contiguous")?;
    is(events.first().is_some_and(|event| event["type"] == "response.created"), "it begins with response.created")?;
    let last = events.last().ok_or("no events")?;
    let is_last =
        |event: &Value| ["response.completed", "response.incomplete"].iter().any(|name| event["type"] == *name);
    is(is_last(last) && events.iter().filter(|event| is_last(event)).count() == 1, "it ends with one end")?;
    whole(Dialect::OpenAiResponses, &last["response"])?;
    let done: Vec<&Value> = events.iter().filter(|event| event["type"] == "response.output_item.done").collect();
    let in_order = (0..).zip(&done).all(|(index, event)| event["output_index"] == index);
    is(in_order, "items are done in their order")?;
    let items: Vec<&Value> = done.iter().map(|event| &event["item"]).collect();
    let output: Vec<&Value> = last["response"]["output"].as_array().into_iter().flatten().collect();
    is(items == output, "the end has the items that were done")?;
    for event in done {
        let said = |kind: &str| -> String {
            let of_it = |delta: &&Value| delta["output_index"] == event["output_index"] && delta["type"] == kind;
            events.iter().filter(of_it).filter_map(|delta| delta["delta"].as_str()).collect()
        };
        let item = &event["item"];
        match item["type"].as_str() {
            Some("function_call") => {
                is(item["arguments"] == said("response.function_call_arguments.delta"), "arguments are their deltas")?;
            }
            Some("message") => {
                let parts = item["content"].as_array().ok_or("a message without content")?;
                let text: String = parts.iter().filter_map(|part| part["text"].as_str()).collect();
                is(text == said("response.output_text.delta"), "a text is its deltas")?;
            }
            _ => {}
        }
        let added = |other: &&Value| {
            other["type"] == "response.output_item.added" && other["output_index"] == event["output_index"]
        };
        let added = events.iter().find(added).ok_or("an item that was not added")?;
        is(added["item"]["id"] == item["id"] && item["id"].is_string(), "an item keeps its id")?;
    }
    Ok(())
}

fn anthropic(events: &[Value]) -> Result<(), String> {
    let mut blocks = 0;
    let mut open = None;
    let mut state = "";
    for event in events {
        let kind = event["type"].as_str().ok_or("an event without a type")?;
        match (state, kind) {
            (_, "ping") => continue,
            ("", "message_start") => whole_start(&event["message"])?,
            ("message_start" | "block", "content_block_start") if open.is_none() => {
                is(event["index"] == blocks, "blocks are counted from 0")?;
                open = Some(event["content_block"]["type"].as_str().unwrap_or_default());
            }
            ("block", "content_block_delta") => {
                let block = open.ok_or("a delta outside of a block")?;
                is(event["index"] == blocks, "a delta is of the open block")?;
                let fits = match event["delta"]["type"].as_str().unwrap_or_default() {
                    "text_delta" | "citations_delta" => block == "text",
                    "thinking_delta" | "signature_delta" => block == "thinking",
                    "input_json_delta" => matches!(block, "tool_use" | "server_tool_use"),
                    _ => true,
                };
                is(fits, "a delta fits its block")?;
            }
            ("block", "content_block_stop") => {
                is(open.take().is_some() && event["index"] == blocks, "a stop is of the open block")?;
                blocks += 1;
            }
            ("message_start" | "block" | "message_delta", "message_delta") if open.is_none() => {}
            ("message_delta", "message_stop") => {}
            _ => return Err(format!("{kind} may not come after {state:?}")),
        }
        state = if kind.starts_with("content_block") { "block" } else { kind };
    }
    is(state == "message_stop", "it ends with message_stop")
}

fn whole_start(message: &Value) -> Result<(), String> {
    let members = ["id", "type", "role", "model", "content", "usage"];
    is(members.iter().all(|name| !message[*name].is_null()), "message_start has a whole message")?;
    is(message["usage"]["input_tokens"].is_u64() && message["usage"]["output_tokens"].is_u64(), "and counts")
}

fn gemini(chunks: &[Value]) -> Result<(), String> {
    let finished = chunks.iter().filter(|chunk| chunk["candidates"][0]["finishReason"].is_string());
    let first = finished.filter(|chunk| chunk["candidates"][0]["index"].as_u64().unwrap_or(0) == 0);
    let blocked = chunks.iter().any(|chunk| chunk["promptFeedback"]["blockReason"].is_string());
    is(first.count() == 1 || blocked, "it has one finish")?;
    let named = chunks.iter().all(|chunk| chunk["modelVersion"].is_string() && chunk["responseId"].is_string());
    is(named, "each chunk has its model and its id")?;
    counts(Dialect::Gemini, chunks.last().ok_or("no chunks")?)
}

fn bedrock(events: &[Value]) -> Result<(), String> {
    let mut open = None;
    let mut state = "";
    for event in events {
        let (kind, payload) = event.as_object().and_then(|event| event.iter().next()).ok_or("no event")?;
        let index = payload["contentBlockIndex"].as_u64();
        match (state, &**kind) {
            ("", "messageStart") => is(payload["role"] == "assistant", "it is the assistant's")?,
            ("messageStart" | "contentBlockStop", "contentBlockStart") => {
                is(payload["start"].as_object().is_some_and(|start| !start.is_empty()), "only tools have a start")?;
                open = index;
            }
            ("messageStart" | "contentBlockStop", "contentBlockDelta") => open = index,
            ("contentBlockStart" | "contentBlockDelta", "contentBlockDelta" | "contentBlockStop") => {
                is(index.is_some() && index == open, "blocks come one after the other")?;
            }
            ("messageStart" | "contentBlockStop", "messageStop") => {}
            ("messageStop", "metadata") => is(payload["usage"]["totalTokens"].is_u64(), "tokens are counted")?,
            _ => return Err(format!("{kind} may not come after {state:?}")),
        }
        state = kind;
    }
    is(state == "metadata", "it ends with metadata")
}

fn cohere(events: &[Value]) -> Result<(), String> {
    let kinds: Vec<&str> = events.iter().filter_map(|event| event["type"].as_str()).collect();
    is(kinds.first() == Some(&"message-start"), "it begins with message-start")?;
    is(kinds.last() == Some(&"message-end"), "it ends with message-end")?;
    let number = |kind: &str| kinds.iter().filter(|other| **other == kind).count();
    for part in ["content", "tool-call", "citation"] {
        let (starts, ends) = (number(&format!("{part}-start")), number(&format!("{part}-end")));
        is(starts == ends, "what starts ends")?;
    }
    let contents = events.iter().filter(|event| event["type"] == "content-start");
    let typed = |event: &Value| {
        let content = &event["delta"]["message"]["content"];
        content["text"].is_string() || content["thinking"].is_string()
    };
    is(contents.into_iter().all(typed), "a content's start has its text")
}

fn ollama(lines: &[Value]) -> Result<(), String> {
    let last = lines.last().ok_or("no lines")?;
    is(last["done"] == true && last["done_reason"].is_string(), "the last line says that it is done")?;
    is(lines.iter().filter(|line| line["done"] == true).count() == 1, "and no other does")?;
    let complete = |line: &Value| {
        line["model"].is_string() && line["created_at"].is_string() && line["message"]["content"].is_string()
    };
    is(lines.iter().all(complete), "each line has its model, time and message")
}

/// A rule that must hold.
fn is(held: bool, rule: &str) -> Result<(), String> {
    if held { Ok(()) } else { Err(format!("not kept: {rule}")) }
}
