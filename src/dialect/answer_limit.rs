//! How many tokens a request lets its answer have, in whatever dialect.
//!
//! Only looked for where somebody limits tokens or money: one more pass over the body, at memory speed.

use serde_json::value::RawValue;

use crate::dialect::json::Scan;
use crate::upstream::Body;

/// Where dialects say it: at the top ...
const NAMES: [&str; 4] = ["max_tokens", "max_completion_tokens", "max_output_tokens", "n"];
/// ... or in an object there: Gemini's, as protobuf reads it too, Bedrock's and Ollama's.
const BELOW: [(&str, &[&str]); 4] = [
    ("generationConfig", &["maxOutputTokens", "max_output_tokens"]),
    ("generation_config", &["maxOutputTokens", "max_output_tokens"]),
    ("inferenceConfig", &["maxTokens"]),
    ("options", &["num_predict"]),
];
const WANTED: [&str; 8] = [
    "max_tokens",
    "max_completion_tokens",
    "max_output_tokens",
    "n",
    "generationConfig",
    "generation_config",
    "inferenceConfig",
    "options",
];

/// The limit of all answers together; `None` where there is none.
pub fn of(body: &Body) -> Option<u64> {
    let mut scan = Scan::new(&WANTED);
    let whole = body.slice(0, body.len());
    scan.push(&whole).ok()?;
    let found = scan.finish().ok()?;
    let value = |name: &str| found.get(name).and_then(|at| whole.get(at));
    let number = |name: &str| serde_json::from_slice::<u64>(value(name)?).ok();
    let top = NAMES[..3].iter().filter_map(|name| number(name)).max();
    let below = BELOW.iter().find_map(|(name, members)| {
        let object: std::collections::HashMap<&str, &RawValue> = serde_json::from_slice(value(name)?).ok()?;
        members.iter().find_map(|member| object.get(member)?.get().parse::<u64>().ok())
    });
    let answers = number("n").unwrap_or(1).max(1);
    top.or(below).map(|limit| limit.saturating_mul(answers))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn each_dialect_says_it_elsewhere() {
        for (body, expected) in [
            (r#"{"model":"m","max_tokens":5}"#, Some(5)),
            (r#"{"max_completion_tokens":7,"n":3}"#, Some(21)),
            (r#"{"max_output_tokens":9}"#, Some(9)),
            (r#"{"generationConfig":{"temperature":1,"maxOutputTokens":11}}"#, Some(11)),
            (r#"{"generation_config":{"max_output_tokens":11}}"#, Some(11)),
            (r#"{"inferenceConfig":{"maxTokens":13}}"#, Some(13)),
            (r#"{"options":{"num_predict":17}}"#, Some(17)),
            (r#"{"options":{"num_predict":-1}}"#, None),
            (r#"{"max_tokens":null}"#, None),
            (r#"{"max_tokens":1e99}"#, None),
            (r#"{"max_tokens":18446744073709551615,"n":9}"#, Some(u64::MAX)),
            (r#"{"messages":[{"max_tokens":5}]}"#, None),
            ("{", None),
            ("[]", None),
        ] {
            assert_eq!(of(&Body::from(Bytes::from_static(body.as_bytes()))), expected, "{body}");
        }
    }
}
