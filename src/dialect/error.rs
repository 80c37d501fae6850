//! Failures as providers say them.
//!
//! Nothing is as varied on the wire as an error, and no dialect keeps to its own shape: gateways, proxies and old
//! versions answer too. [`read`] trusts neither content type nor shape: it takes the status at its word and looks in
//! the body for whatever explains it. An error can also come under a 200, in a body or in the middle of a stream; then
//! the status is guessed from its code.

mod said;
mod secrets;
pub mod told;
mod words;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use self::said::Said;
use crate::canonical::{Fault, FaultKind, Original};

/// Headers under which providers name a request, for their support.
const REQUEST_IDS: [&str; 7] = [
    "x-request-id",
    "apim-request-id",
    "request-id",
    "x-amzn-requestid",
    "x-goog-request-id",
    "mistral-correlation-id",
    "cf-ray",
];

/// Of an error under a 200 so much is kept.
const KEPT: usize = 64 << 10;

/// What an error reply means. How long it asks us to stay away is left open: its headers and body say that to
/// [`crate::provider::limits`].
pub fn read(status: u16, headers: &HeaderMap, body: &Bytes) -> Fault {
    let mut fault = fault(status, &Said::read(body));
    let mut body = body.clone();
    if fault.kind == FaultKind::KeyRefused
        && let Some(cleared) = std::str::from_utf8(&body).ok().and_then(secrets::cleared)
    {
        body = cleared.into();
    }
    fault.original = Some(Box::new(Original {
        content_type: headers.get(header::CONTENT_TYPE).cloned(),
        body,
        request_id: REQUEST_IDS.iter().find_map(|name| headers.get(*name)).cloned(),
    }));
    fault
}

/// What an error under a 200 means, as if it had come with the status that fits it.
pub fn in_band(document: &[u8]) -> Fault {
    let said = Said::read(document);
    let mut fault = fault(said.fitting_status(), &said);
    if document.len() <= KEPT && fault.kind != FaultKind::KeyRefused {
        fault.original = Some(Box::new(Original {
            content_type: Some(HeaderValue::from_static("application/json")),
            body: Bytes::copy_from_slice(document),
            request_id: None,
        }));
    }
    fault
}

/// What it means that an answer ended with the reason `error`, and maybe with a document that says more.
pub fn broken_off(document: Option<&[u8]>) -> Fault {
    match document {
        Some(document) => in_band(document),
        None => Fault::new(FaultKind::ServerError, "the provider broke off its answer with an error"),
    }
}

fn fault(status: u16, said: &Said) -> Fault {
    let message = match &said.message {
        Some(message) => secrets::cleared(message).unwrap_or_else(|| message.clone()),
        None => match StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()) {
            Some(reason) => format!("the provider answered {status} ({reason}) without saying why"),
            None => format!("the provider answered {status} without saying why"),
        },
    };
    Fault { status: Some(status), ..Fault::new(kind(status, said), message) }
}

/// What is said outright counts first: no two vendors answer the same thing with the same status.
fn kind(status: u16, said: &Said) -> FaultKind {
    if let Some(kind) = words::meaning(status, said) {
        return kind;
    }
    match status {
        429 => FaultKind::RateLimited,
        402 => FaultKind::QuotaExhausted,
        401 | 403 => FaultKind::KeyRefused,
        404 if said.is_about_the_model() => FaultKind::ModelMissing,
        408 | 504 => FaultKind::UpstreamTimeout,
        503 | 529 => FaultKind::Overloaded,
        500..=599 => FaultKind::ServerError,
        // A redirect is not for us to follow, with a key and a body: the base URL wants correcting.
        300..=399 => FaultKind::Malformed,
        _ => FaultKind::Rejected,
    }
}

#[cfg(test)]
mod tests {
    use super::FaultKind::*;
    use super::*;

