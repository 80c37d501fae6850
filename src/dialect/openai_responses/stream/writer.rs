//! Events as a client of this dialect is given them; and a whole reply, which is what such a stream ends with.

use super::super::content::INSIDE;
use super::super::reply::{End, Envelope};
use super::super::writing::Object;
use super::super::{OWN, carried, error};
use super::events::Events;
use super::items::{Call, Items};
use super::message::Message;
use super::thoughts::Thoughts;
use crate::canonical::{
    Delta, Event, Fault, MediaKind, Numbering, PartStart, Reply, Sequencer, Signature, Source, Stop, StopReason,
    StreamWriter, Usage, replay,
};
use crate::dialect::codec::About;
use crate::dialect::error::told;

/// Writes a stream.
pub(in super::super) struct Writer {
    sequencer: Sequencer,
    state: State,
}

struct State {
    envelope: Envelope,
    items: Items,
    open: Open,
    /// A text begins, if anything is in it; it is a refusal or not.
    text: Option<bool>,
    begun: bool,
    /// The model refused in words of its own.
    refused: bool,
    stop: Stop<'static>,
    usage: Usage,
}

/// The item that is open. It is only closed when the next begins or the answer ends, because then it is known whether
/// it is complete.
enum Open {
    Nothing,
    Message(Message),
    Thoughts(Thoughts),
    Call(Call),
}

impl Writer {
    pub(in super::super) fn new(about: &About<'_>) -> Self {
        let items =
            Items { events: Events::default(), done: Vec::new(), index: 0, id: about.id.to_owned(), known: Vec::new() };
        let state = State {
            envelope: Envelope::new(about),
            items,
            open: Open::Nothing,
            text: None,
            begun: false,
            refused: false,
            stop: Stop::default(),
            usage: Usage::default(),
        };
        Self { sequencer: Sequencer::new(), state }
    }
}

impl StreamWriter for Writer {
    fn event(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        let Self { sequencer, state } = self;
        sequencer.push(event, &mut |event| state.event(event, out));
    }

    fn numbering(&self) -> Option<Numbering> {
        let Items { events, known, .. } = &self.state.items;
        Some(Numbering { next: events.sequence, items: known.clone() })
    }

    fn go_on(&mut self, from: &Numbering) {
        let Items { events, known, .. } = &mut self.state.items;
        events.sequence = from.next;
        known.clone_from(&from.items);
    }
}

/// A whole reply.
pub(in super::super) fn write_whole(reply: &Reply<'_>, about: &About<'_>) -> Vec<u8> {
    let mut writer = Writer::new(about);
    writer.state.items.events.quiet = true;
    let mut out = Vec::new();
    replay(reply, &mut |event| writer.event(&event, &mut out));
    writer.state.response(&mut out);
    out
}

impl State {
    fn event(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        match event {
            Event::Start { id, model, created, service_tier } => {
                if id.starts_with("resp_") {
                    self.envelope.id = id.to_string();
                }
                if !model.is_empty() {
                    self.envelope.model = model.to_string();
                }
                self.envelope.created = created.unwrap_or(self.envelope.created);
                self.envelope.tier = service_tier.as_ref().map(ToString::to_string);
                self.begin(out);
            }
            Event::PartStart { start, .. } => self.start(start, out),
            Event::Delta { delta, .. } => self.delta(delta, out),
            Event::PartEnd { .. } => {}
            Event::Logprobs { logprobs, .. } => {
                if let Open::Message(message) = &mut self.open {
                    message.logprobs(logprobs);
                }
            }
            Event::Stop { stop, .. } => self.stop(stop, out),
            Event::Usage(usage) => self.usage.update(*usage),
            Event::Ping if !self.items.events.quiet => out.extend_from_slice(b": ping\n\n"),
            Event::Ping => {}
            Event::Error(fault) => self.fail(fault, out),
            Event::End => self.end(out),
        }
    }

