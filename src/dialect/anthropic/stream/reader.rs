//! A provider's stream, read.
//!
//! The vendor sends one block after the other; others have been seen to leave out starts and stops, to begin twice
//! and to change the type of a block on the way. What is missing is made up, so that the events keep to their
//! grammar. A block that only this dialect knows is given when it is complete.

use super::super::signed::{self, Signed};
use super::super::usage::Counted;
use super::super::{blocks, reply, stop, wire};
use super::open::{Kind, Open};
use crate::canonical::{
    Delta, Dialect, Event, Fault, FaultKind, Part, PartStart, Signature, Stop, StopReason, Str, StreamReader, replay,
};
use crate::dialect::{error, wire::read_provider};

/// Reads one stream.
#[derive(Default)]
pub(in super::super) struct Reader {
    progress: Progress,
    /// The blocks that have begun, by their index. One, unless somebody breaks the rules.
    open: Vec<Open>,
    /// How many parts there were.
    parts: u32,
    /// A tool was asked for.
    called: bool,
    counted: Counted,
    stop: Option<Stop<'static>>,
    /// It was said behind the blocks.
    told: bool,
    /// A block of a hosted tool's was seen, or of something else that only the vendor knows.
    hosted: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Progress {
    #[default]
    Waiting,
    Begun,
    /// With its own end, or an error.
    Ended,
}

/// More blocks at once than anybody sends.
const MOST_OPEN: usize = 64;

type Out<'o> = dyn FnMut(Event<'_>) + 'o;

impl StreamReader for Reader {
    fn frame(&mut self, name: &str, data: &[u8], out: &mut Out<'_>) -> Result<(), Fault> {
        let data = data.trim_ascii();
        // Compatible servers end with `[DONE]`, which says nothing that was not said.
        if self.progress == Progress::Ended || data.is_empty() || data == b"[DONE]" {
            return Ok(());
        }
        if name == "error" {
            return self.fail(error::in_band(data), out);
        }
        let frame: wire::Frame<'_> = read_provider(data)?;
        if frame.error.is_some_and(|error| error.get() != "null") {
            return self.fail(error::in_band(data), out);
        }
        match frame.kind.as_str() {
            "message_start" => self.start(&frame, out)?,
            "content_block_start" => {
                if let Some(block) = frame.content_block {
                    self.progress = Progress::Begun;
                    self.block(frame.index, block, out)?;
                }
            }
            "content_block_delta" => {
                if let Some(delta) = frame.delta {
                    self.progress = Progress::Begun;
                    self.delta(frame.index, delta, out)?;
                }
            }
            "content_block_stop" => self.close(frame.index, out),
            "message_delta" => self.message_delta(frame, out),
            "message_stop" => {
                self.progress = Progress::Begun;
                self.finish(out);
            }
            // A whole reply where a stream was asked for.
            "message" if self.progress == Progress::Waiting => {
                let reply = reply::read(data)?;
                self.progress = Progress::Ended;
                replay(&reply, out);
            }
            "ping" if self.progress == Progress::Begun => out(Event::Ping),
            _ => {} // something new
        }
        Ok(())
    }

    fn hosted(&self) -> bool {
        self.hosted
    }

    /// The reason to stop comes behind the last block. Where only `message_stop` is missing behind it, as with some who
    /// speak this dialect and with streams that are cut at the very end, nothing of the answer is.
    fn end(&mut self, out: &mut Out<'_>) -> Result<(), Fault> {
        match self.progress {
            Progress::Ended => Ok(()),
            Progress::Begun if self.told && self.open.is_empty() => {
                self.finish(out);
                Ok(())
            }
            _ => Err(Fault::new(FaultKind::Truncated, "the provider's stream ended too early")),
        }
    }
}

impl Reader {
    fn fail(&mut self, fault: Fault, out: &mut Out<'_>) -> Result<(), Fault> {
        self.progress = Progress::Ended;
        out(Event::Error(fault));
        Ok(())
    }

    /// A second beginning has been seen, with and without blocks between. What came before it is kept: it may have
    /// been shown.
    fn start(&mut self, frame: &wire::Frame<'_>, out: &mut Out<'_>) -> Result<(), Fault> {
        let Some(message) = frame.message else { return Ok(()) };
        let message: wire::Reply<'_> = read_provider(message.get().as_bytes())?;
        if self.progress == Progress::Waiting {
            self.progress = Progress::Begun;
            out(Event::Start {
                id: message.id.unwrap_or_default(),
                model: message.model.unwrap_or_default(),
                created: None,
                service_tier: message.usage.as_ref().and_then(|usage| usage.service_tier.clone()),
            });
        }
        if let Some(usage) = &message.usage {
            self.count(usage, out);
        }
        // A turn of hosted code that calls the client's tools comes with all of its blocks and its reason at once.
        for block in message.content.into_iter().flatten() {
            let index = self.parts;
            self.block(index, block, out)?;
            self.close(index, out);
        }
        self.stopped(message.stop_reason, message.stop_sequence, message.stop_details);
        Ok(())
    }

