//! `application/vnd.amazon.eventstream`: chunks cut anywhere in, whole frames out; and frames written.
//!
//! A frame is its whole length, the length of its headers and the CRC-32 of these two; then the headers, the payload
//! and the CRC-32 of all of it; every number big-endian. Like [`sse`](super::sse), a [`Splitter`] gives back the bytes
//! that came in, unchanged and only cut between frames, and an [`Event`] says on demand what a frame says. Both sums
//! are checked before a frame is given out: what comes behind a broken length cannot be found again, so the first
//! broken frame ends the stream.

pub mod chunk;

use std::borrow::Cow;

use bytes::{Bytes, BytesMut};

/// The lengths and their checksum.
const PRELUDE: usize = 12;
/// The prelude and the checksum at the end.
const SMALLEST: usize = PRELUDE + 4;
/// What AWS allows.
const LONGEST_HEADERS: usize = 128 << 10;
/// Before an exception's name in [`Event::name`].
pub const EXCEPTION: &str = "exception:";

/// Cuts a stream between its frames.
pub struct Splitter {
    /// The bytes of the frame that is not complete yet.
    partial: BytesMut,
    limit: usize,
    /// Where the frames of the last [`Ready`] end. Kept for its memory.
    ends: Vec<usize>,
    broken: Option<Broken>,
}

/// The frames that a chunk completed.
#[derive(Debug)]
pub struct Ready<'a> {
    /// Their bytes.
    pub bytes: Bytes,
    /// What is wrong behind them. Every later chunk says it again.
    pub broken: Option<Broken>,
    ends: &'a [usize],
}

/// Why a stream cannot be read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// A frame is larger than the limit.
    TooLong,
    /// The lengths contradict each other.
    Lengths,
    /// The checksum of the lengths is wrong.
    PreludeSum,
    /// The checksum of a frame is wrong.
    MessageSum,
}

impl Splitter {
    /// A splitter that takes no frame of more than `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { partial: BytesMut::new(), limit, ends: Vec::new(), broken: None }
    }

    /// Takes the next chunk and gives back what it completed, possibly nothing.
    pub fn push(&mut self, chunk: Bytes) -> Ready<'_> {
        self.ends.clear();
        if self.broken.is_some() {
            return Ready { bytes: Bytes::new(), broken: self.broken, ends: &[] };
        }
        let bytes = if self.partial.is_empty() {
            let end = self.find_ends(&chunk);
            self.keep(&chunk[end..]);
            chunk.slice(..end)
        } else {
            let mut joined = std::mem::take(&mut self.partial);
            joined.extend_from_slice(&chunk);
            let end = self.find_ends(&joined);
            let bytes = joined.split_to(end).freeze();
            self.partial = joined;
            bytes
        };
        Ready { bytes, broken: self.broken, ends: &self.ends }
    }

    /// What is left at the end of the stream: a frame that was cut off, or nothing.
    pub fn rest(&mut self) -> Bytes {
        self.partial.split().freeze()
    }

    fn keep(&mut self, rest: &[u8]) {
        if self.broken.is_none() && !rest.is_empty() {
            self.partial.extend_from_slice(rest);
        }
    }

    /// Notes where frames end, up to the first that is broken or not complete; gives the last end.
    fn find_ends(&mut self, bytes: &[u8]) -> usize {
        let mut end = 0;
        loop {
            match measure(&bytes[end..], self.limit) {
                Ok(Some(length)) => {
                    end += length;
                    self.ends.push(end);
                }
                Ok(None) => return end,
                Err(broken) => {
                    self.broken = Some(broken);
                    return end;
                }
            }
        }
    }
}

/// The length of the frame that `bytes` begin with, checked; `None` where it is not complete.
fn measure(bytes: &[u8], limit: usize) -> Result<Option<usize>, Broken> {
    let Some(prelude) = bytes.get(..PRELUDE) else { return Ok(None) };
    let (total, headers) = (number(prelude, 0), number(prelude, 4));
    if crc32fast::hash(&prelude[..8]) != number(prelude, 8) as u32 {
        return Err(Broken::PreludeSum);
    }
    if total > limit {
        return Err(Broken::TooLong);
    }
    if total < SMALLEST || headers > total - SMALLEST || headers > LONGEST_HEADERS {
        return Err(Broken::Lengths);
    }
    let Some(frame) = bytes.get(..total) else { return Ok(None) };
    let sum = total - 4;
    if crc32fast::hash(&frame[..sum]) != number(frame, sum) as u32 {
        return Err(Broken::MessageSum);
    }
    Ok(Some(total))
}

fn number(bytes: &[u8], at: usize) -> usize {
    let four = bytes.get(at..at + 4).and_then(|four| <[u8; 4]>::try_from(four).ok()).unwrap_or_default();
    u32::from_be_bytes(four) as usize
}

impl Ready<'_> {
    /// Each frame's bytes.
    pub fn events(&self) -> impl Iterator<Item = &[u8]> {
        let mut start = 0;
        self.ends.iter().map(move |&end| &self.bytes[std::mem::replace(&mut start, end)..end])
    }
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::TooLong => "a frame of the stream is too long",
            Self::Lengths => "the lengths of a frame of the stream contradict each other",
            Self::PreludeSum => "the checksum of a frame's lengths is wrong",
            Self::MessageSum => "the checksum of a frame is wrong",
        })
    }
}

