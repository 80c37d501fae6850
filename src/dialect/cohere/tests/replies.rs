//! Whole replies and errors.

use serde_json::json;

use super::*;
use crate::canonical::{
    Choice, Citation, FaultKind, Foreign, Part, Reasoning, Stop, StopReason, Str, Text, ToolCall, Usage,
};

fn reply(body: &str) -> Result<Reply<'_>, Fault> {
    Cohere.read_reply(body.as_bytes())
}

fn answer(reply: &Reply<'_>) -> Value {
    serde_json::from_slice(&Cohere.write_reply(reply, &ABOUT)).unwrap()
}

const TEXT: &str = r#"{"id":"c14c80c3-18eb-4519-9460-6c92edd8cfb4","finish_reason":"COMPLETE",
    "message":{"role":"assistant","content":[{"type":"thinking","thinking":"Hm"},{"type":"text","text":"Paris it is"}],
        "citations":[{"start":0,"end":5,"text":"Paris","sources":[{"type":"document","id":"d",
            "document":{"id":"d","title":"Towns","url":"https://x.test"}}],"type":"TEXT_CONTENT","content_index":1}]},
    "usage":{"billed_units":{"input_tokens":9,"output_tokens":4},
        "tokens":{"input_tokens":9,"output_tokens":4,"reasoning_tokens":1},"cached_tokens":2}}"#;

const CALLS: &str = r#"{"id":"c14c80c3-18eb-4519-9460-6c92edd8cfb4","finish_reason":"TOOL_CALL",
    "message":{"role":"assistant","tool_plan":"I will look","tool_calls":[
        {"id":"a","type":"function","function":{"name":"f","arguments":"{\"z\":1.50,\"a\":18446744073709551616}"}}]},
    "usage":{"billed_units":{"input_tokens":9,"output_tokens":4},"tokens":{"input_tokens":9,"output_tokens":4}}}"#;

