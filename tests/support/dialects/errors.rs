//! How the vendors say that something went wrong: replies with their own words and headers, and events in a stream.

use bytes::Bytes;
use serde_json::{Value, json};

use super::voice::bedrock;
use crate::support::provider::Answer;

/// What a provider has to say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Trouble {
    RateLimited,
    ServerError,
    Overloaded,
    ContextTooLong,
    Filtered,
    QuotaExhausted,
}

use Trouble::*;

/// As an error reply.
pub fn reply(dialect: &str, trouble: Trouble) -> Answer {
    let (status, message, kind) = match dialect {
        "openai_chat" | "openai_responses" => openai(trouble),
        "anthropic" => anthropic(trouble),
        "gemini" => gemini(trouble),
        "bedrock" => bedrock(trouble),
        _ => others(trouble),
    };
    let body = match dialect {
        "openai_chat" | "openai_responses" => {
            let of = if kind.starts_with("context") { "invalid_request_error" } else { kind };
            json!({"error": {"message": message, "type": of, "param": null, "code": kind}})
        }
        "anthropic" => json!({"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}),
        "gemini" => json!({"error": {"code": status, "message": message, "status": kind}}),
        "bedrock" | "cohere" => json!({"message": message}),
        _ => json!({"error": message}),
    };
    let answer = Answer::json(status, &body);
    if dialect == "bedrock" { answer.with_header("x-amzn-errortype", kind) } else { answer }
}

/// As an event in a stream: the server failed.
pub fn event(dialect: &str) -> Bytes {
    const WORDS: &str = "The server had an error while processing your request";
    let sse = |name: &str, data: Value| format!("event: {name}\ndata: {data}\n\n").into();
    match dialect {
        "openai_chat" => format!("data: {}\n\n", json!({"error": {"message": WORDS, "type": "server_error"}})).into(),
        "openai_responses" => {
            sse("error", json!({"type": "error", "sequence_number": 99, "code": "server_error", "message": WORDS}))
        }
        "anthropic" => sse("error", json!({"type": "error", "error": {"type": "api_error", "message": WORDS}})),
        "gemini" => {
            format!("data: {}\n\n", json!({"error": {"code": 500, "message": WORDS, "status": "INTERNAL"}})).into()
        }
        "bedrock" => bedrock::frame("exception", "internalServerException", &json!({"message": WORDS})).into(),
        "cohere" => {
            let end = json!({"type": "message-end", "delta": {"finish_reason": "ERROR", "error": WORDS}});
            sse("message-end", end)
        }
        _ => format!("{}\n", json!({"error": WORDS})).into(),
    }
}

/// As Responses tell it: an event of its own.
pub fn response_failed() -> Bytes {
    let data = json!({"type": "response.failed", "sequence_number": 99, "response": {"id": "resp_1",
        "object": "response", "created_at": 1, "status": "failed", "model": "the-model", "output": [], "usage": null,
        "error": {"code": "server_error", "message": "The server had an error while processing your request"}}});
    format!("event: response.failed\ndata: {data}\n\n").into()
}

/// Status, message, and the vendor's name for it.
type Words = (u16, &'static str, &'static str);

fn openai(trouble: Trouble) -> Words {
    match trouble {
        RateLimited => (429, "Rate limit reached for the-model on requests per min", "rate_limit_exceeded"),
        ServerError => (500, "The server had an error while processing your request", "server_error"),
        Overloaded => (503, "The engine is currently overloaded, please try again later", "server_error"),
        ContextTooLong => (
            400,
            "This model's maximum context length is 8192 tokens. Your messages have 9000",
            "context_length_exceeded",
        ),
        Filtered => (400, "The prompt triggered the content management policy", "content_filter"),
        QuotaExhausted => {
            (429, "You exceeded your current quota, please check your plan and billing details", "insufficient_quota")
        }
    }
}

fn anthropic(trouble: Trouble) -> Words {
    const REQUEST: &str = "invalid_request_error";
    match trouble {
        RateLimited => (429, "This request would exceed your rate limit", "rate_limit_error"),
        ServerError => (500, "Internal server error", "api_error"),
        Overloaded => (529, "Overloaded", "overloaded_error"),
        ContextTooLong => (400, "prompt is too long: 210000 tokens > 200000 maximum", REQUEST),
        Filtered => (400, "Output blocked by content filtering policy", REQUEST),
        QuotaExhausted => (400, "Your credit balance is too low to access the Anthropic API", REQUEST),
    }
}

fn gemini(trouble: Trouble) -> Words {
    match trouble {
        RateLimited => (429, "Resource has been exhausted", "RESOURCE_EXHAUSTED"),
        ServerError => (500, "An internal error has occurred", "INTERNAL"),
        Overloaded => (503, "The model is overloaded. Please try again later.", "UNAVAILABLE"),
        ContextTooLong => (
            400,
            "The input token count (1100000) exceeds the maximum number of tokens allowed (1048576).",
            "INVALID_ARGUMENT",
        ),
        Filtered => (400, "The request was blocked", "INVALID_ARGUMENT"),
        QuotaExhausted => (429, "You exceeded your current quota, please check your plan", "RESOURCE_EXHAUSTED"),
    }
}

fn bedrock(trouble: Trouble) -> Words {
    match trouble {
        RateLimited => (429, "Too many requests, please wait before trying again.", "ThrottlingException"),
        ServerError => (500, "The system encountered an unexpected error", "InternalServerException"),
        Overloaded => (503, "The service is unavailable", "ServiceUnavailableException"),
        ContextTooLong => (400, "Input is too long for requested model.", "ValidationException"),
        Filtered => (400, "Output blocked by content filtering policy", "ValidationException"),
        QuotaExhausted => (400, "Your request exceeds the service quota", "ServiceQuotaExceededException"),
    }
}

/// Cohere and Ollama have a message and nothing else.
fn others(trouble: Trouble) -> Words {
    match trouble {
        RateLimited => (429, "too many requests", ""),
        ServerError => (500, "internal server error", ""),
        Overloaded => (503, "server busy, please try again", ""),
        ContextTooLong => (400, "too many tokens: the input length exceeds the context length of 8192 tokens", ""),
        Filtered => (400, "blocked", ""),
        QuotaExhausted => (402, "please add a payment method to continue", ""),
    }
}
