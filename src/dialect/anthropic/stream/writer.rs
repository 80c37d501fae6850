//! A client's stream, written.
//!
//! Blocks come strictly one after the other, counted from 0 without a gap. A block begins with its first words, so
//! that there are no empty ones. The beginning of the message waits for the event that follows it, because it is the
//! place of the tokens of the prompt, and its end waits for the last count.

use serde::Serialize;

use super::super::error::error_event;
use super::super::reply::message_id;
use super::super::stop::{self, Held};
use super::super::write::block::{Block, Cited, FREE_FORM, LONGEST_ID, mention};
use super::super::{signed, usage};
use crate::canonical::{
    Delta, Dialect, Event, PartStart, Sequencer, Signature, Stop, StopReason, Str, StreamWriter, Usage, fitting_id,
};
use crate::dialect::codec::About;

/// Writes one stream.
pub(in super::super) struct Writer {
    sequencer: Sequencer,
    message: Message,
}

impl Writer {
    /// A stream that has not begun.
    pub(in super::super) fn new(about: &About<'_>) -> Self {
        let message = Message {
            id: message_id("", about).into_owned().to_string(),
            model: about.model.to_owned(),
            ..Message::default()
        };
        Self { sequencer: Sequencer::new(), message }
    }
}

impl StreamWriter for Writer {
    fn event(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        let Self { sequencer, message } = self;
        sequencer.push(event, &mut |event| message.event(event, out));
    }
}

#[derive(Default)]
struct Message {
    id: String,
    model: String,
    tier: Option<String>,
    progress: Progress,
    usage: Usage,
    /// The index of the next block.
    next: u32,
    block: Open,
    held: Held,
    stop: Option<Stop<'static>>,
}

#[derive(Default, PartialEq, Eq)]
enum Progress {
    #[default]
    Waiting,
    /// The beginning is known and not written.
    Known,
    Begun,
    Ended,
}