    fn count(&mut self, usage: &wire::Usage<'_>, out: &mut Out<'_>) {
        self.counted.update(usage);
        let usage = self.counted.usage();
        if !usage.is_empty() {
            out(Event::Usage(usage));
        }
    }

    /// A block begins.
    fn block(&mut self, index: u32, block: wire::Block<'_>, out: &mut Out<'_>) -> Result<(), Fault> {
        self.close(index, out);
        if self.open.len() >= MOST_OPEN {
            return Err(malformed("too many blocks at once"));
        }
        let wire::Block { fields, raw } = block;
        match fields.kind.as_str() {
            "text" => {
                self.open(index, Kind::Text, Some(PartStart::Text), out);
                self.text(index, fields.text, out);
            }
            "thinking" => {
                // What it is can only be told from its first words: see `signed`.
                self.open(index, Kind::Thinking, None, out);
                if fields.thinking.as_ref().is_some_and(|text| !text.is_empty()) {
                    self.show_thoughts(index, out);
                    self.text(index, fields.thinking, out);
                }
                if let Some(signature) = fields.signature {
                    self.signature(index, signature, out);
                }
            }
            "redacted_thinking" => {
                let start = PartStart::Reasoning { summary: false, id: None, redacted: true };
                let part = self.open(index, Kind::Whole, Some(start), out);
                if let (Some(data), Some(part)) = (fields.data, part) {
                    let delta = Delta::Signature(Signature::untag(Dialect::Anthropic, data));
                    out(Event::Delta { choice: 0, part, delta });
                }
            }
            "tool_use" => {
                self.called = true;
                let id = fields.id.filter(|id| !id.is_empty());
                let id = id.unwrap_or_else(|| crate::canonical::made_up_id(raw.get(), index as usize).into());
                let name = fields.name.unwrap_or_default();
                // Some give the whole input here, and some of those again in deltas.
                let given = fields.input.map_or_else(String::new, |input| blocks::arguments(input).to_string());
                let start = PartStart::ToolCall { id, name, free_form: false };
                self.open(index, Kind::Call { given }, Some(start), out);
            }
            _ => {
                self.hosted = true;
                self.open(index, Kind::foreign(fields.kind.to_string(), raw), None, out);
            }
        }
        Ok(())
    }

    /// Opens a block, and its part where it has begun with it.
    fn open(&mut self, index: u32, kind: Kind, start: Option<PartStart<'_>>, out: &mut Out<'_>) -> Option<u32> {
        let part = start.map(|start| {
            let part = self.parts;
            self.parts += 1;
            out(Event::PartStart { choice: 0, part, start });
            part
        });
        self.open.push(Open { index, part, kind });
        part
    }

    fn find(&mut self, index: u32) -> Option<&mut Open> {
        self.open.iter_mut().find(|open| open.index == index)
    }

    fn text(&mut self, index: u32, text: Option<Str<'_>>, out: &mut Out<'_>) {
        let Some(text) = text.filter(|text| !text.is_empty()) else { return };
        if let Some(part) = self.find(index).and_then(|open| open.part) {
            out(Event::Delta { choice: 0, part, delta: Delta::Text(text) });
        }
    }

    /// Gives the start of thoughts that turn out to be ones.
    fn show_thoughts(&mut self, index: u32, out: &mut Out<'_>) {
        let next = self.parts;
        let Some(open) = self.find(index).filter(|open| open.part.is_none()) else { return };
        open.part = Some(next);
        self.parts += 1;
        let start = PartStart::Reasoning { summary: false, id: None, redacted: false };
        out(Event::PartStart { choice: 0, part: next, start });
    }

    fn signature(&mut self, index: u32, value: Str<'_>, out: &mut Out<'_>) {
        match signed::read(value) {
            Some(Signed::These(signature)) => {
                self.show_thoughts(index, out);
                if let Some(part) = self.find(index).and_then(|open| open.part) {
                    out(Event::Delta { choice: 0, part, delta: Delta::Signature(signature) });
                }
            }
            // The part before is over by now: an empty text carries it.
            Some(Signed::Before(signature)) => {
                let part = self.parts;
                self.parts += 1;
                out(Event::PartStart { choice: 0, part, start: PartStart::Text });
                out(Event::Delta { choice: 0, part, delta: Delta::Signature(signature) });
                out(Event::PartEnd { choice: 0, part });
            }
            None => {}
        }
    }

    /// Sees to it that a delta finds a block of its kind.
    fn settle(&mut self, index: u32, fits: fn(&Kind) -> bool, make: fn() -> Kind, out: &mut Out<'_>) {
        if self.find(index).is_some_and(|open| fits(&open.kind)) {
            return;
        }
        self.close(index, out);
        let start = matches!(make(), Kind::Text).then_some(PartStart::Text);
        self.open(index, make(), start, out);
    }

