//! A provider's stream, read.

use super::media::image;
use super::wire::{Answer, Message, call};
use super::{logprobs, reply, time};
use crate::canonical::{Delta, Event, Fault, FaultKind, PartStart, Str, StreamReader};
use crate::dialect::error;

/// Reads one stream.
#[derive(Default)]
pub(super) struct Reader {
    /// When the answer began, as it was written: what makes its calls' names its own.
    created_at: Option<String>,
    /// The text or the thoughts that are open.
    open: Option<(Kind, u32)>,
    /// How many parts, and how many calls of them, have begun.
    parts: u32,
    called: usize,
    ended: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Thoughts,
}

type Out<'o> = dyn FnMut(Event<'_>) + 'o;

impl StreamReader for Reader {
    fn frame(&mut self, _: &str, data: &[u8], out: &mut Out<'_>) -> Result<(), Fault> {
        let data = data.trim_ascii();
        if self.ended || data.is_empty() {
            return Ok(());
        }
        let mut line: Answer<'_> = serde_json::from_slice(data).map_err(|error| {
            Fault::new(FaultKind::Malformed, "the provider's stream is not what its dialect says").with_detail(error)
        })?;
        if line.error.is_some() {
            self.ended = true;
            out(Event::Error(error::in_band(data)));
            return Ok(());
        }
        self.start(&mut line, out);
        if let Some(message) = line.take_message() {
            self.message(message, out);
        }
        if let Some(logprobs) = line.logprobs.and_then(logprobs::read) {
            out(Event::Logprobs { choice: 0, logprobs });
        }
        if line.done == Some(true) {
            self.finish(line, out);
        }
        Ok(())
    }

    fn end(&mut self, _: &mut Out<'_>) -> Result<(), Fault> {
        if self.ended {
            return Ok(());
        }
        Err(Fault::new(FaultKind::Truncated, "the provider's stream ended too early"))
    }
}

impl Reader {
    fn start(&mut self, line: &mut Answer<'_>, out: &mut Out<'_>) {
        if self.created_at.is_some() {
            return;
        }
        let created_at = line.created_at.take().unwrap_or_default();
        let (id, model) = (Str::default(), line.model.take().unwrap_or_default());
        out(Event::Start { id, model, created: time::read(&created_at), service_tier: None });
        self.created_at = Some(created_at.to_string());
    }

    fn message(&mut self, message: Message<'_>, out: &mut Out<'_>) {
        self.say(Kind::Thoughts, message.thinking, out);
        self.say(Kind::Text, message.content, out);
        for data in message.images.unwrap_or_default() {
            self.close(out);
            let part = self.part(PartStart::Media(Box::new(image(data))), out);
            out(Event::PartEnd { choice: 0, part });
        }
        for wire in message.tool_calls.unwrap_or_default() {
            self.close(out);
            let call = call(wire, self.created_at.as_deref().unwrap_or_default(), self.called);
            self.called += 1;
            let part = self.part(PartStart::ToolCall { id: call.id, name: call.name, free_form: false }, out);
            if !call.arguments.is_empty() {
                out(Event::Delta { choice: 0, part, delta: Delta::Text(call.arguments) });
            }
            out(Event::PartEnd { choice: 0, part });
        }
    }

    /// More of a text, which begins where none of its kind is open.
    fn say(&mut self, kind: Kind, text: Option<Str<'_>>, out: &mut Out<'_>) {
        let Some(text) = text.filter(|text| !text.is_empty()) else { return };
        let part = match self.open {
            Some((open, part)) if open == kind => part,
            _ => {
                self.close(out);
                let part = match kind {
                    Kind::Text => self.part(PartStart::Text, out),
                    Kind::Thoughts => {
                        self.part(PartStart::Reasoning { summary: false, id: None, redacted: false }, out)
                    }
                };
                self.open = Some((kind, part));
                part
            }
        };
        out(Event::Delta { choice: 0, part, delta: Delta::Text(text) });
    }

    fn part(&mut self, start: PartStart<'_>, out: &mut Out<'_>) -> u32 {
        let part = self.parts;
        self.parts += 1;
        out(Event::PartStart { choice: 0, part, start });
        part
    }

    fn close(&mut self, out: &mut Out<'_>) {
        if let Some((_, part)) = self.open.take() {
            out(Event::PartEnd { choice: 0, part });
        }
    }

    fn finish(&mut self, line: Answer<'_>, out: &mut Out<'_>) {
        self.ended = true;
        self.close(out);
        let usage = reply::usage(&line);
        if !usage.is_empty() {
            out(Event::Usage(usage));
        }
        out(Event::Stop { choice: 0, stop: reply::read_stop(line.done_reason, self.called > 0) });
        out(Event::End);
    }
}
