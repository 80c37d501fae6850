//! What the dialect reads and writes.

mod captures;
mod mangled;
mod replies;
mod requests;
mod streams;
mod turns;

use serde_json::Value;

use super::Cohere;
use crate::canonical::{Dialect, Event, Fault, Lost, Raw, Reply, Request};
use crate::dialect::codec::{About, Asked, Codec, Target};
use crate::dialect::tests::{self as shared, grammatical};

const ABOUT: About<'static> = shared::about("command-a");

/// A request as it is written, and what was lost.
fn written(request: &Request<'_>) -> (Value, Vec<String>) {
    shared::written(&Cohere, request, "command-a")
}

fn read(body: &str) -> Request<'_> {
    Cohere.read_request(body.as_bytes(), &Asked::default()).unwrap()
}

fn raw(json: &str) -> Raw<'_> {
    Raw::parse(json).unwrap()
}

fn events(stream: &[u8], size: usize) -> (Vec<Event<'static>>, Result<(), Fault>) {
    shared::events(&Cohere, stream, size)
}

fn gathered(stream: &str) -> Reply<'static> {
    shared::gathered(&Cohere, stream)
}

fn streamed(reply: &Reply<'_>) -> String {
    shared::streamed(&Cohere, reply, &ABOUT)
}

#[test]
fn it_is_coheres() {
    assert_eq!(Cohere.dialect(), Dialect::Cohere);
    assert_eq!(Cohere.stream_type(), "text/event-stream");
}
