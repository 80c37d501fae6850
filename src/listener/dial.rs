//! A connection to the host that a client asked for, or why there is none.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::bounds::{Bounds, Closed};
use super::connect::{Asked, Host};
use crate::canonical::{Fault, FaultKind};
use crate::upstream::Resolver;

/// Time for one address. An application's own patience is not known, so it is a short one.
const CONNECT: Duration = Duration::from_secs(4);

/// Of a name's addresses so many are tried.
const TRIED: usize = 3;

/// Where TLS is spoken to a host of which nothing but the name is known.
const HTTPS: u16 = 443;

/// Why nobody is connected.
#[derive(Debug)]
pub(super) struct Refused {
    status: &'static str,
    /// The type of error, in the words of RFC 9209 (2.3).
    pub(super) error: &'static str,
    /// In words for the client.
    pub(super) message: String,
}

impl Refused {
    fn new(status: &'static str, error: &'static str, message: impl Into<String>) -> Self {
        Self { status, error, message: message.into() }
    }

    pub(super) fn malformed(what: String) -> Self {
        Self::new("400 Bad Request", "http_request_error", what)
    }

    pub(super) fn stranger() -> Self {
        let message = "only programs on this machine are connected to other hosts; `listen: {proxy: any}` lets others";
        Self::new("403 Forbidden", "http_request_denied", message)
    }

    /// A connection to ourselves, or one of which nobody knows where it was going.
    pub(super) fn circle() -> Self {
        let message = "the connection was not redirected from anywhere but to this listener itself";
        Self::new("403 Forbidden", "proxy_loop_detected", message)
    }

    pub(super) fn closed(host: &str, why: Closed) -> Self {
        let error = match why {
            Closed::Ourselves => "proxy_loop_detected",
            Closed::LinkLocal => "destination_ip_prohibited",
        };
        Self::new("403 Forbidden", error, format!("{host} is not connected to: {why}"))
    }

    pub(super) fn unresolved(host: &str, error: &io::Error) -> Self {
        tracing::debug!(host, %error, "resolving");
        match error.kind() {
            io::ErrorKind::TimedOut => Self::new("504 Gateway Timeout", "dns_timeout", format!("{host} took too long")),
            _ => Self::new("502 Bad Gateway", "dns_error", format!("{host} does not resolve")),
        }
    }

    fn unreachable(error: &io::Error) -> Self {
        let (status, kind) = match error.kind() {
            io::ErrorKind::TimedOut => ("504 Gateway Timeout", "connection_timeout"),
            io::ErrorKind::ConnectionRefused => ("502 Bad Gateway", "connection_refused"),
            _ => ("502 Bad Gateway", "destination_ip_unroutable"),
        };
        Self::new(status, kind, format!("no connection to the host: {error}"))
    }

    /// Tells a client that asked with `CONNECT`.
    pub(super) async fn answer(&self, stream: &mut (impl AsyncWrite + Unpin)) {
        let kind = "invalid_request_error";
        let body = json!({ "error": { "message": self.message, "type": kind, "param": null, "code": self.error } });
        let body = body.to_string();
        let (status, error, length) = (self.status, self.error, body.len());
        let answer = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\
             proxy-status: outrider; error={error}\r\nconnection: close\r\n\r\n{body}"
        );
        let _ = stream.write_all(answer.as_bytes()).await;
        let _ = stream.shutdown().await;
    }
}

/// For a client that asked in absolute form.
impl From<Refused> for Fault {
    fn from(refused: Refused) -> Self {
        match refused.status.split(' ').next() {
            Some("400") => Fault::new(FaultKind::BadRequest, refused.message),
            Some("403") => Fault::new(FaultKind::Forbidden, refused.message),
            Some("504") => Fault::new(FaultKind::ConnectTimeout, refused.message),
            _ => Fault::new(FaultKind::Connect, refused.message),
        }
    }
}

/// Tells a client that the connection it asked for is there.
pub(super) async fn established(stream: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
    stream.flush().await
}

/// To where a client asked for.
pub(super) async fn asked(asked: &Asked, resolver: &Resolver, bounds: &Bounds) -> Result<TcpStream, Refused> {
    let addresses = match &asked.host {
        Host::Address(ip) => Ok(vec![SocketAddr::new(*ip, asked.port)]),
        Host::Name(name) if bounds.closed_name(name).is_some() => Ok(Vec::new()),
        Host::Name(name) => resolver.local(name, asked.port).await,
    };
    let addresses = within(&asked.host.to_string(), addresses, bounds)?;
    reach(&addresses).await
}

/// To the host that TLS names. What the file of hosts says of it has led the client here.
pub(super) async fn named(name: Option<&str>, resolver: &Resolver, bounds: &Bounds) -> Result<TcpStream, Refused> {
    let Some(name) = name else {
        return Err(Refused::new("421", "destination_not_found", "the client does not say which host it wants"));
    };
    let addresses = within(name, resolver.public(name, HTTPS).await, bounds)?;
    reach(&addresses).await
}

/// The addresses of `host`, if it may be connected to.
pub(super) fn within(
    host: &str,
    addresses: io::Result<Vec<SocketAddr>>,
    bounds: &Bounds,
) -> Result<Vec<SocketAddr>, Refused> {
    if let Some(why) = bounds.closed_name(host) {
        return Err(Refused::closed(host, why));
    }
    let addresses = addresses.map_err(|error| Refused::unresolved(host, &error))?;
    match addresses.iter().find_map(|address| bounds.closed(*address)) {
        Some(why) => Err(Refused::closed(host, why)),
        None => Ok(addresses),
    }
}

/// The first of `addresses` that takes the connection.
pub(super) async fn reach(addresses: &[SocketAddr]) -> Result<TcpStream, Refused> {
    let mut last = io::Error::from(io::ErrorKind::NotFound);
    for address in addresses.iter().take(TRIED) {
        match timeout(CONNECT, TcpStream::connect(address)).await {
            Ok(Ok(connection)) => {
                let _ = connection.set_nodelay(true);
                return Ok(connection);
            }
            Ok(Err(error)) => last = error,
            Err(_) => last = io::ErrorKind::TimedOut.into(),
        }
    }
    Err(Refused::unreachable(&last))
}
