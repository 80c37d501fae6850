//! A single element where a list is asked for: taken where the vendor takes it, else refused with its place.

use super::super::codec::{self, Asked};
use crate::canonical::Dialect::{self, *};

/// `expected`: the place that is told; `""` where it is taken.
fn check(dialect: Dialect, body: &str, expected: &str) {
    let asked = Asked { model: Some("m"), stream: false, json_array: false };
    let read = codec::of(dialect).read_request(body.as_bytes(), &asked);
    let said = read.map_or_else(|fault| fault.message.into_owned(), |_| String::new());
    let place = said.split(':').next().unwrap_or_default();
    assert_eq!(place, expected, "{dialect:?} {body}: {said}");
}

#[test]
fn one_message_is_a_list_where_the_vendor_takes_it_for_one() {
    let message = r#"{"model":"m","max_tokens":1,"messages":{"role":"user","content":"x"}}"#;
    for dialect in [OpenAiChat, Anthropic, Cohere, Ollama] {
        check(dialect, message, "`messages`");
    }
    check(OpenAiResponses, r#"{"model":"m","input":{"role":"user","content":"x"}}"#, "");
    check(Gemini, r#"{"contents":{"parts":{"text":"x"}}}"#, "");
    check(Bedrock, r#"{"messages":{"role":"user","content":{"text":"x"}}}"#, "");
}

#[test]
fn one_piece_is_a_list_where_the_vendor_takes_it_for_one() {
    let piece = r#"{"model":"m","max_tokens":1,"messages":[{"role":"user","content":{"type":"text","text":"x"}}]}"#;
    check(OpenAiChat, piece, "");
    check(Cohere, piece, "");
    check(Anthropic, piece, "`messages[0].content`");
    check(Ollama, piece, "`messages[0].content`");
    let system = r#"{"model":"m","max_tokens":1,"system":{"type":"text","text":"x"},"messages":[]}"#;
    check(Anthropic, system, "`system`");
    check(OpenAiResponses, r#"{"model":"m","input":[{"role":"user","content":{"type":"input_text","text":"x"}}]}"#, "");
    check(Gemini, r#"{"contents":[],"systemInstruction":{"parts":{"text":"x"}}}"#, "");
    check(Bedrock, r#"{"messages":[{"role":"user","content":[{"text":"x"}]}],"system":{"text":"x"}}"#, "");
}

#[test]
fn one_tool_is_a_list_where_the_vendor_takes_it_for_one() {
    let tool = r#"{"model":"m","max_tokens":1,"input":"x","messages":[],"tools":{"name":"f","type":"function"}}"#;
    for dialect in [OpenAiChat, OpenAiResponses, Anthropic, Cohere, Ollama] {
        check(dialect, tool, "`tools`");
    }
    check(
        Gemini,
        r#"{"contents":[],"tools":{"functionDeclarations":{"name":"f","parameters":{"type":"OBJECT"}}}}"#,
        "",
    );
    let tool = r#"{"messages":[],"toolConfig":{"tools":{"toolSpec":{"name":"f","inputSchema":{"json":{}}}}}}"#;
    check(Bedrock, tool, "");
}
