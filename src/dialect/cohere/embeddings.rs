//! `/v2/embed`.
//!
//! Its vectors come by their types: floating point numbers, base64, or numbers of fewer bits, which no other vendor
//! gives in the same way.

use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::Cohere;
use super::content::{located, medium};
use super::usage::billed;
use crate::canonical::{
    EmbeddingInput, EmbeddingPiece, Embeddings, EmbeddingsRequest, Fault, Lost, MediaKind, Purpose, Raw, Source, Str,
    Truncate, Usage,
};
use crate::dialect::codec::{About, Target};
use crate::dialect::vectors::{self, Embed, coheres, refused};
use crate::dialect::wire::{List, read_client, read_provider};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Body<'a> {
    #[serde(borrow)]
    texts: Option<Vec<Str<'a>>>,
    #[serde(borrow)]
    images: Option<Vec<Str<'a>>>,
    #[serde(borrow)]
    inputs: Option<Vec<Input<'a>>>,
    #[serde(borrow)]
    input_type: Option<Str<'a>>,
    #[serde(borrow)]
    embedding_types: List<Str<'a>>,
    output_dimension: Option<u64>,
    #[serde(borrow)]
    truncate: Option<Str<'a>>,
}

const KNOWN: [&str; 8] =
    ["model", "texts", "images", "inputs", "input_type", "embedding_types", "output_dimension", "truncate"];

#[derive(Deserialize)]
struct Input<'a> {
    #[serde(borrow)]
    content: List<Piece<'a>>,
}

#[derive(Deserialize)]
struct Piece<'a> {
    #[serde(borrow)]
    text: Option<Str<'a>>,
    #[serde(borrow)]
    image_url: Option<Address<'a>>,
}

#[derive(Deserialize)]
struct Address<'a> {
    #[serde(borrow)]
    url: Str<'a>,
}

/// What the writer of a reply has to know.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked<'a> {
    #[serde(borrow)]
    embedding_types: List<Str<'a>>,
    #[serde(borrow)]
    texts: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Reply<'a> {
    #[serde(borrow)]
    id: Option<Str<'a>>,
    #[serde(borrow)]
    embeddings: Option<Types<'a>>,
    meta: Option<Meta>,
}

#[derive(Deserialize)]
struct Types<'a> {
    #[serde(borrow)]
    float: Option<Vec<Raw<'a>>>,
    #[serde(borrow)]
    base64: Option<Vec<Raw<'a>>>,
    #[serde(borrow)]
    int8: Option<&'a RawValue>,
    #[serde(borrow)]
    uint8: Option<&'a RawValue>,
    #[serde(borrow)]
    binary: Option<&'a RawValue>,
    #[serde(borrow)]
    ubinary: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Meta {
    billed_units: Option<super::usage::Counts>,
}

