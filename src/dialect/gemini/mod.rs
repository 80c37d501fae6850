//! Google's dialect: generateContent, streamGenerateContent and batchEmbedContents, of the Gemini API and of Vertex.
//!
//! The model stands in the path, and so does whether the answer comes as a stream: as server-sent events with
//! `alt=sse`, else as one JSON array that is written bit by bit. Calls of functions mostly have no ids, thoughts carry
//! signatures that have to come back, and what a model takes depends on its generation (`generation`).

mod count;
mod embeddings;
mod error;
mod finish;
mod generation;
mod grounding;
mod json_schema;
mod logprobs;
mod models;
mod names;
mod out;
mod partial;
mod parts;
mod read;
mod read_settings;
mod reply;
mod schema;
mod signature;
mod stream;
#[cfg(test)]
mod tests;
mod time;
mod usage;
mod wire;
mod write;
mod write_contents;
mod write_parts;
mod write_reply;
mod write_settings;
mod write_stream;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use super::codec::{About, Asked, Codec, Framing, Target};
use super::vectors::Embed;
use crate::canonical::{Dialect, Fault, Lost, Opened, Reply, Request, StreamReader, StreamWriter};

/// Google's dialect.
pub struct Gemini;

impl Codec for Gemini {
    fn dialect(&self) -> Dialect {
        Dialect::Gemini
    }

    fn framing(&self) -> Framing {
        Framing::JsonArray
    }

    /// Google's own SDKs for Python and Go take a comment for a broken chunk. They pass over empty lines; so does JSON
    /// between the elements of an array.
    fn keep_alive(&self) -> &'static [u8] {
        b"\n\n"
    }

    fn read_request<'a>(&self, body: &'a [u8], asked: &Asked<'a>) -> Result<Request<'a>, Fault> {
        read::read(body, asked)
    }

    fn write_request(&self, request: &Request<'_>, target: &Target<'_>, lost: &mut Lost) -> Result<Vec<u8>, Fault> {
        write::write(request, target, lost)
    }

    fn read_reply<'a>(&self, body: &'a [u8]) -> Result<Reply<'a>, Fault> {
        reply::read(body)
    }

    fn write_reply(&self, reply: &Reply<'_>, about: &About<'_>) -> Vec<u8> {
        write_reply::write(reply, about)
    }

    fn read_stream(&self) -> Box<dyn StreamReader> {
        Box::<Opened<stream::Reader>>::default()
    }

    fn write_stream(&self, about: &About<'_>) -> Box<dyn StreamWriter> {
        Box::new(write_stream::Writer::new(about))
    }

    fn write_count_request(&self, request: &Request<'_>, target: &Target<'_>) -> Option<Vec<u8>> {
        write::write_count(request, target, &mut Lost::nothing()).ok()
    }

    fn read_count(&self, body: &[u8]) -> Option<u64> {
        count::read_token_count(body).ok()
    }

    fn write_count(&self, tokens: u64) -> Option<Vec<u8>> {
        Some(count::write_token_count(tokens))
    }

    fn write_models(&self, names: &[&str], _: u64) -> Option<Bytes> {
        Some(models::write_models(names.iter().copied()))
    }

    fn read_error(&self, status: u16, headers: &HeaderMap, body: &Bytes) -> Fault {
        error::read(status, headers, body)
    }

    fn embeddings(&self) -> Option<&dyn Embed> {
        Some(self)
    }

    fn write_error(&self, fault: &Fault) -> (StatusCode, Bytes) {
        error::write(fault)
    }
}
