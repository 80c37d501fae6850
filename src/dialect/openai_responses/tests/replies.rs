//! Whole replies.

use serde_json::json;

use super::*;
use crate::canonical::{
    Choice, Citation, Dialect, FaultKind, Foreign, Media, MediaKind, Part, Raw, Source, Stop, StopReason, Text,
    ToolCall, Usage,
};

fn reply(body: &Value) -> Value {
    let text = body.to_string();
    let reply = OpenAiResponses.read_reply(text.as_bytes()).unwrap();
    json(&OpenAiResponses.write_reply(&reply, &about("{}")))
}

fn body(output: Value) -> Value {
    json!({"id": "resp_1", "object": "response", "created_at": 5, "status": "completed", "model": "m", "output": output,
        "usage": {"input_tokens": 10, "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 0},
            "output_tokens": 6,
            "output_tokens_details": {"reasoning_tokens": 2}, "total_tokens": 16}})
}

fn fault(body: &Value) -> FaultKind {
    OpenAiResponses.read_reply(body.to_string().as_bytes()).unwrap_err().kind
}

fn message(content: Value) -> Value {
    json!([{"type": "message", "id": "msg_1", "status": "completed", "role": "assistant", "content": content}])
}

#[test]
fn case_138_items_stand_apart_and_their_ids_are_not_the_calls() {
    let given = body(json!([
        {"type": "reasoning", "id": "rs_7", "summary": [{"type": "summary_text", "text": "s"}],
            "encrypted_content": "E"},
        {"type": "message", "id": "x", "status": "completed", "role": "assistant", "content": [{"type": "output_text",
            "text": "t", "annotations": []}]},
        {"type": "function_call", "id": "fc_9", "call_id": "call_9", "name": "f", "arguments": "",
            "status": "completed"},
        {"type": "custom_tool_call", "call_id": "call_8", "name": "g", "input": "free"},
        {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"z": 1, "a": 2}}]));
    let written = reply(&given);
    let id = "0123456789abcdef0123456789abcdef";
    assert_eq!(
        written["output"],
        json!([
            {"type": "reasoning", "id": "rs_7", "summary": [{"type": "summary_text", "text": "s"}],
                "encrypted_content": "E"},
            {"type": "message", "id": format!("msg_{id}0001"), "status": "completed", "role": "assistant",
                "content": [{"type": "output_text", "text": "t", "annotations": [], "logprobs": []}]},
            {"type": "function_call", "id": format!("fc_{id}0002"), "call_id": "call_9", "name": "f",
                "arguments": "{}", "status": "completed"},
            {"type": "custom_tool_call", "id": format!("ctc_{id}0003"), "call_id": "call_8", "name": "g",
                "input": "free", "status": "completed"},
            {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"z": 1, "a": 2}}
        ])
    );
    assert_eq!((&written["id"], &written["created_at"], &written["model"]), (&json!("resp_1"), &json!(5), &json!("m")));
}

#[test]
fn case_140_tokens_are_counted_alike() {
    let text = body(message(json!([{"type": "output_text", "text": "t"}]))).to_string();
    let read = OpenAiResponses.read_reply(text.as_bytes()).unwrap();
    let usage = Usage {
        input: Some(10),
        output: Some(6),
        cached: Some(4),
        cache_write: Some(0),
        reasoning: Some(2),
        ..Usage::default()
    };
    assert_eq!(read.usage, usage);
    let written = json(&OpenAiResponses.write_reply(&read, &about("{}")));
    assert_eq!(written["usage"], json(text.as_bytes())["usage"]);
}

#[test]
fn case_141_several_messages_are_parts_of_one_answer() {
    let mut output = message(json!([{"type": "output_text", "text": "a"}]));
    output
        .as_array_mut()
        .unwrap()
        .extend(message(json!([{"type": "output_text", "text": "b"}])).as_array().unwrap().clone());
    let text = body(output).to_string();
    let read = OpenAiResponses.read_reply(text.as_bytes()).unwrap();
    assert_eq!(read.choices.len(), 1);
    assert_eq!(read.choices[0].parts, [Part::text("a"), Part::text("b")]);
}

