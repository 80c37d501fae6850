//! A client's stream.
//!
//! Only a call's block has a start: the SDKs know no other, and a start without anything in it breaks some. The
//! payloads are written straight into the frames.

use serde::Serialize;

use super::super::blocks::FREE_TEXT;
use super::super::content::{OF_THE_LAST, write_citation, write_redacted};
use super::super::names::LONGEST;
use super::super::{DIALECT, error, media, stop, usage};
use crate::canonical::{
    Delta, Event, Foreign, Media, PartStart, Sequencer, Signature, Source, StreamWriter, Usage, fitting_id,
};
use crate::dialect::aws_events::write_event_with;

/// Writes a client's stream.
#[derive(Default)]
pub struct Writer {
    sequencer: Sequencer,
    state: State,
}

#[derive(Default)]
struct State {
    /// The index of the next block.
    next: u32,
    part: Option<Part>,
    usage: Usage,
}

/// The part that is open.
struct Part {
    kind: Kind,
    /// The index of its block, once something of it was written.
    index: Option<u32>,
    /// Arguments were written.
    said: bool,
    /// Kept to the part's end, since it may come in pieces.
    signature: Option<Signature<'static>>,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Text,
    Reasoning,
    Redacted,
    Call,
    FreeCall,
    /// It was written with its start.
    Whole,
}

impl StreamWriter for Writer {
    fn event(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        let Self { sequencer, state } = self;
        sequencer.push(event, &mut |event| state.event(event, out));
    }
}

