//! How much the model is to think, and what that excludes.

use serde::Serialize;

use super::super::generation::{Forced, Model, Off, Way};
use crate::canonical::{Lost, Request, effort};

/// `thinking`.
#[derive(Debug, Serialize)]
pub(super) struct Thinking {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    budget_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    display: Option<&'static str>,
}

/// What is said of thinking, and the limit of tokens that goes with it.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) thinking: Option<Thinking>,
    pub(super) effort: Option<&'static str>,
    pub(super) max_tokens: u64,
    /// It is said to think: then it takes no sampling parameters and no beginning of its answer.
    pub(super) on: bool,
}

/// The least budget there is.
const LEAST_BUDGET: u64 = 1024;
/// What is left for the answer above a budget, where the client leaves the limit open.
const ANSWER: u64 = 8192;
/// The effort where the client wants thoughts and does not say how many.
const USUAL: &str = "medium";

/// Decides. `forced`: the model must ask for a tool; `without_history`: the thoughts that led to the tools in use are
/// not there, which a model that is given a budget does not accept.
pub(super) fn plan(request: &Request<'_>, model: &Model, forced: bool, without_history: bool, lost: &mut Lost) -> Plan {
    let mut plan = Plan { max_tokens: max_tokens(request, model, lost), ..Plan::default() };
    let wanted = &request.reasoning;
    if wanted.off {
        turn_off(&mut plan, request, model, lost);
        return plan;
    }
    plan.effort = wanted.as_effort().and_then(|word| effort::clamp(word, model.efforts));
    if !wanted.is_on() {
        return plan;
    }
    let impossible = match model.thinking {
        Way::Never => true,
        Way::Budget => without_history,
        Way::Either | Way::Adaptive | Way::Unless(_) => false,
    };
    if impossible || (forced && model.forced_tools == Forced::Unthinking) {
        lost.add("reasoning");
        return plan;
    }
    let by_budget = match model.thinking {
        Way::Budget => true,
        Way::Either => wanted.budget.is_some() && !without_history,
        _ => false,
    };
    let display = match wanted.summary.as_deref() {
        None => None,
        Some("none") => Some("omitted"),
        Some(_) => Some("summarized"),
    };
    if !by_budget {
        plan.thinking = Some(Thinking { kind: "adaptive", budget_tokens: None, display });
        plan.on = true;
        return plan;
    }
    plan.effort = wanted.effort.as_deref().and(plan.effort);
    match budget(request, model, &mut plan.max_tokens) {
        Some(budget) => {
            plan.thinking = Some(Thinking { kind: "enabled", budget_tokens: Some(budget), display });
            plan.on = true;
        }
        None => lost.add("reasoning"),
    }
    plan
}

/// The client's limit, or one that fits the model.
fn max_tokens(request: &Request<'_>, model: &Model, lost: &mut Lost) -> u64 {
    let Some(asked) = request.max_tokens else { return model.default_max_tokens() };
    match model.longest {
        // More is refused, and the model could not say more.
        Some(longest) if asked > longest => {
            lost.add("max_tokens");
            longest
        }
        _ => asked.max(1),
    }
}

/// A budget below the limit of tokens. The client's own limit stands, and leaves at least a quarter to the answer.
fn budget(request: &Request<'_>, model: &Model, max_tokens: &mut u64) -> Option<u64> {
    let wanted = request.reasoning.as_budget().or_else(|| effort::budget_of(USUAL))?.max(LEAST_BUDGET);
    if request.max_tokens.is_none() {
        let room = wanted.saturating_add(ANSWER).max(*max_tokens);
        *max_tokens = model.longest.map_or(room, |longest| room.min(longest));
    }
    let most = if wanted < *max_tokens { wanted } else { *max_tokens - *max_tokens / 4 };
    (most >= LEAST_BUDGET && most < *max_tokens).then_some(most)
}

/// Where thinking is not on by itself, nothing has to be said.
fn turn_off(plan: &mut Plan, request: &Request<'_>, model: &Model, lost: &mut Lost) {
    let effort = request.reasoning.effort.as_deref();
    let kind = match model.thinking {
        Way::Unless(Off::Disabled) => {
            plan.effort = effort.and_then(|word| effort::clamp(word, &["low", "medium", "high"]));
            "disabled"
        }
        Way::Unless(Off::BetweenTools) => "between_tools",
        Way::Unless(Off::Impossible) => {
            lost.add("reasoning");
            plan.effort = Some("low"); // the nearest
            return;
        }
        _ => {
            plan.effort = effort.and_then(|word| effort::clamp(word, model.efforts));
            return;
        }
    };
    plan.thinking = Some(Thinking { kind, budget_tokens: None, display: None });
}
