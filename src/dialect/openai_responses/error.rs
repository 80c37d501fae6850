//! Failures as a client of this dialect is told.

use std::ops::RangeInclusive;

use bytes::Bytes;
use http::StatusCode;

use super::writing::Object;
use crate::canonical::{Fault, FaultKind};

/// A fault before the answer has begun: status and body.
pub(super) fn write(fault: &Fault) -> (StatusCode, Bytes) {
    let (status, kind, code) = words(fault);
    let mut body = Vec::new();
    let mut document = Object::begin(&mut body);
    let mut error = Object::begin(document.name("error"));
    error.member("message", &*message(fault));
    error.member("type", kind);
    error.member("param", &param(fault));
    error.member("code", &code);
    error.end();
    document.end();
    (status, body.into())
}

/// What a client is told of a fault, wherever it is told.
pub(super) fn message(fault: &Fault) -> std::borrow::Cow<'_, str> {
    match fault.kind {
        FaultKind::KeyRefused => format!("the provider refused the API key: {}", fault.message).into(),
        _ => (&*fault.message).into(),
    }
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

/// Status, type and code.
fn words(fault: &Fault) -> (StatusCode, &'static str, Option<&'static str>) {
    use FaultKind::*;
    const REQUEST: &str = "invalid_request_error";
    let label = Some(fault.kind.as_str());
    match fault.kind {
        BadRequest | Unsupported => (StatusCode::BAD_REQUEST, REQUEST, None),
        Rejected => (theirs(fault, 400..=499, StatusCode::BAD_REQUEST), REQUEST, None),
        ContextExceeded => (StatusCode::BAD_REQUEST, REQUEST, Some("context_length_exceeded")),
        ContentFiltered => (StatusCode::BAD_REQUEST, REQUEST, Some("content_policy_violation")),
        UnknownModel | ModelMissing => (StatusCode::NOT_FOUND, REQUEST, Some("model_not_found")),
        TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, REQUEST, Some("request_too_large")),
        ClientTimeout => (StatusCode::REQUEST_TIMEOUT, REQUEST, label),
        Forbidden => (StatusCode::FORBIDDEN, REQUEST, label),
        KeyRefused => (theirs(fault, 401..=403, StatusCode::UNAUTHORIZED), REQUEST, Some("invalid_api_key")),
        RateLimited => (StatusCode::TOO_MANY_REQUESTS, "rate_limit_error", Some("rate_limit_exceeded")),
        QuotaExhausted => (StatusCode::TOO_MANY_REQUESTS, "insufficient_quota", Some("insufficient_quota")),
        Overloaded | NoTarget | Busy => (StatusCode::SERVICE_UNAVAILABLE, "server_error", label),
        ServerError => (theirs(fault, 500..=599, StatusCode::BAD_GATEWAY), "server_error", label),
        ConnectTimeout | FirstTokenTimeout | IdleTimeout | TotalTimeout | UpstreamTimeout => {
            (StatusCode::GATEWAY_TIMEOUT, "api_error", label)
        }
        // Nobody is there to read it.
        ClientGone => (StatusCode::BAD_REQUEST, REQUEST, label),
        Connect | Tls | Reset | Empty | Malformed | Truncated | Diverged | Overtaken => {
            (StatusCode::BAD_GATEWAY, "api_error", label)
        }
        Internal => (StatusCode::INTERNAL_SERVER_ERROR, "server_error", label),
    }
}

/// The provider's own status where it is of the kind that it should be.
fn theirs(fault: &Fault, range: RangeInclusive<u16>, otherwise: StatusCode) -> StatusCode {
    let status = fault.status.filter(|status| range.contains(status));
    status.and_then(|status| StatusCode::from_u16(status).ok()).unwrap_or(otherwise)
}
