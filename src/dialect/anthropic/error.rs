//! Failures as a client of this dialect is told.

use bytes::Bytes;
use http::StatusCode;
use serde::Serialize;

use crate::canonical::{Fault, FaultKind};
use crate::dialect::error::told::{self, upstreams};

/// A fault as a client of this dialect is told: status and body.
pub fn write_error(fault: &Fault) -> (StatusCode, Bytes) {
    let (status, kind) = words(fault);
    let message = match fault.kind {
        // The words by which clients know that they have to shorten the conversation.
        FaultKind::ContextExceeded if !fault.message.contains(TOO_LONG) => &*format!("{TOO_LONG}: {}", fault.message),
        _ => &*told::message(fault),
    };
    let request_id = fault.original.as_ref().and_then(|original| original.request_id.as_ref()?.to_str().ok());
    let document = Document { kind: "error", error: Error { kind, message }, request_id };
    // Strings alone: writing them cannot fail.
    (status, serde_json::to_vec(&document).unwrap_or_default().into())
}

/// A fault as the last event of a stream that had begun.
pub fn error_event(fault: &Fault) -> Bytes {
    let (_, body) = write_error(fault);
    [b"event: error\ndata: ", &*body, b"\n\n"].concat().into()
}

/// Anthropic has no code for it.
const TOO_LONG: &str = "prompt is too long";

/// Anthropic's own number for "overloaded", which its SDKs try again.
const OVERLOADED: u16 = 529;

/// Status and type.
fn words(fault: &Fault) -> (StatusCode, &'static str) {
    use FaultKind::*;
    const REQUEST: &str = "invalid_request_error";
    match fault.kind {
        BadRequest | Unsupported => (StatusCode::BAD_REQUEST, REQUEST),
        Rejected => {
            let status = upstreams(fault, 400..=499, StatusCode::BAD_REQUEST);
            let kind = match status.as_u16() {
                404 => "not_found_error",
                409 => "conflict_error",
                413 => "request_too_large",
                _ => REQUEST,
            };
            (status, kind)
        }
        ContextExceeded | ContentFiltered => (StatusCode::BAD_REQUEST, REQUEST),
        UnknownModel | ModelMissing | Excluded => (StatusCode::NOT_FOUND, "not_found_error"),
        TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "request_too_large"),
        ClientTimeout => (StatusCode::REQUEST_TIMEOUT, REQUEST),
        Forbidden => (StatusCode::FORBIDDEN, "permission_error"),
        KeyRefused => match upstreams(fault, 401..=403, StatusCode::UNAUTHORIZED) {
            StatusCode::FORBIDDEN => (StatusCode::FORBIDDEN, "permission_error"),
            _ => (StatusCode::UNAUTHORIZED, "authentication_error"),
        },
        Unauthorized => (StatusCode::UNAUTHORIZED, "authentication_error"),
        RateLimited | OverLimit => (StatusCode::TOO_MANY_REQUESTS, "rate_limit_error"),
        // Not 429: the SDKs would try that again.
        QuotaExhausted | OverBudget => (StatusCode::PAYMENT_REQUIRED, "billing_error"),
        Overloaded | NoTarget | Busy => {
            (StatusCode::from_u16(OVERLOADED).unwrap_or(StatusCode::SERVICE_UNAVAILABLE), "overloaded_error")
        }
        ServerError => (upstreams(fault, 500..=599, StatusCode::BAD_GATEWAY), "api_error"),
        ConnectTimeout | FirstTokenTimeout | IdleTimeout | TotalTimeout | UpstreamTimeout => {
            (StatusCode::GATEWAY_TIMEOUT, "timeout_error")
        }
        // Nobody is there to read it.
        ClientGone => (StatusCode::BAD_REQUEST, REQUEST),
        Connect | Tls | Reset | Empty | Malformed | Truncated | Diverged | Overtaken => {
            (StatusCode::BAD_GATEWAY, "api_error")
        }
        Internal => (StatusCode::INTERNAL_SERVER_ERROR, "api_error"),
    }
}

#[derive(Serialize)]
struct Document<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    error: Error<'a>,
    request_id: Option<&'a str>,
}

#[derive(Serialize)]
struct Error<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    message: &'a str,
}

#[cfg(test)]
mod tests {
    use super::FaultKind::*;
    use super::*;

    #[test]
    fn case_143_faults_have_anthropics_shape() {
        let (status, body) = write_error(&Fault::new(UnknownModel, "no \"x\""));
        assert_eq!(status, 404);
        let expected = r#"{"type":"error","error":{"type":"not_found_error","message":"no \"x\""},"request_id":null}"#;
        assert_eq!(body, expected);
    }

    #[test]
    fn case_082_each_fault_has_its_type() {
        let check = |kind, upstream, status: u16, word: &str| {
            let fault = Fault { status: upstream, ..Fault::new(kind, "why") };
            let (got, body) = write_error(&fault);
            let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert_eq!((got.as_u16(), body["error"]["type"].as_str().unwrap()), (status, word), "{kind}");
            let event = error_event(&fault);
            assert!(event.starts_with(b"event: error\ndata: {\"type\":\"error\",") && event.ends_with(b"\n\n"));
        };
        check(BadRequest, None, 400, "invalid_request_error");
        check(Rejected, Some(422), 422, "invalid_request_error");
        check(Rejected, Some(404), 404, "not_found_error");
        check(Rejected, Some(200), 400, "invalid_request_error");
        check(ContextExceeded, Some(500), 400, "invalid_request_error");
        check(ContentFiltered, Some(403), 400, "invalid_request_error");
        check(TooLarge, None, 413, "request_too_large");
        check(Forbidden, None, 403, "permission_error");
        check(Unauthorized, None, 401, "authentication_error");
        check(OverBudget, None, 402, "billing_error");
        check(OverLimit, None, 429, "rate_limit_error");
        check(KeyRefused, Some(401), 401, "authentication_error");
        check(KeyRefused, Some(403), 403, "permission_error");
        check(RateLimited, Some(429), 429, "rate_limit_error");
        check(QuotaExhausted, Some(429), 402, "billing_error");
        check(Overloaded, Some(503), 529, "overloaded_error");
        check(NoTarget, None, 529, "overloaded_error");
        check(ServerError, Some(520), 520, "api_error");
        check(ServerError, Some(200), 502, "api_error");
        check(IdleTimeout, None, 504, "timeout_error");
        check(Truncated, None, 502, "api_error");
        check(Internal, None, 500, "api_error");
    }
}