impl State {
    fn event(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        match event {
            Event::Start { .. } => frame("messageStart", out, |out| out.extend_from_slice(br#"{"role":"assistant"}"#)),
            Event::PartStart { start, .. } => self.part_start(start, out),
            Event::Delta { delta, .. } => self.delta(delta, out),
            Event::PartEnd { .. } => self.part_end(out),
            Event::Stop { stop, .. } => frame("messageStop", out, |out| {
                write(out, r#"{"stopReason":"#);
                json(out, stop::write(stop));
                if let Some(sequence) = &stop.sequence {
                    write(out, r#","additionalModelResponseFields":{"stop_sequence":"#);
                    json(out, sequence);
                    write(out, "}");
                }
                write(out, "}");
            }),
            Event::Usage(usage) => self.usage.update(*usage),
            Event::Error(fault) => error::write_exception(fault, out),
            Event::End => frame("metadata", out, |out| {
                write(out, r#"{"usage":"#);
                json(out, &usage::write(&self.usage));
                // Required; how long the model took, nobody told us.
                write(out, r#","metrics":{"latencyMs":0}}"#);
            }),
            Event::Logprobs { .. } | Event::Ping => {}
        }
    }

    fn part_start(&mut self, start: &PartStart<'_>, out: &mut Vec<u8>) {
        let kind = match start {
            PartStart::Text | PartStart::Refusal => Kind::Text,
            PartStart::Reasoning { redacted: false, .. } => Kind::Reasoning,
            PartStart::Reasoning { redacted: true, .. } => Kind::Redacted,
            PartStart::ToolCall { free_form: false, .. } => Kind::Call,
            PartStart::ToolCall { free_form: true, .. } => Kind::FreeCall,
            PartStart::Media(_) | PartStart::Foreign(_) => Kind::Whole,
        };
        self.part = Some(Part { kind, index: None, said: false, signature: None });
        match start {
            PartStart::ToolCall { id, name, .. } => {
                let index = self.index();
                frame("contentBlockStart", out, |out| {
                    write(out, r#"{"start":{"toolUse":{"toolUseId":"#);
                    json(out, &fitting_id(id, LONGEST));
                    write(out, r#","name":"#);
                    json(out, name);
                    write(out, "}},");
                    end(out, index);
                });
                if kind == Kind::FreeCall {
                    self.input(out, |out| write(out, &format!(r#"{{\"{FREE_TEXT}\":\""#)));
                }
            }
            PartStart::Media(media) => self.image(media, out),
            PartStart::Foreign(foreign) if foreign.dialect == DIALECT => self.hosted(foreign, out),
            _ => {}
        }
    }

    fn delta(&mut self, delta: &Delta<'_>, out: &mut Vec<u8>) {
        let Some(part) = &mut self.part else { return };
        match delta {
            Delta::Text(text) if text.is_empty() => {}
            Delta::Text(text) => match part.kind {
                Kind::Text => self.piece(out, |out| {
                    write(out, r#"{"text":"#);
                    json(out, text);
                    write(out, "}");
                }),
                Kind::Reasoning => self.piece(out, |out| {
                    write(out, r#"{"reasoningContent":{"text":"#);
                    json(out, text);
                    write(out, "}}");
                }),
                Kind::Call => {
                    part.said = true;
                    self.input(out, |out| inner(out, text));
                }
                // Text within a text: escaped once for the arguments, and again as a piece of them.
                Kind::FreeCall => {
                    let mut once = Vec::new();
                    inner(&mut once, text);
                    self.input(out, |out| inner(out, &String::from_utf8_lossy(&once)));
                }
                Kind::Redacted | Kind::Whole => {}
            },
            Delta::Citation(citation) if part.kind == Kind::Text => {
                let json = write_citation(citation);
                self.piece(out, |out| {
                    write(out, r#"{"citation":"#);
                    write(out, json.as_str());
                    write(out, "}");
                });
            }
            Delta::Citation(_) => {}
            Delta::Signature(more) => match &mut part.signature {
                Some(begun) if begun.from == more.from => begun.value.0.to_mut().push_str(&more.value),
                signature => *signature = Some(more.clone().into_owned()),
            },
        }
    }

    fn part_end(&mut self, out: &mut Vec<u8>) {
        let Some(Part { kind, said, signature, .. }) = &mut self.part else { return };
        let (kind, said, signature) = (*kind, *said, signature.take());
        match kind {
            // Arguments that are nothing at all are no JSON.
            Kind::Call if !said => self.input(out, |out| write(out, "{}")),
            Kind::FreeCall => self.input(out, |out| write(out, r#"\"}"#)),
            Kind::Reasoning | Kind::Redacted => {
                if let Some(signature) = &signature {
                    self.signature(kind, signature, out);
                }
            }
            _ => {}
        }
        self.stop_block(out);
        let belongs = matches!(kind, Kind::Text | Kind::Call | Kind::FreeCall);
        if let Some(signature) = signature.filter(|_| belongs) {
            let value = format!("{OF_THE_LAST}{}", signature.tagged(DIALECT));
            let own = Signature::new(DIALECT, value);
            self.part = Some(Part { kind: Kind::Reasoning, index: None, said: false, signature: None });
            self.signature(Kind::Reasoning, &own, out);
            self.stop_block(out);
        }
    }

    fn signature(&mut self, kind: Kind, signature: &Signature<'_>, out: &mut Vec<u8>) {
        self.piece(out, |out| {
            if kind == Kind::Redacted {
                write(out, r#"{"reasoningContent":{"redactedContent":"#);
                json(out, &write_redacted(signature));
            } else {
                write(out, r#"{"reasoningContent":{"signature":"#);
                json(out, &signature.tagged(DIALECT));
            }
            write(out, "}}");
        });
    }

    fn stop_block(&mut self, out: &mut Vec<u8>) {
        if let Some(Part { index: Some(index), .. }) = self.part.take() {
            frame("contentBlockStop", out, |out| {
                write(out, "{");
                end(out, index);
            });
        }
    }

    fn image(&mut self, media: &Media<'_>, out: &mut Vec<u8>) {
        let Source::Base64(data) = &media.source else { return };
        let Some(format) = media::format(media, data).filter(|_| media.kind == crate::canonical::MediaKind::Image)
        else {
            return;
        };
        self.block_start(r#"{"start":{"image":{"format":"#, out, |out| {
            json(out, format);
            write(out, "}},");
        });
        self.piece(out, |out| {
            write(out, r#"{"image":{"source":{"bytes":"#);
            json(out, data);
            write(out, "}}}");
        });
    }

    /// A tool that the provider ran itself: its call or its result, in the pieces that it came in.
    fn hosted(&mut self, foreign: &Foreign<'_>, out: &mut Vec<u8>) {
        let serde_json::Value::Object(mut head) = foreign.json.tree() else { return };
        let (body, before, after) = match foreign.kind.as_str() {
            "toolUse" => {
                let input = head.shift_remove("input").unwrap_or_default().to_string();
                (serde_json::Value::from(input), r#"{"toolUse":{"input":"#, "}}")
            }
            "toolResult" => (head.shift_remove("content").unwrap_or_default(), r#"{"toolResult":"#, "}"),
            _ => return,
        };
        let start = format!(r#"{{"start":{{"{}":"#, foreign.kind);
        self.block_start(&start, out, |out| {
            json(out, &head);
            write(out, "},");
        });
        self.piece(out, |out| {
            write(out, before);
            json(out, &body);
            write(out, after);
        });
    }

    fn block_start(&mut self, before: &str, out: &mut Vec<u8>, head: impl FnOnce(&mut Vec<u8>)) {
        let index = self.index();
        frame("contentBlockStart", out, |out| {
            write(out, before);
            head(out);
            end(out, index);
        });
    }

    /// The index of the open part's block.
    fn index(&mut self) -> u32 {
        let Some(part) = &mut self.part else { return self.next };
        *part.index.get_or_insert_with(|| {
            self.next += 1;
            self.next - 1
        })
    }

    /// A piece of arguments; `text` writes it without its quotes.
    fn input(&mut self, out: &mut Vec<u8>, text: impl FnOnce(&mut Vec<u8>)) {
        self.piece(out, |out| {
            write(out, r#"{"toolUse":{"input":""#);
            text(out);
            write(out, r#""}}"#);
        });
    }

    fn piece(&mut self, out: &mut Vec<u8>, delta: impl FnOnce(&mut Vec<u8>)) {
        let index = self.index();
        frame("contentBlockDelta", out, |out| {
            write(out, r#"{"delta":"#);
            delta(out);
            write(out, ",");
            end(out, index);
        });
    }
}

fn frame(event_type: &str, out: &mut Vec<u8>, payload: impl FnOnce(&mut Vec<u8>)) {
    write_event_with(event_type, out, payload);
}

fn write(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
}

fn json<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    let _ = serde_json::to_writer(out, value); // into memory: cannot fail
}

/// A JSON string without its quotes.
fn inner(out: &mut Vec<u8>, text: &str) {
    let start = out.len();
    json(out, text);
    out.pop();
    out.remove(start);
}

/// The block's index and the end of the payload.
fn end(out: &mut Vec<u8>, index: u32) {
    write(out, r#""contentBlockIndex":"#);
    json(out, &index);
    write(out, "}");
}
