//! One JSON document a line: chunks cut anywhere in, whole lines out.
//!
//! Like [`super::sse`], it gives back the bytes that came in, in order and unchanged, only cut between lines: all lines
//! that a chunk completes come as one piece, a slice of the chunk itself unless a line began in an earlier one.

use bytes::{Bytes, BytesMut};
use memchr::{memchr_iter, memrchr};

/// Cuts a stream between its lines.
pub struct Splitter {
    /// The bytes of the line that is not complete yet.
    partial: BytesMut,
    limit: usize,
}

/// The lines that a chunk completed.
#[derive(Debug)]
pub struct Ready {
    /// Their bytes, ends included.
    pub bytes: Bytes,
}

/// A line is longer than the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

impl Splitter {
    /// A splitter that takes no more once an incomplete line has more than `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { partial: BytesMut::new(), limit }
    }

    /// Takes the next chunk and gives back what it completed, possibly nothing.
    pub fn push(&mut self, mut chunk: Bytes) -> Result<Ready, TooLong> {
        // Not checked at the end, where whole lines would be lost with the one that is too long.
        if self.partial.len() > self.limit {
            return Err(TooLong);
        }
        // Only the chunk is searched: what is kept has no end of a line in it.
        let Some(last) = memrchr(b'\n', &chunk) else {
            self.partial.extend_from_slice(&chunk);
            return Ok(Ready { bytes: Bytes::new() });
        };
        let rest = chunk.split_off(last + 1);
        let bytes = if self.partial.is_empty() {
            chunk
        } else {
            self.partial.extend_from_slice(&chunk);
            self.partial.split().freeze()
        };
        self.partial.extend_from_slice(&rest);
        Ok(Ready { bytes })
    }

    /// What is left at the end of the stream: a line without its end.
    pub fn rest(&mut self) -> Bytes {
        self.partial.split().freeze()
    }
}

impl Ready {
    /// Each line's bytes, its end included. A blank one says nothing.
    pub fn lines(&self) -> impl Iterator<Item = &[u8]> {
        let mut start = 0;
        memchr_iter(b'\n', &self.bytes).map(move |end| &self.bytes[std::mem::replace(&mut start, end + 1)..=end])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_do_not_depend_on_the_cuts() {
        for (text, expected, rest) in [
            ("{\"a\":1}\n{\"b\":2}\n", &["{\"a\":1}\n", "{\"b\":2}\n"][..], ""),
            ("{\"a\":1}\r\n\r\n{\"b\":2}", &["{\"a\":1}\r\n", "\r\n"], "{\"b\":2}"),
            ("\n\né\n", &["\n", "\n", "é\n"], ""),
            ("", &[], ""),
            ("x", &[], "x"),
        ] {
            for size in 1..=text.len().max(1) {
                let mut splitter = Splitter::new(100);
                let (mut lines, mut joined) = (Vec::new(), Vec::new());
                for chunk in text.as_bytes().chunks(size) {
                    let ready = splitter.push(Bytes::copy_from_slice(chunk)).unwrap();
                    lines.extend(ready.lines().map(<[u8]>::to_vec));
                    joined.extend_from_slice(&ready.bytes);
                }
                let left = splitter.rest();
                joined.extend_from_slice(&left);
                assert_eq!(lines, expected.iter().map(|line| line.as_bytes()).collect::<Vec<_>>(), "chunks of {size}");
                assert_eq!((&left[..], &joined[..]), (rest.as_bytes(), text.as_bytes()), "chunks of {size}");
            }
        }
    }

    #[test]
    fn whole_lines_are_not_copied() {
        let chunk = Bytes::from_static(b"{}\n{}\n{");
        let ready = Splitter::new(100).push(chunk.clone()).unwrap();
        assert_eq!((ready.bytes.as_ptr(), ready.bytes.len()), (chunk.as_ptr(), 6));
    }

    #[test]
    fn a_line_over_the_limit_is_refused() {
        let mut splitter = Splitter::new(3);
        assert_eq!(splitter.push(Bytes::from_static(b"long line\n12")).unwrap().bytes.len(), 10);
        assert!(splitter.push(Bytes::from_static(b"34")).unwrap().bytes.is_empty());
        assert_eq!(splitter.push(Bytes::from_static(b"\n")).unwrap_err(), TooLong);
    }

    /// Were the partial line searched again with each piece, this would take minutes.
    #[test]
    fn a_long_line_in_small_pieces_takes_linear_time() {
        let mut splitter = Splitter::new(usize::MAX);
        let piece = Bytes::from_static(&[b'x'; 64]);
        for _ in 0..(16 << 20) / piece.len() {
            assert!(splitter.push(piece.clone()).unwrap().bytes.is_empty());
        }
        assert_eq!(splitter.push(Bytes::from_static(b"\n")).unwrap().bytes.len(), (16 << 20) + 1);
    }
}
