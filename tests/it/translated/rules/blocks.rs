//! Dialects in which user and model take turns, and results are blocks of the user's next turn.

use serde_json::Value;

use super::{Kept, answered, demand, list, named, text};

/// Where a dialect keeps things.
struct Places {
    content: &'static str,
    model: &'static str,
    /// The id of a block that is a call, or a result.
    call: fn(&Value) -> Option<&str>,
    result: fn(&Value) -> Option<&str>,
}

/// Turns alternate, begin with the user's, are not empty, and every call is answered in the next.
fn alternate(turns: &Value, places: &Places) -> Kept {
    let turns = list(turns);
    demand(!turns.is_empty(), || "no turns".into())?;
    let mut calls = Vec::new();
    for (index, turn) in turns.iter().enumerate() {
        let due = if index % 2 == 0 { "user" } else { places.model };
        // Google takes turns of the same speaker, and wants results in one of their own.
        let known = turn["role"] == due || places.model == "model" && index > 0;
        demand(known, || format!("turn {index} is not of {due}"))?;
        let blocks = list(&turn[places.content]);
        demand(!blocks.is_empty() || turn[places.content].is_string(), || format!("turn {index} is empty"))?;
        let results: Vec<_> = blocks.iter().filter_map(places.result).collect();
        answered(&calls, &results)?;
        calls = blocks.iter().filter_map(places.call).collect();
        for block in blocks {
            let blank = block["text"].as_str().is_some_and(|text| text.trim().is_empty());
            demand(!blank || places.model == "model", || format!("blank text in turn {index}"))?;
        }
    }
    demand(calls.is_empty(), || format!("{calls:?} are not answered"))
}

pub fn anthropic(body: &Value) -> Kept {
    named(list(&body["tools"]).iter().map(|tool| text(&tool["name"]).to_owned()))?;
    let most = body["max_tokens"].as_u64().ok_or("no max_tokens")?;
    let thinks = body["thinking"]["type"] == "enabled";
    if thinks {
        demand(
            body["thinking"]["budget_tokens"].as_u64().is_some_and(|budget| budget >= 1024 && budget < most),
            || "the budget of thoughts".into(),
        )?;
        demand(body["temperature"].is_null() || body["temperature"] == 1, || "thoughts and a temperature".into())?;
    }
    demand(body.to_string().matches("\"cache_control\":{").count() <= 4, || "more than four breakpoints".into())?;
    for turn in list(&body["messages"]) {
        let blocks = list(&turn["content"]);
        let is_result = |block: &Value| block["type"] == "tool_result";
        demand(blocks.is_sorted_by_key(|block| !is_result(block)), || format!("results are not first: {turn}"))?;
        for block in blocks.iter().filter(|block| block["type"] == "thinking") {
            demand(!text(&block["signature"]).is_empty(), || format!("thoughts without a proof: {block}"))?;
        }
    }
    if thinks {
        thoughts_first(&body["messages"])?;
    }
    let places = Places {
        content: "content",
        model: "assistant",
        call: |block| (block["type"] == "tool_use").then(|| text(&block["id"])),
        result: |block| (block["type"] == "tool_result").then(|| text(&block["tool_use_id"])),
    };
    alternate(&body["messages"], &places)
}

/// With thoughts on, the model's last turn of a tool loop begins with thoughts.
fn thoughts_first(turns: &Value) -> Kept {
    let last = list(turns).iter().rfind(|turn| turn["role"] == "assistant");
    let Some(blocks) = last.map(|turn| list(&turn["content"])) else { return Ok(()) };
    let calls = blocks.iter().any(|block| block["type"] == "tool_use");
    let first = blocks.first().map_or("", |block| text(&block["type"]));
    demand(!calls || first.ends_with("thinking"), || "expected `thinking`, but found a call".into())
}

pub fn bedrock(body: &Value) -> Kept {
    let tools = list(&body["toolConfig"]["tools"]);
    let specs = tools.iter().map(|tool| &tool["toolSpec"]).filter(|spec| !spec.is_null());
    named(specs.clone().map(|spec| text(&spec["name"]).to_owned()))?;
    for spec in specs {
        demand(spec["inputSchema"]["json"]["type"] == "object", || format!("the schema of {spec}"))?;
        demand(spec["description"].as_str() != Some(""), || format!("an empty description: {spec}"))?;
    }
    let whole = body["messages"].to_string();
    let uses = whole.contains("\"toolUse\"") || whole.contains("\"toolResult\"");
    demand(!uses || !tools.is_empty(), || "calls, but no toolConfig".into())?;
    for block in list(&body["messages"]).iter().flat_map(|turn| list(&turn["content"])) {
        if let Some(result) = block["toolResult"].as_object() {
            demand(!list(&result["content"]).is_empty(), || format!("an empty result: {block}"))?;
        }
        if !block["toolUse"].is_null() {
            demand(block["toolUse"]["input"].is_object(), || format!("the input of {block}"))?;
        }
    }
    let places = Places {
        content: "content",
        model: "assistant",
        call: |block| block["toolUse"]["toolUseId"].as_str(),
        result: |block| block["toolResult"]["toolUseId"].as_str(),
    };
    alternate(&body["messages"], &places)
}

/// Results are known by their names.
pub fn gemini(body: &Value) -> Kept {
    let declared = list(&body["tools"]).iter().flat_map(|tool| list(&tool["functionDeclarations"]));
    named(declared.clone().map(|tool| text(&tool["name"]).to_owned()))?;
    for tool in declared {
        let schema = tool["parameters"].to_string();
        let unknown = ["$schema", "additionalProperties", "exclusiveMinimum", "const\":"];
        demand(!unknown.iter().any(|word| schema.contains(word)), || format!("the schema of {tool}"))?;
    }
    for part in list(&body["contents"]).iter().flat_map(|turn| list(&turn["parts"])) {
        let data = ["text", "functionCall", "functionResponse", "inlineData", "fileData"];
        let count = data.iter().filter(|name| !part[**name].is_null()).count();
        demand(count == 1, || format!("{count} kinds of data in one part: {part}"))?;
        if !part["functionResponse"].is_null() {
            demand(part["functionResponse"]["response"].is_object(), || format!("the result {part}"))?;
        }
    }
    let places = Places {
        content: "parts",
        model: "model",
        call: |part| part["functionCall"]["name"].as_str(),
        result: |part| part["functionResponse"]["name"].as_str(),
    };
    alternate(&body["contents"], &places)
}
