//! A connection, from its first byte to its last request.
//!
//! The first bytes decide: HTTP/1 or HTTP/2. They are given back to the stream, and Pingora serves the requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use pingora_core::apps::{HttpPersistentSettings, HttpServerApp, ServerApp};
use pingora_core::protocols::http::ServerSession;
use pingora_core::protocols::l4::stream::Stream as TcpLike;
use pingora_core::protocols::{GetSocketDigest, Stream};
use pingora_core::server::ShutdownWatch;
use pingora_proxy::HttpProxy;
use tokio::io::AsyncWriteExt;
use tokio::sync::watch;

use super::Gateway;
use super::head::{self, Head};
use crate::telemetry::Telemetry;
use crate::upstream::Transport;

/// Connections beyond this are closed at once: a sidecar has one application, and each connection holds buffers.
const MOST_CONNECTIONS: usize = 8192;

/// Seconds that Pingora may keep an HTTP/1 connection; the real limit is [`head::read`]'s.
const KEEPALIVE: u64 = 60;

/// Serves connections.
pub struct Front<T: Transport> {
    proxy: Arc<HttpProxy<Gateway<T>>>,
    telemetry: Arc<Telemetry>,
    draining: watch::Receiver<bool>,
    open: Arc<AtomicUsize>,
}

impl<T: Transport> Front<T> {
    /// Connections go to `proxy`; while `draining`, idle ones are closed.
    pub fn new(proxy: HttpProxy<Gateway<T>>, telemetry: Arc<Telemetry>, draining: watch::Receiver<bool>) -> Self {
        Self { proxy: Arc::new(proxy), telemetry, draining, open: Arc::default() }
    }

    async fn requests(&self, mut stream: Box<TcpLike>) {
        let mut settings: Option<HttpPersistentSettings> = None;
        let mut draining = self.draining.clone();
        loop {
            let head = tokio::select! {
                biased;
                head = head::read(&mut stream) => head,
                _ = draining.wait_for(|draining| *draining) => return,
            };
            match head {
                Head::Http1 => {}
                Head::Http2 => {
                    self.proxy.process_new(stream, &self.draining).await;
                    return;
                }
                Head::Closed => return,
                Head::TooLarge => return self.reject(&mut stream, TOO_LARGE, "request head too large").await,
                Head::TooSlow => return self.reject(&mut stream, TOO_SLOW, "request head too slow").await,
            }
            let mut session = ServerSession::new_http1(stream);
            match settings.take() {
                Some(settings) => settings.apply_to_session(&mut session),
                None => session.set_keepalive(Some(KEEPALIVE)),
            }
            let Some(reused) = self.proxy.process_new_http(session, &self.draining).await else { return };
            let (returned, kept) = reused.consume();
            let Some(returned) = returned.into_any().downcast::<TcpLike>().ok() else { return };
            (stream, settings) = (returned, kept);
        }
    }

    async fn reject(&self, stream: &mut TcpLike, answer: &'static str, why: &'static str) {
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
        self.requests(stream).await;
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
