//! Which path is whose: what a client asks for, and where a provider is asked.

mod place;

use http::{HeaderMap, Method};

pub use place::{encoded, model_in_path, path, same_form};

use super::codec::Flavour;
use crate::canonical::Dialect;

/// What is asked of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// The next turn of a conversation.
    Chat,
    /// OpenAI's legacy completions.
    Completions,
    /// Vectors of texts.
    Embeddings,
    /// The vector of one text, in dialects that ask for it elsewhere. No provider of another dialect is asked so.
    Embedding,
    /// Documents in the order in which they fit a query.
    Rerank,
    /// How many tokens a conversation has.
    CountTokens,
}

impl Operation {
    /// OpenTelemetry's `gen_ai.operation.name`.
    pub fn as_otel(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Completions => "text_completion",
            Self::Embeddings | Self::Embedding => "embeddings",
            Self::Rerank => "rerank",
            Self::CountTokens => "count_tokens",
        }
    }

    /// The same, as it is asked of a provider of another dialect.
    pub fn of_any_dialect(self) -> Self {
        if self == Self::Embedding { Self::Embeddings } else { self }
    }

    /// It is answered as a whole, whatever a body says.
    fn is_whole(self) -> bool {
        matches!(self, Self::Embeddings | Self::Embedding | Self::Rerank)
    }
}

/// What a client asks for, as far as the path says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask<'a> {
    /// In which dialect.
    pub dialect: Dialect,
    /// As whose clients speak it.
    pub flavour: Flavour,
    /// What.
    pub operation: Operation,
    /// The model, where the path names it, still percent-encoded.
    pub model: Option<&'a str>,
    /// Whether the answer is to be a stream, where the path says it.
    pub stream: Option<bool>,
    /// The stream is to come as one JSON array.
    pub json_array: bool,
    /// The request or its stream has a form in which no provider is asked, so it is always translated.
    pub own_form: bool,
}

/// What a client means by a method, a path and a query, if it is a model call.
///
/// Clients differ in how much of a base URL they keep: `/v1/chat/completions`, `/chat/completions` and
/// `/openai/v1/chat/completions` are the same.
pub fn recognise<'a>(method: &Method, path: &'a str, query: Option<&str>) -> Option<Ask<'a>> {
    if method != Method::POST {
        return None;
    }
    let path = path.strip_suffix('/').unwrap_or(path);
    azure(path).or_else(|| plain(path)).or_else(|| google(path, query)).or_else(|| bedrock(path))
}

/// Azure's clients write the model, there the deployment, into the path.
fn azure(path: &str) -> Option<Ask<'_>> {
    let rest = path.strip_prefix("/openai/deployments/")?;
    let (deployment, tail) = rest.split_at(rest.find('/')?);
    let (dialect, operation) = openai(tail)?;
    (!deployment.is_empty()).then_some(Ask { model: Some(deployment), ..ask(dialect, operation) })
}

fn plain(path: &str) -> Option<Ask<'_>> {
    let path = below_openrouters(path).unwrap_or(path);
    let below = path.strip_prefix("/openai").unwrap_or(path);
    let below = below.strip_prefix("/v1").unwrap_or(below);
    if path == "/api/generate" {
        return Some(Ask { own_form: true, ..ask(Dialect::Ollama, Operation::Chat) });
    }
    let (dialect, operation) = openai(below).or_else(|| {
        Some(match path.strip_prefix("/anthropic").unwrap_or(path) {
            "/v1/messages" => (Dialect::Anthropic, Operation::Chat),
            "/v1/messages/count_tokens" => (Dialect::Anthropic, Operation::CountTokens),
            "/v2/chat" => (Dialect::Cohere, Operation::Chat),
            "/v2/embed" => (Dialect::Cohere, Operation::Embeddings),
            "/v2/rerank" => (Dialect::Cohere, Operation::Rerank),
            "/api/chat" => (Dialect::Ollama, Operation::Chat),
            "/api/embed" => (Dialect::Ollama, Operation::Embeddings),
            "/api/embeddings" => (Dialect::Ollama, Operation::Embedding),
            _ => return None,
        })
    })?;
    Some(ask(dialect, operation))
}

/// The path of a client of OpenRouter's, below `/api`: `/v1/chat/completions`.
pub fn below_openrouters(path: &str) -> Option<&str> {
    path.strip_prefix("/api").filter(|path| path.starts_with("/v1/"))
}

fn openai(below: &str) -> Option<(Dialect, Operation)> {
    Some(match below {
        "/chat/completions" => (Dialect::OpenAiChat, Operation::Chat),
        "/completions" => (Dialect::OpenAiChat, Operation::Completions),
        "/embeddings" => (Dialect::OpenAiChat, Operation::Embeddings),
        // Jina's shape, which others have beside OpenAI's dialect; Cohere's version 1 is near enough to it.
        "/rerank" => (Dialect::OpenAiChat, Operation::Rerank),
        "/responses" => (Dialect::OpenAiResponses, Operation::Chat),
        _ => return None,
    })
}

