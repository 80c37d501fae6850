//! `/v2/rerank`.

use serde::{Deserialize, Serialize};

use super::Cohere;
use crate::canonical::{Fault, Lost, Ranked, Ranking, RerankRequest, Str, Usage};
use crate::dialect::codec::{About, Target};
use crate::dialect::vectors::ranking::{self, Item};
use crate::dialect::vectors::{self, Rerank};
use crate::dialect::wire::read_provider;

const KNOWN: [&str; 5] = ["model", "query", "documents", "top_n", "max_tokens_per_doc"];

#[derive(Serialize)]
struct Out<'a> {
    model: &'a str,
    query: &'a str,
    documents: &'a [Str<'a>],
    #[serde(skip_serializing_if = "Option::is_none")]
    top_n: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens_per_doc: Option<u64>,
}

#[derive(Deserialize)]
struct Reply<'a> {
    #[serde(borrow)]
    id: Option<Str<'a>>,
    #[serde(borrow)]
    results: Option<Vec<Item<'a>>>,
    meta: Option<Meta>,
}

#[derive(Deserialize)]
struct Meta {
    billed_units: Option<Units>,
}

#[derive(Deserialize)]
struct Units {
    /// A floating point number in Cohere's SDKs.
    search_units: Option<f64>,
}

impl Rerank for Cohere {
    fn read_request<'a>(&self, body: &'a [u8]) -> Result<RerankRequest<'a>, Fault> {
        ranking::read_request(body, &KNOWN)
    }

    fn write_request(
        &self,
        request: &RerankRequest<'_>,
        target: &Target<'_>,
        lost: &mut Lost,
    ) -> Result<Vec<u8>, Fault> {
        let RerankRequest { query, documents, top_n, max_tokens_per_document, others } = request;
        others.iter().for_each(|name| lost.add(name.to_string()));
        let max_tokens_per_doc = *max_tokens_per_document;
        vectors::json(&Out { model: target.model, query, documents, top_n: *top_n, max_tokens_per_doc })
    }

    fn read_reply<'a>(&self, body: &'a [u8]) -> Result<Ranking<'a>, Fault> {
        let wire: Reply<'a> = read_provider(body)?;
        let units = wire.meta.and_then(|meta| meta.billed_units).and_then(|units| units.search_units);
        Ok(Ranking {
            id: wire.id,
            model: None,
            results: ranking::results(wire.results, body)?,
            usage: Usage::default(),
            search_units: units.filter(|units| *units >= 0.0).map(|units| units as u64),
        })
    }

    fn write_reply(&self, reply: &Ranking<'_>, about: &About<'_>) -> Result<Vec<u8>, Fault> {
        let mut out = br#"{"id":"#.to_vec();
        vectors::string(&mut out, reply.id.as_deref().unwrap_or(about.id));
        out.extend_from_slice(br#","results":"#);
        vectors::list(&mut out, &reply.results, |Ranked { index, score }, out| {
            out.extend_from_slice(format!(r#"{{"index":{index},"relevance_score":{}}}"#, score.as_str()).as_bytes());
            Ok(())
        })?;
        let units = reply.search_units.map(|units| format!(r#","billed_units":{{"search_units":{units}}}"#));
        let meta = format!(r#","meta":{{"api_version":{{"version":"2"}}{}}}}}"#, units.unwrap_or_default());
        out.extend_from_slice(meta.as_bytes());
        Ok(out)
    }
}
