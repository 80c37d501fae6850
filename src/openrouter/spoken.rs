//! That a client speaks OpenRouter's dialect, and how it wants to be answered.

use http::HeaderMap;

use super::Rewritten;
use crate::canonical::Dialect;
use crate::dialect::doors;

/// A client that speaks OpenRouter's dialect.
#[derive(Debug, Default)]
pub struct Spoken {
    /// The name of the answer, by which it can be asked for later.
    pub generation: String,
    /// The client wants to know how its call was routed.
    pub wants_metadata: bool,
    /// Thoughts are not to be shown.
    pub hides_thoughts: bool,
    /// The settings that OpenRouter keeps and the client wants used.
    pub preset: Option<String>,
    /// Where the body says what each provider is told in its own words: see [`Rewritten`].
    pub plain: Option<Rewritten>,
    /// The body for OpenRouter itself.
    pub own: Option<Rewritten>,
}

impl Spoken {
    /// A client whose answer will have this name.
    pub fn new(created: u64, headers: &HeaderMap) -> Self {
        let wants = headers.get("x-openrouter-metadata").is_some_and(|value| value == "enabled" || value == "true");
        Self { generation: generation(created), wants_metadata: wants, ..Self::default() }
    }

    /// Whether path or headers are such as only OpenRouter's clients send.
    pub fn is_marked(dialect: Dialect, path: &str, headers: &HeaderMap) -> bool {
        let speaks = matches!(dialect, Dialect::OpenAiChat | Dialect::OpenAiResponses | Dialect::Anthropic);
        let marks = |name: &str| matches!(name, "http-referer" | "x-title") || name.starts_with("x-openrouter-");
        speaks && (doors::below_openrouters(path).is_some() || headers.keys().any(|name| marks(name.as_str())))
    }
}

/// `gen-`, the time, and twenty letters, as OpenRouter's own are.
fn generation(created: u64) -> String {
    let letters: String = std::iter::repeat_with(fastrand::alphanumeric).take(20).collect();
    format!("gen-{created}-{letters}")
}
