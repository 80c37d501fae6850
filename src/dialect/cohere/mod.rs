//! Cohere's dialect, version 2: `/v2/chat`, `/v2/embed` and `/v2/rerank`.
//!
//! Near to OpenAI's in its messages and far in its stream, which has a start, deltas and an end for each piece of
//! content, each call and each citation. What is not obvious: what the model says before it calls tools is no content
//! but a `tool_plan`; the results of tools and the documents of a request are sources, which the model cites by itself;
//! a tool can be required, but not one by its name, so `request_out` offers only that one then.
//!
//! Its version 1 is not here.

mod citation;
mod content;
mod embeddings;
mod error;
mod logprobs;
mod message_out;
mod reply;
mod request_in;
mod request_out;
mod rerank;
mod stop;
mod stream_in;
mod stream_out;
#[cfg(test)]
mod tests;
mod tools_out;
mod turns_out;
mod usage;
mod wire;

use bytes::Bytes;
use http::StatusCode;

use crate::canonical::{Dialect, Fault, Lost, Opened, Reply, Request, StreamReader, StreamWriter};
use crate::dialect::codec::{About, Asked, Codec, Target};
use crate::dialect::vectors::{Embed, Rerank};

/// Cohere's chat, version 2.
pub struct Cohere;

impl Codec for Cohere {
    fn dialect(&self) -> Dialect {
        Dialect::Cohere
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

    fn reranking(&self) -> Option<&dyn Rerank> {
        Some(self)
    }

    fn write_error(&self, fault: &Fault) -> (StatusCode, Bytes) {
        error::write_error(fault)
    }
}
