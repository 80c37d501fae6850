//! `POST /v1/messages/count_tokens`, on Vertex `count-tokens:rawPredict`.

use serde::Deserialize;

use crate::dialect::codec::{Flavour, Target};
use crate::dialect::wire::Members;

/// What a request to count may say; all else is for an answer.
const COUNTED: [&str; 9] = [
    "model",
    "anthropic_version",
    "messages",
    "system",
    "tools",
    "tool_choice",
    "thinking",
    "output_config",
    "mcp_servers",
];

#[derive(Deserialize)]
struct Counted {
    input_tokens: u64,
}

/// The request to count what `body`, a request for a message, would send.
pub(super) fn request(body: &[u8], target: &Target<'_>) -> Option<Vec<u8>> {
    let Members(members) = serde_json::from_slice(body).ok()?;
    let mut out = Vec::with_capacity(body.len());
    if target.flavour == Flavour::Vertex {
        // There, the path has the operation in the place of the model.
        out.extend_from_slice(b"{\"model\":");
        serde_json::to_writer(&mut out, target.model).ok()?;
    }
    for (name, value) in members.iter().filter(|(name, _)| COUNTED.contains(&name.as_str())) {
        out.extend_from_slice(if out.is_empty() { b"{\"" } else { b",\"" });
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\":");
        out.extend_from_slice(value.as_str().as_bytes());
    }
    out.push(b'}');
    Some(out)
}

/// How many tokens a provider counted.
pub(super) fn read(body: &[u8]) -> Option<u64> {
    serde_json::from_slice::<Counted>(body).ok().map(|counted| counted.input_tokens)
}

/// The count for a client.
pub(super) fn write(input_tokens: u64) -> Vec<u8> {
    format!(r#"{{"input_tokens":{input_tokens}}}"#).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_for_an_answer_is_left_out() {
        let body =
            br#"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"x"}],"stream":true,"system":"s"}"#;
        let expected = r#"{"model":"m","messages":[{"role":"user","content":"x"}],"system":"s"}"#;
        let target = |flavour| Target { model: "m", flavour };
        assert_eq!(String::from_utf8(request(body, &target(Flavour::Vendor)).unwrap()).unwrap(), expected);
        let body = br#"{"anthropic_version":"v","max_tokens":9,"messages":[]}"#;
        let expected = r#"{"model":"m","anthropic_version":"v","messages":[]}"#;
        assert_eq!(String::from_utf8(request(body, &target(Flavour::Vertex)).unwrap()).unwrap(), expected);
        assert_eq!((read(&write(7)), read(b"{}")), (Some(7), None));
    }
}
