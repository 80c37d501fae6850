//! OpenAI's Chat Completions, with what its imitators add.

use serde_json::{Value, json};

use super::{Class, Said, count, each};

pub fn whole(document: &Value) -> Said {
    let mut said = Said::default();
    let choice = &document["choices"][0];
    let message = &choice["message"];
    words(message, &mut said);
    for call in each(&message["tool_calls"]) {
        match &call["custom"] {
            Value::Null => said.call(&call["id"], &call["function"]["name"], &call["function"]["arguments"]),
            custom => said.call_freely(&call["id"], &custom["name"], &custom["input"]),
        }
    }
    if message["function_call"].is_object() {
        said.call(&Value::Null, &message["function_call"]["name"], &message["function_call"]["arguments"]);
    }
    said.stop = class(choice);
    said.usage = usage(document);
    said
}

pub fn stream(documents: &[Value]) -> Said {
    let mut said = Said::default();
    let mut calls = Vec::new();
    for document in documents {
        said.usage = usage(document).or(said.usage);
        let first = |choice: &&Value| count(&choice["index"]) == 0;
        for choice in each(&document["choices"]).iter().filter(first) {
            let delta = &choice["delta"];
            words(delta, &mut said);
            for call in each(&delta["tool_calls"]) {
                fragment(call, &mut calls);
            }
            if delta["function_call"].is_object() {
                fragment(&json!({"index": 0, "function": delta["function_call"]}), &mut calls);
            }
            if choice["finish_reason"].as_str().is_some_and(|reason| !reason.is_empty()) {
                said.stop = class(choice);
            }
        }
    }
    for Call { id, name, arguments, custom, .. } in calls {
        match custom {
            true => said.call_freely(&id.into(), &name.into(), &arguments.into()),
            false => said.call(&id.into(), &name.into(), &arguments.into()),
        }
    }
    said
}

#[derive(Default)]
struct Call {
    index: Option<u64>,
    id: String,
    name: String,
    arguments: String,
    custom: bool,
}

/// A piece of a call: of the last one with its index, unless it has another id; without an index, of the last one,
/// unless it has a name.
fn fragment(piece: &Value, calls: &mut Vec<Call>) {
    let custom = piece["custom"].is_object();
    let function = if custom { &piece["custom"] } else { &piece["function"] };
    let id = piece["id"].as_str().unwrap_or_default();
    let index = piece["index"].as_u64();
    let is_of = |call: &&mut Call| match index {
        Some(_) => call.index == index && (id.is_empty() || call.id.is_empty() || call.id == id),
        None => !function["name"].is_string(),
    };
    let known = calls.iter_mut().rev().find(is_of);
    let call = match known {
        Some(call) => call,
        None => {
            calls.push(Call { index, id: id.to_owned(), custom, ..Call::default() });
            calls.last_mut().unwrap()
        }
    };
    if call.name.is_empty() {
        call.name.push_str(function["name"].as_str().unwrap_or_default());
    }
    match &function[if custom { "input" } else { "arguments" }] {
        Value::Null => {}
        Value::String(more) => call.arguments.push_str(more),
        object => call.arguments.push_str(&object.to_string()),
    }
}

fn words(message: &Value, said: &mut Said) {
    said.say(&message["content"]);
    for part in each(&message["content"]) {
        said.say(&part["text"]);
        said.think(&part["thinking"]);
        each(&part["thinking"]).iter().for_each(|part| said.think(&part["text"]));
    }
    said.refuse(&message["refusal"]);
    let thought = |name: &&&str| message[**name].as_str().is_some_and(|text| !text.is_empty());
    match ["reasoning_content", "reasoning"].iter().find(thought) {
        Some(name) => said.think(&message[*name]),
        None => each(&message["reasoning_details"]).iter().for_each(|detail| {
            said.think(&detail["text"]);
            said.think(&detail["summary"]);
        }),
    }
}

fn class(choice: &Value) -> Class {
    match choice["finish_reason"].as_str().unwrap_or_default() {
        "stop" | "eos" => Class::End,
        "length" => Class::Length,
        "tool_calls" | "function_call" => Class::Tools,
        "content_filter" => Class::Filter,
        _ => Class::Other,
    }
}

fn usage(document: &Value) -> Option<(u64, u64)> {
    let places = [&document["usage"], &document["x_groq"]["usage"]];
    let usage = places.into_iter().find(|usage| usage.is_object())?;
    let (input, output) = (count(&usage["prompt_tokens"]), count(&usage["completion_tokens"]));
    // xAI counts what was thought apart from what was said; so does Vercel's gateway for Gemini, as its prices show.
    let thought = count(&usage["completion_tokens_details"]["reasoning_tokens"]);
    let is_apart = count(&usage["total_tokens"]) == input + output + thought || thought > output;
    Some((input, if is_apart { output + thought } else { output }))
}
