//! What a good provider says, in OpenAI's words: fixed texts, so that a test can compare bytes.

use bytes::Bytes;
use serde_json::{Value, json};

use super::Seen;

/// A reply, before it is framed.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    /// The body, in the pieces in which it is written.
    pub pieces: Vec<Bytes>,
}

impl Answer {
    /// A whole body of JSON.
    pub fn json(status: u16, body: &Value) -> Self {
        Self::body(status, "application/json", body.to_string())
    }

    /// A whole body of any kind.
    pub fn body(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        let headers = vec![
            ("content-type".into(), content_type.into()),
            ("x-request-id".into(), "req_provider".into()),
            ("openai-organization".into(), "org-test".into()),
        ];
        Self { status, headers, pieces: vec![body.into()] }
    }

    /// A stream of those events, one piece each.
    pub fn events(events: Vec<Bytes>) -> Self {
        let mut answer = Self::body(200, "text/event-stream; charset=utf-8", "");
        answer.pieces = events;
        answer
    }

    /// The same, with one more header.
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// What a good provider answers to that request.
    pub fn good(request: &Seen) -> Self {
        let asked = request.json();
        let path = request.path.split('?').next().unwrap_or_default();
        match path.rsplit('/').next() {
            Some("completions") if asked["stream"] == true => Self::events(stream(&asked, 3)),
            Some("completions") => Self::json(200, &completion(&asked)),
            Some("embeddings") => Self::json(200, &embedding(&asked)),
            Some("models") => Self::json(200, &json!({"object": "list", "data": [{"id": "m", "object": "model"}]})),
            _ => Self::json(200, &json!({"path": request.path, "method": request.method, "bytes": request.body.len()})),
        }
    }
}

/// One event of a stream.
pub fn sse(data: impl std::fmt::Display) -> Bytes {
    format!("data: {data}\n\n").into()
}

/// The events of a stream that says `tokens` words: role, words, finish, usage where it was asked for, `[DONE]`.
pub fn stream(asked: &Value, tokens: usize) -> Vec<Bytes> {
    let mut events = vec![chunk(asked, json!({"role": "assistant", "content": ""}), Value::Null)];
    if asked["tools"].is_array() {
        let call = json!({"index": 0, "id": "call_1", "type": "function",
            "function": {"name": "weather", "arguments": r#"{"city":"Paris"}"#}});
        events.push(chunk(asked, json!({"tool_calls": [call]}), Value::Null));
        events.push(chunk(asked, json!({}), json!("tool_calls")));
    } else {
        events.extend((1..=tokens).map(|n| chunk(asked, json!({"content": format!("word{n} ")}), Value::Null)));
        events.push(chunk(asked, json!({}), json!("stop")));
    }
    if asked["stream_options"]["include_usage"] == true {
        events.push(sse(json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1,
            "model": asked["model"], "choices": [], "usage": usage()})));
    }
    events.push(sse("[DONE]"));
    events
}

fn chunk(asked: &Value, delta: Value, finish: Value) -> Bytes {
    sse(json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": asked["model"],
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}))
}

fn completion(asked: &Value) -> Value {
    let choice = if asked["messages"].is_null() {
        json!({"index": 0, "text": "Hello", "finish_reason": "stop"})
    } else if asked["tools"].is_array() {
        json!({"index": 0, "finish_reason": "tool_calls", "message": {"role": "assistant", "content": null,
            "tool_calls": [{"id": "call_1", "type": "function",
                "function": {"name": "weather", "arguments": r#"{"city":"Paris"}"#}}]}})
    } else {
        json!({"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hello"}})
    };
    let object = if asked["messages"].is_null() { "text_completion" } else { "chat.completion" };
    json!({"id": "chatcmpl-1", "object": object, "created": 1, "model": asked["model"], "choices": [choice],
        "usage": usage()})
}

fn embedding(asked: &Value) -> Value {
    // 0.5 and -1.0 as little-endian floats, which is how the official SDKs ask for them.
    let vector = if asked["encoding_format"] == "base64" { json!("AAAAPwAAgL8=") } else { json!([0.5, -1.0]) };
    json!({"object": "list", "model": asked["model"], "data": [{"object": "embedding", "index": 0,
        "embedding": vector}], "usage": {"prompt_tokens": 2, "total_tokens": 2}})
}

fn usage() -> Value {
    json!({"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12,
        "prompt_tokens_details": {"cached_tokens": 4}})
}
