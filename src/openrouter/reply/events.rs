//! A stream on its way to the client, event by event.

use bytes::Bytes;
use serde_json::Value;

use super::{Answerer, Object, chat, others};
use crate::canonical::{Dialect, Fault, Usage};
use crate::dialect::sse::{Event, Splitter};
use crate::openrouter::error;

/// Larger than any event that gets here.
const LONGEST_EVENT: usize = 32 << 20;

/// A stream that is told in OpenRouter's words.
pub struct Events {
    by: Answerer,
    splitter: Splitter,
    /// What was counted has been told.
    counted: bool,
    /// So has how the call was routed.
    route_told: bool,
}

impl Events {
    /// A stream that has not begun.
    pub fn new(by: Answerer) -> Self {
        Self { by, splitter: Splitter::new(LONGEST_EVENT), counted: false, route_told: false }
    }

    /// Another goes on with it.
    pub fn go_on(&mut self, by: Answerer) {
        self.by = by;
    }

    /// Whole events, as the client is to have them. `usage`: what has been counted with them. `last`: no more follow.
    pub fn push(&mut self, events: Bytes, usage: &Usage, last: bool) -> Bytes {
        let Self { by, splitter, counted, route_told } = self;
        let mut out = Vec::with_capacity(events.len() + events.len() / 2);
        let mut teller = Teller { by, counted, route_told, usage };
        match splitter.push(events) {
            Ok(ready) => ready.events().for_each(|event| teller.event(event, &mut out)),
            Err(_) => return Bytes::new(), // the flow before has refused it
        }
        if last {
            teller.event(&splitter.rest(), &mut out);
        }
        out.into()
    }

    /// The end of a stream that broke off, where this dialect has other words for it than its own.
    pub fn fail(&self, fault: &Fault) -> Option<Bytes> {
        if !chat::streams(&self.by) {
            return None;
        }
        let mut chunk = chat::bare_chunk(&self.by);
        let told = error::Told { provider: Some(&self.by.provider), ..error::Told::default() };
        chunk.insert("error".to_owned(), error::document(fault, &told));
        chunk.insert("choices".to_owned(), error::last_choice());
        let mut out = Vec::new();
        data(&chunk, &mut out);
        Some(out.into())
    }
}

struct Teller<'a> {
    by: &'a Answerer,
    counted: &'a mut bool,
    route_told: &'a mut bool,
    usage: &'a Usage,
}

impl Teller<'_> {
    fn event(&mut self, event: &[u8], out: &mut Vec<u8>) {
        let read = Event::read(event);
        let said = read.data.as_deref().map(<[u8]>::trim_ascii);
        match said {
            Some(b"[DONE]") => {
                self.close(out);
                out.extend_from_slice(event);
            }
            Some(said) => match serde_json::from_slice::<Object>(said) {
                Ok(mut document) => {
                    self.tell(&mut document);
                    if !read.name.is_empty() {
                        out.extend_from_slice(b"event: ");
                        out.extend_from_slice(read.name);
                        out.push(b'\n');
                    }
                    data(&document, out);
                }
                Err(_) => out.extend_from_slice(event),
            },
            None => out.extend_from_slice(event),
        }
    }

    fn tell(&mut self, document: &mut Object) {
        match self.by.dialect {
            Dialect::OpenAiChat => {
                chat::chunk(self.by, document, self.usage);
                if document.get("usage").is_some_and(Value::is_object) {
                    *self.counted = true;
                    self.tell_route(document);
                }
            }
            Dialect::OpenAiResponses => self.response_event(document),
            Dialect::Anthropic => self.message_event(document),
            _ => {}
        }
    }

    fn response_event(&mut self, document: &mut Object) {
        let ends = document
            .get("type")
            .and_then(Value::as_str)
            .is_some_and(|kind| matches!(kind, "response.completed" | "response.incomplete" | "response.failed"));
        if let Some(Value::Object(response)) = document.get_mut("response") {
            others::response(self.by, response, self.usage);
            if ends {
                self.by.tell_route(response);
            }
        }
    }

    fn message_event(&mut self, document: &mut Object) {
        let kind = document.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
        match kind.as_str() {
            "message_start" => {
                if let Some(Value::Object(message)) = document.get_mut("message") {
                    others::begun_message(self.by, message);
                }
            }
            "message_delta" => {
                if let Some(counted) = document.get_mut("usage") {
                    self.by.count(counted, self.usage);
                }
            }
            "message_stop" => self.by.tell_route(document),
            _ => {}
        }
    }

    /// What no chunk has said so far.
    fn close(&mut self, out: &mut Vec<u8>) {
        let counted = chat::counted(self.usage).filter(|_| !*self.counted);
        if counted.is_none() && (*self.route_told || self.by.metadata.is_none()) {
            return;
        }
        let mut chunk = chat::bare_chunk(self.by);
        if let Some(mut counted) = counted {
            self.by.count(&mut counted, self.usage);
            chunk.insert("usage".to_owned(), counted);
        }
        self.tell_route(&mut chunk);
        data(&chunk, out);
    }

    fn tell_route(&mut self, chunk: &mut Object) {
        if !std::mem::replace(self.route_told, true) {
            self.by.tell_route(chunk);
        }
    }
}

fn data(document: &Object, out: &mut Vec<u8>) {
    out.extend_from_slice(b"data: ");
    // Into memory: it cannot fail.
    let _ = serde_json::to_writer(&mut *out, document);
    out.extend_from_slice(b"\n\n");
}
