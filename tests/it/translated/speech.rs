//! How each dialect asks, answers and fails, written by hand: a test must not take our own word for it.

use serde_json::{Value, json};

use super::tools;
use crate::support::provider::{Answer, Behaviour};

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
    /// A whole answer: "Hello there", 9 tokens in, 3 out.
    whole: fn() -> Value,
    /// The same as a stream.
    stream: fn() -> Answer,
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
    /// Answers as a provider of this dialect does: with the text; while there is a tool and no word of sun yet, with
    /// a call of the tool; with an error where the user wants one ("fail 429").
    pub fn behaviour(&self) -> Behaviour {
        let (place, error) = (self.provider, self.error);
        let (text, tool) = (((self.whole)(), (self.stream)()), tools::weather(self.dialect));
        Behaviour::choosing(move |request| {
            let said = String::from_utf8_lossy(&request.body);
            if let Some(at) = said.find("fail ") {
                let status = said.get(at + 5..at + 8).and_then(|code| code.parse().ok()).unwrap_or(500);
                let answer = Answer::json(status, &error(&format!("provider says {status}")));
                return answer.with_header("retry-after-ms", "1"); // or the key would rest for a second
            }
            let by_path = place[0] != place[1] && request.path == place[1].replace("MODEL", "the-model");
            let by_body = place[0] == place[1] && request.json()["stream"] == true;
            let (whole, stream) = if said.contains("weather") && !said.contains("sunny") { &tool } else { &text };
            if by_path || by_body { stream.clone() } else { Answer::json(200, whole) }
        })
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
        whole: || {
            json!({"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "the-model",
                "choices": [{"index": 0, "finish_reason": "stop",
                    "message": {"role": "assistant", "content": "Hello there"}}],
                "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}})
        },
        stream: || {
            let chunk = |delta: Value, finish: Value| {
                json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "the-model",
                    "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})
            };
            events(&[
                chunk(json!({"role": "assistant", "content": ""}), Value::Null),
                chunk(json!({"content": "Hello"}), Value::Null),
                chunk(json!({"content": " there"}), Value::Null),
                chunk(json!({}), json!("stop")),
                json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "the-model",
                    "choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}}),
                Value::from("[DONE]"),
            ])
        },
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
        whole: || response("completed"),
        stream: || {
            let item = json!({"id": "msg_1", "type": "message", "role": "assistant", "status": "in_progress",
                "content": []});
            let part = |text: &str| json!({"type": "output_text", "text": text, "annotations": []});
            let at = |kind: &str, more: Value| {
                let mut event = json!({"type": kind, "item_id": "msg_1", "output_index": 0, "content_index": 0});
                event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
                event
            };
            events(&[
                json!({"type": "response.created", "response": response("in_progress"), "sequence_number": 0}),
                at("response.output_item.added", json!({"item": item})),
                at("response.content_part.added", json!({"part": part("")})),
                at("response.output_text.delta", json!({"delta": "Hello"})),
                at("response.output_text.delta", json!({"delta": " there"})),
                at("response.output_text.done", json!({"text": "Hello there"})),
                at("response.content_part.done", json!({"part": part("Hello there")})),
                at("response.output_item.done", json!({"item": response("completed")["output"][0]})),
                json!({"type": "response.completed", "response": response("completed"), "sequence_number": 8}),
            ])
        },
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
        whole: || {
            json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "the-model",
                "content": [{"type": "text", "text": "Hello there"}], "stop_reason": "end_turn",
                "stop_sequence": null, "usage": {"input_tokens": 9, "output_tokens": 3}})
        },
        stream: || {
            let delta = |text: &str| json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}});
            events(&[
                json!({"type": "message_start", "message": {"id": "msg_1", "type": "message", "role": "assistant",
                    "model": "the-model", "content": [], "stop_reason": null, "stop_sequence": null,
                    "usage": {"input_tokens": 9, "output_tokens": 1}}}),
                json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
                json!({"type": "ping"}),
                delta("Hello"),
                delta(" there"),
                json!({"type": "content_block_stop", "index": 0}),
                json!({"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": null},
                    "usage": {"output_tokens": 3}}),
                json!({"type": "message_stop"}),
            ])
        },
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
        whole: || candidate("Hello there", Some("STOP")),
        stream: || events(&[candidate("Hello", None), candidate(" there", Some("STOP"))]),
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
        whole: || {
            json!({"output": {"message": {"role": "assistant", "content": [{"text": "Hello there"}]}},
                "stopReason": "end_turn", "usage": {"inputTokens": 9, "outputTokens": 3, "totalTokens": 12},
                "metrics": {"latencyMs": 7}})
        },
        stream: || {
            let delta = |text: &str| json!({"contentBlockIndex": 0, "delta": {"text": text}});
            binary_stream(&[
                ("messageStart", json!({"role": "assistant"})),
                ("contentBlockDelta", delta("Hello")),
                ("contentBlockDelta", delta(" there")),
                ("contentBlockStop", json!({"contentBlockIndex": 0})),
                ("messageStop", json!({"stopReason": "end_turn"})),
                (
                    "metadata",
                    json!({"usage": {"inputTokens": 9, "outputTokens": 3, "totalTokens": 12},
                    "metrics": {"latencyMs": 7}}),
                ),
            ])
        },
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
        whole: || {
            json!({"id": "c-1", "finish_reason": "COMPLETE",
                "message": {"role": "assistant", "content": [{"type": "text", "text": "Hello there"}]},
                "usage": {"tokens": {"input_tokens": 9, "output_tokens": 3}}})
        },
        stream: || {
            let delta = |text: &str| json!({"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": text}}}});
            events(&[
                json!({"type": "message-start", "id": "c-1", "delta": {"message": {"role": "assistant", "content": [],
                    "tool_plan": "", "tool_calls": [], "citations": []}}}),
                json!({"type": "content-start", "index": 0,
                    "delta": {"message": {"content": {"type": "text", "text": ""}}}}),
                delta("Hello"),
                delta(" there"),
                json!({"type": "content-end", "index": 0}),
                json!({"type": "message-end", "delta": {"finish_reason": "COMPLETE",
                    "usage": {"tokens": {"input_tokens": 9, "output_tokens": 3}}}}),
                Value::from("[DONE]"),
            ])
        },
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
        whole: || {
            json!({"model": "the-model", "created_at": "2026-01-01T00:00:00Z", "done": true, "done_reason": "stop",
                "message": {"role": "assistant", "content": "Hello there"}, "prompt_eval_count": 9, "eval_count": 3})
        },
        stream: || {
            let line = |text: &str| {
                json!({"model": "the-model", "created_at": "2026-01-01T00:00:00Z", "done": false,
                    "message": {"role": "assistant", "content": text}})
            };
            let last = json!({"model": "the-model", "created_at": "2026-01-01T00:00:00Z", "done": true,
                "done_reason": "stop", "message": {"role": "assistant", "content": ""}, "prompt_eval_count": 9,
                "eval_count": 3});
            lines(&[line("Hello"), line(" there"), last])
        },
        found: ["/message/content", "/prompt_eval_count", "/eval_count"],
        stream_type: "application/x-ndjson",
        end: "\"done\":true",
        broken: "\"error\"",
        error: |message| json!({"error": message}),
        message: "/error",
    },
];

