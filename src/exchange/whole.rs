//! Embeddings and reranking in the translated lane: one document each way.

use bytes::Bytes;
use http::HeaderMap;

use super::Call;
use super::outbound::unsupported;
use crate::canonical::{Fault, FaultKind, Lost, Usage};
use crate::dialect::codec::{Codec, Target};
use crate::dialect::doors::Operation;

/// Where Bedrock counts the tokens of a model whose own answer does not.
const BEDROCKS_COUNT: &str = "x-amzn-bedrock-input-token-count";

/// What is sent to a target of another dialect. `None`: this is no such call.
pub(super) fn request(
    call: &Call,
    (client, target): (&dyn Codec, &dyn Codec),
    to: &Target<'_>,
    lost: &mut Lost,
) -> Option<Result<Vec<u8>, Fault>> {
    let body = || call.body.slice(0, call.body.len());
    Some(match call.operation {
        Operation::Embeddings | Operation::Embedding => match (client.embeddings(), target.embeddings()) {
            (Some(client), Some(target)) => {
                client.read_request(&body()).and_then(|request| target.write_request(&request, to, lost))
            }
            _ => Err(unsupported(call, target.dialect())),
        },
        Operation::Rerank => match (client.reranking(), target.reranking()) {
            (Some(client), Some(target)) => {
                client.read_request(&body()).and_then(|request| target.write_request(&request, to, lost))
            }
            _ => Err(unsupported(call, target.dialect())),
        },
        Operation::Chat | Operation::Completions | Operation::CountTokens => return None,
    })
}

/// A target's answer in the client's dialect, and what it counted. `None`: this is no such call.
pub(super) fn reply(
    call: &Call,
    (client, target): (&dyn Codec, &dyn Codec),
    headers: &HeaderMap,
    body: &[u8],
) -> Option<Result<(Bytes, Usage), Fault>> {
    let asked = call.body.slice(0, call.body.len());
    Some(match call.operation {
        Operation::Embeddings | Operation::Embedding => match (client.embeddings(), target.embeddings()) {
            (Some(client), Some(target)) => target.read_reply(body).and_then(|mut read| {
                let inputs = client.read_request(&asked)?.inputs.len();
                if read.vectors.len() < inputs {
                    return Err(too_few(read.vectors.len(), inputs));
                }
                let counted = || headers.get(BEDROCKS_COUNT)?.to_str().ok()?.parse().ok();
                read.usage.input = read.usage.input.or_else(counted);
                let written = call.about(&asked, |about| client.write_reply(&read, about))?;
                Ok((written.into(), read.usage))
            }),
            _ => Err(unsupported(call, target.dialect())),
        },
        Operation::Rerank => match (client.reranking(), target.reranking()) {
            (Some(client), Some(target)) => target.read_reply(body).and_then(|read| {
                let written = call.about(&asked, |about| client.write_reply(&read, about))?;
                Ok((written.into(), read.usage))
            }),
            _ => Err(unsupported(call, target.dialect())),
        },
        Operation::Chat | Operation::Completions | Operation::CountTokens => return None,
    })
}

/// What an answer counted that passes as it is, or the fault that it really is. `None`: this is no such call.
pub(super) fn usage(call: &Call, codec: &dyn Codec, body: &[u8]) -> Option<Result<Usage, Fault>> {
    Some(match call.operation {
        Operation::Embeddings | Operation::Embedding => codec.embeddings()?.read_reply(body).map(|read| read.usage),
        Operation::Rerank => codec.reranking()?.read_reply(body).map(|read| read.usage),
        Operation::Chat | Operation::Completions | Operation::CountTokens => return None,
    })
}

/// The fault of vectors that pass as they are, where there are fewer than texts were sent: clients pair them by their
/// order. Only what can be read is counted.
pub(super) fn lacks(call: &Call, codec: &dyn Codec, body: &[u8]) -> Option<Fault> {
    let is_embeddings = matches!(call.operation, Operation::Embeddings | Operation::Embedding);
    let codec = codec.embeddings().filter(|_| is_embeddings)?;
    let inputs = codec.read_request(&call.body.slice(0, call.body.len())).ok()?.inputs.len();
    if inputs < 2 {
        return None; // of one there is something, or it would be no answer
    }
    let vectors = codec.read_reply(body).ok()?.vectors.len();
    // None are there in a form that is no list of numbers.
    (0 < vectors && vectors < inputs).then(|| too_few(vectors, inputs))
}

fn too_few(vectors: usize, inputs: usize) -> Fault {
    Fault::new(FaultKind::Malformed, format!("the provider gave {vectors} vectors for {inputs} inputs"))
}