/// What a frame says. Headers that nobody here needs are passed over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event<'a> {
    /// `:message-type`: `event`, `exception` or `error`.
    pub message_type: &'a str,
    /// `:event-type`, of an event.
    pub event_type: &'a str,
    /// `:exception-type` of an exception, `:error-code` of an error.
    pub exception_type: &'a str,
    /// `:error-message` of an error, which has no payload.
    pub error_message: &'a str,
    /// `:content-type` of the payload.
    pub content_type: &'a str,
    /// The payload.
    pub payload: &'a [u8],
}

impl<'a> Event<'a> {
    /// Reads a frame's bytes, as a [`Splitter`] gives them. What cannot be read is left out.
    pub fn read(frame: &'a [u8]) -> Self {
        let mut event = Self::default();
        let (Some(end), length) = (frame.len().checked_sub(4), number(frame, 4)) else { return event };
        let Some(headers) = frame.get(PRELUDE..PRELUDE + length.min(end)) else { return event };
        event.payload = frame.get(PRELUDE + headers.len()..end).unwrap_or_default();
        let mut rest = headers;
        while let Some((name, value, behind)) = header(rest) {
            rest = behind;
            match name {
                b":message-type" => event.message_type = value,
                b":event-type" => event.event_type = value,
                b":exception-type" | b":error-code" => event.exception_type = value,
                b":error-message" => event.error_message = value,
                b":content-type" => event.content_type = value,
                _ => {}
            }
        }
        event
    }

    /// It is an exception or an error instead of an event.
    pub fn is_exception(&self) -> bool {
        matches!(self.message_type, "exception" | "error") || !self.exception_type.is_empty()
    }

    /// The name under which a stream reader is given it: the event's type, or for an exception or an error
    /// `exception:NAME`.
    pub fn name(&self) -> Cow<'a, str> {
        if self.is_exception() {
            return format!("{EXCEPTION}{}", self.exception_type).into();
        }
        self.event_type.into()
    }

    /// What a stream reader is given as its data: the payload, or for an error, which has none, a document with its
    /// message.
    pub fn data(&self) -> Cow<'a, [u8]> {
        if self.payload.is_empty() && !self.error_message.is_empty() {
            let message = serde_json::json!({ "message": self.error_message });
            return message.to_string().into_bytes().into();
        }
        self.payload.into()
    }
}

/// A header's name and its text (empty where it is of another type), and what comes behind it.
fn header(bytes: &[u8]) -> Option<(&[u8], &str, &[u8])> {
    let (&length, rest) = bytes.split_first()?;
    let (name, rest) = rest.split_at_checked(usize::from(length))?;
    let (&kind, rest) = rest.split_first()?;
    let (length, rest) = match kind {
        0 | 1 => (0, rest),
        2 => (1, rest),
        3 => (2, rest),
        4 => (4, rest),
        5 | 8 => (8, rest),
        9 => (16, rest),
        6 | 7 => {
            let (length, rest) = rest.split_at_checked(2)?;
            (usize::from(u16::from_be_bytes([length[0], length[1]])), rest)
        }
        _ => return None,
    };
    let (value, rest) = rest.split_at_checked(length)?;
    let text = if kind == 7 { std::str::from_utf8(value).unwrap_or_default() } else { "" };
    Some((name, text, rest))
}

/// Appends an event with a JSON payload.
pub fn write_event(event_type: &str, json: &[u8], out: &mut Vec<u8>) {
    write_event_with(event_type, out, |out| out.extend_from_slice(json));
}

/// Appends an event whose JSON payload `write` appends, so that it need not be built elsewhere before.
pub fn write_event_with(event_type: &str, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    write_frame(":event-type", event_type, "event", out, write);
}

/// Appends an exception with a JSON payload, usually `{"message": ...}`.
pub fn write_exception(exception_type: &str, json: &[u8], out: &mut Vec<u8>) {
    write_frame(":exception-type", exception_type, "exception", out, |out| out.extend_from_slice(json));
}

fn write_frame(name: &str, value: &str, message_type: &str, out: &mut Vec<u8>, payload: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[0; PRELUDE]);
    for (name, value) in [(name, value), (":content-type", "application/json"), (":message-type", message_type)] {
        let length = value.len().min(usize::from(u16::MAX));
        out.push(name.len() as u8);
        out.extend_from_slice(name.as_bytes());
        out.push(7);
        out.extend_from_slice(&(length as u16).to_be_bytes());
        out.extend_from_slice(&value.as_bytes()[..length]);
    }
    let headers = (out.len() - start - PRELUDE) as u32;
    payload(out);
    let total = (out.len() - start + 4) as u32;
    out[start..start + 4].copy_from_slice(&total.to_be_bytes());
    out[start + 4..start + 8].copy_from_slice(&headers.to_be_bytes());
    let sum = crc32fast::hash(&out[start..start + 8]);
    out[start + 8..start + 12].copy_from_slice(&sum.to_be_bytes());
    let sum = crc32fast::hash(&out[start..]);
    out.extend_from_slice(&sum.to_be_bytes());
}

#[cfg(test)]
mod tests;
