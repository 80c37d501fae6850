//! The items that are written, one after the other, and the calls among them.

use super::super::writing::{Object, comma, escaped};
use super::events::Events;
use crate::canonical::{Signature, Str};

/// Where items are put.
pub(super) struct Items {
    pub(super) events: Events,
    /// Those that are complete, for the response object at the end.
    pub(super) done: Vec<u8>,
    /// How many those are: the index of the next.
    pub(super) index: u64,
    /// Makes ids.
    pub(super) id: String,
    /// Type and id of the items that the client has of an answer that is gone on with.
    pub(super) known: Vec<(String, String)>,
}

impl Items {
    /// The id of an item of that type that begins now: the one that the client knows, or a new one. What the client has
    /// of another type, such as thoughts with nothing in them, is passed over.
    pub(super) fn begin(&mut self, kind: &str, prefix: &str) -> String {
        while let Some((known, id)) = self.known.get(self.index as usize) {
            if known == kind && !id.is_empty() {
                return id.clone();
            }
            self.index += 1;
        }
        self.new_id(prefix)
    }

    /// An item's id. Never the same as a call's id, which clients use for something else.
    pub(super) fn new_id(&self, prefix: &str) -> String {
        format!("{prefix}_{}{:04x}", self.id, self.index)
    }

    /// An item begins.
    pub(super) fn add(&mut self, out: &mut Vec<u8>, item: impl FnOnce(Object<'_>)) {
        let index = self.index;
        self.events.write(out, "response.output_item.added", |event| {
            event.member("output_index", &index);
            item(Object::begin(event.name("item")));
        });
    }

    /// An item is complete.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>, item: impl FnOnce(Object<'_>)) {
        comma(&mut self.done);
        let start = self.done.len();
        item(Object::begin(&mut self.done));
        let (done, index) = (self.done.get(start..).unwrap_or_default(), self.index);
        self.events.write(out, "response.output_item.done", |event| {
            event.member("output_index", &index);
            event.name("item").extend_from_slice(done);
        });
        self.index += 1;
    }

    /// An item that comes as a whole, written already.
    pub(super) fn whole(&mut self, out: &mut Vec<u8>, item: &[u8]) {
        let index = self.index;
        for kind in ["response.output_item.added", "response.output_item.done"] {
            self.events.write(out, kind, |event| {
                event.member("output_index", &index);
                event.name("item").extend_from_slice(item);
            });
        }
        comma(&mut self.done);
        self.done.extend_from_slice(item);
        self.index += 1;
    }

    /// A signature in an item of its own.
    pub(super) fn carry(&mut self, out: &mut Vec<u8>, encrypted: &str) {
        let mut item = Vec::new();
        let mut object = Object::begin(&mut item);
        object.member("type", "reasoning");
        object.member("id", &self.new_id("rs"));
        object.raw("summary", "[]");
        object.member("encrypted_content", encrypted);
        object.end();
        self.whole(out, &item);
    }

    /// An event about a piece of the item that is open.
    pub(super) fn piece(
        &mut self,
        out: &mut Vec<u8>,
        kind: &str,
        item: &str,
        (counter, piece): (&str, u64),
        members: impl FnOnce(&mut Object<'_>),
    ) {
        let index = self.index;
        self.events.write(out, kind, |event| {
            event.member("item_id", item);
            event.member("output_index", &index);
            event.member(counter, &piece);
            members(event);
        });
    }
}

/// A member whose string is escaped already.
pub(super) fn quoted(object: &mut Object<'_>, name: &str, text: &[u8]) {
    let out = object.name(name);
    out.push(b'"');
    out.extend_from_slice(text);
    out.push(b'"');
}

/// A member whose list's elements are written already.
pub(super) fn list(object: &mut Object<'_>, name: &str, elements: &[u8]) {
    let out = object.name(name);
    out.push(b'[');
    out.extend_from_slice(elements);
    out.push(b']');
}

/// A call of a tool that is being written.
pub(super) struct Call {
    item: String,
    id: Str<'static>,
    name: Str<'static>,
    free_form: bool,
    /// Escaped.
    arguments: Vec<u8>,
    pub(super) signature: Option<Signature<'static>>,
}

impl Call {
    pub(super) fn begin(id: &Str<'_>, name: &Str<'_>, free_form: bool, items: &mut Items, out: &mut Vec<u8>) -> Self {
        let call = Self {
            item: match free_form {
                true => items.begin("custom_tool_call", "ctc"),
                false => items.begin("function_call", "fc"),
            },
            id: id.clone().into_owned(),
            name: name.clone().into_owned(),
            free_form,
            arguments: Vec::new(),
            signature: None,
        };
        items.add(out, |object| call.write(object, "in_progress"));
        call
    }

    fn write(&self, mut object: Object<'_>, status: &str) {
        object.member("type", if self.free_form { "custom_tool_call" } else { "function_call" });
        object.member("id", &self.item);
        object.member("call_id", &self.id);
        object.member("name", &self.name);
        quoted(&mut object, if self.free_form { "input" } else { "arguments" }, &self.arguments);
        object.member("status", status);
        object.end();
    }

    pub(super) fn delta(&mut self, text: &str, items: &mut Items, out: &mut Vec<u8>) {
        escaped(&mut self.arguments, text);
        let kind = match self.free_form {
            true => "response.custom_tool_call_input.delta",
            false => "response.function_call_arguments.delta",
        };
        let index = items.index;
        items.events.write(out, kind, |event| {
            event.member("item_id", &self.item);
            event.member("output_index", &index);
            event.member("delta", text);
        });
    }

    pub(super) fn end(mut self, status: &str, items: &mut Items, out: &mut Vec<u8>) {
        if self.arguments.is_empty() && !self.free_form && status == "completed" {
            self.delta("{}", items, out);
        }
        let (kind, member) = match self.free_form {
            true => ("response.custom_tool_call_input.done", "input"),
            false => ("response.function_call_arguments.done", "arguments"),
        };
        let index = items.index;
        items.events.write(out, kind, |event| {
            event.member("item_id", &self.item);
            event.member("output_index", &index);
            if !self.free_form {
                event.member("name", &self.name);
            }
            quoted(event, member, &self.arguments);
        });
        items.finish(out, |object| self.write(object, status));
        if let Some(signature) = &self.signature {
            items.carry(out, &super::super::carried::of_before(signature));
        }
    }
}
