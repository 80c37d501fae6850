//! The first thing a TLS client says: for whom it is, and what it would speak.
//!
//! A ClientHello may come in any number of records and segments; with post-quantum keys it is longer than one of the
//! network's packets. So it is read to its end, within bounds of size and time, by the parser of the TLS library
//! itself; the bytes are kept, for whoever goes on: our own end of TLS, or the host that they were meant for.

use std::time::Duration;

use bytes::BytesMut;
use rustls::server::{Acceptor, ClientHello};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::{Instant, timeout_at};

/// More than any client says: session tickets and post-quantum keys together are a few kilobytes. (Envoy's limit.)
pub(super) const LIMIT: usize = 64 << 10;

/// The type of a TLS record that carries a handshake (RFC 8446, 5.1): the first byte of every ClientHello.
pub(super) const HANDSHAKE: u8 = 22;

/// What a ClientHello says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Hello {
    /// For which name it is, in lower case. An address is none, by the standard.
    pub(super) name: Option<String>,
    /// HTTP/1.1 or HTTP/2 is offered, or no protocol at all, which means HTTP/1.1.
    pub(super) http: bool,
}

/// What the first bytes of a connection are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum First {
    /// A whole ClientHello.
    Hello(Hello),
    /// Nothing of TLS.
    NotTls,
    /// It began as TLS, but is no ClientHello, or one over [`LIMIT`].
    Bad,
    /// It did not come in time. A client whose server speaks first sends nothing at all.
    Late,
    /// The client left.
    Gone,
}

/// Reads until it is known what the connection begins with. `bytes` are those that were read already; all that is read
/// is added to them.
pub(super) async fn read(stream: &mut (impl AsyncRead + Unpin), bytes: &mut BytesMut, patience: Duration) -> First {
    let deadline = Instant::now() + patience;
    let mut reader = Reader::default();
    loop {
        if let Some(first) = reader.judge(bytes) {
            return first;
        }
        bytes.reserve(4096);
        match timeout_at(deadline, stream.read_buf(bytes)).await {
            Err(_) => return First::Late,
            Ok(Err(_) | Ok(0)) => return First::Gone,
            Ok(Ok(_)) => {}
        }
    }
}

/// A ClientHello on its way.
#[derive(Default)]
struct Reader {
    acceptor: Acceptor,
    /// How many bytes the acceptor has been given.
    given: usize,
}

impl Reader {
    /// What `bytes` are, once they say it. Called again with the same bytes and more behind them.
    fn judge(&mut self, bytes: &[u8]) -> Option<First> {
        if *bytes.first()? != HANDSHAKE {
            return Some(First::NotTls);
        }
        let mut new = &bytes[self.given..bytes.len().min(LIMIT)];
        while !new.is_empty() {
            // It takes some kilobytes at a time, and no more before it was asked what they are.
            if !self.acceptor.read_tls(&mut new).is_ok_and(|taken| taken > 0) {
                return Some(First::Bad);
            }
            self.given = bytes.len().min(LIMIT) - new.len();
            match self.acceptor.accept() {
                Ok(Some(accepted)) => return Some(First::Hello(Hello::of(&accepted.client_hello()))),
                Ok(None) => {}
                Err(_) => return Some(First::Bad),
            }
        }
        (bytes.len() >= LIMIT).then_some(First::Bad)
    }
}

impl Hello {
    fn of(hello: &ClientHello<'_>) -> Self {
        let name = hello.server_name().and_then(|name| super::connect::name(name).ok());
        let http = match hello.alpn() {
            None => true,
            Some(mut offered) => offered.any(|protocol| matches!(protocol, b"h2" | b"http/1.1")),
        };
        Self { name, http }
    }
}

#[cfg(test)]
mod tests;
