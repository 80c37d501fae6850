use super::*;
use crate::catalogue::Price;

fn answerer(dialect: Dialect, operation: Operation) -> Answerer {
    let usd = Usd::parse;
    let price = Price { input: usd("3"), output: usd("15"), ..Price::default() };
    Answerer {
        dialect,
        operation,
        generation: "gen-1".into(),
        created: 7,
        provider: "OpenAI".into(),
        model: "openai/gpt-5".into(),
        facts: Arc::new(Facts { price: Some(price), ..Facts::default() }),
        hides_thoughts: false,
        metadata: None,
    }
}

const USAGE: Usage = Usage {
    input: Some(1_000),
    output: Some(100),
    cached: None,
    cache_write: None,
    cache_write_1h: None,
    reasoning: None,
    searches: None,
    billed_input: None,
    billed_output: None,
    service: None,
};

fn whole(by: &Answerer, body: &Value) -> Value {
    let told = by.whole(body.to_string().as_bytes(), &USAGE).unwrap();
    serde_json::from_slice(&told).unwrap()
}

fn cost() -> Value {
    json!({"upstream_inference_cost": 0.0045, "upstream_inference_prompt_cost": 0.003,
        "upstream_inference_completions_cost": 0.0015})
}

#[test]
fn a_whole_chat() {
    let by = answerer(Dialect::OpenAiChat, Operation::Chat);
    let body = json!({"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "gpt-5-2025", "x": [1.50],
        "choices": [{"index": 0, "finish_reason": "function_call",
            "message": {"role": "assistant", "content": "hi", "reasoning_content": "hm"}}],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}});
    let details = json!([{"type": "reasoning.text", "text": "hm", "format": "unknown", "index": 0}]);
    let expected = json!({"id": "gen-1", "object": "chat.completion", "created": 1, "model": "openai/gpt-5", "x": [1.5],
        "choices": [{"index": 0, "finish_reason": "tool_calls", "native_finish_reason": "function_call",
            "message": {"role": "assistant", "content": "hi", "reasoning": "hm", "reasoning_details": details}}],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100, "is_byok": false,
            "cost": 0.0045, "cost_details": cost()},
        "provider": "OpenAI", "system_fingerprint": null});
    assert_eq!(whole(&by, &body), expected);
    let message = &whole(&Answerer { hides_thoughts: true, ..by }, &body)["choices"][0]["message"];
    assert_eq!(*message, json!({"role": "assistant", "content": "hi"}));
}

#[test]
fn messages_responses_and_vectors() {
    let by = answerer(Dialect::Anthropic, Operation::Chat);
    let told = whole(&by, &json!({"id": "msg_1", "type": "message", "usage": {"input_tokens": 1000}}));
    assert_eq!(
        (&told["id"], &told["provider"], &told["stop_details"]),
        (&json!("msg_1"), &json!("OpenAI"), &json!(null))
    );
    assert_eq!(told["usage"]["cost"], json!(0.0045));
    let by = answerer(Dialect::OpenAiResponses, Operation::Chat);
    let told = whole(&by, &json!({"id": "resp_1", "usage": {"input_tokens": 1000}}));
    assert_eq!((&told["id"], &told["usage"]["cost_details"]), (&json!("resp_1"), &cost()));
    let by = answerer(Dialect::OpenAiChat, Operation::Embeddings);
    let body = br#"{"object":"list","model":"m","data":[{"embedding":[0.50,1e-400]}],"usage":{"prompt_tokens":2}}"#;
    let told = by.whole(body, &Usage { input: Some(2), ..Usage::default() }).unwrap();
    let expected = r#"{"id":"gen-1","provider":"OpenAI","model":"openai/gpt-5","object":"list","data":[{"embedding":[0.50,1e-400]}],"usage":{"prompt_tokens":2,"is_byok":false,"cost":6e-6,"cost_details":{"upstream_inference_cost":6e-6,"upstream_inference_prompt_cost":6e-6,"upstream_inference_completions_cost":0}}}"#;
    assert_eq!(told, expected);
}

