//! `embedContent` and `batchEmbedContents`.
//!
//! One input a request, each with settings and a model of its own, so several inputs are a batch. Providers are only
//! asked for batches; clients are answered in the form that they asked in.

use serde::{Deserialize, Serialize};

use super::wire;
use super::{Gemini, parts};
use crate::canonical::{
    EmbeddingInput, EmbeddingPiece, Embeddings, EmbeddingsRequest, Fault, FaultKind, Lost, Media, Purpose, Raw, Source,
    Str, Truncate, Usage,
};
use crate::dialect::codec::{About, Flavour, Target};
use crate::dialect::vectors::{self, Embed, refused};
use crate::dialect::wire::{List, Members, read_client, read_provider};

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    requests: Option<List<One<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct One<'a> {
    #[serde(borrow)]
    content: Option<wire::Content<'a>>,
    #[serde(borrow, alias = "task_type")]
    task_type: Option<Str<'a>>,
    #[serde(borrow)]
    title: Option<Str<'a>>,
    #[serde(alias = "output_dimensionality")]
    output_dimensionality: Option<u64>,
    /// Where newer clients say all of this.
    #[serde(borrow, alias = "embed_content_config")]
    embed_content_config: Option<Settings<'a>>,
}

#[derive(Clone, Default, Deserialize, PartialEq)]
#[serde(default, rename_all = "camelCase")]
struct Settings<'a> {
    #[serde(borrow, alias = "task_type")]
    task_type: Option<Str<'a>>,
    #[serde(borrow)]
    title: Option<Str<'a>>,
    #[serde(alias = "output_dimensionality")]
    output_dimensionality: Option<u64>,
    #[serde(alias = "auto_truncate")]
    auto_truncate: Option<bool>,
}

const KNOWN: [&str; 10] = [
    "model",
    "content",
    "taskType",
    "task_type",
    "title",
    "outputDimensionality",
    "output_dimensionality",
    "embedContentConfig",
    "embed_content_config",
    "requests",
];

#[derive(Serialize)]
struct Out<'a> {
    requests: Vec<OneOut<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OneOut<'a> {
    model: &'a str,
    content: ContentOut<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    task_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_dimensionality: Option<u64>,
}

