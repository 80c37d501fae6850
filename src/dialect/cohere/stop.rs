//! Why an answer ended, in Cohere's words.

use crate::canonical::{Fault, FaultKind, Stop, StopReason, Str};
use crate::dialect::error;

/// What Cohere's word means. `calls`: a tool was asked for.
pub(super) fn read(native: Str<'_>, calls: bool) -> Stop<'_> {
    let reason = match native.as_str() {
        "TOOL_CALL" => StopReason::ToolCalls,
        "MAX_TOKENS" | "ERROR_LIMIT" => StopReason::Length,
        "STOP_SEQUENCE" => StopReason::Sequence,
        "ERROR_TOXIC" => StopReason::Filtered,
        _ if calls => StopReason::ToolCalls,
        _ => StopReason::End,
    };
    Stop { reason, native: (!native.is_empty()).then_some(native), ..Stop::default() }
}

/// The word for an answer that cannot be used; `document` may say more.
pub(super) fn fault(native: &str, document: &[u8]) -> Option<Fault> {
    match native {
        "ERROR" => {
            let said = serde_json::from_slice::<Said<'_>>(document).ok().and_then(|said| said.error);
            Some(error::broken_off(said.is_some().then_some(document)))
        }
        "TIMEOUT" => Some(Fault::new(FaultKind::UpstreamTimeout, "the provider took too long for its answer")),
        _ => None,
    }
}

#[derive(serde::Deserialize)]
struct Said<'a> {
    #[serde(borrow, default)]
    error: Option<&'a serde_json::value::RawValue>,
}

/// Cohere's word. It has none for a filter.
pub(super) fn write(reason: StopReason) -> &'static str {
    match reason {
        StopReason::End | StopReason::Paused => "COMPLETE",
        StopReason::Sequence => "STOP_SEQUENCE",
        StopReason::Length => "MAX_TOKENS",
        StopReason::ToolCalls => "TOOL_CALL",
        StopReason::Filtered | StopReason::Broken => "ERROR",
    }
}

/// Cohere's word for an answer that broke off.
pub(super) fn of_fault(fault: &Fault) -> &'static str {
    match fault.kind {
        FaultKind::UpstreamTimeout | FaultKind::IdleTimeout | FaultKind::TotalTimeout => "TIMEOUT",
        _ => "ERROR",
    }
}
