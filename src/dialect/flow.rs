//! A provider's stream on its way to a client, chunk by chunk.
//!
//! Until the first *real* event, one that carries a part of the answer, nothing has been shown to the client, and a
//! fault can still become another try. Only complete events are forwarded, so that an error can always take the place
//! of the rest.

use bytes::Bytes;

use super::codec::{About, Codec};
use super::frames::Frames;
use super::restore::Restore;
use crate::canonical::{Event, Fault, FaultKind, StopReason, StreamReader, StreamWriter, Usage};

/// One stream on its way.
pub trait Flow: Send {
    /// The next chunk from the provider.
    fn push(&mut self, chunk: Bytes) -> Pushed;

    /// The provider's stream has ended: whether it may, and what is still to be sent.
    fn end(&mut self) -> Pushed;

    /// A real event has been seen.
    fn begun(&self) -> bool;

    /// The tokens counted so far.
    fn usage(&self) -> Usage;

    /// What the client is sent in the place of the rest.
    fn fail(&mut self, fault: &Fault) -> Bytes;
}

/// What one chunk brought.
#[derive(Debug, Default)]
pub struct Pushed {
    /// What is to be sent to the client; may be empty.
    pub ready: Bytes,
    /// What went wrong after that. Every later push says it again.
    pub fault: Option<Fault>,
}

/// A stream read by a codec: forwarded as it is where the client speaks the same dialect, else written anew.
pub struct Stream {
    frames: Frames,
    reader: Box<dyn StreamReader>,
    writer: Box<dyn StreamWriter>,
    verbatim: bool,
    restore: Restore,
    seen: Seen,
    /// Written but not given out yet. Kept for its memory.
    out: Vec<u8>,
}

/// What was seen of the stream.
#[derive(Default)]
struct Seen {
    begun: bool,
    ended: bool,
    usage: Usage,
    fault: Option<Fault>,
}

impl Stream {
    /// A stream of a provider that speaks the client's dialect.
    pub fn native(codec: &dyn Codec, about: &About<'_>) -> Self {
        Self { verbatim: true, ..Self::translated(codec, codec, about) }
    }

    /// A stream of a provider that speaks `from`, for a client that speaks `to`.
    pub fn translated(from: &dyn Codec, to: &dyn Codec, about: &About<'_>) -> Self {
        Self {
            frames: Frames::new(from.framing()),
            reader: from.read_stream(),
            writer: to.write_stream(about),
            verbatim: false,
            restore: Restore::default(),
            seen: Seen::default(),
            out: Vec::new(),
        }
    }

    /// The same, undoing what was changed in the client's tools.
    pub fn restoring(self, restore: Restore) -> Self {
        Self { restore, ..self }
    }

    fn pushed(&mut self, good: Bytes) -> Pushed {
        let ready = if self.verbatim { good } else { Bytes::copy_from_slice(&self.out) };
        self.out.clear();
        Pushed { ready, fault: self.seen.fault.clone() }
    }
}

impl Flow for Stream {
    fn push(&mut self, chunk: Bytes) -> Pushed {
        let Self { frames, reader, writer, verbatim, restore, seen, out } = self;
        if seen.fault.is_some() {
            return self.pushed(Bytes::new());
        }
        let mut output = Output { writer: (!*verbatim).then_some(writer.as_mut()), restore, out };
        let good = take(frames, chunk, reader.as_mut(), seen, &mut output);
        self.pushed(good)
    }

    fn end(&mut self) -> Pushed {
        let Self { frames, reader, writer, verbatim, restore, seen, out } = self;
        let mut good = Bytes::new();
        let mut output = Output { writer: (!*verbatim).then_some(writer.as_mut()), restore, out };
        if seen.fault.is_none() {
            let rest = frames.rest();
            good = take(frames, rest, reader.as_mut(), seen, &mut output);
        }
        if seen.fault.is_none() && !seen.ended {
            let ended = reader.end(&mut |event| seen.event(&event, &mut output));
            if let Err(fault) = ended {
                let kind = if seen.begun { fault.kind } else { FaultKind::Empty };
                seen.fault.get_or_insert(Fault { kind, ..fault });
            }
        }
        if seen.fault.is_none() && !seen.begun {
            seen.fault = Some(Fault::new(FaultKind::Empty, "the provider's stream ended without an answer"));
        }
        self.pushed(good)
    }

    fn begun(&self) -> bool {
        self.seen.begun
    }

    fn usage(&self) -> Usage {
        self.seen.usage
    }

    fn fail(&mut self, fault: &Fault) -> Bytes {
        let mut out = Vec::new();
        self.writer.event(&Event::Error(fault.clone()), &mut out);
        out.into()
    }
}

/// Reads what `chunk` completes, up to the first fault. Gives the bytes of the good frames.
fn take(
    frames: &mut Frames,
    chunk: Bytes,
    reader: &mut dyn StreamReader,
    seen: &mut Seen,
    output: &mut Output<'_>,
) -> Bytes {
    let (good, fault) = frames.push(chunk, &mut |name, data| {
        if seen.ended {
            return Ok(()); // what comes behind the end is not part of the answer
        }
        reader.frame(name, data, &mut |event| seen.event(&event, output))?;
        seen.fault.clone().map_or(Ok(()), Err)
    });
    if let Some(fault) = fault {
        seen.fault.get_or_insert(fault);
    }
    good
}

impl Seen {
    fn event(&mut self, event: &Event<'_>, output: &mut Output<'_>) {
        if self.fault.is_some() {
            return;
        }
        match event {
            Event::Error(fault) => {
                self.fault = Some(fault.clone()); // written by `fail`, if it comes to that
                return;
            }
            Event::Stop { stop, .. } if stop.reason == StopReason::Broken && !self.begun => {
                self.fault = Some(Fault::new(FaultKind::Malformed, "the model's answer could not be understood"));
                return;
            }
            // An answer without words is one when there is a reason for it, such as a filter.
            Event::Stop { stop, .. } => self.begun |= stop.reason != StopReason::End,
            Event::Usage(usage) => self.usage.update(*usage),
            Event::End => self.ended = true,
            event => self.begun |= event.is_real(),
        }
        output.event(event);
    }
}

/// Where events go.
struct Output<'s> {
    /// None where the provider's own bytes are forwarded.
    writer: Option<&'s mut dyn StreamWriter>,
    restore: &'s mut Restore,
    out: &'s mut Vec<u8>,
}

impl Output<'_> {
    fn event(&mut self, event: &Event<'_>) {
        let Some(writer) = &mut self.writer else { return };
        if self.restore.is_nothing() {
            writer.event(event, self.out);
        } else {
            self.restore.event(event, &mut |event| writer.event(event, self.out));
        }
    }
}
