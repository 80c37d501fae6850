//! What Cohere's models are asked for vectors, at Cohere and elsewhere.

use serde::Serialize;

use crate::canonical::{EmbeddingsRequest, Lost, Purpose, Str, Truncate};

/// The request's members.
#[derive(Serialize)]
pub struct Asked<'a> {
    /// Where the path does not name it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<&'a str>,
    /// What is no more than text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub texts: Option<Vec<Str<'a>>>,
    /// In the place of texts, where images are among them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inputs: Option<Vec<serde_json::Value>>,
    /// What they are for.
    pub input_type: &'static str,
    /// In which form.
    pub embedding_types: [&'static str; 1],
    /// So many numbers a vector.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_dimension: Option<u64>,
    /// What happens to a text that is too long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub truncate: Option<&'static str>,
}

impl Asked<'_> {
    /// Everything but what the vectors are of.
    pub fn of(request: &EmbeddingsRequest<'_>, lost: &mut Lost) -> Self {
        lost.add_if(request.purpose == Some(Purpose::Similarity), "input_type");
        Self {
            model: None,
            texts: None,
            inputs: None,
            input_type: match request.purpose {
                Some(Purpose::Query) => "search_query",
                Some(Purpose::Classification) => "classification",
                Some(Purpose::Clustering) => "clustering",
                // It has to be said, and most vectors are made to be found.
                None | Some(Purpose::Document | Purpose::Similarity) => "search_document",
            },
            embedding_types: ["float"],
            output_dimension: request.dimensions,
            truncate: request.truncate.map(|truncate| match truncate {
                Truncate::Never => "NONE",
                Truncate::Start => "START",
                Truncate::End => "END",
            }),
        }
    }
}