/// A stream of those events, named by their type as the vendors who name them do.
pub fn events(all: &[Value]) -> Answer {
    let event = |data: &Value| match (data["type"].as_str(), data.as_str()) {
        (Some(name), _) => format!("event: {name}\ndata: {data}\n\n"),
        (None, Some(word)) => format!("data: {word}\n\n"),
        (None, None) => format!("data: {data}\n\n"),
    };
    Answer::events(all.iter().map(|data| event(data).into()).collect())
}

/// A stream of those documents, one a line.
pub fn lines(all: &[Value]) -> Answer {
    let pieces = all.iter().map(|line| format!("{line}\n").into()).collect();
    Answer { pieces, ..Answer::body(200, "application/x-ndjson", "") }
}

/// A stream of those events in AWS's binary framing.
pub fn binary_stream(all: &[(&str, Value)]) -> Answer {
    let pieces = all.iter().map(|(name, payload)| binary(name, payload).into()).collect();
    Answer { pieces, ..Answer::body(200, "application/vnd.amazon.eventstream", "") }
}

fn response(status: &str) -> Value {
    let message = json!({"id": "msg_1", "type": "message", "role": "assistant", "status": "completed",
        "content": [{"type": "output_text", "text": "Hello there", "annotations": []}]});
    let done = status == "completed";
    json!({"id": "resp_1", "object": "response", "created_at": 1, "status": status, "model": "the-model",
        "output": if done { json!([message]) } else { json!([]) },
        "usage": if done { json!({"input_tokens": 9, "output_tokens": 3, "total_tokens": 12}) } else { Value::Null }})
}

fn candidate(text: &str, finish: Option<&str>) -> Value {
    json!({"candidates": [{"index": 0, "content": {"role": "model", "parts": [{"text": text}]}, "finishReason": finish}],
        "usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 3, "totalTokenCount": 12},
        "modelVersion": "the-model", "responseId": "r-1"})
}

/// An event of AWS's binary framing.
fn binary(name: &str, payload: &Value) -> Vec<u8> {
    let payload = payload.to_string();
    let mut headers = Vec::new();
    for (key, value) in [(":event-type", name), (":content-type", "application/json"), (":message-type", "event")] {
        headers.push(key.len() as u8);
        headers.extend(key.as_bytes());
        headers.push(7); // a string
        headers.extend((value.len() as u16).to_be_bytes());
        headers.extend(value.as_bytes());
    }
    let mut frame = Vec::new();
    frame.extend((16 + headers.len() as u32 + payload.len() as u32).to_be_bytes());
    frame.extend((headers.len() as u32).to_be_bytes());
    frame.extend(crc32fast::hash(&frame).to_be_bytes());
    frame.extend(headers);
    frame.extend(payload.as_bytes());
    frame.extend(crc32fast::hash(&frame).to_be_bytes());
    frame
}