impl Embed for Cohere {
    fn read_request<'a>(&self, body: &'a [u8]) -> Result<EmbeddingsRequest<'a>, Fault> {
        let wire: Body<'a> = read_client(body)?;
        let image = |url| EmbeddingInput::Pieces(vec![image(url)]);
        let mut inputs: Vec<EmbeddingInput<'a>> = Vec::new();
        inputs.extend(wire.texts.unwrap_or_default().into_iter().map(EmbeddingInput::Text));
        inputs.extend(wire.images.unwrap_or_default().into_iter().map(image));
        for (at, input) in wire.inputs.unwrap_or_default().into_iter().enumerate() {
            let pieces = input.content.0.into_iter().map(piece).collect::<Option<Vec<_>>>();
            let pieces = pieces.filter(|pieces| !pieces.is_empty()).ok_or_else(|| {
                refused(format!("`inputs[{at}].content`: expected pieces of the types text and image_url"))
            })?;
            inputs.push(EmbeddingInput::Pieces(pieces));
        }
        if inputs.is_empty() {
            return Err(refused("expected at least one of `texts`, `images` and `inputs`"));
        }
        let types = wire.embedding_types.0;
        let no_floats = !types.is_empty() && !types.iter().any(|name| is_float(name));
        Ok(EmbeddingsRequest {
            inputs,
            purpose: wire.input_type.map(|word| purpose(&word)).transpose()?.flatten(),
            dimensions: wire.output_dimension,
            truncate: wire.truncate.map(|word| truncate(&word)).transpose()?,
            no_floats,
            quantised: types.into_iter().filter(|name| !is_float(name)).collect(),
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
        lost.add_if(request.user.is_some(), "user");
        lost.add_if(request.title.is_some(), "title");
        let media = request.has_media();
        vectors::json(&coheres::Asked {
            model: Some(target.model),
            texts: if media { None } else { Some(request.texts()?) },
            inputs: if media { Some(inputs(request)?) } else { None },
            ..coheres::Asked::of(request, lost)
        })
    }

    fn read_reply<'a>(&self, body: &'a [u8]) -> Result<Embeddings<'a>, Fault> {
        let wire: Reply<'a> = read_provider(body)?;
        let types = wire.embeddings.ok_or_else(|| vectors::missing(body, "embeddings"))?;
        // A client of Cohere's own may have asked for others, and is given them as they come.
        let quantised = types.int8.or(types.uint8).or(types.binary).or(types.ubinary).is_some();
        let lists = types.float.or(types.base64).unwrap_or_default();
        if lists.is_empty() && !quantised {
            return Err(vectors::missing(body, "embeddings"));
        }
        Ok(Embeddings {
            id: wire.id,
            model: None,
            vectors: lists.iter().map(vectors::vector).collect::<Result<_, _>>()?,
            usage: wire.meta.and_then(|meta| meta.billed_units).map(billed).unwrap_or_default(),
        })
    }

    fn write_reply(&self, reply: &Embeddings<'_>, about: &About<'_>) -> Result<Vec<u8>, Fault> {
        let asked: Asked<'_> = serde_json::from_slice(about.request).unwrap_or_default();
        let base64 = asked.embedding_types.0.iter().any(|name| name == "base64");
        let float = !base64 || asked.embedding_types.0.iter().any(|name| name == "float");
        let mut out = br#"{"id":"#.to_vec();
        vectors::string(&mut out, reply.id.as_deref().unwrap_or(about.id));
        out.extend_from_slice(br#","embeddings":{"#);
        if float {
            out.extend_from_slice(br#""float":"#);
            vectors::list(&mut out, &reply.vectors, |vector, out| vector.write_numbers(out))?;
        }
        if base64 {
            out.extend_from_slice(if float { br#","base64":"# } else { br#""base64":"# });
            vectors::list(&mut out, &reply.vectors, |vector, out| vector.write_base64(out))?;
        }
        out.push(b'}');
        if let Some(texts) = asked.texts {
            out.extend_from_slice(br#","texts":"#);
            out.extend_from_slice(texts.get().as_bytes());
        }
        let Usage { input, .. } = reply.usage;
        let units = input.map(|tokens| json!({"billed_units": {"input_tokens": tokens}}));
        let mut meta = units.unwrap_or_else(|| json!({}));
        meta["api_version"] = json!({"version": "2"});
        out.extend_from_slice(format!(r#","meta":{meta},"response_type":"embeddings_by_type"}}"#).as_bytes());
        Ok(out)
    }
}

fn is_float(name: &str) -> bool {
    matches!(name, "float" | "base64")
}

fn image(url: Str<'_>) -> EmbeddingPiece<'_> {
    let (source, mime) = located(url);
    EmbeddingPiece::Media(Box::new(medium(MediaKind::Image, source, mime)))
}

fn piece(wire: Piece<'_>) -> Option<EmbeddingPiece<'_>> {
    match wire {
        Piece { text: Some(text), .. } => Some(EmbeddingPiece::Text(text)),
        Piece { image_url: Some(address), .. } => Some(image(address.url)),
        _ => None,
    }
}

/// `image` says what the inputs are, not what they are for.
fn purpose(word: &str) -> Result<Option<Purpose>, Fault> {
    Ok(match word {
        "search_query" => Some(Purpose::Query),
        "search_document" => Some(Purpose::Document),
        "classification" => Some(Purpose::Classification),
        "clustering" => Some(Purpose::Clustering),
        "image" => None,
        _ => return Err(refused(format!("`input_type`: `{word}` is unknown"))),
    })
}

fn truncate(word: &str) -> Result<Truncate, Fault> {
    Ok(match word.to_ascii_uppercase().as_str() {
        "NONE" => Truncate::Never,
        "START" => Truncate::Start,
        "END" => Truncate::End,
        _ => return Err(refused(format!("`truncate`: expected NONE, START or END, but got `{word}`"))),
    })
}

fn inputs(request: &EmbeddingsRequest<'_>) -> Result<Vec<serde_json::Value>, Fault> {
    let text = |text: &str| json!({"type": "text", "text": text});
    let content = |(at, input): (usize, &EmbeddingInput<'_>)| {
        let EmbeddingInput::Pieces(pieces) = input else { return Ok(json!({"content": [text(&input.text(at)?)]})) };
        let pieces = pieces.iter().map(|piece| match piece {
            EmbeddingPiece::Text(said) => Ok(text(said)),
            EmbeddingPiece::Media(media) => match (&media.source, media.kind) {
                (Source::Url(url), MediaKind::Image) => Ok(json!({"type": "image_url", "image_url": {"url": url}})),
                (Source::Base64(data), MediaKind::Image) => {
                    let mime = if media.mime.is_empty() { "image/png" } else { &*media.mime };
                    Ok(json!({"type": "image_url", "image_url": {"url": format!("data:{mime};base64,{data}")}}))
                }
                // The fault says what it is not.
                _ => input.text(at).map(|said| text(&said)),
            },
        });
        Ok(json!({"content": pieces.collect::<Result<Vec<_>, Fault>>()?}))
    };
    request.inputs.iter().enumerate().map(content).collect()
}
