//! How many tokens a request lets its answer have, in whatever dialect.

use bytes::Bytes;
use serde_json::value::RawValue;

/// Where dialects say it, at the top or in an object there: found with all else that routing needs of a body.
pub(super) const NAMES: [&str; 8] = [
    "max_tokens",
    "max_completion_tokens",
    "max_output_tokens",
    "n",
    "generationConfig",
    "generation_config",
    "inferenceConfig",
    "options",
];

/// Gemini's objects, as protobuf reads them too, Bedrock's and Ollama's.
const BELOW: [(&str, &[&str]); 4] = [
    ("generationConfig", &["maxOutputTokens", "max_output_tokens"]),
    ("generation_config", &["maxOutputTokens", "max_output_tokens"]),
    ("inferenceConfig", &["maxTokens"]),
    ("options", &["num_predict"]),
];

/// How long the answers of a call may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnswerLimit {
    /// Tokens of each.
    pub each: u64,
    /// Tokens of all together, where several are asked for.
    pub all: u64,
}

impl AnswerLimit {
    /// Of a request whose members have these values; `None` where it says nothing.
    pub fn of(value: impl Fn(&str) -> Option<Bytes>) -> Option<Self> {
        let number = |name: &str| serde_json::from_slice::<u64>(&value(name)?).ok();
        let below = || {
            BELOW.iter().find_map(|(name, members)| {
                let object = value(name)?;
                let object: std::collections::HashMap<&str, &RawValue> = serde_json::from_slice(&object).ok()?;
                members.iter().find_map(|member| object.get(member)?.get().parse::<u64>().ok())
            })
        };
        let each = NAMES[..3].iter().filter_map(|name| number(name)).max().or_else(below)?;
        let answers = number("n").unwrap_or(1).max(1);
        Some(Self { each, all: each.saturating_mul(answers) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::head::RequestScan;
    use crate::upstream::Body;

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
        ] {
            let (mut scan, whole) = (RequestScan::new(), Body::from(Bytes::from_static(body.as_bytes())));
            scan.push(body.as_bytes()).unwrap();
            let found = scan.finish(&whole, Some("m")).unwrap().answer_limit;
            assert_eq!(found.map(|limit| limit.all), expected, "{body}");
        }
        let three = AnswerLimit::of(|name| match name {
            "max_tokens" => Some("7".into()),
            "n" => Some("3".into()),
            _ => None,
        });
        assert_eq!(three, Some(AnswerLimit { each: 7, all: 21 }), "each has to fit into a context by itself");
    }
}