/// What becomes of a stream, however it is cut between its events.
fn streamed(by: &Answerer, events: &[&str]) -> String {
    let mut out = Vec::new();
    for size in [1, 2, events.len()] {
        let mut stream = Events::new(by.clone());
        let count = events.chunks(size).count();
        let mut told = Vec::new();
        for (index, piece) in events.chunks(size).enumerate() {
            told.extend_from_slice(&stream.push(Bytes::from(piece.concat()), &USAGE, index + 1 == count));
        }
        assert!(out.is_empty() || out == told, "pieces of {size}");
        out = told;
    }
    String::from_utf8(out).unwrap()
}

#[test]
fn a_stream_of_chunks() {
    let metadata = Some(json!({"summary": "s"}));
    let by = Answerer { metadata, ..answerer(Dialect::OpenAiChat, Operation::Chat) };
    let head =
        r#""id":"gen-1","object":"chat.completion.chunk","created":7,"model":"openai/gpt-5","provider":"OpenAI""#;
    let hi = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hi\"}}],\"usage\":null}\n\n";
    let told = streamed(&by, &[": wait\n\n", hi, "data: [DONE]\n\n"]);
    let events: Vec<&str> = told.split_terminator("\n\n").collect();
    let choice =
        r#"{"choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":null,"native_finish_reason":null}],"#;
    assert_eq!(events[..2], [": wait", &format!("data: {choice}{head}}}")]);
    let last: Value = serde_json::from_str(events[2].strip_prefix("data: ").unwrap()).unwrap();
    assert_eq!((&last["usage"]["cost"], &last["openrouter_metadata"]["summary"]), (&json!(0.0045), &json!("s")));
    assert_eq!((events[3], events.len()), ("data: [DONE]", 4));

    let counts = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1000}}\n\n";
    let told = streamed(&by, &[hi, counts, "data: [DONE]\n\n"]);
    assert_eq!(
        (told.matches("\"cost\":0.0045").count(), told.matches("openrouter_metadata").count()),
        (1, 1),
        "{told}"
    );
    assert_eq!(told.matches("data: ").count(), 3);
}

#[test]
fn streams_of_other_dialects() {
    let by = Answerer { metadata: Some(json!({})), ..answerer(Dialect::Anthropic, Operation::Chat) };
    let told = streamed(
        &by,
        &[
            "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\"}}\n\n",
            "event: message_delta\ndata: {\"type\":\"message_delta\",\"usage\":{\"output_tokens\":100}}\n\n",
            "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
        ],
    );
    for there in [
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"provider\":\"OpenAI\"",
        "\"usage\":{\"output_tokens\":100,\"is_byok\":false,\"cost\":0.0045",
        "data: {\"type\":\"message_stop\",\"openrouter_metadata\":{}}\n\n",
    ] {
        assert!(told.contains(there), "{there}: {told}");
    }
    let by = Answerer { dialect: Dialect::OpenAiResponses, ..by };
    let told = streamed(
        &by,
        &[
            "data: {\"type\":\"response.completed\",\"response\":{\"id\":\"resp_1\",\"usage\":{\"input_tokens\":1000}}}\n\n",
        ],
    );
    assert!(told.contains("\"cost\":0.0045") && told.contains("openrouter_metadata"), "{told}");
}

#[test]
fn a_stream_that_breaks_off_says_so_in_a_chunk() {
    use crate::canonical::{Fault, FaultKind};
    let fault = Fault::new(FaultKind::IdleTimeout, "silent");
    let told = Events::new(answerer(Dialect::OpenAiChat, Operation::Chat)).fail(&fault).unwrap();
    let chunk: Value = serde_json::from_slice(told.strip_prefix(b"data: ").unwrap()).unwrap();
    assert_eq!((&chunk["error"]["code"], &chunk["error"]["metadata"]["error_type"]), (&json!(504), &json!("timeout")));
    assert_eq!((&chunk["choices"][0]["finish_reason"], &chunk["provider"]), (&json!("error"), &json!("OpenAI")));
    assert!(Events::new(answerer(Dialect::Anthropic, Operation::Chat)).fail(&fault).is_none());
}
