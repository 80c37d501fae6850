//! A client that knows nothing of Outrider: it wants another host, and something leads it to us.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::client::{Call, Connection, Reply, Streaming, read_until};
use super::proxy::Proxy;
use super::secrets;

/// What a client believes and speaks.
#[derive(Clone)]
pub struct Client {
    config: ClientConfig,
    /// Bytes are written in pieces of this size, each in a packet of its own.
    pieces: usize,
}

impl Client {
    /// One that believes the certificates in `pem` and offers these protocols.
    pub fn believing(pem: &str, protocols: &[&str]) -> Self {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
            roots.add(certificate.expect("a certificate")).expect("an authority");
        }
        let provider = Arc::new(ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let mut config = config.expect("TLS versions").with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        Self { config, pieces: usize::MAX }
    }

    /// One that believes the authority of `proxy`.
    pub fn of(proxy: &Proxy, protocols: &[&str]) -> Self {
        let pem = std::fs::read_to_string(proxy.file.with_file_name("ca.pem")).expect("the local authority");
        Self::believing(&pem, protocols)
    }

    /// The same, writing so many bytes at a time.
    pub fn in_pieces(self, pieces: usize) -> Self {
        Self { pieces, ..self }
    }

    /// The same, with TLS records of at most that size.
    pub fn in_records(mut self, size: usize) -> Self {
        self.config.max_fragment_size = Some(size);
        self
    }

    /// TLS with `name` over `stream`.
    pub async fn secure(&self, stream: TcpStream, name: &str) -> io::Result<TlsStream<Pieces>> {
        stream.set_nodelay(true)?;
        let name = ServerName::try_from(name.to_owned()).expect("a name");
        let stream = Pieces { stream, size: self.pieces };
        TlsConnector::from(Arc::new(self.config.clone())).connect(name, stream).await
    }

    /// Sends `call` to `name` over `stream` and reads the whole reply, in HTTP/2 where that was agreed upon.
    pub async fn send(&self, stream: TcpStream, name: &str, call: Call) -> Reply {
        let stream = self.secure(stream, name).await.expect("a handshake");
        let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        send(stream, http2, call.header("host", name)).await
    }
}

/// Sends `call` over a connection and reads the whole reply. Like any client's it carries a key, by default one of a
/// host that is nowhere: it may come to nobody.
pub async fn send(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, http2: bool, call: Call) -> Reply {
    let call = call.or_header("authorization", &format!("Bearer {}", secrets::of_client(0)));
    let stream = TokioIo::new(stream);
    let nowhere = SocketAddr::from(([0, 0, 0, 0], 0));
    let streaming = if http2 {
        let (mut sender, connection) = http2::handshake(TokioExecutor::new(), stream).await.expect("a connection");
        let connection = Connection::driven(async move { drop(connection.await) });
        let response = sender.send_request(call.absolute("https").request(nowhere)).await;
        Streaming::new(response.expect("a reply"), connection)
    } else {
        let (mut sender, connection) = http1::handshake(stream).await.expect("a connection");
        let connection = Connection::driven(async move { drop(connection.await) });
        Streaming::new(sender.send_request(call.request(nowhere)).await.expect("a reply"), connection)
    };
    streaming.rest().await
}

/// A connection to `target` (`host:port`), which the proxy was asked for in this version of HTTP.
pub async fn connect_in(version: &str, proxy: &Proxy, target: &str) -> TcpStream {
    let mut stream = TcpStream::connect(proxy.traffic).await.expect("the proxy listens");
    let head = format!("CONNECT {target} {version}\r\nhost: {target}\r\nproxy-authorization: Basic c2VjcmV0\r\n\r\n");
    stream.write_all(head.as_bytes()).await.expect("the proxy reads");
    let answer = read_until(&mut stream, "\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{target}: {answer}");
    stream
}

/// The same in HTTP/1.1.
pub async fn connect(proxy: &Proxy, target: &str) -> TcpStream {
    connect_in("HTTP/1.1", proxy, target).await
}

/// A stream that writes a little at a time.
pub struct Pieces {
    stream: TcpStream,
    size: usize,
}

impl AsyncRead for Pieces {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Pieces {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let piece = &buf[..buf.len().min(self.size)];
        Pin::new(&mut self.stream).poll_write(cx, piece)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