    #[test]
    fn case_144_146_every_shape_of_error_reply_is_understood() {
        let check = |status: u16, body: &'static str, kind: FaultKind, message: &str| {
            let fault = read(status, &HeaderMap::new(), &Bytes::from_static(body.as_bytes()));
            assert_eq!((fault.kind, &*fault.message, fault.status), (kind, message, Some(status)), "{body}");
        };
        let openai = r#"{"error":{"message":"Slow down","type":"requests","param":null,"code":"rate_limit_exceeded"}}"#;
        check(429, openai, RateLimited, "Slow down");
        check(
            429,
            r#"{"error":{"message":"No money","type":"insufficient_quota","code":"insufficient_quota"}}"#,
            QuotaExhausted,
            "No money",
        );
        check(
            402,
            r#"{"error":{"message":"Insufficient credits","code":402}}"#,
            QuotaExhausted,
            "Insufficient credits",
        );
        check(
            404,
            r#"{"error":{"message":"Gone","type":"invalid_request_error","code":"model_not_found"}}"#,
            ModelMissing,
            "Gone",
        );
        check(
            404,
            r#"{"error":{"code":"DeploymentNotFound","message":"The API deployment ..."}}"#,
            ModelMissing,
            "The API deployment ...",
        );
        check(404, r#"{"error":"model 'x' not found"}"#, ModelMissing, "model 'x' not found");
        check(404, r#"{"error":{"message":"Invalid URL (POST /v2)"}}"#, Rejected, "Invalid URL (POST /v2)");
        check(
            400,
            r#"{"code":"Client specified an invalid argument","error":"Incorrect API key"}"#,
            Rejected,
            "Incorrect API key",
        );
        check(
            422,
            r#"{"detail":[{"loc":["body"],"msg":"Field required","type":"missing"}]}"#,
            Rejected,
            "Field required",
        );
        check(422, r#"{"detail":"Not like this"}"#, Rejected, "Not like this");
        check(
            400,
            r#"{"object":"error","message":"too long","type":"BadRequestError","code":400}"#,
            Rejected,
            "too long",
        );
        check(400, r#"{"errors":["a","b"]}"#, Rejected, "a; b");
        check(400, r#"{"errors":[{"message":"a"}]}"#, Rejected, "a");
        check(
            400,
            r#"[{"error":{"code":400,"message":"from Google","status":"INVALID_ARGUMENT"}}]"#,
            Rejected,
            "from Google",
        );
        check(400, r#"{"error":["x","y"]}"#, Rejected, "x; y");
        check(
            500,
            r#"{"error":{"metadata":{"raw":"z"},"message":""}}"#,
            ServerError,
            "the provider answered 500 (Internal Server Error) without saying why",
        );
        check(
            502,
            "<html><head><title>502 Bad Gateway</title></head><body>x</body></html>",
            ServerError,
            "502 Bad Gateway",
        );
        check(503, "upstream connect error\n", Overloaded, "upstream connect error");
        check(529, "", Overloaded, "the provider answered 529 without saying why");
        check(503, " \n", Overloaded, "the provider answered 503 (Service Unavailable) without saying why");
        check(504, "{\"error\":", UpstreamTimeout, "{\"error\":");
        check(408, "null", UpstreamTimeout, "the provider answered 408 (Request Timeout) without saying why");
        check(413, "7", Rejected, "the provider answered 413 (Payload Too Large) without saying why");
        check(307, "", Malformed, "the provider answered 307 (Temporary Redirect) without saying why");
        check(
            401,
            r#"{"error":{"message":"Incorrect API key provided: sk-proj-abc***xyz. See x"}}"#,
            KeyRefused,
            "Incorrect API key provided: [redacted]. See x",
        );
        check(403, r#"{"message":"bad header: Bearer abcdefgh12345"}"#, KeyRefused, "bad header: Bearer [redacted]");
    }

    #[test]
    fn the_original_is_kept_but_for_secrets() {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static("text/plain"));
        headers.insert("cf-ray", HeaderValue::from_static("ray"));
        headers.insert("apim-request-id", HeaderValue::from_static("azure"));
        let original = |status, body| *read(status, &headers, &Bytes::from_static(body)).original.unwrap();
        let kept = original(400, b"{\"error\": \"sk-looks-like-one\"}");
        assert_eq!(kept.body, "{\"error\": \"sk-looks-like-one\"}", "the client's own request came back");
        assert_eq!(kept.content_type.unwrap(), "text/plain");
        assert_eq!(kept.request_id.unwrap(), "azure");
        assert_eq!(original(401, b"{\"error\": \"no: sk-fake-key\"}").body, "{\"error\": \"no: [redacted]\"}");
        assert_eq!(original(401, b"\xFF").body, &b"\xFF"[..]);
    }

    #[test]
    fn an_error_under_a_200_gets_the_status_that_fits() {
        let check = |document: &str, status: u16, kind: FaultKind| {
            let fault = in_band(document.as_bytes());
            assert_eq!((fault.status, fault.kind), (Some(status), kind), "{document}");
        };
        check(r#"{"error":{"message":"x","code":429}}"#, 429, RateLimited);
        check(r#"{"error":{"message":"x","code":"503"}}"#, 503, Overloaded);
        check(r#"{"error":{"message":"x","type":"rate_limit_error"}}"#, 429, RateLimited);
        check(r#"{"error":{"message":"x","status":"RESOURCE_EXHAUSTED"}}"#, 429, RateLimited);
        check(r#"{"error":{"message":"x","code":"insufficient_quota"}}"#, 429, QuotaExhausted);
        check(r#"{"error":{"message":"x","type":"overloaded_error"}}"#, 503, Overloaded);
        check(
            r#"{"error":{"message":"x","type":"invalid_request_error","code":"context_length_exceeded"}}"#,
            400,
            ContextExceeded,
        );
        check(r#"{"error":{"message":"x","type":"invalid_request_error","code":"tool_use_failed"}}"#, 400, Rejected);
        check(r#"{"error":{"message":"x","type":"invalid_request_error","code":"invalid_api_key"}}"#, 401, KeyRefused);
        check(r#"{"error":{"message":"x","code":"model_not_found"}}"#, 404, ModelMissing);
        check(r#"{"error":{"message":"x","type":"server_error"}}"#, 500, ServerError);
        check(r#"{"error":{"message":"Invalid or no reply from the worker"}}"#, 500, ServerError);
        check(r#"{"error":"The engine is overloaded, try again"}"#, 503, Overloaded);
        check(r#"{"error":"Request timed out"}"#, 504, UpstreamTimeout);
        check(r#"{"object":"error","message":"x","code":40003}"#, 500, ServerError);
        check("garbage", 500, ServerError);
    }
}
