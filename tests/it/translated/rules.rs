//! What vendors refuse: the documented rules of their requests that a translation can break.

mod blocks;
mod messages;

use std::collections::HashSet;

use serde_json::Value;

use crate::support::provider::Seen;

/// Fails where a provider of that dialect would answer 400.
#[track_caller]
pub fn keeps(dialect: &str, seen: &Seen) {
    let body = seen.json();
    let broken = match dialect {
        "openai_chat" => messages::openai_chat(&body),
        "openai_responses" => messages::openai_responses(&body),
        "anthropic" => blocks::anthropic(&body),
        "gemini" => blocks::gemini(&body),
        "bedrock" => blocks::bedrock(&body),
        "cohere" => messages::cohere(&body),
        _ => messages::ollama(&body),
    };
    if let Err(rule) = broken {
        panic!("{dialect} refuses: {rule}\n{body}");
    }
    assert!(!body.to_string().contains("~outrider"), "{dialect} sees what is ours: {body}");
}

type Kept = Result<(), String>;

/// `Err` with what is broken.
fn demand(holds: bool, rule: impl FnOnce() -> String) -> Kept {
    if holds { Ok(()) } else { Err(rule()) }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Names of tools and, at most vendors, ids of calls.
fn named(names: impl Iterator<Item = String>) -> Kept {
    let mut known = HashSet::new();
    for name in names {
        let fits = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
        demand((1..=64).contains(&name.len()) && name.chars().all(fits), || format!("the name `{name}`"))?;
        demand(known.insert(name.clone()), || format!("`{name}` is there twice"))?;
    }
    Ok(())
}

/// Each call has its result, and each result its call.
fn answered(calls: &[&str], results: &[&str]) -> Kept {
    let sorted = |ids: &[&str]| {
        let mut ids: Vec<_> = ids.iter().map(|id| (*id).to_owned()).collect();
        ids.sort();
        ids
    };
    demand(sorted(calls) == sorted(results), || format!("the calls {calls:?} with the results {results:?}"))
}
