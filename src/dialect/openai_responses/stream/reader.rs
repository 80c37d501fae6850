//! Events as a provider of this dialect sends them.
//!
//! The whole of everything is said again when it is done. That is only looked at where nothing of it came before, so
//! that it does not matter which of the events a server leaves out. Items are told apart by their index: there are
//! servers whose items change their ids from event to event.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::content::{citation, part_of};
use super::super::reply::{hosted, parts_of, reason_in, stop_of};
use super::super::request::call_of;
use super::super::wire::{Item, Piece, Response, Shape, lenient, text_of};
use super::super::{OWN, carried, logprobs, usage};
use super::open::{Kind, Out, Parts};
use crate::canonical::{
    Delta, Event, Fault, FaultKind, Numbering, Part, PartStart, Reasoning, Service, Signature, StopReason, Str,
    StreamReader, Usage,
};
use crate::dialect::error;
use crate::dialect::wire::read_provider;

/// More open parts than any answer has.
const MOST_OPEN: usize = 4096;

/// Reads a stream.
#[derive(Default)]
pub(in super::super) struct Reader {
    begun: bool,
    /// The last event was given.
    done: bool,
    /// What it ends with, if it ends well.
    complete: StopReason,
    parts: Parts,
    /// A tool that the provider runs has been called.
    hosted: bool,
    numbering: Numbering,
}

/// An event. Raw where another event has something else under that name.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Frame<'a> {
    #[serde(rename = "type", borrow)]
    kind: Option<Str<'a>>,
    #[serde(borrow)]
    sequence_number: Option<&'a RawValue>,
    #[serde(borrow)]
    output_index: Option<&'a RawValue>,
    #[serde(borrow)]
    content_index: Option<&'a RawValue>,
    #[serde(borrow)]
    summary_index: Option<&'a RawValue>,
    #[serde(borrow)]
    item_id: Option<&'a RawValue>,
    #[serde(borrow)]
    delta: Option<&'a RawValue>,
    #[serde(borrow)]
    text: Option<&'a RawValue>,
    #[serde(borrow)]
    refusal: Option<&'a RawValue>,
    #[serde(borrow)]
    arguments: Option<&'a RawValue>,
    #[serde(borrow)]
    input: Option<&'a RawValue>,
    #[serde(borrow)]
    logprobs: Option<&'a RawValue>,
    #[serde(borrow)]
    annotation: Option<&'a RawValue>,
    #[serde(borrow)]
    part: Option<&'a RawValue>,
    #[serde(borrow)]
    item: Option<&'a RawValue>,
    #[serde(borrow)]
    response: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

