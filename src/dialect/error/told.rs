//! What clients of several dialects are told alike: the words of a fault, and the status that goes with it.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use http::StatusCode;

use crate::canonical::{Fault, FaultKind};

/// The words. A client whose own key is good has to know that another one is meant.
pub fn message(fault: &Fault) -> Cow<'_, str> {
    match fault.kind {
        FaultKind::KeyRefused => format!("the provider refused the API key: {}", fault.message).into(),
        _ => Cow::Borrowed(&fault.message),
    }
}

/// The status, where a dialect has no other habit.
pub fn status(fault: &Fault) -> StatusCode {
    use FaultKind::*;
    match fault.kind {
        BadRequest | Unsupported => StatusCode::BAD_REQUEST,
        Rejected | ContextExceeded | ContentFiltered => upstreams(fault, 400..=499, StatusCode::BAD_REQUEST),
        UnknownModel | ModelMissing | Excluded => StatusCode::NOT_FOUND,
        TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ClientTimeout => StatusCode::REQUEST_TIMEOUT,
        Forbidden => StatusCode::FORBIDDEN,
        Unauthorized => StatusCode::UNAUTHORIZED,
        OverBudget => StatusCode::PAYMENT_REQUIRED,
        KeyRefused => upstreams(fault, 401..=403, StatusCode::UNAUTHORIZED),
        RateLimited | QuotaExhausted | OverLimit => StatusCode::TOO_MANY_REQUESTS,
        Overloaded | NoTarget | Busy => StatusCode::SERVICE_UNAVAILABLE,
        ServerError => upstreams(fault, 500..=599, StatusCode::BAD_GATEWAY),
        ConnectTimeout | FirstTokenTimeout | IdleTimeout | TotalTimeout | UpstreamTimeout => {
            StatusCode::GATEWAY_TIMEOUT
        }
        // Nobody is there to read it.
        ClientGone => StatusCode::BAD_REQUEST,
        Connect | Tls | Reset | Empty | Malformed | Truncated | Diverged | Overtaken => StatusCode::BAD_GATEWAY,
        Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The provider's own status where it is of the kind that it should be.
pub fn upstreams(fault: &Fault, range: RangeInclusive<u16>, otherwise: StatusCode) -> StatusCode {
    let status = fault.status.filter(|status| range.contains(status));
    status.and_then(|status| StatusCode::from_u16(status).ok()).unwrap_or(otherwise)
}

/// Status, type and code in OpenAI's two dialects.
pub fn openai(fault: &Fault) -> (StatusCode, &'static str, Option<&'static str>) {
    use FaultKind::*;
    const REQUEST: &str = "invalid_request_error";
    let label = Some(fault.kind.as_str());
    let (kind, code) = match fault.kind {
        BadRequest | Rejected => (REQUEST, None),
        Unsupported | ClientTimeout | Forbidden | ClientGone | Excluded => (REQUEST, label),
        ContextExceeded => return (StatusCode::BAD_REQUEST, REQUEST, Some("context_length_exceeded")),
        ContentFiltered => return (StatusCode::BAD_REQUEST, REQUEST, Some("content_policy_violation")),
        UnknownModel | ModelMissing => (REQUEST, Some("model_not_found")),
        TooLarge => (REQUEST, Some("request_too_large")),
        KeyRefused | Unauthorized => (REQUEST, Some("invalid_api_key")),
        RateLimited | OverLimit => ("rate_limit_error", Some("rate_limit_exceeded")),
        QuotaExhausted | OverBudget => ("insufficient_quota", Some("insufficient_quota")),
        Overloaded | NoTarget | Busy | ServerError | Internal => ("server_error", label),
        ConnectTimeout | FirstTokenTimeout | IdleTimeout | TotalTimeout | UpstreamTimeout | Connect | Tls | Reset
        | Empty | Malformed | Truncated | Diverged | Overtaken => ("api_error", label),
    };
    (status(fault), kind, code)
}
