//! Failures as a client of this dialect is told.

use bytes::Bytes;
use http::StatusCode;
use serde::Serialize;

use crate::canonical::{Fault, FaultKind};

/// A fault as a client of this dialect is told: status and body.
pub fn write_error(fault: &Fault) -> (StatusCode, Bytes) {
    let (status, kind, code) = words(fault);
    let message = match fault.kind {
        FaultKind::KeyRefused => &*format!("the provider refused the API key: {}", fault.message),
        _ => &*fault.message,
    };
    let param = (fault.kind == FaultKind::UnknownModel).then_some("model");
    let document = Document { error: Error { message, kind, param, code } };
    // Strings alone: writing them cannot fail.
    (status, serde_json::to_vec(&document).unwrap_or_default().into())
}

/// A fault as the last event of a stream that had begun.
pub fn error_event(fault: &Fault) -> Bytes {
    let (_, body) = write_error(fault);
    [b"data: ", &*body, b"\n\n"].concat().into()
}

/// Status, type and code.
fn words(fault: &Fault) -> (StatusCode, &'static str, Option<&'static str>) {
    use FaultKind::*;
    const REQUEST: &str = "invalid_request_error";
    let label = Some(fault.kind.as_str());
    match fault.kind {
        BadRequest => (StatusCode::BAD_REQUEST, REQUEST, None),
        Unsupported => (StatusCode::BAD_REQUEST, REQUEST, label),
        Rejected => (upstreams(fault, 400..=499, StatusCode::BAD_REQUEST), REQUEST, None),
        ContextExceeded => (StatusCode::BAD_REQUEST, REQUEST, Some("context_length_exceeded")),
        ContentFiltered => (StatusCode::BAD_REQUEST, REQUEST, Some("content_policy_violation")),
        UnknownModel | ModelMissing => (StatusCode::NOT_FOUND, REQUEST, Some("model_not_found")),
        TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, REQUEST, Some("request_too_large")),
        ClientTimeout => (StatusCode::REQUEST_TIMEOUT, REQUEST, label),
        Forbidden => (StatusCode::FORBIDDEN, REQUEST, label),
        KeyRefused => (upstreams(fault, 401..=403, StatusCode::UNAUTHORIZED), REQUEST, Some("invalid_api_key")),
        RateLimited => (StatusCode::TOO_MANY_REQUESTS, "rate_limit_error", Some("rate_limit_exceeded")),
        QuotaExhausted => (StatusCode::TOO_MANY_REQUESTS, "insufficient_quota", Some("insufficient_quota")),
        Overloaded | NoTarget | Busy => (StatusCode::SERVICE_UNAVAILABLE, "server_error", label),
        ServerError => (upstreams(fault, 500..=599, StatusCode::BAD_GATEWAY), "server_error", label),
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
fn upstreams(fault: &Fault, range: std::ops::RangeInclusive<u16>, otherwise: StatusCode) -> StatusCode {
    let status = fault.status.filter(|status| range.contains(status));
    status.and_then(|status| StatusCode::from_u16(status).ok()).unwrap_or(otherwise)
}

#[derive(Serialize)]
struct Document<'a> {
    error: Error<'a>,
}

#[derive(Serialize)]
struct Error<'a> {
    message: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    param: Option<&'static str>,
    code: Option<&'static str>,
}

#[cfg(test)]
mod tests {
    use super::FaultKind::*;
    use super::*;

    #[test]
    fn faults_have_openais_shape() {
        let check = |fault: Fault, status: u16, body: &str| {
            let (got, written) = write_error(&fault);
            assert_eq!((got.as_u16(), std::str::from_utf8(&written).unwrap()), (status, body), "{}", fault.kind);
        };
        let with_status = |kind, status| Fault { status: Some(status), ..Fault::new(kind, "why") };
        check(
            Fault::new(UnknownModel, "no \"x\""),
            404,
            r#"{"error":{"message":"no \"x\"","type":"invalid_request_error","param":"model","code":"model_not_found"}}"#,
        );
        check(
            Fault::new(RateLimited, "why"),
            429,
            r#"{"error":{"message":"why","type":"rate_limit_error","param":null,"code":"rate_limit_exceeded"}}"#,
        );
        check(
            with_status(KeyRefused, 403),
            403,
            r#"{"error":{"message":"the provider refused the API key: why","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}"#,
        );
        let server = r#"{"error":{"message":"why","type":"server_error","param":null,"code":"server_error"}}"#;
        check(with_status(ServerError, 520), 520, server);
        check(with_status(ServerError, 200), 502, server);
        for (kind, status) in [
            (BadRequest, 400),
            (TooLarge, 413),
            (ClientTimeout, 408),
            (Forbidden, 403),
            (QuotaExhausted, 429),
            (Overloaded, 503),
            (NoTarget, 503),
            (FirstTokenTimeout, 504),
            (TotalTimeout, 504),
            (Connect, 502),
            (Truncated, 502),
            (Internal, 500),
        ] {
            assert_eq!(write_error(&Fault::new(kind, "why")).0.as_u16(), status, "{kind}");
        }
    }

    #[test]
    fn an_error_ends_a_stream_as_one_event() {
        let event = error_event(&Fault::new(IdleTimeout, "two\nlines"));
        let expected =
            r#"data: {"error":{"message":"two\nlines","type":"api_error","param":null,"code":"idle_timeout"}}"#;
        assert_eq!(event, format!("{expected}\n\n"));
    }
}