impl StreamReader for Reader {
    fn frame(&mut self, _name: &str, data: &[u8], out: &mut dyn FnMut(Event<'_>)) -> Result<(), Fault> {
        let data = data.trim_ascii();
        // Only OpenRouter sends this mark, behind the end.
        if self.done || data.is_empty() || data == b"[DONE]" {
            return Ok(());
        }
        // Checked once here and not for each string in it.
        let frame: Frame<'_> = match std::str::from_utf8(data).map(serde_json::from_str) {
            Ok(Ok(frame)) => frame,
            _ => read_provider(data)?,
        };
        if self.parts.open.len() > MOST_OPEN {
            return Err(Fault::new(FaultKind::Malformed, "the provider's answer has too many open parts"));
        }
        if let Some(number) = usage::count(frame.sequence_number) {
            self.numbering.next = number.saturating_add(1);
        }
        let kind = frame.kind.as_deref().unwrap_or_default();
        let output = usage::count(frame.output_index).unwrap_or(0);
        let content = usage::count(frame.content_index).unwrap_or(0);
        match kind {
            "response.created" | "response.queued" | "response.in_progress" => self.start(frame.response, out),
            "response.output_item.added" => self.added(output, &frame, out),
            "response.output_text.delta" => {
                self.said(output, content, PartStart::Text, out).delta(text_of(frame.delta), out);
                self.logged(output, content, frame.logprobs, out);
            }
            "response.refusal.delta" => {
                self.said(output, content, PartStart::Refusal, out).delta(text_of(frame.delta), out);
            }
            "response.output_text.annotation.added" => {
                if let Some(annotation) = frame.annotation {
                    let open = self.said(output, content, PartStart::Text, out);
                    open.cited = true;
                    let (part, delta) = (open.part, Delta::Citation(Box::new(citation(annotation))));
                    if !open.ended {
                        out(Event::Delta { choice: 0, part, delta });
                    }
                }
            }
            "response.output_text.done" => {
                let text = text_of(frame.text);
                if !text.is_empty() {
                    self.said(output, content, PartStart::Text, out).all(text, out);
                    self.logged_once(output, content, frame.logprobs, out);
                }
            }
            "response.refusal.done" => {
                let text = text_of(frame.refusal);
                if !text.is_empty() {
                    self.said(output, content, PartStart::Refusal, out).all(text, out);
                }
            }
            "response.content_part.done" => {
                if let Some(piece) = frame.part {
                    self.piece_done(output, content, piece, out);
                }
            }
            "response.reasoning_summary_text.delta" => self.thought(output, true, &frame, out),
            "response.reasoning_text.delta" | "response.reasoning.delta" => self.thought(output, false, &frame, out),
            "response.function_call_arguments.delta" | "response.custom_tool_call_input.delta" => {
                if let Some(open) = self.parts.find(output, |kind| kind == Kind::Call) {
                    open.delta(text_of(frame.delta), out);
                }
            }
            "response.function_call_arguments.done" | "response.custom_tool_call_input.done" => {
                if let Some(open) = self.parts.find(output, |kind| kind == Kind::Call) {
                    open.all(text_of(frame.arguments.or(frame.input)), out);
                }
            }
            "response.output_item.done" => self.item_done(output, &frame, out),
            "response.completed" | "response.incomplete" => self.ended(frame.response, out),
            "response.failed" | "response.cancelled" => {
                self.fail(frame.response.map_or(data, |response| response.get().as_bytes()), out);
            }
            "error" => self.fail(data, out),
            "keepalive" => out(Event::Ping),
            "" if frame.error.is_some() => self.fail(data, out),
            // Hosted tools tell their progress in many more.
            _ => {}
        }
        Ok(())
    }

    fn hosted(&self) -> bool {
        self.hosted
    }

    fn numbering(&self) -> Option<Numbering> {
        Some(self.numbering.clone())
    }

    fn end(&mut self, _out: &mut dyn FnMut(Event<'_>)) -> Result<(), Fault> {
        match self.done {
            true => Ok(()),
            false => Err(Fault::new(FaultKind::Truncated, "the provider's stream ended too early")),
        }
    }
}

impl Reader {
    fn start(&mut self, response: Option<&RawValue>, out: Out<'_>) {
        if std::mem::replace(&mut self.begun, true) {
            return;
        }
        let response: Response<'_> = response.map(lenient).unwrap_or_default();
        out(Event::Start {
            id: response.id.unwrap_or_default(),
            model: response.model.unwrap_or_default(),
            created: usage::count(response.created_at),
            service_tier: response.service_tier,
        });
    }

    /// Keeps what an item is called.
    fn named(&mut self, output: u64, item: &Item<'_>) {
        let kind = item.kind.as_deref().unwrap_or_default();
        self.hosted |= !matches!(kind, "" | "message" | "reasoning") && !is_call(item);
        let items = &mut self.numbering.items;
        if output == items.len() as u64 && items.len() < MOST_OPEN {
            items.push((kind.to_owned(), item.id.as_deref().unwrap_or_default().to_owned()));
        }
    }

