//! A reply on a pooled connection.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use pingora_core::protocols::http::client::HttpSession;
use pingora_core::upstreams::peer::{HttpPeer, Peer};
use tokio::sync::OwnedSemaphorePermit;

use super::connector::Connector;
use super::{Reply, trouble};
use crate::canonical::Fault;

/// The reply, with what is needed to give its connection back.
pub struct PooledReply {
    /// Boxed, since a reply passes through many hands, and this is most of a kilobyte.
    session: Box<HttpSession>,
    connector: Arc<Connector>,
    peer: Arc<HttpPeer>,
    _permit: Option<OwnedSemaphorePermit>,
}

impl PooledReply {
    /// The head of `session`'s reply must have been read.
    pub(super) fn new(
        session: HttpSession,
        connector: Arc<Connector>,
        peer: Arc<HttpPeer>,
        permit: Option<OwnedSemaphorePermit>,
    ) -> Self {
        Self { session: Box::new(session), connector, peer, _permit: permit }
    }
}

impl Reply for PooledReply {
    fn status(&self) -> StatusCode {
        self.session.response_header().map_or(StatusCode::BAD_GATEWAY, |head| head.status)
    }

    fn headers(&self) -> &HeaderMap {
        static NONE: LazyLock<HeaderMap> = LazyLock::new(HeaderMap::new);
        self.session.response_header().map_or(&*NONE, |head| &head.headers)
    }

    async fn next(&mut self) -> Result<Option<Bytes>, Fault> {
        loop {
            match self.session.read_response_body().await {
                // An empty frame is not the end.
                Ok(Some(chunk)) if chunk.is_empty() && !self.session.response_done() => {}
                Ok(chunk) => return Ok(chunk.filter(|c| !c.is_empty())),
                Err(error) => return Err(trouble::in_body(&error)),
            }
        }
    }

    async fn release(self) {
        let idle: Option<Duration> = self.peer.idle_timeout();
        self.connector.release(*self.session, &self.peer, idle).await;
    }
}
