//! The first bytes of a request, read within bounds of size and time.
//!
//! Pingora's own limits are a megabyte and a minute per read, which lets a few hundred slow clients hold a sidecar's
//! memory for hours. So the head is read here, and handed to Pingora's parser as what it has read already.

use std::time::Duration;

use bytes::BytesMut;
use pingora_core::protocols::Stream;
use tokio::io::AsyncReadExt;
use tokio::time::{Instant, timeout_at};

use super::hello::HANDSHAKE;

/// The preface of HTTP/2 with prior knowledge (RFC 9113, 3.4).
const HTTP2: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// How a request begins that asks for a connection to another host.
const CONNECT: &[u8] = b"CONNECT ";

/// More than any SDK sends, with room for cookies and tracing.
pub(super) const LIMIT: usize = 64 << 10;

/// From the first byte of a head to its last.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a connection may wait for its next request. Longer than clients keep theirs, so that they close first.
const IDLE: Duration = Duration::from_secs(120);

/// What the first bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Head {
    /// The complete head of an HTTP/1 request.
    Http1,
    /// The preface of HTTP/2.
    Http2,
    /// The complete head of a `CONNECT` request.
    Connect,
    /// The first byte of TLS, if no more.
    Tls,
    /// Nothing more comes.
    Closed,
    /// The head is over [`LIMIT`].
    TooLarge,
    /// It did not come in time.
    TooSlow,
}

/// Reads the head of the next request on `stream`, and what comes with it.
pub(super) async fn read(stream: &mut Stream) -> (Head, BytesMut) {
    let mut bytes = BytesMut::with_capacity(4096);
    let mut deadline = Instant::now() + IDLE;
    let head = loop {
        match timeout_at(deadline, stream.read_buf(&mut bytes)).await {
            Err(_) if bytes.is_empty() => break Head::Closed,
            Err(_) => break Head::TooSlow,
            Ok(Err(_) | Ok(0)) => break Head::Closed,
            Ok(Ok(read)) => {
                if read == bytes.len() {
                    deadline = Instant::now() + PATIENCE;
                }
                if let Some(head) = judge(&bytes, bytes.len() - read) {
                    break head;
                }
                if bytes.len() >= LIMIT {
                    break Head::TooLarge;
                }
                bytes.reserve(4096);
            }
        }
    };
    (head, bytes)
}

/// What `bytes` begin with, when that can be said already; `new` is where the bytes begin that were not looked at.
fn judge(bytes: &[u8], new: usize) -> Option<Head> {
    let probe = bytes.len().min(HTTP2.len());
    if bytes[..probe] == HTTP2[..probe] {
        return (probe == HTTP2.len()).then_some(Head::Http2);
    }
    if bytes[0] == HANDSHAKE {
        return Some(Head::Tls);
    }
    // The end may straddle two reads; a bare line feed is tolerated as Pingora's parser does.
    let from = new.saturating_sub(3);
    let ended = |end: &[u8]| memchr::memmem::find(&bytes[from..], end).is_some();
    // Garbage without any line end is not worth waiting for: let the parser answer it.
    let garbage = !bytes[0].is_ascii_alphabetic() && !matches!(bytes[0], b'\r' | b'\n');
    let head = if bytes.starts_with(CONNECT) { Head::Connect } else { Head::Http1 };
    (ended(b"\r\n\r\n") || ended(b"\n\n") || garbage).then_some(head)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_judged_at_any_split() {
        for (bytes, expected) in [
            (&b"GET / HTTP/1.1\r\n\r\n"[..], Some(Head::Http1)),
            (b"POST / HTTP/1.1\nhost: x\n\n{}", Some(Head::Http1)),
            (HTTP2, Some(Head::Http2)),
            (b"PRI * HTTP/2.0\r\n\r\n", None),
            (b"PUT / HTTP/1.1\r\nhost: x\r\n", None),
            (b"\x16\x03\x01", Some(Head::Tls)),
            (b"\x15\x03\x01", Some(Head::Http1)),
            (b"CONNECT a:443 HTTP/1.1\r\nhost: a:443\r\n\r\n\x16\x03", Some(Head::Connect)),
            (b"CONNECT a:443 HTTP/1.1\r\n", None),
            (b"CONNECTED / HTTP/1.1\r\n\r\n", Some(Head::Http1)),
        ] {
            assert_eq!(judge(bytes, 0), expected, "{}", bytes.escape_ascii());
            // The verdict does not depend on where the last read began.
            let grown = (1..=bytes.len()).find_map(|end| judge(&bytes[..end], end - 1));
            assert_eq!(grown, expected, "{} byte by byte", bytes.escape_ascii());
        }
    }
}
