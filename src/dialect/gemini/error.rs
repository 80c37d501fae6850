//! Failures as a client of this dialect is told: Google's `google.rpc.Status`.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use memchr::memmem;

use super::out::Object;
use crate::canonical::{Fault, FaultKind};
use crate::dialect::error::{self, told};

/// An error reply. A wrong key is a 400 here, and told apart from a wrong request by its reason alone.
pub(super) fn read(status: u16, headers: &HeaderMap, body: &Bytes) -> Fault {
    let fault = error::read(status, headers, body);
    if status == 400 && memmem::find(body, b"API_KEY_INVALID").is_some() {
        return Fault { kind: FaultKind::KeyRefused, original: None, ..fault };
    }
    fault
}

/// A fault as a client of this dialect is told: status and body.
pub(super) fn write(fault: &Fault) -> (StatusCode, Bytes) {
    let mut out = Vec::with_capacity(256);
    let status = write_into(&mut out, fault);
    (status, out.into())
}

/// Appends the document, and gives the status that goes with it.
pub(super) fn write_into(out: &mut Vec<u8>, fault: &Fault) -> StatusCode {
    let status = told::status(fault);
    let mut document = Object::begin(out);
    let mut error = document.object("error");
    error.number("code", status.as_u16().into());
    error.text("message", &told::message(fault));
    error.text("status", word(status));
    if let Some(wait) = fault.retry_after {
        // Whole seconds, rounded up: who comes too early is turned away again.
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        let info = format!(r#"[{{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"{seconds}s"}}]"#);
        error.raw("details", &info);
    }
    error.end();
    document.end();
    status
}

/// The word of `google.rpc.Code` that goes with a status.
fn word(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 => "UNAUTHENTICATED",
        402 | 429 => "RESOURCE_EXHAUSTED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        408 | 504 => "DEADLINE_EXCEEDED",
        409 => "ABORTED",
        499 => "CANCELLED",
        400..=499 => "INVALID_ARGUMENT",
        501 => "UNIMPLEMENTED",
        502 | 503 | 529 => "UNAVAILABLE",
        _ => "INTERNAL",
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::FaultKind::*;
    use super::*;

    #[test]
    fn case_143_faults_have_googles_shape() {
        let check = |fault: Fault, status: u16, body: &str| {
            let (got, written) = write(&fault);
            assert_eq!((got.as_u16(), std::str::from_utf8(&written).unwrap()), (status, body), "{}", fault.kind);
        };
        let with_status = |kind, status| Fault { status: Some(status), ..Fault::new(kind, "why") };
        check(
            Fault::new(UnknownModel, "no \"x\""),
            404,
            r#"{"error":{"code":404,"message":"no \"x\"","status":"NOT_FOUND"}}"#,
        );
        check(
            Fault { retry_after: Some(Duration::from_millis(34_400)), ..Fault::new(RateLimited, "why") },
            429,
            r#"{"error":{"code":429,"message":"why","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"35s"}]}}"#,
        );
        check(
            with_status(KeyRefused, 403),
            403,
            r#"{"error":{"code":403,"message":"the provider refused the API key: why","status":"PERMISSION_DENIED"}}"#,
        );
        check(with_status(Rejected, 413), 413, r#"{"error":{"code":413,"message":"why","status":"INVALID_ARGUMENT"}}"#);
        for (kind, status, word) in [
            (BadRequest, 400, "INVALID_ARGUMENT"),
            (TooLarge, 413, "INVALID_ARGUMENT"),
            (ClientTimeout, 408, "DEADLINE_EXCEEDED"),
            (Forbidden, 403, "PERMISSION_DENIED"),
            (Unauthorized, 401, "UNAUTHENTICATED"),
            (OverBudget, 402, "RESOURCE_EXHAUSTED"),
            (OverLimit, 429, "RESOURCE_EXHAUSTED"),
            (KeyRefused, 401, "UNAUTHENTICATED"),
            (QuotaExhausted, 429, "RESOURCE_EXHAUSTED"),
            (Overloaded, 503, "UNAVAILABLE"),
            (NoTarget, 503, "UNAVAILABLE"),
            (FirstTokenTimeout, 504, "DEADLINE_EXCEEDED"),
            (Truncated, 502, "UNAVAILABLE"),
            (Internal, 500, "INTERNAL"),
        ] {
            let (got, body) = write(&Fault::new(kind, "why"));
            let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(got.as_u16(), status, "{kind}");
            assert_eq!(body["error"]["code"], status, "{kind}");
            assert_eq!(body["error"]["status"], word, "{kind}");
        }
    }

    #[test]
    fn a_wrong_key_is_told_apart_from_a_wrong_request() {
        let read = |reason: &str| {
            let body = format!(r#"{{"error":{{"code":400,"message":"m","details":[{{"reason":"{reason}"}}]}}}}"#);
            super::read(400, &HeaderMap::new(), &body.into()).kind
        };
        assert_eq!((read("API_KEY_INVALID"), read("OTHER")), (FaultKind::KeyRefused, FaultKind::Rejected));
    }
}
