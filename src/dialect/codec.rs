//! What a dialect has to be able to do.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use super::error;
use super::vectors::{Embed, Rerank};
use crate::canonical::{Dialect, Fault, Lost, Reply, Request, StreamReader, StreamWriter};

/// One dialect: what it reads into the canonical model and writes from it. No codec knows of any other.
///
/// Readers take what the vendor takes and what is seen in the wild, and refuse the rest with words that name the
/// place. Writers write what the vendor's own documentation asks for, and name what they have to leave out.
pub trait Codec: Sync {
    /// Its name.
    fn dialect(&self) -> Dialect;

    /// How a provider's stream is cut into frames.
    fn framing(&self) -> Framing {
        Framing::Sse
    }

    /// The content type of a stream that a client of this dialect is given.
    fn stream_type(&self) -> &'static str {
        "text/event-stream"
    }

    /// A client's request. A [`FaultKind::BadRequest`](crate::canonical::FaultKind::BadRequest) tells the client which
    /// member is wrong, by its path.
    fn read_request<'a>(&self, body: &'a [u8], asked: &Asked<'a>) -> Result<Request<'a>, Fault>;

    /// The member of a client's request, if there is one, by which it refers to what only the provider that it was
    /// said to can know, such as an earlier answer. Such a request cannot go to another dialect.
    fn bound(&self, _request: &Request<'_>) -> Option<String> {
        None
    }

    /// The request as this dialect's provider wants it. What cannot be said is emulated, or left out and named in
    /// `lost`; a fault where the request makes no sense without it.
    fn write_request(&self, request: &Request<'_>, target: &Target<'_>, lost: &mut Lost) -> Result<Vec<u8>, Fault>;

    /// A provider's whole reply under a 200: an answer, or the error that it really is.
    fn read_reply<'a>(&self, body: &'a [u8]) -> Result<Reply<'a>, Fault>;

    /// The reply as this dialect's client expects it.
    fn write_reply(&self, reply: &Reply<'_>, about: &About<'_>) -> Vec<u8>;

    /// What a provider's error reply means, by its status, headers and body.
    fn read_error(&self, status: u16, headers: &HeaderMap, body: &Bytes) -> Fault {
        error::read(status, headers, body)
    }

    /// Reads one provider's stream.
    fn read_stream(&self) -> Box<dyn StreamReader>;

    /// Writes one client's stream.
    fn write_stream(&self, about: &About<'_>) -> Box<dyn StreamWriter>;

    /// Whether a provider goes on from the beginning of an answer that the request ends with.
    fn prefills(&self, _target: &Target<'_>) -> bool {
        false
    }

    /// What is left of a stream whose reason to end has been told.
    fn closing(&self) -> &'static [u8] {
        b""
    }

    /// What a client can be sent between two events, and before the first, so that neither it nor a proxy on the way
    /// takes a long silence for a broken connection: its SDKs pass it over. Empty: there is no such thing. A comment, as
    /// the standard of server-sent events proposes it.
    fn keep_alive(&self) -> &'static [u8] {
        b": keep-alive\n\n"
    }

    /// Its clients give thoughts back with the provider's proof of them: half a thought is none.
    fn signs_thoughts(&self) -> bool {
        true
    }

    /// Its embeddings, in dialects that have them.
    fn embeddings(&self) -> Option<&dyn Embed> {
        None
    }

    /// Its reranking, in dialects that have it.
    fn reranking(&self) -> Option<&dyn Rerank> {
        None
    }

    /// A request to count the tokens of `request`, in dialects whose vendor can be asked for it.
    fn write_count_request(&self, _request: &Request<'_>, _target: &Target<'_>) -> Option<Vec<u8>> {
        None
    }

    /// How many tokens the vendor counted.
    fn read_count(&self, _body: &[u8]) -> Option<u64> {
        None
    }

    /// How many tokens a client's request has, in dialects whose clients can ask for it.
    fn write_count(&self, _tokens: u64) -> Option<Vec<u8>> {
        None
    }

    /// The list of models, for a client that asks in this dialect. `created` is in seconds since 1970.
    fn write_models(&self, _names: &[&str], _created: u64) -> Option<Bytes> {
        None
    }

    /// A header that goes with [`Self::write_error`], in dialects that name the error there.
    fn error_header(&self, _fault: &Fault) -> Option<(&'static str, &'static str)> {
        None
    }

    /// A fault as this dialect's client is told before an answer has begun: status and JSON body.
    fn write_error(&self, fault: &Fault) -> (StatusCode, Bytes);
}

/// How a stream is cut into frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// Server-sent events.
    Sse,
    /// Server-sent events, or one JSON array whose elements come one by one: the first byte says which.
    JsonArray,
    /// One JSON document a line.
    Lines,
    /// `application/vnd.amazon.eventstream`.
    AwsEvents,
    /// The same, with one event in each frame of type `chunk`.
    AwsChunks,
}

/// What a request's path says, in dialects that put it there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked<'a> {
    /// The model, where the path names it.
    pub model: Option<&'a str>,
    /// The answer is to come as a stream, where the path says it.
    pub stream: bool,
    /// A stream is to come as one JSON array (Gemini without `alt=sse`).
    pub json_array: bool,
}

/// For which model, and whose, a request is written.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The model's name there.
    pub model: &'a str,
    /// In which way its provider departs from the dialect's own vendor.
    pub flavour: Flavour,
}

/// In which way a provider departs from a dialect's own vendor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Flavour {
    /// Not at all.
    #[default]
    Vendor,
    /// Some other server that speaks it: the oldest and simplest form of everything.
    Compatible,
    /// On Google's Vertex.
    Vertex,
    /// On AWS Bedrock's InvokeModel.
    Bedrock,
    /// On Azure.
    Azure,
    /// Mistral's own.
    Mistral,
    /// DeepSeek's own.
    DeepSeek,
    /// OpenRouter's own.
    OpenRouter,
}

/// What the writer of an answer has to know of the call.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// An id for the answer, made from the call's, where the provider's is missing or of another shape: 32 hexadecimal
    /// digits, to be given the dialect's prefix.
    pub id: &'a str,
    /// When the call came, in seconds since 1970.
    pub created: u64,
    /// The model, where the provider does not name it.
    pub model: &'a str,
    /// The client wants usage in its stream, in dialects where that is a choice.
    pub usage_in_stream: bool,
    /// The path asked for a stream as one JSON array.
    pub json_array: bool,
    /// The client's own request, for a dialect that repeats its settings in the answer.
    pub request: &'a [u8],
}

/// The codec of a dialect as a provider or a client of that flavour speaks it.
pub fn spoken(dialect: Dialect, flavour: Flavour) -> &'static dyn Codec {
    match (dialect, flavour) {
        (Dialect::Anthropic, Flavour::Bedrock) => &super::invoke::Invoked,
        _ => of(dialect),
    }
}

/// The codec of a dialect, as its own vendor speaks it.
pub fn of(dialect: Dialect) -> &'static dyn Codec {
    match dialect {
        Dialect::OpenAiChat => &super::openai_chat::OpenAiChat,
        Dialect::OpenAiResponses => &super::openai_responses::OpenAiResponses,
        Dialect::Anthropic => &super::anthropic::Anthropic,
        Dialect::Gemini => &super::gemini::Gemini,
        Dialect::Bedrock => &super::bedrock::Bedrock,
        Dialect::Cohere => &super::cohere::Cohere,
        Dialect::Ollama => &super::ollama::Ollama,
    }
}
