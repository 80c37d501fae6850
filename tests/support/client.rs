//! A client of the proxy: whole calls, streams read piece by piece, HTTP/2 without TLS, and bytes by hand.
//!
//! Every call has a connection of its own. Dropping a [`Streaming`] closes it, as a client that leaves does.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use super::secrets;

/// How long a single read may take.
const READ_LIMIT: Duration = Duration::from_secs(10);

/// A request to be sent.
#[derive(Clone, Debug)]
pub struct Call {
    method: &'static str,
    path: String,
    headers: Vec<(String, String)>,
    body: Bytes,
}

impl Call {
    /// A chat with that model.
    pub fn chat(model: &str) -> Self {
        Self::post("/v1/chat/completions", &json!({"model": model, "messages": [{"role": "user", "content": "hi"}]}))
    }

    /// A streamed chat with that model, usage included.
    pub fn stream(model: &str) -> Self {
        let messages = json!([{"role": "user", "content": "hi"}]);
        let body =
            json!({"model": model, "messages": messages, "stream": true, "stream_options": {"include_usage": true}});
        Self::post("/v1/chat/completions", &body)
    }

    /// JSON to that path.
    pub fn post(path: &str, body: &Value) -> Self {
        Self { method: "POST", ..Self::get(path) }.header("content-type", "application/json").body(body.to_string())
    }

    /// A question without a body.
    pub fn get(path: &str) -> Self {
        Self { method: "GET", path: path.into(), headers: Vec::new(), body: Bytes::new() }
    }

    /// The same with another method.
    pub fn method(self, method: &'static str) -> Self {
        Self { method, ..self }
    }

    /// The same with that header, instead of any of that name.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The same with that header, unless it has one of that name.
    pub fn or_header(self, name: &str, value: &str) -> Self {
        match self.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
            true => self,
            false => self.header(name, value),
        }
    }

    /// The same with that body.
    pub fn body(self, body: impl Into<Bytes>) -> Self {
        Self { body: body.into(), ..self }
    }

    /// The same with the whole URL, whose host is that of the `host` header.
    pub fn absolute(mut self, scheme: &str) -> Self {
        let at = self.headers.iter().position(|(name, _)| name.eq_ignore_ascii_case("host")).expect("a host");
        let (_, host) = self.headers.remove(at);
        self.path = format!("{scheme}://{host}{}", self.path);
        self
    }

    /// As hyper sends it.
    pub fn request(self, to: SocketAddr) -> Request<Full<Bytes>> {
        let own_host =
            self.path.contains("://") || self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host"));
        let mut request = Request::builder().method(self.method).uri(self.path);
        if !own_host {
            request = request.header("host", to.to_string());
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request.body(Full::new(self.body)).expect("a request")
    }
}

/// A reply whose head has arrived.
pub struct Streaming {
    pub status: u16,
    pub headers: HeaderMap,
    body: Incoming,
    _connection: Connection,
}

/// The task that drives a connection. Ends with whoever waits for its reply.
pub(super) struct Connection(JoinHandle<()>);

/// A whole reply.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// The body ended as its framing promised.
    pub complete: bool,
}

/// Sends a call over HTTP/1.1 and waits for the head of the reply.
pub async fn open(to: SocketAddr, call: Call) -> Streaming {
    let stream = TcpStream::connect(to).await.expect("the proxy listens");
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.expect("a connection");
    let connection = Connection(tokio::spawn(async move { drop(connection.await) }));
    let response = tokio::time::timeout(READ_LIMIT, sender.send_request(call.request(to))).await;
    Streaming::new(response.expect("a reply in time").expect("a reply"), connection)
}

/// Sends a call over HTTP/2 with prior knowledge and waits for the head of the reply.
pub async fn open_h2c(to: SocketAddr, mut call: Call) -> Streaming {
    let stream = TcpStream::connect(to).await.expect("the proxy listens");
    let (mut sender, connection) =
        http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("a connection");
    let connection = Connection(tokio::spawn(async move { drop(connection.await) }));
    call.path = format!("http://{to}{}", call.path);
    let mut request = call.request(to);
    request.headers_mut().remove("host");
    let response = tokio::time::timeout(READ_LIMIT, sender.send_request(request)).await;
    Streaming::new(response.expect("a reply in time").expect("a reply"), connection)
}

