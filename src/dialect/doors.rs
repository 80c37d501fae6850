//! Which path is whose: what a client asks for, and where a provider is asked.

use http::{HeaderMap, Method};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

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
    let below = path.strip_prefix("/v1beta1").or_else(|| path.strip_prefix("/v1beta"));
    let below = below.or_else(|| path.strip_prefix("/v1"))?;
    let (publisher, rest) = match below.strip_prefix("/models/") {
        Some(rest) => ("google", rest),
        None => below.strip_prefix("/projects/")?.split_once("/publishers/")?.1.split_once("/models/")?,
    };
    let (model, verb) = rest.rsplit_once(':').filter(|(model, _)| !model.is_empty() && !model.contains('/'))?;
    let sse = query.is_some_and(|query| query.split('&').any(|pair| pair == "alt=sse"));
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
    Some(Ask { dialect, operation, model: Some(model), stream, json_array, own_form: json_array })
}

fn bedrock(path: &str) -> Option<Ask<'_>> {
    let (model, verb) = path.strip_prefix("/model/")?.split_once('/')?;
    let stream = match verb {
        "converse" => false,
        "converse-stream" => true,
        _ => return None,
    };
    let ask = ask(Dialect::Bedrock, Operation::Chat);
    (!model.is_empty()).then_some(Ask { model: Some(model), stream: Some(stream), ..ask })
}

fn ask(dialect: Dialect, operation: Operation) -> Ask<'static> {
    let stream = operation.is_whole().then_some(false);
    Ask { dialect, operation, model: None, stream, json_array: false, own_form: false }
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

/// The path, below where the dialect is mounted, at which a provider is asked; with a query where it needs one.
/// `None`: the dialect has no such operation.
pub fn path(dialect: Dialect, flavour: Flavour, operation: Operation, model: &str, stream: bool) -> Option<String> {
    let path = match (dialect, operation) {
        (Dialect::OpenAiChat, Operation::Chat) => "/chat/completions",
        (Dialect::OpenAiChat, Operation::Completions) => "/completions",
        (Dialect::OpenAiChat, Operation::Embeddings) => "/embeddings",
        (Dialect::OpenAiChat, Operation::Rerank) if matches!(flavour, Flavour::Compatible | Flavour::OpenRouter) => {
            "/rerank"
        }
        (Dialect::OpenAiResponses, Operation::Chat) => "/responses",
        (Dialect::Anthropic, Operation::Chat) if flavour == Flavour::Vertex => {
            let verb = if stream { "streamRawPredict" } else { "rawPredict" };
            return Some(format!("/publishers/anthropic/models/{}:{verb}", encoded(model)));
        }
        (Dialect::Anthropic, Operation::Chat) => "/messages",
        (Dialect::Anthropic, Operation::CountTokens) if flavour == Flavour::Vendor => "/messages/count_tokens",
        // Vertex knows no batches.
        (Dialect::Gemini, Operation::Embeddings) if flavour == Flavour::Vertex => return None,
        (Dialect::Gemini, Operation::Chat | Operation::CountTokens | Operation::Embeddings | Operation::Embedding) => {
            let publisher = if flavour == Flavour::Vertex { "/publishers/google" } else { "" };
            let verb = match (operation, stream) {
                (Operation::CountTokens, _) => "countTokens",
                (Operation::Embeddings, _) => "batchEmbedContents",
                (Operation::Embedding, _) => "embedContent",
                (_, true) => "streamGenerateContent?alt=sse",
                (_, false) => "generateContent",
            };
            return Some(format!("{publisher}/models/{}:{verb}", encoded(model)));
        }
        (Dialect::Bedrock, Operation::Chat) => {
            let verb = if stream { "converse-stream" } else { "converse" };
            return Some(format!("/model/{}/{verb}", encoded(model)));
        }
        (Dialect::Bedrock, Operation::Embeddings | Operation::Rerank) => {
            return Some(format!("/model/{}/invoke", encoded(model)));
        }
        (Dialect::Cohere | Dialect::Ollama, Operation::Chat) => "/chat",
        (Dialect::Cohere | Dialect::Ollama, Operation::Embeddings) => "/embed",
        (Dialect::Cohere, Operation::Rerank) => "/rerank",
        (Dialect::Ollama, Operation::Embedding) => "/embeddings",
        _ => return None,
    };
    Some(path.to_owned())
}

