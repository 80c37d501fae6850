//! Failures as clients are told.

use super::*;
use crate::canonical::FaultKind::{self, *};

#[test]
fn case_143_errors_have_openais_shape() {
    for (fault, status, body) in [
        (
            Fault::new(UnknownModel, "no \"x\""),
            404,
            r#"{"error":{"message":"no \"x\"","type":"invalid_request_error","param":"model",
                "code":"model_not_found"}}"#,
        ),
        (
            Fault::new(BadRequest, "`input[0].role`: unknown"),
            400,
            r#"{"error":{"message":"`input[0].role`: unknown","type":"invalid_request_error","param":"input[0].role",
                "code":null}}"#,
        ),
        (
            Fault { status: Some(403), ..Fault::new(KeyRefused, "why") },
            403,
            r#"{"error":{"message":"the provider refused the API key: why","type":"invalid_request_error",
                "param":null,"code":"invalid_api_key"}}"#,
        ),
    ] {
        let (got, written) = OpenAiResponses.write_error(&fault);
        assert_eq!((got.as_u16(), json(&written)), (status, json(body.as_bytes())));
    }
    let status = |kind, status| OpenAiResponses.write_error(&Fault { status, ..Fault::new(kind, "why") }).0.as_u16();
    let kinds: [(FaultKind, Option<u16>, u16); 10] = [
        (Rejected, Some(422), 422),
        (Rejected, Some(200), 400),
        (RateLimited, None, 429),
        (QuotaExhausted, None, 429),
        (Overloaded, None, 503),
        (ServerError, Some(520), 520),
        (ServerError, Some(200), 502),
        (FirstTokenTimeout, None, 504),
        (Truncated, None, 502),
        (TooLarge, None, 413),
    ];
    for (kind, given, expected) in kinds {
        assert_eq!(status(kind, given), expected, "{kind}");
    }
}
