//! Server-sent events: chunks cut anywhere in, whole events out.
//!
//! A [`Splitter`] gives back the bytes that came in, in order and unchanged, only cut between events: all events that
//! a chunk completes come as one piece, so that forwarding them is one write. That piece is a slice of the chunk
//! itself unless an event began in an earlier one. What an event says is only looked at on demand, by [`Event`].

use std::borrow::Cow;

use bytes::{Bytes, BytesMut};
use memchr::{memchr, memchr2};

/// May begin a stream, and means nothing there. Anywhere else it is part of the line that it stands in, as the WHATWG
/// says of this format. So it is cut off like an event of its own, which says nothing.
const MARK: &[u8] = b"\xEF\xBB\xBF";

/// Cuts a stream between its events.
pub struct Splitter {
    /// How many bytes of [`MARK`] began the stream, as long as it may be one.
    mark: Option<usize>,
    /// The bytes of the event that is not complete yet.
    partial: BytesMut,
    limit: usize,
    /// The line that we are in is empty so far.
    blank: bool,
    /// The last byte was a carriage return: a line feed now belongs to it.
    returned: bool,
    /// Where the events of the last [`Ready`] end. Kept for its memory.
    ends: Vec<usize>,
}

/// The events that a chunk completed.
#[derive(Debug)]
pub struct Ready<'a> {
    /// Their bytes.
    pub bytes: Bytes,
    ends: &'a [usize],
}

/// An event is larger than the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

impl Splitter {
    /// A splitter that takes no more once an incomplete event has more than `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { mark: Some(0), partial: BytesMut::new(), limit, blank: true, returned: false, ends: Vec::new() }
    }

    /// Takes the next chunk and gives back what it completed, possibly nothing.
    pub fn push(&mut self, chunk: Bytes) -> Result<Ready<'_>, TooLong> {
        // Not checked at the end, where whole events would be lost with the one that is too long.
        if self.partial.len() > self.limit {
            return Err(TooLong);
        }
        self.ends.clear();
        self.find_ends(&chunk);
        let Some(&end) = self.ends.last() else {
            self.partial.extend_from_slice(&chunk);
            return Ok(Ready { bytes: Bytes::new(), ends: &[] });
        };
        let bytes = if self.partial.is_empty() {
            chunk.slice(..end)
        } else {
            let earlier = self.partial.len();
            self.ends.iter_mut().for_each(|end| *end += earlier);
            self.partial.extend_from_slice(&chunk[..end]);
            self.partial.split().freeze()
        };
        self.partial.extend_from_slice(&chunk[end..]);
        Ok(Ready { bytes, ends: &self.ends })
    }

    /// What is left at the end of the stream: an event without the blank line that completes it.
    pub fn rest(&mut self) -> Bytes {
        self.partial.split().freeze()
    }

    /// Notes where in the chunk events end: behind each blank line. A line ends with `\n`, `\r\n` or `\r`.
    fn find_ends(&mut self, chunk: &[u8]) {
        let Some(mut line) = self.pass_mark(chunk) else { return };
        while let Some(length) = memchr2(b'\n', b'\r', &chunk[line..]) {
            let end = line + length;
            let feed = chunk[end] == b'\n';
            if feed && length == 0 && self.returned {
                // The second half of `\r\n`. When the first half ended an event, this belongs to it, or, once that is
                // gone out, goes after it by itself.
                match self.ends.last_mut() {
                    Some(last) if *last == end => *last += 1,
                    None if end == 0 && self.partial.is_empty() => self.ends.push(1),
                    _ => {}
                }
            } else if length == 0 && self.blank {
                self.ends.push(end + 1);
            }
            self.blank = true;
            self.returned = !feed;
            line = end + 1;
        }
        if line < chunk.len() {
            self.blank = false;
            self.returned = false;
        }
    }

    /// Notes where the byte order mark ends, if there is one. Gives where the first line of the chunk begins; `None`
    /// where the whole chunk may be a piece of the mark.
    fn pass_mark(&mut self, chunk: &[u8]) -> Option<usize> {
        let Some(earlier) = self.mark else { return Some(0) };
        let wanted = &MARK[earlier..];
        let found = wanted.iter().zip(chunk).take_while(|(wanted, found)| wanted == found).count();
        if found < wanted.len() && found == chunk.len() {
            self.mark = Some(earlier + found);
            return None;
        }
        self.mark = None;
        if found == wanted.len() {
            self.ends.push(found);
            return Some(found);
        }
        self.blank = earlier == 0;
        Some(0)
    }
}