#[derive(Serialize)]
struct ContentOut<'a> {
    parts: Vec<PartOut<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum PartOut<'a> {
    Text(Str<'a>),
    #[serde(rename_all = "camelCase")]
    InlineData {
        mime_type: &'a str,
        data: &'a str,
    },
    #[serde(rename_all = "camelCase")]
    FileData {
        #[serde(skip_serializing_if = "str::is_empty")]
        mime_type: &'a str,
        file_uri: &'a str,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reply<'a> {
    #[serde(borrow)]
    embedding: Option<Values<'a>>,
    #[serde(borrow)]
    embeddings: Option<Vec<Values<'a>>>,
    usage_metadata: Option<Counted>,
}

#[derive(Deserialize)]
struct Values<'a> {
    #[serde(borrow)]
    values: Raw<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Counted {
    prompt_token_count: Option<wire::Num>,
}

impl Embed for Gemini {
    fn read_request<'a>(&self, body: &'a [u8]) -> Result<EmbeddingsRequest<'a>, Fault> {
        let wire: Body<'a> = read_client(body)?;
        let (all, batch) = match wire.requests {
            Some(all) => (all.0, true),
            None => (vec![read_client(body)?], false),
        };
        let mut inputs = Vec::with_capacity(all.len());
        let mut common: Option<Settings<'a>> = None;
        for (at, one) in all.into_iter().enumerate() {
            let place = if batch { format!("requests[{at}].content") } else { "content".to_owned() };
            let mut settings = one.embed_content_config.unwrap_or_default();
            settings.task_type = settings.task_type.or(one.task_type);
            settings.title = settings.title.or(one.title);
            settings.output_dimensionality = settings.output_dimensionality.or(one.output_dimensionality);
            inputs.push(input(one.content, &place)?);
            match &common {
                None => common = Some(settings),
                Some(common) if *common == settings => {}
                Some(_) => {
                    let message = "the requests of one batch have different settings, which only Gemini allows";
                    return Err(Fault::new(FaultKind::Unsupported, message));
                }
            }
        }
        let settings = common.ok_or_else(|| refused("`requests`: expected at least one"))?;
        Ok(EmbeddingsRequest {
            inputs,
            purpose: settings.task_type.map(|word| purpose(&word)).transpose()?.flatten(),
            dimensions: settings.output_dimensionality,
            truncate: settings.auto_truncate.map(|cut| if cut { Truncate::End } else { Truncate::Never }),
            title: settings.title,
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
        if target.flavour == Flavour::Vertex {
            return Err(Fault::new(FaultKind::Unsupported, "embeddings on Vertex are not translated yet"));
        }
        request.lose_what_is_special(lost)?;
        lost.add_if(request.user.is_some(), "user");
        lost.add_if(matches!(request.truncate, Some(Truncate::Start | Truncate::Never)), "truncate");
        let model = format!("models/{}", target.model);
        let one = |(at, input)| {
            Ok(OneOut {
                model: &model,
                content: ContentOut { parts: parts_of(input, at)? },
                task_type: request.purpose.map(word),
                title: request.title.as_deref(),
                output_dimensionality: request.dimensions,
            })
        };
        let requests = request.inputs.iter().enumerate().map(one).collect::<Result<_, Fault>>()?;
        vectors::json(&Out { requests })
    }

    fn read_reply<'a>(&self, body: &'a [u8]) -> Result<Embeddings<'a>, Fault> {
        let wire: Reply<'a> = read_provider(body)?;
        let all: Vec<Values<'a>> = wire.embeddings.into_iter().flatten().chain(wire.embedding).collect();
        if all.is_empty() {
            return Err(vectors::missing(body, "embeddings"));
        }
        let input = wire.usage_metadata.and_then(|counted| counted.prompt_token_count).and_then(|count| count.count());
        Ok(Embeddings {
            vectors: all.iter().map(|one| vectors::vector(&one.values)).collect::<Result<_, _>>()?,
            usage: Usage { input, ..Usage::default() },
            ..Embeddings::default()
        })
    }

    fn write_reply(&self, reply: &Embeddings<'_>, about: &About<'_>) -> Result<Vec<u8>, Fault> {
        #[derive(Deserialize)]
        struct Asked {
            requests: Option<serde::de::IgnoredAny>,
        }
        let batch = serde_json::from_slice(about.request).is_ok_and(|asked: Asked| asked.requests.is_some());
        let write = |vector: &crate::canonical::Vector<'_>, out: &mut Vec<u8>| {
            out.extend_from_slice(br#"{"values":"#);
            vector.write_numbers(out)?;
            out.push(b'}');
            Ok(())
        };
        let mut out = Vec::new();
        if batch {
            out.extend_from_slice(br#"{"embeddings":"#);
            vectors::list(&mut out, &reply.vectors, write)?;
        } else {
            let Some(vector) = reply.vectors.first() else { return Err(vectors::missing(b"{}", "embedding")) };
            out.extend_from_slice(br#"{"embedding":"#);
            write(vector, &mut out)?;
        }
        if let Some(tokens) = reply.usage.input {
            out.extend_from_slice(format!(r#","usageMetadata":{{"promptTokenCount":{tokens}}}"#).as_bytes());
        }
        out.push(b'}');
        Ok(out)
    }

    /// Google refuses a model in the body that is not the one in the path.
    fn with_model(&self, body: &[u8], model: &str) -> Option<Vec<u8>> {
        let named = format!("models/{model}");
        let members: Members<'_> = serde_json::from_slice(body).ok()?;
        let mut out = Vec::with_capacity(body.len() + 64);
        rename(&members, &named, &mut out);
        Some(out)
    }
}

/// Writes the same members with another model, one level deep.
fn rename(members: &Members<'_>, model: &str, out: &mut Vec<u8>) {
    out.push(b'{');
    for (at, (name, json)) in members.0.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        vectors::string(out, name);
        out.push(b':');
        let each: Option<Vec<Members<'_>>> = if name == "requests" { json.read().ok() } else { None };
        match (name.as_str(), each) {
            ("model", _) => vectors::string(out, model),
            (_, Some(each)) => {
                out.push(b'[');
                for (at, one) in each.iter().enumerate() {
                    if at > 0 {
                        out.push(b',');
                    }
                    rename(one, model, out);
                }
                out.push(b']');
            }
            _ => out.extend_from_slice(json.as_str().as_bytes()),
        }
    }
    out.push(b'}');
}

fn input<'a>(content: Option<wire::Content<'a>>, place: &str) -> Result<EmbeddingInput<'a>, Fault> {
    let wrong = || refused(format!("`{place}`: expected parts with a text or data"));
    let piece = |part: wire::Part<'a>| match (part.text, parts::media(part.inline_data, part.file_data)) {
        (_, Some(media)) => Some(EmbeddingPiece::Media(Box::new(media))),
        (Some(text), None) => Some(EmbeddingPiece::Text(text)),
        (None, None) => None,
    };
    let parts = content.map(|content| content.parts.0).unwrap_or_default();
    let mut pieces: Vec<_> = parts.into_iter().map(piece).collect::<Option<_>>().ok_or_else(wrong)?;
    match (pieces.len(), pieces.pop()) {
        (_, None) => Err(wrong()),
        (1, Some(EmbeddingPiece::Text(text))) => Ok(EmbeddingInput::Text(text)),
        (_, Some(last)) => {
            pieces.push(last);
            Ok(EmbeddingInput::Pieces(pieces))
        }
    }
}

