//! The codec as its users see it. The tests that hold a case of the list of edge cases have its number in their name.

mod captures;
mod mangled;
mod replies;
mod requests;
mod requests_read;
mod requests_tools;
mod streams_read;
mod streams_written;

use serde_json::Value;

use crate::canonical::{Event, Fault, Lost, Reply, Request};
use crate::dialect::codec::{About, Asked, Codec, Flavour, Target};
use crate::dialect::openai_chat::OpenAiChat;
use crate::dialect::sse;

fn read(body: &str) -> Request<'_> {
    OpenAiChat.read_request(body.as_bytes(), &Asked::default()).unwrap_or_else(|fault| panic!("{fault} {body}"))
}

fn write_for(request: &Request<'_>, model: &str, flavour: Flavour) -> (Value, Vec<String>) {
    let mut lost = Lost::nothing();
    let body = OpenAiChat.write_request(request, &Target { model, flavour }, &mut lost).unwrap();
    let tree =
        serde_json::from_slice(&body).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&body)));
    (tree, lost.iter().map(str::to_owned).collect())
}

fn read_reply(body: &str) -> Reply<'_> {
    OpenAiChat.read_reply(body.as_bytes()).unwrap_or_else(|fault| panic!("{fault:?} {body}"))
}

const ABOUT: About<'static> =
    About { id: "0123", created: 7, model: "asked", usage_in_stream: true, json_array: false, request: b"" };

fn tree(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// What the reader makes of a stream: the events that it gave, and how it ended.
struct Read {
    events: Vec<Event<'static>>,
    ended: Result<(), Fault>,
}

/// Reads frames given as their data.
fn read_frames<'f>(frames: impl IntoIterator<Item = &'f str>) -> Read {
    let mut reader = OpenAiChat.read_stream();
    let mut events = Vec::new();
    let mut frames = frames.into_iter();
    let framed = frames.try_for_each(|data| reader.frame("", data.as_bytes(), &mut |event| events.push(owned(event))));
    let ended = framed.and_then(|()| reader.end(&mut |event| events.push(owned(event))));
    Read { events, ended }
}

/// Reads a stream that comes in chunks of `size` bytes.
fn read_sse(text: &[u8], size: usize) -> Read {
    let mut reader = OpenAiChat.read_stream();
    let mut splitter = sse::Splitter::new(16 << 20);
    let mut events = Vec::new();
    let mut ended = Ok(());
    let mut frame = |event: &[u8], events: &mut Vec<_>| {
        let event = sse::Event::read(event);
        let Some(data) = event.data else { return Ok(()) };
        let name = std::str::from_utf8(event.name).unwrap_or_default();
        reader.frame(name, &data, &mut |event| events.push(owned(event)))
    };
    for chunk in text.chunks(size) {
        let ready = splitter.push(bytes::Bytes::copy_from_slice(chunk)).unwrap();
        ended = ended.and_then(|()| ready.events().try_for_each(|event| frame(event, &mut events)));
    }
    let rest = splitter.rest();
    ended = ended.and_then(|()| frame(&rest, &mut events));
    ended = ended.and_then(|()| reader.end(&mut |event| events.push(owned(event))));
    Read { events, ended }
}

/// Writes events as a client's stream.
fn write_events<'e>(events: impl IntoIterator<Item = &'e Event<'e>>, about: &About<'_>) -> String {
    let mut writer = OpenAiChat.write_stream(about);
    let mut out = Vec::new();
    events.into_iter().for_each(|event| writer.event(event, &mut out));
    String::from_utf8(out).unwrap()
}

/// The data of each event of a stream.
fn data_of(stream: &str) -> Vec<&str> {
    stream.split("\n\n").filter_map(|event| event.strip_prefix("data: ")).collect()
}

/// The event for as long as the test needs it.
fn owned(event: Event<'_>) -> Event<'static> {
    use crate::canonical::{Raw, Stop, Str};
    match event {
        Event::Start { id, model, created, service_tier } => Event::Start {
            id: id.into_owned(),
            model: model.into_owned(),
            created,
            service_tier: service_tier.map(Str::into_owned),
        },
        Event::PartStart { choice, part, start } => Event::PartStart { choice, part, start: start.into_owned() },
        Event::Delta { choice, part, delta } => Event::Delta { choice, part, delta: delta.into_owned() },
        Event::PartEnd { choice, part } => Event::PartEnd { choice, part },
        Event::Stop { choice, stop: Stop { reason, native, sequence, explanation } } => {
            let own = |text: Option<Str<'_>>| text.map(Str::into_owned);
            let stop = Stop { reason, native: own(native), sequence: own(sequence), explanation: own(explanation) };
            Event::Stop { choice, stop }
        }
        Event::Logprobs { choice, logprobs } => Event::Logprobs { choice, logprobs: Raw::into_owned(logprobs) },
        Event::Usage(usage) => Event::Usage(usage),
        Event::Ping => Event::Ping,
        Event::Error(fault) => Event::Error(fault),
        Event::End => Event::End,
    }
}

/// The events keep to the grammar that writers rely on.
fn check_grammar(events: &[Event<'_>], what: &str) {
    use std::collections::{BTreeMap, BTreeSet};
    let (mut open, mut next) = (BTreeSet::new(), BTreeMap::<u32, u32>::new());
    let mut stopped = BTreeSet::new();
    for (at, event) in events.iter().enumerate() {
        let last = at + 1 == events.len();
        match event {
            Event::Start { .. } => assert_eq!(at, 0, "{what}: a start in the middle"),
            Event::PartStart { choice, part, .. } => {
                let expected = next.entry(*choice).or_default();
                assert_eq!(part, expected, "{what}: parts are counted");
                *expected += 1;
                open.insert((*choice, *part));
            }
            Event::Delta { choice, part, .. } => assert!(open.contains(&(*choice, *part)), "{what}: {event:?}"),
            Event::PartEnd { choice, part } => assert!(open.remove(&(*choice, *part)), "{what}: {event:?}"),
            Event::Stop { choice, .. } => {
                assert!(!open.iter().any(|(of, _)| of == choice), "{what}: stopped with a part open");
                assert!(stopped.insert(*choice), "{what}: stopped twice");
            }
            Event::End => assert!(last && open.is_empty() && !stopped.is_empty(), "{what}: ended too early"),
            Event::Error(_) => assert!(last, "{what}: something follows an error"),
            Event::Logprobs { .. } | Event::Usage(_) | Event::Ping => {}
        }
        let needs_start = !matches!(event, Event::Error(_));
        assert!(!needs_start || matches!(events.first(), Some(Event::Start { .. })), "{what}: no start");
    }
}
