//! Failures as a client of this dialect is told.

use bytes::Bytes;
use http::StatusCode;

use super::writing::Object;
use crate::canonical::{Fault, FaultKind};
use crate::dialect::error::told;

/// A fault before the answer has begun: status and body.
pub(super) fn write(fault: &Fault) -> (StatusCode, Bytes) {
    let (status, kind, code) = told::openai(fault);
    let mut body = Vec::new();
    let mut document = Object::begin(&mut body);
    let mut error = Object::begin(document.name("error"));
    error.member("message", &*told::message(fault));
    error.member("type", kind);
    error.member("param", &param(fault));
    error.member("code", &code);
    error.end();
    document.end();
    (status, body.into())
}

/// The code of a response that failed after it had begun. Few are known to the vendor's clients.
pub(super) fn failed_code(fault: &Fault) -> &'static str {
    match fault.kind {
        FaultKind::RateLimited => "rate_limit_exceeded",
        FaultKind::QuotaExhausted => "insufficient_quota",
        FaultKind::ContextExceeded => "context_length_exceeded",
        FaultKind::Rejected | FaultKind::ContentFiltered | FaultKind::BadRequest | FaultKind::TooLarge => {
            "invalid_prompt"
        }
        _ => "server_error",
    }
}

/// The member that is wrong, which our own messages begin with.
fn param(fault: &Fault) -> Option<&str> {
    match fault.kind {
        FaultKind::UnknownModel => Some("model"),
        FaultKind::BadRequest => fault.message.strip_prefix('`')?.split_once('`').map(|(path, _)| path),
        _ => None,
    }
}
