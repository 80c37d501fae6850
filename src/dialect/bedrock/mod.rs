//! AWS Bedrock's dialect: Converse and ConverseStream.
//!
//! One interface to many families of models: what is said of a model beside its name lies in [`models`]. The model and
//! whether the answer is a stream are in the path. A stream comes in the frames of
//! [`aws_events`](super::aws_events); a reader is given the frame's type as its name, an exception's as
//! `exception:NAME`. An answer names neither itself nor its model. Signatures of thoughts that come over Converse are
//! of this dialect, whoever's model made them.
//!
//! InvokeModel carries a model's own dialect: embeddings and reranking are asked for there, and of Claude's Messages
//! [`invoke`](super::invoke) tells.

mod blocks;
mod content;
pub mod counted;
mod embeddings;
mod error;
mod media;
pub mod models;
mod names;
mod reply;
mod request;
mod rerank;
mod stop;
mod stream;
#[cfg(test)]
mod tests;
mod usage;
mod wire;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

pub use error::{error_type, exception, kind_of, write_exception};
pub use names::fitting_name;

use super::codec::{About, Asked, Codec, Framing, Target};
use super::vectors::{Embed, Rerank};
use crate::canonical::{Dialect, Fault, Lost, Opened, Reply, Request, StreamReader, StreamWriter};

const DIALECT: Dialect = Dialect::Bedrock;

/// AWS Bedrock's Converse.
pub struct Bedrock;

impl Codec for Bedrock {
    fn dialect(&self) -> Dialect {
        DIALECT
    }

    fn framing(&self) -> Framing {
        Framing::AwsEvents
    }

    fn stream_type(&self) -> &'static str {
        "application/vnd.amazon.eventstream"
    }

    /// Its SDKs know every event by its type, and have none for this.
    fn keep_alive(&self) -> &'static [u8] {
        b""
    }

    fn prefills(&self, target: &Target<'_>) -> bool {
        models::Family::of(target.model).takes_prefill()
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

    fn write_reply(&self, reply: &Reply<'_>, _about: &About<'_>) -> Vec<u8> {
        reply::write(reply)
    }

    fn read_stream(&self) -> Box<dyn StreamReader> {
        Box::<Opened<stream::Reader>>::default()
    }

    fn write_stream(&self, _about: &About<'_>) -> Box<dyn StreamWriter> {
        Box::<stream::Writer>::default()
    }

    fn embeddings(&self) -> Option<&dyn Embed> {
        Some(self)
    }

    fn reranking(&self) -> Option<&dyn Rerank> {
        Some(self)
    }

    fn write_count_request(&self, request: &Request<'_>, target: &Target<'_>) -> Option<Vec<u8>> {
        let body = request::write(request, target, &mut Lost::nothing()).ok()?;
        counted::conversation(&body)
    }

    fn read_count(&self, body: &[u8]) -> Option<u64> {
        counted::read(body)
    }

    fn write_count(&self, tokens: u64) -> Option<Vec<u8>> {
        Some(counted::write(tokens))
    }

    fn error_header(&self, fault: &Fault) -> Option<(&'static str, &'static str)> {
        Some(("x-amzn-errortype", error::error_type(fault)))
    }

    fn read_error(&self, status: u16, headers: &HeaderMap, body: &Bytes) -> Fault {
        error::read(status, headers, body)
    }

    fn write_error(&self, fault: &Fault) -> (StatusCode, Bytes) {
        error::write(fault)
    }
}
