//! Finds the few members of a JSON object that matter, in one pass over chunks cut anywhere.
//!
//! Bodies of megabytes are forwarded as they are, and all we need of one is where its `model` stands. So this is no
//! parser: it walks the top level exactly and skips what lies below, checking there only that brackets match and that
//! nothing stands outside of strings that no JSON has. What gets past it that is not JSON (`[1,,2]`, a bad number) the
//! provider will refuse in its own words; what it refuses is never JSON.

use std::ops::Range;

use memchr::memchr;
use smallvec::SmallVec;

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
    values: SmallVec<[Option<Range<usize>>; 4]>,
    repeated: SmallVec<[bool; 4]>,
    first_member: usize,
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
        self.values[self.index(name)?].clone()
    }

    /// The member is there more than once.
    pub fn repeated(&self, name: &str) -> bool {
        self.index(name).is_some_and(|index| self.repeated[index])
    }

    /// Where the first member begins; in an empty object, where it closes.
    pub fn first_member(&self) -> usize {
        self.first_member
    }

    fn index(&self, name: &str) -> Option<usize> {
        self.wanted.iter().position(|wanted| *wanted == name)
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
        let found = Found {
            wanted,
            values: wanted.iter().map(|_| None).collect(),
            repeated: wanted.iter().map(|_| false).collect(),
            first_member: 0,
        };
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
        if memchr(b'\\', name).is_none() {
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
            self.found.repeated[member] = self.found.values[member].replace(value).is_some();
        }
    }
}

/// The length of the rest of a string with its closing quote, or, where it goes on in the next chunk, whether that
/// begins with an escaped byte.
///
/// A search at memory speed has its price each time that it stops. So the first bytes are looked at one by one: most
/// names are shorter, and in JSON within JSON so is the way from quote to quote. Further on only quotes are searched
/// for, and the backslashes before them counted backwards: in prose and code a quote is several times rarer than the
/// `\n` at which a search for both would stop.
fn end_of_text(bytes: &[u8], escaped: bool) -> Result<usize, bool> {
    let mut from = usize::from(escaped);
    loop {
        let near = bytes.len().min(from + NEAR);
        while from < near {
            match bytes[from] {
                b'"' => return Ok(from + 1),
                b'\\' => from += 2,
                _ => from += 1,
            }
        }
        let Some(rest) = bytes.get(from..) else { return Err(true) };
        let Some(length) = memchr(b'"', rest) else { return Err(ends_in_escape(rest)) };
        if !ends_in_escape(&rest[..length]) {
            return Ok(from + length + 1);
        }
        from += length + 1;
    }
}

/// How far to look byte by byte: measured against 8 and 32, on prose, code and JSON within JSON.
const NEAR: usize = 16;

/// Of the backslashes at the end, the last is not itself escaped.
fn ends_in_escape(bytes: &[u8]) -> bool {
    bytes.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

/// The brackets that are open: one bit each, set for `{`.
#[derive(Default)]
struct Brackets {
    depth: usize,
    braces: [u64; MAX_DEPTH / 64],
}

/// Deeper than any schema that a provider takes, and bounded because a body of brackets alone would otherwise be a
/// cheap way to make every parser behind us overflow its stack.
const MAX_DEPTH: usize = 512;

impl Brackets {
    fn open(&mut self, bracket: u8) -> Result<(), &'static str> {
        if self.depth == MAX_DEPTH {
            return Err("nested too deeply");
        }
        let bit = 1 << (self.depth % 64);
        match bracket {
            b'{' => self.braces[self.depth / 64] |= bit,
            _ => self.braces[self.depth / 64] &= !bit,
        }
        self.depth += 1;
        Ok(())
    }

    fn close(&mut self, bracket: u8) -> Result<(), &'static str> {
        self.depth -= 1;
        let brace = self.braces[self.depth / 64] >> (self.depth % 64) & 1 == 1;
        if brace == (bracket == b'}') { Ok(()) } else { Err("this bracket closes another kind") }
    }
}

