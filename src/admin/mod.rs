//! The operator's door.
//!
//! Health and metrics answer everybody; what tells about the configuration and its targets answers this machine, or
//! whoever has the token. Everything here only reads.

mod access;
mod pages;
mod readiness;
mod report;
mod route;
mod spend;

#[cfg(test)]
mod fixture;

use std::sync::Arc;
use std::time::Instant;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use http::{HeaderValue, Method, Response, header};
use pingora_core::apps::http_app::ServeHttp;
use pingora_core::protocols::http::ServerSession;
use serde_json::json;

pub use access::Knock;
pub use readiness::Readiness;
pub use route::{Page, Refusal, route};

use crate::exchange::Supposed;
use crate::health::Registry;
use crate::snapshot::Snapshot;
use crate::telemetry::Telemetry;

/// Serves the operator's requests. An `HttpServerApp` of Pingora, by way of [`ServeHttp`].
///
/// Whether a peer is on this machine is read from the stream's socket digest, which whoever accepts the connection has to
/// set; a stream without one counts as foreign.
#[derive(Debug)]
pub struct Door {
    /// What is configured now.
    pub snapshot: Arc<ArcSwap<Snapshot>>,
    /// How the targets are doing.
    pub health: Arc<Registry>,
    /// What was counted.
    pub telemetry: Arc<Telemetry>,
    /// Whether calls can be served.
    pub readiness: Arc<Readiness>,
    /// Opens the door from elsewhere.
    pub token: Option<String>,
}

#[async_trait]
impl ServeHttp for Door {
    async fn response(&self, session: &mut ServerSession) -> Response<Vec<u8>> {
        let knock = Knock::of(session);
        match route(&knock, self.token.as_deref()) {
            Ok(Page::Explain) => finish(self.explain(read(session).await), false),
            _ => self.answer(&knock, Instant::now()),
        }
    }
}

impl Door {
    /// The answer to one request.
    pub fn answer(&self, knock: &Knock, now: Instant) -> Response<Vec<u8>> {
        let response = match route(knock, self.token.as_deref()) {
            Ok(page) => self.page(page, now),
            Err(refusal) => refusal.into_response(),
        };
        finish(response, knock.method == Method::HEAD)
    }

    fn page(&self, page: Page, now: Instant) -> Response<Vec<u8>> {
        match page {
            Page::Index => pages::text(200, pages::INDEX),
            Page::Health => pages::text(200, "ok\n"),
            Page::Ready => pages::ready(self.readiness.reason()),
            Page::Metrics => pages::metrics(&self.telemetry.metrics, &self.snapshot.load(), &self.health),
            Page::Targets => pages::json(200, &report::targets(&self.snapshot.load(), &self.health.targets(), now)),
            Page::Spend => pages::json(200, &spend::spend(&self.snapshot.load())),
            Page::Config => pages::json(200, &self.snapshot.load().redacted),
            Page::Explain => self.explain(None), // its body was not read
        }
    }

    /// What would become of the call in `body`.
    fn explain(&self, body: Option<Vec<u8>>) -> Response<Vec<u8>> {
        let refused = |status, message: &str| pages::json(status, &json!({"error": {"message": message}}));
        let Some(body) = body else { return refused(413, "the call is too large to be explained") };
        match serde_json::from_slice::<Supposed>(&body) {
            Err(error) => refused(400, &format!("expected {{\"model\": \"...\"}}: {error}")),
            Ok(call) => match call.explain(&self.snapshot.load_full(), &self.health) {
                Ok(told) => pages::json(200, &json!(told)),
                Err(told) => pages::json(told.status, &json!({"error": told})),
            },
        }
    }
}

/// A body that is explained; `None` where it is larger than any that is worth it, or breaks off.
async fn read(session: &mut ServerSession) -> Option<Vec<u8>> {
    const LARGEST: usize = 4 << 20;
    let mut body = Vec::new();
    while let Some(chunk) = session.read_request_body().await.ok()? {
        body.extend_from_slice(&chunk);
        if body.len() > LARGEST {
            return None;
        }
    }
    Some(body)
}

