//! Tokens, counted as Cohere does.

use serde::{Deserialize, Serialize};

use crate::canonical::Usage;

/// What a reply or the end of a stream says.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Wire {
    billed_units: Option<Counts>,
    tokens: Option<Counts>,
    cached_tokens: Option<f64>,
}

/// Cohere's SDKs have them as floating point numbers.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Counts {
    input_tokens: Option<f64>,
    output_tokens: Option<f64>,
    reasoning_tokens: Option<f64>,
}

impl Wire {
    /// The tokens that the model saw and said. `cached_tokens` is a part of these and not of the smaller numbers that
    /// are billed, so the billed ones only stand in where the others are missing.
    pub(super) fn read(self) -> Usage {
        let tokens = self.tokens.unwrap_or_default();
        let billed = self.billed_units.unwrap_or_default();
        let (input, output) = (count(tokens.input_tokens), count(tokens.output_tokens));
        let (billed_input, billed_output) = (count(billed.input_tokens), count(billed.output_tokens));
        // Only where it differs: most of Cohere's models add nothing to a prompt.
        let other = |billed: Option<u64>, seen: Option<u64>| billed.filter(|_| seen.is_some() && billed != seen);
        Usage {
            input: input.or(billed_input),
            output: output.or(billed_output),
            billed_input: other(billed_input, input),
            billed_output: other(billed_output, output),
            cached: count(self.cached_tokens),
            reasoning: count(tokens.reasoning_tokens.or(billed.reasoning_tokens)),
            ..Usage::default()
        }
    }
}

/// What was billed, for those answers that say nothing else.
pub(super) fn billed(counts: Counts) -> Usage {
    Usage { input: count(counts.input_tokens), ..Usage::default() }
}

fn count(number: Option<f64>) -> Option<u64> {
    number.filter(|number| *number >= 0.0 && *number < 9e15).map(|number| number as u64)
}

/// How it is written.
#[derive(Serialize)]
pub(super) struct Written {
    billed_units: Units,
    tokens: Units,
    #[serde(skip_serializing_if = "Option::is_none")]
    cached_tokens: Option<u64>,
}

#[derive(Clone, Copy, Serialize)]
struct Units {
    input_tokens: u64,
    output_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_tokens: Option<u64>,
}

/// The usage of an answer, where any is known.
pub(super) fn write(usage: &Usage) -> Option<Written> {
    if usage.is_empty() {
        return None;
    }
    let units = |input: Option<u64>, output: Option<u64>, reasoning_tokens| Units {
        input_tokens: input.unwrap_or_default(),
        output_tokens: output.unwrap_or_default(),
        reasoning_tokens,
    };
    let tokens = units(usage.input, usage.output, usage.reasoning);
    let units = units(usage.billed_input.or(usage.input), usage.billed_output.or(usage.output), None);
    Some(Written { billed_units: units, tokens, cached_tokens: usage.cached })
}