/// The model's name is part of the path in these dialects, not of the body.
pub fn model_in_path(dialect: Dialect, flavour: Flavour) -> bool {
    match dialect {
        Dialect::Gemini | Dialect::Bedrock => true,
        Dialect::Anthropic => matches!(flavour, Flavour::Vertex | Flavour::Bedrock),
        Dialect::OpenAiChat | Dialect::OpenAiResponses | Dialect::Cohere | Dialect::Ollama => false,
    }
}

/// Everything but RFC 3986's unreserved characters is escaped, so that no name can leave its place in the path.
pub fn encoded(text: &str) -> String {
    const RESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    utf8_percent_encode(text, &RESERVED).to_string()
}

#[cfg(test)]
mod tests {
    use super::Dialect::*;
    use super::Operation::*;
    use super::*;

    fn known(path: &str) -> Option<(Dialect, Operation, Option<&str>)> {
        recognise(&Method::POST, path, None).map(|ask| (ask.dialect, ask.operation, ask.model))
    }

    #[test]
    fn a_path_is_known_in_each_way_that_clients_write_it() {
        for (path, expected) in [
            ("/v1/chat/completions", Some((OpenAiChat, Chat, None))),
            ("/v1/chat/completions/", Some((OpenAiChat, Chat, None))),
            ("/chat/completions", Some((OpenAiChat, Chat, None))),
            ("/openai/v1/chat/completions", Some((OpenAiChat, Chat, None))),
            ("/v1/completions", Some((OpenAiChat, Completions, None))),
            ("/completions", Some((OpenAiChat, Completions, None))),
            ("/v1/embeddings", Some((OpenAiChat, Embeddings, None))),
            ("/openai/deployments/gpt-5-prod/chat/completions", Some((OpenAiChat, Chat, Some("gpt-5-prod")))),
            ("/openai/deployments/a%2Fb/embeddings", Some((OpenAiChat, Embeddings, Some("a%2Fb")))),
            ("/openai/deployments//embeddings", None),
            ("/openai/deployments/x/images/generations", None),
            ("/openai/deployments/x", None),
            ("/v1/v1/chat/completions", None),
            ("/v1/chat", None),
            ("/v1/chat/completions/abc", None),
            ("/v1/responses", Some((OpenAiResponses, Chat, None))),
            ("/openai/v1/responses", Some((OpenAiResponses, Chat, None))),
            ("/v1/responses/resp_1/cancel", None),
            ("/v1/messages", Some((Anthropic, Chat, None))),
            ("/anthropic/v1/messages", Some((Anthropic, Chat, None))),
            ("/v1/messages/count_tokens", Some((Anthropic, CountTokens, None))),
            ("/v1/messages/batches", None),
            ("/v1beta/models/gemini-3-pro:generateContent", Some((Gemini, Chat, Some("gemini-3-pro")))),
            ("/v1/models/a%2Fb:streamGenerateContent", Some((Gemini, Chat, Some("a%2Fb")))),
            ("/v1beta/models/g:countTokens", Some((Gemini, CountTokens, Some("g")))),
            ("/v1beta/models/../x:generateContent", None),
            ("/v1beta/models/g:predict", None),
            ("/v1/projects/p/locations/l/publishers/google/models/g:generateContent", Some((Gemini, Chat, Some("g")))),
            (
                "/v1/projects/p/locations/l/publishers/anthropic/models/claude@1:rawPredict",
                Some((Anthropic, Chat, Some("claude@1"))),
            ),
            ("/model/anthropic.claude%3A0/converse-stream", Some((Bedrock, Chat, Some("anthropic.claude%3A0")))),
            ("/model/m/invoke", None),
            ("/v2/chat", Some((Cohere, Chat, None))),
            ("/api/chat", Some((Ollama, Chat, None))),
            ("/api/generate", Some((Ollama, Chat, None))),
            ("/api/embed", Some((Ollama, Embeddings, None))),
            ("/api/embeddings", Some((Ollama, Embedding, None))),
            ("/v2/embed", Some((Cohere, Embeddings, None))),
            ("/v2/rerank", Some((Cohere, Rerank, None))),
            ("/v1/embed", None),
            ("/v1/rerank", Some((OpenAiChat, Rerank, None))),
            ("/v1beta/models/g:embedContent", Some((Gemini, Embedding, Some("g")))),
            ("/v1beta/models/g:batchEmbedContents", Some((Gemini, Embeddings, Some("g")))),
            ("/", None),
            ("", None),
        ] {
            assert_eq!(known(path), expected, "{path}");
        }
        assert_eq!(recognise(&Method::GET, "/v1/chat/completions", None), None, "a stored one is only read");
    }

