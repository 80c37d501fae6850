//! Why an answer ended.

use serde::Serialize;

use super::wire::StopDetails;
use crate::canonical::{Stop, StopReason, Str};

/// Reads `stop_reason` and what goes with it.
pub(super) fn read<'a>(reason: Str<'a>, sequence: Option<Str<'a>>, details: Option<StopDetails<'a>>) -> Stop<'a> {
    let canonical = match reason.as_str() {
        "max_tokens" | "model_context_window_exceeded" => StopReason::Length,
        "stop_sequence" => StopReason::Sequence,
        "tool_use" => StopReason::ToolCalls,
        "refusal" => StopReason::Filtered,
        "pause_turn" => StopReason::Paused,
        _ => StopReason::End, // `end_turn`, and what is still to come
    };
    let explanation = details.and_then(|details| details.explanation);
    Stop { reason: canonical, native: Some(reason), sequence, explanation }
}

/// `stop_reason`, `stop_sequence` and `stop_details`, as a reply and the end of a stream have them.
#[derive(Serialize)]
pub(super) struct Written<'a> {
    pub(super) stop_reason: &'static str,
    stop_sequence: Option<&'a str>,
    stop_details: Option<Details<'a>>,
}

#[derive(Serialize)]
struct Details<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    category: Option<()>,
    explanation: Option<&'a str>,
}

/// What the answer held, as far as it decides over the reason.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Held {
    /// A tool was asked for.
    pub(super) call: bool,
    /// The model refused in words of its own.
    pub(super) refusal: bool,
}

/// Writes why an answer ended that held `held`. Not every provider says that it waits for tools; clients of this
/// dialect go by the reason.
pub(super) fn write<'a>(stop: &'a Stop<'_>, held: Held) -> Written<'a> {
    let stop_reason = match stop.reason {
        StopReason::Length if stop.native.as_deref() == Some("model_context_window_exceeded") => {
            "model_context_window_exceeded"
        }
        StopReason::Length => "max_tokens",
        StopReason::Filtered => "refusal",
        StopReason::Paused => "pause_turn",
        // This very word is only used where it is meant: the call was another tool's, and is answered.
        StopReason::End if stop.native.as_deref() == Some("end_turn") && !held.refusal => "end_turn",
        _ if held.call => "tool_use",
        _ if held.refusal => "refusal",
        StopReason::Sequence => "stop_sequence",
        StopReason::End | StopReason::ToolCalls | StopReason::Broken => "end_turn",
    };
    Written {
        stop_reason,
        stop_sequence: stop.sequence.as_deref().filter(|_| stop_reason == "stop_sequence"),
        stop_details: (stop_reason == "refusal").then_some(Details {
            kind: "refusal",
            category: None,
            explanation: stop.explanation.as_deref(),
        }),
    }
}