    /// Only calls begin here: what else begins may have nothing in it.
    fn added(&mut self, output: u64, frame: &Frame<'_>, out: Out<'_>) {
        let item: Item<'_> = frame.item.map(lenient).unwrap_or_default();
        self.named(output, &item);
        if !is_call(&item) || self.parts.find(output, |kind| kind == Kind::Call).is_some() {
            return;
        }
        self.complete = StopReason::ToolCalls;
        let call = call_of(item, self.parts.next as usize);
        let start = PartStart::ToolCall { id: call.id, name: call.name, free_form: call.free_form };
        // Some say everything at once here, and again at the end: there it is taken.
        self.parts.begin(output, Kind::Call, start, out);
    }

    /// The text or refusal, which begins with what is said of it first.
    fn said(&mut self, output: u64, content: u64, start: PartStart<'_>, out: Out<'_>) -> &mut super::open::Open {
        if start == PartStart::Refusal && self.complete == StopReason::End {
            self.complete = StopReason::Filtered;
        }
        let known = self.parts.open.iter().rposition(|open| open.output == output && open.kind == Kind::Said(content));
        match known {
            Some(known) => &mut self.parts.open[known],
            None => self.parts.begin(output, Kind::Said(content), start, out),
        }
    }

    fn logged(&mut self, output: u64, content: u64, list: Option<&RawValue>, out: Out<'_>) {
        let Some(logprobs) = list.filter(|list| list.get() != "[]").and_then(|list| logprobs::read(&[list])) else {
            return;
        };
        if let Some(open) = self.parts.find(output, |kind| kind == Kind::Said(content)) {
            open.logged = true;
        }
        out(Event::Logprobs { choice: 0, logprobs });
    }

    fn logged_once(&mut self, output: u64, content: u64, list: Option<&RawValue>, out: Out<'_>) {
        if self.parts.find(output, |kind| kind == Kind::Said(content)).is_some_and(|open| !open.logged) {
            self.logged(output, content, list, out);
        }
    }

    /// A part of a message is complete.
    fn piece_done(&mut self, output: u64, content: u64, raw: &RawValue, out: Out<'_>) {
        let mut piece: Piece<'_> = lenient(raw);
        let start = match piece.kind.as_deref() {
            Some("output_text") => PartStart::Text,
            Some("refusal") => PartStart::Refusal,
            // Thoughts are one part, however many paragraphs they have.
            Some("reasoning_text" | "summary_text") | None => return,
            Some(_) if self.parts.find(output, |kind| kind == Kind::Said(content)).is_some() => return,
            Some(_) => {
                self.parts.whole_of_message(output, content, part_of(raw, piece), out);
                return;
            }
        };
        let text = piece.text.take().or(piece.refusal.take()).unwrap_or_default();
        let annotations = piece.annotations.take().unwrap_or_default();
        let known = self.parts.find(output, |kind| kind == Kind::Said(content)).is_some();
        if text.is_empty() && annotations.is_empty() && !known {
            return;
        }
        let open = self.said(output, content, start, out);
        open.all(text, out);
        if !open.cited && !open.ended {
            open.cited = true;
            for annotation in annotations {
                let delta = Delta::Citation(Box::new(citation(annotation)));
                out(Event::Delta { choice: 0, part: open.part, delta });
            }
        }
        self.logged_once(output, content, piece.logprobs, out);
        if let Some(open) = self.parts.find(output, |kind| kind == Kind::Said(content)) {
            open.end(out);
        }
    }

    fn thought(&mut self, output: u64, summary: bool, frame: &Frame<'_>, out: Out<'_>) {
        let text = text_of(frame.delta);
        if text.is_empty() {
            return;
        }
        let paragraph = if summary { frame.summary_index } else { frame.content_index };
        let paragraph = usage::count(paragraph).unwrap_or(0);
        let is = |kind| matches!(kind, Kind::Thoughts { .. });
        if self.parts.find(output, is).is_none() {
            let id = frame.item_id.map(|id| text_of(Some(id)));
            let start = PartStart::Reasoning { summary, id, redacted: false };
            self.parts.begin(output, Kind::Thoughts { summary }, start, out).paragraph = paragraph;
        }
        let Some(open) = self.parts.find(output, |kind| kind == Kind::Thoughts { summary }) else {
            return; // a summary of thoughts that are open
        };
        if open.paragraph != paragraph {
            open.paragraph = paragraph;
            open.delta("\n\n".into(), out);
        }
        open.delta(text, out);
    }

