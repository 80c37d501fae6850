//! A client's stream, written.
//!
//! Every event is one chunk, and all chunks of a stream begin alike: that beginning is written once and copied.

use std::io::Write as _;

use super::details_out::{Kind as DetailKind, write_one};
use super::json_out::{Object, raw_line, value};
use super::reply_out::{answer_id, write_audio, write_image, write_source};
use super::{assistant_out, stop, usage_out};
use crate::canonical::{
    Delta, Dialect, Event, Media, MediaKind, PartStart, Signature, Source, Stop, Str, StreamWriter, Usage,
};
use crate::dialect::codec::About;
use crate::dialect::openai_chat::error_event;

/// Writes one stream.
pub(in super::super) struct Writer {
    id: String,
    model: String,
    created: u64,
    usage_wanted: bool,
    usage: Usage,
    /// `data: {..."choices":[{"index":`
    head: Vec<u8>,
    /// What stands behind the choices.
    tail: &'static [u8],
    answers: Vec<Answer>,
}

/// What is known of one answer.
#[derive(Default)]
struct Answer {
    begun: bool,
    refused: bool,
    calls: u32,
    thoughts: u32,
    /// How many characters of text were sent, and where the text that is open began.
    text: (u64, u64),
    open: Vec<Open>,
}

/// A part that is open.
struct Open {
    part: u32,
    kind: Kind,
    /// The provider's name of a thought, told with the first that is told of it.
    id: Option<String>,
}

#[derive(Clone, Copy)]
enum Kind {
    Text,
    Refusal,
    Thought { ordinal: u32, kind: DetailKind },
    Call { ordinal: u32, free_form: bool, empty: bool },
}

/// More answers than anybody can ask for.
const MOST_CHOICES: usize = 1024;

impl Writer {
    pub(in super::super) fn new(about: &About<'_>) -> Self {
        let mut writer = Self {
            id: about.id.to_owned(),
            model: about.model.to_owned(),
            created: about.created,
            usage_wanted: about.usage_in_stream,
            usage: Usage::default(),
            head: Vec::new(),
            tail: if about.usage_in_stream { b"],\"usage\":null}\n\n" } else { b"]}\n\n" },
            answers: Vec::new(),
        };
        writer.begin("", "", None, None);
        writer
    }

    fn begin(&mut self, id: &str, model: &str, created: Option<u64>, tier: Option<&Str<'_>>) {
        let model = if model.is_empty() { &self.model } else { model };
        let mut head = b"data: ".to_vec();
        let mut chunk = Object::begin(&mut head);
        chunk.set("id", answer_id(id, &self.id)).set("object", "chat.completion.chunk");
        chunk.set("created", created.unwrap_or(self.created)).set("model", model);
        chunk.set("system_fingerprint", ()).maybe("service_tier", super::reply_out::tier(tier.map(|tier| &**tier)));
        chunk.key("choices").push(b'[');
        self.head = head;
    }

    /// A chunk of one answer, its delta filled by `fill`.
    fn chunk(&self, choice: u32, out: &mut Vec<u8>, fill: impl FnOnce(&mut Object<'_>)) {
        self.open_choice(choice, out);
        let mut delta = Object::begin(out);
        fill(&mut delta);
        delta.end();
        out.extend_from_slice(b",\"logprobs\":null,\"finish_reason\":null}");
        out.extend_from_slice(self.tail);
    }

    fn open_choice(&self, choice: u32, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.head);
        // Into memory: it cannot fail.
        let _ = write!(out, "{{\"index\":{choice},\"delta\":");
    }

    /// A chunk whose delta is one text.
    fn text_chunk(&self, choice: u32, name: &str, text: &str, out: &mut Vec<u8>) {
        self.chunk(choice, out, |delta| _ = delta.text(name, text));
    }

    fn answer(&mut self, choice: u32) -> &mut Answer {
        let at = (choice as usize).min(MOST_CHOICES);
        if self.answers.len() <= at {
            self.answers.resize_with(at + 1, Answer::default);
        }
        &mut self.answers[at]
    }