#[test]
fn why_it_ended() {
    let stop = |status: &str, why: Value, output: Value| {
        let mut body = body(output);
        body["status"] = json!(status);
        body["incomplete_details"] = why;
        let text = body.to_string();
        let stop = OpenAiResponses.read_reply(text.as_bytes()).unwrap().choices.remove(0).stop;
        (stop.reason, stop.native.unwrap().to_string(), reply(&body)["status"].clone())
    };
    let text = || message(json!([{"type": "output_text", "text": "t"}]));
    let call = || json!([{"type": "function_call", "call_id": "c", "name": "f", "arguments": "{\"a"}]);
    let is = |reason, native: &str, status: &str| (reason, native.to_owned(), json!(status));
    let long = json!({"reason": "max_output_tokens"});
    assert_eq!(stop("completed", Value::Null, text()), is(StopReason::End, "completed", "completed"));
    assert_eq!(stop("complete", Value::Null, text()), is(StopReason::End, "complete", "completed"));
    assert_eq!(stop("completed", Value::Null, call()), is(StopReason::ToolCalls, "completed", "completed"));
    assert_eq!(stop("incomplete", long.clone(), call()), is(StopReason::Length, "max_output_tokens", "incomplete"));
    assert_eq!(stop("incomplete", long, json!([])), is(StopReason::Length, "max_output_tokens", "incomplete"));
    let filtered = json!({"reason": "content_filter"});
    // A refusal in the model's own words is a complete answer to this vendor.
    let refusal = || message(json!([{"type": "refusal", "refusal": "no"}]));
    assert_eq!(stop("completed", Value::Null, refusal()), is(StopReason::Filtered, "completed", "completed"));
    assert_eq!(stop("incomplete", filtered, text()), is(StopReason::Filtered, "content_filter", "incomplete"));
}

#[test]
fn case_137_errors_under_a_200_are_errors() {
    let mut failed = body(json!([]));
    failed["status"] = json!("failed");
    failed["error"] = json!({"code": "rate_limit_exceeded", "message": "slow down"});
    assert_eq!(fault(&failed), FaultKind::RateLimited);
    failed["error"] = Value::Null;
    assert_eq!(fault(&failed), FaultKind::ServerError);
    assert_eq!(fault(&json!({"error": {"message": "x", "code": "insufficient_quota"}})), FaultKind::QuotaExhausted);
    assert_eq!(fault(&json!({"error": "x", "id": 7})), FaultKind::ServerError);
    assert_eq!(fault(&body(json!([]))), FaultKind::Empty);
    assert_eq!(fault(&json!(7)), FaultKind::Malformed);
    let mut queued = body(json!([]));
    queued["status"] = json!("queued");
    assert_eq!(fault(&queued), FaultKind::Malformed);
}

#[test]
fn hosted_calls_that_look_like_the_clients_are_not() {
    let text = body(
        json!([{"type": "custom_tool_call", "id": "ctc_1", "call_id": "xs_call_1", "name": "x_search", "input": "{}"}]),
    )
    .to_string();
    let read = OpenAiResponses.read_reply(text.as_bytes()).unwrap();
    assert!(matches!(&read.choices[0].parts[..], [Part::Foreign(_)]), "{read:?}");
    assert_eq!(read.choices[0].stop.reason, StopReason::End);
}

#[test]
fn annotations_and_log_probabilities_go_through() {
    let content = json!([{"type": "output_text", "text": "été", "annotations": [
            {"type": "url_citation", "start_index": 0, "end_index": 3, "url": "u", "title": "T"},
            {"type": "file_citation", "index": 1, "file_id": "file_1", "filename": "a.txt"}],
        "logprobs": [{"token": "a", "logprob": -0.25, "bytes": [97], "top_logprobs": [{"token": "b", "logprob": -1,
            "bytes": []}]}]}]);
    let document = body(message(content.clone()));
    assert_eq!(reply(&document)["output"][0]["content"], content);
    // In the form of Chat, whose clients want both members.
    let document = document.to_string();
    let read = OpenAiResponses.read_reply(document.as_bytes()).unwrap();
    let logprobs = read.choices[0].logprobs.as_ref().unwrap().tree();
    assert_eq!((logprobs["content"][0]["token"].as_str(), &logprobs["refusal"]), (Some("a"), &Value::Null));
    assert!(logprobs.get("refusal").is_some());
    // xAI's lack members that are required.
    let bare = json!([{"type": "output_text", "text": "t", "annotations": [{"type": "url_citation", "url": "u"}]}]);
    assert_eq!(
        reply(&body(message(bare)))["output"][0]["content"][0]["annotations"],
        json!([{"type": "url_citation", "start_index": 0, "end_index": 1, "url": "u", "title": "u"}])
    );
    // Another vendor's.
    let citation = |url: Option<&'static str>| Citation {
        url: url.map(Into::into),
        title: None,
        text: None,
        range: None,
        original: Foreign { dialect: Dialect::Anthropic, kind: "x".into(), json: Raw::parse("{}").unwrap() },
    };
    let text = Text { text: "été".into(), citations: vec![citation(Some("u")), citation(None)], ..Text::default() };
    let logprobs = Raw::parse(r#"{"content":[{"token":"x","logprob":-1,"bytes":null}],"refusal":null}"#);
    let choice = Choice { parts: vec![Part::Text(text)], logprobs, ..Choice::default() };
    let written =
        json(&OpenAiResponses.write_reply(&Reply { choices: vec![choice], ..Reply::default() }, &about("{}")));
    assert_eq!(
        written["output"][0]["content"][0],
        json!({"type": "output_text", "text": "été",
            "annotations": [{"type": "url_citation", "start_index": 0, "end_index": 3, "url": "u", "title": "u"}],
            "logprobs": [{"token": "x", "logprob": -1, "bytes": [], "top_logprobs": []}]})
    );
}

