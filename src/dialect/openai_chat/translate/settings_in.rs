//! How much the model is to think, in all the ways that this dialect's clients say it.

use serde::Deserialize;

use crate::canonical::{Str, Thinking};

/// OpenRouter's `reasoning`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Reasoning<'a> {
    #[serde(borrow)]
    effort: Option<Str<'a>>,
    max_tokens: Option<u64>,
    enabled: Option<bool>,
    exclude: Option<bool>,
    #[serde(borrow)]
    summary: Option<Str<'a>>,
}

/// Anthropic's form, which DeepSeek, z.ai and many gateways take.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Switch<'a> {
    #[serde(rename = "type", borrow)]
    kind: Option<Str<'a>>,
    budget_tokens: Option<u64>,
}

/// The members that say it.
#[derive(Default)]
pub(super) struct Said<'a> {
    pub effort: Option<Str<'a>>,
    pub reasoning: Option<Reasoning<'a>>,
    pub thinking: Option<Switch<'a>>,
    pub enable_thinking: Option<bool>,
    pub thinking_budget: Option<u64>,
    pub include_reasoning: Option<bool>,
}

impl<'a> Said<'a> {
    /// What all of them mean; OpenAI's own word goes first.
    pub(super) fn thinking(self) -> Thinking<'a> {
        let Reasoning { effort, max_tokens, enabled, exclude, summary } = self.reasoning.unwrap_or_default();
        let hidden = exclude == Some(true) || self.include_reasoning == Some(false);
        let summary = summary.or(hidden.then(|| "none".into()));
        let switch = self.thinking.unwrap_or_default();
        let (kind, budget) = (switch.kind.unwrap_or_default(), max_tokens.or(switch.budget_tokens));
        let budget = budget.or(self.thinking_budget);
        let how = match self.effort.or(effort) {
            Some(word) if word == "none" => Thinking { off: true, ..Thinking::default() },
            Some(word) => Thinking { effort: Some(word), ..Thinking::default() },
            None if kind == "disabled" || enabled == Some(false) || self.enable_thinking == Some(false) => {
                Thinking { off: true, ..Thinking::default() }
            }
            None if budget.is_some() => Thinking { budget, ..Thinking::default() },
            None => {
                let on = matches!(kind.as_str(), "enabled" | "adaptive" | "auto");
                let adaptive = on || enabled == Some(true) || self.enable_thinking == Some(true);
                Thinking { adaptive, ..Thinking::default() }
            }
        };
        Thinking { summary, ..how }
    }
}
