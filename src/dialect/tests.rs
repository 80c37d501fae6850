//! What the tests of several dialects need: a codec's words as documents, streams in pieces, and damage.

mod alone;
mod called;
mod many_calls;
mod searches;

use bytes::Bytes;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::codec::{About, Asked, Codec, Framing, Target};
use super::frames::Frames;
use crate::canonical::{Event, Fault, FaultKind, Gatherer, Lost, Reply, Request, replay};

/// What the tests' calls are about.
pub(super) const fn about(model: &str) -> About<'_> {
    About {
        id: "0123456789abcdef0123456789abcdef",
        created: 1_700_000_000,
        model,
        usage_in_stream: true,
        json_array: false,
        request: b"{}",
    }
}

/// A request as it is written for `model`, and what was lost.
pub(super) fn written(codec: &dyn Codec, request: &Request<'_>, model: &str) -> (Value, Vec<String>) {
    let mut lost = Lost::nothing();
    let body = codec.write_request(request, &Target { model, flavour: Default::default() }, &mut lost).unwrap();
    (serde_json::from_slice(&body).unwrap(), lost.iter().map(str::to_owned).collect())
}

/// The events of a stream that comes in chunks of `size`.
pub(super) fn events(codec: &dyn Codec, stream: &[u8], size: usize) -> (Vec<Event<'static>>, Result<(), Fault>) {
    let (mut frames, mut reader) = (Frames::new(codec.framing()), codec.read_stream());
    let (mut events, mut fault) = (Vec::new(), None);
    let mut push = |chunk: Bytes, frames: &mut Frames| {
        let each = &mut |name: &str, data: &[u8]| {
            reader.frame(name, data, &mut |event| events.push(event.into_owned())).map(|()| true)
        };
        frames.push(chunk, each).1
    };
    for chunk in stream.chunks(size) {
        fault = fault.or_else(|| push(Bytes::copy_from_slice(chunk), &mut frames));
    }
    // The last line may come without its end.
    if codec.framing() == Framing::Lines {
        let rest = frames.rest();
        fault = fault.or_else(|| push(rest, &mut frames));
    }
    let result = fault.map_or(Ok(()), Err).and_then(|()| reader.end(&mut |event| events.push(event.into_owned())));
    (events, result)
}

/// The reply that a stream comes to, its events checked against the grammar.
pub(super) fn gathered(codec: &dyn Codec, stream: &str) -> Reply<'static> {
    let (events, result) = events(codec, stream.as_bytes(), stream.len().max(1));
    result.unwrap();
    grammatical(&events);
    let mut gatherer = Gatherer::new();
    events.into_iter().for_each(|event| gatherer.push(event));
    gatherer.finish().unwrap()
}

/// Events in the order that writers rely on.
pub(super) fn grammatical(events: &[Event<'_>]) {
    let (mut open, mut begun, mut stopped) = (Vec::new(), 0, false);
    assert!(matches!(events.first(), Some(Event::Start { .. })), "{events:?}");
    for event in &events[1..] {
        match event {
            Event::Start { .. } => panic!("started twice"),
            Event::PartStart { part, .. } => {
                assert!(*part == begun && !stopped);
                begun += 1;
                open.push(*part);
            }
            Event::Delta { part, .. } => assert!(open.contains(part), "a delta outside of its part"),
            Event::PartEnd { part, .. } => {
                assert!(open.contains(part));
                open.retain(|open| open != part);
            }
            Event::Stop { .. } => {
                assert!(open.is_empty() && !stopped);
                stopped = true;
            }
            _ => {}
        }
    }
    assert!(stopped && matches!(events.last(), Some(Event::End)), "{events:?}");
}

/// A reply written as a stream.
pub(super) fn streamed(codec: &dyn Codec, reply: &Reply<'_>, about: &About<'_>) -> String {
    let (mut writer, mut out) = (codec.write_stream(about), Vec::new());
    replay(reply, &mut |event| writer.event(&event, &mut out));
    String::from_utf8(out).unwrap()
}

/// `text` with one of its JSON values or bytes changed.
pub(super) fn mangled(text: &str, random: &mut fastrand::Rng) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    let at = random.usize(..bytes.len());
    match random.u8(..4) {
        0 => bytes.truncate(at),
        1 => bytes[at] = random.u8(..),
        2 => _ = bytes.remove(at),
        _ => {
            // Another type in the place of a value.
            let colons: Vec<_> = text.match_indices(':').map(|(at, _)| at + 1).collect();
            let start = colons[random.usize(..colons.len())];
            let other = ["null", "7", "-1.5e300", "\"\"", "[]", "{}", "[null]", "true", "\"\\ud83d\\ude00\""];
            let mut rest = serde_json::Deserializer::from_slice(&bytes[start..]).into_iter::<IgnoredAny>();
            if matches!(rest.next(), Some(Ok(_))) {
                let end = start + rest.byte_offset();
                bytes.splice(start..end, other[random.usize(..other.len())].bytes());
            }
        }
    }
    bytes
}

/// Documents that no provider and no client should send, made of good ones: none of them panics a codec, and what it
/// takes for good it can write.
pub(super) fn survives(codec: &dyn Codec, request: &str, reply: &str, frames: &[&str]) {
    let (mut random, about) = (fastrand::Rng::with_seed(7), about("m"));
    let target = Target { model: "m", flavour: Default::default() };
    let (mut good, mut bad) = (0, 0);
    for _ in 0..4000 {
        let body = mangled(request, &mut random);
        match codec.read_request(&body, &Asked::default()) {
            Ok(request) => {
                good += 1;
                if let Ok(body) = codec.write_request(&request, &target, &mut Lost::nothing()) {
                    let written: Value = serde_json::from_slice(&body).unwrap();
                    assert!(written["messages"].is_array());
                }
            }
            Err(fault) => {
                bad += 1;
                assert_eq!(fault.kind, FaultKind::BadRequest);
            }
        }
        if let Ok(reply) = codec.read_reply(&mangled(reply, &mut random)) {
            serde_json::from_slice::<Value>(&codec.write_reply(&reply, &about)).unwrap();
            gathered(codec, &streamed(codec, &reply, &about));
        }
        let (mut reader, mut events) = (codec.read_stream(), Vec::new());
        let mut each = |frame: &&str| {
            let frame = if random.u8(..3) == 0 { mangled(frame, &mut random) } else { frame.as_bytes().to_vec() };
            reader.frame("", &frame, &mut |event| events.push(event.into_owned())).is_ok()
        };
        let read = frames.iter().all(&mut each);
        let ended = read && reader.end(&mut |event| events.push(event.into_owned())).is_ok();
        if ended && events.last() == Some(&Event::End) {
            grammatical(&events);
        }
    }
    assert!(good > 200 && bad > 200, "{good} {bad}");
}
