use serde_json::{Value, json};

use super::{Part, Said, events, object, words};
use crate::support::provider::Answer;

pub fn whole(said: &Said) -> Value {
    candidate(said, parts(said), Some("STOP"))
}

/// A call comes whole, a text in pieces.
pub fn stream(said: &Said) -> Answer {
    let mut pieces = Vec::new();
    for part in parts(said) {
        let Some(text) = part["text"].as_str() else {
            pieces.push(part);
            continue;
        };
        pieces.extend(words(text).into_iter().filter(|word| !word.is_empty()).map(|word| {
            let mut piece = json!({"text": word});
            piece["thought"] = part["thought"].clone();
            piece
        }));
        if !part["thoughtSignature"].is_null() {
            pieces.push(json!({"text": "", "thoughtSignature": part["thoughtSignature"]}));
        }
    }
    let last = pieces.len() - 1;
    let ends = |index: usize| (index == last).then_some("STOP");
    let all: Vec<_> =
        pieces.into_iter().enumerate().map(|(index, piece)| candidate(said, vec![piece], ends(index))).collect();
    events(&all)
}

/// The signature of thoughts stands with the first call, or else with the last part; of calls there are no ids.
fn parts(said: &Said) -> Vec<Value> {
    let mut proof = None;
    let part = |part: &Part| match part {
        Part::Text(text) => json!({"text": text}),
        Part::Thought(text, signature) => {
            proof = Some(*signature);
            json!({"text": text, "thought": true})
        }
        Part::Call(_, name, arguments) => json!({"functionCall": {"name": name, "args": object(arguments)}}),
    };
    let mut parts: Vec<_> = said.parts.iter().map(part).collect();
    if let Some(signature) = proof {
        let call = parts.iter().position(|part| part["functionCall"].is_object()).unwrap_or(parts.len() - 1);
        parts[call]["thoughtSignature"] = json!(signature);
    }
    parts
}

fn candidate(said: &Said, parts: Vec<Value>, finish: Option<&str>) -> Value {
    json!({"candidates": [{"index": 0, "content": {"role": "model", "parts": parts}, "finishReason": finish}],
        "usageMetadata": {"promptTokenCount": said.input, "candidatesTokenCount": said.output,
            "cachedContentTokenCount": said.cached, "totalTokenCount": said.input + said.output},
        "modelVersion": "the-model", "responseId": "r-1"})
}
