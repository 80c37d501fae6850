//! Searches of the web that a provider makes are counted in every dialect that tells of them.

use super::gathered;
use crate::canonical::{Dialect, Usage};
use crate::dialect::codec;

fn sse(events: &[&str]) -> String {
    events.iter().map(|event| format!("data: {event}\n\n")).collect()
}

#[test]
fn searches_are_counted_whole_and_streamed() {
    const CLAUDE: &str =
        r#"{"input_tokens":5,"output_tokens":3,"server_tool_use":{"web_search_requests":2,"web_fetch_requests":1}}"#;
    const GROUNDING: &str = r#"{"webSearchQueries":["one","","two"]}"#;
    const GEMINI: &str = r#""usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":3}"#;
    let search = |action: &str| format!(r#"{{"type":"web_search_call","id":"ws","status":"completed"{action}}}"#);
    let items = [
        search(r#","action":{"type":"search","query":"one"}"#),
        search(""),
        search(r#","action":{"type":"open_page","url":"https://example.com"}"#),
        r#"{"type":"message","role":"assistant","content":[{"type":"output_text","text":"web_search_call"}]}"#
            .to_owned(),
    ];
    let response = format!(
        r#"{{"id":"r","model":"m","status":"completed","output":[{}],"usage":{{"input_tokens":5,"output_tokens":3}}}}"#,
        items.join(",")
    );
    let claude = format!(
        r#"{{"id":"m","type":"message","role":"assistant","content":[{{"type":"text","text":"hi"}}],"stop_reason":"end_turn","usage":{CLAUDE}}}"#
    );
    let gemini = |text: &str| {
        format!(
            r#"{{"candidates":[{{"content":{{"role":"model","parts":[{{"text":"{text}"}}]}},"groundingMetadata":{GROUNDING},"finishReason":"STOP"}}],{GEMINI}}}"#
        )
    };
    let rows = [
        (
            Dialect::Anthropic,
            claude,
            sse(&[
                r#"{"type":"message_start","message":{"id":"m","content":[],"usage":{"input_tokens":5,"output_tokens":1,"server_tool_use":null}}}"#,
                r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":"hi"}}"#,
                r#"{"type":"content_block_stop","index":0}"#,
                &format!(r#"{{"type":"message_delta","delta":{{"stop_reason":"end_turn"}},"usage":{CLAUDE}}}"#),
                r#"{"type":"message_stop"}"#,
            ]),
        ),
        (Dialect::Gemini, gemini("hi"), sse(&[&gemini("h"), &gemini("i")])),
        (
            Dialect::OpenAiResponses,
            response.clone(),
            sse(&[
                r#"{"type":"response.created","response":{"id":"r","model":"m","status":"in_progress","output":[]}}"#,
                &format!(r#"{{"type":"response.completed","response":{response}}}"#),
            ]),
        ),
    ];
    let expected = Usage { input: Some(5), output: Some(3), searches: Some(2), ..Usage::default() };
    for (dialect, whole, stream) in rows {
        let codec = codec::of(dialect);
        assert_eq!(codec.read_reply(whole.as_bytes()).unwrap().usage, expected, "{dialect:?}");
        assert_eq!(gathered(codec, &stream).usage, expected, "{dialect:?} streamed");
    }
}

#[test]
fn a_client_of_anthropics_is_told_of_searches() {
    let codec = codec::of(Dialect::Anthropic);
    let write = |usage: Usage| {
        let reply = crate::canonical::Reply { usage, ..Default::default() };
        serde_json::from_slice::<serde_json::Value>(&codec.write_reply(&reply, &super::about("m"))).unwrap()
    };
    let searched = Usage { searches: Some(2), ..Usage::default() };
    assert_eq!(write(searched)["usage"]["server_tool_use"]["web_search_requests"], 2);
    assert!(write(Usage::default())["usage"]["server_tool_use"].is_null());
}

#[test]
fn of_two_answers_what_is_billed_is_that_of_both() {
    let cohere = Usage { input: Some(70), billed_input: Some(3), searches: Some(1), ..Usage::default() };
    let other = Usage { input: Some(10), output: Some(4), searches: Some(1), ..Usage::default() };
    for (mut one, two) in [(cohere, other), (other, cohere)] {
        one.add(two);
        assert_eq!((one.input, one.billed_input, one.billed_output, one.searches), (Some(80), Some(13), None, Some(2)));
    }
}
