//! The frame around each event that is written.

use super::super::writing::Object;

/// Numbers and writes events.
#[derive(Default)]
pub(super) struct Events {
    /// Nothing is written: a whole reply is put together, not a stream.
    pub(super) quiet: bool,
    /// The number of the next.
    pub(super) sequence: u64,
}

impl Events {
    /// Appends an event with its members.
    pub(super) fn write(&mut self, out: &mut Vec<u8>, kind: &str, members: impl FnOnce(&mut Object<'_>)) {
        if self.quiet {
            return;
        }
        out.extend_from_slice(b"event: ");
        out.extend_from_slice(kind.as_bytes());
        out.extend_from_slice(b"\ndata: ");
        let data = out.len();
        let mut object = Object::begin(out);
        object.member("type", kind);
        object.member("sequence_number", &self.sequence);
        members(&mut object);
        object.end();
        // What came as a whole reply may be JSON of many lines; outside of strings a line feed is only white space.
        for byte in out.iter_mut().skip(data).filter(|byte| matches!(byte, b'\n' | b'\r')) {
            *byte = b' ';
        }
        out.extend_from_slice(b"\n\n");
        self.sequence += 1;
    }
}
