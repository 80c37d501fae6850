//! A JSON array of objects: chunks cut anywhere in, whole elements out.
//!
//! As [`super::sse::Splitter`] does, a [`Splitter`] gives back the bytes that came in, in order and unchanged, only cut
//! behind the elements: a piece is an element with the bracket or comma before it, or the bracket that closes the
//! list. [`element`] finds the element in it. An object that stands alone, as an error may, is one element.

use bytes::{Bytes, BytesMut};

/// Cuts a list behind its elements.
pub struct Splitter {
    /// The bytes of the piece that is not complete yet.
    partial: BytesMut,
    limit: usize,
    state: State,
    /// How many brackets are open within the element.
    depth: usize,
    /// Where the pieces of the last [`Ready`] end. Kept for its memory.
    ends: Vec<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Before anything.
    Start,
    /// Where an element may begin, or the list end.
    First,
    /// Behind a comma.
    Next,
    /// Within an element.
    Element,
    /// Within a string of an element.
    Text { escaped: bool },
    /// Behind an element.
    Behind,
    /// Behind the list.
    Closed,
    /// Behind what cannot stand in a list.
    Odd,
}

/// The pieces that a chunk completed.
#[derive(Debug)]
pub struct Ready<'a> {
    /// Their bytes.
    pub bytes: Bytes,
    /// What is wrong behind them. Every later chunk says it again.
    pub odd: Option<Odd>,
    ends: &'a [usize],
}

/// Why a stream cannot be cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Odd {
    /// An element is larger than the limit.
    TooLong,
    /// It is no list of objects.
    NoList,
}

impl Splitter {
    /// A splitter that takes no more once an incomplete element has more than `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { partial: BytesMut::new(), limit, state: State::Start, depth: 0, ends: Vec::new() }
    }

    /// Takes the next chunk and gives back what it completed, possibly nothing.
    pub fn push(&mut self, chunk: Bytes) -> Result<Ready<'_>, Odd> {
        // Not checked at the end, where whole elements would be lost with the one that is too long.
        if self.partial.len() > self.limit {
            return Err(Odd::TooLong);
        }
        self.ends.clear();
        let odd = self.find_ends(&chunk).err();
        let Some(&end) = self.ends.last() else {
            self.partial.extend_from_slice(&chunk);
            return odd.map_or(Ok(Ready { bytes: Bytes::new(), odd, ends: &[] }), Err);
        };
        let bytes = if self.partial.is_empty() {
            chunk.slice(..end)
        } else {
            let earlier = self.partial.len();
            self.ends.iter_mut().for_each(|end| *end += earlier);
            self.partial.extend_from_slice(chunk.get(..end).unwrap_or_default());
            self.partial.split().freeze()
        };
        self.partial.extend_from_slice(chunk.get(end..).unwrap_or_default());
        Ok(Ready { bytes, odd, ends: &self.ends })
    }

    /// What is left at the end of the stream: an element that is not complete, or the space behind the list.
    pub fn rest(&mut self) -> Bytes {
        self.partial.split().freeze()
    }

    /// The list has come to its end.
    pub fn is_closed(&self) -> bool {
        self.state == State::Closed
    }

    /// Notes where in the chunk pieces end, up to what cannot stand in a list.
    fn find_ends(&mut self, chunk: &[u8]) -> Result<(), Odd> {
        let mut i = 0;
        while let Some(&byte) = chunk.get(i) {
            match self.state {
                State::Text { escaped: false } => {
                    // Most of an element is text: find its end quickly.
                    let rest = chunk.get(i..).unwrap_or_default();
                    let Some(length) = memchr::memchr2(b'"', b'\\', rest) else { return Ok(()) };
                    i += length;
                    let quote = rest.get(length) == Some(&b'"');
                    self.state = if quote { State::Element } else { State::Text { escaped: true } };
                }
                State::Text { escaped: true } => self.state = State::Text { escaped: false },
                State::Element => self.within(byte, i),
                state => {
                    self.state = between(state, byte).unwrap_or(State::Odd);
                    if self.state == State::Odd {
                        return Err(Odd::NoList);
                    }
                }
            }
            match self.state {
                State::Element if self.depth == 0 && byte == b'{' => self.depth = 1,
                State::Closed if byte == b']' => self.ends.push(i + 1),
                _ => {}
            }
            i += 1;
        }
        Ok(())
    }

    fn within(&mut self, byte: u8, at: usize) {
        match byte {
            b'"' => self.state = State::Text { escaped: false },
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => {
                self.depth -= 1;
                if self.depth == 0 {
                    self.ends.push(at + 1);
                    self.state = State::Behind;
                }
            }
            _ => {}
        }
    }
}

