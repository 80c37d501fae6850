//! Failures.

use super::super::{error_type, kind_of};
use super::*;
use crate::canonical::FaultKind::*;

#[test]
fn case_143_a_client_is_told_in_the_services_words() {
    for (kind, status, name) in [
        (BadRequest, 400, "ValidationException"),
        (Rejected, 400, "ValidationException"),
        (TooLarge, 413, "ValidationException"),
        (UnknownModel, 404, "ResourceNotFoundException"),
        (Excluded, 404, "ResourceNotFoundException"),
        (ModelMissing, 404, "ResourceNotFoundException"),
        (KeyRefused, 403, "AccessDeniedException"),
        (Forbidden, 403, "AccessDeniedException"),
        (Unauthorized, 403, "UnrecognizedClientException"),
        (OverBudget, 400, "ServiceQuotaExceededException"),
        (OverLimit, 429, "ThrottlingException"),
        (RateLimited, 429, "ThrottlingException"),
        (QuotaExhausted, 400, "ServiceQuotaExceededException"),
        (Overloaded, 503, "ServiceUnavailableException"),
        (NoTarget, 503, "ServiceUnavailableException"),
        (FirstTokenTimeout, 408, "ModelTimeoutException"),
        (ServerError, 500, "InternalServerException"),
        (Truncated, 502, "InternalServerException"),
        (Internal, 500, "InternalServerException"),
    ] {
        let fault = Fault::new(kind, "why \"x\"");
        let (got, body) = Bedrock.write_error(&fault);
        assert_eq!((got.as_u16(), error_type(&fault)), (status, name), "{kind}");
        let prefix = if kind == KeyRefused { "the provider refused the API key: " } else { "" };
        assert_eq!(body, format!(r#"{{"message":"{prefix}why \"x\""}}"#));
    }
    let with = |kind, status| Bedrock.write_error(&Fault { status: Some(status), ..Fault::new(kind, "x") }).0.as_u16();
    assert_eq!(
        (with(Rejected, 422), with(ServerError, 502), with(ServerError, 520), with(ServerError, 424)),
        (422, 502, 500, 424)
    );
}

#[test]
fn case_123_names_of_failures() {
    for (name, kind) in [
        ("ThrottlingException", Some(RateLimited)),
        ("ThrottlingException:http://internal.amazon.com/coral/com.amazon.bedrock/", Some(RateLimited)),
        ("com.amazon.bedrock#ModelNotReadyException", Some(Overloaded)),
        ("ServiceQuotaExceededException", Some(QuotaExhausted)),
        ("modelTimeoutException", Some(UpstreamTimeout)),
        ("ModelErrorException", Some(ServerError)),
        ("AccessDeniedException", Some(KeyRefused)),
        ("ResourceNotFoundException", Some(ModelMissing)),
        ("NewException", None),
        ("", None),
    ] {
        assert_eq!(kind_of(name), kind, "{name}");
    }
}
