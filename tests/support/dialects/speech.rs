//! How each dialect asks, answers and fails, written by hand: a test must not take our own word for it.

use serde_json::{Value, json};

use super::scene;
use crate::support::provider::{Answer, Behaviour, Seen};

/// One dialect, as a client and as a provider.
pub struct Speech {
    /// Its name in configuration.
    pub dialect: &'static str,
    /// Where a client asks, without and with a stream; `MODEL` stands for the model.
    client: [&'static str; 2],
    /// What a client asks: "hi, model".
    pub ask: fn(&str, bool) -> Value,
    /// Where a provider is asked, without and with a stream; `MODEL` stands for the model.
    provider: [&'static str; 2],
    /// The header of the key, and what stands before it.
    key: (&'static str, &'static str),
    /// Where a whole answer's text and its tokens stand.
    found: [&'static str; 3],
    /// The media type of a stream.
    pub stream_type: &'static str,
    /// What ends a stream well.
    pub end: &'static str,
    /// What ends a broken one.
    pub broken: &'static str,
    /// An error reply.
    pub error: fn(&str) -> Value,
    /// Where its message stands.
    pub message: &'static str,
}

impl Speech {
    /// Answers as a provider of this dialect does, with what the [`scene`] wants; with an error where the user wants
    /// one ("fail 429").
    pub fn behaviour(&self) -> Behaviour {
        let (dialect, place, error) = (self.dialect, self.provider, self.error);
        Behaviour::choosing(move |request| {
            let said = String::from_utf8_lossy(&request.body);
            if let Some(at) = said.find("fail ") {
                let status = said.get(at + 5..at + 8).and_then(|code| code.parse().ok()).unwrap_or(500);
                let answer = Answer::json(status, &error(&format!("provider says {status}")));
                return answer.with_header("retry-after-ms", "1"); // or the key would rest for a second
            }
            let streamed = if place[0] == place[1] {
                request.json()["stream"] == true
            } else {
                request.path == place[1].replace("MODEL", "the-model")
            };
            let answer = scene::answer(&said);
            if streamed { answer.stream(dialect) } else { Answer::json(200, &answer.whole(dialect)) }
        })
    }

    /// A provider was asked in this dialect, wherever its paths begin.
    pub fn serves(&self, request: &Seen) -> bool {
        let ends = |place: &&str| request.path.ends_with(place.rsplit("MODEL").next().unwrap_or_default());
        self.provider.iter().any(ends)
    }

    /// A provider of this dialect was asked for a stream.
    pub fn wants_stream(&self, request: &Seen) -> bool {
        match self.dialect {
            "gemini" => request.path.contains(":streamGenerateContent"),
            "bedrock" => request.path.ends_with("/converse-stream"),
            _ => request.json()["stream"] == true,
        }
    }

    /// Where a client of this dialect asks for `model`.
    pub fn path(&self, model: &str, stream: bool) -> String {
        self.client[usize::from(stream)].replace("MODEL", &model.replace('/', "%2F"))
    }

    /// Where a provider of this dialect is asked for `model`.
    pub fn place(&self, model: &str, stream: bool) -> String {
        self.provider[usize::from(stream)].replace("MODEL", model)
    }

    /// The header by which a provider knows us.
    pub fn credential(&self) -> (&'static str, String) {
        (self.key.0, format!("{}sk-secret-{}", self.key.1, self.dialect.replace('_', "-")))
    }

    /// Text, tokens in and tokens out of a whole answer.
    pub fn said(&self, reply: &Value) -> (String, u64, u64) {
        let number = |pointer| reply.pointer(pointer).and_then(Value::as_u64).unwrap_or(u64::MAX);
        let text = reply.pointer(self.found[0]).and_then(Value::as_str).unwrap_or("NO TEXT");
        (text.to_owned(), number(self.found[1]), number(self.found[2]))
    }
}

/// Every dialect.
pub const SPEECHES: &[Speech] = &[
    Speech {
        dialect: "openai_chat",
        client: ["/v1/chat/completions"; 2],
        ask: |model, stream| json!({"model": model, "stream": stream, "messages": [{"role": "user", "content": "hi, model"}]}),
        provider: ["/v1/chat/completions"; 2],
        key: ("authorization", "Bearer "),
        found: ["/choices/0/message/content", "/usage/prompt_tokens", "/usage/completion_tokens"],
        stream_type: "text/event-stream",
        end: "data: [DONE]",
        broken: "\"error\"",
        error: |message| json!({"error": {"message": message, "type": "invalid_request_error", "code": null}}),
        message: "/error/message",
    },
    Speech {
        dialect: "openai_responses",
        client: ["/v1/responses"; 2],
        ask: |model, stream| json!({"model": model, "stream": stream, "input": "hi, model"}),
        provider: ["/v1/responses"; 2],
        key: ("authorization", "Bearer "),
        found: ["/output/0/content/0/text", "/usage/input_tokens", "/usage/output_tokens"],
        stream_type: "text/event-stream",
        end: "response.completed",
        broken: "response.failed",
        error: |message| json!({"error": {"message": message, "type": "invalid_request_error", "code": null}}),
        message: "/error/message",
    },
    Speech {
        dialect: "anthropic",
        client: ["/v1/messages"; 2],
        ask: |model, stream| {
            json!({"model": model, "stream": stream, "max_tokens": 99,
                "messages": [{"role": "user", "content": "hi, model"}]})
        },
        provider: ["/v1/messages"; 2],
        key: ("x-api-key", ""),
        found: ["/content/0/text", "/usage/input_tokens", "/usage/output_tokens"],
        stream_type: "text/event-stream",
        end: "message_stop",
        broken: "event: error",
        error: |message| json!({"type": "error", "error": {"type": "invalid_request_error", "message": message}}),
        message: "/error/message",
    },
    Speech {
        dialect: "gemini",
        client: ["/v1beta/models/MODEL:generateContent", "/v1beta/models/MODEL:streamGenerateContent?alt=sse"],
        ask: |_, _| json!({"contents": [{"role": "user", "parts": [{"text": "hi, model"}]}]}),
        provider: ["/v1beta/models/MODEL:generateContent", "/v1beta/models/MODEL:streamGenerateContent?alt=sse"],
        key: ("x-goog-api-key", ""),
        found: [
            "/candidates/0/content/parts/0/text",
            "/usageMetadata/promptTokenCount",
            "/usageMetadata/candidatesTokenCount",
        ],
        stream_type: "text/event-stream",
        end: "\"STOP\"",
        broken: "\"error\"",
        error: |message| json!({"error": {"code": 400, "message": message, "status": "INVALID_ARGUMENT"}}),
        message: "/error/message",
    },
    Speech {
        dialect: "bedrock",
        client: ["/model/MODEL/converse", "/model/MODEL/converse-stream"],
        ask: |_, _| json!({"messages": [{"role": "user", "content": [{"text": "hi, model"}]}]}),
        provider: ["/model/MODEL/converse", "/model/MODEL/converse-stream"],
        key: ("authorization", "Bearer "),
        found: ["/output/message/content/0/text", "/usage/inputTokens", "/usage/outputTokens"],
        stream_type: "application/vnd.amazon.eventstream",
        end: "metadata",
        broken: "exception",
        error: |message| json!({"message": message}),
        message: "/message",
    },
    Speech {
        dialect: "cohere",
        client: ["/v2/chat"; 2],
        ask: |model, stream| json!({"model": model, "stream": stream, "messages": [{"role": "user", "content": "hi, model"}]}),
        provider: ["/v2/chat"; 2],
        key: ("authorization", "Bearer "),
        found: ["/message/content/0/text", "/usage/tokens/input_tokens", "/usage/tokens/output_tokens"],
        stream_type: "text/event-stream",
        end: "message-end",
        broken: "ERROR",
        error: |message| json!({"id": "e-1", "message": message}),
        message: "/message",
    },
    Speech {
        dialect: "ollama",
        client: ["/api/chat"; 2],
        ask: |model, stream| json!({"model": model, "stream": stream, "messages": [{"role": "user", "content": "hi, model"}]}),
        provider: ["/api/chat"; 2],
        key: ("authorization", "Bearer "),
        found: ["/message/content", "/prompt_eval_count", "/eval_count"],
        stream_type: "application/x-ndjson",
        end: "\"done\":true",
        broken: "\"error\"",
        error: |message| json!({"error": message}),
        message: "/error",
    },
];
