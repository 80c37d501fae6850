//! Thoughts that are being written: a summary where the client asked for one or it is one, else the open thoughts.

use super::super::carried;
use super::super::writing::{Object, escaped};
use super::items::{Items, quoted};
use crate::canonical::{Signature, Str};

pub(super) struct Thoughts {
    item: String,
    summary: bool,
    redacted: bool,
    /// Escaped.
    text: Vec<u8>,
    said: bool,
    begun: bool,
    pub(super) signature: Option<Signature<'static>>,
}

impl Thoughts {
    /// Nothing is written yet: there are providers whose thoughts begin and have nothing in them.
    pub(super) fn new(id: Option<&Str<'_>>, summary: bool, redacted: bool, items: &Items) -> Self {
        let own = id.filter(|id| id.starts_with("rs_")).map(|id| id.to_string());
        let item = own.unwrap_or_else(|| items.new_id("rs"));
        Self { item, summary, redacted, text: Vec::new(), said: false, begun: false, signature: None }
    }

    fn begin(&mut self, items: &mut Items, out: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.begun, true) {
            if !items.known.is_empty() {
                self.item = items.begin("reasoning", "rs");
            }
            items.add(out, |mut object| {
                object.member("type", "reasoning");
                object.member("id", &self.item);
                object.raw("summary", "[]");
                object.end();
            });
        }
    }

    fn at(&self) -> (&'static str, u64) {
        (if self.summary { "summary_index" } else { "content_index" }, 0)
    }

    pub(super) fn delta(&mut self, text: &str, items: &mut Items, out: &mut Vec<u8>) {
        self.begin(items, out);
        if !std::mem::replace(&mut self.said, true) {
            let kind = match self.summary {
                true => "response.reasoning_summary_part.added",
                false => "response.content_part.added",
            };
            items.piece(out, kind, &self.item, self.at(), |event| self.part(Object::begin(event.name("part"))));
        }
        escaped(&mut self.text, text);
        let kind = match self.summary {
            true => "response.reasoning_summary_text.delta",
            false => "response.reasoning_text.delta",
        };
        items.piece(out, kind, &self.item, self.at(), |event| event.member("delta", text));
    }

    fn part(&self, mut object: Object<'_>) {
        object.member("type", if self.summary { "summary_text" } else { "reasoning_text" });
        quoted(&mut object, "text", &self.text);
        object.end();
    }

    pub(super) fn end(mut self, items: &mut Items, out: &mut Vec<u8>) {
        if !self.said && self.signature.is_none() {
            return;
        }
        self.begin(items, out);
        if self.said {
            let (text, part) = match self.summary {
                true => ("response.reasoning_summary_text.done", "response.reasoning_summary_part.done"),
                false => ("response.reasoning_text.done", "response.content_part.done"),
            };
            items.piece(out, text, &self.item, self.at(), |event| quoted(event, "text", &self.text));
            items.piece(out, part, &self.item, self.at(), |event| self.part(Object::begin(event.name("part"))));
        }
        items.finish(out, |mut object| {
            object.member("type", "reasoning");
            object.member("id", &self.item);
            for (name, here) in [("summary", self.summary), ("content", !self.summary)] {
                if here && self.said {
                    let out = object.name(name);
                    out.push(b'[');
                    self.part(Object::begin(out));
                    out.push(b']');
                } else if name == "summary" {
                    object.raw(name, "[]");
                }
            }
            if let Some(signature) = &self.signature {
                object.member("encrypted_content", &carried::of_thoughts(signature, self.redacted));
            }
            object.end();
        });
    }
}
