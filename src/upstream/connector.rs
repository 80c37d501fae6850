//! Connections to providers, over HTTP/1.1 and HTTP/2.
//!
//! What Pingora's own connector for both does, from its two halves. Its one future of nine kilobytes, most of it for a TLS
//! handshake that nearly no call makes, was built and copied for each; here a connection from the pool is looked for first.

use std::time::Duration;

use pingora_core::connectors::ConnectorOptions;
use pingora_core::connectors::http::{v1, v2};
use pingora_core::protocols::http::client::HttpSession;
use pingora_core::upstreams::peer::HttpPeer;
use pingora_error::Result;

/// The pools of both, and the way to new connections.
pub(super) struct Connector {
    h1: v1::Connector,
    h2: v2::Connector,
}

impl Connector {
    pub(super) fn new(options: ConnectorOptions) -> Self {
        Self { h1: v1::Connector::new(Some(options.clone())), h2: v2::Connector::new(Some(options)) }
    }

    /// A connection to `peer`, and whether it was used before.
    pub(super) async fn open(&self, peer: &HttpPeer) -> Result<(HttpSession, bool)> {
        if speaks_h2(peer)
            && let Some(session) = self.h2.reused_http_session(peer).await?
        {
            return Ok((HttpSession::H2(session), true));
        }
        // A host that could speak HTTP/2 and chose not to is pooled here too.
        if let Some(session) = self.h1.reused_http_session(peer).await {
            return Ok((HttpSession::H1(session), true));
        }
        Box::pin(self.connect(peer)).await
    }

    async fn connect(&self, peer: &HttpPeer) -> Result<(HttpSession, bool)> {
        if speaks_h2(peer) {
            return Ok((self.h2.new_http_session(peer).await?, false));
        }
        let (session, reused) = self.h1.get_http_session(peer).await?;
        Ok((HttpSession::H1(session), reused))
    }

    /// Gives a connection back whose reply was read to its end.
    pub(super) async fn release(&self, session: HttpSession, peer: &HttpPeer, idle: Option<Duration>) {
        match session {
            HttpSession::H1(session) => self.h1.release_http_session(session, peer, idle).await,
            HttpSession::H2(session) => self.h2.release_http_session(session, peer, idle),
            HttpSession::Custom(()) => {} // there are none
        }
    }
}

fn speaks_h2(peer: &HttpPeer) -> bool {
    peer.options.alpn.get_max_http_version() == 2
}
