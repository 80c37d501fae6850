//! Replies of the listener's own: refusals before a call begins, and the list of models.

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use pingora_core::protocols::http::ServerSession;
use pingora_error::Result;
use pingora_http::ResponseHeader;

use crate::canonical::{Dialect, Fault};
use crate::dialect::codec;

/// Answers with a fault in the client's dialect.
pub(super) async fn fault(session: &mut ServerSession, dialect: Dialect, fault: &Fault) -> Result<()> {
    let (status, body) = codec::of(dialect).write_error(fault);
    json(session, status, body, None).await
}

/// Answers with JSON.
pub(super) async fn json(
    session: &mut ServerSession,
    status: StatusCode,
    body: Bytes,
    allow_origin: Option<HeaderValue>,
) -> Result<()> {
    let mut head = ResponseHeader::build(status, Some(4))?;
    if status == StatusCode::UNAUTHORIZED {
        head.insert_header(header::WWW_AUTHENTICATE, "Bearer")?;
    }
    head.insert_header(header::CONTENT_TYPE, "application/json")?;
    head.insert_header(header::CONTENT_LENGTH, body.len())?;
    if let Some(origin) = allow_origin {
        head.insert_header(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin)?;
    }
    if !session.is_body_done() {
        session.set_keepalive(None);
    }
    let empty = body.is_empty() || session.req_header().method == http::Method::HEAD;
    session.write_response_header(Box::new(head)).await?;
    session.write_response_body(if empty { Bytes::new() } else { body }, true).await
}

/// Answers a browser's question whether a page may call.
pub(super) async fn preflight(session: &mut ServerSession, origin: HeaderValue) -> Result<()> {
    let mut head = ResponseHeader::build(StatusCode::NO_CONTENT, Some(5))?;
    head.insert_header(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin)?;
    head.insert_header(header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, DELETE, OPTIONS")?;
    let asked = session.get_header(header::ACCESS_CONTROL_REQUEST_HEADERS).cloned();
    head.insert_header(header::ACCESS_CONTROL_ALLOW_HEADERS, asked.unwrap_or(HeaderValue::from_static("*")))?;
    head.insert_header(header::ACCESS_CONTROL_MAX_AGE, "600")?;
    session.write_response_header(Box::new(head)).await?;
    session.write_response_body(Bytes::new(), true).await
}
