//! `/api/embed`, and the older `/api/embeddings` of one text, which is read and answered but no longer asked.

use serde::{Deserialize, Serialize};

use super::Ollama;
use crate::canonical::{EmbeddingInput, Embeddings, EmbeddingsRequest, Fault, Lost, Raw, Str, Truncate, Usage};
use crate::dialect::codec::{About, Target};
use crate::dialect::vectors::{self, Embed, refused};
use crate::dialect::wire::{List, read_client, read_provider};

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow, default)]
    input: List<Str<'a>>,
    #[serde(borrow)]
    prompt: Option<Str<'a>>,
    truncate: Option<bool>,
    dimensions: Option<u64>,
    #[serde(borrow)]
    options: Option<Raw<'a>>,
}

/// `keep_alive` is about the server and not about the answer.
const KNOWN: [&str; 7] = ["model", "input", "prompt", "truncate", "dimensions", "options", "keep_alive"];

#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked<'a> {
    #[serde(borrow)]
    input: Option<Raw<'a>>,
}

#[derive(Serialize)]
struct Out<'a> {
    model: &'a str,
    input: Vec<Str<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    truncate: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dimensions: Option<u64>,
}

#[derive(Deserialize)]
struct Reply<'a> {
    #[serde(borrow)]
    model: Option<Str<'a>>,
    #[serde(borrow)]
    embeddings: Option<Vec<Raw<'a>>>,
    #[serde(borrow)]
    embedding: Option<Raw<'a>>,
    prompt_eval_count: Option<u64>,
}

impl Embed for Ollama {
    fn read_request<'a>(&self, body: &'a [u8]) -> Result<EmbeddingsRequest<'a>, Fault> {
        let wire: Body<'a> = read_client(body)?;
        let inputs: Vec<_> = wire.input.0.into_iter().chain(wire.prompt).map(EmbeddingInput::Text).collect();
        if inputs.is_empty() {
            return Err(refused("`input`: expected at least one text"));
        }
        let mut others = vectors::unknown(body, &KNOWN)?;
        // Clients send an empty object where there are none.
        others.extend(
            wire.options
                .filter(|options| options.tree().as_object().is_none_or(|all| !all.is_empty()))
                .map(|_| "options".into()),
        );
        Ok(EmbeddingsRequest {
            inputs,
            dimensions: wire.dimensions,
            truncate: wire.truncate.map(|cut| if cut { Truncate::End } else { Truncate::Never }),
            others,
            ..EmbeddingsRequest::default()
        })
    }

    fn write_request(
        &self,
        request: &EmbeddingsRequest<'_>,
        target: &Target<'_>,
        lost: &mut Lost,
    ) -> Result<Vec<u8>, Fault> {
        request.lose_what_is_special(lost)?;
        lost.add_if(request.purpose.is_some(), "input_type");
        lost.add_if(request.title.is_some(), "title");
        lost.add_if(request.user.is_some(), "user");
        lost.add_if(request.truncate == Some(Truncate::Start), "truncate");
        let truncate = request.truncate.map(|truncate| truncate != Truncate::Never);
        let input = request.texts()?;
        vectors::json(&Out { model: target.model, input, truncate, dimensions: request.dimensions })
    }

    fn read_reply<'a>(&self, body: &'a [u8]) -> Result<Embeddings<'a>, Fault> {
        let wire: Reply<'a> = read_provider(body)?;
        let lists: Vec<Raw<'a>> = wire.embeddings.into_iter().flatten().chain(wire.embedding).collect();
        if lists.is_empty() {
            return Err(vectors::missing(body, "embeddings"));
        }
        Ok(Embeddings {
            id: None,
            model: wire.model,
            vectors: lists.iter().map(vectors::vector).collect::<Result<_, _>>()?,
            usage: Usage { input: wire.prompt_eval_count, ..Usage::default() },
        })
    }

    fn write_reply(&self, reply: &Embeddings<'_>, about: &About<'_>) -> Result<Vec<u8>, Fault> {
        let asked: Asked<'_> = serde_json::from_slice(about.request).unwrap_or_default();
        let mut out = Vec::new();
        if asked.input.is_none() {
            let Some(vector) = reply.vectors.first() else { return Err(vectors::missing(b"{}", "embedding")) };
            out.extend_from_slice(br#"{"embedding":"#);
            vector.write_numbers(&mut out)?;
            out.push(b'}');
            return Ok(out);
        }
        out.extend_from_slice(br#"{"model":"#);
        vectors::string(&mut out, about.model);
        out.extend_from_slice(br#","embeddings":"#);
        vectors::list(&mut out, &reply.vectors, |vector, out| vector.write_numbers(out))?;
        if let Some(tokens) = reply.usage.input {
            out.extend_from_slice(format!(r#","prompt_eval_count":{tokens}"#).as_bytes());
        }
        out.push(b'}');
        Ok(out)
    }
}
