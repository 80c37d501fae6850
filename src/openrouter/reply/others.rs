//! Messages, Responses, embeddings and rankings.

use serde_json::Value;

use super::{Answerer, Object};
use crate::canonical::{Raw, Str, Usage};
use crate::dialect::json::quote;
use crate::dialect::wire::Members;

/// Anthropic's message, whole.
pub(super) fn message(by: &Answerer, document: &mut Object, usage: &Usage) {
    begun_message(by, document);
    let blocks = document.get_mut("content").and_then(Value::as_array_mut).into_iter().flatten();
    for block in blocks.filter_map(Value::as_object_mut).filter(|block| is_text(block)) {
        block.entry("citations").or_insert(Value::Null);
    }
    if let Some(counted) = document.get_mut("usage") {
        by.count(counted, usage);
    }
    by.tell_route(document);
}

fn is_text(block: &Object) -> bool {
    block.get("type").is_some_and(|kind| kind == "text")
}

/// The same as a stream begins with it.
pub(super) fn begun_message(by: &Answerer, document: &mut Object) {
    document.insert("provider".to_owned(), by.provider.clone().into());
    document.insert("model".to_owned(), by.model.clone().into());
    for name in ["container", "stop_details", "stop_reason", "stop_sequence"] {
        document.entry(name).or_insert(Value::Null);
    }
}

/// OpenAI's response, whole or as an event has it.
pub(super) fn response(by: &Answerer, document: &mut Object, usage: &Usage) {
    document.insert("model".to_owned(), by.model.clone().into());
    match document.get_mut("usage") {
        Some(Value::Null) => _ = document.shift_remove("usage"),
        Some(counted) => by.count(counted, usage),
        None => {}
    }
    for name in ["completed_at", "error", "incomplete_details", "instructions"] {
        document.entry(name).or_insert(Value::Null);
    }
    for name in ["presence_penalty", "frequency_penalty"] {
        document.entry(name).or_insert(0.into());
    }
}

/// Vectors, of which there may be millions of numbers, and rankings: only the members beside them are looked at.
pub(super) fn vectors(by: &Answerer, body: &[u8], usage: &Usage) -> Option<Vec<u8>> {
    let Members(members) = serde_json::from_slice::<Members<'_>>(body).ok()?;
    let mut out = Vec::with_capacity(body.len() + 256);
    out.extend_from_slice(b"{\"id\":");
    quote(&by.generation, &mut out);
    for (name, text) in [("provider", &by.provider), ("model", &by.model)] {
        member(name, &mut out);
        quote(text, &mut out);
    }
    let others = |(name, _): &&(Str<'_>, Raw<'_>)| !matches!(name.as_str(), "id" | "provider" | "model");
    for (name, value) in members.iter().filter(others) {
        member(name, &mut out);
        match (name.as_str(), value.tree()) {
            ("usage", mut counted @ Value::Object(_)) => {
                by.count(&mut counted, usage);
                out.extend_from_slice(counted.to_string().as_bytes());
            }
            _ => out.extend_from_slice(value.as_str().as_bytes()),
        }
    }
    out.push(b'}');
    Some(out)
}

fn member(name: &str, out: &mut Vec<u8>) {
    out.push(b',');
    quote(name, out);
    out.push(b':');
}
