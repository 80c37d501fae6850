//! Failures as a client of this dialect is told.

use bytes::Bytes;
use http::StatusCode;
use serde::Serialize;

use crate::canonical::{Fault, FaultKind};
use crate::dialect::error::told;

#[derive(Serialize)]
struct Document<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    message: &'a str,
}

/// Status and body.
pub(super) fn write_error(fault: &Fault) -> (StatusCode, Bytes) {
    let id = fault.original.as_ref().and_then(|original| original.request_id.as_ref()?.to_str().ok());
    let document = Document { id, message: &told::message(fault) };
    // Strings alone: writing them cannot fail.
    (status(fault), serde_json::to_vec(&document).unwrap_or_default().into())
}

fn status(fault: &Fault) -> StatusCode {
    match fault.kind {
        // Cohere's word for an account that is at its limit.
        FaultKind::QuotaExhausted => StatusCode::PAYMENT_REQUIRED,
        _ => told::status(fault),
    }
}
