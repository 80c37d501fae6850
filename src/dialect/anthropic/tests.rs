//! Tests of the whole codec: requests, conversations, replies, streams, recorded traffic, and what is mangled.

mod captures;
mod conversations;
mod mangled;
mod replies;
mod requests;
mod streams_read;
mod streams_written;
mod tools;

use serde_json::Value;

use super::Anthropic;
use crate::canonical::{Event, Fault, Gatherer, Lost, Reply, Request};
use crate::dialect::codec::{About, Asked, Codec, Flavour, Target};

/// What the tests' calls are about.
const ABOUT: About<'static> = About {
    id: "0123456789abcdef0123456789abcdef",
    created: 1_700_000_000,
    model: "asked",
    usage_in_stream: false,
    json_array: false,
    request: b"",
};

/// Reads a request of this dialect.
fn read(request: &str) -> Request<'_> {
    let asked = Asked { model: Some("asked"), ..Asked::default() };
    Anthropic.read_request(request.as_bytes(), &asked).unwrap()
}

/// Writes a request for `model`.
fn write(request: &Request<'_>, model: &str, flavour: Flavour) -> (Value, Vec<String>) {
    let mut lost = Lost::nothing();
    let written = Anthropic.write_request(request, &Target { model, flavour }, &mut lost).unwrap();
    (serde_json::from_slice(&written).unwrap(), lost.iter().map(str::to_owned).collect())
}

/// Reads and writes a request for `model` at the vendor's.
fn rewritten(request: &str, model: &str) -> (Value, Vec<String>) {
    write(&read(request), model, Flavour::Vendor)
}

/// Reads a stream of `data:` lines and gives its events, with each text that goes on in one piece.
fn events(stream: &str) -> Result<Vec<String>, Fault> {
    let mut got: Vec<String> = Vec::new();
    each(stream, &mut |event| got.push(format!("{event:?}")))?;
    Ok(got)
}

fn each(stream: &str, out: &mut dyn FnMut(Event<'_>)) -> Result<(), Fault> {
    let mut reader = Anthropic.read_stream();
    for data in stream.lines().filter_map(|line| line.strip_prefix("data:").or(line.starts_with('{').then_some(line))) {
        reader.frame("", data.as_bytes(), out)?;
    }
    reader.end(out)
}

/// Gathers a stream into a reply.
fn gathered(stream: &str) -> Result<Reply<'static>, Fault> {
    let mut gatherer = Gatherer::new();
    each(stream, &mut |event| gatherer.push(event))?;
    gatherer.finish()
}

/// Writes events as a client's stream.
fn streamed(events: &[Event<'_>]) -> String {
    let mut writer = Anthropic.write_stream(&ABOUT);
    let mut out = Vec::new();
    events.iter().for_each(|event| writer.event(event, &mut out));
    String::from_utf8(out).unwrap()
}

/// The documents of a client's stream, after a look at their names.
fn documents(stream: &str) -> Vec<Value> {
    let of_event = |event: &str| {
        let (name, data) = event.strip_prefix("event: ").unwrap().split_once("\ndata: ").unwrap();
        let document: Value = serde_json::from_str(data).unwrap();
        assert_eq!(document["type"], name);
        document
    };
    stream.split_terminator("\n\n").map(of_event).collect()
}

/// Asserts the grammar that clients rely on: one message, blocks one after the other without a gap.
fn assert_grammar(documents: &[Value]) {
    let kinds: Vec<_> = documents.iter().map(|document| document["type"].as_str().unwrap()).collect();
    assert_eq!(kinds.first(), Some(&"message_start"), "{kinds:?}");
    assert_eq!(kinds[kinds.len() - 2..], ["message_delta", "message_stop"], "{kinds:?}");
    let (mut open, mut next) = (None, 0);
    for document in documents {
        let index = document["index"].as_u64();
        match document["type"].as_str().unwrap() {
            "content_block_start" => {
                assert_eq!((open, index), (None, Some(next)), "{documents:#?}");
                open = index;
            }
            "content_block_delta" => assert_eq!(open, index, "{documents:#?}"),
            "content_block_stop" => {
                assert_eq!(open.take(), index, "{documents:#?}");
                next += 1;
            }
            "ping" => {}
            _ => assert_eq!(open, None),
        }
    }
}
