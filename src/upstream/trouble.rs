//! Pingora's errors in our own vocabulary.
//!
//! The text for the client names no address; Pingora's own words, which do, go to the log.

use pingora_error::{Error, ErrorType};

use crate::canonical::{Fault, FaultKind};

/// No connection came about.
pub(super) fn connecting(error: &Error) -> Fault {
    let (kind, message) = match error.etype() {
        ErrorType::ConnectTimedout | ErrorType::TLSHandshakeTimedout => {
            (FaultKind::ConnectTimeout, "no connection to the provider in time")
        }
        ErrorType::TLSHandshakeFailure | ErrorType::InvalidCert | ErrorType::HandshakeError => {
            (FaultKind::Tls, "no secure connection to the provider")
        }
        ErrorType::ConnectRefused => (FaultKind::Connect, "the provider refused the connection"),
        _ => (FaultKind::Connect, "no connection to the provider"),
    };
    Fault::new(kind, message).with_detail(error)
}

/// The connection broke, or spoke nonsense, before the head of a reply.
pub(super) fn before_head(error: &Error) -> Fault {
    let (kind, message) = match error.etype() {
        ErrorType::InvalidHTTPHeader => (FaultKind::Malformed, "the provider's answer is not HTTP"),
        _ => (FaultKind::Reset, "the provider closed the connection without an answer"),
    };
    // Pingora quotes the whole buffer of a header that it cannot parse.
    Fault::new(kind, message).with_detail(error.to_string().chars().take(300).collect::<String>())
}

/// The body ended before its end.
pub(super) fn in_body(error: &Error) -> Fault {
    Fault::new(FaultKind::Truncated, "the provider's answer broke off")
        .with_detail(error.to_string().chars().take(300).collect::<String>())
}
