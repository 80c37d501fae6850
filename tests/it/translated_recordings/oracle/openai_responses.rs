//! OpenAI's Responses.

use serde_json::Value;

use super::{Class, Said, count, each};

pub fn whole(response: &Value) -> Said {
    let mut said = Said::default();
    each(&response["output"]).iter().for_each(|item| read(item, &mut said));
    close(response, &mut said);
    said
}

/// Items count as they are when they are done.
pub fn stream(documents: &[Value]) -> Said {
    let mut said = Said::default();
    let mut items: Vec<&Value> =
        documents.iter().filter(|event| event["type"] == "response.output_item.done").collect();
    items.sort_by_key(|event| count(&event["output_index"]));
    items.iter().for_each(|event| read(&event["item"], &mut said));
    let last = ["response.completed", "response.incomplete", "response.failed"];
    if let Some(event) = documents.iter().rfind(|event| last.iter().any(|name| event["type"] == *name)) {
        close(&event["response"], &mut said);
    }
    said
}

fn read(item: &Value, said: &mut Said) {
    match item["type"].as_str().unwrap_or_default() {
        "message" => each(&item["content"]).iter().for_each(|part| {
            said.say(&part["text"]);
            said.refuse(&part["refusal"]);
        }),
        "reasoning" => {
            each(&item["summary"]).iter().for_each(|part| said.think(&part["text"]));
            each(&item["content"]).iter().for_each(|part| said.think(&part["text"]));
        }
        "function_call" => said.call(&item["call_id"], &item["name"], &item["arguments"]),
        "custom_tool_call" => said.call_freely(&item["call_id"], &item["name"], &item["input"]),
        _ => {}
    }
}

fn close(response: &Value, said: &mut Said) {
    let why = response["incomplete_details"]["reason"].as_str().unwrap_or_default();
    said.stop = match (response["status"].as_str().unwrap_or_default(), why) {
        ("completed" | "complete", _) => Class::End,
        ("incomplete", "max_output_tokens") => Class::Length,
        ("incomplete", "content_filter") => Class::Filter,
        _ => Class::Other,
    };
    let usage = &response["usage"];
    said.usage = usage.is_object().then(|| (count(&usage["input_tokens"]), count(&usage["output_tokens"])));
}
