//! A client's stream, written.

use std::borrow::Cow;

use serde::Serialize;

use super::{citation, logprobs, reply, stop, usage};
use crate::canonical::{Delta, Event, PartStart, Sequencer, StopReason, Str, StreamWriter, Usage};
use crate::dialect::codec::About;
use crate::dialect::error::told;

/// Writes one stream.
pub(super) struct Writer {
    sequencer: Sequencer,
    lines: Lines,
}

/// What has been written so far. One part is open at a time.
struct Lines {
    /// The answer's name where the provider's is none.
    id: String,
    begun: bool,
    open: Open,
    /// The next index of a content, of a call and of a citation.
    contents: u64,
    calls: u64,
    citations: u64,
    reason: StopReason,
    usage: Usage,
}

/// The part that is open.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    /// None, or one of which Cohere's clients are not told.
    Nothing,
    /// A text or a thought of which nothing is written yet: it may stay empty, and then it is not there at all.
    Waiting(&'static str),
    Content(&'static str),
    /// A call; whether it had arguments.
    Call(bool),
}

impl Writer {
    pub(super) fn new(about: &About<'_>) -> Self {
        let id = reply::id("", about).into_owned();
        let lines = Lines {
            id,
            begun: false,
            open: Open::Nothing,
            contents: 0,
            calls: 0,
            citations: 0,
            reason: StopReason::End,
            usage: Usage::default(),
        };
        Self { sequencer: Sequencer::new(), lines }
    }
}

impl StreamWriter for Writer {
    fn event(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        let Self { sequencer, lines } = self;
        sequencer.push(event, &mut |event| lines.event(event, out));
    }
}

impl Lines {
    fn event(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        match event {
            Event::Start { id, .. } => self.start(id, out),
            Event::PartStart { start, .. } => self.part_start(start, out),
            Event::Delta { delta: Delta::Text(text), .. } => self.text(text, out),
            Event::Delta { delta: Delta::Citation(cited), .. } => self.cite(cited, out),
            // Cohere has no place for one.
            Event::Delta { delta: Delta::Signature(_), .. } => {}
            Event::PartEnd { .. } => self.part_end(out),
            Event::Logprobs { logprobs, .. } => self.logprobs(logprobs, out),
            Event::Usage(usage) => self.usage.update(*usage),
            // The end waits for the usage.
            Event::Stop { stop, .. } => self.reason = stop.reason,
            // A comment, which every client passes over.
            Event::Ping => out.extend_from_slice(b": ping\n\n"),
            Event::Error(fault) => {
                self.start("", out);
                self.end(stop::of_fault(fault), Some(told::message(fault)), out);
            }
            Event::End => {
                self.start("", out);
                self.end(stop::write(self.reason), None, out);
                out.extend_from_slice(b"data: [DONE]\n\n");
            }
        }
    }

    fn start(&mut self, id: &str, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.begun, true) {
            return;
        }
        out.extend_from_slice(b"event: message-start\ndata: {\"id\":");
        string(if reply::is_uuid(id) { id } else { &self.id }, out);
        out.extend_from_slice(
            b",\"type\":\"message-start\",\"delta\":{\"message\":{\"role\":\"assistant\",\"content\":[],\
              \"tool_plan\":\"\",\"tool_calls\":[],\"citations\":[]}}}\n\n",
        );
    }

    fn part_start(&mut self, start: &PartStart<'_>, out: &mut Vec<u8>) {
        self.open = match start {
            PartStart::Text | PartStart::Refusal => Open::Waiting("text"),
            PartStart::Reasoning { .. } => Open::Waiting("thinking"),
            PartStart::ToolCall { id, name, .. } => {
                head("tool-call-start", self.calls, out);
                out.extend_from_slice(b",\"delta\":{\"message\":{\"tool_calls\":{\"id\":");
                string(id, out);
                out.extend_from_slice(b",\"type\":\"function\",\"function\":{\"name\":");
                string(name, out);
                out.extend_from_slice(b",\"arguments\":\"\"}}}}}\n\n");
                Open::Call(false)
            }
            PartStart::Media(_) | PartStart::Foreign(_) => Open::Nothing,
        };
    }

    fn text(&mut self, text: &Str<'_>, out: &mut Vec<u8>) {
        if text.is_empty() {
            return;
        }
        self.begin(out);
        match self.open {
            Open::Content(kind) => {
                head("content-delta", self.contents, out);
                out.extend_from_slice(b",\"delta\":{\"message\":{\"content\":{\"");
                out.extend_from_slice(kind.as_bytes());
                out.extend_from_slice(b"\":");
                string(text, out);
                out.extend_from_slice(b"}}}}\n\n");
            }
            Open::Call(_) => {
                self.open = Open::Call(true);
                self.arguments(text, out);
            }
            Open::Nothing | Open::Waiting(_) => {}
        }
    }

    fn arguments(&self, text: &str, out: &mut Vec<u8>) {
        head("tool-call-delta", self.calls, out);
        out.extend_from_slice(b",\"delta\":{\"message\":{\"tool_calls\":{\"function\":{\"arguments\":");
        string(text, out);
        out.extend_from_slice(b"}}}}}\n\n");
    }

    /// Begins the content that waits for its first word.
    fn begin(&mut self, out: &mut Vec<u8>) {
        if let Open::Waiting(kind) = self.open {
            self.open = Open::Content(kind);
            head("content-start", self.contents, out);
            let empty = ["{\"type\":\"", kind, "\",\"", kind, "\":\"\"}"].concat();
            out.extend_from_slice(b",\"delta\":{\"message\":{\"content\":");
            out.extend_from_slice(empty.as_bytes());
            out.extend_from_slice(b"}}}\n\n");
        }
    }

    fn cite(&mut self, cited: &crate::canonical::Citation<'_>, out: &mut Vec<u8>) {
        // In a text that is empty so far, the citation is of the one before.
        let content = if self.open == Open::Content("text") { self.contents } else { self.contents.saturating_sub(1) };
        head("citation-start", self.citations, out);
        out.extend_from_slice(b",\"delta\":{\"message\":{\"citations\":");
        json(&citation::write(cited, usize::try_from(content).unwrap_or_default()), out);
        out.extend_from_slice(b"}}}\n\n");
        head("citation-end", self.citations, out);
        out.extend_from_slice(b"}\n\n");
        self.citations += 1;
    }

    fn part_end(&mut self, out: &mut Vec<u8>) {
        match std::mem::replace(&mut self.open, Open::Nothing) {
            Open::Content(_) => {
                head("content-end", self.contents, out);
                out.extend_from_slice(b"}\n\n");
                self.contents += 1;
            }
            Open::Call(said) => {
                if !said {
                    self.arguments("{}", out);
                }
                head("tool-call-end", self.calls, out);
                out.extend_from_slice(b"}\n\n");
                self.calls += 1;
            }
            Open::Nothing | Open::Waiting(_) => {}
        }
    }

    /// Cohere tells them with a piece of text; here the text was sent before.
    fn logprobs(&self, chat: &crate::canonical::Raw<'_>, out: &mut Vec<u8>) {
        if self.open != Open::Content("text") {
            return;
        }
        for item in logprobs::write(chat) {
            head("content-delta", self.contents, out);
            out.extend_from_slice(b",\"delta\":{\"message\":{\"content\":{\"text\":\"\"}}},\"logprobs\":");
            json(&item, out);
            out.extend_from_slice(b"}\n\n");
        }
    }

    fn end(&self, finish_reason: &'static str, error: Option<Cow<'_, str>>, out: &mut Vec<u8>) {
        #[derive(Serialize)]
        struct End<'a> {
            #[serde(skip_serializing_if = "Option::is_none")]
            error: Option<Cow<'a, str>>,
            finish_reason: &'static str,
            #[serde(skip_serializing_if = "Option::is_none")]
            usage: Option<usage::Written>,
        }
        out.extend_from_slice(b"event: message-end\ndata: {\"type\":\"message-end\",\"delta\":");
        json(&End { error, finish_reason, usage: usage::write(&self.usage) }, out);
        out.extend_from_slice(b"}\n\n");
    }
}

/// The beginning of an event that has an index.
fn head(kind: &str, index: u64, out: &mut Vec<u8>) {
    for piece in ["event: ", kind, "\ndata: {\"type\":\"", kind, "\",\"index\":"] {
        out.extend_from_slice(piece.as_bytes());
    }
    json(&index, out);
}

fn string(text: &str, out: &mut Vec<u8>) {
    // Writing text cannot fail.
    let _ = serde_json::to_writer(out, text);
}

/// A value that is strings, numbers and JSON alone: writing it cannot fail. On one line: outside of strings a line feed
/// is only white space, and in them it is escaped.
fn json(value: &(impl Serialize + ?Sized), out: &mut Vec<u8>) {
    let start = out.len();
    let _ = serde_json::to_writer(&mut *out, value);
    for byte in out.iter_mut().skip(start).filter(|byte| matches!(byte, b'\n' | b'\r')) {
        *byte = b' ';
    }
}
