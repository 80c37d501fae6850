//! What the dialect reads and writes.

mod captures;
mod mangled;
mod replies;
mod requests;
mod streams;
mod turns;

use serde_json::Value;

use super::Cohere;
use crate::canonical::{Dialect, Event, Fault, Gatherer, Lost, Raw, Reply, Request, replay};
use crate::dialect::codec::{About, Asked, Codec, Target};
use crate::dialect::sse;

const ABOUT: About<'static> = About {
    id: "0123456789abcdef0123456789abcdef",
    created: 1_700_000_000,
    model: "command-a",
    usage_in_stream: true,
    json_array: false,
    request: b"{}",
};

/// A request as it is written, and what was lost.
fn written(request: &Request<'_>) -> (Value, Vec<String>) {
    let mut lost = Lost::nothing();
    let target = Target { model: "command-a", flavour: Default::default() };
    let body = Cohere.write_request(request, &target, &mut lost).unwrap();
    (serde_json::from_slice(&body).unwrap(), lost.iter().map(str::to_owned).collect())
}

fn read(body: &str) -> Request<'_> {
    Cohere.read_request(body.as_bytes(), &Asked::default()).unwrap()
}

fn raw(json: &str) -> Raw<'_> {
    Raw::parse(json).unwrap()
}

/// The events of a stream that comes in chunks of `size`.
fn events(text: &[u8], size: usize) -> (Vec<Event<'static>>, Result<(), Fault>) {
    let (mut splitter, mut reader) = (sse::Splitter::new(1 << 20), Cohere.read_stream());
    let mut events = Vec::new();
    let mut result = Ok(());
    let mut frame = |bytes: &[u8]| {
        let event = sse::Event::read(bytes);
        let Some(data) = event.data else { return Ok(()) };
        reader.frame(std::str::from_utf8(event.name).unwrap(), &data, &mut |event| events.push(owned(event)))
    };
    for chunk in text.chunks(size) {
        let ready = splitter.push(bytes::Bytes::copy_from_slice(chunk)).unwrap();
        for event in ready.events() {
            result = result.and_then(|()| frame(event));
        }
    }
    result = result.and_then(|()| reader.end(&mut |event| events.push(owned(event))));
    (events, result)
}

fn owned(event: Event<'_>) -> Event<'static> {
    match event {
        Event::Start { id, model, created, service_tier } => Event::Start {
            id: id.into_owned(),
            model: model.into_owned(),
            created,
            service_tier: service_tier.map(crate::canonical::Str::into_owned),
        },
        Event::PartStart { choice, part, start } => Event::PartStart { choice, part, start: start.into_owned() },
        Event::Delta { choice, part, delta } => Event::Delta { choice, part, delta: delta.into_owned() },
        Event::PartEnd { choice, part } => Event::PartEnd { choice, part },
        Event::Stop { choice, stop } => Event::Stop {
            choice,
            stop: crate::canonical::Stop {
                reason: stop.reason,
                native: stop.native.map(crate::canonical::Str::into_owned),
                sequence: stop.sequence.map(crate::canonical::Str::into_owned),
                explanation: stop.explanation.map(crate::canonical::Str::into_owned),
            },
        },
        Event::Logprobs { choice, logprobs } => Event::Logprobs { choice, logprobs: logprobs.into_owned() },
        Event::Usage(usage) => Event::Usage(usage),
        Event::Ping => Event::Ping,
        Event::Error(fault) => Event::Error(fault),
        Event::End => Event::End,
    }
}

/// The reply that a stream comes to, its events checked against the grammar.
fn gathered(text: &str) -> Reply<'static> {
    let (events, result) = events(text.as_bytes(), text.len().max(1));
    result.unwrap();
    grammatical(&events);
    let mut gatherer = Gatherer::new();
    events.into_iter().for_each(|event| gatherer.push(event));
    gatherer.finish().unwrap()
}

/// Events in the order that writers rely on.
fn grammatical(events: &[Event<'_>]) {
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
fn streamed(reply: &Reply<'_>) -> String {
    let mut writer = Cohere.write_stream(&ABOUT);
    let mut out = Vec::new();
    replay(reply, &mut |event| writer.event(&event, &mut out));
    String::from_utf8(out).unwrap()
}

#[test]
fn it_is_coheres() {
    assert_eq!(Cohere.dialect(), Dialect::Cohere);
    assert_eq!(Cohere.stream_type(), "text/event-stream");
}
