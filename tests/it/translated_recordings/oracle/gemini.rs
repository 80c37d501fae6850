//! Google's generateContent: a whole answer is a stream of one.

use serde_json::{Map, Value, json};

use super::{Class, Said, count, each};

pub fn stream(documents: &[Value]) -> Said {
    let mut said = Said::default();
    let mut counted = Map::new();
    let mut is_open = false;
    for document in documents {
        if document["promptFeedback"]["blockReason"].is_string() {
            said.stop = Class::Filter;
        }
        let first = |candidate: &&Value| count(&candidate["index"]) == 0;
        for candidate in each(&document["candidates"]).iter().filter(first) {
            for part in each(&candidate["content"]["parts"]) {
                words(part, &mut said);
                if part["functionCall"].is_object() {
                    call(&part["functionCall"], &mut is_open, &mut said);
                }
            }
            if let Some(class) = class(&candidate["finishReason"]) {
                said.stop = class;
            }
        }
        // A later count does not always repeat all of an earlier one.
        counted.extend(document["usageMetadata"].as_object().cloned().unwrap_or_default());
    }
    said.usage = usage(&counted);
    said
}

fn words(part: &Value, said: &mut Said) {
    match part["thought"] {
        Value::Bool(true) => said.think(&part["text"]),
        _ => said.say(&part["text"]),
    }
}

/// A call, or with Vertex's `streamFunctionCallArguments` a piece of one: its name first, then its arguments each at
/// its path, until a piece says nothing of going on.
fn call(call: &Value, is_open: &mut bool, said: &mut Said) {
    if !*is_open {
        said.call(&call["id"], &call["name"], &call["args"]);
    }
    *is_open = call["willContinue"] == true;
    let Some((_, arguments)) = said.tools.last_mut() else { return };
    for piece in each(&call["partialArgs"]) {
        let value = ["numberValue", "boolValue"].iter().map(|name| &piece[*name]).find(|value| !value.is_null());
        let place = place(arguments, piece["jsonPath"].as_str().unwrap_or_default());
        *place = match (value, piece["stringValue"].as_str()) {
            (Some(value), _) => value.clone(),
            (None, Some(more)) => json!(format!("{}{more}", place.as_str().unwrap_or_default())),
            (None, None) => Value::Null,
        };
    }
}

/// The place of `$.a.b[2].c`, made where it is not there yet.
fn place<'a>(mut value: &'a mut Value, path: &str) -> &'a mut Value {
    for step in path.split(['.', '[']).skip(1) {
        value = match step.strip_suffix(']').and_then(|index| index.parse::<usize>().ok()) {
            Some(index) => {
                if !value.is_array() {
                    *value = json!([]);
                }
                super::at(value.as_array_mut().unwrap(), index)
            }
            None => {
                if !value.is_object() {
                    *value = json!({});
                }
                value.as_object_mut().unwrap().entry(step).or_insert(Value::Null)
            }
        };
    }
    value
}

fn class(reason: &Value) -> Option<Class> {
    let name = match (reason.as_str(), reason.as_u64()) {
        (Some(name), _) => name,
        (_, Some(1)) => "STOP",
        (_, Some(2)) => "MAX_TOKENS",
        _ => return None,
    };
    Some(match name {
        "STOP" => Class::End,
        "MAX_TOKENS" => Class::Length,
        "SAFETY"
        | "RECITATION"
        | "BLOCKLIST"
        | "PROHIBITED_CONTENT"
        | "SPII"
        | "IMAGE_SAFETY"
        | "MODEL_ARMOR"
        | "IMAGE_PROHIBITED_CONTENT"
        | "IMAGE_RECITATION" => Class::Filter,
        _ => Class::Other,
    })
}

/// Thoughts are not part of the candidates, and what tools read is not part of the prompt.
fn usage(usage: &Map<String, Value>) -> Option<(u64, u64)> {
    let sum = |names: [&str; 2]| names.iter().filter_map(|name| usage.get(*name)).map(count).sum();
    let input = sum(["promptTokenCount", "toolUsePromptTokenCount"]);
    (!usage.is_empty()).then(|| (input, sum(["candidatesTokenCount", "thoughtsTokenCount"])))
}
