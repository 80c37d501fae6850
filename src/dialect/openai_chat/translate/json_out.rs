//! Writes JSON straight into a buffer, member by member.

use std::fmt::Display;

use serde::{Serialize, Serializer};

use crate::canonical::Raw;
use crate::dialect::json::quote;

/// An object that is being written.
pub(super) struct Object<'o> {
    out: &'o mut Vec<u8>,
    close: u8,
    empty: bool,
}

impl<'o> Object<'o> {
    /// An object.
    pub(super) fn begin(out: &'o mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, close: b'}', empty: true }
    }

    /// A list, whose elements are written by [`Self::item`].
    pub(super) fn list(out: &'o mut Vec<u8>) -> Self {
        out.push(b'[');
        Self { out, close: b']', empty: true }
    }

    /// Where the next element goes.
    pub(super) fn item(&mut self) -> &mut Vec<u8> {
        if !std::mem::replace(&mut self.empty, false) {
            self.out.push(b',');
        }
        self.out
    }

    /// Where the value of a member goes.
    pub(super) fn key(&mut self, name: &str) -> &mut Vec<u8> {
        let out = self.item();
        quote(name, out);
        out.push(b':');
        out
    }

    /// A member.
    pub(super) fn set(&mut self, name: &str, member: impl Serialize) -> &mut Self {
        value(self.key(name), member);
        self
    }

    /// A member that is a text, and may be long.
    pub(super) fn text(&mut self, name: &str, text: &str) -> &mut Self {
        quote(text, self.key(name));
        self
    }

    /// A member, if there is one.
    pub(super) fn maybe(&mut self, name: &str, member: Option<impl Serialize>) -> &mut Self {
        if let Some(member) = member {
            self.set(name, member);
        }
        self
    }

    /// A member that is an object.
    pub(super) fn object(&mut self, name: &str, fill: impl FnOnce(&mut Object<'_>)) -> &mut Self {
        let mut object = Object::begin(self.key(name));
        fill(&mut object);
        object.end();
        self
    }

    /// The end of it.
    pub(super) fn end(self) {
        self.out.push(self.close);
    }
}

/// A value.
pub(super) fn value(out: &mut Vec<u8>, value: impl Serialize) {
    // Into memory, and of values that all have a form in JSON: it cannot fail.
    let _ = serde_json::to_writer(out, &value);
}

/// A string that is put together while it is written: an image is not copied before.
pub(super) struct Shown<T>(pub T);

impl<T: Display> Serialize for Shown<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// A value as it was written, on one line: a line feed would end an event.
pub(super) fn raw_line(out: &mut Vec<u8>, raw: &Raw<'_>) {
    let start = out.len();
    out.extend_from_slice(raw.as_str().as_bytes());
    if memchr::memchr2(b'\n', b'\r', raw.as_str().as_bytes()).is_some() {
        // In JSON these stand only between tokens.
        out[start..].iter_mut().filter(|byte| matches!(byte, b'\n' | b'\r')).for_each(|byte| *byte = b' ');
    }
}
