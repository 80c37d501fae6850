//! Chat Completions, and the older Completions, whole and chunk by chunk.

use serde_json::{Value, json};

use super::{Answerer, Object};
use crate::canonical::{Dialect, Usage};
use crate::dialect::doors::Operation;

/// A whole answer.
pub(super) fn whole(by: &Answerer, document: &mut Object, usage: &Usage) {
    let object = if by.operation == Operation::Completions { "text_completion" } else { "chat.completion" };
    head(by, document, object);
    document.entry("system_fingerprint").or_insert(Value::Null);
    choices(by, document, "message");
    if let Some(counted) = document.get_mut("usage") {
        by.count(counted, usage);
    }
    by.tell_route(document);
}

/// One chunk of a stream.
pub(super) fn chunk(by: &Answerer, document: &mut Object, usage: &Usage) {
    let object = if by.operation == Operation::Completions { "text_completion" } else { "chat.completion.chunk" };
    head(by, document, object);
    if document.get("system_fingerprint").is_some_and(Value::is_null) {
        document.shift_remove("system_fingerprint");
    }
    choices(by, document, "delta");
    match document.get_mut("usage") {
        Some(Value::Null) => _ = document.shift_remove("usage"),
        Some(counted) => by.count(counted, usage),
        None => {}
    }
}

/// A chunk that carries no part of the answer.
pub(super) fn bare_chunk(by: &Answerer) -> Object {
    let mut document = Object::new();
    document.insert("choices".to_owned(), json!([]));
    chunk(by, &mut document, &Usage::default());
    document
}

/// What was counted, where no chunk of the provider's said it in a place that clients know.
pub(super) fn counted(usage: &Usage) -> Option<Value> {
    let (input, output) = (usage.input?, usage.output?);
    Some(json!({
        "prompt_tokens": input,
        "completion_tokens": output,
        "total_tokens": input.saturating_add(output),
        "prompt_tokens_details": {"cached_tokens": usage.cached.unwrap_or(0)},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning.unwrap_or(0)},
    }))
}

fn head(by: &Answerer, document: &mut Object, object: &str) {
    document.insert("id".to_owned(), by.generation.clone().into());
    document.entry("object").or_insert(object.into());
    document.entry("created").or_insert(by.created.into());
    document.insert("model".to_owned(), by.model.clone().into());
    document.insert("provider".to_owned(), by.provider.clone().into());
}

fn choices(by: &Answerer, document: &mut Object, part: &str) {
    let Some(Value::Array(choices)) = document.get_mut("choices") else { return };
    for choice in choices.iter_mut().filter_map(Value::as_object_mut) {
        let finish = choice.get("finish_reason").cloned().unwrap_or_default();
        choice.insert("finish_reason".to_owned(), known(&finish));
        choice.entry("native_finish_reason").or_insert(finish);
        if let Some(Value::Object(part)) = choice.get_mut(part) {
            thoughts(by, part);
        }
    }
}

/// A reason to end in the words of the specification.
fn known(finish: &Value) -> Value {
    let Some(word) = finish.as_str() else { return Value::Null };
    match word {
        "stop" | "length" | "tool_calls" | "content_filter" | "error" => word,
        "function_call" | "tool_use" => "tool_calls",
        "max_tokens" | "model_length" | "max_output_tokens" => "length",
        "refusal" | "safety" | "SAFETY" => "content_filter",
        _ => "stop",
    }
    .into()
}

/// Thoughts under the name, and with the details, under which clients look for them.
fn thoughts(by: &Answerer, part: &mut Object) {
    let said = part.shift_remove("reasoning_content");
    if by.hides_thoughts {
        part.shift_remove("reasoning");
        part.shift_remove("reasoning_details");
        return;
    }
    if let Some(said) = said.filter(|said| said.as_str().is_some_and(|text| !text.is_empty())) {
        part.entry("reasoning").or_insert(said);
    }
    let text = part.get("reasoning").and_then(Value::as_str).filter(|text| !text.is_empty());
    if let Some(text) = text.filter(|_| !part.contains_key("reasoning_details")) {
        let detail = json!([{"type": "reasoning.text", "text": text, "format": "unknown", "index": 0}]);
        part.insert("reasoning_details".to_owned(), detail);
    }
}

/// Whether a stream in this dialect is one of chunks.
pub(super) fn streams(by: &Answerer) -> bool {
    by.dialect == Dialect::OpenAiChat
}
