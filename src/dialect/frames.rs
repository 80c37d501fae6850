//! A provider's stream cut into frames, whatever its framing.

use bytes::Bytes;

use super::codec::Framing;
use super::{aws_events, json_array, lines, sse};
use crate::canonical::{Fault, FaultKind};

/// A whole image, base64 coded, may come as one frame; what is larger is no frame.
const LONGEST: usize = 16 << 20;

/// Cuts a stream into frames.
pub struct Frames(Splitter);

enum Splitter {
    Sse(sse::Splitter),
    /// Which of the two it is, the first byte says.
    SseOrArray,
    Array(json_array::Splitter),
    Lines(lines::Splitter),
    Aws(aws_events::Splitter),
}

/// What is done with a frame: its type, where the framing has one apart from the data, and its data. `false`: it is no
/// good, but those after it may be.
pub type Each<'a> = dyn FnMut(&str, &[u8]) -> Result<bool, Fault> + 'a;

impl Frames {
    /// Nothing so far.
    pub fn new(framing: Framing) -> Self {
        Self(match framing {
            Framing::Sse => Splitter::Sse(sse::Splitter::new(LONGEST)),
            Framing::JsonArray => Splitter::SseOrArray,
            Framing::Lines => Splitter::Lines(lines::Splitter::new(LONGEST)),
            Framing::AwsEvents => Splitter::Aws(aws_events::Splitter::new(LONGEST)),
        })
    }

    /// Gives each frame that `chunk` completes to `each`, until that finds a fault. Also gives the bytes of the good
    /// ones, of what came in and was not given back before.
    pub fn push(&mut self, chunk: Bytes, each: &mut Each<'_>) -> (Bytes, Option<Fault>) {
        if let Splitter::SseOrArray = self.0 {
            let Some(first) = chunk.iter().find(|byte| !byte.is_ascii_whitespace()) else { return (chunk, None) };
            self.0 = match first {
                b'[' => Splitter::Array(json_array::Splitter::new(LONGEST)),
                _ => Splitter::Sse(sse::Splitter::new(LONGEST)),
            };
        }
        match &mut self.0 {
            Splitter::Sse(splitter) => match splitter.push(chunk) {
                Ok(ready) => good(&ready.bytes, ready.events(), |event| event_of(event, each)),
                Err(sse::TooLong) => (Bytes::new(), Some(too_long())),
            },
            Splitter::Array(splitter) => match splitter.push(chunk) {
                Ok(ready) => good(&ready.bytes, ready.pieces(), |piece| {
                    json_array::element(piece).map_or(Ok(true), |element| each("", element))
                }),
                Err(odd) => (Bytes::new(), Some(malformed(format!("{odd:?}")))),
            },
            Splitter::Lines(splitter) => match splitter.push(chunk) {
                Ok(ready) => good(&ready.bytes, ready.lines(), |line| {
                    let line = line.trim_ascii();
                    if line.is_empty() { Ok(true) } else { each("", line) }
                }),
                Err(_) => (Bytes::new(), Some(too_long())),
            },
            Splitter::Aws(splitter) => {
                let ready = splitter.push(chunk);
                let (bytes, fault) = good(&ready.bytes, ready.events(), |frame| {
                    let event = aws_events::Event::read(frame);
                    each(&event.name(), &event.data())
                });
                (bytes, fault.or(ready.broken.map(malformed)))
            }
            Splitter::SseOrArray => (Bytes::new(), None), // decided above
        }
    }

    /// The stream has ended: what may be a last frame without the bytes that complete it, as a chunk to be pushed.
    pub fn rest(&mut self) -> Bytes {
        let (rest, end) = match &mut self.0 {
            Splitter::Sse(splitter) => (splitter.rest(), &b"\n\n"[..]),
            Splitter::Lines(splitter) => (splitter.rest(), &b"\n"[..]),
            // What is cut there is cut.
            Splitter::Array(_) | Splitter::Aws(_) | Splitter::SseOrArray => return Bytes::new(),
        };
        if rest.is_empty() { rest } else { [&rest[..], end].concat().into() }
    }
}

/// Works on the frames of `bytes` in order. Gives the bytes of the good ones before the first fault.
fn good<'f>(
    bytes: &Bytes,
    frames: impl Iterator<Item = &'f [u8]>,
    mut work: impl FnMut(&[u8]) -> Result<bool, Fault>,
) -> (Bytes, Option<Fault>) {
    // Nearly always everything is good, and nothing is copied.
    let (mut from, mut to, mut parts) = (0, 0, Vec::new());
    let mut fault = None;
    for frame in frames {
        match work(frame) {
            Ok(true) => to += frame.len(),
            Ok(false) => {
                parts.push(bytes.slice(from..to));
                to += frame.len();
                from = to;
            }
            Err(found) => {
                fault = Some(found);
                break;
            }
        }
    }
    let last = bytes.slice(from..to);
    (if parts.is_empty() { last } else { [parts.concat().into(), last].concat().into() }, fault)
}

fn event_of(event: &[u8], each: &mut Each<'_>) -> Result<bool, Fault> {
    let event = sse::Event::read(event);
    match event.data {
        Some(data) => each(std::str::from_utf8(event.name).unwrap_or_default(), &data),
        None => Ok(true),
    }
}

fn too_long() -> Fault {
    malformed("a frame without an end")
}

fn malformed(detail: impl ToString) -> Fault {
    Fault::new(FaultKind::Malformed, "the provider's stream is not what its dialect says").with_detail(detail)
}
