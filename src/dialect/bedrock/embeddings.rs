//! Embeddings over InvokeModel, whose body is the model's own: Amazon's Titan and Cohere's Embed.
//!
//! Titan takes one input a call. Titan counts tokens in its answer, Cohere's models only in a header of it.

use serde::{Deserialize, Serialize};

use super::Bedrock;
use crate::canonical::{
    EmbeddingInput, EmbeddingPiece, Embeddings, EmbeddingsRequest, Fault, FaultKind, Lost, Media, Raw, Source, Str,
    Truncate, Usage,
};
use crate::dialect::codec::{About, Target};
use crate::dialect::vectors::{self, Embed, coheres};
use crate::dialect::wire::read_provider;

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Titan<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    input_text: Option<Str<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_image: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dimensions: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    embedding_config: Option<TitanConfig>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TitanConfig {
    output_embedding_length: u64,
}

#[derive(Deserialize)]
struct Reply<'a> {
    #[serde(borrow)]
    id: Option<Str<'a>>,
    /// Titan's one vector.
    #[serde(borrow)]
    embedding: Option<Raw<'a>>,
    #[serde(rename = "inputTextTokenCount")]
    input_text_token_count: Option<u64>,
    /// Cohere's: a list, or an object of lists by their type.
    #[serde(borrow)]
    embeddings: Option<Raw<'a>>,
}

#[derive(Deserialize)]
struct Types<'a> {
    #[serde(borrow)]
    float: Vec<Raw<'a>>,
}

impl Embed for Bedrock {
    fn read_request<'a>(&self, _: &'a [u8]) -> Result<EmbeddingsRequest<'a>, Fault> {
        Err(no_client())
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
        if target.model.contains("titan-embed") {
            titan(request, target.model, lost)
        } else if target.model.contains("cohere.embed") {
            coheres_own(request, target.model, lost)
        } else {
            let message = "embeddings over Bedrock are known of the models of Titan and of Cohere";
            Err(Fault::new(FaultKind::Unsupported, message))
        }
    }

    fn read_reply<'a>(&self, body: &'a [u8]) -> Result<Embeddings<'a>, Fault> {
        let wire: Reply<'a> = read_provider(body)?;
        let lists = match (wire.embedding, wire.embeddings) {
            (Some(one), _) => vec![one],
            (None, Some(all)) => {
                let source = all.source().unwrap_or_default();
                let by_type = || serde_json::from_str(source).map(|types: Types<'a>| types.float);
                let lists = if all.is_object() { by_type() } else { serde_json::from_str(source) };
                lists.map_err(|error| {
                    Fault::new(FaultKind::Malformed, "the provider's answer has no lists of numbers").with_detail(error)
                })?
            }
            (None, None) => Vec::new(),
        };
        if lists.is_empty() {
            return Err(vectors::missing(body, "embedding"));
        }
        Ok(Embeddings {
            id: wire.id,
            model: None,
            vectors: lists.iter().map(vectors::vector).collect::<Result<_, _>>()?,
            usage: Usage { input: wire.input_text_token_count, ..Usage::default() },
        })
    }

    fn write_reply(&self, _: &Embeddings<'_>, _: &About<'_>) -> Result<Vec<u8>, Fault> {
        Err(no_client())
    }
}

/// Clients that invoke a model write the model's own dialect, and pass untouched if at all.
pub(super) fn no_client() -> Fault {
    Fault::new(FaultKind::Unsupported, "InvokeModel is not understood from a client")
}

fn titan(request: &EmbeddingsRequest<'_>, model: &str, lost: &mut Lost) -> Result<Vec<u8>, Fault> {
    let [input] = &request.inputs[..] else {
        let message = format!("Titan takes one input a call, and there are {}", request.inputs.len());
        return Err(Fault::new(FaultKind::Unsupported, message));
    };
    lost.add_if(request.purpose.is_some(), "input_type");
    lost.add_if(request.truncate.is_some_and(|truncate| truncate != Truncate::Never), "truncate");
    let dimensions = request.dimensions;
    if model.contains("titan-embed-image") {
        let (input_text, input_image) = picture(input)?;
        let embedding_config = dimensions.map(|length| TitanConfig { output_embedding_length: length });
        return vectors::json(&Titan { input_text, input_image, dimensions: None, embedding_config });
    }
    // The first version has vectors of one length.
    let fixed = model.contains("embed-text-v1") || model.contains("embed-g1");
    lost.add_if(dimensions.is_some() && fixed, "dimensions");
    let input_text = Some(input.text(0)?);
    vectors::json(&Titan { input_text, dimensions: dimensions.filter(|_| !fixed), ..Titan::default() })
}

/// The text and the image of which Titan makes one vector.
fn picture<'r>(input: &'r EmbeddingInput<'_>) -> Result<(Option<Str<'r>>, Option<&'r str>), Fault> {
    let EmbeddingInput::Pieces(pieces) = input else { return Ok((Some(input.text(0)?), None)) };
    let (mut texts, mut image) = (Vec::new(), None);
    for piece in pieces {
        match piece {
            EmbeddingPiece::Text(text) => texts.push(text.as_str()),
            EmbeddingPiece::Media(media) => match &**media {
                Media { source: Source::Base64(data), .. } if image.is_none() => image = Some(data.as_str()),
                _ => {
                    let message = "Titan takes one image a call, in base64";
                    return Err(Fault::new(FaultKind::Unsupported, message));
                }
            },
        }
    }
    Ok(((!texts.is_empty()).then(|| texts.join("\n").into()), image))
}

fn coheres_own(request: &EmbeddingsRequest<'_>, model: &str, lost: &mut Lost) -> Result<Vec<u8>, Fault> {
    // Version 3 has vectors of one length.
    let fixed = model.contains("-v3");
    lost.add_if(request.dimensions.is_some() && fixed, "dimensions");
    vectors::json(&coheres::Asked {
        texts: Some(request.texts()?),
        output_dimension: request.dimensions.filter(|_| !fixed),
        ..coheres::Asked::of(request, lost)
    })
}
