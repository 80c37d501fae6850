//! Ollama's own dialect: `/api/chat`, `/api/generate` and `/api/embed`.
//!
//! What is not obvious: a stream is the default, of one JSON document a line; the arguments of a call are an object and
//! not a text; calls may have no id, so that results are told apart by the tool's name and their order; and an answer
//! that asks for tools ends like any other, with `stop`. `/api/generate` is the same conversation of one turn: requests
//! are read in both forms and written for `/api/chat`, answers in the form that the client's request had.

mod embeddings;
mod error;
mod logprobs;
mod media;
mod messages_in;
mod messages_out;
mod options;
mod reply;
mod request_in;
mod request_out;
mod stream_in;
mod stream_out;
#[cfg(test)]
mod tests;
mod time;
mod tools_out;
mod wire;

use bytes::Bytes;
use http::StatusCode;

use crate::canonical::{Dialect, Fault, Lost, Opened, Reply, Request, StreamReader, StreamWriter};
use crate::dialect::codec::{About, Asked, Codec, Framing, Target};
use crate::dialect::vectors::Embed;

/// Ollama's own chat.
pub struct Ollama;

impl Codec for Ollama {
    fn dialect(&self) -> Dialect {
        Dialect::Ollama
    }

    fn framing(&self) -> Framing {
        Framing::Lines
    }

    fn stream_type(&self) -> &'static str {
        "application/x-ndjson"
    }

    /// Its clients parse every line, empty ones too. A space before the next document belongs to that one's line.
    fn keep_alive(&self) -> &'static [u8] {
        b" "
    }

    fn prefills(&self, _target: &Target<'_>) -> bool {
        true
    }

    fn signs_thoughts(&self) -> bool {
        false
    }

    fn read_request<'a>(&self, body: &'a [u8], asked: &Asked<'a>) -> Result<Request<'a>, Fault> {
        request_in::read_request(body, asked)
    }

    fn write_request(&self, request: &Request<'_>, target: &Target<'_>, lost: &mut Lost) -> Result<Vec<u8>, Fault> {
        request_out::write_request(request, target, lost)
    }

    fn read_reply<'a>(&self, body: &'a [u8]) -> Result<Reply<'a>, Fault> {
        reply::read_reply(body)
    }

    fn write_reply(&self, reply: &Reply<'_>, about: &About<'_>) -> Vec<u8> {
        reply::write_reply(reply, about)
    }

    fn read_stream(&self) -> Box<dyn StreamReader> {
        Box::<Opened<stream_in::Reader>>::default()
    }

    fn write_stream(&self, about: &About<'_>) -> Box<dyn StreamWriter> {
        Box::new(stream_out::Writer::new(about))
    }

    fn embeddings(&self) -> Option<&dyn Embed> {
        Some(self)
    }

    fn write_error(&self, fault: &Fault) -> (StatusCode, Bytes) {
        error::write_error(fault)
    }
}