    /// The role, once, in the first chunk. `said`: words follow; OpenAI has `null` where only calls do.
    fn role(&mut self, choice: u32, said: bool, out: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.answer(choice).begun, true) {
            self.chunk(choice, out, |delta| {
                delta.set("role", "assistant").set("content", said.then_some("")).set("refusal", ());
            });
        }
    }

    fn start(&mut self, choice: u32, part: u32, start: &PartStart<'_>, out: &mut Vec<u8>) {
        self.role(choice, !matches!(start, PartStart::ToolCall { .. }), out);
        let answer = self.answer(choice);
        let kind = match start {
            PartStart::Text => {
                answer.text.1 = answer.text.0;
                Kind::Text
            }
            PartStart::Refusal => {
                answer.refused = true;
                Kind::Refusal
            }
            PartStart::Reasoning { summary, redacted, .. } => {
                let ordinal = next(&mut answer.thoughts);
                Kind::Thought { ordinal, kind: DetailKind { summary: *summary, redacted: *redacted } }
            }
            PartStart::ToolCall { id, name, free_form } => {
                let ordinal = next(&mut answer.calls);
                answer.open.push(Open {
                    part,
                    kind: Kind::Call { ordinal, free_form: *free_form, empty: true },
                    id: None,
                });
                return self.chunk(choice, out, |delta| {
                    one_call(delta, |call| {
                        call.set("index", ordinal).set("id", id);
                        let (kind, input) = called(*free_form);
                        call.set("type", kind).object(kind, |called| _ = called.set("name", name).set(input, ""));
                    });
                });
            }
            PartStart::Media(media) => return self.media(choice, media, out),
            PartStart::Foreign(_) => return,
        };
        let id = match start {
            PartStart::Reasoning { id, .. } => id.as_ref().map(|id| id.to_string()),
            _ => None,
        };
        answer.open.push(Open { part, kind, id });
    }

    fn media(&self, choice: u32, media: &Media<'_>, out: &mut Vec<u8>) {
        match (media.kind, &media.source) {
            (MediaKind::Image, _) => self.chunk(choice, out, |delta| {
                let mut list = Object::list(delta.key("images"));
                write_image(media, list.item());
                list.end();
            }),
            (MediaKind::Audio, Source::Base64(data)) => self.chunk(choice, out, |delta| write_audio(data, delta)),
            _ => {}
        }
    }

    fn delta(&mut self, choice: u32, part: u32, delta: &Delta<'_>, out: &mut Vec<u8>) {
        let answer = self.answer(choice);
        let Some(open) = answer.open.iter_mut().rev().find(|open| open.part == part) else { return };
        if let (Kind::Call { empty, .. }, Delta::Text(text)) = (&mut open.kind, delta) {
            *empty &= text.is_empty();
        }
        let kind = open.kind;
        match delta {
            Delta::Text(text) if text.is_empty() => {}
            Delta::Text(text) => {
                let id = open.id.take();
                self.text(choice, kind, id.as_deref(), text, out);
            }
            Delta::Signature(signature) => {
                let id = open.id.take();
                self.signature(choice, kind, id.as_deref(), signature, out);
            }
            Delta::Citation(citation) if citation.url.is_some() => {
                let (end, start) = answer.text;
                self.chunk(choice, out, |delta| {
                    let mut list = Object::list(delta.key("annotations"));
                    write_source(citation, (start, end), list.item());
                    list.end();
                });
            }
            Delta::Citation(_) => {}
        }
    }

    fn text(&mut self, choice: u32, kind: Kind, id: Option<&str>, text: &str, out: &mut Vec<u8>) {
        match kind {
            Kind::Text => {
                self.answer(choice).text.0 += text.chars().count() as u64;
                self.text_chunk(choice, "content", text, out);
            }
            Kind::Refusal => self.text_chunk(choice, "refusal", text, out),
            Kind::Thought { ordinal, kind } => self.chunk(choice, out, |delta| {
                delta.set("reasoning_content", text);
                let mut list = Object::list(delta.key("reasoning_details"));
                write_one(list.item(), kind, ordinal, id, Some(text), None, None);
                list.end();
            }),
            Kind::Call { ordinal, free_form, .. } => self.arguments(choice, ordinal, free_form, text, out),
        }
    }

    fn arguments(&self, choice: u32, ordinal: u32, free_form: bool, text: &str, out: &mut Vec<u8>) {
        self.chunk(choice, out, |delta| {
            one_call(delta, |call| {
                let (kind, input) = called(free_form);
                call.set("index", ordinal).object(kind, |called| _ = called.set(input, text));
            });
        });
    }

    fn signature(&self, choice: u32, kind: Kind, id: Option<&str>, signature: &Signature<'_>, out: &mut Vec<u8>) {
        let tagged = signature.tagged(Dialect::Gemini);
        match kind {
            Kind::Text => self.chunk(choice, out, |delta| assistant_out::google(&tagged, delta)),
            Kind::Refusal => {}
            Kind::Thought { ordinal, kind } => self.chunk(choice, out, |delta| {
                // A summary has no place for its proof: the encrypted thoughts stand beside it.
                let kind = DetailKind { summary: false, redacted: kind.redacted || kind.summary };
                let mut list = Object::list(delta.key("reasoning_details"));
                write_one(list.item(), kind, ordinal, id, None, Some(signature), Some(signature));
                list.end();
            }),
            Kind::Call { ordinal, free_form, .. } => self.chunk(choice, out, |delta| {
                one_call(delta, |call| {
                    // OpenAI's SDKs expect a function in every piece of a call.
                    let (kind, input) = called(free_form);
                    call.set("index", ordinal).object(kind, |called| _ = called.set(input, ""));
                    assistant_out::google(&tagged, call);
                });
            }),
        }
    }

    fn end_part(&mut self, choice: u32, part: u32, out: &mut Vec<u8>) {
        let answer = self.answer(choice);
        let Some(at) = answer.open.iter().rposition(|open| open.part == part) else { return };
        let open = answer.open.swap_remove(at);
        if let Kind::Call { ordinal, free_form: false, empty: true } = open.kind {
            self.arguments(choice, ordinal, false, "{}", out);
        }
    }

    fn stop(&mut self, choice: u32, stop: &Stop<'_>, out: &mut Vec<u8>) {
        self.role(choice, true, out);
        let answer = self.answer(choice);
        let finish = stop::word(stop.reason, answer.calls > 0, answer.refused);
        self.open_choice(choice, out);
        out.extend_from_slice(b"{},\"logprobs\":null,\"finish_reason\":");
        value(out, finish);
        for (name, told) in [("native_finish_reason", &stop.native), ("stop_reason", &stop.sequence)] {
            if let Some(told) = told.as_ref().filter(|told| told.as_str() != finish) {
                let _ = write!(out, ",\"{name}\":");
                value(out, told);
            }
        }
        out.push(b'}');
        out.extend_from_slice(self.tail);
    }

    fn logprobs(&mut self, choice: u32, logprobs: &crate::canonical::Raw<'_>, out: &mut Vec<u8>) {
        self.role(choice, true, out);
        self.open_choice(choice, out);
        out.extend_from_slice(b"{},\"logprobs\":");
        raw_line(out, logprobs);
        out.extend_from_slice(b",\"finish_reason\":null}");
        out.extend_from_slice(self.tail);
    }

    fn end(&self, out: &mut Vec<u8>) {
        if self.usage_wanted && !self.usage.is_empty() {
            out.extend_from_slice(&self.head);
            out.extend_from_slice(b"],\"usage\":");
            usage_out::write(&self.usage, out);
            out.extend_from_slice(b"}\n\n");
        }
        out.extend_from_slice(b"data: [DONE]\n\n");
    }
}

