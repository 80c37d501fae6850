//! `/v1/rerank`: Jina's shape, which vLLM, OpenRouter, Together and others have beside OpenAI's dialect, and which
//! Cohere's version 1 is near enough to.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::OpenAiChat;
use super::embeddings::counted;
use crate::canonical::{Fault, Lost, Ranked, Ranking, Raw, RerankRequest, Str};
use crate::dialect::codec::{About, Target};
use crate::dialect::vectors::ranking::{self, Item};
use crate::dialect::vectors::{self, Rerank};
use crate::dialect::wire::read_provider;

/// Documents are given back by ourselves, see [`Asked`].
const KNOWN: [&str; 7] = ["model", "query", "documents", "top_n", "top_k", "max_tokens_per_doc", "return_documents"];

/// What the writer of a reply has to know.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked<'a> {
    return_documents: Option<bool>,
    #[serde(borrow)]
    documents: Vec<Raw<'a>>,
}

#[derive(Serialize)]
struct Out<'a> {
    model: &'a str,
    query: &'a str,
    documents: &'a [Str<'a>],
    #[serde(skip_serializing_if = "Option::is_none")]
    top_n: Option<u64>,
}

#[derive(Deserialize)]
struct Reply<'a> {
    #[serde(borrow)]
    id: Option<Str<'a>>,
    #[serde(borrow)]
    model: Option<Str<'a>>,
    /// Voyage says `data`.
    #[serde(borrow, alias = "data")]
    results: Option<Vec<Item<'a>>>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Units {
    search_units: Option<u64>,
}

impl Rerank for OpenAiChat {
    fn read_request<'a>(&self, body: &'a [u8]) -> Result<RerankRequest<'a>, Fault> {
        ranking::read_request(body, &KNOWN)
    }

    fn write_request(
        &self,
        request: &RerankRequest<'_>,
        target: &Target<'_>,
        lost: &mut Lost,
    ) -> Result<Vec<u8>, Fault> {
        request.others.iter().for_each(|name| lost.add(name.to_string()));
        lost.add_if(request.max_tokens_per_document.is_some(), "max_tokens_per_doc");
        let RerankRequest { query, documents, top_n, .. } = request;
        vectors::json(&Out { model: target.model, query, documents, top_n: *top_n })
    }

    fn read_reply<'a>(&self, body: &'a [u8]) -> Result<Ranking<'a>, Fault> {
        let wire: Reply<'a> = read_provider(body)?;
        let units = wire.usage.and_then(|raw| serde_json::from_str::<Units>(raw.get()).ok());
        Ok(Ranking {
            id: wire.id,
            model: wire.model,
            results: ranking::results(wire.results, body)?,
            usage: wire.usage.map(|raw| counted(raw.get())).unwrap_or_default(),
            search_units: units.and_then(|units| units.search_units),
        })
    }

    fn write_reply(&self, reply: &Ranking<'_>, about: &About<'_>) -> Result<Vec<u8>, Fault> {
        let asked: Asked<'_> = serde_json::from_slice(about.request).unwrap_or_default();
        let documents = if asked.return_documents == Some(true) { asked.documents } else { Vec::new() };
        let mut out = br#"{"id":"#.to_vec();
        vectors::string(&mut out, reply.id.as_deref().unwrap_or(about.id));
        out.extend_from_slice(br#","model":"#);
        vectors::string(&mut out, reply.model.as_deref().unwrap_or(about.model));
        out.extend_from_slice(br#","results":"#);
        vectors::list(&mut out, &reply.results, |Ranked { index, score }, out| {
            out.extend_from_slice(format!(r#"{{"index":{index},"relevance_score":{}"#, score.as_str()).as_bytes());
            if let Some(document) = documents.get(*index) {
                let is_text = !document.is_object();
                out.extend_from_slice(if is_text { br#","document":{"text":"# } else { br#","document":"# });
                out.extend_from_slice(document.as_str().as_bytes());
                out.extend_from_slice(if is_text { b"}" } else { b"" });
            }
            out.push(b'}');
            Ok(())
        })?;
        // Jina's clients look for tokens in one place, Cohere's for what is billed in another.
        let tokens = reply.usage.input.unwrap_or_default();
        out.extend_from_slice(format!(r#","usage":{{"total_tokens":{tokens}}}"#).as_bytes());
        if let Some(units) = reply.search_units {
            out.extend_from_slice(format!(r#","meta":{{"billed_units":{{"search_units":{units}}}}}"#).as_bytes());
        }
        out.push(b'}');
        Ok(out)
    }
}
