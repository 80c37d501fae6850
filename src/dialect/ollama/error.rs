//! Failures as a client of this dialect is told.

use bytes::Bytes;
use http::StatusCode;
use serde::Serialize;

use crate::canonical::{Blame, Fault, FaultKind};

#[derive(Serialize)]
struct Document<'a> {
    error: &'a str,
}

/// Status and body.
pub(super) fn write_error(fault: &Fault) -> (StatusCode, Bytes) {
    (status(fault), document(fault).into())
}

/// The body, which is also the line that ends a stream.
pub(super) fn document(fault: &Fault) -> Vec<u8> {
    let error = match fault.kind {
        FaultKind::KeyRefused => &*format!("the provider refused the API key: {}", fault.message),
        _ => &*fault.message,
    };
    // A string alone: writing it cannot fail.
    serde_json::to_vec(&Document { error }).unwrap_or_default()
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
        RateLimited | QuotaExhausted => StatusCode::TOO_MANY_REQUESTS,
        // Ollama says so itself when its queue is full.
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
