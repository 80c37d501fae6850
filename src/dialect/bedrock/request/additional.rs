//! `additionalModelRequestFields`: what each family of models has beside Converse's own members.

use serde::Deserialize;
use serde_json::Number;
use serde_json::value::RawValue;

use super::super::DIALECT;
use super::super::wire::Fields;
use crate::canonical::{Fault, FaultKind, Foreign, Raw, Request, Str};

/// Before the names of those that have no place in the canonical model, in [`Request::others`].
pub(super) const PREFIX: &str = "additionalModelRequestFields.";

/// Claude's `thinking`, Nova's `reasoningConfig`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Thinking<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Str<'a>>,
    budget_tokens: Option<u64>,
    #[serde(borrow)]
    display: Option<Str<'a>>,
    #[serde(borrow, rename = "maxReasoningEffort")]
    effort: Option<Str<'a>>,
}

/// Nova's `inferenceConfig`, Claude's `output_config`: of each the one member that means something here.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Nested<'a> {
    #[serde(rename = "topK")]
    top_k: Option<Number>,
    #[serde(borrow)]
    effort: Option<Str<'a>>,
}

/// Puts what has a place in the canonical model there, and the rest into `others`.
pub(super) fn read<'a>(wire: &'a RawValue, request: &mut Request<'a>) -> Result<(), Fault> {
    let wrong = |error: serde_json::Error| {
        Fault::new(FaultKind::BadRequest, format!("`additionalModelRequestFields`: {error}"))
    };
    let Fields(fields) = serde_json::from_str(wire.get()).map_err(wrong)?;
    for (name, value) in fields {
        if value.get() != "null" && !known(&name, value, request) {
            let kind = format!("{PREFIX}{name}").into();
            request.others.push(Foreign { dialect: DIALECT, kind, json: Raw::from(value) });
        }
    }
    Ok(())
}

/// Whether it has a place, and is put there.
fn known<'a>(name: &str, value: &'a RawValue, request: &mut Request<'a>) -> bool {
    let text = value.get();
    match name {
        "thinking" | "reasoningConfig" | "reasoning_config" => match serde_json::from_str(text) {
            Ok(thinking) => thought(thinking, request),
            Err(_) => false,
        },
        "output_config" | "inferenceConfig" => match serde_json::from_str::<Nested<'a>>(text) {
            Ok(Nested { top_k: Some(top_k), .. }) if name == "inferenceConfig" => {
                request.top_k = Some(top_k);
                true
            }
            Ok(Nested { effort: Some(effort), .. }) if name == "output_config" => {
                request.reasoning.effort = Some(effort);
                true
            }
            _ => false,
        },
        "reasoning_effort" => match serde_json::from_str(text) {
            Ok(effort) => {
                request.reasoning.effort = Some(effort);
                true
            }
            Err(_) => false,
        },
        "top_k" | "topK" | "k" => match serde_json::from_str(text) {
            Ok(number) => {
                request.top_k = Some(number);
                true
            }
            Err(_) => false,
        },
        _ => false,
    }
}

fn thought<'a>(thinking: Thinking<'a>, request: &mut Request<'a>) -> bool {
    let reasoning = &mut request.reasoning;
    match thinking.kind.as_deref() {
        Some("disabled") => reasoning.off = true,
        Some("adaptive") => reasoning.adaptive = true,
        Some("enabled") => {
            reasoning.budget = thinking.budget_tokens;
            if thinking.effort.is_some() {
                reasoning.effort = thinking.effort;
            } else if reasoning.budget.is_none() {
                reasoning.adaptive = true;
            }
        }
        _ => return false,
    }
    reasoning.summary = match thinking.display.as_deref() {
        Some("omitted") => Some("none".into()),
        Some(_) => Some("auto".into()),
        None => reasoning.summary.take(),
    };
    true
}
