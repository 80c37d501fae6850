//! Anthropic's dialect: Messages, as the vendor itself, Vertex and Bedrock's InvokeModel speak it.
//!
//! A turn is a list of blocks. Results of tools stand in a user's message, directly behind the message with their
//! calls and before anything else: `write::turns` brings any conversation into that order. What a model of which
//! generation takes is known to `generation` alone. Blocks that only this dialect has, such as calls of hosted
//! tools, pass as [`Foreign`](crate::canonical::Foreign) and come out unchanged.
//!
//! Signatures of other dialects travel in `thinking` blocks, see `signed`.

mod blocks;
mod count;
mod error;
mod generation;
mod models;
mod reform;
mod reply;
mod request;
mod signed;
mod stop;
mod stream;
mod usage;
mod wire;
mod write;

use bytes::Bytes;
use http::StatusCode;

pub use error::{error_event, write_error};
pub use reform::{Reformed, reform};

use super::codec::{About, Asked, Codec, Target};
use crate::canonical::{Dialect, Fault, Lost, Opened, Reply, Request, StreamReader, StreamWriter};

/// Anthropic's Messages.
#[derive(Clone, Copy, Debug, Default)]
pub struct Anthropic;

impl Codec for Anthropic {
    fn dialect(&self) -> Dialect {
        Dialect::Anthropic
    }

    fn closing(&self) -> &'static [u8] {
        b"event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"
    }

    /// The vendor's own word for it. Its SDKs pass it over wherever it stands, before `message_start` too.
    fn keep_alive(&self) -> &'static [u8] {
        b"event: ping\ndata: {\"type\":\"ping\"}\n\n"
    }

    fn prefills(&self, target: &Target<'_>) -> bool {
        generation::Model::of(target).prefill
    }

    fn read_request<'a>(&self, body: &'a [u8], asked: &Asked<'a>) -> Result<Request<'a>, Fault> {
        request::read(body, asked)
    }

    fn write_request(&self, request: &Request<'_>, target: &Target<'_>, lost: &mut Lost) -> Result<Vec<u8>, Fault> {
        write::request(request, target, lost)
    }

    fn read_reply<'a>(&self, body: &'a [u8]) -> Result<Reply<'a>, Fault> {
        reply::read(body)
    }

    fn write_reply(&self, reply: &Reply<'_>, about: &About<'_>) -> Vec<u8> {
        reply::write(reply, about)
    }

    fn read_stream(&self) -> Box<dyn StreamReader> {
        Box::<Opened<stream::Reader>>::default()
    }

    fn write_stream(&self, about: &About<'_>) -> Box<dyn StreamWriter> {
        Box::new(stream::Writer::new(about))
    }

    fn write_count_request(&self, request: &Request<'_>, target: &Target<'_>) -> Option<Vec<u8>> {
        write::request(request, target, &mut Lost::nothing()).ok().and_then(|body| count::request(&body, target))
    }

    fn read_count(&self, body: &[u8]) -> Option<u64> {
        count::read(body)
    }

    fn write_count(&self, tokens: u64) -> Option<Vec<u8>> {
        Some(count::write(tokens))
    }

    fn write_models(&self, names: &[&str], created: u64) -> Option<Bytes> {
        Some(models::write(names.iter().copied(), created))
    }

    fn write_error(&self, fault: &Fault) -> (StatusCode, Bytes) {
        error::write_error(fault)
    }
}

#[cfg(test)]
mod tests;