    fn delta(&mut self, index: u32, delta: wire::Delta<'_>, out: &mut Out<'_>) -> Result<(), Fault> {
        match delta.kind.as_str() {
            "text_delta" => {
                self.settle(index, |kind| matches!(kind, Kind::Text), || Kind::Text, out);
                self.text(index, delta.text, out);
            }
            "thinking_delta" => {
                self.settle(index, |kind| matches!(kind, Kind::Thinking), || Kind::Thinking, out);
                if delta.thinking.as_ref().is_some_and(|text| !text.is_empty()) {
                    self.show_thoughts(index, out);
                    self.text(index, delta.thinking, out);
                }
            }
            "signature_delta" => {
                self.settle(index, |kind| matches!(kind, Kind::Thinking), || Kind::Thinking, out);
                self.signature(index, delta.signature.unwrap_or_default(), out);
            }
            "citations_delta" => {
                self.settle(index, |kind| matches!(kind, Kind::Text), || Kind::Text, out);
                let part = self.find(index).and_then(|open| open.part);
                if let (Some(citation), Some(part)) = (delta.citation.and_then(blocks::citation), part) {
                    out(Event::Delta { choice: 0, part, delta: Delta::Citation(Box::new(citation)) });
                }
            }
            "input_json_delta" => {
                let Some(text) = delta.partial_json.filter(|text| !text.is_empty()) else { return Ok(()) };
                let Some(open) = self.find(index) else { return Err(malformed("input of a call that did not begin")) };
                match (&mut open.kind, open.part) {
                    (Kind::Call { given }, Some(part)) => {
                        given.clear(); // it comes again
                        out(Event::Delta { choice: 0, part, delta: Delta::Text(text) });
                    }
                    (Kind::Foreign { input, .. }, _) => {
                        input.push_str(&text);
                        if input.len() > LONGEST_INPUT {
                            return Err(malformed("the input of a hosted tool is too long"));
                        }
                    }
                    _ => {}
                }
            }
            "compaction_delta" => {
                if let (Some(Kind::Foreign { content, .. }), Some(text)) =
                    (self.find(index).map(|open| &mut open.kind), delta.content)
                {
                    *content = Some(text.get().to_owned());
                }
            }
            _ => {} // something new
        }
        Ok(())
    }

    /// Ends a block, if there is one of that index.
    fn close(&mut self, index: u32, out: &mut Out<'_>) {
        let Some(position) = self.open.iter().position(|open| open.index == index) else { return };
        let Open { part, kind, .. } = self.open.remove(position);
        if let (Kind::Call { given }, Some(part)) = (&kind, part)
            && !given.is_empty()
        {
            out(Event::Delta { choice: 0, part, delta: Delta::Text(Str::new(given)) });
        }
        if let Some(Part::Foreign(foreign)) = kind.complete() {
            let part = self.parts;
            self.parts += 1;
            out(Event::PartStart { choice: 0, part, start: PartStart::Foreign(Box::new(foreign)) });
            out(Event::PartEnd { choice: 0, part });
        }
        if let Some(part) = part {
            out(Event::PartEnd { choice: 0, part });
        }
    }

    /// May come more than once; what one leaves out another has said.
    fn message_delta(&mut self, frame: wire::Frame<'_>, out: &mut Out<'_>) {
        self.progress = Progress::Begun;
        if let Some(delta) = frame.delta {
            self.told |= delta.stop_reason.is_some();
            self.stopped(delta.stop_reason, delta.stop_sequence, delta.stop_details);
        }
        if let Some(usage) = &frame.usage {
            self.count(usage, out);
        }
    }

    /// Keeps why the answer ends, if that is said.
    fn stopped(&mut self, reason: Option<Str<'_>>, text: Option<Str<'_>>, details: Option<wire::StopDetails<'_>>) {
        let Some(reason) = reason else { return };
        let stop = stop::read(reason, text, details);
        self.stop = Some(Stop {
            reason: stop.reason,
            native: stop.native.map(Str::into_owned),
            sequence: stop.sequence.map(Str::into_owned),
            explanation: stop.explanation.map(Str::into_owned),
        });
    }

    fn finish(&mut self, out: &mut Out<'_>) {
        while let Some(index) = self.open.first().map(|open| open.index) {
            self.close(index, out);
        }
        let stop = self.stop.take().unwrap_or_else(|| {
            let reason = if self.called { StopReason::ToolCalls } else { StopReason::End };
            Stop { reason, ..Stop::default() }
        });
        out(Event::Stop { choice: 0, stop });
        self.progress = Progress::Ended;
        out(Event::End);
    }
}

/// A hosted tool's input, which is kept until it is complete.
const LONGEST_INPUT: usize = 16 << 20;

fn malformed(detail: impl ToString) -> Fault {
    Fault::new(FaultKind::Malformed, "the provider's answer is not what its dialect says").with_detail(detail)
}