/// What every answer has: its length, and that it is neither to be stored nor to be taken for something else.
fn finish(mut response: Response<Vec<u8>>, head_only: bool) -> Response<Vec<u8>> {
    let length = response.body().len();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LENGTH, length.into());
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if head_only {
        response.body_mut().clear();
    }
    response
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsRawFd;

    use pingora_core::apps::ServerApp;
    use pingora_core::protocols::l4::stream::Stream;
    use pingora_core::protocols::{GetSocketDigest, SocketDigest};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::sync::watch;
    use tracing::level_filters::LevelFilter;

    use super::*;
    use crate::telemetry::Format;

    fn door() -> Door {
        let (snapshot, health) = fixture::configured();
        Door {
            snapshot: Arc::new(ArcSwap::from_pointee(snapshot)),
            health,
            telemetry: Arc::new(Telemetry::new(Format::Json, LevelFilter::OFF, std::io::sink())),
            readiness: Arc::default(),
            token: None,
        }
    }

    fn knock(method: Method, path: &str) -> Knock {
        let peer = "127.0.0.1".parse().ok();
        Knock { method, path: path.to_owned(), peer, authority: None, headers: http::HeaderMap::new() }
    }

    fn get(door: &Door, path: &str) -> (u16, String) {
        let response = door.answer(&knock(Method::GET, path), Instant::now());
        (response.status().as_u16(), String::from_utf8(response.into_body()).expect("text"))
    }

    #[test]
    fn every_page_answers() {
        let door = door();
        for (path, status, contains) in [
            ("/", 200, "/metrics"),
            ("/healthz", 200, "ok"),
            ("/readyz", 503, "no configuration is in use yet"),
            ("/metrics", 200, "outrider_target_breaker_state{target=\"openai/gpt-5\"} 0"),
            ("/metrics", 200, "outrider_provider_reachable{provider=\"openai\"} 1"),
            ("/targets", 200, "\"openai/gpt-5\""),
            ("/config", 200, "\"api_key\": \"***\""),
            ("/missing", 404, "not_found"),
        ] {
            let (found_status, body) = get(&door, path);
            assert_eq!(found_status, status, "{path}");
            assert!(body.contains(contains), "{path} does not contain {contains}:\n{body}");
            assert!(!body.contains(fixture::SECRET), "{path}");
        }
        door.readiness.snapshot_is_up();
        door.readiness.listeners_are_up();
        assert_eq!(get(&door, "/readyz"), (200, "ready\n".to_owned()));
    }

    #[test]
    fn head_is_get_without_the_body() {
        let response = door().answer(&knock(Method::HEAD, "/healthz"), Instant::now());
        assert_eq!((&response.headers()[header::CONTENT_LENGTH], response.body().len()), (&HeaderValue::from(3), 0));
    }

    /// A client of a door that serves one connection.
    async fn connected() -> TcpStream {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (accepted, _) = listener.accept().await.unwrap();
        let digest = SocketDigest::from_raw_fd(accepted.as_raw_fd());
        let mut stream: Stream = accepted.into();
        stream.set_socket_digest(digest);
        tokio::spawn(async move {
            let (_shutdown, watch) = watch::channel(false);
            Arc::new(door()).process_new(Box::new(stream), &watch).await
        });
        client
    }

    async fn ask(client: &mut TcpStream, request: &str) {
        client.write_all(request.as_bytes()).await.unwrap();
    }

    async fn read_to_end(mut client: TcpStream) -> String {
        client.shutdown().await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn a_connection_goes_on_after_head() {
        let mut client = connected().await;
        ask(&mut client, "HEAD /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(client.read_u8().await.unwrap());
        }
        ask(&mut client, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
        let answer = read_to_end(client).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\nok\n"), "{answer}");
    }

    #[tokio::test]
    async fn the_peer_and_the_host_of_a_connection_are_looked_at() {
        for (host, status) in [("127.0.0.1", "200 OK"), ("evil.example", "403 Forbidden")] {
            let mut client = connected().await;
            ask(&mut client, &format!("GET /config HTTP/1.1\r\nHost: {host}\r\n\r\n")).await;
            let answer = read_to_end(client).await;
            assert!(answer.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{host}: {answer}");
        }
    }
}
