//! Failures as a client of this dialect is told.

use bytes::Bytes;
use http::StatusCode;
use serde::Serialize;

use crate::canonical::{Fault, FaultKind};
use crate::dialect::error::told;

/// A fault as a client of this dialect is told: status and body.
pub fn write_error(fault: &Fault) -> (StatusCode, Bytes) {
    let (status, kind, code) = told::openai(fault);
    let message = &*told::message(fault);
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
            (Unauthorized, 401),
            (OverBudget, 402),
            (OverLimit, 429),
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
