//! Why an answer ended, in this dialect's words and others' that are seen in it.

use crate::canonical::{Part, Stop, StopReason, Str};

/// What a choice says of its end.
#[derive(Default)]
pub(super) struct Ended<'a> {
    /// `finish_reason`.
    pub finish: Option<Str<'a>>,
    /// OpenRouter's `native_finish_reason`.
    pub native: Option<Str<'a>>,
    /// vLLM's `stop_reason`: the text that was met.
    pub met: Option<Str<'a>>,
}

impl<'a> Ended<'a> {
    /// Why it ended; `calls` and `refused` tell what was in the answer.
    pub(super) fn stop(self, calls: bool, refused: bool) -> Stop<'a> {
        let Self { finish, native, met } = self;
        let told = native.as_deref().and_then(limit).or(finish.as_deref().and_then(reason));
        let reason = match told {
            Some(StopReason::End) | None if calls => StopReason::ToolCalls,
            Some(StopReason::End) | None if refused => StopReason::Filtered,
            // A number is the token that ended it, which is no text to stop at.
            Some(StopReason::End) if met.as_deref().is_some_and(|met| met.parse::<i64>().is_err()) => {
                StopReason::Sequence
            }
            Some(reason) => reason,
            None => StopReason::End,
        };
        let sequence = met.filter(|_| reason == StopReason::Sequence);
        Stop { reason, native: native.or(finish), sequence, explanation: None }
    }
}

/// Some who translate say `tool_calls` of a call that was cut; what they translate from says the truth.
fn limit(native: &str) -> Option<StopReason> {
    matches!(native, "length" | "max_tokens" | "max_output_tokens" | "MAX_TOKENS").then_some(StopReason::Length)
}

fn reason(word: &str) -> Option<StopReason> {
    Some(match word {
        "stop" | "eos" | "eos_token" | "end_turn" | "STOP" | "COMPLETE" => StopReason::End,
        "length" | "model_length" | "max_tokens" | "MAX_TOKENS" => StopReason::Length,
        "tool_calls" | "function_call" | "tool_use" => StopReason::ToolCalls,
        "content_filter" | "refusal" | "safety" | "SAFETY" => StopReason::Filtered,
        "stop_sequence" => StopReason::Sequence,
        "pause_turn" => StopReason::Paused,
        "malformed_function_call" | "MALFORMED_FUNCTION_CALL" => StopReason::Broken,
        _ => return None,
    })
}

/// The `finish_reason` that a client of this dialect knows. A refusal in words is a good end, as OpenAI has it.
pub(super) fn word(reason: StopReason, calls: bool, refused: bool) -> &'static str {
    match reason {
        StopReason::ToolCalls => "tool_calls",
        StopReason::End | StopReason::Sequence | StopReason::Paused | StopReason::Broken if calls => "tool_calls",
        StopReason::End | StopReason::Sequence | StopReason::Paused | StopReason::Broken => "stop",
        StopReason::Length => "length",
        StopReason::Filtered if refused => "stop",
        StopReason::Filtered => "content_filter",
    }
}

/// Whether there is a call among the parts, and whether a refusal.
pub(super) fn holds(parts: &[Part<'_>]) -> (bool, bool) {
    let calls = parts.iter().any(|part| matches!(part, Part::ToolCall(_)));
    let refused = parts.iter().any(|part| matches!(part, Part::Refusal(text) if !text.is_empty()));
    (calls, refused)
}
