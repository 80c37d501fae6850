//! CountTokens: what would be sent to Converse or InvokeModel, for its number of tokens.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::canonical::{Fault, FaultKind, Str};
use crate::dialect::wire::Members;

/// What of a request to Converse may be counted; all else is for an answer.
const COUNTED: [&str; 4] = ["messages", "system", "toolConfig", "additionalModelRequestFields"];

/// The request to count what `body`, a request to Converse, would send.
pub(super) fn conversation(body: &[u8]) -> Option<Vec<u8>> {
    let Members(members) = serde_json::from_slice(body).ok()?;
    let mut out = br#"{"input":{"converse":{"#.to_vec();
    for (index, (name, value)) in members.iter().filter(|(name, _)| COUNTED.contains(&name.as_str())).enumerate() {
        out.extend_from_slice(if index == 0 { b"\"" } else { b",\"" });
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\":");
        out.extend_from_slice(value.as_str().as_bytes());
    }
    out.extend_from_slice(b"}}}");
    Some(out)
}

/// The request to count what `body`, a request to InvokeModel, would send.
pub fn invocation(body: &[u8]) -> Vec<u8> {
    let body = STANDARD.encode(body);
    format!(r#"{{"input":{{"invokeModel":{{"body":"{body}"}}}}}}"#).into()
}

/// The request of Anthropic's dialect that lies in a client's request to count, if one does.
pub fn invoked(body: &[u8]) -> Option<Vec<u8>> {
    #[derive(Deserialize)]
    struct Asked<'a> {
        #[serde(borrow)]
        input: Input<'a>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Input<'a> {
        #[serde(borrow)]
        invoke_model: Invocation<'a>,
    }
    #[derive(Deserialize)]
    struct Invocation<'a> {
        #[serde(borrow)]
        body: Str<'a>,
    }
    let asked: Asked<'_> = serde_json::from_slice(body).ok()?;
    let inner = STANDARD.decode(asked.input.invoke_model.body.as_bytes()).ok()?;
    let Members(members) = serde_json::from_slice(&inner).ok()?;
    members.iter().any(|(name, _)| name.as_str() == "anthropic_version").then_some(inner)
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Count {
    input_tokens: u64,
}

/// How many tokens the service counted.
pub fn read(body: &[u8]) -> Option<u64> {
    serde_json::from_slice::<Count>(body).ok().map(|count| count.input_tokens)
}

/// The count for a client.
pub fn write(input_tokens: u64) -> Vec<u8> {
    serde_json::to_vec(&Count { input_tokens }).unwrap_or_default() // a number: cannot fail
}

/// The model whose tokens are counted: only a model itself can be asked, none of its profiles across regions, such as
/// `us.anthropic.claude-...`.
pub fn model(id: &str) -> &str {
    const AREAS: [&str; 9] = ["us", "us-gov", "eu", "apac", "au", "jp", "ca", "sa", "global"];
    id.split_once('.').filter(|(area, _)| AREAS.contains(area)).map_or(id, |(_, model)| model)
}

/// Not every model can be asked for a count, and not every role may ask: that says nothing of the model or the key.
pub(super) fn refused(fault: &mut Fault) {
    let said = &fault.message;
    if said.contains("support counting tokens") || said.contains("bedrock:CountTokens") {
        fault.kind = FaultKind::Unsupported;
        fault.original = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_for_an_answer_is_not_counted() {
        let body = br#"{"messages":[{"role":"user"}],"inferenceConfig":{"maxTokens":9},"system":[{"text":"s"}]}"#;
        let expected = r#"{"input":{"converse":{"messages":[{"role":"user"}],"system":[{"text":"s"}]}}}"#;
        assert_eq!(String::from_utf8(conversation(body).unwrap()).unwrap(), expected);
        assert_eq!((read(&write(7)), read(b"{}")), (Some(7), None));
    }

    #[test]
    fn a_request_to_claude_lies_in_one_to_count() {
        let claudes = br#"{"anthropic_version":"bedrock-2023-05-31","messages":[]}"#;
        assert_eq!(invoked(&invocation(claudes)).as_deref(), Some(&claudes[..]));
        for other in [&invocation(br#"{"inputText":"x"}"#)[..], br#"{"input":{"converse":{}}}"#, b"{}", b"["] {
            assert_eq!(invoked(other), None);
        }
    }

    #[test]
    fn profiles_are_counted_by_their_model() {
        assert_eq!(model("us.anthropic.claude-x-v1:0"), "anthropic.claude-x-v1:0");
        assert_eq!(model("global.anthropic.claude-x"), "anthropic.claude-x");
        assert_eq!(model("anthropic.claude-x-v1.5:0"), "anthropic.claude-x-v1.5:0");
        assert_eq!(model("the-model"), "the-model");
    }
}
