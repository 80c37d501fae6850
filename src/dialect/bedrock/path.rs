//! What the path of a call says.

/// What is asked of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    /// `converse`: the next turn, whole.
    Converse,
    /// `converse-stream`: the next turn, as a stream.
    ConverseStream,
    /// `invoke`: a document in the model's own dialect.
    Invoke,
    /// `invoke-with-response-stream`: the same, answered by a stream.
    InvokeStream,
    /// `count-tokens`
    CountTokens,
}

impl Verb {
    /// Every verb.
    pub const ALL: [Self; 5] =
        [Self::Converse, Self::ConverseStream, Self::Invoke, Self::InvokeStream, Self::CountTokens];

    /// The last piece of the path.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Converse => "converse",
            Self::ConverseStream => "converse-stream",
            Self::Invoke => "invoke",
            Self::InvokeStream => "invoke-with-response-stream",
            Self::CountTokens => "count-tokens",
        }
    }

    /// The answer is a stream.
    pub fn is_stream(self) -> bool {
        matches!(self, Self::ConverseStream | Self::InvokeStream)
    }
}

/// The model, still percent-encoded as it came, and the verb of a path `/model/{id}/{verb}` without its query.
/// An ARN has slashes, which clients encode, but not all.
pub fn from_path(path: &str) -> Option<(&str, Verb)> {
    let path = path.strip_suffix('/').unwrap_or(path);
    let (model, verb) = path.strip_prefix("/model/")?.rsplit_once('/')?;
    let verb = Verb::ALL.into_iter().find(|known| known.as_str() == verb)?;
    let safe = !model.is_empty() && !model.split('/').any(|piece| matches!(piece, "" | "." | ".."));
    (safe && (!model.contains('/') || model.starts_with("arn:"))).then_some((model, verb))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_model_and_verb() {
        for (path, expected) in [
            ("/model/amazon.nova-lite-v1%3A0/converse", Some(("amazon.nova-lite-v1%3A0", Verb::Converse))),
            ("/model/a.b:0/converse-stream", Some(("a.b:0", Verb::ConverseStream))),
            ("/model/a/invoke", Some(("a", Verb::Invoke))),
            ("/model/a/invoke-with-response-stream/", Some(("a", Verb::InvokeStream))),
            ("/model/a/count-tokens", Some(("a", Verb::CountTokens))),
            ("/model/arn:aws:bedrock:x:1:p/b/converse", Some(("arn:aws:bedrock:x:1:p/b", Verb::Converse))),
            ("/model/arn%3Aaws%3Ab%2Fc/converse", Some(("arn%3Aaws%3Ab%2Fc", Verb::Converse))),
            ("/model/arn:a/../b/converse", None),
            ("/model/a/b/converse", None),
            ("/model//converse", None),
            ("/model/converse", None),
            ("/model/a/async-invoke", None),
            ("/v1/model/a/converse", None),
            ("", None),
        ] {
            assert_eq!(from_path(path), expected, "{path}");
        }
    }
}
