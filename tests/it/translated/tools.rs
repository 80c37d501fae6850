//! How each dialect asks for the tool `weather` with `{"city":"Paris"}`, whole and streamed in pieces.

use serde_json::{Value, json};

use super::speech::{binary_stream, events, lines};
use crate::support::provider::Answer;

/// The whole answer and the stream.
pub fn weather(dialect: &str) -> (Value, Answer) {
    match dialect {
        "openai_chat" => openai_chat(),
        "openai_responses" => openai_responses(),
        "anthropic" => anthropic(),
        "gemini" => gemini(),
        "bedrock" => bedrock(),
        "cohere" => cohere(),
        _ => ollama(),
    }
}

fn openai_chat() -> (Value, Answer) {
    let call = json!({"id": "call_1", "type": "function",
        "function": {"name": "weather", "arguments": "{\"city\":\"Paris\"}"}});
    let usage = json!({"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12});
    let whole = json!({"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "the-model",
        "choices": [{"index": 0, "finish_reason": "tool_calls",
            "message": {"role": "assistant", "content": null, "tool_calls": [call]}}], "usage": usage});
    let chunk = |delta: Value, finish: Value| {
        json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "the-model",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})
    };
    let fragment =
        |text: &str| chunk(json!({"tool_calls": [{"index": 0, "function": {"arguments": text}}]}), Value::Null);
    let stream = events(&[
        chunk(
            json!({"role": "assistant", "content": null, "tool_calls": [{"index": 0, "id": "call_1",
                "type": "function", "function": {"name": "weather", "arguments": ""}}]}),
            Value::Null,
        ),
        fragment("{\"city\":"),
        fragment("\"Paris\"}"),
        chunk(json!({}), json!("tool_calls")),
        json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "the-model",
            "choices": [], "usage": usage}),
        Value::from("[DONE]"),
    ]);
    (whole, stream)
}

fn openai_responses() -> (Value, Answer) {
    let item = |status: &str, arguments: &str| {
        json!({"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "weather", "status": status,
            "arguments": arguments})
    };
    let response = |status: &str, output: Value| {
        json!({"id": "resp_1", "object": "response", "created_at": 1, "status": status, "model": "the-model",
            "output": output, "usage": {"input_tokens": 9, "output_tokens": 3, "total_tokens": 12}})
    };
    let whole = response("completed", json!([item("completed", "{\"city\":\"Paris\"}")]));
    let delta = |text: &str| json!({"type": "response.function_call_arguments.delta", "item_id": "fc_1", "output_index": 0, "delta": text});
    let stream = events(&[
        json!({"type": "response.created", "response": response("in_progress", json!([]))}),
        json!({"type": "response.output_item.added", "output_index": 0, "item": item("in_progress", "")}),
        delta("{\"city\":"),
        delta("\"Paris\"}"),
        json!({"type": "response.function_call_arguments.done", "item_id": "fc_1", "output_index": 0,
            "arguments": "{\"city\":\"Paris\"}"}),
        json!({"type": "response.output_item.done", "output_index": 0,
            "item": item("completed", "{\"city\":\"Paris\"}")}),
        json!({"type": "response.completed", "response": whole}),
    ]);
    (whole, stream)
}

fn anthropic() -> (Value, Answer) {
    let block = |input: Value| json!({"type": "tool_use", "id": "toolu_1", "name": "weather", "input": input});
    let whole = json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "the-model",
        "content": [block(json!({"city": "Paris"}))], "stop_reason": "tool_use", "stop_sequence": null,
        "usage": {"input_tokens": 9, "output_tokens": 3}});
    let delta = |text: &str| json!({"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": text}});
    let stream = events(&[
        json!({"type": "message_start", "message": {"id": "msg_1", "type": "message", "role": "assistant",
            "model": "the-model", "content": [], "stop_reason": null, "stop_sequence": null,
            "usage": {"input_tokens": 9, "output_tokens": 1}}}),
        json!({"type": "content_block_start", "index": 0, "content_block": block(json!({}))}),
        delta(""),
        delta("{\"city\":"),
        delta("\"Paris\"}"),
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "message_delta", "delta": {"stop_reason": "tool_use", "stop_sequence": null},
            "usage": {"output_tokens": 3}}),
        json!({"type": "message_stop"}),
    ]);
    (whole, stream)
}

