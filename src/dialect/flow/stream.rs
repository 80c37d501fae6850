//! A stream that is read: forwarded as it is where the client speaks the same dialect, else written anew.

use bytes::Bytes;

use super::calls::Calls;
use super::{Flow, Garbage, Given, Passing, Pushed, Splice};
use crate::canonical::{
    Event, Fault, FaultKind, Noted, PartStart, Service, StopReason, StreamReader, StreamWriter, Usage,
};
use crate::dialect::codec::{About, Codec, Framing};
use crate::dialect::frames::{self, Frames};
use crate::dialect::restore::Restore;

/// A stream read by a codec.
pub struct Stream {
    frames: Frames,
    reader: Box<dyn StreamReader>,
    restore: Restore,
    seen: Seen,
    output: Output,
}

/// What was seen of the stream.
#[derive(Default)]
struct Seen {
    begun: bool,
    stopped: bool,
    filtered: bool,
    refused: bool,
    ended: bool,
    progress: bool,
    usage: Usage,
    fault: Option<Fault>,
    garbage: Garbage,
}

/// Where events go.
struct Output {
    writer: Box<dyn StreamWriter>,
    /// The provider's own bytes are forwarded; the writer is only there for an error.
    passing: Option<Passing>,
    /// And they are cut as the client wants them.
    reform: Option<Framing>,
    splice: Option<Splice>,
    calls: Calls,
    /// Of what came from the provider.
    noted: Noted,
    given: Option<Given>,
    /// A real event was written.
    shown: bool,
    /// Written but not given out yet. Kept for its memory.
    out: Vec<u8>,
}

impl Stream {
    /// A stream of a provider that speaks the client's dialect. `kept`: another may have to go on where it breaks off.
    pub fn native(codec: &'static dyn Codec, about: &About<'_>, kept: bool) -> Self {
        let stream = Self::translated(codec, codec, about);
        Self { output: Output { passing: Some(Passing::new(codec, kept)), ..stream.output }, ..stream }
    }

    /// A stream of a provider that speaks the client's dialect in another form.
    pub fn reformed(from: &dyn Codec, to: &'static dyn Codec, about: &About<'_>, kept: bool) -> Self {
        let stream = Self::translated(from, to, about);
        let (passing, reform) = (Some(Passing::new(to, kept)), Some(to.framing()));
        Self { output: Output { passing, reform, ..stream.output }, ..stream }
    }

    /// A stream of a provider that speaks `from`, for a client that speaks `to`.
    pub fn translated(from: &dyn Codec, to: &dyn Codec, about: &About<'_>) -> Self {
        Self {
            frames: Frames::new(from.framing()),
            reader: from.read_stream(),
            restore: Restore::default(),
            seen: Seen::default(),
            output: Output {
                writer: to.write_stream(about),
                passing: None,
                reform: None,
                splice: None,
                calls: Calls::default(),
                noted: Noted::default(),
                given: None,
                shown: false,
                out: Vec::new(),
            },
        }
    }

    /// The same, undoing what was changed in the client's tools.
    pub fn restoring(self, restore: Restore) -> Self {
        Self { restore, ..self }
    }

    /// The same, remembering what it gives, because another may have to go on where it breaks off.
    pub fn kept(mut self) -> Self {
        self.output.given = Some(Given::default());
        self
    }

    /// The same, going on where another broke off after it had `given` so much.
    pub fn going_on(mut self, given: Given, splice: Splice) -> Self {
        given.replay(self.output.writer.as_mut());
        self.output.given = Some(given);
        self.output.splice = Some(splice);
        self
    }

    fn take(&mut self, chunk: Bytes) -> Pushed {
        let Self { frames, reader, restore, seen, output } = self;
        seen.progress = false;
        let (good, fault) = frames.push(chunk, &mut |name, data| {
            if seen.ended {
                return Ok(true); // what comes behind the end is not part of the answer
            }
            let read = reader.frame(name, data, &mut |event| seen.event(&event, restore, output));
            match read {
                Err(fault) if fault.kind == FaultKind::Malformed && seen.begun && seen.garbage.may_skip() => Ok(false),
                read => {
                    seen.garbage.passed();
                    read.and(seen.fault.clone().map_or(Ok(()), Err))?;
                    if let Some(framing) = output.reform {
                        frames::write(framing, data, &mut output.out);
                    }
                    Ok(true)
                }
            }
        });
        if let Some(fault) = fault {
            seen.fault.get_or_insert(fault);
        }
        self.pushed(good)
    }

    fn pushed(&mut self, good: Bytes) -> Pushed {
        let Output { passing, reform, calls, out, .. } = &mut self.output;
        let ready = match (reform, &passing) {
            (None, Some(_)) => good,
            _ => Bytes::copy_from_slice(out),
        };
        let ready = match passing {
            Some(passing) => passing.push(ready, calls.is_open() && !self.seen.ended),
            None => ready,
        };
        out.clear();
        Pushed { ready, progress: self.seen.progress, fault: self.seen.fault.clone() }
    }
}

impl Flow for Stream {
    fn push(&mut self, chunk: Bytes) -> Pushed {
        if self.seen.fault.is_some() {
            return self.pushed(Bytes::new());
        }
        self.take(chunk)
    }