    #[test]
    fn the_path_says_how_the_stream_is_to_come() {
        let ask = |query| recognise(&Method::POST, "/v1beta/models/g:streamGenerateContent", query).unwrap();
        assert_eq!((ask(None).stream, ask(None).json_array), (Some(true), true));
        assert_eq!((ask(Some("key=x&alt=sse")).stream, ask(Some("key=x&alt=sse")).json_array), (Some(true), false));
        let whole = recognise(&Method::POST, "/v1beta/models/g:generateContent", None).unwrap();
        assert_eq!((whole.stream, whole.json_array), (Some(false), false));
    }

    #[test]
    fn what_is_answered_as_a_whole_is_never_a_stream() {
        for path in ["/v1/embeddings", "/v2/embed", "/api/embed", "/v1beta/models/g:embedContent", "/v1/rerank"] {
            assert_eq!(recognise(&Method::POST, path, None).unwrap().stream, Some(false), "{path}");
        }
    }

    #[test]
    fn lists_of_models_are_told_apart() {
        let lists = |path: &str, header: &'static str| {
            let headers = [(http::HeaderName::from_static(header), "x".parse().unwrap())].into_iter().collect();
            lists_models(&Method::GET, path, &headers)
        };
        assert_eq!(lists("/v1/models", "accept"), Some(OpenAiChat));
        assert_eq!(lists("/openai/v1/models/", "accept"), Some(OpenAiChat));
        assert_eq!(lists("/models", "accept"), Some(OpenAiChat));
        assert_eq!(lists("/v1/models", "anthropic-version"), Some(Anthropic));
        assert_eq!(lists("/v1/models", "x-goog-api-key"), Some(Gemini));
        assert_eq!(lists("/v1beta/models", "accept"), Some(Gemini));
        assert_eq!(lists("/v1/models/m", "accept"), None);
    }

    #[test]
    fn who_has_more_than_chats() {
        let at = |dialect, flavour, operation| path(dialect, flavour, operation, "a:b", false);
        let (vendor, vertex) = (Flavour::Vendor, Flavour::Vertex);
        assert_eq!(at(Gemini, vendor, Embeddings).unwrap(), "/models/a%3Ab:batchEmbedContents");
        assert_eq!(at(Gemini, vertex, Embedding).unwrap(), "/publishers/google/models/a%3Ab:embedContent");
        assert_eq!(at(Gemini, vertex, Embeddings), None);
        assert_eq!(at(Bedrock, vendor, Embeddings).unwrap(), "/model/a%3Ab/invoke");
        assert_eq!(at(OpenAiChat, vendor, Rerank), None);
        assert_eq!(at(OpenAiChat, Flavour::Compatible, Rerank).unwrap(), "/rerank");
        assert_eq!((at(Anthropic, vendor, Embeddings), at(OpenAiResponses, vendor, Embeddings)), (None, None));
    }

    #[test]
    fn what_is_asked_for_is_found_where_it_is_asked() {
        for dialect in Dialect::ALL {
            for stream in [false, true] {
                let mount = match dialect {
                    OpenAiChat | OpenAiResponses | Anthropic | Gemini => "/v1",
                    Bedrock => "",
                    Cohere => "/v2",
                    Ollama => "/api",
                };
                let path = path(dialect, Flavour::Vendor, Chat, "a/b:c", stream).unwrap();
                let full = format!("{mount}{path}");
                let (path, query) = full.split_once('?').map_or((&*full, None), |(path, query)| (path, Some(query)));
                let ask = recognise(&Method::POST, path, query).unwrap_or_else(|| panic!("{path}"));
                assert_eq!((ask.dialect, ask.operation), (dialect, Chat));
                if model_in_path(dialect, Flavour::Vendor) {
                    assert_eq!((ask.model, ask.stream), (Some("a%2Fb%3Ac"), Some(stream)));
                }
            }
        }
    }
}
