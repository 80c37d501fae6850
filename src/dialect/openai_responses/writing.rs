//! Writing JSON member by member, straight into a buffer.

use serde::Serialize;
use serde::ser::Serializer;

/// An object that is being written.
pub(super) struct Object<'o> {
    pub(super) out: &'o mut Vec<u8>,
    empty: bool,
}

impl<'o> Object<'o> {
    /// Begins one.
    pub(super) fn begin(out: &'o mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, empty: true }
    }

    /// Goes on with one that has no brace, and members already if `empty` is false.
    pub(super) fn inside(out: &'o mut Vec<u8>, empty: bool) -> Self {
        Self { out, empty }
    }

    /// A member's name; its value is to follow.
    pub(super) fn name(&mut self, name: &str) -> &mut Vec<u8> {
        if !std::mem::take(&mut self.empty) {
            self.out.push(b',');
        }
        json(self.out, name);
        self.out.push(b':');
        self.out
    }

    /// A member.
    pub(super) fn member(&mut self, name: &str, value: &(impl Serialize + ?Sized)) {
        json(self.name(name), value);
    }

    /// A member, where there is a value.
    pub(super) fn maybe(&mut self, name: &str, value: Option<&impl Serialize>) {
        if let Some(value) = value {
            self.member(name, value);
        }
    }

    /// A member whose value is JSON already.
    pub(super) fn raw(&mut self, name: &str, value: &str) {
        self.name(name).extend_from_slice(value.as_bytes());
    }

    /// The closing brace.
    pub(super) fn end(self) {
        self.out.push(b'}');
    }
}

/// Appends a value. Everything written here is strings, numbers, lists and raw JSON, which cannot fail.
pub(super) fn json(out: &mut Vec<u8>, value: &(impl Serialize + ?Sized)) {
    let _ = serde_json::to_writer(out, value);
}

/// A comma, unless this is the first element of the list, whose bracket may stand before it.
pub(super) fn comma(list: &mut Vec<u8>) {
    if !matches!(list.last(), None | Some(b'[')) {
        list.push(b',');
    }
}

/// Appends a string without its quotes.
pub(super) fn escaped(out: &mut Vec<u8>, text: &str) {
    let start = out.len();
    json(out, text);
    out.pop();
    out.remove(start);
}

/// A medium's address: as it is, or made from its data without copying that first.
pub(super) enum Link<'p> {
    Url(&'p str),
    Data { mime: &'p str, base64: &'p str },
}

impl Serialize for Link<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Url(url) => serializer.serialize_str(url),
            Self::Data { mime, base64 } => serializer.collect_str(&format_args!("data:{mime};base64,{base64}")),
        }
    }
}
