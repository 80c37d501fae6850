//! `/v1/embeddings`, translated.
//!
//! OpenAI's own SDKs ask for base64 unless told otherwise. Providers are always asked for plain numbers, which the
//! writer of a reply turns into what the client wants.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{OpenAiChat, usage};
use crate::canonical::{
    EmbeddingInput, Embeddings, EmbeddingsRequest, Fault, FaultKind, Lost, Purpose, Raw, Str, Truncate, Usage,
};
use crate::dialect::codec::{About, Flavour, Target};
use crate::dialect::vectors::{self, Embed, refused};
use crate::dialect::wire::{read_client, read_provider};

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    input: Option<Raw<'a>>,
    dimensions: Option<u64>,
    #[serde(borrow)]
    user: Option<Str<'a>>,
    /// Of Voyage, OpenRouter, NVIDIA and others.
    #[serde(borrow)]
    input_type: Option<Str<'a>>,
    /// Of Voyage.
    truncation: Option<bool>,
}

const KNOWN: [&str; 7] = ["model", "input", "dimensions", "user", "input_type", "truncation", "encoding_format"];

#[derive(Default, Deserialize)]
#[serde(default)]
struct Form<'a> {
    #[serde(borrow)]
    encoding_format: Option<Str<'a>>,
}

#[derive(Serialize)]
struct Out<'a> {
    model: &'a str,
    input: Vec<In<'a>>,
    encoding_format: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    dimensions: Option<u64>,
    /// Mistral's name for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    output_dimension: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
}

enum In<'a> {
    Text(Str<'a>),
    Tokens(&'a Raw<'a>),
}

impl<'a> In<'a> {
    fn of(at: usize, input: &'a EmbeddingInput<'_>) -> Result<Self, Fault> {
        match input {
            EmbeddingInput::Tokens(raw) => Ok(Self::Tokens(raw)),
            input => input.text(at).map(Self::Text),
        }
    }
}

impl Serialize for In<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => text.serialize(serializer),
            Self::Tokens(raw) => raw.serialize(serializer),
        }
    }
}

#[derive(Deserialize)]
struct Reply<'a> {
    #[serde(borrow)]
    data: Option<Vec<Item<'a>>>,
    #[serde(borrow)]
    model: Option<Str<'a>>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Item<'a> {
    index: Option<u64>,
    #[serde(borrow)]
    embedding: Raw<'a>,
}