/// Writes `bytes` as they are and returns everything that comes back until the other side closes.
pub async fn exchange_raw(to: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(to).await.expect("the proxy listens");
    stream.write_all(bytes).await.expect("the proxy reads");
    read_all(&mut stream).await
}

/// Everything that comes until the other side closes or breaks off.
pub async fn read_all(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let read = tokio::time::timeout(READ_LIMIT, stream.read_to_end(&mut answer)).await;
    let text = String::from_utf8_lossy(&answer).into_owned();
    assert!(read.is_ok(), "the connection stayed open after: {text}");
    text
}

/// What comes until the text contains `wanted`.
pub async fn read_until(stream: &mut TcpStream, wanted: &str) -> String {
    let mut answer = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&answer).into_owned();
        if text.contains(wanted) {
            return text;
        }
        let mut piece = [0; 4096];
        let read = tokio::time::timeout(READ_LIMIT, stream.read(&mut piece)).await;
        match read.unwrap_or_else(|_| panic!("`{wanted}` never came, only: {text}")) {
            Ok(0) | Err(_) => panic!("the connection ended before `{wanted}`, after: {text}"),
            Ok(length) => answer.extend_from_slice(&piece[..length]),
        }
    }
}

impl Connection {
    /// Driven by that.
    pub(super) fn driven(driver: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(tokio::spawn(driver))
    }
}

impl Streaming {
    pub(super) fn new(response: Response<Incoming>, connection: Connection) -> Self {
        let (head, body) = response.into_parts();
        Self { status: head.status.as_u16(), headers: head.headers, body, _connection: connection }
    }

    /// The next piece of the body; `None` at its end, `Err` where it breaks off.
    pub async fn next(&mut self) -> Option<Result<Bytes, hyper::Error>> {
        let frame = tokio::time::timeout(READ_LIMIT, self.body.frame()).await.expect("a piece in time")?;
        Some(frame.map(|frame| frame.into_data().unwrap_or_default()))
    }

    /// Reads until `text` has come. What was read with it is returned.
    pub async fn read_until(&mut self, text: &str) -> String {
        let mut read = String::new();
        while !read.contains(text) {
            let piece = self.next().await.unwrap_or_else(|| panic!("ended before `{text}`, after: {read}"));
            read.push_str(&String::from_utf8_lossy(&piece.unwrap_or_else(|e| panic!("broke before `{text}`: {e}"))));
        }
        read
    }

    /// Reads to the end.
    pub async fn rest(mut self) -> Reply {
        let mut body = Vec::new();
        let complete = loop {
            match self.next().await {
                Some(Ok(piece)) => body.extend_from_slice(&piece),
                Some(Err(_)) => break false,
                None => break true,
            }
        };
        secrets::none_in("the reply", format!("{:?}", self.headers).as_bytes());
        secrets::none_in("the reply", &body);
        Reply { status: self.status, headers: self.headers, body: body.into(), complete }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Reply {
    /// The value of a header, empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("a readable header"))
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("JSON expected, not: {}", self.text()))
    }

    /// The message of an error in OpenAI's shape.
    #[track_caller]
    pub fn error_message(&self) -> String {
        let body = self.json();
        let error = &body["error"];
        assert!(error["type"].is_string(), "OpenAI's error shape expected: {body}");
        error["message"].as_str().unwrap_or_else(|| panic!("a message expected: {body}")).to_owned()
    }

    /// Who was tried and how it went, as `target;outcome`, without the times.
    pub fn attempts(&self) -> Vec<String> {
        let tries = self.header("x-outrider-attempts").split(',').map(str::trim).filter(|tried| !tried.is_empty());
        tries.map(|tried| tried.split(';').take(2).collect::<Vec<_>>().join(";")).collect()
    }

    /// The payload of every event of a stream. A last one without its blank line is none: no client takes it for one.
    pub fn events(&self) -> Vec<String> {
        let text = self.text();
        let whole = text.rsplit_once("\n\n").map_or("", |(events, _)| events);
        whole.lines().filter_map(|line| line.strip_prefix("data: ")).map(str::to_owned).collect()
    }
}