fn gemini() -> (Value, Answer) {
    let whole = json!({"candidates": [{"index": 0, "finishReason": "STOP", "content": {"role": "model",
            "parts": [{"functionCall": {"name": "weather", "args": {"city": "Paris"}}, "thoughtSignature": "c2ln"}]}}],
        "usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 3, "totalTokenCount": 12},
        "modelVersion": "the-model", "responseId": "r-1"});
    (whole.clone(), events(&[whole]))
}

fn bedrock() -> (Value, Answer) {
    let usage = json!({"inputTokens": 9, "outputTokens": 3, "totalTokens": 12});
    let call = json!({"toolUse": {"toolUseId": "tooluse_1", "name": "weather", "input": {"city": "Paris"}}});
    let whole = json!({"output": {"message": {"role": "assistant", "content": [call]}}, "stopReason": "tool_use",
        "usage": usage, "metrics": {"latencyMs": 7}});
    let delta = |text: &str| json!({"contentBlockIndex": 0, "delta": {"toolUse": {"input": text}}});
    let stream = binary_stream(&[
        ("messageStart", json!({"role": "assistant"})),
        (
            "contentBlockStart",
            json!({"contentBlockIndex": 0, "start": {"toolUse": {"toolUseId": "tooluse_1", "name": "weather"}}}),
        ),
        ("contentBlockDelta", delta("{\"city\":")),
        ("contentBlockDelta", delta("\"Paris\"}")),
        ("contentBlockStop", json!({"contentBlockIndex": 0})),
        ("messageStop", json!({"stopReason": "tool_use"})),
        ("metadata", json!({"usage": usage, "metrics": {"latencyMs": 7}})),
    ]);
    (whole, stream)
}

fn cohere() -> (Value, Answer) {
    let call = |arguments: &str| json!({"id": "weather_1", "type": "function", "function": {"name": "weather", "arguments": arguments}});
    let usage = json!({"tokens": {"input_tokens": 9, "output_tokens": 3}});
    let whole = json!({"id": "c-1", "finish_reason": "TOOL_CALL", "usage": usage,
        "message": {"role": "assistant", "tool_calls": [call("{\"city\":\"Paris\"}")]}});
    let delta = |text: &str| {
        json!({"type": "tool-call-delta", "index": 0,
            "delta": {"message": {"tool_calls": {"function": {"arguments": text}}}}})
    };
    let stream = events(&[
        json!({"type": "message-start", "id": "c-1", "delta": {"message": {"role": "assistant", "content": [],
            "tool_plan": "", "tool_calls": [], "citations": []}}}),
        json!({"type": "tool-call-start", "index": 0, "delta": {"message": {"tool_calls": call("")}}}),
        delta("{\"city\":"),
        delta("\"Paris\"}"),
        json!({"type": "tool-call-end", "index": 0}),
        json!({"type": "message-end", "delta": {"finish_reason": "TOOL_CALL", "usage": usage}}),
    ]);
    (whole, stream)
}

fn ollama() -> (Value, Answer) {
    let line = |message: Value, done: bool| {
        let mut line = json!({"model": "the-model", "created_at": "2026-01-01T00:00:00Z", "message": message,
            "done": done});
        if done {
            line["done_reason"] = json!("stop");
            line["prompt_eval_count"] = json!(9);
            line["eval_count"] = json!(3);
        }
        line
    };
    let message = json!({"role": "assistant", "content": "",
        "tool_calls": [{"function": {"name": "weather", "arguments": {"city": "Paris"}}}]});
    let end = json!({"role": "assistant", "content": ""});
    (line(message.clone(), true), lines(&[line(message, false), line(end, true)]))
}