    /// An item is complete: gives what of it was not given yet.
    fn item_done(&mut self, output: u64, frame: &Frame<'_>, out: Out<'_>) {
        let Some(raw) = frame.item else { return };
        let item: Item<'_> = lenient(raw);
        match item.kind.as_deref().unwrap_or_default() {
            "message" => {
                if let Some(Shape::List(pieces)) = item.content.map(Shape::of) {
                    (0..).zip(pieces).for_each(|(content, piece)| self.piece_done(output, content, piece, out));
                }
            }
            "reasoning" => self.thoughts_done(output, item, out),
            _ if is_call(&item) => {
                self.complete = StopReason::ToolCalls;
                let call = call_of(item, self.parts.next as usize);
                match self.parts.find(output, |kind| kind == Kind::Call) {
                    Some(open) => open.all(call.arguments, out),
                    None => self.parts.whole(Part::ToolCall(call), out),
                }
            }
            _ => {
                let mut parts = Vec::new();
                parts_of(raw, 0, &mut parts, &mut Vec::new());
                parts.into_iter().for_each(|part| self.parts.whole(part, out));
            }
        }
        self.parts.end_item(output, out);
    }

    fn thoughts_done(&mut self, output: u64, item: Item<'_>, out: Out<'_>) {
        match self.parts.find(output, |kind| matches!(kind, Kind::Thoughts { .. })) {
            Some(open) => {
                if let Some(value) = item.encrypted_content.filter(|value| !value.is_empty()) {
                    let delta = Delta::Signature(Signature::untag(OWN, value));
                    out(Event::Delta { choice: 0, part: open.part, delta });
                }
            }
            None => {
                let (text, summary) = super::super::content::thoughts(item.content, item.summary);
                let thoughts = Reasoning { text, summary, id: item.id, ..Reasoning::default() };
                let mut parts = Vec::new();
                carried::add(&mut parts, thoughts, item.encrypted_content);
                parts.into_iter().for_each(|part| self.parts.whole(part, out));
            }
        }
    }

    fn ended(&mut self, response: Option<&RawValue>, out: Out<'_>) {
        self.start(response, out);
        self.done = true;
        let wire: Response<'_> = response.map(lenient).unwrap_or_default();
        self.parts.end_all(out);
        if self.parts.next == 0 {
            let (mut parts, mut lists) = (Vec::new(), Vec::new());
            for (index, item) in (0..).zip(wire.output.iter().flatten()) {
                parts_of(item, index, &mut parts, &mut lists);
            }
            self.complete = reason_in(&parts);
            parts.into_iter().for_each(|part| self.parts.whole(part, out));
            if let Some(logprobs) = logprobs::read(&lists) {
                out(Event::Logprobs { choice: 0, logprobs });
            }
        }
        out(Event::Stop { choice: 0, stop: stop_of(&wire, self.complete) });
        let used = usage::of(wire.usage, wire.output.as_deref().unwrap_or_default());
        if !used.is_empty() {
            // What was asked for is said at the beginning, what was given only here.
            let service = wire.service_tier.as_deref().and_then(Service::read);
            out(Event::Usage(Usage { service, ..used }));
        }
        out(Event::End);
    }

    fn fail(&mut self, document: &[u8], out: Out<'_>) {
        self.done = true;
        out(Event::Error(error::in_band(document)));
    }
}

/// A call of the client's tool.
fn is_call(item: &Item<'_>) -> bool {
    matches!(item.kind.as_deref(), Some("function_call" | "custom_tool_call")) && !hosted(item)
}