fn parts_of<'r>(input: &'r EmbeddingInput<'_>, at: usize) -> Result<Vec<PartOut<'r>>, Fault> {
    let EmbeddingInput::Pieces(pieces) = input else { return Ok(vec![PartOut::Text(input.text(at)?)]) };
    let part = |piece: &'r EmbeddingPiece<'_>| match piece {
        EmbeddingPiece::Text(text) => Ok(PartOut::Text(text.borrowed())),
        EmbeddingPiece::Media(media) => match &**media {
            Media { source: Source::Base64(data), mime, .. } => Ok(PartOut::InlineData { mime_type: mime, data }),
            Media { source: Source::Url(uri), mime, .. } => Ok(PartOut::FileData { mime_type: mime, file_uri: uri }),
            // The fault says what it is not.
            _ => input.text(at).map(PartOut::Text),
        },
    };
    pieces.iter().map(part).collect()
}

/// Those that search for something are all queries to other vendors.
fn purpose(word: &str) -> Result<Option<Purpose>, Fault> {
    Ok(match word.to_ascii_uppercase().as_str() {
        "" | "TASK_TYPE_UNSPECIFIED" => None,
        "RETRIEVAL_QUERY" | "QUESTION_ANSWERING" | "FACT_VERIFICATION" | "CODE_RETRIEVAL_QUERY" => Some(Purpose::Query),
        "RETRIEVAL_DOCUMENT" => Some(Purpose::Document),
        "SEMANTIC_SIMILARITY" => Some(Purpose::Similarity),
        "CLASSIFICATION" => Some(Purpose::Classification),
        "CLUSTERING" => Some(Purpose::Clustering),
        _ => return Err(refused(format!("`taskType`: `{word}` is unknown"))),
    })
}

fn word(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Query => "RETRIEVAL_QUERY",
        Purpose::Document => "RETRIEVAL_DOCUMENT",
        Purpose::Similarity => "SEMANTIC_SIMILARITY",
        Purpose::Classification => "CLASSIFICATION",
        Purpose::Clustering => "CLUSTERING",
    }
}
