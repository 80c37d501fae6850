//! OpenAI's Responses, and what Open Responses makes of it.
//!
//! A request is a list of *items*: messages, thoughts, calls and their outputs, each for itself. Read, neighbouring
//! items of the model become one turn of the assistant, and neighbouring outputs one of the user; written, turns fall
//! apart into items again. A reply is a list of items too, and repeats the request's settings. What only the provider
//! itself could resolve (an earlier response's id, a stored conversation) is kept but means nothing elsewhere:
//! [`stateful`] names it.
//!
//! A client of this dialect has no place for other vendors' signatures but `encrypted_content` of a reasoning item;
//! `carried` says how they travel there.

mod carried;
mod content;
mod error;
mod logprobs;
mod models;
mod reply;
mod request;
mod stream;
#[cfg(test)]
mod tests;
mod usage;
mod wire;
mod writing;

use bytes::Bytes;
use http::StatusCode;

use super::codec::{About, Asked, Codec, Target};
use crate::canonical::{Dialect, Fault, Lost, Opened, Reply, Request, StreamReader, StreamWriter};

pub use request::stateful;

const OWN: Dialect = Dialect::OpenAiResponses;

/// OpenAI's Responses.
pub struct OpenAiResponses;

impl Codec for OpenAiResponses {
    fn dialect(&self) -> Dialect {
        OWN
    }

    fn read_request<'a>(&self, body: &'a [u8], asked: &Asked<'a>) -> Result<Request<'a>, Fault> {
        request::read(body, asked)
    }

    fn write_request(&self, request: &Request<'_>, target: &Target<'_>, lost: &mut Lost) -> Result<Vec<u8>, Fault> {
        request::write(request, target, lost)
    }

    fn read_reply<'a>(&self, body: &'a [u8]) -> Result<Reply<'a>, Fault> {
        reply::read(body)
    }

    fn write_reply(&self, reply: &Reply<'_>, about: &About<'_>) -> Vec<u8> {
        stream::write_whole(reply, about)
    }

    fn read_stream(&self) -> Box<dyn StreamReader> {
        Box::<Opened<stream::Reader>>::default()
    }

    fn write_stream(&self, about: &About<'_>) -> Box<dyn StreamWriter> {
        Box::new(stream::Writer::new(about))
    }

    fn bound(&self, request: &Request<'_>) -> Option<String> {
        stateful(request).map(str::to_owned)
    }

    fn write_error(&self, fault: &Fault) -> (StatusCode, Bytes) {
        error::write(fault)
    }
}
