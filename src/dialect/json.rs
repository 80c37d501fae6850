//! Finds the few members of a JSON object that matter, in one pass over chunks cut anywhere.
//!
//! Bodies of megabytes are forwarded as they are, and all we need of one is where its `model` stands. So this is no
//! parser: it walks the top level exactly and skips what lies below, checking there only that brackets match and that
//! nothing stands outside of strings that no JSON has. What gets past it that is not JSON (`[1,,2]`, a bad number) the
//! provider will refuse in its own words; what it refuses is never JSON.

mod brackets;
mod class;
mod quote;
mod text;

use std::ops::Range;

use smallvec::SmallVec;

use self::brackets::Brackets;
use self::class::{CLASSES, Class};
use self::text::end_of_text;

pub use self::quote::quote;

/// The walk over one document. It can stop between any two bytes.
pub struct Scan {
    state: State,
    /// How many bytes the chunks before this one had.
    before: usize,
    /// The name of the member we are in, as it is written, up to [`LONGEST_NAME`].
    name: SmallVec<[u8; 32]>,
    /// The value we are in: which of the wanted ones, if any, and where it began.
    member: Option<usize>,
    began: usize,
    brackets: Brackets,
    found: Found,
}

/// Where the wanted members are.
#[derive(Debug)]
pub struct Found {
    wanted: &'static [&'static str],
    /// Those that are there: most of what is looked for is not.
    there: SmallVec<[Member; 8]>,
    first_member: usize,
}

/// One of the wanted members.
#[derive(Debug)]
struct Member {
    /// Which.
    index: usize,
    value: Range<usize>,
    repeated: bool,
}

/// The document is no JSON object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotJson {
    /// The offset of the byte that cannot stand there.
    pub at: usize,
    /// What is wrong with it.
    pub what: &'static str,
}

impl Found {
    /// The bytes of this member's value, without the space around it. Of a repeated member, the last, which is what
    /// parsers take.
    pub fn get(&self, name: &str) -> Option<Range<usize>> {
        Some(self.member(name)?.value.clone())
    }

    /// The member is there more than once.
    pub fn repeated(&self, name: &str) -> bool {
        self.member(name).is_some_and(|member| member.repeated)
    }

    /// Where the first member begins; in an empty object, where it closes.
    pub fn first_member(&self) -> usize {
        self.first_member
    }

    /// Every wanted member that is there, with its value's place, in the order in which they were met first.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, Range<usize>)> {
        self.there.iter().map(|member| (self.wanted[member.index], member.value.clone()))
    }

    fn member(&self, name: &str) -> Option<&Member> {
        self.there.iter().find(|member| self.wanted[member.index] == name)
    }
}

#[derive(Clone, Copy)]
enum State {
    Start,
    /// So many bytes of a byte order mark were read.
    Mark(usize),
    /// Behind `{`.
    NameOrEnd,
    /// Behind `,`.
    Name,
    InName {
        escaped: bool,
    },
    Colon,
    Value,
    Text {
        escaped: bool,
    },
    /// A number, `true`, `false` or `null`.
    Word,
    Nested,
    NestedText {
        escaped: bool,
    },
    CommaOrEnd,
    End,
}

/// A longer name is none of the wanted ones, even with each of its letters written as an escape.
const LONGEST_NAME: usize = 256;

const BYTE_ORDER_MARK: [u8; 3] = [0xEF, 0xBB, 0xBF];

