//! What the dialects that rerank have in common: Cohere's members, which others took over.

use serde::Deserialize;

use super::{document, missing, refused, unknown};
use crate::canonical::{Fault, Ranked, Raw, RerankRequest, Str};
use crate::dialect::wire::read_client;

/// A client's request, in a dialect that knows the members `known`.
pub fn read_request<'a>(body: &'a [u8], known: &[&str]) -> Result<RerankRequest<'a>, Fault> {
    #[derive(Deserialize)]
    struct Wire<'a> {
        #[serde(borrow)]
        query: Option<Str<'a>>,
        #[serde(borrow)]
        documents: Option<Vec<Raw<'a>>>,
        /// Voyage says `top_k`.
        #[serde(alias = "top_k")]
        top_n: Option<u64>,
        max_tokens_per_doc: Option<u64>,
    }
    let wire: Wire<'a> = read_client(body)?;
    let documents = wire.documents.filter(|documents| !documents.is_empty());
    let documents = documents.ok_or_else(|| refused("`documents`: expected at least one"))?;
    Ok(RerankRequest {
        query: wire.query.ok_or_else(|| refused("`query`: missing"))?,
        documents: documents.iter().enumerate().map(|(at, raw)| document(raw, at)).collect::<Result<_, _>>()?,
        top_n: wire.top_n,
        max_tokens_per_document: wire.max_tokens_per_doc,
        others: unknown(body, known)?,
    })
}

/// A document's place in a provider's reply.
#[derive(Deserialize)]
pub struct Item<'a> {
    index: usize,
    #[serde(borrow, alias = "score")]
    relevance_score: Raw<'a>,
}

/// The places in a provider's reply, which is `body`.
pub fn results<'a>(items: Option<Vec<Item<'a>>>, body: &[u8]) -> Result<Vec<Ranked<'a>>, Fault> {
    let items = items.filter(|items| !items.is_empty()).ok_or_else(|| missing(body, "results"))?;
    Ok(items.into_iter().map(|Item { index, relevance_score: score }| Ranked { index, score }).collect())
}
