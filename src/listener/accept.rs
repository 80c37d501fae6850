//! A connection, from its first byte to its last request.
//!
//! The first bytes decide: a request in HTTP/1 or HTTP/2, which Pingora serves, or a connection that was meant for
//! another host ([`super::ways`]). Where that one's TLS is ended here, its requests are served like all others.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use bytes::BytesMut;
use pingora_core::apps::{HttpPersistentSettings, HttpServerApp, ServerApp};
use pingora_core::protocols::http::ServerSession;
use pingora_core::protocols::l4::stream::Stream as TcpLike;
use pingora_core::protocols::{ALPN, Stream};
use pingora_core::server::ShutdownWatch;
use pingora_proxy::HttpProxy;
use tokio::io::AsyncWriteExt;
use tokio::sync::watch;

use super::Gateway;
use super::head::{self, Head};
use super::ways::{Door, Entered, Ways};
use crate::telemetry::Telemetry;
use crate::upstream::Transport;

/// Connections beyond this are closed at once: a sidecar has one application, and each connection holds buffers.
const MOST_CONNECTIONS: usize = 8192;

/// Seconds that Pingora may keep an HTTP/1 connection; the real limit is [`head::read`]'s.
const KEEPALIVE: u64 = 60;

/// Serves the connections of one listener.
pub struct Front<T: Transport> {
    proxy: Arc<HttpProxy<Gateway<T>>>,
    telemetry: Arc<Telemetry>,
    draining: watch::Receiver<bool>,
    open: Arc<AtomicUsize>,
    ways: Arc<Ways>,
    door: Door,
}

/// A connection that asks for another host than us, with what was read of it.
struct Foreign {
    stream: Box<TcpLike>,
    bytes: BytesMut,
    tls: bool,
}

impl<T: Transport> Front<T> {
    /// Connections go to `proxy`; while `draining`, idle ones are closed. Those for other hosts come in by `ways`, as
    /// `door` lets them.
    pub fn new(
        proxy: HttpProxy<Gateway<T>>,
        telemetry: Arc<Telemetry>,
        draining: watch::Receiver<bool>,
        ways: Arc<Ways>,
        door: Door,
    ) -> Self {
        Self { proxy: Arc::new(proxy), telemetry, draining, open: Arc::default(), ways, door }
    }

    /// Serves a connection, as far as it is for us.
    async fn connection(&self, stream: Box<TcpLike>) -> Option<()> {
        let entered = if self.door.transparent {
            Box::pin(self.ways.redirected(self.door, stream)).await
        } else {
            match self.requests(stream).await? {
                Foreign { stream, bytes, tls: true } => Box::pin(self.ways.named(self.door, stream, bytes)).await,
                Foreign { stream, bytes, tls: false } => Box::pin(self.ways.connect(self.door, stream, bytes)).await,
            }
        };
        let Entered { stream, visit } = entered?;
        if stream.selected_alpn_proto() == Some(ALPN::H2) {
            self.proxy.process_new(stream, &self.draining).await;
        } else {
            self.requests(stream).await;
        }
        self.ways.left(&visit);
        None
    }

    /// Serves requests until there are no more, or until what comes is none for us.
    async fn requests(&self, mut stream: Stream) -> Option<Foreign> {
        let mut settings: Option<HttpPersistentSettings> = None;
        let mut draining = self.draining.clone();
        loop {
            let (head, bytes) = tokio::select! {
                biased;
                head = head::read(&mut stream) => head,
                _ = draining.wait_for(|draining| *draining) => return None,
            };
            match head {
                // Inside of TLS neither is anything that Pingora would not refuse by itself.
                Head::Connect | Head::Tls if stream.get_ssl_digest().is_none() => {
                    let stream = stream.into_any().downcast::<TcpLike>().ok()?;
                    return Some(Foreign { stream, bytes, tls: head == Head::Tls });
                }
                Head::Http1 | Head::Connect | Head::Tls => {}
                Head::Http2 => {
                    let mut stream = stream.into_any().downcast::<TcpLike>().ok()?;
                    stream.rewind(&bytes);
                    self.proxy.process_new(stream, &self.draining).await;
                    return None;
                }
                Head::Closed => return None,
                Head::TooLarge => {
                    self.reject(&mut stream, TOO_LARGE, "request head too large").await;
                    return None;
                }
                Head::TooSlow => {
                    self.reject(&mut stream, TOO_SLOW, "request head too slow").await;
                    return None;
                }
            }
            let mut session = ServerSession::new_http1(stream);
            match settings.take() {
                Some(settings) => settings.apply_to_session(&mut session),
                None => session.set_keepalive(Some(KEEPALIVE)),
            }
            session.set_pipelined_prefix(bytes);
            let reused = self.proxy.process_new_http(session, &self.draining).await?;
            (stream, settings) = reused.consume();
        }
    }

    async fn reject(&self, stream: &mut Stream, answer: &'static str, why: &'static str) {
        let peer = stream.get_socket_digest().and_then(|digest| digest.peer_addr().map(ToString::to_string));
        tracing::warn!(peer, "{why}");
        let _ = stream.write_all(answer.as_bytes()).await;
        let _ = stream.shutdown().await;
    }
}

#[async_trait]
impl<T: Transport> ServerApp for Front<T> {
    async fn process_new(self: &Arc<Self>, stream: Stream, _: &ShutdownWatch) -> Option<Stream> {
        let open = Open::new(self.open.clone());
        if open.count > MOST_CONNECTIONS {
            tracing::warn!(open = open.count, "too many connections");
            return None;
        }
        let _gauge = self.telemetry.metrics.connection_opened();
        let stream = stream.into_any().downcast::<TcpLike>().ok()?;
        self.connection(stream).await;
        None
    }
}

/// Counts a connection until it is closed.
struct Open {
    open: Arc<AtomicUsize>,
    count: usize,
}

impl Open {
    fn new(open: Arc<AtomicUsize>) -> Self {
        let count = open.fetch_add(1, Ordering::Relaxed) + 1;
        Self { open, count }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }
}

// Written before there is a request to answer, so as text; the shape is that of every other error.
const TOO_LARGE: &str = "HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: application/json\r\n\
    content-length: 128\r\nconnection: close\r\n\r\n\
    {\"error\":{\"message\":\"the request head is over 65536 bytes\",\"type\":\"invalid_request_error\",\"param\":null,\"code\":\"head_too_large\"}}";
const TOO_SLOW: &str = "HTTP/1.1 408 Request Timeout\r\ncontent-type: application/json\r\n\
    content-length: 134\r\nconnection: close\r\n\r\n\
    {\"error\":{\"message\":\"the request head was not received in time\",\"type\":\"invalid_request_error\",\"param\":null,\"code\":\"request_timeout\"}}";

#[cfg(test)]
mod tests {
    #[test]
    fn early_errors_say_their_true_length_and_limit() {
        for answer in [super::TOO_LARGE, super::TOO_SLOW] {
            let (head, body) = answer.split_once("\r\n\r\n").unwrap();
            assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{} in {head}", body.len());
            serde_json::from_str::<serde_json::Value>(body).unwrap();
        }
        assert!(super::TOO_LARGE.contains(&super::head::LIMIT.to_string()));
    }
}
