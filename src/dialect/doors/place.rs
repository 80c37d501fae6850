//! Where a provider is asked.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::Operation;
use crate::canonical::Dialect;
use crate::dialect::bedrock::counted;
use crate::dialect::codec::Flavour;

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
        (Dialect::Anthropic, Operation::CountTokens) if flavour == Flavour::Vertex => {
            "/publishers/anthropic/models/count-tokens:rawPredict"
        }
        (Dialect::Anthropic, Operation::Chat) if flavour == Flavour::Bedrock => {
            let verb = if stream { "invoke-with-response-stream" } else { "invoke" };
            return Some(format!("/model/{}/{verb}", encoded(model)));
        }
        (Dialect::Anthropic, Operation::CountTokens) if flavour == Flavour::Bedrock => {
            return Some(format!("/model/{}/count-tokens", encoded(counted::model(model))));
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
        (Dialect::Bedrock, Operation::CountTokens) => {
            return Some(format!("/model/{}/count-tokens", encoded(counted::model(model))));
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
pub fn model_in_path(dialect: Dialect, flavour: Flavour, operation: Operation) -> bool {
    match dialect {
        Dialect::Gemini | Dialect::Bedrock => true,
        Dialect::Anthropic if flavour == Flavour::Vertex => operation == Operation::Chat,
        Dialect::Anthropic => flavour == Flavour::Bedrock,
        Dialect::OpenAiChat | Dialect::OpenAiResponses | Dialect::Cohere | Dialect::Ollama => false,
    }
}

/// Requests and streams of the dialect look the same in both flavours: Claude's differ on Vertex and on Bedrock.
pub fn same_form(dialect: Dialect, one: Flavour, other: Flavour) -> bool {
    let form = |flavour| matches!(flavour, Flavour::Vertex | Flavour::Bedrock).then_some(flavour);
    dialect != Dialect::Anthropic || form(one) == form(other)
}

/// Everything but RFC 3986's unreserved characters is escaped, so that no name can leave its place in the path.
pub fn encoded(text: &str) -> String {
    const RESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    utf8_percent_encode(text, &RESERVED).to_string()
}
