//! Failures, as Converse tells them and as its clients are told.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde::Serialize;

use super::counted;
use crate::canonical::{Blame, Fault, FaultKind};
use crate::dialect::error::told;
use crate::dialect::{aws_events, error};

/// What the service calls its failures: name, status, what it means, and whether a client may be told by it.
const NAMES: [(&str, u16, FaultKind); 17] = [
    ("ThrottlingException", 429, FaultKind::RateLimited),
    ("TooManyRequestsException", 429, FaultKind::RateLimited),
    ("ValidationException", 400, FaultKind::Rejected),
    ("ModelStreamErrorException", 424, FaultKind::ServerError),
    ("ModelErrorException", 424, FaultKind::ServerError),
    ("ModelTimeoutException", 408, FaultKind::UpstreamTimeout),
    // It is being loaded, and will come.
    ("ModelNotReadyException", 429, FaultKind::Overloaded),
    ("InternalServerException", 500, FaultKind::ServerError),
    ("InternalFailure", 500, FaultKind::ServerError),
    ("ServiceUnavailableException", 503, FaultKind::Overloaded),
    ("ServiceQuotaExceededException", 400, FaultKind::QuotaExhausted),
    ("ResourceNotFoundException", 404, FaultKind::ModelMissing),
    ("AccessDeniedException", 403, FaultKind::KeyRefused),
    ("UnrecognizedClientException", 403, FaultKind::KeyRefused),
    ("ExpiredTokenException", 403, FaultKind::KeyRefused),
    ("InvalidSignatureException", 403, FaultKind::KeyRefused),
    ("IncompleteSignatureException", 403, FaultKind::KeyRefused),
];

/// What a failure of that name means: the value of `x-amzn-errortype`, with or without the address behind it, or the
/// type of an exception in a stream. `None` for one that is not known. The status alone says less: a 429 can be a model
/// that is not ready, a 400 a quota, and a 424 is the model's failure, not the client's.
pub fn kind_of(name: &str) -> Option<FaultKind> {
    row(name).map(|(_, _, kind)| *kind)
}

fn row(name: &str) -> Option<&'static (&'static str, u16, FaultKind)> {
    let name = name.rsplit('#').next().unwrap_or_default().split(':').next().unwrap_or_default();
    NAMES.iter().find(|(known, _, _)| known.eq_ignore_ascii_case(name))
}

/// An error reply: the header names it more exactly than the status.
pub(super) fn read(status: u16, headers: &HeaderMap, body: &Bytes) -> Fault {
    let mut fault = error::read(status, headers, body);
    let name = headers.get("x-amzn-errortype").and_then(|name| name.to_str().ok());
    // A `ValidationException` is anything that the body explains better.
    if let Some(kind) = name.and_then(kind_of).filter(|kind| *kind != FaultKind::Rejected) {
        fault.kind = kind;
    }
    counted::refused(&mut fault);
    fault
}

/// An exception in a stream.
pub fn exception(name: &str, payload: &[u8]) -> Fault {
    let mut fault = error::in_band(payload);
    let (status, kind) = row(name).map_or((500, FaultKind::ServerError), |(_, status, kind)| (*status, *kind));
    if kind == FaultKind::KeyRefused {
        fault.original = None; // it may show a key
    }
    let kind = if kind == FaultKind::Rejected && fault.blame() != Blame::Target { fault.kind } else { kind };
    Fault { kind, status: Some(status), ..fault }
}

/// The name of a fault for the header `x-amzn-errortype`, by which the SDKs know it.
pub fn error_type(fault: &Fault) -> &'static str {
    words(fault).1
}

#[derive(Serialize)]
struct Document<'a> {
    message: &'a str,
}

/// A fault as a client is told: status and body. The name goes into a header: [`error_type`].
pub(super) fn write(fault: &Fault) -> (StatusCode, Bytes) {
    let (status, _) = words(fault);
    (StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), document(fault).into())
}

fn document(fault: &Fault) -> Vec<u8> {
    serde_json::to_vec(&Document { message: &told::message(fault) }).unwrap_or_default() // a string: cannot fail
}

/// A fault in the midst of a stream, where there are only five names.
pub fn write_exception(fault: &Fault, out: &mut Vec<u8>) {
    use FaultKind::*;
    let name = match fault.kind {
        RateLimited | QuotaExhausted | OverLimit | OverBudget => "throttlingException",
        BadRequest | Unsupported | Rejected | ContextExceeded | ContentFiltered | UnknownModel | Excluded
        | TooLarge | ClientTimeout | Forbidden | Unauthorized | KeyRefused | ModelMissing | ClientGone => {
            "validationException"
        }
        Overloaded | NoTarget | Busy => "serviceUnavailableException",
        ServerError | UpstreamTimeout | FirstTokenTimeout | IdleTimeout | Empty | Malformed | Truncated | Diverged
        | Overtaken | Reset => "modelStreamErrorException",
        Connect | ConnectTimeout | Tls | TotalTimeout | Internal => "internalServerException",
    };
    aws_events::write_exception(name, &document(fault), out);
}

/// Status and name.
fn words(fault: &Fault) -> (u16, &'static str) {
    use FaultKind::*;
    match fault.kind {
        BadRequest | Unsupported | ClientGone => (400, "ValidationException"),
        Rejected | ContextExceeded | ContentFiltered => {
            (fault.status.filter(|status| (400..=499).contains(status)).unwrap_or(400), "ValidationException")
        }
        TooLarge => (413, "ValidationException"),
        UnknownModel | ModelMissing | Excluded => (404, "ResourceNotFoundException"),
        ClientTimeout => (408, "RequestTimeoutException"),
        Forbidden | KeyRefused => (403, "AccessDeniedException"),
        Unauthorized => (403, "UnrecognizedClientException"),
        RateLimited | OverLimit => (429, "ThrottlingException"),
        QuotaExhausted | OverBudget => (400, "ServiceQuotaExceededException"),
        Overloaded | NoTarget | Busy => (503, "ServiceUnavailableException"),
        ConnectTimeout | FirstTokenTimeout | IdleTimeout | TotalTimeout | UpstreamTimeout => {
            (408, "ModelTimeoutException")
        }
        ServerError if fault.status == Some(424) => (424, "ModelErrorException"),
        // The SDKs try again after any of these.
        ServerError => match fault.status {
            Some(status @ (500 | 502 | 503 | 504)) => (status, "InternalServerException"),
            _ => (500, "InternalServerException"),
        },
        Connect | Tls | Reset | Empty | Malformed | Truncated | Diverged | Overtaken => {
            (502, "InternalServerException")
        }
        Internal => (500, "InternalServerException"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_says_more_than_the_status() {
        let kind = |status, name: &'static str| {
            let headers = [(http::HeaderName::from_static("x-amzn-errortype"), name.parse().unwrap())];
            read(status, &headers.into_iter().collect(), &Bytes::from_static(br#"{"message":"m"}"#)).kind
        };
        assert_eq!(kind(424, "ModelErrorException:http://x/"), FaultKind::ServerError);
        assert_eq!(kind(400, "ServiceQuotaExceededException"), FaultKind::QuotaExhausted);
        assert_eq!(kind(400, "SomethingNew"), FaultKind::Rejected);
    }
}