#[test]
fn every_required_member_is_there_and_repeats_the_request() {
    let choice = Choice { parts: vec![Part::text("t")], ..Choice::default() };
    let reply = Reply { id: "msg_of_another".into(), choices: vec![choice], ..Reply::default() };
    let written = |request: &'static str| json(&OpenAiResponses.write_reply(&reply, &about(request)));
    let mut plain = written("no json");
    plain.as_object_mut().unwrap().remove("output");
    assert_eq!(
        plain,
        json!({"id": "resp_0123456789abcdef0123456789abcdef", "object": "response", "created_at": 1_700_000_000,
            "completed_at": 1_700_000_000, "status": "completed", "error": null, "incomplete_details": null,
            "model": "smart", "usage": null, "service_tier": "default", "instructions": null,
            "max_output_tokens": null, "max_tool_calls": null, "parallel_tool_calls": true,
            "previous_response_id": null, "temperature": 1, "top_p": 1, "presence_penalty": 0,
            "frequency_penalty": 0, "top_logprobs": 0, "truncation": "disabled", "background": false,
            "metadata": {}, "user": null, "safety_identifier": null, "prompt_cache_key": null, "store": false,
            "tool_choice": "auto", "tools": [], "text": {"format": {"type": "text"}, "verbosity": "medium"},
            "reasoning": {"effort": null, "summary": null}})
    );
    let said = r#"{"instructions":"be","temperature":0.70,"tools":[{"type":"function","name":"f"},
        {"type":"web_search"}],"tool_choice":{"type":"function","name":"f"},"text":{"format":{"type":"json_schema",
        "name":"n","schema":{"b":1,"a":2}},"verbosity":"low"},"reasoning":{"effort":"low","summary":"auto"},
        "metadata":{"k":"v"},"store":true,"parallel_tool_calls":false,"max_output_tokens":9}"#;
    let full = written(said);
    for (name, value) in [
        ("instructions", json!("be")),
        ("temperature", json!(0.7)),
        ("tool_choice", json!({"type": "function", "name": "f"})),
        (
            "tools",
            json!([{"type": "function", "name": "f", "description": null, "parameters": null, "strict": false},
                {"type": "web_search"}]),
        ),
        (
            "text",
            json!({"format": {"type": "json_schema", "name": "n", "description": null, "schema": {"b": 1, "a": 2},
                "strict": false}, "verbosity": "low"}),
        ),
        ("reasoning", json!({"effort": "low", "summary": "auto"})),
        ("metadata", json!({"k": "v"})),
        ("store", json!(true)),
        ("parallel_tool_calls", json!(false)),
        ("max_output_tokens", json!(9)),
    ] {
        assert_eq!(full[name], value, "{name}");
    }
}

#[test]
fn endings_of_other_vendors() {
    let ended = |reason, explanation: Option<&'static str>, parts: Vec<Part<'static>>| {
        let stop = Stop { reason, explanation: explanation.map(Into::into), ..Stop::default() };
        let choice = Choice { parts, stop, ..Choice::default() };
        let reply = Reply { choices: vec![choice], ..Reply::default() };
        json(&OpenAiResponses.write_reply(&reply, &about("{}")))
    };
    let call = ToolCall {
        id: "c".into(),
        name: "f".into(),
        arguments: "{\"a".into(),
        free_form: false,
        signature: None,
        cache: None,
    };
    let cut = ended(StopReason::Length, None, vec![Part::ToolCall(call)]);
    assert_eq!((&cut["output"][0]["status"], &cut["output"][0]["arguments"]), (&json!("incomplete"), &json!("{\"a")));
    assert_eq!(cut["incomplete_details"], json!({"reason": "max_output_tokens"}));
    let refused = ended(StopReason::Filtered, Some("not that"), vec![Part::text("t")]);
    assert_eq!(refused["incomplete_details"], json!({"reason": "content_filter"}));
    assert_eq!(refused["output"][0]["content"][1], json!({"type": "refusal", "refusal": "not that"}));
    let broken = ended(StopReason::Broken, None, vec![Part::text("t")]);
    assert_eq!((&broken["status"], &broken["error"]["code"]), (&json!("failed"), &json!("server_error")));
    for reason in [StopReason::End, StopReason::Sequence, StopReason::ToolCalls, StopReason::Paused] {
        assert_eq!(ended(reason, None, vec![Part::text("t")])["status"], "completed");
    }
    let image = Media {
        kind: MediaKind::Image,
        source: Source::Base64("QQ==".into()),
        mime: "image/png".into(),
        name: None,
        context: None,
        detail: None,
        cite: false,
        cache: None,
    };
    let drawn = ended(StopReason::End, None, vec![Part::Media(image)]);
    assert_eq!(
        (&drawn["output"][0]["type"], &drawn["output"][0]["result"]),
        (&json!("image_generation_call"), &json!("QQ=="))
    );
}
