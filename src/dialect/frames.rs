//! A provider's stream cut into frames, whatever its framing.

use bytes::{Bytes, BytesMut};

use super::codec::Framing;
use super::{aws_events, json_array, lines, sse};
use crate::canonical::{Fault, FaultKind, Str};

/// A whole image, base64 coded, may come as one frame; what is larger is no frame.
const LONGEST: usize = 16 << 20;

/// Cuts a stream into frames.
pub struct Frames(Splitter);

enum Splitter {
    Sse(sse::Splitter),
    /// Which of the two it is, the first byte says. The space before it, which belongs to what follows.
    SseOrArray(BytesMut),
    Array(json_array::Splitter),
    Lines(lines::Splitter),
    Aws(aws_events::Splitter),
    /// The same, with an event of another kind in each.
    Chunks(aws_events::Splitter),
}

/// What is done with a frame: its type, where the framing has one apart from the data, and its data. `false`: it is no
/// good, but those after it may be.
pub type Each<'a> = dyn FnMut(&str, &[u8]) -> Result<bool, Fault> + 'a;

impl Frames {
    /// Nothing so far.
    pub fn new(framing: Framing) -> Self {
        Self(match framing {
            Framing::Sse => Splitter::Sse(sse::Splitter::new(LONGEST)),
            Framing::JsonArray => Splitter::SseOrArray(BytesMut::new()),
            Framing::Lines => Splitter::Lines(lines::Splitter::new(LONGEST)),
            Framing::AwsEvents => Splitter::Aws(aws_events::Splitter::new(LONGEST)),
            Framing::AwsChunks => Splitter::Chunks(aws_events::Splitter::new(LONGEST)),
        })
    }

    /// Gives each frame that `chunk` completes to `each`, until that finds a fault. Also gives the bytes of the good
    /// ones, of what came in and was not given back before.
    pub fn push(&mut self, chunk: Bytes, each: &mut Each<'_>) -> (Bytes, Option<Fault>) {
        let chunk = match self.decide(chunk) {
            Ok(chunk) => chunk,
            Err(fault) => return (Bytes::new(), Some(fault)),
        };
        match &mut self.0 {
            Splitter::Sse(splitter) => match splitter.push(chunk) {
                Ok(ready) => good(&ready.bytes, ready.events(), |event| event_of(event, each)),
                Err(sse::TooLong) => (Bytes::new(), Some(too_long())),
            },
            Splitter::Array(splitter) => match splitter.push(chunk) {
                Ok(ready) => {
                    let (bytes, fault) = good(&ready.bytes, ready.pieces(), |piece| {
                        json_array::element(piece).map_or(Ok(true), |element| each("", element))
                    });
                    (bytes, fault.or(ready.odd.map(no_list)))
                }
                Err(odd) => (Bytes::new(), Some(no_list(odd))),
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
            Splitter::Chunks(splitter) => {
                let ready = splitter.push(chunk);
                let (bytes, fault) = good(&ready.bytes, ready.events(), |frame| {
                    let event = aws_events::Event::read(frame);
                    match event.event_type {
                        _ if event.is_exception() => each(&event.name(), &event.data()),
                        aws_events::chunk::TYPE => each("", &aws_events::chunk::unwrap(event.payload)?),
                        _ => Ok(true),
                    }
                });
                (bytes, fault.or(ready.broken.map(malformed)))
            }
            Splitter::SseOrArray(_) => (Bytes::new(), None), // only space so far
        }
    }

    /// Finds out which of two framings it is, where that is open. Gives what is to be cut then.
    fn decide(&mut self, chunk: Bytes) -> Result<Bytes, Fault> {
        let Splitter::SseOrArray(space) = &mut self.0 else { return Ok(chunk) };
        let first = chunk.iter().find(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n'));
        let Some(first) = first else {
            space.extend_from_slice(&chunk);
            return if space.len() > LONGEST { Err(too_long()) } else { Ok(Bytes::new()) };
        };
        let is_array = *first == b'[';
        let chunk = if space.is_empty() {
            chunk
        } else {
            space.extend_from_slice(&chunk);
            space.split().freeze()
        };
        self.0 = match is_array {
            true => Splitter::Array(json_array::Splitter::new(LONGEST)),
            false => Splitter::Sse(sse::Splitter::new(LONGEST)),
        };
        Ok(chunk)
    }

    /// The stream has ended: what may be a last frame without the bytes that complete it, as a chunk to be pushed.
    pub fn rest(&mut self) -> Bytes {
        let (rest, end) = match &mut self.0 {
            Splitter::Sse(splitter) => (splitter.rest(), &b"\n\n"[..]),
            Splitter::Lines(splitter) => (splitter.rest(), &b"\n"[..]),
            // What is cut there is cut.
            Splitter::Array(_) | Splitter::Aws(_) | Splitter::Chunks(_) | Splitter::SseOrArray(_) => {
                return Bytes::new();
            }
        };
        if rest.is_empty() { rest } else { [&rest[..], end].concat().into() }
    }
}

/// Appends an event of a dialect whose events name their own type.
pub fn write(framing: Framing, event: &[u8], out: &mut Vec<u8>) {
    #[derive(serde::Deserialize)]
    struct Named<'a> {
        #[serde(borrow, rename = "type", default)]
        name: Str<'a>,
    }
    if framing == Framing::AwsChunks {
        return aws_events::chunk::write(event, out);
    }
    if let Some(name) = serde_json::from_slice::<Named<'_>>(event).ok().filter(|named| !named.name.is_empty()) {
        out.extend([b"event: ", name.name.as_bytes(), b"\n"].concat());
    }
    for line in event.split(|byte| *byte == b'\n') {
        out.extend([b"data: ", line, b"\n"].concat());
    }
    out.push(b'\n');
}

