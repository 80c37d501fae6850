//! A provider's own bytes on their way to a client that speaks its dialect.

use bytes::Bytes;

use super::Given;
use crate::canonical::StreamReader;
use crate::dialect::codec::Codec;
use crate::dialect::frames::Frames;

/// A call of a tool that is longer goes out before it is complete.
const LONGEST_CALL: usize = 4 << 20;

/// So much is kept as it is before it is read into what it says, which takes less room. Most answers never come so far.
const UNREAD: usize = 64 << 10;

/// Keeps back calls of tools until they are complete, and remembers what went out. Bytes are never changed.
pub struct Passing {
    codec: &'static dyn Codec,
    /// Whether another answer may have to go on where this one breaks off.
    kept: bool,
    held: Vec<Bytes>,
    unread: Vec<u8>,
    reading: Option<(Frames, Box<dyn StreamReader>)>,
    given: Given,
}

impl Passing {
    /// Nothing so far. `kept`: another answer may have to go on where this one breaks off.
    pub fn new(codec: &'static dyn Codec, kept: bool) -> Self {
        let (held, unread) = (Vec::new(), Vec::new());
        Self { codec, kept, held, unread, reading: None, given: Given::default() }
    }

    /// The dialect that passes.
    pub fn codec(&self) -> &'static dyn Codec {
        self.codec
    }

    /// Whether calls are kept back.
    pub fn is_kept(&self) -> bool {
        self.kept
    }

    /// What may go out now that `bytes` have come. `calling`: the call of a tool has begun in them, or before, and is
    /// not complete.
    pub fn push(&mut self, bytes: Bytes, calling: bool) -> Bytes {
        if !self.kept {
            return bytes;
        }
        if calling {
            let waiting = self.held.iter().map(Bytes::len).sum::<usize>() + bytes.len();
            if !bytes.is_empty() {
                self.held.push(bytes);
            }
            if waiting <= LONGEST_CALL {
                return Bytes::new();
            }
            self.given.give_up();
            self.kept = false;
            return self.held.drain(..).collect::<Vec<_>>().concat().into();
        }
        let bytes = if self.held.is_empty() {
            bytes
        } else {
            self.held.push(bytes);
            self.held.drain(..).collect::<Vec<_>>().concat().into()
        };
        self.unread.extend_from_slice(&bytes);
        if self.unread.len() > UNREAD {
            self.read();
        }
        bytes
    }

    /// What the client has been given.
    pub fn given(&mut self) -> Option<Given> {
        if !self.kept {
            return None;
        }
        self.read();
        self.given.numbering = self.reading.as_ref().and_then(|(_, reader)| reader.numbering());
        // Some dialects tell why they stop before they are at their end: such an answer lacks nothing.
        let mut whole = self.given.clone();
        let ended = self.reading.as_mut().map(|(_, reader)| reader.end(&mut |event| whole.event(&event)));
        let given = if let Some(Ok(())) = ended { whole } else { self.given.clone() };
        Some(given).filter(Given::can_go_on)
    }

    fn read(&mut self) {
        let Self { codec, given, unread, reading, .. } = self;
        let (frames, reader) = reading.get_or_insert_with(|| (Frames::new(codec.framing()), codec.read_stream()));
        let unread = Bytes::from(std::mem::take(unread));
        // What could not be read was passed on for the client to judge.
        let mut each = |name: &str, data: &[u8]| {
            let read = reader.frame(name, data, &mut |event| given.event(&event));
            Ok(read.is_ok())
        };
        if let (_, Some(_)) = frames.push(unread, &mut each) {
            given.give_up();
        }
    }
}
