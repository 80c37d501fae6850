//! As much HTTP/1.1 as the demo's own two ends need: heads, bodies with a length, chunks.
//!
//! Written by hand so that a provider can misbehave in the middle of a reply and the client can tell whether it got
//! every byte: a library would hide both.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

/// Neither end of the demo sends more than this; anything longer is a mistake.
const LIMIT: usize = 1 << 20;

/// A request's or a reply's first line and headers.
pub struct Head {
    text: String,
}

impl Head {
    /// Reads up to the empty line. What was read beyond it stays in `buffer`. `None`: the peer closed before a byte.
    pub async fn read(stream: &mut (impl AsyncRead + Unpin), buffer: &mut Vec<u8>) -> io::Result<Option<Self>> {
        loop {
            if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                let text = String::from_utf8_lossy(&buffer[..end]).into_owned();
                buffer.drain(..end + 4);
                return Ok(Some(Self { text }));
            }
            if !more(stream, buffer).await? {
                return if buffer.is_empty() { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
            }
        }
    }

    /// The `index`th word of the first line.
    pub fn word(&self, index: usize) -> &str {
        let line = self.text.lines().next().unwrap_or_default();
        line.split(' ').nth(index).unwrap_or_default()
    }

    /// A header's value, empty where it is absent.
    pub fn header(&self, name: &str) -> &str {
        let mut pairs = self.text.lines().skip(1).filter_map(|line| line.split_once(':'));
        pairs.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).unwrap_or_default()
    }
}

/// Reads a body of `length` bytes; what was read beyond it stays in `buffer`.
pub async fn read_body(
    stream: &mut (impl AsyncRead + Unpin),
    buffer: &mut Vec<u8>,
    length: usize,
) -> io::Result<Vec<u8>> {
    while buffer.len() < length {
        if !more(stream, buffer).await? {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let rest = buffer.split_off(length);
    Ok(std::mem::replace(buffer, rest))
}

/// Reads what there is. `false`: the peer closed.
pub async fn more(stream: &mut (impl AsyncRead + Unpin), buffer: &mut Vec<u8>) -> io::Result<bool> {
    if buffer.len() > LIMIT {
        return Err(io::Error::other("more than the demo ever sends"));
    }
    Ok(stream.read_buf(buffer).await? > 0)
}

/// The content of a chunked body, if it is whole: up to and with its last, empty chunk.
pub fn unchunk(mut raw: &[u8]) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    loop {
        let line = raw.windows(2).position(|window| window == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&raw[..line]).ok()?, 16).ok()?;
        let chunk = raw.get(line + 2..line.checked_add(2)?.checked_add(size)?)?;
        raw = raw[line + 2 + size..].strip_prefix(b"\r\n")?;
        if size == 0 {
            return Some(content);
        }
        content.extend_from_slice(chunk);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunked_body_is_whole_or_nothing() {
        let whole = b"5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n";
        assert_eq!(unchunk(whole).as_deref(), Some(&b"hello!"[..]));
        for cut in 0..whole.len() {
            assert_eq!(unchunk(&whole[..cut]), None, "cut at {cut}");
        }
        assert_eq!(unchunk(b"fffffffffffffffff\r\n"), None);
    }

    #[tokio::test]
    async fn a_head_leaves_the_body_in_the_buffer() {
        let mut buffer = Vec::new();
        let mut wire = &b"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}GET"[..];
        let head = Head::read(&mut wire, &mut buffer).await.unwrap().unwrap();
        assert_eq!((head.word(0), head.word(1), head.header("content-length")), ("POST", "/v1/chat/completions", "2"));
        assert_eq!(read_body(&mut wire, &mut buffer, 2).await.unwrap(), b"{}");
        assert_eq!(buffer, b"GET");
    }
}
