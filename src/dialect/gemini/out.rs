//! JSON written straight into a buffer.

use serde_json::Number;

/// An object that is being written: its members follow, and [`Object::end`] closes it.
pub(super) struct Object<'o> {
    pub(super) out: &'o mut Vec<u8>,
    first: bool,
}

impl<'o> Object<'o> {
    pub(super) fn begin(out: &'o mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, first: true }
    }

    /// The name of a member whose value the caller writes next.
    pub(super) fn key(&mut self, name: &str) -> &mut Vec<u8> {
        comma(self.out, &mut self.first);
        text(self.out, name);
        self.out.push(b':');
        self.out
    }

    pub(super) fn text(&mut self, name: &str, value: &str) {
        text(self.key(name), value);
    }

    /// A member of which `json` is the value as it stands.
    pub(super) fn raw(&mut self, name: &str, json: &str) {
        self.key(name).extend_from_slice(json.as_bytes());
    }

    pub(super) fn bool(&mut self, name: &str, value: bool) {
        self.raw(name, if value { "true" } else { "false" });
    }

    pub(super) fn number(&mut self, name: &str, value: u64) {
        integer(self.key(name), value);
    }

    pub(super) fn any_number(&mut self, name: &str, value: &Number) {
        self.raw(name, &value.to_string());
    }

    pub(super) fn texts<'t>(&mut self, name: &str, values: impl Iterator<Item = &'t str>) {
        let out = self.key(name);
        out.push(b'[');
        let mut first = true;
        for value in values {
            comma(out, &mut first);
            text(out, value);
        }
        out.push(b']');
    }

    /// A member that is an object itself.
    pub(super) fn object(&mut self, name: &str) -> Object<'_> {
        Object::begin(self.key(name))
    }

    pub(super) fn end(self) {
        self.out.push(b'}');
    }
}

/// The comma before every element but the first.
pub(super) fn comma(out: &mut Vec<u8>, first: &mut bool) {
    if !std::mem::replace(first, false) {
        out.push(b',');
    }
}

/// A string.
pub(super) fn text(out: &mut Vec<u8>, value: &str) {
    // Into memory: writing it cannot fail.
    let _ = serde_json::to_writer(out, value);
}

/// A whole number.
pub(super) fn integer(out: &mut Vec<u8>, value: u64) {
    let _ = serde_json::to_writer(out, &value);
}