/// Works on the frames of `bytes` in order. Gives the bytes of the good ones before the first fault.
pub fn good<'f>(
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

fn no_list(odd: json_array::Odd) -> Fault {
    malformed(format!("{odd:?}"))
}

fn too_long() -> Fault {
    malformed("a frame without an end")
}

fn malformed(detail: impl ToString) -> Fault {
    Fault::new(FaultKind::Malformed, "the provider's stream is not what its dialect says").with_detail(detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The data of the frames in `pieces`, and whether there is a fault behind them.
    fn read(framing: Framing, pieces: &[&str]) -> (Vec<String>, bool) {
        let (mut frames, mut all, mut failed) = (Frames::new(framing), Vec::new(), false);
        for piece in pieces {
            let (_, fault) = frames.push(Bytes::copy_from_slice(piece.as_bytes()), &mut |_, data| {
                all.push(String::from_utf8_lossy(data).into_owned());
                Ok(true)
            });
            failed |= fault.is_some();
        }
        (all, failed)
    }

    #[test]
    fn what_follows_a_list_is_a_fault_however_it_is_cut() {
        for pieces in [&["[{}]x"][..], &["[{}]", "x"], &["[{", "}", "]x"]] {
            assert_eq!(read(Framing::JsonArray, pieces), (vec!["{}".to_owned()], true), "{pieces:?}");
        }
    }

    #[test]
    fn space_before_a_stream_belongs_to_it_however_it_is_cut() {
        for pieces in [&[" data: {}\n\n"][..], &[" ", "data: {}\n\n"]] {
            assert_eq!(read(Framing::JsonArray, pieces), (vec![], false), "no field has that name: {pieces:?}");
        }
        for pieces in [&["\r\n[{}]"][..], &["\r", "\n", "[{}]"]] {
            assert_eq!(read(Framing::JsonArray, pieces), (vec!["{}".to_owned()], false), "{pieces:?}");
        }
        for pieces in [&["\x0c[{}]"][..], &["\x0c", "[{}]"]] {
            assert_eq!(read(Framing::JsonArray, pieces), (vec![], false), "no JSON may begin so: {pieces:?}");
        }
    }

    /// 64 MiB in pieces of a KiB, as a provider sends them that has forgotten to end a frame: `open` and then letters.
    /// Gives how much of it was taken, and the fault.
    fn feed(framing: Framing, open: &[u8]) -> (usize, Option<Fault>) {
        let (mut frames, mut taken) = (Frames::new(framing), 0);
        let piece = Bytes::from_static(&[b'x'; 1 << 10]);
        let pieces = std::iter::once(Bytes::copy_from_slice(open)).chain(std::iter::repeat_n(piece, 64 << 10));
        for piece in pieces {
            let length = piece.len();
            let (good, fault) = frames.push(piece, &mut |_, _| panic!("there is no whole frame"));
            assert!(good.is_empty());
            if fault.is_some() {
                return (taken, fault);
            }
            taken += length;
        }
        (taken, None)
    }

    /// Were what is there searched again with each piece, the 16 MiB that are kept would take minutes.
    #[test]
    fn a_frame_without_an_end_is_refused_in_linear_time_and_bounded_memory() {
        let length = u32::to_be_bytes(64 << 20);
        let aws = [&length[..], &[0; 8]].concat();
        for (framing, open, most) in [
            (Framing::Sse, &b"data: "[..], LONGEST),
            (Framing::Lines, b"{\"a\":\"", LONGEST),
            (Framing::JsonArray, b"[{\"a\":\"", LONGEST),
            (Framing::JsonArray, b"data: ", LONGEST),
            (Framing::AwsEvents, &aws, 0),
        ] {
            let start = std::time::Instant::now();
            let (taken, fault) = feed(framing, open);
            assert_eq!(fault.map(|fault| fault.kind), Some(FaultKind::Malformed), "{framing:?}");
            assert!(taken <= most + (1 << 10), "{framing:?}: {taken} bytes were taken");
            assert!(start.elapsed().as_secs() < 5, "{framing:?}: {:?}", start.elapsed());
        }
    }

    /// The largest frame that is one comes whole, and is not searched from its beginning with each piece.
    #[test]
    fn a_long_frame_in_small_pieces_comes_whole() {
        let text = ["{\"a\":\"".to_owned(), "x".repeat(LONGEST - 100), "\"}".to_owned()].concat();
        for (framing, open, close) in
            [(Framing::Sse, "data: ", "\n\n"), (Framing::Lines, "", "\n"), (Framing::JsonArray, "[", "]")]
        {
            let start = std::time::Instant::now();
            let (mut frames, mut seen) = (Frames::new(framing), 0);
            let whole = Bytes::from([open, &text, close].concat());
            for at in (0..whole.len()).step_by(1 << 10) {
                let piece = whole.slice(at..whole.len().min(at + (1 << 10)));
                let (_, fault) = frames.push(piece, &mut |_, data| {
                    assert!(data == text.as_bytes(), "{framing:?}");
                    seen += 1;
                    Ok(true)
                });
                assert_eq!(fault, None, "{framing:?}");
            }
            assert_eq!(seen, 1, "{framing:?}");
            assert!(start.elapsed().as_secs() < 5, "{framing:?}: {:?}", start.elapsed());
        }
    }
}
