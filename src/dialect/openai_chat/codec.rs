//! Chat as one of the dialects that are translated.

use bytes::Bytes;
use http::StatusCode;

use super::{translate, write_error};
use crate::canonical::{Dialect, Fault, Lost, Opened, Reply, Request, StreamReader, StreamWriter};
use crate::dialect::codec::{About, Asked, Codec, Flavour, Target};
use crate::dialect::vectors::{Embed, Rerank};

/// OpenAI's Chat Completions, and what the many other servers that speak it make of it.
#[derive(Clone, Copy, Debug, Default)]
pub struct OpenAiChat;

impl Codec for OpenAiChat {
    fn dialect(&self) -> Dialect {
        Dialect::OpenAiChat
    }

    fn read_request<'a>(&self, body: &'a [u8], asked: &Asked<'a>) -> Result<Request<'a>, Fault> {
        translate::read_request(body, asked)
    }

    fn write_request(&self, request: &Request<'_>, target: &Target<'_>, lost: &mut Lost) -> Result<Vec<u8>, Fault> {
        Ok(translate::write_request(request, target, lost))
    }

    fn read_reply<'a>(&self, body: &'a [u8]) -> Result<Reply<'a>, Fault> {
        translate::read_reply(body)
    }

    fn write_reply(&self, reply: &Reply<'_>, about: &About<'_>) -> Vec<u8> {
        translate::write_reply(reply, about)
    }

    fn read_stream(&self) -> Box<dyn StreamReader> {
        Box::<Opened<translate::Reader>>::default()
    }

    fn write_stream(&self, about: &About<'_>) -> Box<dyn StreamWriter> {
        Box::new(translate::Writer::new(about))
    }

    fn closing(&self) -> &'static [u8] {
        b"data: [DONE]\n\n"
    }

    fn prefills(&self, target: &Target<'_>) -> bool {
        matches!(target.flavour, Flavour::Mistral | Flavour::OpenRouter)
    }

    fn signs_thoughts(&self) -> bool {
        false
    }

    fn embeddings(&self) -> Option<&dyn Embed> {
        Some(self)
    }

    fn reranking(&self) -> Option<&dyn Rerank> {
        Some(self)
    }

    fn write_error(&self, fault: &Fault) -> (StatusCode, Bytes) {
        write_error(fault)
    }
}
