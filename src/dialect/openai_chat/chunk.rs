//! One event of a stream, or a whole reply, as far as it matters.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::reply::says_something;
use super::usage;
use crate::canonical::{Fault, Usage};
use crate::dialect::doors::Operation;
use crate::dialect::error;

/// What an event's data says. Members whose shape varies are kept raw: an odd one is not worth an answer.
#[derive(Deserialize)]
pub(super) struct Chunk<'a> {
    #[serde(borrow)]
    choices: Option<Vec<Choice<'a>>>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    #[serde(borrow)]
    x_groq: Option<&'a RawValue>,
    #[serde(borrow)]
    service_tier: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(borrow)]
    delta: Option<&'a RawValue>,
    /// Some servers send the whole answer as one event, shaped like a whole reply.
    #[serde(borrow)]
    message: Option<&'a RawValue>,
    /// Of legacy completions.
    #[serde(borrow)]
    text: Option<&'a RawValue>,
    #[serde(borrow)]
    finish_reason: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

/// The members that carry a part of an answer, for as many vendors as have their own.
#[derive(Deserialize)]
struct Delta<'a> {
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    #[serde(borrow)]
    reasoning_content: Option<&'a RawValue>,
    #[serde(borrow)]
    reasoning: Option<&'a RawValue>,
    #[serde(borrow)]
    reasoning_details: Option<&'a RawValue>,
    #[serde(borrow)]
    refusal: Option<&'a RawValue>,
    #[serde(borrow)]
    tool_calls: Option<&'a RawValue>,
    #[serde(borrow)]
    function_call: Option<&'a RawValue>,
    #[serde(borrow)]
    audio: Option<&'a RawValue>,
    #[serde(borrow)]
    images: Option<&'a RawValue>,
}

impl<'a> Chunk<'a> {
    pub(super) fn read(data: &'a [u8]) -> serde_json::Result<Self> {
        serde_json::from_slice(data)
    }

    pub(super) fn is_error(&self) -> bool {
        says(self.error)
    }

    /// A choice ended because of an error.
    pub(super) fn broken_off(&self) -> Option<Fault> {
        let broken = |choice: &&Choice<'_>| choice.finish_reason.is_some_and(|reason| reason.get() == "\"error\"");
        let choice = self.choices().iter().find(broken)?;
        Some(error::broken_off(choice.error.map(|error| error.get().as_bytes())))
    }

    /// Each answer in it was stopped by a filter.
    pub(super) fn is_filtered(&self) -> bool {
        const WORDS: [&str; 3] = ["\"content_filter\"", "\"refusal\"", "\"SAFETY\""];
        let filtered = |choice: &Choice<'_>| choice.finish_reason.is_some_and(|reason| WORDS.contains(&reason.get()));
        !self.choices().is_empty() && self.choices().iter().all(filtered)
    }

    pub(super) fn finishes(&self) -> bool {
        self.choices().iter().any(|choice| says(choice.finish_reason))
    }

    /// It carries a part of the answer.
    pub(super) fn is_real(&self, operation: Operation) -> bool {
        self.choices().iter().any(|choice| match operation {
            Operation::Completions => says(choice.text),
            _ => choice.delta.or(choice.message).is_some_and(Delta::is_real),
        })
    }

    pub(super) fn usage(&self) -> Option<Usage> {
        let own = self.usage.and_then(|raw| usage::read(raw.get().as_bytes()));
        let usage = own.or_else(|| usage::read_groq(self.x_groq?.get().as_bytes()))?;
        Some(Usage { service: self.service_tier.and_then(|raw| usage::service(raw.get().as_bytes())), ..usage })
    }

    fn choices(&self) -> &[Choice<'a>] {
        self.choices.as_deref().unwrap_or_default()
    }
}

impl Delta<'_> {
    fn is_real(raw: &RawValue) -> bool {
        serde_json::from_str::<Delta<'_>>(raw.get()).is_ok_and(|delta| {
            says(delta.content)
                || says(delta.reasoning_content)
                || says(delta.reasoning)
                || says(delta.reasoning_details)
                || says(delta.refusal)
                || says(delta.tool_calls)
                || says(delta.function_call)
                || says(delta.audio)
                || says(delta.images)
        })
    }
}

fn says(raw: Option<&RawValue>) -> bool {
    raw.is_some_and(|raw| says_something(raw.get().as_bytes()))
}
