//! Why an answer ended.

use serde_json::value::RawValue;

use super::wire::Fields;
use crate::canonical::{Stop, StopReason, Str};

/// Converse's words. The first of a reason is the one that is written for it.
const WORDS: [(&str, StopReason); 9] = [
    ("end_turn", StopReason::End),
    ("tool_use", StopReason::ToolCalls),
    ("max_tokens", StopReason::Length),
    ("stop_sequence", StopReason::Sequence),
    ("content_filtered", StopReason::Filtered),
    ("guardrail_intervened", StopReason::Filtered),
    ("malformed_tool_use", StopReason::Broken),
    ("malformed_model_output", StopReason::Broken),
    ("model_context_window_exceeded", StopReason::Length),
];

/// The reason that `word` is. A word that is not known, like one that only says that the model is done, is a wait for
/// tools where tools were asked for (`calls`).
pub(super) fn read<'a>(word: Str<'a>, fields: Option<&'a RawValue>, calls: bool) -> Stop<'a> {
    let known = WORDS.iter().find(|(known, _)| word == *known).map(|(_, reason)| *reason);
    let reason = match known.unwrap_or_default() {
        StopReason::End if calls => StopReason::ToolCalls,
        reason => reason,
    };
    let native = Some(word).filter(|word| !word.is_empty());
    Stop { reason, native, sequence: fields.and_then(sequence), explanation: None }
}

/// Where the client asked for it by its path, Claude tells which text it met.
fn sequence(fields: &RawValue) -> Option<Str<'_>> {
    let Fields(fields) = serde_json::from_str(fields.get()).ok()?;
    let (_, met) = fields.into_iter().find(|(name, _)| name.as_str() == "stop_sequence")?;
    serde_json::from_str::<Option<Str<'_>>>(met.get()).ok()?
}

/// The word for it: the provider's own where it is one of Converse's that means the same.
pub(super) fn write(stop: &Stop<'_>) -> &'static str {
    let native = |word: &str| stop.native.as_deref() == Some(word);
    let of_reason = || WORDS.iter().filter(|(_, reason)| *reason == stop.reason);
    let row = of_reason().find(|(word, _)| native(word)).or_else(|| of_reason().next());
    row.map_or("end_turn", |(word, _)| word)
}
