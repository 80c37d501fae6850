//! How much the model is to think, in the way of its family and generation.

use serde_json::{Value, json};

use super::super::models::Family;
use crate::canonical::effort::clamp;
use crate::canonical::{Lost, Request};

/// The least that Claude takes as a budget.
const LEAST_BUDGET: u64 = 1024;

/// What is said of it.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Thinking {
    /// A member of `additionalModelRequestFields` and its value.
    pub(super) field: Option<(&'static str, Value)>,
    /// `outputConfig.effort`
    pub(super) effort: Option<&'static str>,
    /// The model thinks in such a way that it takes neither samplers nor a forced call.
    pub(super) on: bool,
    /// Not even a limit.
    pub(super) unlimited: bool,
}

/// What is to be said for `family`.
pub(super) fn plan(request: &Request<'_>, family: Family, lost: &mut Lost) -> Thinking {
    let wanted = &request.reasoning;
    if !wanted.is_on() {
        return Thinking::default();
    }
    match family {
        Family::Claude(..) if family.is_claude_from(4, 6) => adaptive(request, family, lost),
        Family::Claude(..) if family.is_claude_from(3, 7) => enabled(request, lost),
        Family::Nova(2) => {
            let effort = clamp(wanted.as_effort().unwrap_or("medium"), &["low", "medium", "high"]).unwrap_or("medium");
            let field = Some(("reasoningConfig", json!({"type": "enabled", "maxReasoningEffort": effort})));
            Thinking { field, unlimited: effort == "high", ..Thinking::default() }
        }
        Family::GptOss => {
            let effort = wanted.as_effort().and_then(|effort| clamp(effort, &["low", "medium", "high"]));
            Thinking { field: effort.map(|effort| ("reasoning_effort", effort.into())), ..Thinking::default() }
        }
        // R1 always thinks.
        Family::DeepSeek => Thinking::default(),
        _ => {
            lost.add("reasoning");
            Thinking::default()
        }
    }
}

/// The newer ones decide for themselves how much, and are told how hard to try. 4.6 still takes a budget.
fn adaptive(request: &Request<'_>, family: Family, lost: &mut Lost) -> Thinking {
    let wanted = &request.reasoning;
    let newest = family.is_claude_from(4, 7);
    if wanted.budget.is_some() && !wanted.adaptive && !newest {
        return enabled(request, lost);
    }
    let mut thinking = json!({"type": "adaptive"});
    if newest && let Some(summary) = wanted.summary.as_deref() {
        thinking["display"] = if summary == "none" { "omitted" } else { "summarized" }.into();
    }
    let efforts: &[_] =
        if newest { &["low", "medium", "high", "xhigh", "max"] } else { &["low", "medium", "high", "max"] };
    let effort = wanted.as_effort().and_then(|effort| clamp(effort, efforts));
    Thinking { field: Some(("thinking", thinking)), effort, on: true, unlimited: false }
}

/// The older ones are given a budget, which has to be smaller than the answer may be; where it is not, a quarter is
/// left for what is said aloud.
fn enabled(request: &Request<'_>, lost: &mut Lost) -> Thinking {
    let wanted = request.reasoning.as_budget().unwrap_or(8192).max(LEAST_BUDGET);
    let budget = match request.max_tokens {
        Some(most) if wanted >= most => most - most / 4,
        _ => wanted,
    };
    if budget < LEAST_BUDGET || super::turns::acts_without_thoughts(request) {
        lost.add("reasoning");
        return Thinking::default();
    }
    let field = Some(("thinking", json!({"type": "enabled", "budget_tokens": budget})));
    Thinking { field, on: true, ..Thinking::default() }
}
