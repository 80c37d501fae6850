//! Dialects in which a result is a message or an item of its own.

use serde_json::Value;

use super::{Kept, answered, demand, list, named, text};

pub fn openai_chat(body: &Value) -> Kept {
    named(list(&body["tools"]).iter().map(|tool| text(&tool["function"]["name"]).to_owned()))?;
    for tool in list(&body["tools"]) {
        demand(tool["type"] == "function" || tool["type"] == "custom", || format!("the tool {tool}"))?;
    }
    demand(!body["stream"].is_null() || body["stream_options"].is_null(), || "stream_options alone".into())?;
    called(&body["messages"], |call| {
        serde_json::from_str::<Value>(text(&call["function"]["arguments"])).is_ok_and(|object| object.is_object())
    })
}

pub fn cohere(body: &Value) -> Kept {
    named(list(&body["tools"]).iter().map(|tool| text(&tool["function"]["name"]).to_owned()))?;
    for message in list(&body["messages"]) {
        let empty = message["content"].as_str() == Some("") || message["content"].as_array().is_some_and(Vec::is_empty);
        demand(!empty, || format!("a message without content: {message}"))?;
    }
    called(&body["messages"], |call| {
        serde_json::from_str::<Value>(text(&call["function"]["arguments"])).is_ok_and(|object| object.is_object())
    })
}

/// Calls have no ids: results come in the order of the calls, by name.
pub fn ollama(body: &Value) -> Kept {
    named(list(&body["tools"]).iter().map(|tool| text(&tool["function"]["name"]).to_owned()))?;
    let mut waiting = Vec::new();
    for message in list(&body["messages"]) {
        demand(message["content"].is_string(), || format!("content that is no text: {message}"))?;
        match text(&message["role"]) {
            "tool" => {
                demand(!waiting.is_empty(), || format!("a result without a call: {message}"))?;
                let name = waiting.remove(0);
                demand(message["tool_name"] == name, || format!("{name} is answered by {message}"))?;
            }
            role => {
                waiting.clear(); // what was not answered is not missed here
                demand(["system", "user", "assistant"].contains(&role), || format!("the role {role}"))?;
            }
        }
        for call in list(&message["tool_calls"]) {
            demand(call["function"]["arguments"].is_object(), || format!("the arguments of {call}"))?;
            waiting.push(text(&call["function"]["name"]).to_owned());
        }
    }
    Ok(())
}

/// Messages of the model with calls, directly followed by all their results.
fn called(messages: &Value, fine: impl Fn(&Value) -> bool) -> Kept {
    let messages = list(messages);
    demand(!messages.is_empty(), || "no messages".into())?;
    let mut at = 0;
    while let Some(message) = messages.get(at) {
        at += 1;
        let role = text(&message["role"]);
        let known = ["system", "developer", "user", "assistant"].contains(&role);
        demand(known, || format!("a message of {role} here: {message}"))?;
        let calls = list(&message["tool_calls"]);
        demand(!message["content"].is_null() || !calls.is_empty(), || format!("nothing in {message}"))?;
        for call in calls {
            demand(fine(call), || format!("the arguments of {call}"))?;
        }
        let ids: Vec<_> = calls.iter().map(|call| text(&call["id"])).collect();
        let results = messages[at..].iter().take_while(|message| message["role"] == "tool");
        let results: Vec<_> = results.map(|message| text(&message["tool_call_id"])).collect();
        answered(&ids, &results)?;
        at += results.len();
    }
    Ok(())
}

pub fn openai_responses(body: &Value) -> Kept {
    named(list(&body["tools"]).iter().map(|tool| text(&tool["name"]).to_owned()))?;
    let (mut calls, mut results) = (Vec::new(), Vec::new());
    let mut thought = None;
    for item in list(&body["input"]) {
        let kind = text(&item["type"]);
        if let Some(before) = thought.take() {
            let follows = matches!(kind, "function_call" | "custom_tool_call" | "reasoning")
                || kind == "message" && item["role"] == "assistant";
            demand(follows, || format!("thoughts without what they led to: {before}"))?;
        }
        match kind {
            "function_call" | "custom_tool_call" => calls.push(text(&item["call_id"])),
            "function_call_output" | "custom_tool_call_output" => {
                let id = text(&item["call_id"]);
                demand(calls.contains(&id), || format!("an output before its call: {item}"))?;
                results.push(id);
            }
            "reasoning" => {
                demand(item["summary"].is_array(), || format!("thoughts without a summary: {item}"))?;
                thought = Some(item);
            }
            "message" | "" => {
                let role = text(&item["role"]);
                let wanted = if role == "assistant" { "output_" } else { "input_" };
                for part in list(&item["content"]) {
                    let kind = text(&part["type"]);
                    demand(kind.starts_with(wanted) || kind == "refusal", || format!("{kind} of {role}"))?;
                }
            }
            other => return Err(format!("an item {other}")),
        }
    }
    answered(&calls, &results)
}
