//! What a path asks for.

/// What is asked of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    /// A whole answer.
    GenerateContent,
    /// An answer as it comes.
    StreamGenerateContent,
    /// How many tokens a request has.
    CountTokens,
    /// The vector of one text.
    EmbedContent,
    /// The vectors of several.
    BatchEmbedContents,
}

impl Verb {
    const ALL: [Self; 5] = [
        Self::GenerateContent,
        Self::StreamGenerateContent,
        Self::CountTokens,
        Self::EmbedContent,
        Self::BatchEmbedContents,
    ];

    /// As it stands in the path.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::GenerateContent => "generateContent",
            Self::StreamGenerateContent => "streamGenerateContent",
            Self::CountTokens => "countTokens",
            Self::EmbedContent => "embedContent",
            Self::BatchEmbedContents => "batchEmbedContents",
        }
    }
}

/// The model and what is asked of it by a path without its query: Google's `/v1beta/models/{model}:{verb}`, also below
/// `/v1`, or Vertex's longer one. The model is still percent-encoded as it came, and may have slashes and colons in it:
/// who takes it further has to refuse what leads out of its folder.
pub fn from_path(path: &str) -> Option<(&str, Verb)> {
    const VERSIONS: [&str; 4] = ["v1beta", "v1", "v1beta1", "v1alpha"];
    let path = path.strip_prefix('/')?;
    let (version, rest) = path.split_once('/')?;
    if !VERSIONS.contains(&version) {
        return None;
    }
    let place = match rest.strip_prefix("projects/") {
        Some(rest) => {
            let (project, rest) = rest.split_once("/locations/")?;
            let (location, rest) = rest.split_once('/')?;
            let named = [project, location].iter().all(|name| !name.is_empty() && !name.contains('/'));
            named.then_some(rest)?.strip_prefix("publishers/google/models/")?
        }
        None => rest.strip_prefix("publishers/google/models/").or_else(|| rest.strip_prefix("models/"))?,
    };
    // Some clients encode the colon.
    let split = place.rsplit_once(':').or_else(|| place.rsplit_once("%3A")).or_else(|| place.rsplit_once("%3a"));
    let (model, verb) = split?;
    let verb = Verb::ALL.into_iter().find(|known| known.as_str() == verb)?;
    (!model.is_empty()).then_some((model, verb))
}

#[cfg(test)]
mod tests {
    use super::Verb::*;
    use super::*;

    #[test]
    fn case_031_paths_name_the_model_and_the_verb() {
        for (path, expected) in [
            ("/v1beta/models/gemini-2.5-flash:generateContent", Some(("gemini-2.5-flash", GenerateContent))),
            ("/v1/models/gemini-3-pro:streamGenerateContent", Some(("gemini-3-pro", StreamGenerateContent))),
            ("/v1beta/models/openai%2Fgpt-5:countTokens", Some(("openai%2Fgpt-5", CountTokens))),
            ("/v1beta/models/openai/gpt-5:generateContent", Some(("openai/gpt-5", GenerateContent))),
            ("/v1beta/models/llama3:8b:generateContent", Some(("llama3:8b", GenerateContent))),
            ("/v1beta/models/x%3AgenerateContent", Some(("x", GenerateContent))),
            ("/v1beta/models/x:batchEmbedContents", Some(("x", BatchEmbedContents))),
            (
                "/v1/projects/p/locations/us-central1/publishers/google/models/gemini-2.5-pro:generateContent",
                Some(("gemini-2.5-pro", GenerateContent)),
            ),
            ("/v1beta1/publishers/google/models/g:embedContent", Some(("g", EmbedContent))),
            ("/v1/projects/p/locations/l/publishers/anthropic/models/c:rawPredict", None),
            ("/v1/projects//locations/l/publishers/google/models/g:generateContent", None),
            ("/v1beta/models/:generateContent", None),
            ("/v1beta/models/g", None),
            ("/v1beta/models/g:predict", None),
            ("/v2/models/g:generateContent", None),
            ("/v1beta/models", None),
            ("", None),
        ] {
            assert_eq!(from_path(path), expected, "{path}");
        }
    }
}