impl Embed for OpenAiChat {
    fn read_request<'a>(&self, body: &'a [u8]) -> Result<EmbeddingsRequest<'a>, Fault> {
        let wire: Body<'a> = read_client(body)?;
        let input = wire.input.ok_or_else(|| refused("`input`: missing"))?;
        Ok(EmbeddingsRequest {
            inputs: inputs(&input)?,
            purpose: wire.input_type.map(|word| purpose(&word)).transpose()?,
            dimensions: wire.dimensions,
            truncate: wire.truncation.map(|cut| if cut { Truncate::End } else { Truncate::Never }),
            user: wire.user,
            others: vectors::unknown(body, &KNOWN)?,
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
        let mistral = target.flavour == Flavour::Mistral;
        // A strict server refuses what it does not know; OpenRouter hands it on to those who do.
        let typed = target.flavour == Flavour::OpenRouter;
        lost.add_if(request.purpose.is_some() && !typed, "input_type");
        // What is too long is refused.
        lost.add_if(request.truncate.is_some_and(|truncate| truncate != Truncate::Never), "truncate");
        lost.add_if(request.title.is_some(), "title");
        lost.add_if(request.user.is_some() && mistral, "user");
        vectors::json(&Out {
            model: target.model,
            input: request.inputs.iter().enumerate().map(|(at, input)| In::of(at, input)).collect::<Result<_, _>>()?,
            encoding_format: "float",
            dimensions: request.dimensions.filter(|_| !mistral),
            output_dimension: request.dimensions.filter(|_| mistral),
            input_type: request.purpose.filter(|_| typed).map(word),
            user: request.user.as_deref().filter(|_| !mistral),
        })
    }

    fn read_reply<'a>(&self, body: &'a [u8]) -> Result<Embeddings<'a>, Fault> {
        let wire: Reply<'a> = read_provider(body)?;
        let data = wire.data.filter(|data| !data.is_empty());
        let mut data = data.ok_or_else(|| vectors::missing(body, "data"))?;
        data.sort_by_key(|item| item.index); // those without stay as they came
        Ok(Embeddings {
            id: None,
            model: wire.model,
            vectors: data.iter().map(|item| vectors::vector(&item.embedding)).collect::<Result<_, _>>()?,
            usage: wire.usage.map(|raw| counted(raw.get())).unwrap_or_default(),
        })
    }

    fn write_reply(&self, reply: &Embeddings<'_>, about: &About<'_>) -> Result<Vec<u8>, Fault> {
        let form: Form<'_> = serde_json::from_slice(about.request).unwrap_or_default();
        let base64 = form.encoding_format.as_deref() == Some("base64");
        let mut out = br#"{"object":"list","data":"#.to_vec();
        vectors::list(&mut out, reply.vectors.iter().enumerate(), |(at, vector), out| {
            out.extend_from_slice(format!(r#"{{"object":"embedding","index":{at},"embedding":"#).as_bytes());
            if base64 {
                vector.write_base64(out)?
            } else {
                vector.write_numbers(out)?
            }
            out.push(b'}');
            Ok(())
        })?;
        out.extend_from_slice(br#","model":"#);
        vectors::string(&mut out, reply.model.as_deref().unwrap_or(about.model));
        // Clients want both numbers, known or not.
        let tokens = reply.usage.input.unwrap_or_default();
        let usage = format!(r#","usage":{{"prompt_tokens":{tokens},"total_tokens":{tokens}}}}}"#);
        out.extend_from_slice(usage.as_bytes());
        Ok(out)
    }
}

/// What was counted; Voyage and Jina say only the total.
pub(super) fn counted(object: &str) -> Usage {
    #[derive(Deserialize)]
    struct Total {
        total_tokens: Option<u64>,
    }
    let total = || serde_json::from_str(object).ok().and_then(|total: Total| total.total_tokens);
    let usage = usage::read(object.as_bytes()).unwrap_or_default();
    Usage { input: usage.input.or_else(total), ..usage }
}

/// A text, token ids, or a list of either.
fn inputs<'a>(raw: &Raw<'a>) -> Result<Vec<EmbeddingInput<'a>>, Fault> {
    let source = raw.source().unwrap_or_default();
    let wrong = |place: &str| refused(format!("`{place}`: expected a text, token ids, or a list of either"));
    let one = |raw: &Raw<'a>, place: &str| {
        match raw.as_str().as_bytes().first() {
            Some(b'"') => serde_json::from_str(raw.source().unwrap_or_default()).map(EmbeddingInput::Text).ok(),
            Some(b'[') if raw.read::<Vec<u64>>().is_ok_and(|ids| !ids.is_empty()) => {
                Some(EmbeddingInput::Tokens(raw.clone()))
            }
            _ => None,
        }
        .ok_or_else(|| wrong(place))
    };
    if !source.starts_with('[') {
        return Ok(vec![one(raw, "input")?]);
    }
    let list: Vec<Raw<'a>> = serde_json::from_str(source).map_err(|_| wrong("input"))?;
    match list.first().map(|first| first.as_str().as_bytes()) {
        None => Err(refused("`input`: expected at least one text")),
        Some([b'0'..=b'9', ..]) => Ok(vec![one(raw, "input")?]),
        Some(_) => list.iter().enumerate().map(|(at, raw)| one(raw, &format!("input[{at}]"))).collect(),
    }
}

/// The words of those who have such a member.
fn purpose(word: &str) -> Result<Purpose, Fault> {
    Ok(match word {
        "query" | "search_query" => Purpose::Query,
        "document" | "passage" | "search_document" => Purpose::Document,
        "classification" => Purpose::Classification,
        "clustering" => Purpose::Clustering,
        "similarity" | "semantic_similarity" => Purpose::Similarity,
        _ => {
            let message = format!("`input_type`: `{word}` is not known to other providers");
            return Err(Fault::new(FaultKind::Unsupported, message));
        }
    })
}

fn word(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Query => "search_query",
        Purpose::Document => "search_document",
        Purpose::Similarity => "semantic_similarity",
        Purpose::Classification => "classification",
        Purpose::Clustering => "clustering",
    }
}
