//! A whole answer.

use super::{Foreign, Part, Raw, Service, Str, Usage};

/// A whole answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reply<'a> {
    /// The provider's name of it. Empty where it gave none.
    pub id: Str<'a>,
    /// The model as the provider names it. Empty where it does not.
    pub model: Str<'a>,
    /// When, in seconds since 1970, where the provider says.
    pub created: Option<u64>,
    /// One answer, unless several were asked for.
    pub choices: Vec<Choice<'a>>,
    /// The tokens.
    pub usage: Usage,
    /// The service tier that was used.
    pub service_tier: Option<Str<'a>>,
    /// Members that only the provider's dialect knows.
    pub others: Vec<Foreign<'a>>,
}

/// One answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Choice<'a> {
    /// What the model said.
    pub parts: Vec<Part<'a>>,
    /// Why it ended.
    pub stop: Stop<'a>,
    /// How likely each token was, in the shape of OpenAI's Chat Completions.
    pub logprobs: Option<Raw<'a>>,
}

impl Reply<'_> {
    /// The tokens, with the class of service in which they were used.
    pub fn used(&self) -> Usage {
        Usage { service: self.service_tier.as_deref().and_then(Service::read).or(self.usage.service), ..self.usage }
    }

    /// A filter stopped it. What there is of it does not count: Bedrock's guardrails put the operator's own words there,
    /// and Anthropic what was said until then. A refusal in the model's words is an answer.
    pub fn is_filtered(&self) -> bool {
        let refused = |choice: &Choice<'_>| choice.parts.iter().any(|part| matches!(part, Part::Refusal(_)));
        let filtered = |choice: &Choice<'_>| choice.stop.reason == StopReason::Filtered && !refused(choice);
        !self.choices.is_empty() && self.choices.iter().all(filtered)
    }
}

/// Why an answer ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stop<'a> {
    /// In words that all dialects share.
    pub reason: StopReason,
    /// In the provider's own word.
    pub native: Option<Str<'a>>,
    /// The stop text that was met, where the provider says.
    pub sequence: Option<Str<'a>>,
    /// What the provider says about it: why it refused.
    pub explanation: Option<Str<'a>>,
}

/// Why an answer ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StopReason {
    /// It was complete.
    #[default]
    End,
    /// It met one of the stop texts.
    Sequence,
    /// It was as long as it may be, or the context was full.
    Length,
    /// The model waits for the results of tools.
    ToolCalls,
    /// The model refused, or a filter stopped it.
    Filtered,
    /// The provider paused a long turn: the client is to send it back to go on (Anthropic's `pause_turn`).
    Paused,
    /// The model's call of a tool could not be understood, or the like: the answer cannot be used.
    Broken,
}

impl<'a> Stop<'a> {
    /// A reason in the provider's own word.
    pub fn new(reason: StopReason, native: impl Into<Str<'a>>) -> Self {
        Self { reason, native: Some(native.into()), sequence: None, explanation: None }
    }
}
