//! The client of a model call, seen through Pingora's session.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode, Version, header};
use pingora_core::protocols::http::ServerSession;
use pingora_http::ResponseHeader;

use crate::exchange::{Caller, Gone};

/// How long a refused client may go on sending before the connection is closed under it.
const LINGER: Duration = Duration::from_secs(2);

/// One request on a client's connection.
pub(super) struct Client<'a> {
    session: &'a mut ServerSession,
    /// Sent with every reply, for pages that may call.
    allow_origin: Option<http::HeaderValue>,
    continue_expected: bool,
}

impl<'a> Client<'a> {
    pub(super) fn new(session: &'a mut ServerSession, allow_origin: Option<http::HeaderValue>) -> Self {
        let expect = session.get_header(header::EXPECT);
        let continue_expected = expect.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"));
        Self { session, allow_origin, continue_expected }
    }
}

impl Caller for Client<'_> {
    async fn read(&mut self) -> Result<Option<Bytes>, Gone> {
        if std::mem::take(&mut self.continue_expected) {
            // Without it curl waits a second before it sends the body.
            self.session.write_continue_response().await.map_err(|_| Gone)?;
        }
        self.session.read_request_body().await.map_err(|error| {
            tracing::debug!(%error, "request body");
            Gone
        })
    }

    async fn gone(&mut self) {
        if let Err(error) = self.session.read_body_or_idle(true).await
            && error.to_string().contains("Sent data after end of body")
        {
            // A pipelined request: not an end. This connection cannot carry it, so the client will send it again.
            self.session.set_keepalive(None);
            std::future::pending::<()>().await;
        }
    }

    async fn begin(&mut self, status: StatusCode, headers: HeaderMap, length: Option<usize>) -> Result<(), Gone> {
        if !self.session.is_body_done() {
            self.session.set_keepalive(None); // an early refusal: the rest of the body will not be read
        }
        // Made from parts: to take apart what Pingora builds would copy it.
        let mut head = http::Response::new(()).into_parts().0;
        (head.status, head.headers) = (status, headers);
        if let Some(origin) = &self.allow_origin {
            head.headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        }
        match length {
            Some(length) => {
                head.headers.insert(header::CONTENT_LENGTH, length.into());
            }
            None if self.session.req_header().version == Version::HTTP_11 => {
                head.headers.insert(header::TRANSFER_ENCODING, http::HeaderValue::from_static("chunked"));
            }
            None => {} // HTTP/2 frames by itself, HTTP/1.0 ends with the connection
        }
        self.session.write_response_header(Box::new(ResponseHeader::from(head))).await.map_err(|_| Gone)
    }

    async fn write(&mut self, bytes: Bytes, last: bool) -> Result<(), Gone> {
        self.session.write_response_body(bytes, last).await.map_err(|_| Gone)?;
        if last && !self.session.is_body_done() {
            // Closing under a client that still sends would reset the connection and lose the reply to it.
            let linger = async { while matches!(self.session.read_request_body().await, Ok(Some(_))) {} };
            let _ = tokio::time::timeout(LINGER, linger).await;
        }
        Ok(())
    }

    async fn abort(&mut self) {
        self.session.shutdown().await;
    }
}