/// What a byte is outside of strings.
#[derive(Clone, Copy, PartialEq)]
enum Class {
    Never,
    Plain,
    Quote,
    Open,
    Close,
}

const CLASSES: [Class; 256] = {
    let mut classes = [Class::Never; 256];
    let plain = b" \t\r\n,:+-.0123456789eEtrufalsn";
    let mut i = 0;
    while i < plain.len() {
        classes[plain[i] as usize] = Class::Plain;
        i += 1;
    }
    classes[b'"' as usize] = Class::Quote;
    classes[b'{' as usize] = Class::Open;
    classes[b'[' as usize] = Class::Open;
    classes[b'}' as usize] = Class::Close;
    classes[b']' as usize] = Class::Close;
    classes
};

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::value::RawValue;

    use super::*;

    const WANTED: &[&str] = &["model", "stream", "a"];

    /// Scans `text` in chunks of `size`.
    fn scan(text: &[u8], size: usize) -> Result<Found, NotJson> {
        let mut scan = Scan::new(WANTED);
        for chunk in text.chunks(size.max(1)) {
            scan.push(chunk)?;
        }
        scan.finish()
    }

    /// Name, value, and whether it was repeated.
    type Member<'a> = (&'a str, &'a str, bool);

    /// The same for every way to cut: the wanted members that are there, or the error.
    fn check(text: &str, expected: Result<&[Member<'_>], (usize, &str)>) {
        for size in 1..=text.len().max(1) {
            let got = scan(text.as_bytes(), size).map_err(|error| (error.at, error.what));
            let got = got.map(|found| {
                let member = |name: &'static str| Some((name, &text[found.get(name)?], found.repeated(name)));
                WANTED.iter().copied().filter_map(member).collect::<Vec<_>>()
            });
            assert_eq!(got, expected.map(<[_]>::to_vec), "{text:?} in chunks of {size}");
        }
    }

    #[test]
    fn members_are_found_wherever_the_chunks_are_cut() {
        check("{}", Ok(&[]));
        check(" \t\r\n{ } \n", Ok(&[]));
        check("\u{feff}{\"a\":1}", Ok(&[("a", "1", false)]));
        check(r#"{"model":"gpt-5","stream":true}"#, Ok(&[("model", "\"gpt-5\"", false), ("stream", "true", false)]));
        check(r#"{ "a" : -1.5e+3 , "b":null }"#, Ok(&[("a", "-1.5e+3", false)]));
        check(
            r#"{"a":{"model":[{"x":"]}\\"}]},"model":""}"#,
            Ok(&[("model", "\"\"", false), ("a", r#"{"model":[{"x":"]}\\"}]}"#, false)]),
        );
        check(r#"{"x":"\\\"model\":\\","model":"a\\\"b\\\\"}"#, Ok(&[("model", r#""a\\\"b\\\\""#, false)]));
        check(r#"{"\u006dodel":1,"\\model":2,"mod\el":3}"#, Ok(&[("model", "1", false)]));
        check(r#"{"model":1,"a":[],"model":"é😀"}"#, Ok(&[("model", "\"é😀\"", true), ("a", "[]", false)]));
    }

    #[test]
    fn what_is_not_json_is_refused_at_its_place() {
        for (text, at, what) in [
            ("", 0, "there is nothing"),
            ("  ", 2, "there is nothing"),
            ("[]", 0, "expected an object"),
            ("\"model\"", 0, "expected an object"),
            ("model=x", 0, "expected an object"),
            (" \u{feff}{}", 1, "expected an object"),
            ("{", 1, "it ends too early"),
            ("{\"a", 3, "it ends too early"),
            ("{\"a\":\"\\\"}", 9, "it ends too early"),
            ("{\"a\":1", 6, "it ends too early"),
            ("{\"a\":[{\"b\":1}", 13, "it ends too early"),
            ("{,}", 1, "expected a member's name in double quotes"),
            ("{a:1}", 1, "expected a member's name in double quotes"),
            ("{\"a\":1,}", 7, "expected a member's name in double quotes"),
            ("{\"a\" 1}", 5, "expected a colon"),
            ("{\"a\":}", 5, "expected a value"),
            ("{\"a\":'b'}", 5, "expected a value"),
            ("{\"a\":1 2}", 7, "expected a comma or the end of the object"),
            ("{\"a\":\"b\"\"c\"}", 8, "expected a comma or the end of the object"),
            ("{\"a\":[1}}", 7, "this bracket closes another kind"),
            ("{\"a\":{\"b\":1]}", 11, "this bracket closes another kind"),
            ("{\"a\":[@]}", 6, "this cannot stand outside of a string"),
            ("{}x", 2, "something follows the object"),
            ("{} {}", 3, "something follows the object"),
        ] {
            check(text, Err((at, what)));
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert!(scan(nested(MAX_DEPTH).as_bytes(), 7).is_ok());
        let error = scan(nested(MAX_DEPTH + 1).as_bytes(), 7).unwrap_err();
        assert_eq!(error, NotJson { at: 5 + MAX_DEPTH, what: "nested too deeply" });
    }

    #[test]
    fn a_name_of_a_megabyte_is_not_kept() {
        let text = format!("{{\"{}\":1,\"model\":2}}", "a".repeat(1 << 20));
        let mut scan = Scan::new(WANTED);
        text.as_bytes().chunks(1000).for_each(|chunk| scan.push(chunk).unwrap());
        assert!(scan.name.capacity() <= LONGEST_NAME);
        assert!(scan.finish().unwrap().get("model").is_some());
    }

    /// Documents made at random from a fixed seed, also damaged: we find what serde_json finds, and refuse nothing
    /// that it takes.
    #[test]
    fn agrees_with_serde_json() {
        let mut random = fastrand::Rng::with_seed(7);
        let mut valid = 0;
        for _ in 0..2000 {
            let mut text = String::from("{");
            for n in 0..random.usize(..5) {
                let comma = if n > 0 { "," } else { "" };
                let name = random.choice(["model", "stream", "a", "b", "\\u0061"]).unwrap();
                text += &format!("{comma} \"{name}\" :{} ", value(&mut random, 3));
            }
            text.push('}');
            let mut bytes = text.into_bytes();
            if random.bool() {
                let at = random.usize(..bytes.len());
                bytes[at] = *random.choice(b"{}[]\",:\\ x1").unwrap();
            }
            let parsed: Result<BTreeMap<String, Box<RawValue>>, _> = serde_json::from_slice(&bytes);
            let found = scan(&bytes, random.usize(1..20));
            let Ok(parsed) = parsed else { continue };
            valid += 1;
            let found = found.unwrap_or_else(|e| panic!("{e:?} in {}", String::from_utf8_lossy(&bytes)));
            for name in WANTED {
                let ours = found.get(name).map(|range| std::str::from_utf8(&bytes[range]).unwrap());
                assert_eq!(ours, parsed.get(*name).map(|raw| raw.get()), "{}", String::from_utf8_lossy(&bytes));
            }
        }
        assert!(valid > 500, "only {valid} documents survived their damage");
    }

    fn value(random: &mut fastrand::Rng, depth: usize) -> String {
        match random.usize(..if depth == 0 { 3 } else { 5 }) {
            0 => random.choice(["null", "true", "false", "0", "-1.5E-7"]).unwrap().to_string(),
            1 => random.choice([r#""""#, r#""\"""#, r#""\\""#, r#""\n\\\"}""#, "\"é\\u00e9{[\""]).unwrap().to_string(),
            2 => format!("\"{}\"", "x ".repeat(random.usize(..40))),
            3 => {
                let items: Vec<_> = (0..random.usize(..4)).map(|_| value(random, depth - 1)).collect();
                format!("[{}]", items.join(" ,\n"))
            }
            _ => {
                let items: Vec<_> =
                    (0..random.usize(..4)).map(|n| format!("\"k{n}\": {}", value(random, depth - 1))).collect();
                format!("{{{}}}", items.join(","))
            }
        }
    }
}