/// `/v1beta/models/MODEL:generateContent`, and the same below a project of Vertex, where Claude is, too.
fn google<'a>(path: &'a str, query: Option<&str>) -> Option<Ask<'a>> {
    const VERSIONS: [&str; 4] = ["/v1beta1", "/v1beta", "/v1alpha", "/v1"];
    // Clients of Vertex take the version for a part of the base URL.
    let below = VERSIONS.into_iter().find_map(|version| path.strip_prefix(version)).unwrap_or(path);
    let googles = below.strip_prefix("/models/").or_else(|| below.strip_prefix("/publishers/google/models/"));
    let (publisher, rest) = match googles {
        Some(rest) => ("google", rest),
        None => below.strip_prefix("/projects/")?.split_once("/publishers/")?.1.split_once("/models/")?,
    };
    // Some clients encode the colon.
    let split = rest.rsplit_once(':').or_else(|| rest.rsplit_once("%3A")).or_else(|| rest.rsplit_once("%3a"));
    let (model, verb) = split.filter(|(model, _)| !model.is_empty() && !model.contains('/'))?;
    let sse = query.is_some_and(|query| query.split('&').any(|pair| pair == "alt=sse"));
    if (publisher, model, verb) == ("anthropic", "count-tokens", "rawPredict") {
        return Some(Ask {
            flavour: Flavour::Vertex,
            stream: Some(false),
            ..ask(Dialect::Anthropic, Operation::CountTokens)
        });
    }
    let (dialect, operation, stream) = match (publisher, verb) {
        ("google", "generateContent") => (Dialect::Gemini, Operation::Chat, Some(false)),
        ("google", "streamGenerateContent") => (Dialect::Gemini, Operation::Chat, Some(true)),
        ("google", "embedContent") => (Dialect::Gemini, Operation::Embedding, Some(false)),
        ("google", "batchEmbedContents") => (Dialect::Gemini, Operation::Embeddings, Some(false)),
        ("google", "countTokens") => (Dialect::Gemini, Operation::CountTokens, Some(false)),
        ("anthropic", "rawPredict") => (Dialect::Anthropic, Operation::Chat, None),
        ("anthropic", "streamRawPredict") => (Dialect::Anthropic, Operation::Chat, Some(true)),
        _ => return None,
    };
    let json_array = dialect == Dialect::Gemini && stream == Some(true) && !sse;
    let flavour = if publisher == "anthropic" { Flavour::Vertex } else { Flavour::Vendor };
    Some(Ask { dialect, flavour, operation, model: Some(model), stream, json_array, own_form: json_array })
}

/// An ARN has slashes, which clients encode, but not all. What InvokeModel is sent is taken for Claude's: whether the
/// model is one is for the caller to see.
fn bedrock(path: &str) -> Option<Ask<'_>> {
    let (model, verb) = path.strip_prefix("/model/")?.rsplit_once('/')?;
    let (dialect, flavour, operation, stream) = match verb {
        "converse" => (Dialect::Bedrock, Flavour::Vendor, Operation::Chat, false),
        "converse-stream" => (Dialect::Bedrock, Flavour::Vendor, Operation::Chat, true),
        "count-tokens" => (Dialect::Bedrock, Flavour::Vendor, Operation::CountTokens, false),
        "invoke" => (Dialect::Anthropic, Flavour::Bedrock, Operation::Chat, false),
        "invoke-with-response-stream" => (Dialect::Anthropic, Flavour::Bedrock, Operation::Chat, true),
        _ => return None,
    };
    let safe = !model.split('/').any(|piece| matches!(piece, "" | "." | ".."));
    let whole = !model.contains('/') || model.starts_with("arn:");
    let ask = Ask { flavour, model: Some(model), stream: Some(stream), ..ask(dialect, operation) };
    (safe && whole).then_some(ask)
}

/// A name or an ARN of AWS that says that the model is Claude.
pub fn is_claude(model: &str) -> bool {
    model.contains("anthropic.") || model.contains("claude")
}

fn ask(dialect: Dialect, operation: Operation) -> Ask<'static> {
    let stream = operation.is_whole().then_some(false);
    let flavour = Flavour::Vendor;
    Ask { dialect, flavour, operation, model: None, stream, json_array: false, own_form: false }
}

/// In which dialect a client asks for the list of models, if it does. The dialects share paths; what tells them
/// apart are headers that only one vendor's clients send.
pub fn lists_models(method: &Method, path: &str, headers: &HeaderMap) -> Option<Dialect> {
    if !matches!(*method, Method::GET | Method::HEAD) {
        return None;
    }
    let path = path.strip_suffix('/').unwrap_or(path);
    if path == "/v1beta/models" {
        return Some(Dialect::Gemini);
    }
    let path = path.strip_prefix("/openai").unwrap_or(path);
    if path.strip_prefix("/v1").unwrap_or(path) != "/models" {
        return None;
    }
    Some(match headers {
        _ if headers.contains_key("anthropic-version") => Dialect::Anthropic,
        _ if headers.contains_key("x-goog-api-key") => Dialect::Gemini,
        _ => Dialect::OpenAiChat,
    })
}

#[cfg(test)]
mod tests;