impl Ready<'_> {
    /// Each event's bytes.
    pub fn events(&self) -> impl Iterator<Item = &[u8]> {
        let mut start = 0;
        self.ends.iter().map(move |&end| &self.bytes[std::mem::replace(&mut start, end)..end])
    }
}

/// What an event says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Event<'a> {
    /// Its `event:` field.
    pub name: &'a [u8],
    /// Its `data:` field; several lines are joined by `\n`. `None` where there is none, as in a comment.
    pub data: Option<Cow<'a, [u8]>>,
}

impl<'a> Event<'a> {
    /// Reads an event's bytes. Fields other than these two, and comments, are passed over, as the standard says.
    pub fn read(bytes: &'a [u8]) -> Self {
        let mut event = Self::default();
        let mut rest = bytes;
        while !rest.is_empty() {
            let end = memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
            event.read_line(&rest[..end]);
            rest = rest.get(end + 1..).unwrap_or_default();
        }
        event
    }

    fn read_line(&mut self, line: &'a [u8]) {
        let (field, value) = match memchr(b':', line) {
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (line, &b""[..]),
        };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"event" => self.name = value,
            b"data" => match &mut self.data {
                None => self.data = Some(Cow::Borrowed(value)),
                Some(data) => {
                    let data = data.to_mut();
                    data.push(b'\n');
                    data.extend_from_slice(value);
                }
            },
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The events of `text`, pushed in chunks of `size`, and what is left over.
    fn split(text: &[u8], size: usize) -> (Vec<Vec<u8>>, Vec<u8>) {
        let mut splitter = Splitter::new(1 << 20);
        let mut events = Vec::new();
        for chunk in text.chunks(size) {
            let ready = splitter.push(Bytes::copy_from_slice(chunk)).unwrap();
            events.extend(ready.events().map(<[u8]>::to_vec));
            assert_eq!(ready.events().map(<[u8]>::len).sum::<usize>(), ready.bytes.len());
        }
        (events, splitter.rest().to_vec())
    }

    fn check(text: &str, expected: &[&str], rest: &str) {
        for size in 1..=text.len() {
            let (events, left) = split(text.as_bytes(), size);
            let joined = [events.concat(), left.clone()].concat();
            assert_eq!(joined, text.as_bytes(), "bytes changed in chunks of {size}");
            let saying: Vec<_> =
                events.iter().map(|event| Event::read(event)).filter(|e| *e != Event::default()).collect();
            let expected: Vec<_> = expected.iter().map(|event| Event::read(event.as_bytes())).collect();
            assert_eq!(saying, expected, "{text:?} in chunks of {size}");
            assert_eq!(left, rest.as_bytes(), "{text:?} in chunks of {size}");
        }
    }

    #[test]
    fn events_do_not_depend_on_the_cuts() {
        check("data: a\n\ndata: b\n\n", &["data: a", "data: b"], "");
        check("data: a\r\n\r\ndata: b\r\n\r\n", &["data: a", "data: b"], "");
        check("data: a\r\rdata: b\r\r", &["data: a", "data: b"], "");
        check("data: a\n\r\ndata: b\r\n\n", &["data: a", "data: b"], "");
        check("event: error\ndata: a\ndata: b\n\n", &["event: error\ndata: a\ndata: b"], "");
        check("event: error\r\ndata: a\r\ndata: b\r\n\r\n", &["event: error\ndata: a\ndata: b"], "");
        check("\n\ndata: a\n\n\n\ndata: b\n\n", &["data: a", "data: b"], "");
        check("data: a\n\ndata: b\n", &["data: a"], "data: b\n");
        check("data: a\n\ndata: b", &["data: a"], "data: b");
        check("data", &[], "data");
    }

    /// Found by the fuzzer: it was passed over before any event.
    #[test]
    fn a_byte_order_mark_is_one_at_the_beginning_only() {
        check("\u{feff}data: a\n\ndata: b\n\n", &["data: a", "data: b"], "");
        check("\u{feff}\u{feff}data: a\n\ndata: b\n\n", &["data: b"], "");
        check("data: a\n\n\u{feff}data: b\ndata: c\n\n", &["data: a", "data: c"], "");
        check("\u{feff}\n\ndata: \u{feff}a\n\n", &["data: \u{feff}a"], "");
        check("\u{feff}data: a", &[], "data: a");
        for begun in [&b"\xEF"[..], b"\xEF\xBB"] {
            for size in [1, 2, 9] {
                let (events, rest) = split(&[begun, b"\n\ndata: a\n\n"].concat(), size);
                let said: Vec<_> = events.iter().filter_map(|event| Event::read(event).data).collect();
                assert_eq!((&said[..], &rest[..]), (&[Cow::Borrowed(&b"a"[..])][..], &b""[..]), "{begun:?}");
                assert!(split(begun, size).1 == begun, "a piece of a mark is forwarded");
            }
        }
    }

    #[test]
    fn whole_events_are_not_copied() {
        let chunk = Bytes::from_static(b": hello\n\ndata: a\r\n\r\ndata: b");
        let mut splitter = Splitter::new(100);
        let ready = splitter.push(chunk.clone()).unwrap();
        assert_eq!(ready.bytes, chunk.slice(..chunk.len() - 7));
        assert_eq!(ready.bytes.as_ptr(), chunk.as_ptr());
        assert_eq!(ready.events().collect::<Vec<_>>(), [&b": hello\n\n"[..], b"data: a\r\n\r\n"]);
    }

    #[test]
    fn fields() {
        let check = |text: &'static str, name: &str, data: Option<&str>| {
            let event = Event::read(text.as_bytes());
            assert_eq!((event.name, event.data.as_deref()), (name.as_bytes(), data.map(str::as_bytes)), "{text:?}");
        };
        check("data: {\"a\": 1}\n\n", "", Some("{\"a\": 1}"));
        check("data:x\n\n", "", Some("x"));
        check("data:  x\n\n", "", Some(" x"));
        check("\u{feff}data: x\n\n", "", None);
        check("data: a\r\ndata\r\ndata: b\r\n\r\n", "", Some("a\n\nb"));
        check("id: 7\nevent: error\nretry: 10\ndata: x\n\n", "error", Some("x"));
        check(": OPENROUTER PROCESSING\n\n", "", None);
        check("dat: a\n\n", "", None);
        check("", "", None);
    }

    #[test]
    fn an_event_over_the_limit_is_refused() {
        let mut splitter = Splitter::new(10);
        assert_eq!(splitter.push(Bytes::from_static(b"data: 1\n\ndata: 7890")).unwrap().bytes.len(), 9);
        assert_eq!(splitter.push(Bytes::from_static(b"1")).unwrap().bytes.len(), 0);
        assert_eq!(splitter.push(Bytes::from_static(b"2")).unwrap_err(), TooLong);
    }

    /// Were the partial event searched again with each piece, this would take minutes.
    #[test]
    fn a_long_line_in_small_pieces_takes_linear_time() {
        let mut splitter = Splitter::new(usize::MAX);
        let piece = Bytes::from_static(&[b'x'; 64]);
        for _ in 0..(64 << 20) / piece.len() {
            assert!(splitter.push(piece.clone()).unwrap().bytes.is_empty());
        }
        assert_eq!(splitter.push(Bytes::from_static(b"\n\n")).unwrap().bytes.len(), (64 << 20) + 2);
    }
}
