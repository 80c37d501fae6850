//! Failures as a client of this dialect is told.

use bytes::Bytes;
use http::StatusCode;
use serde::Serialize;

use crate::canonical::Fault;
use crate::dialect::error::told;

#[derive(Serialize)]
struct Document<'a> {
    error: &'a str,
}

/// Status and body.
pub(super) fn write_error(fault: &Fault) -> (StatusCode, Bytes) {
    (told::status(fault), document(fault).into())
}

/// The body, which is also the line that ends a stream.
pub(super) fn document(fault: &Fault) -> Vec<u8> {
    // A string alone: writing it cannot fail.
    serde_json::to_vec(&Document { error: &told::message(fault) }).unwrap_or_default()
}