    fn end(&mut self) -> Pushed {
        let (mut good, mut closing) = (Bytes::new(), &b""[..]);
        if self.seen.fault.is_none() {
            let rest = self.frames.rest();
            let pushed = self.take(rest);
            good = pushed.ready;
        }
        let Self { reader, restore, seen, output, .. } = self;
        if seen.fault.is_none() && !seen.ended {
            let ended = reader.end(&mut |event| seen.event(&event, restore, output));
            match (ended, &output.passing) {
                // The provider has left out what its dialect ends with; there are SDKs that want it.
                (Ok(()), Some(passing)) => closing = passing.codec().closing(),
                (Ok(()), None) => {}
                (Err(fault), _) => {
                    let kind = if seen.begun { fault.kind } else { FaultKind::Empty };
                    seen.fault.get_or_insert(Fault { kind, ..fault });
                }
            }
        }
        if seen.fault.is_none() && !seen.begun {
            seen.fault = Some(Fault::new(FaultKind::Empty, "the provider's stream ended without an answer"));
        }
        let last = self.pushed(Bytes::new());
        if last.fault.is_some() {
            closing = b"";
        }
        let ready = match (good.is_empty(), last.ready.is_empty(), closing) {
            (true, _, b"") => last.ready,
            (true, true, closing) => Bytes::from_static(closing),
            _ => [&good[..], &last.ready[..], closing].concat().into(),
        };
        Pushed { ready, ..last }
    }

    fn begun(&self) -> bool {
        self.seen.begun
    }

    fn shown(&self) -> bool {
        let Output { passing, calls, given, shown, .. } = &self.output;
        self.seen.begun
            && match passing {
                Some(passing) => !(passing.is_kept() && calls.is_open()),
                None => given.is_none() || *shown,
            }
    }

    fn stopped(&self) -> bool {
        self.seen.stopped
    }

    fn filtered(&self) -> bool {
        self.seen.filtered && !self.seen.refused
    }

    fn usage(&self) -> Usage {
        self.seen.usage
    }

    fn noted(&mut self) -> Noted {
        std::mem::take(&mut self.output.noted)
    }

    fn skipped(&self) -> u32 {
        self.seen.garbage.skipped
    }

    fn given(&mut self) -> Option<Given> {
        if self.reader.hosted() {
            return None;
        }
        match &mut self.output.passing {
            Some(passing) => passing.given(),
            None => {
                let mut given = self.output.given.clone().filter(Given::can_go_on)?;
                given.numbering = self.output.writer.numbering();
                Some(given)
            }
        }
    }

    fn close(&mut self) -> Bytes {
        let Output { passing, writer, out, .. } = &mut self.output;
        if let Some(passing) = passing {
            return Bytes::from_static(passing.codec().closing());
        }
        out.clear();
        writer.event(&Event::End, out);
        Bytes::copy_from_slice(out)
    }

    fn fail(&mut self, fault: &Fault) -> Bytes {
        let mut out = Vec::new();
        if let (Some(_), Some(numbering)) = (&self.output.passing, self.reader.numbering()) {
            self.output.writer.go_on(&numbering);
        }
        self.output.writer.event(&Event::Error(fault.clone()), &mut out);
        out.into()
    }
}

impl Seen {
    fn event(&mut self, event: &Event<'_>, restore: &mut Restore, output: &mut Output) {
        if self.fault.is_some() {
            return;
        }
        let real = event.is_real();
        self.progress |= real;
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
            Event::Stop { stop, .. } if output.splice.is_none() => self.begun |= stop.reason != StopReason::End,
            Event::Usage(usage) => self.usage.update(*usage),
            Event::Start { service_tier: Some(tier), .. } => self.usage.service = Service::read(tier),
            Event::End => self.ended = true,
            _ => {}
        }
        match event {
            Event::Stop { stop, .. } => {
                self.stopped = true;
                self.filtered |= stop.reason == StopReason::Filtered;
            }
            Event::PartStart { start: PartStart::Refusal, .. } => self.refused = true,
            _ => {}
        }
        let sent = output.event(event, restore);
        match sent {
            // What only repeats another answer is not the beginning of this one.
            Ok(sent) => self.begun |= if output.splice.is_some() { sent } else { real },
            Err(fault) => self.fault = Some(fault),
        }
    }
}

impl Output {
    /// Whether an answer has come of it, where it goes on with another's.
    fn event(&mut self, event: &Event<'_>, restore: &mut Restore) -> Result<bool, Fault> {
        if self.passing.is_some() {
            self.calls.note(event);
            self.noted.event(event);
            return Ok(false);
        }
        if restore.is_nothing() {
            return self.restored(event);
        }
        let mut result = Ok(false);
        restore.event(event, &mut |event| {
            if let Ok(sent) = result {
                result = self.restored(event).map(|more| more | sent);
            }
        });
        result
    }

    fn restored(&mut self, event: &Event<'_>) -> Result<bool, Fault> {
        let Self { writer, splice, calls, noted, given, shown, out, .. } = self;
        noted.event(event);
        let Some(given) = given else {
            writer.event(event, out);
            return Ok(false);
        };
        let mut write = |event: &Event<'_>| {
            *shown |= event.is_real();
            given.event(event);
            writer.event(event, out);
        };
        let Some(splice) = splice else {
            calls.push(event, &mut write);
            return Ok(false);
        };
        let mut sent = false;
        splice.event(event, &mut |event| {
            sent |= event.is_real() || matches!(event, Event::Stop { .. });
            write(event);
        })?;
        Ok(sent)
    }
}
