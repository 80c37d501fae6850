//! Whole replies.

use serde_json::json;

use super::{ABOUT, read_reply, tree};
use crate::canonical::{Choice, Dialect, FaultKind, Part, Reply, Signature, Stop, StopReason, ToolCall, Usage};
use crate::dialect::codec::Codec;
use crate::dialect::openai_chat::OpenAiChat;

fn written(reply: &Reply<'_>) -> serde_json::Value {
    tree(std::str::from_utf8(&OpenAiChat.write_reply(reply, &ABOUT)).unwrap())
}

fn message(parts: &str) -> String {
    format!(r#"{{"id":"x","choices":[{{"index":0,"message":{parts},"finish_reason":"stop"}}]}}"#)
}

#[test]
fn an_answer_has_all_that_the_sdk_wants() {
    let usage = Usage { input: Some(10), output: Some(5), reasoning: Some(3), ..Usage::default() };
    let choice = Choice { parts: vec![Part::text("Hi "), Part::text("you")], ..Choice::default() };
    let reply = Reply { id: "msg".into(), choices: vec![choice], usage, ..Reply::default() };
    let expected = json!({
        "id": "chatcmpl-0123", "object": "chat.completion", "created": 7, "model": "asked",
        "choices": [{
            "index": 0,
            "message": {"role": "assistant", "content": "Hi you", "refusal": null},
            "logprobs": null,
            "finish_reason": "stop",
        }],
        "usage": {
            "prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15,
            "completion_tokens_details": {"reasoning_tokens": 3},
        },
        "system_fingerprint": null,
    });
    assert_eq!(written(&reply), expected);
}

#[test]
fn case_046_048_calls_alone() {
    let call = |signature| {
        let (id, name) = ("a".into(), "f".into());
        Part::ToolCall(ToolCall { id, name, arguments: "".into(), free_form: false, signature, cache: None })
    };
    let parts = vec![call(Some(Signature::new(Dialect::Gemini, "S"))), call(None)];
    let stop = Stop::new(StopReason::End, "STOP");
    let reply = Reply { choices: vec![Choice { parts, stop, logprobs: None }], ..Reply::default() };
    let function = json!({"name": "f", "arguments": "{}"});
    let google = json!({"google": {"thought_signature": "S"}});
    assert_eq!(
        written(&reply)["choices"][0],
        json!({
            "index": 0,
            "message": {"role": "assistant", "content": null, "refusal": null, "tool_calls": [
                {"id": "a", "type": "function", "function": function, "extra_content": google},
                {"id": "a", "type": "function", "function": function},
            ]},
            "logprobs": null, "finish_reason": "tool_calls", "native_finish_reason": "STOP",
        })
    );
}

#[test]
fn the_tiers_of_other_vendors_are_told_in_openais_words() {
    for (said, told) in [("flex", "flex"), ("priority", "priority"), ("standard", "default"), ("on_demand", "default")]
    {
        let reply = Reply { service_tier: Some(said.into()), ..Reply::default() };
        assert_eq!(written(&reply)["service_tier"], told);
    }
    assert_eq!(written(&Reply::default()).get("service_tier"), None);
}

#[test]
fn what_is_written_is_read_as_the_same() {
    let body = r#"{"id":"chatcmpl-1","object":"chat.completion","created":5,"model":"m","choices":[{"index":0,"message":
        {"role":"assistant","content":"Hi","reasoning_content":"ab",
        "reasoning_details":[{"type":"reasoning.text","text":"a","signature":"S","format":"anthropic-claude-v1","index":0},
        {"type":"reasoning.encrypted","data":"R","format":"anthropic-claude-v1","index":1},
        {"type":"reasoning.summary","summary":"b","id":"rs","format":"openai-responses-v1","index":2},
        {"type":"reasoning.encrypted","data":"E","id":"rs","format":"openai-responses-v1","index":2}],
        "annotations":[{"type":"url_citation","url_citation":{"start_index":0,"end_index":2,"url":"u","title":"t"}}],
        "images":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}],
        "tool_calls":[{"id":"a","type":"custom","custom":{"name":"f","input":"x"}}],
        "extra_content":{"google":{"thought_signature":"G"}}},
        "logprobs":{"content":[]},"finish_reason":"tool_calls"}],
        "usage":{"prompt_tokens":1,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":1}},
        "service_tier":"flex","system_fingerprint":"fp","other":[1]}"#;
    let reply = read_reply(body);
    assert_eq!(reply.choices[0].parts.len(), 6, "{reply:#?}");
    assert_eq!(reply.others.len(), 2);
    let again = OpenAiChat.write_reply(&reply, &ABOUT);
    assert_eq!(read_reply(std::str::from_utf8(&again).unwrap()), reply);
}

#[test]
fn thoughts_in_text_are_taken_out() {
    let reply = read_reply(&message(r#"{"content":"<think>\na\n</think>\n\nb"}"#)).choices.remove(0).parts.len();
    assert_eq!(reply, 2);
    let body = message(r#"{"content":"a <think> b </think>"}"#);
    assert_eq!(read_reply(&body).choices[0].parts, [Part::text("a <think> b </think>")]);
}

#[test]
fn case_146_what_is_no_answer() {
    use FaultKind::*;
    for (body, kind) in [
        ("", Empty),
        ("{}", Empty),
        (r#"{"choices":[]}"#, Empty),
        (r#"{"choices":[{}]}"#, Empty),
        ("<html>", Malformed),
        (r#"{"choices":[{"message":7}]}"#, Malformed),
        (r#"{"error":{"message":"x","code":429}}"#, RateLimited),
        (r#"{"object":"error","message":"x","code":400}"#, Rejected),
        (r#"{"choices":[{"finish_reason":"error","error":{"code":503,"message":"x"}}]}"#, Overloaded),
        (r#"{"choices":[{"finish_reason":"error","message":{"content":"ha"}}]}"#, ServerError),
    ] {
        assert_eq!(OpenAiChat.read_reply(body.as_bytes()).unwrap_err().kind, kind, "{body}");
    }
    let filtered = r#"{"error":null,"choices":[{"finish_reason":"content_filter","index":0}]}"#;
    assert_eq!(read_reply(filtered).choices[0].stop.reason, StopReason::Filtered);
}

#[test]
fn case_077_a_call_without_an_id_gets_one() {
    let body = message(r#"{"tool_calls":[{"function":{"name":"f","arguments":null}}]}"#);
    let reply = read_reply(&body);
    let Part::ToolCall(call) = &reply.choices[0].parts[0] else { panic!() };
    assert_eq!((call.id.to_string(), call.arguments.as_str()), (crate::canonical::made_up_id("x", 0), ""));
    assert_eq!(reply.choices[0].stop.reason, StopReason::ToolCalls);
}
