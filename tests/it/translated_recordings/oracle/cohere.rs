//! Cohere's chat, version 2. A tool plan is what other models say as text before they call.

use serde_json::Value;

use super::{Class, Said, at, count, each};

pub fn whole(document: &Value) -> Said {
    let mut said = Said::default();
    let message = &document["message"];
    said.say(&message["tool_plan"]);
    said.say(&message["content"]);
    each(&message["content"]).iter().for_each(|part| words(part, &mut said));
    for call in each(&message["tool_calls"]) {
        said.call(&call["id"], &call["function"]["name"], &call["function"]["arguments"]);
    }
    said.stop = class(&document["finish_reason"]);
    said.usage = usage(&document["usage"]);
    said
}

pub fn stream(documents: &[Value]) -> Said {
    let mut said = Said::default();
    let mut calls: Vec<Option<(Value, String)>> = Vec::new();
    for event in documents {
        let delta = &event["delta"];
        let message = &delta["message"];
        let index = count(&event["index"]) as usize;
        let function = &message["tool_calls"]["function"];
        match event["type"].as_str().unwrap_or_default() {
            "tool-plan-delta" => said.say(&message["tool_plan"]),
            "content-start" | "content-delta" => words(&message["content"], &mut said),
            "tool-call-start" => {
                let arguments = function["arguments"].as_str().unwrap_or_default().to_owned();
                *at(&mut calls, index) = Some((message["tool_calls"].clone(), arguments));
            }
            "tool-call-delta" => {
                if let Some((_, arguments)) = at(&mut calls, index) {
                    *arguments += function["arguments"].as_str().unwrap_or_default();
                }
            }
            "message-end" => {
                said.stop = class(&delta["finish_reason"]);
                said.usage = usage(&delta["usage"]);
            }
            _ => {}
        }
    }
    for (call, arguments) in calls.into_iter().flatten() {
        said.call(&call["id"], &call["function"]["name"], &arguments.into());
    }
    said
}

fn words(part: &Value, said: &mut Said) {
    said.say(&part["text"]);
    said.think(&part["thinking"]);
}

fn class(reason: &Value) -> Class {
    match reason.as_str().unwrap_or_default() {
        "COMPLETE" | "STOP_SEQUENCE" => Class::End,
        "MAX_TOKENS" => Class::Length,
        "TOOL_CALL" => Class::Tools,
        "ERROR" => Class::Filter, // there is no other word for it
        _ => Class::Other,
    }
}

/// Of the two counts the one of what was really read and written, not of what is billed.
fn usage(usage: &Value) -> Option<(u64, u64)> {
    let tokens = [&usage["tokens"], &usage["billed_units"]].into_iter().find(|counts| counts.is_object())?;
    Some((count(&tokens["input_tokens"]), count(&tokens["output_tokens"])))
}
