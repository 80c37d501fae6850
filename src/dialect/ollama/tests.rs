//! What the dialect reads and writes.

mod captures;
mod mangled;
mod replies;
mod requests;
mod streams;

use serde_json::Value;

use super::Ollama;
use crate::canonical::{Dialect, Event, Fault, Gatherer, Lost, Raw, Reply, Request, replay};
use crate::dialect::codec::{About, Asked, Codec, Framing, Target};
use crate::dialect::tests::{self as shared, grammatical};

const ABOUT: About<'static> = shared::about("llama3");

/// A request as it is written, and what was lost.
fn written(request: &Request<'_>) -> (Value, Vec<String>) {
    shared::written(&Ollama, request, "llama3")
}

fn read(body: &str) -> Request<'_> {
    Ollama.read_request(body.as_bytes(), &Asked::default()).unwrap()
}

fn raw(json: &str) -> Raw<'_> {
    Raw::parse(json).unwrap()
}

fn events(stream: &[u8], size: usize) -> (Vec<Event<'static>>, Result<(), Fault>) {
    shared::events(&Ollama, stream, size)
}

fn gathered(stream: &str) -> Reply<'static> {
    shared::gathered(&Ollama, stream)
}

#[test]
fn it_is_ollamas() {
    assert_eq!(Ollama.dialect(), Dialect::Ollama);
    assert_eq!((Ollama.framing(), Ollama.stream_type()), (Framing::Lines, "application/x-ndjson"));
}
