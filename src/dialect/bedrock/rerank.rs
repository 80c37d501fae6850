//! Reranking over InvokeModel: Cohere's Rerank and Amazon's own, which differ by one member.

use serde::{Deserialize, Serialize};

use super::Bedrock;
use super::embeddings::no_client;
use crate::canonical::{Fault, FaultKind, Lost, Ranking, RerankRequest, Str};
use crate::dialect::codec::{About, Target};
use crate::dialect::vectors::ranking::{self, Item};
use crate::dialect::vectors::{self, Rerank};
use crate::dialect::wire::read_provider;

#[derive(Serialize)]
struct Out<'a> {
    query: &'a str,
    documents: &'a [Str<'a>],
    #[serde(skip_serializing_if = "Option::is_none")]
    top_n: Option<u64>,
    /// Of Cohere's interface.
    #[serde(skip_serializing_if = "Option::is_none")]
    api_version: Option<u8>,
}

#[derive(Deserialize)]
struct Reply<'a> {
    #[serde(borrow)]
    results: Option<Vec<Item<'a>>>,
}

impl Rerank for Bedrock {
    fn read_request<'a>(&self, _: &'a [u8]) -> Result<RerankRequest<'a>, Fault> {
        Err(no_client())
    }

    fn write_request(
        &self,
        request: &RerankRequest<'_>,
        target: &Target<'_>,
        lost: &mut Lost,
    ) -> Result<Vec<u8>, Fault> {
        if !target.model.contains("rerank") {
            let message = "reranking over Bedrock is known of the models of Cohere and of Amazon";
            return Err(Fault::new(FaultKind::Unsupported, message));
        }
        let RerankRequest { query, documents, top_n, max_tokens_per_document, others } = request;
        others.iter().for_each(|name| lost.add(name.to_string()));
        lost.add_if(max_tokens_per_document.is_some(), "max_tokens_per_doc");
        let api_version = target.model.contains("cohere.").then_some(2);
        vectors::json(&Out { query, documents, top_n: *top_n, api_version })
    }

    fn read_reply<'a>(&self, body: &'a [u8]) -> Result<Ranking<'a>, Fault> {
        let wire: Reply<'a> = read_provider(body)?;
        Ok(Ranking { results: ranking::results(wire.results, body)?, ..Ranking::default() })
    }

    fn write_reply(&self, _: &Ranking<'_>, _: &About<'_>) -> Result<Vec<u8>, Fault> {
        Err(no_client())
    }
}