impl Scan {
    /// A walk that looks for the `wanted` members of the top level.
    pub fn new(wanted: &'static [&'static str]) -> Self {
        let found = Found { wanted, there: SmallVec::new(), first_member: 0 };
        let brackets = Brackets::default();
        Self { state: State::Start, before: 0, name: SmallVec::new(), member: None, began: 0, brackets, found }
    }

    /// Walks over the next chunk. After an error there is nothing more to be learned.
    pub fn push(&mut self, chunk: &[u8]) -> Result<(), NotJson> {
        let mut i = 0;
        while i < chunk.len() {
            i = self.step(chunk, i).map_err(|(at, what)| NotJson { at: self.before + at, what })?;
        }
        self.before += chunk.len();
        Ok(())
    }

    /// The document is complete.
    pub fn finish(self) -> Result<Found, NotJson> {
        match self.state {
            State::End => Ok(self.found),
            State::Start => Err(NotJson { at: self.before, what: "there is nothing" }),
            _ => Err(NotJson { at: self.before, what: "it ends too early" }),
        }
    }

    /// Consumes at least the byte at `i`, or leaves it to another state; returns where to go on.
    fn step(&mut self, chunk: &[u8], i: usize) -> Result<usize, (usize, &'static str)> {
        let byte = chunk[i];
        let space = matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        match self.state {
            State::Text { escaped } => return Ok(self.text(chunk, i, escaped)),
            State::Nested | State::NestedText { .. } => return self.nested(chunk, i),
            State::InName { escaped } => return Ok(self.in_name(chunk, i, escaped)),
            State::Word => return Ok(self.word(chunk, i)),
            State::Mark(read) if byte == BYTE_ORDER_MARK[read] => {
                self.state = if read == 2 { State::Start } else { State::Mark(read + 1) };
            }
            State::Mark(_) => return Err((i, "expected an object")),
            _ if space => {}
            State::Start => match byte {
                b'{' => self.state = State::NameOrEnd,
                0xEF if self.before + i == 0 => self.state = State::Mark(1),
                _ => return Err((i, "expected an object")),
            },
            State::NameOrEnd | State::Name => match byte {
                b'"' => {
                    if let State::NameOrEnd = self.state {
                        self.found.first_member = self.before + i;
                    }
                    self.name.clear();
                    self.state = State::InName { escaped: false };
                }
                b'}' if matches!(self.state, State::NameOrEnd) => {
                    self.found.first_member = self.before + i;
                    self.state = State::End;
                }
                _ => return Err((i, "expected a member's name in double quotes")),
            },
            State::Colon => match byte {
                b':' => self.state = State::Value,
                _ => return Err((i, "expected a colon")),
            },
            State::Value => return self.value(chunk, i),
            State::CommaOrEnd => match byte {
                b',' => self.state = State::Name,
                b'}' => self.state = State::End,
                _ => return Err((i, "expected a comma or the end of the object")),
            },
            State::End => return Err((i, "something follows the object")),
        }
        Ok(i + 1)
    }

    fn in_name(&mut self, chunk: &[u8], i: usize, escaped: bool) -> usize {
        let (end, state) = match end_of_text(&chunk[i..], escaped) {
            Ok(length) => (i + length, State::Colon),
            Err(escaped) => (chunk.len(), State::InName { escaped }),
        };
        let room = LONGEST_NAME.saturating_sub(self.name.len());
        self.name.extend_from_slice(&chunk[i..end.min(i + room)]);
        self.state = state;
        if let State::Colon = state {
            self.member = self.wanted();
        }
        end
    }

    /// Which of the wanted members bears the name just read, which still has its closing quote.
    fn wanted(&self) -> Option<usize> {
        let (quote, name) = self.name.split_last()?;
        if *quote != b'"' {
            return None;
        }
        if memchr::memchr(b'\\', name).is_none() {
            return self.found.wanted.iter().position(|wanted| wanted.as_bytes() == name);
        }
        let quoted = [b"\"", self.name.as_slice()].concat();
        let name: String = serde_json::from_slice(&quoted).ok()?;
        self.found.wanted.iter().position(|wanted| *wanted == name)
    }

    fn value(&mut self, chunk: &[u8], i: usize) -> Result<usize, (usize, &'static str)> {
        self.began = self.before + i;
        self.state = match chunk[i] {
            b'"' => State::Text { escaped: false },
            b'{' | b'[' => {
                self.brackets.open(chunk[i]).map_err(|what| (i, what))?;
                State::Nested
            }
            b'0'..=b'9' | b'-' | b't' | b'f' | b'n' => State::Word,
            _ => return Err((i, "expected a value")),
        };
        Ok(i + 1)
    }

    fn text(&mut self, chunk: &[u8], i: usize, escaped: bool) -> usize {
        match end_of_text(&chunk[i..], escaped) {
            Ok(length) => {
                self.value_ends(i + length);
                i + length
            }
            Err(escaped) => {
                self.state = State::Text { escaped };
                chunk.len()
            }
        }
    }

    fn word(&mut self, chunk: &[u8], i: usize) -> usize {
        let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.');
        match chunk[i..].iter().position(|byte| !is_word(byte)) {
            Some(length) => {
                self.value_ends(i + length);
                i + length
            }
            None => chunk.len(),
        }
    }

    /// Everything below the top level.
    fn nested(&mut self, chunk: &[u8], mut i: usize) -> Result<usize, (usize, &'static str)> {
        let mut inside = match self.state {
            State::NestedText { escaped } => Some(escaped),
            _ => None,
        };
        while i < chunk.len() {
            if let Some(escaped) = inside.take() {
                match end_of_text(&chunk[i..], escaped) {
                    Ok(length) => i += length,
                    Err(escaped) => {
                        self.state = State::NestedText { escaped };
                        return Ok(chunk.len());
                    }
                }
                continue;
            }
            let class = |byte: &u8| CLASSES[usize::from(*byte)];
            // A loop of its own for numbers and white space is twice as fast.
            i += chunk[i..].iter().position(|byte| class(byte) != Class::Plain).unwrap_or(chunk.len() - i);
            let Some(&byte) = chunk.get(i) else { break };
            match class(&byte) {
                Class::Plain => {}
                Class::Quote => inside = Some(false),
                Class::Open => self.brackets.open(byte).map_err(|what| (i, what))?,
                Class::Close => {
                    self.brackets.close(byte).map_err(|what| (i, what))?;
                    if self.brackets.depth == 0 {
                        self.value_ends(i + 1);
                        return Ok(i + 1);
                    }
                }
                Class::Never => return Err((i, "this cannot stand outside of a string")),
            }
            i += 1;
        }
        self.state = match inside {
            Some(escaped) => State::NestedText { escaped },
            None => State::Nested,
        };
        Ok(i)
    }

    fn value_ends(&mut self, at: usize) {
        self.state = State::CommaOrEnd;
        if let Some(member) = self.member.take() {
            let value = self.began..self.before + at;
            match self.found.there.iter_mut().find(|there| there.index == member) {
                Some(there) => (there.value, there.repeated) = (value, true),
                None => self.found.there.push(Member { index: member, value, repeated: false }),
            }
        }
    }
}

#[cfg(test)]
mod tests;