/// The block that is being written.
#[derive(Default)]
enum Open {
    /// None.
    #[default]
    Nothing,
    /// Text, thoughts or a refusal; `begun`: the block has begun.
    Words { thoughts: bool, redacted: bool, begun: bool, signature: Option<Signature<'static>> },
    /// A call, and the signature that it was given.
    Call { free_form: bool, signature: Option<Signature<'static>> },
}

impl Message {
    fn event(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        if self.progress == Progress::Ended {
            return;
        }
        match event {
            Event::Start { .. } if self.progress != Progress::Waiting => return, // kept alive before it
            Event::Start { id, model, service_tier, .. } => {
                if id.starts_with("msg_") {
                    self.id = id.to_string();
                }
                if !model.is_empty() {
                    self.model = model.to_string();
                }
                self.tier = service_tier.as_ref().map(Str::to_string);
                self.progress = Progress::Known;
                return;
            }
            Event::Usage(usage) => return self.usage.update(*usage),
            Event::Error(fault) => {
                self.progress = Progress::Ended;
                out.extend_from_slice(&error_event(fault));
                return;
            }
            _ => self.begin(out),
        }
        match event {
            Event::PartStart { start, .. } => self.part_start(start, out),
            Event::Delta { delta, .. } => self.delta(delta, out),
            Event::PartEnd { .. } => self.part_end(out),
            Event::Stop { stop, .. } => {
                self.stop = Some(Stop {
                    reason: stop.reason,
                    native: stop.native.clone().map(Str::into_owned),
                    sequence: stop.sequence.clone().map(Str::into_owned),
                    explanation: stop.explanation.clone().map(Str::into_owned),
                });
            }
            Event::Ping => out.extend_from_slice(b"event: ping\ndata: {\"type\":\"ping\"}\n\n"),
            Event::End => self.end(out),
            Event::Start { .. } | Event::Usage(_) | Event::Error(_) | Event::Logprobs { .. } => {}
        }
    }

    fn begin(&mut self, out: &mut Vec<u8>) {
        if !matches!(self.progress, Progress::Waiting | Progress::Known) {
            return;
        }
        self.progress = Progress::Begun;
        // The first of the answer's tokens are still to come.
        let usage = usage::write(&self.usage, self.tier.as_deref());
        let message = Beginning {
            id: &self.id,
            kind: "message",
            role: "assistant",
            model: &self.model,
            content: [],
            stop_reason: None,
            stop_sequence: None,
            stop_details: None,
            usage,
            container: None,
        };
        out.extend_from_slice(b"event: message_start\ndata: {\"type\":\"message_start\",\"message\":");
        json(&message, out);
        out.extend_from_slice(b"}\n\n");
    }

    fn part_start(&mut self, start: &PartStart<'_>, out: &mut Vec<u8>) {
        let words = |thoughts, redacted| Open::Words { thoughts, redacted, begun: false, signature: None };
        self.block = match start {
            PartStart::Text => words(false, false),
            PartStart::Refusal => {
                self.held.refusal = true;
                words(false, false)
            }
            PartStart::Reasoning { redacted, .. } => words(true, *redacted),
            PartStart::ToolCall { id, name, free_form } => {
                self.held.call = true;
                self.start_block(out, |out| {
                    out.extend_from_slice(b"{\"type\":\"tool_use\",\"id\":");
                    json(&fitting_id(id, LONGEST_ID), out);
                    out.extend_from_slice(b",\"name\":");
                    json(name, out);
                    out.extend_from_slice(b",\"input\":{}}");
                });
                if *free_form {
                    self.raw_delta(out, "input_json_delta", "partial_json", &format!("{{\"{FREE_FORM}\":\""));
                }
                Open::Call { free_form: *free_form, signature: None }
            }
            PartStart::Media(media) => {
                self.whole_text(&mention(media), out);
                Open::Nothing
            }
            PartStart::Foreign(foreign) => {
                if foreign.dialect == Dialect::Anthropic {
                    self.start_block(out, |out| one_line(foreign.json.as_str(), out));
                    self.stop_block(out);
                }
                Open::Nothing
            }
        };
    }

    fn delta(&mut self, delta: &Delta<'_>, out: &mut Vec<u8>) {
        match delta {
            Delta::Text(text) if text.is_empty() => {}
            Delta::Text(text) => match self.block {
                Open::Words { thoughts, redacted: false, .. } => {
                    self.begin_words(out);
                    let (kind, member) = if thoughts { ("thinking_delta", "thinking") } else { ("text_delta", "text") };
                    self.raw_delta(out, kind, member, text);
                }
                Open::Call { free_form: false, .. } => self.raw_delta(out, "input_json_delta", "partial_json", text),
                Open::Call { free_form: true, .. } => {
                    let escaped = serde_json::to_string(text).unwrap_or_default();
                    let inner = escaped.get(1..escaped.len().saturating_sub(1)).unwrap_or_default();
                    self.raw_delta(out, "input_json_delta", "partial_json", inner);
                }
                Open::Words { .. } | Open::Nothing => {}
            },
            // A client takes the last one for the whole of it, so that pieces are gathered.
            Delta::Signature(more) => {
                if let Open::Words { signature, .. } | Open::Call { signature, .. } = &mut self.block {
                    match signature {
                        Some(begun) if begun.from == more.from => begun.value.0.to_mut().push_str(&more.value),
                        _ => *signature = Some(more.clone().into_owned()),
                    }
                }
            }
            Delta::Citation(citation) => {
                if let (Open::Words { thoughts: false, .. }, Some(cited)) = (&self.block, Cited::of(citation)) {
                    self.begin_words(out);
                    self.open_delta(out, "citations_delta", "citation");
                    let mut written = Vec::new();
                    json(&cited, &mut written);
                    one_line(std::str::from_utf8(&written).unwrap_or_default(), out);
                    out.extend_from_slice(b"}}\n\n");
                }
            }
        }
    }

    fn part_end(&mut self, out: &mut Vec<u8>) {
        match std::mem::take(&mut self.block) {
            Open::Nothing => {}
            Open::Words { thoughts: true, redacted: true, signature, .. } => {
                if let Some(signature) = signature {
                    let data = signature.tagged(Dialect::Anthropic);
                    self.start_block(out, |out| json(&Block::RedactedThinking { data }, out));
                    self.stop_block(out);
                }
            }
            Open::Words { thoughts: true, begun, signature, .. } => {
                if !begun && signature.is_some() {
                    self.start_block(out, |out| out.extend_from_slice(THINKING));
                }
                if let Some(signature) = &signature {
                    let value = signature.tagged(Dialect::Anthropic);
                    self.raw_delta(out, "signature_delta", "signature", &value);
                }
                if begun || signature.is_some() {
                    self.stop_block(out);
                }
            }
            Open::Words { begun, signature, .. } => {
                if begun {
                    self.stop_block(out);
                }
                self.behind(signature, out);
            }
            Open::Call { free_form, signature } => {
                if free_form {
                    self.raw_delta(out, "input_json_delta", "partial_json", "\"}");
                }
                self.stop_block(out);
                self.behind(signature, out);
            }
        }
    }

    /// The signature of the part that just ended, if it has one.
    fn behind(&mut self, signature: Option<Signature<'_>>, out: &mut Vec<u8>) {
        if let Some(signature) = signature {
            self.start_block(out, |out| out.extend_from_slice(THINKING));
            self.raw_delta(out, "signature_delta", "signature", &signed::behind(&signature));
            self.stop_block(out);
        }
    }

    fn begin_words(&mut self, out: &mut Vec<u8>) {
        let Open::Words { thoughts, begun, .. } = &mut self.block else { return };
        if std::mem::replace(begun, true) {
            return;
        }
        let block: &[u8] = if *thoughts { THINKING } else { b"{\"type\":\"text\",\"text\":\"\",\"citations\":null}" };
        self.start_block(out, |out| out.extend_from_slice(block));
    }

    fn whole_text(&mut self, text: &str, out: &mut Vec<u8>) {
        self.block = Open::Words { thoughts: false, redacted: false, begun: false, signature: None };
        self.delta(&Delta::Text(text.into()), out);
        self.part_end(out);
    }

    fn start_block(&mut self, out: &mut Vec<u8>, block: impl FnOnce(&mut Vec<u8>)) {
        out.extend_from_slice(b"event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":");
        json(&self.next, out);
        out.extend_from_slice(b",\"content_block\":");
        block(out);
        out.extend_from_slice(b"}\n\n");
    }

    fn open_delta(&self, out: &mut Vec<u8>, kind: &str, member: &str) {
        out.extend_from_slice(b"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":");
        json(&self.next, out);
        out.extend_from_slice(b",\"delta\":{\"type\":\"");
        out.extend_from_slice(kind.as_bytes());
        out.extend_from_slice(b"\",\"");
        out.extend_from_slice(member.as_bytes());
        out.extend_from_slice(b"\":");
    }

    fn raw_delta(&self, out: &mut Vec<u8>, kind: &str, member: &str, text: &str) {
        self.open_delta(out, kind, member);
        json(text, out);
        out.extend_from_slice(b"}}\n\n");
    }

    fn stop_block(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":");
        json(&self.next, out);
        out.extend_from_slice(b"}\n\n");
        self.next += 1;
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        self.progress = Progress::Ended;
        let unsaid = Stop { reason: StopReason::End, ..Stop::default() };
        let delta = Ending { stop: stop::write(self.stop.as_ref().unwrap_or(&unsaid), self.held), container: None };
        out.extend_from_slice(b"event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":");
        json(&delta, out);
        out.extend_from_slice(b",\"usage\":");
        json(&usage::write_delta(&self.usage), out);
        out.extend_from_slice(b"}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
    }
}

/// The beginning of thoughts.
const THINKING: &[u8] = b"{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}";

/// Strings, numbers and JSON that was read: writing them cannot fail.
fn json(value: &(impl Serialize + ?Sized), out: &mut Vec<u8>) {
    serde_json::to_writer(out, value).ok();
}

/// JSON that was read may have line ends between its tokens, where they mean nothing; in an event they would.
fn one_line(json: &str, out: &mut Vec<u8>) {
    out.extend(json.bytes().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { byte }));
}

#[derive(Serialize)]
struct Beginning<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    role: &'static str,
    model: &'a str,
    content: [(); 0],
    stop_reason: Option<()>,
    stop_sequence: Option<()>,
    stop_details: Option<()>,
    usage: usage::Written<'a>,
    container: Option<()>,
}

#[derive(Serialize)]
struct Ending<'a> {
    #[serde(flatten)]
    stop: stop::Written<'a>,
    container: Option<()>,
}