#[test]
fn a_reply_comes_out_as_it_went_in() {
    for body in [TEXT, CALLS] {
        assert_eq!(answer(&reply(body).unwrap()), serde_json::from_str::<Value>(body).unwrap());
    }
    let text = reply(TEXT).unwrap();
    let usage = Usage { input: Some(9), output: Some(4), cached: Some(2), reasoning: Some(1), ..Usage::default() };
    assert_eq!(text.usage, usage);
    let [Part::Reasoning(thought), Part::Text(said)] = &text.choices[0].parts[..] else { panic!() };
    assert_eq!((thought.text.as_str(), said.text.as_str()), ("Hm", "Paris it is"));
    let cited = &said.citations[0];
    assert_eq!((cited.url.as_deref(), cited.title.as_deref()), (Some("https://x.test"), Some("Towns")));
    assert_eq!((cited.text.as_deref(), cited.range), (Some("Paris"), Some((0, 5))));
    let calls = reply(CALLS).unwrap();
    let [Part::Text(plan), Part::ToolCall(call)] = &calls.choices[0].parts[..] else { panic!() };
    assert_eq!((plan.text.as_str(), call.id.as_str(), call.name.as_str()), ("I will look", "a", "f"));
    assert_eq!(call.arguments, r#"{"z":1.50,"a":18446744073709551616}"#);
}

/// Written and read, it is the same canonical reply.
#[test]
fn what_is_written_is_read() {
    for body in [TEXT, CALLS] {
        let first = reply(body).unwrap();
        let bytes = Cohere.write_reply(&first, &ABOUT);
        let mut second = Cohere.read_reply(&bytes).unwrap();
        // White space aside, which the originals keep.
        for part in &mut second.choices[0].parts {
            if let Part::Text(text) = part {
                text.citations.iter_mut().for_each(|cited| cited.original = cited.original.clone().into_owned());
            }
        }
        assert_eq!(second.choices, first.choices);
        assert_eq!((second.id, second.usage), (first.id, first.usage));
    }
}

#[test]
fn each_reason() {
    let check = |word: &str, reason: StopReason, back: &str| {
        let body =
            format!(r#"{{"id":"x","finish_reason":"{word}","message":{{"content":[{{"type":"text","text":"t"}}]}}}}"#);
        let read = reply(&body).unwrap();
        let stop = &read.choices[0].stop;
        assert_eq!((stop.reason, stop.native.as_deref()), (reason, Some(word)));
        assert_eq!(answer(&read)["finish_reason"], back);
    };
    check("COMPLETE", StopReason::End, "COMPLETE");
    check("STOP_SEQUENCE", StopReason::Sequence, "STOP_SEQUENCE");
    check("MAX_TOKENS", StopReason::Length, "MAX_TOKENS");
    check("TOOL_CALL", StopReason::ToolCalls, "TOOL_CALL");
    check("ERROR_TOXIC", StopReason::Filtered, "ERROR");
    check("SOMETHING_NEW", StopReason::End, "COMPLETE");
}

#[test]
fn what_is_no_answer() {
    let check = |body: &str, kind: FaultKind| assert_eq!(reply(body).unwrap_err().kind, kind, "{body}");
    check("", FaultKind::Empty);
    check("{}", FaultKind::Empty);
    check(r#"{"id":"x","message":{}}"#, FaultKind::Empty);
    check(r#"{"id":"x","finish_reason":"COMPLETE","message":{"content":[]}}"#, FaultKind::Empty);
    check("<html>", FaultKind::Malformed);
    check(r#"{"message":{"content":7}}"#, FaultKind::Malformed);
    check(r#"{"id":"x","message":"too many requests"}"#, FaultKind::RateLimited);
    check(r#"{"error":{"message":"overloaded"}}"#, FaultKind::Overloaded);
    check(r#"{"finish_reason":"ERROR","message":{"content":[{"type":"text","text":"hal"}]}}"#, FaultKind::ServerError);
    check(r#"{"finish_reason":"ERROR","error":"at capacity","message":{"content":[]}}"#, FaultKind::Overloaded);
    check(r#"{"finish_reason":"TIMEOUT","message":{"content":[]}}"#, FaultKind::UpstreamTimeout);
    // An answer of no words, for a reason.
    assert_eq!(reply(r#"{"finish_reason":"MAX_TOKENS","message":{}}"#).unwrap().choices[0].parts.len(), 0);
}

#[test]
fn case_077_a_call_without_an_id_gets_one() {
    let body = r#"{"id":"x","finish_reason":"COMPLETE","message":{"tool_calls":[{"function":{"name":"f"}},{"function":{"name":"f"}}]}}"#;
    let read = reply(body).unwrap();
    let [Part::ToolCall(first), Part::ToolCall(second)] = &read.choices[0].parts[..] else { panic!() };
    assert!(!first.id.is_empty() && first.id != second.id);
    assert_eq!(reply(body).unwrap(), read, "always the same");
}

#[test]
fn case_078_calls_are_the_reason() {
    let body = r#"{"finish_reason":"COMPLETE","message":{"tool_calls":[{"id":"a","function":{"name":"f","arguments":"null"}}]}}"#;
    let read = reply(body).unwrap();
    assert_eq!(read.choices[0].stop.reason, StopReason::ToolCalls);
    let Part::ToolCall(call) = &read.choices[0].parts[0] else { panic!() };
    assert_eq!(call.object().unwrap().as_str(), "{}", "`null` is no arguments");
}

#[test]
fn an_answer_of_another_dialect() {
    let original = Foreign { dialect: Dialect::Anthropic, kind: "x".into(), json: raw(r#"{"type":"x"}"#) };
    let citation =
        Citation { url: Some("https://y.test".into()), title: None, text: Some("y".into()), range: None, original };
    let text = Text { text: "t".into(), citations: vec![citation], ..Text::default() };
    let hidden = Reasoning { redacted: true, ..Reasoning::default() };
    let call = ToolCall {
        id: "toolu_1".into(),
        name: "f".into(),
        arguments: Str::default(),
        free_form: false,
        signature: None,
        cache: None,
    };
    let parts = vec![Part::Reasoning(hidden), Part::Text(text), Part::Refusal("no".into()), Part::ToolCall(call)];
    let logprobs = Some(raw(r#"{"content":[{"token":"t","logprob":-0.5,"bytes":[116],"top_logprobs":[]}]}"#));
    let choice = Choice { parts, stop: Stop::new(StopReason::ToolCalls, "tool_use"), logprobs };
    let written = answer(&Reply { id: "msg_1".into(), choices: vec![choice], ..Reply::default() });
    assert_eq!(
        written,
        json!({"id":"01234567-89ab-cdef-0123-456789abcdef","finish_reason":"TOOL_CALL","message":{"role":"assistant",
            "content":[{"type":"text","text":"t"},{"type":"text","text":"no"}],
            "tool_calls":[{"id":"toolu_1","type":"function","function":{"name":"f","arguments":"{}"}}],
            "citations":[{"text":"y","sources":[{"type":"document","id":"https://y.test",
                "document":{"id":"https://y.test","url":"https://y.test"}}],"type":"TEXT_CONTENT","content_index":0}]},
            "logprobs":[{"token_ids":[],"text":"t","logprobs":[-0.5]}]})
    );
    let empty = answer(&Reply::default());
    assert_eq!(empty["message"], json!({"role":"assistant","content":[]}));
}

#[test]
fn logprobs_are_in_chats_shape() {
    let body = r#"{"message":{"content":[{"type":"text","text":"ab"}]},"logprobs":[
        {"token_ids":[1],"text":"a","logprobs":[-0.25]},{"token_ids":[2,3],"text":"b","logprobs":[-0.5,-1.0]}]}"#;
    let read = reply(body).unwrap();
    let tree = read.choices[0].logprobs.as_ref().unwrap().tree();
    assert_eq!(
        tree["content"],
        json!([{"token":"a","logprob":-0.25,"bytes":[97],"top_logprobs":[]},
            {"token":"b","logprob":-1.5,"bytes":[98],"top_logprobs":[]}])
    );
}

#[test]
fn usage_falls_back_to_what_is_billed() {
    let body = |usage: &str| format!(r#"{{"message":{{"content":[{{"type":"text","text":"a"}}]}},"usage":{usage}}}"#);
    let usage = |text: &str| reply(&body(text)).unwrap().usage;
    let billed = usage(r#"{"billed_units":{"input_tokens":3.0,"output_tokens":4}}"#);
    assert_eq!((billed.input, billed.output), (Some(3), Some(4)));
    let both = usage(r#"{"billed_units":{"input_tokens":3},"tokens":{"input_tokens":70,"output_tokens":5}}"#);
    assert_eq!((both.input, both.output), (Some(70), Some(5)));
    assert_eq!((both.billed_input, both.billed_output), (Some(3), None), "less than was seen");
    let alike = usage(r#"{"billed_units":{"input_tokens":7},"tokens":{"input_tokens":7,"output_tokens":5}}"#);
    assert_eq!((alike.billed_input, billed.billed_input), (None, None), "nothing to be told apart");
    assert!(usage("null").is_empty());
}

#[test]
fn case_143_errors_have_coheres_shape() {
    let check = |kind, status: Option<u16>, expected: u16| {
        let fault = Fault { status, ..Fault::new(kind, "words") };
        let (code, body) = Cohere.write_error(&fault);
        assert_eq!(code.as_u16(), expected, "{kind}");
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert!(body["message"].as_str().unwrap().ends_with("words"));
        assert_eq!(
            crate::dialect::error::read(expected, &Default::default(), &body.to_string().into()).status,
            Some(expected)
        );
    };
    use FaultKind::*;
    for (kind, status, expected) in [
        (BadRequest, None, 400),
        (Rejected, Some(422), 422),
        (Rejected, Some(500), 400),
        (UnknownModel, None, 404),
        (ModelMissing, Some(404), 404),
        (TooLarge, None, 413),
        (ClientTimeout, None, 408),
        (Forbidden, None, 403),
        (Unauthorized, None, 401),
        (OverBudget, None, 402),
        (OverLimit, None, 429),
        (KeyRefused, Some(403), 403),
        (KeyRefused, None, 401),
        (RateLimited, Some(429), 429),
        (QuotaExhausted, Some(429), 402),
        (Overloaded, Some(529), 503),
        (NoTarget, None, 503),
        (ServerError, Some(507), 507),
        (ServerError, None, 502),
        (FirstTokenTimeout, None, 504),
        (UpstreamTimeout, Some(408), 504),
        (Connect, None, 502),
        (Malformed, None, 502),
        (Internal, None, 500),
        (ClientGone, None, 400),
    ] {
        check(kind, status, expected);
    }
}
