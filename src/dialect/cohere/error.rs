//! Failures as a client of this dialect is told.

use bytes::Bytes;
use http::StatusCode;
use serde::Serialize;

use crate::canonical::{Blame, Fault, FaultKind};

#[derive(Serialize)]
struct Document<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    message: &'a str,
}

/// Status and body.
pub(super) fn write_error(fault: &Fault) -> (StatusCode, Bytes) {
    let id = fault.original.as_ref().and_then(|original| original.request_id.as_ref()?.to_str().ok());
    let document = Document { id, message: &message(fault) };
    // Strings alone: writing them cannot fail.
    (status(fault), serde_json::to_vec(&document).unwrap_or_default().into())
}

/// What a client is told in words.
pub(super) fn message(fault: &Fault) -> std::borrow::Cow<'_, str> {
    match fault.kind {
        FaultKind::KeyRefused => format!("the provider refused the API key: {}", fault.message).into(),
        _ => fault.message.as_ref().into(),
    }
}

fn status(fault: &Fault) -> StatusCode {
    use FaultKind::*;
    match fault.kind {
        Rejected | ContextExceeded | ContentFiltered => upstreams(fault, 400..=499, StatusCode::BAD_REQUEST),
        UnknownModel | ModelMissing => StatusCode::NOT_FOUND,
        TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ClientTimeout => StatusCode::REQUEST_TIMEOUT,
        Forbidden => StatusCode::FORBIDDEN,
        KeyRefused => upstreams(fault, 401..=403, StatusCode::UNAUTHORIZED),
        RateLimited => StatusCode::TOO_MANY_REQUESTS,
        // Cohere's word for an account that is at its limit.
        QuotaExhausted => StatusCode::PAYMENT_REQUIRED,
        Overloaded | NoTarget | Busy => StatusCode::SERVICE_UNAVAILABLE,
        ServerError => upstreams(fault, 500..=599, StatusCode::BAD_GATEWAY),
        ConnectTimeout | FirstTokenTimeout | IdleTimeout | TotalTimeout | UpstreamTimeout => {
            StatusCode::GATEWAY_TIMEOUT
        }
        Internal => StatusCode::INTERNAL_SERVER_ERROR,
        kind if kind.blame() == Blame::Client => StatusCode::BAD_REQUEST,
        _ => StatusCode::BAD_GATEWAY,
    }
}

/// The provider's own status where it is of the kind that it should be.
fn upstreams(fault: &Fault, range: std::ops::RangeInclusive<u16>, otherwise: StatusCode) -> StatusCode {
    let status = fault.status.filter(|status| range.contains(status));
    status.and_then(|status| StatusCode::from_u16(status).ok()).unwrap_or(otherwise)
}