/// Where a byte leads to that stands between elements; `None` where it may not stand.
fn between(state: State, byte: u8) -> Option<State> {
    Some(match (state, byte) {
        (State::Odd, _) => return None,
        (state, b' ' | b'\n' | b'\r' | b'\t') => state,
        (State::Start, b'[') => State::First,
        (State::Start | State::First | State::Next, b'{') => State::Element,
        (State::First | State::Behind, b']') => State::Closed,
        (State::Behind, b',') => State::Next,
        _ => return None,
    })
}

impl Ready<'_> {
    /// Each piece's bytes.
    pub fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        let mut start = 0;
        self.ends.iter().map(move |&end| {
            let piece = self.bytes.get(start..end).unwrap_or_default();
            start = end;
            piece
        })
    }
}

/// The element in a piece; `None` in the one that closes the list.
pub fn element(piece: &[u8]) -> Option<&[u8]> {
    piece.get(memchr::memchr(b'{', piece)?..)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pieces of `text`, pushed in chunks of `size`, and what is left over.
    fn split(text: &[u8], size: usize) -> Result<(Vec<Vec<u8>>, Vec<u8>), Odd> {
        let mut splitter = Splitter::new(1 << 20);
        let mut pieces = Vec::new();
        for chunk in text.chunks(size) {
            let ready = splitter.push(Bytes::copy_from_slice(chunk))?;
            pieces.extend(ready.pieces().map(<[u8]>::to_vec));
            assert_eq!(ready.pieces().map(<[u8]>::len).sum::<usize>(), ready.bytes.len());
        }
        Ok((pieces, splitter.rest().to_vec()))
    }

    fn check(text: &str, expected: &[&str], rest: &str) {
        for size in 1..=text.len() {
            let (pieces, left) = split(text.as_bytes(), size).unwrap();
            assert_eq!([pieces.concat(), left.clone()].concat(), text.as_bytes(), "bytes changed in chunks of {size}");
            let elements: Vec<_> = pieces.iter().filter_map(|piece| element(piece)).collect();
            let expected: Vec<_> = expected.iter().map(|element| element.as_bytes()).collect();
            assert_eq!(elements, expected, "{text:?} in chunks of {size}");
            assert_eq!(left, rest.as_bytes(), "{text:?} in chunks of {size}");
        }
    }

    #[test]
    fn case_096_elements_do_not_depend_on_the_cuts() {
        check(r#"[{"a":1}]"#, &[r#"{"a":1}"#], "");
        check("[{\"a\":[1,{}]}\n,\r\n{\"b\":\"]}\\\"{\"}\n]\n", &["{\"a\":[1,{}]}", "{\"b\":\"]}\\\"{\"}"], "\n");
        check(" [ ] ", &[], " ");
        check(r#"[{"a":"\\"},{"é":"\\\""}]"#, &[r#"{"a":"\\"}"#, r#"{"é":"\\\""}"#], "");
        check(r#"{"error":{"code":400}}"#, &[r#"{"error":{"code":400}}"#], "");
        check(r#"[{"a":1},{"b":"#, &[r#"{"a":1}"#], r#",{"b":"#);
    }

    #[test]
    fn whole_elements_are_not_copied() {
        let chunk = Bytes::from_static(b"[{\"a\":1},{\"b\":2},{");
        let mut splitter = Splitter::new(100);
        let ready = splitter.push(chunk.clone()).unwrap();
        assert_eq!(ready.bytes.as_ptr(), chunk.as_ptr());
        assert_eq!(ready.pieces().collect::<Vec<_>>(), [&b"[{\"a\":1}"[..], b",{\"b\":2}"]);
        assert!(!splitter.is_closed());
    }

    #[test]
    fn what_is_no_list_is_refused() {
        for text in ["x", "[1]", "[\"a\"]", "[{}x", "[{},]", "[{}]{", "data: {}\n\n", "[[]]"] {
            assert_eq!(split(text.as_bytes(), 1).unwrap_err(), Odd::NoList, "{text}");
        }
        let mut splitter = Splitter::new(100);
        let ready = splitter.push(Bytes::from_static(b"[{}x")).unwrap();
        assert_eq!((ready.bytes.len(), ready.odd), (3, Some(Odd::NoList)), "the good ones come first");
        assert_eq!(splitter.push(Bytes::from_static(b",{}")).unwrap_err(), Odd::NoList);
    }

    #[test]
    fn an_element_over_the_limit_is_refused() {
        let mut splitter = Splitter::new(10);
        assert_eq!(splitter.push(Bytes::from_static(b"[{},{\"456789")).unwrap().bytes.len(), 3);
        assert_eq!(splitter.push(Bytes::from_static(b"01")).unwrap().bytes.len(), 0);
        assert_eq!(splitter.push(Bytes::from_static(b"2")).unwrap_err(), Odd::TooLong);
    }
}
