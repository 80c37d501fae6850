//! An answer as it comes, for a client of this dialect.

use super::out::{Object, comma};
use super::signature::for_client;
use super::write_parts::{write_call, write_foreign, write_media, write_text};
use super::{error, finish, grounding, logprobs, usage, write_reply};
use crate::canonical::{
    Citation, Delta, Event, Fault, Lost, PartStart, Signature, Stop, StreamWriter, ToolCall, Usage,
};
use crate::dialect::codec::About;

/// Writes one client's stream.
pub(super) struct Writer {
    /// What stands behind the candidates of each piece: the names of the model and the answer, and what closes it.
    tail: Vec<u8>,
    about: Names,
    /// It comes as one JSON array, and so many elements are written.
    array: bool,
    written: bool,
    over: bool,
    /// The parts that are thoughts; true for hidden ones.
    thoughts: Vec<(u32, u32, bool)>,
    /// Calls are whole before they are written, and go out in the order of their starts.
    calls: Vec<Pending>,
    /// Signatures of open parts; some come in pieces.
    signatures: Vec<(u32, u32, Signature<'static>)>,
    stops: Vec<(u32, Stop<'static>)>,
    citations: Vec<(u32, Citation<'static>)>,
    usage: Usage,
    tier: Option<String>,
}

struct Names {
    id: String,
    model: String,
}

struct Pending {
    choice: u32,
    part: u32,
    call: ToolCall<'static>,
    complete: bool,
}

impl Writer {
    pub(super) fn new(about: &About<'_>) -> Self {
        let mut writer = Self {
            tail: Vec::new(),
            about: Names { id: about.id.to_owned(), model: about.model.to_owned() },
            array: about.json_array,
            written: false,
            over: false,
            thoughts: Vec::new(),
            calls: Vec::new(),
            signatures: Vec::new(),
            stops: Vec::new(),
            citations: Vec::new(),
            usage: Usage::default(),
            tier: None,
        };
        writer.name("", "");
        writer
    }

    fn name(&mut self, id: &str, model: &str) {
        let about = About {
            id: &self.about.id,
            model: &self.about.model,
            created: 0,
            usage_in_stream: true,
            json_array: self.array,
            request: b"",
        };
        let mut tail = Vec::new();
        let mut object = Object::begin(&mut tail);
        write_reply::write_names(&mut object, model, id, &about);
        object.end();
        // Behind other members: a comma in the place of the brace.
        if let Some(brace) = tail.first_mut() {
            *brace = b',';
        }
        self.tail = tail;
    }

    /// Writes one piece: what `document` writes.
    fn piece(&mut self, out: &mut Vec<u8>, document: impl FnOnce(&mut Vec<u8>)) {
        let opening: &[u8] = match (self.array, self.written) {
            (false, _) => b"data: ",
            (true, false) => b"[",
            (true, true) => b",\n",
        };
        self.written = true;
        out.extend_from_slice(opening);
        document(out);
        out.extend_from_slice(if self.array { b"\n" } else { b"\n\n" });
    }

    /// Writes a piece of one candidate with one part.
    fn part(&mut self, out: &mut Vec<u8>, choice: u32, part: impl FnOnce(&mut Vec<u8>)) {
        let tail = std::mem::take(&mut self.tail);
        self.piece(out, |out| {
            out.extend_from_slice(b"{\"candidates\":[{\"content\":{\"parts\":[");
            part(out);
            out.extend_from_slice(b"],\"role\":\"model\"},\"index\":");
            super::out::integer(out, choice.into());
            out.extend_from_slice(b"}]");
            out.extend_from_slice(&tail);
        });
        self.tail = tail;
    }

    fn delta(&mut self, choice: u32, part: u32, delta: &Delta<'_>, out: &mut Vec<u8>) {
        let thought = self.thought(choice, part).is_some();
        let pending = self.calls.iter_mut().find(|call| (call.choice, call.part) == (choice, part));
        match (delta, pending) {
            (Delta::Text(more), Some(pending)) => pending.call.arguments.0.to_mut().push_str(more),
            (Delta::Signature(signature), Some(pending)) => {
                add_signature(&mut pending.call.signature, signature);
            }
            (Delta::Text(text), None) => self.part(out, choice, |out| write_text(out, text, thought, None)),
            (Delta::Signature(signature), None) => {
                let begun = self.signatures.iter_mut().find(|(c, p, _)| (*c, *p) == (choice, part));
                match begun {
                    Some((_, _, begun)) if begun.from == signature.from => {
                        begun.value.0.to_mut().push_str(&signature.value);
                    }
                    _ => self.signatures.push((choice, part, signature.clone().into_owned())),
                }
            }
            (Delta::Citation(citation), _) => {
                if self.citations.len() < grounding::MOST {
                    self.citations.push((choice, (**citation).clone().into_owned()));
                }
            }
        }
    }

    /// Whether the part is a thought, and a hidden one.
    fn thought(&self, choice: u32, part: u32) -> Option<bool> {
        self.thoughts.iter().find(|(c, p, _)| (*c, *p) == (choice, part)).map(|(_, _, hidden)| *hidden)
    }

    fn end_part(&mut self, choice: u32, part: u32, out: &mut Vec<u8>) {
        if let Some(call) = self.calls.iter_mut().find(|call| (call.choice, call.part) == (choice, part)) {
            call.complete = true;
            self.calls(choice, false, out);
        }
        let thought = self.thought(choice, part);
        if let Some(index) = self.signatures.iter().position(|(c, p, _)| (*c, *p) == (choice, part)) {
            let (_, _, signature) = self.signatures.remove(index);
            let value = for_client(&signature, thought == Some(true));
            self.part(out, choice, |out| write_text(out, "", thought.is_some(), Some(&value)));
        }
        self.thoughts.retain(|(c, p, _)| (*c, *p) != (choice, part));
    }

    /// Writes the calls that are complete, up to the first that is not.
    fn calls(&mut self, choice: u32, all: bool, out: &mut Vec<u8>) {
        while let Some(index) = self.calls.iter().position(|call| call.choice == choice) {
            if !all && self.calls.get(index).is_some_and(|call| !call.complete) {
                return;
            }
            let Pending { call, .. } = self.calls.remove(index);
            let signature = call.signature.as_ref().map(|signature| for_client(signature, false).into_owned());
            self.part(out, choice, |out| write_call(out, &call, true, signature.as_deref()));
        }
    }

    fn start(&mut self, choice: u32, part: u32, start: &PartStart<'_>, out: &mut Vec<u8>) {
        match start {
            PartStart::Text | PartStart::Refusal => {}
            PartStart::Reasoning { redacted, .. } => self.thoughts.push((choice, part, *redacted)),
            PartStart::ToolCall { id, name, free_form } => self.calls.push(Pending {
                choice,
                part,
                call: ToolCall {
                    id: id.clone().into_owned(),
                    name: name.clone().into_owned(),
                    free_form: *free_form,
                    arguments: crate::canonical::Str::default(),
                    signature: None,
                    cache: None,
                },
                complete: false,
            }),
            PartStart::Media(media) => {
                let mut json = Vec::new();
                if write_media(&mut json, media, &mut Lost::nothing()) {
                    self.part(out, choice, |out| out.extend_from_slice(&json));
                }
            }
            PartStart::Foreign(foreign) => {
                let mut json = Vec::new();
                if write_foreign(&mut json, foreign, &mut Lost::nothing()) {
                    self.part(out, choice, |out| out.extend_from_slice(&json));
                }
            }
        }
    }

    /// The last piece: why each candidate ended, where its statements come from, and the tokens.
    fn end(&mut self, out: &mut Vec<u8>) {
        let stops = std::mem::take(&mut self.stops);
        let citations = std::mem::take(&mut self.citations);
        let tail = std::mem::take(&mut self.tail);
        let (tokens, tier) = (self.usage, self.tier.take());
        self.piece(out, |out| {
            let mut object = Object::begin(out);
            let list = object.key("candidates");
            list.push(b'[');
            let mut first = true;
            for (choice, stop) in &stops {
                comma(list, &mut first);
                write_stop(list, *choice, stop, &citations);
            }
            list.push(b']');
            usage::write(&tokens, tier.as_deref(), &mut object);
            out.extend_from_slice(&tail);
        });
        self.close(out);
    }

    fn close(&mut self, out: &mut Vec<u8>) {
        self.over = true;
        if self.array {
            out.push(b']');
        }
    }

    fn fail(&mut self, fault: &Fault, out: &mut Vec<u8>) {
        self.piece(out, |out| {
            error::write_into(out, fault);
        });
        self.close(out);
    }
}

fn write_stop(out: &mut Vec<u8>, choice: u32, stop: &Stop<'_>, citations: &[(u32, Citation<'_>)]) {
    let mut candidate = Object::begin(out);
    // With a part, though an empty one: not every client looks whether there is any.
    candidate.raw("content", r#"{"parts":[{"text":""}],"role":"model"}"#);
    candidate.text("finishReason", finish::write(stop));
    if let Some(message) = &stop.explanation {
        candidate.text("finishMessage", message);
    }
    candidate.number("index", choice.into());
    let own: Vec<_> = citations.iter().filter(|(of, _)| *of == choice).map(|(_, citation)| citation.clone()).collect();
    grounding::write(&mut candidate, &own);
    candidate.end();
}

fn add_signature(signature: &mut Option<Signature<'static>>, more: &Signature<'_>) {
    match signature {
        Some(begun) if begun.from == more.from => begun.value.0.to_mut().push_str(&more.value),
        _ => *signature = Some(more.clone().into_owned()),
    }
}

impl StreamWriter for Writer {
    fn event(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        if self.over {
            return;
        }
        match event {
            Event::Start { id, model, service_tier, .. } => {
                self.name(id, model);
                self.tier = service_tier.as_ref().map(ToString::to_string);
            }
            Event::PartStart { choice, part, start } => self.start(*choice, *part, start, out),
            Event::Delta { choice, part, delta } => self.delta(*choice, *part, delta, out),
            Event::PartEnd { choice, part } => self.end_part(*choice, *part, out),
            Event::Stop { choice, stop } => {
                self.calls(*choice, true, out);
                self.stops.push((*choice, super::stream::owned(stop.clone())));
            }
            Event::Logprobs { choice, logprobs } => {
                let tail = std::mem::take(&mut self.tail);
                self.piece(out, |out| {
                    let mut object = Object::begin(out);
                    let list = object.key("candidates");
                    list.push(b'[');
                    let mut candidate = Object::begin(list);
                    candidate.raw("content", r#"{"parts":[{"text":""}],"role":"model"}"#);
                    candidate.number("index", (*choice).into());
                    logprobs::write(&mut candidate, logprobs);
                    candidate.end();
                    list.push(b']');
                    out.extend_from_slice(&tail);
                });
                self.tail = tail;
            }
            Event::Usage(usage) => self.usage.update(*usage),
            // A comment would stop some clients; a piece that says nothing stops none.
            Event::Ping => self.part(out, 0, |out| write_text(out, "", false, None)),
            Event::Error(fault) => self.fail(fault, out),
            Event::End => self.end(out),
        }
    }
}
