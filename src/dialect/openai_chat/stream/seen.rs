//! What the events of a stream said so far.
//!
//! Before the answer begins each event is parsed. From then on events are only searched for the few words that can
//! mean an end, an error or a count, and only one that has such a word is parsed: a stream is thousands of events, of
//! which two or three matter.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::super::chunk::Chunk;
use super::super::{OpenAiChat, reply, usage};
use crate::canonical::{Fault, FaultKind, Noted, StreamReader, Usage};
use crate::dialect::codec::Codec;
use crate::dialect::doors::Operation;
use crate::dialect::error;
use crate::dialect::sse::Event;

/// What the events said so far.
pub(super) struct Seen {
    operation: Operation,
    pub(super) progress: Progress,
    pub(super) usage: Usage,
    /// The call of a tool has begun. Chat tells that it is complete by the reason to end, or by the next call.
    pub(super) calling: bool,
    /// A filter has stopped it.
    pub(super) filtered: bool,
    /// Reads the events that have calls of tools, and of the others only the one that ends the answer.
    calls: Option<Calls>,
}

struct Calls {
    reader: Box<dyn StreamReader>,
    noted: Noted,
}

/// How far a stream is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Progress {
    /// Nothing real so far: comments, roles, filter results.
    Waiting,
    /// A part of the answer was seen.
    Begun,
    /// A finish reason was seen. A count of tokens may follow, and with some providers nothing at all.
    Finished,
    /// `[DONE]`: whatever follows has no meaning.
    Done,
}

impl Seen {
    pub(super) fn nothing(operation: Operation) -> Self {
        let (progress, usage) = (Progress::Waiting, Usage::default());
        Self { operation, progress, usage, calling: false, filtered: false, calls: None }
    }

    /// What is noted of the answer, which has ended.
    pub(super) fn noted(&mut self) -> Noted {
        let Some(Calls { mut reader, mut noted }) = self.calls.take() else { return Noted::default() };
        // Where it has not ended well, a call stays open, and is not judged.
        let _ = reader.end(&mut |event| noted.event(&event));
        noted
    }

    /// Learns from one whole event, or finds that it is an error. Whether it says a part of the answer.
    pub(super) fn event(&mut self, event: &[u8]) -> Result<bool, Fault> {
        match self.progress {
            Progress::Waiting => self.read(event).map(|()| self.progress > Progress::Waiting),
            Progress::Begun | Progress::Finished if matters(event) => self.read(event).map(|()| true),
            Progress::Begun => {
                if calls(event) {
                    self.call(Event::read(event).data.as_deref().unwrap_or_default());
                }
                Ok(says_something(event))
            }
            Progress::Finished | Progress::Done => Ok(false),
        }
    }

    /// Learns from what stands at the end of a stream without the blank line that completes an event. Whether it is to
    /// be forwarded: a piece of an event is not, while the answer could still be told from a whole one.
    pub(super) fn rest(&mut self, rest: &[u8]) -> Result<bool, Fault> {
        let text = rest.trim_ascii_start();
        if text.is_empty() || self.progress >= Progress::Finished {
            return self.event(rest).map(|_| true);
        }
        if self.progress == Progress::Waiting && text.starts_with(b"{") {
            // No event at all, but a plain document.
            self.usage = reply::read_reply(self.operation, rest)?;
            self.progress = Progress::Done;
            return Ok(true);
        }
        match self.read(rest) {
            Ok(()) => Ok(true),
            Err(fault) if fault.kind == FaultKind::Malformed => Ok(false),
            Err(fault) => Err(fault),
        }
    }

    /// Learns from the data of an event with a piece of a call.
    fn call(&mut self, data: &[u8]) {
        self.calling = true;
        if self.operation == Operation::Chat {
            let fresh = || Calls { reader: OpenAiChat.read_stream(), noted: Noted::default() };
            let Calls { reader, noted } = self.calls.get_or_insert_with(fresh);
            // What cannot be read is for the client to judge.
            let _ = reader.frame("", data, &mut |event| noted.event(&event));
        }
    }

    /// Learns from an event with a parser.
    fn read(&mut self, event: &[u8]) -> Result<(), Fault> {
        let event = Event::read(event);
        let data = event.data.as_deref().unwrap_or_default().trim_ascii();
        if event.name == b"error" {
            return Err(error::in_band(data));
        }
        if data.is_empty() {
            return Ok(());
        }
        if data == b"[DONE]" {
            // Where there was no answer it ends none.
            if self.progress > Progress::Waiting {
                self.progress = Progress::Done;
            }
            return Ok(());
        }
        let chunk = Chunk::read(data).map_err(|problem| {
            Fault::new(FaultKind::Malformed, "the provider's stream is not valid JSON").with_detail(problem)
        })?;
        if chunk.is_error() {
            return Err(error::in_band(data));
        }
        self.usage = chunk.usage().unwrap_or(self.usage);
        if let Some(fault) = chunk.broken_off() {
            return Err(fault);
        }
        self.filtered |= chunk.is_filtered();
        let finishes = chunk.finishes();
        if calls(data) || finishes && self.calling {
            self.call(data);
        }
        if finishes {
            self.progress = self.progress.max(Progress::Finished);
        } else if chunk.is_real(self.operation) {
            self.progress = self.progress.max(Progress::Begun);
        }
        Ok(())
    }
}

/// The event may say more than a part of the answer, or is broken. Names in an answer's own text are not found, since
/// their quotes are escaped there; the bare word `error` is, and costs only a parse.
fn matters(event: &[u8]) -> bool {
    static USAGE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\"usage\""));
    static FINISH: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\"finish_reason\""));
    static ERROR: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("error"));

    let end = event.trim_ascii_end();
    end.ends_with(b"[DONE]")
        || (!end.ends_with(b"}") && end.starts_with(b"data"))
        || has(event, &USAGE, |value| value.starts_with(b"{"))
        || has(event, &FINISH, |value| !value.starts_with(b"null"))
        || ERROR.find(event).is_some()
}

/// The event has a call of a tool, or a piece of one.
fn calls(event: &[u8]) -> bool {
    static CALLS: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\"tool_calls\""));
    has(event, &CALLS, |value| value.starts_with(b"[") && !value[1..].trim_ascii_start().starts_with(b"]"))
}

/// Comments and events without words keep a connection alive, but are no part of the answer.
fn says_something(event: &[u8]) -> bool {
    static CONTENT: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\"content\""));
    static WORDS: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\"delta\""));

    fn empty(value: &[u8]) -> bool {
        value.starts_with(b"\"\"") || value.starts_with(b"null")
    }
    let words = || has(event, &CONTENT, |value| !empty(value));
    // Whatever else a delta has, such as thoughts, is taken for words: only what says nothing but "" does not count.
    let bare = || has(event, &CONTENT, empty) && memchr::memmem::find(event, b"reasoning").is_none() && !calls(event);
    match event.first() {
        None | Some(b':' | b'\r' | b'\n') => false,
        Some(_) => words() || !(bare() || has(event, &WORDS, |value| value.starts_with(b"{}"))),
    }
}

fn has(event: &[u8], name: &Finder<'_>, wanted: fn(&[u8]) -> bool) -> bool {
    let mut values = name.find_iter(event).map(|at| usage::after_colon(&event[at + name.needle().len()..]));
    values.any(|value| value.is_some_and(wanted))
}