    fn begin(&mut self, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.begun, true) {
            return;
        }
        for kind in ["response.created", "response.in_progress"] {
            self.items.events.write(out, kind, |event| {
                self.envelope.write(&End::InProgress, &[], None, event.name("response"));
            });
        }
    }

    fn start(&mut self, start: &PartStart<'_>, out: &mut Vec<u8>) {
        self.begin(out);
        self.text = None;
        match start {
            PartStart::Text | PartStart::Refusal => {
                self.text = Some(matches!(start, PartStart::Refusal));
                match &mut self.open {
                    // Its signature belongs to what it ends with.
                    Open::Message(message) if message.signature.is_none() => {
                        message.end_piece(&mut self.items, out);
                    }
                    _ => self.close("completed", out),
                }
                return;
            }
            PartStart::Foreign(foreign) if foreign.kind.starts_with(INSIDE) => {
                if foreign.dialect == OWN {
                    let mut message = match std::mem::replace(&mut self.open, Open::Nothing) {
                        Open::Message(message) => message,
                        other => {
                            self.open = other;
                            self.close("completed", out);
                            Message::begin(&mut self.items, out)
                        }
                    };
                    message.foreign(foreign.json.as_str(), &mut self.items, out);
                    self.open = Open::Message(message);
                }
                return;
            }
            _ => self.close("completed", out),
        }
        match start {
            PartStart::Reasoning { summary, id, redacted } => {
                let summary = *summary || self.envelope.summaries;
                self.open = Open::Thoughts(Thoughts::new(id.as_ref(), summary, *redacted, &self.items));
            }
            PartStart::ToolCall { id, name, free_form } => {
                self.open = Open::Call(Call::begin(id, name, *free_form, &mut self.items, out));
            }
            PartStart::Foreign(foreign) if foreign.dialect == OWN => {
                self.items.whole(out, foreign.json.as_str().as_bytes());
            }
            PartStart::Media(media) => {
                if let (MediaKind::Image, Source::Base64(data)) = (media.kind, &media.source) {
                    let mut item = Vec::new();
                    let mut object = Object::begin(&mut item);
                    object.member("type", "image_generation_call");
                    object.member("id", &self.items.new_id("ig"));
                    object.member("status", "completed");
                    object.member("result", data);
                    object.end();
                    self.items.whole(out, &item);
                }
            }
            PartStart::Foreign(_) | PartStart::Text | PartStart::Refusal => {}
        }
    }

    fn delta(&mut self, delta: &Delta<'_>, out: &mut Vec<u8>) {
        match (delta, &mut self.open) {
            (Delta::Text(text), _) if text.is_empty() => {}
            (Delta::Text(text), Open::Thoughts(thoughts)) => thoughts.delta(text, &mut self.items, out),
            (Delta::Text(text), Open::Call(call)) => call.delta(text, &mut self.items, out),
            (Delta::Text(text), _) => {
                if let Some(refusal) = self.text {
                    self.refused |= refusal;
                    if let Open::Nothing = self.open {
                        self.open = Open::Message(Message::begin(&mut self.items, out));
                    }
                    if let Open::Message(message) = &mut self.open {
                        message.delta(refusal, text, &mut self.items, out);
                    }
                }
            }
            (Delta::Citation(citation), Open::Message(message)) => message.citation(citation, &mut self.items, out),
            (Delta::Citation(_), _) => {}
            (Delta::Signature(more), Open::Thoughts(thoughts)) => add(&mut thoughts.signature, more),
            (Delta::Signature(more), Open::Call(call)) => add(&mut call.signature, more),
            (Delta::Signature(more), Open::Message(message)) => add(&mut message.signature, more),
            (Delta::Signature(whole), Open::Nothing) => self.items.carry(out, &carried::of_before(whole)),
        }
    }

    fn close(&mut self, status: &str, out: &mut Vec<u8>) {
        match std::mem::replace(&mut self.open, Open::Nothing) {
            Open::Nothing => {}
            Open::Message(message) => message.end(status, &mut self.items, out),
            Open::Thoughts(thoughts) => thoughts.end(&mut self.items, out),
            Open::Call(call) => call.end(status, &mut self.items, out),
        }
    }

    fn stop(&mut self, stop: &Stop<'_>, out: &mut Vec<u8>) {
        if let (StopReason::Filtered, Some(why), false) = (stop.reason, &stop.explanation, self.refused) {
            self.start(&PartStart::Refusal, out);
            self.delta(&Delta::Text(why.borrowed()), out);
            self.refused = false; // the provider says so, not the model
        }
        self.stop = Stop {
            reason: stop.reason,
            native: stop.native.clone().map(|native| native.into_owned()),
            ..Stop::default()
        };
        let status = match self.outcome() {
            End::Incomplete(_) | End::Failed { .. } => "incomplete",
            End::InProgress | End::Completed => "completed",
        };
        self.close(status, out);
    }

    /// How the response ends.
    fn outcome(&self) -> End<'_> {
        match self.stop.reason {
            StopReason::Length => End::Incomplete("max_output_tokens"),
            // A refusal in the model's own words is a complete answer.
            StopReason::Filtered if self.refused => End::Completed,
            StopReason::Filtered => End::Incomplete("content_filter"),
            StopReason::Broken => {
                let message = self.stop.native.as_deref().unwrap_or("the model's answer cannot be used");
                End::Failed { code: "server_error", message }
            }
            StopReason::End | StopReason::Sequence | StopReason::ToolCalls | StopReason::Paused => End::Completed,
        }
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        self.begin(out);
        self.close("completed", out);
        let kind = match self.outcome() {
            End::InProgress | End::Completed => "response.completed",
            End::Incomplete(_) => "response.incomplete",
            End::Failed { .. } => "response.failed",
        };
        let mut response = Vec::new();
        self.response(&mut response);
        self.items.events.write(out, kind, |event| event.name("response").extend_from_slice(&response));
    }

    /// The response object as it ends.
    fn response(&self, out: &mut Vec<u8>) {
        let used = Some(&self.usage).filter(|usage| !usage.is_empty());
        self.envelope.write(&self.outcome(), &self.items.done, used, out);
    }

    /// The SDKs tell this from an end; an `error` event before it would make some of them throw and never see it.
    fn fail(&mut self, fault: &Fault, out: &mut Vec<u8>) {
        let message = told::message(fault);
        let end = End::Failed { code: error::failed_code(fault), message: &message };
        let used = Some(&self.usage).filter(|usage| !usage.is_empty());
        let Self { envelope, items: Items { events, done, .. }, .. } = self;
        events.write(out, "response.failed", |event| envelope.write(&end, done, used, event.name("response")));
    }
}

/// Some providers send a long one in pieces.
fn add(signature: &mut Option<Signature<'static>>, more: &Signature<'_>) {
    match signature {
        Some(begun) if begun.from == more.from => begun.value.0.to_mut().push_str(&more.value),
        _ => *signature = Some(more.clone().into_owned()),
    }
}