fn next(counter: &mut u32) -> u32 {
    *counter += 1;
    *counter - 1
}

/// What a call is named, and where its input goes.
fn called(free_form: bool) -> (&'static str, &'static str) {
    if free_form { ("custom", "input") } else { ("function", "arguments") }
}

fn one_call(delta: &mut Object<'_>, fill: impl FnOnce(&mut Object<'_>)) {
    let mut list = Object::list(delta.key("tool_calls"));
    let mut call = Object::begin(list.item());
    fill(&mut call);
    call.end();
    list.end();
}

impl StreamWriter for Writer {
    fn event(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        match event {
            Event::Start { id, model, created, service_tier } => {
                self.begin(id, model, *created, service_tier.as_ref());
            }
            Event::PartStart { choice, part, start } => self.start(*choice, *part, start, out),
            Event::Delta { choice, part, delta } => self.delta(*choice, *part, delta, out),
            Event::PartEnd { choice, part } => self.end_part(*choice, *part, out),
            Event::Stop { choice, stop } => self.stop(*choice, stop, out),
            Event::Logprobs { choice, logprobs } => self.logprobs(*choice, logprobs, out),
            Event::Usage(usage) => self.usage.update(*usage),
            Event::Ping => out.extend_from_slice(b": ping\n\n"),
            // Without `[DONE]`: the client is not to take it for a good end.
            Event::Error(fault) => out.extend_from_slice(&error_event(fault)),
            Event::End => self.end(out),
        }
    }
}
