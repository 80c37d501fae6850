//! Whole replies and errors.

use serde_json::json;

use super::*;
use crate::canonical::{Choice, FaultKind, Part, Reasoning, Stop, StopReason, ToolCall, Usage};

fn reply(body: &str) -> Result<Reply<'_>, Fault> {
    Ollama.read_reply(body.as_bytes())
}

fn answer(reply: &Reply<'_>, request: &[u8]) -> Value {
    serde_json::from_slice(&Ollama.write_reply(reply, &About { request, ..ABOUT })).unwrap()
}

const CHAT: &str = r#"{"model":"llama3","created_at":"2023-11-14T22:13:20Z","message":{"role":"assistant","content":"It \"is\"",
    "thinking":"Hm","images":["AA=="],"tool_calls":[{"id":"a","function":{"index":0,"name":"f","arguments":{"z":1.50,"a":18446744073709551615}}}]},
    "logprobs":[{"token":"It","logprob":-0.5,"bytes":[73,116]}],"done":true,"done_reason":"stop","total_duration":0,
    "load_duration":0,"prompt_eval_count":9,"prompt_eval_duration":0,"eval_count":4,"eval_duration":0}"#;

const GENERATE: &str = r#"{"model":"llama3","created_at":"2023-11-14T22:13:20Z","response":"It is","thinking":"Hm","done":true,
    "done_reason":"length","total_duration":0,"load_duration":0,"prompt_eval_count":9,"prompt_eval_duration":0,
    "eval_count":4,"eval_duration":0}"#;

#[test]
fn a_reply_comes_out_as_it_went_in() {
    for (body, request) in [(CHAT, &br#"{"messages":[]}"#[..]), (GENERATE, br#"{"prompt":"x"}"#)] {
        assert_eq!(answer(&reply(body).unwrap(), request), serde_json::from_str::<Value>(body).unwrap());
    }
    let chat = reply(CHAT).unwrap();
    assert_eq!((chat.created, chat.model.as_str()), (Some(1_700_000_000), "llama3"));
    assert_eq!(chat.usage, Usage { input: Some(9), output: Some(4), ..Usage::default() });
    let [Part::Reasoning(_), Part::Text(_), Part::Media(_), Part::ToolCall(call)] = &chat.choices[0].parts[..] else {
        panic!("{chat:?}")
    };
    assert_eq!(call.arguments, r#"{"z":1.50,"a":18446744073709551615}"#);
    let logprobs = chat.choices[0].logprobs.as_ref().unwrap();
    assert_eq!(logprobs.as_str(), r#"{"content":[{"token":"It","logprob":-0.5,"bytes":[73,116]}]}"#);
    assert_eq!(reply(GENERATE).unwrap().choices[0].stop.reason, StopReason::Length);
}

#[test]
fn what_is_no_answer() {
    let check = |body: &str, kind: FaultKind| assert_eq!(reply(body).unwrap_err().kind, kind, "{body}");
    check("", FaultKind::Empty);
    check("{}", FaultKind::Empty);
    check(r#"{"message":{"content":""},"done":true,"done_reason":"stop"}"#, FaultKind::Empty);
    check(r#"{"response":"","done":true,"done_reason":"load"}"#, FaultKind::Empty);
    check("<html>", FaultKind::Malformed);
    check(r#"{"message":7}"#, FaultKind::Malformed);
    check(r#"{"error":"server busy, please try again: overloaded"}"#, FaultKind::Overloaded);
    check(r#"{"error":"unexpected","message":{"content":"x"}}"#, FaultKind::ServerError);
    check(r#"{"message":{"content":"x"},"done":false}"#, FaultKind::Truncated);
    assert!(reply(r#"{"message":{"content":""},"done":true,"done_reason":"length"}"#).is_ok());
}

#[test]
fn case_077_and_078_calls_get_ids_and_are_the_reason() {
    let body = r#"{"created_at":"2023-11-14T22:13:20Z","message":{"content":"","tool_calls":[{"function":{"name":"f","arguments":{}}},
        {"function":{"name":"f"}}]},"done":true,"done_reason":"stop"}"#;
    let read = reply(body).unwrap();
    let [Part::ToolCall(first), Part::ToolCall(second)] = &read.choices[0].parts[..] else { panic!() };
    assert!(!first.id.is_empty() && first.id != second.id);
    assert_eq!(read, reply(body).unwrap(), "always the same");
    let later = body.replace(":20Z", ":21Z");
    assert!(!matches!(&reply(&later).unwrap().choices[0].parts[0], Part::ToolCall(call) if call.id == first.id));
    assert_eq!(read.choices[0].stop, Stop::new(StopReason::ToolCalls, "stop"));
    assert_eq!(answer(&read, b"{}")["done_reason"], "stop");
}

#[test]
fn an_answer_of_another_dialect() {
    let hidden = Reasoning { redacted: true, ..Reasoning::default() };
    let call = |arguments: &'static str| {
        Part::ToolCall(ToolCall {
            id: "toolu_1".into(),
            name: "f".into(),
            arguments: arguments.into(),
            free_form: false,
            signature: None,
            cache: None,
        })
    };
    let parts = vec![Part::Reasoning(hidden), Part::text("a"), Part::Refusal("no".into()), call(""), call("{\"cut\":")];
    let choice = Choice { parts, stop: Stop::new(StopReason::Length, "max_tokens"), logprobs: None };
    let reply = Reply { id: "msg_1".into(), choices: vec![choice], ..Reply::default() };
    let written = answer(&reply, b"");
    assert_eq!(written["message"]["content"], "ano");
    assert_eq!(
        written["message"]["tool_calls"],
        json!([{"id":"toolu_1","function":{"index":0,"name":"f","arguments":{}}},
            {"id":"toolu_1","function":{"index":1,"name":"f","arguments":{"input":"{\"cut\":"}}}])
    );
    assert_eq!((&written["model"], &written["created_at"]), (&json!("llama3"), &json!("2023-11-14T22:13:20Z")));
    assert_eq!((&written["done"], &written["done_reason"]), (&json!(true), &json!("length")));
    assert_eq!(answer(&Reply::default(), b"")["message"], json!({"role":"assistant","content":""}));
}

#[test]
fn case_143_errors_have_ollamas_shape() {
    use FaultKind::*;
    for (kind, status, expected) in [
        (BadRequest, None, 400),
        (Rejected, Some(422), 422),
        (UnknownModel, None, 404),
        (ModelMissing, Some(404), 404),
        (TooLarge, None, 413),
        (KeyRefused, Some(403), 403),
        (RateLimited, Some(429), 429),
        (QuotaExhausted, Some(402), 429),
        (Overloaded, Some(529), 503),
        (ServerError, Some(507), 507),
        (ServerError, None, 502),
        (FirstTokenTimeout, None, 504),
        (Connect, None, 502),
        (Internal, None, 500),
    ] {
        let (code, body) = Ollama.write_error(&Fault { status, ..Fault::new(kind, "hal \"9000\"") });
        assert_eq!(code.as_u16(), expected, "{kind}");
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert!(body["error"].as_str().unwrap().ends_with("hal \"9000\"") && body.as_object().unwrap().len() == 1);
    }
}
