//! A client's stream, written.
//!
//! A line has no notion of parts, so that text and thoughts go out as they come. Only calls have to wait: Ollama sends
//! each whole, with its arguments as an object.

use serde::Serialize;
use serde_json::value::RawValue;

use super::messages_out::arguments;
use super::{error, logprobs, reply, time};
use crate::canonical::{Delta, Event, PartStart, StopReason, StreamWriter, Usage};
use crate::dialect::codec::About;

/// Writes one stream.
pub(super) struct Writer {
    /// The client asked `/api/generate`.
    generate: bool,
    /// The model and the moment, where the provider does not say.
    model: String,
    created: u64,
    /// How each line begins. Made once, at the start.
    head: Vec<u8>,
    open: Vec<Open>,
    called: usize,
    reason: StopReason,
    usage: Usage,
}

/// A part that is open and not simply text.
struct Open {
    part: u32,
    kind: Kind,
}

enum Kind {
    Thoughts,
    Call { id: String, name: String, free_form: bool, arguments: String },
}

impl Writer {
    pub(super) fn new(about: &About<'_>) -> Self {
        Self {
            generate: reply::is_generate(about.request),
            model: about.model.to_owned(),
            created: about.created,
            head: Vec::new(),
            open: Vec::new(),
            called: 0,
            reason: StopReason::End,
            usage: Usage::default(),
        }
    }
}

impl StreamWriter for Writer {
    fn event(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        match event {
            Event::Start { model, created, .. } => {
                self.begin(model, created.unwrap_or(self.created));
            }
            Event::PartStart { choice: 0, part, start } => self.part_start(*part, start, out),
            Event::Delta { choice: 0, part, delta: Delta::Text(text) } => self.text(*part, text, out),
            Event::PartEnd { choice: 0, part } => self.part_end(*part, out),
            Event::Stop { choice: 0, stop } => self.reason = stop.reason,
            Event::Logprobs { choice: 0, logprobs } => {
                if let Some(list) = logprobs::write(logprobs) {
                    self.line(out, |writer, out| {
                        writer.say("content", "", out);
                        out.extend_from_slice(b",\"logprobs\":");
                        raw(list, out);
                    });
                }
            }
            Event::Usage(usage) => self.usage.update(*usage),
            // There are no comments, and a line that says nothing is one.
            Event::Ping => self.line(out, |writer, out| writer.say("content", "", out)),
            Event::Error(fault) => {
                out.extend_from_slice(&error::document(fault));
                out.push(b'\n');
            }
            Event::End => self.end(out),
            // Other answers than the first, and what Ollama has no place for.
            Event::PartStart { .. }
            | Event::Delta { .. }
            | Event::PartEnd { .. }
            | Event::Stop { .. }
            | Event::Logprobs { .. } => {}
        }
    }
}

impl Writer {
    fn begin(&mut self, model: &str, created: u64) {
        self.head = b"{\"model\":".to_vec();
        json(if model.is_empty() { self.model.as_str() } else { model }, &mut self.head);
        self.head.extend_from_slice(b",\"created_at\":");
        json(&time::write(created), &mut self.head);
        self.head.push(b',');
    }

    fn part_start(&mut self, part: u32, start: &PartStart<'_>, out: &mut Vec<u8>) {
        match start {
            PartStart::Text | PartStart::Refusal | PartStart::Foreign(_) => {}
            PartStart::Reasoning { .. } => self.open.push(Open { part, kind: Kind::Thoughts }),
            PartStart::ToolCall { id, name, free_form } => {
                let (id, name) = (id.to_string(), name.to_string());
                let kind = Kind::Call { id, name, free_form: *free_form, arguments: String::new() };
                self.open.push(Open { part, kind });
            }
            PartStart::Media(media) if !self.generate => {
                let Some(data) = reply::shown(media) else { return };
                self.line(out, |_, out| {
                    out.extend_from_slice(b"\"message\":{\"role\":\"assistant\",\"content\":\"\",\"images\":[");
                    json(data, out);
                    out.extend_from_slice(b"]}");
                });
            }
            PartStart::Media(_) => {}
        }
    }

    fn text(&mut self, part: u32, text: &str, out: &mut Vec<u8>) {
        if text.is_empty() {
            return;
        }
        let member = match self.open.iter_mut().find(|open| open.part == part).map(|open| &mut open.kind) {
            Some(Kind::Call { arguments, .. }) => return arguments.push_str(text),
            Some(Kind::Thoughts) => "thinking",
            None => "content",
        };
        self.line(out, |writer, out| writer.say(member, text, out));
    }

    fn part_end(&mut self, part: u32, out: &mut Vec<u8>) {
        let Some(at) = self.open.iter().position(|open| open.part == part) else { return };
        let Kind::Call { id, name, free_form, arguments: text } = self.open.remove(at).kind else { return };
        // Its answers have no calls.
        if self.generate {
            return;
        }
        let index = self.called;
        self.called += 1;
        self.line(out, |_, out| {
            out.extend_from_slice(b"\"message\":{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":[{\"id\":");
            json(&id, out);
            out.extend_from_slice(b",\"function\":{\"index\":");
            json(&index, out);
            out.extend_from_slice(b",\"name\":");
            json(&name, out);
            out.extend_from_slice(b",\"arguments\":");
            raw(&arguments(&text, free_form).0, out);
            out.extend_from_slice(b"}}]}");
        });
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        let end = reply::End::new(self.reason, &self.usage);
        self.begun(out);
        self.say("content", "", out);
        out.push(b',');
        let mut members = Vec::new();
        json(&end, &mut members);
        out.extend_from_slice(members.get(1..).unwrap_or_default());
        out.push(b'\n');
    }

    /// One line that is not the last.
    fn line(&mut self, out: &mut Vec<u8>, body: impl FnOnce(&Self, &mut Vec<u8>)) {
        self.begun(out);
        body(self, out);
        out.extend_from_slice(b",\"done\":false}\n");
    }

    /// How a line begins.
    fn begun(&mut self, out: &mut Vec<u8>) {
        if self.head.is_empty() {
            self.begin("", self.created);
        }
        out.extend_from_slice(&self.head);
    }

    /// A piece of text, or none, in the form that the client asked in.
    fn say(&self, member: &str, text: &str, out: &mut Vec<u8>) {
        let (before, after) = match (self.generate, member) {
            (true, "thinking") => ("\"response\":\"\",\"thinking\":", ""),
            (true, _) => ("\"response\":", ""),
            (false, "thinking") => ("\"message\":{\"role\":\"assistant\",\"content\":\"\",\"thinking\":", "}"),
            (false, _) => ("\"message\":{\"role\":\"assistant\",\"content\":", "}"),
        };
        out.extend_from_slice(before.as_bytes());
        json(text, out);
        out.extend_from_slice(after.as_bytes());
    }
}

/// A value that is strings, numbers and JSON alone: writing it cannot fail.
fn json(value: &(impl Serialize + ?Sized), out: &mut Vec<u8>) {
    let _ = serde_json::to_writer(out, value);
}

/// JSON as it was, on one line: outside of strings a line feed is only white space, and in them it is escaped.
fn raw(json: &RawValue, out: &mut Vec<u8>) {
    out.extend(json.get().bytes().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { byte }));
}
