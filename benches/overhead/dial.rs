//! How a caller gets to who answers.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

/// A connection with or without TLS.
pub type Stream = Box<dyn Duplex>;

/// What is read and written.
pub trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Duplex for S {}

/// The way of a client.
#[derive(Clone)]
pub struct Way {
    /// Who takes the connection.
    pub address: SocketAddr,
    /// It is asked for this host by CONNECT.
    pub proxied: Option<String>,
    /// TLS with this host.
    pub tls: Option<(Arc<ClientConfig>, String)>,
    /// So many calls over one connection.
    pub calls: usize,
}

impl Way {
    /// A connection that stays open.
    pub fn plain(address: SocketAddr) -> Self {
        Self { address, proxied: None, tls: None, calls: usize::MAX }
    }

    /// Who is called.
    pub fn host(&self) -> String {
        self.tls.as_ref().map_or_else(|| self.address.to_string(), |(_, host)| host.clone())
    }

    /// A connection over which calls go.
    pub async fn connect(&self) -> Stream {
        let mut stream = TcpStream::connect(self.address).await.expect("a connection");
        stream.set_nodelay(true).expect("TCP");
        if let Some(target) = &self.proxied {
            ask(&mut stream, target).await;
        }
        let Some((config, host)) = &self.tls else { return Box::new(stream) };
        let name = ServerName::try_from(host.clone()).expect("a name");
        Box::new(TlsConnector::from(config.clone()).connect(name, stream).await.expect("a handshake"))
    }
}

/// Asks a proxy for `target`.
pub async fn ask(stream: &mut TcpStream, target: &str) {
    let head = format!("CONNECT {target} HTTP/1.1\r\nhost: {target}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.expect("a proxy");
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(stream.read_u8().await.expect("an answer"));
    }
    assert!(answer.starts_with(b"HTTP/1.1 200"), "not connected: {}", String::from_utf8_lossy(&answer));
}
