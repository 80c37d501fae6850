//! How likely each token was: `logprobsResult`, to and from the shape of OpenAI's Chat Completions.

use serde::{Deserialize, Serialize};
use serde_json::Number;

use super::out::{Object, comma};
use crate::canonical::Raw;
use crate::dialect::wire::List;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Result {
    #[serde(default, alias = "chosen_candidates")]
    chosen_candidates: List<Token>,
    #[serde(default, alias = "top_candidates")]
    top_candidates: List<Top>,
}

#[derive(Default, Deserialize)]
struct Top {
    #[serde(default)]
    candidates: List<Token>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Token {
    #[serde(default)]
    token: String,
    #[serde(alias = "log_probability")]
    log_probability: Option<Number>,
}

#[derive(Serialize, Deserialize)]
struct Chat {
    #[serde(default)]
    content: Option<Vec<ChatToken>>,
    #[serde(default, skip_deserializing)]
    refusal: Option<()>,
}

#[derive(Serialize, Deserialize)]
struct ChatToken {
    token: String,
    logprob: Number,
    #[serde(skip_deserializing)]
    bytes: Vec<u8>,
    #[serde(default)]
    top_logprobs: Vec<ChatTop>,
}

#[derive(Serialize, Deserialize)]
struct ChatTop {
    token: String,
    logprob: Number,
    #[serde(skip_deserializing)]
    bytes: Vec<u8>,
}

/// Google's as Chat's; `None` where there is nothing in it.
pub(super) fn read(result: &Raw<'_>) -> Option<Raw<'static>> {
    let result = result.read::<Result>().ok()?;
    let mut tops = result.top_candidates.0.into_iter();
    let mut content = Vec::new();
    for chosen in result.chosen_candidates.0 {
        let top = tops.next().unwrap_or_default().candidates.0.into_iter();
        let top_logprobs = top.map(|token| {
            let bytes = token.token.as_bytes().to_vec();
            ChatTop { bytes, token: token.token, logprob: token.log_probability.unwrap_or_else(|| 0.into()) }
        });
        content.push(ChatToken {
            bytes: chosen.token.as_bytes().to_vec(),
            logprob: chosen.log_probability.unwrap_or_else(|| 0.into()),
            top_logprobs: top_logprobs.collect(),
            token: chosen.token,
        });
    }
    (!content.is_empty()).then(|| Raw::write(&Chat { content: Some(content), refusal: None })).flatten()
}

/// Writes Chat's as Google's.
pub(super) fn write(candidate: &mut Object<'_>, logprobs: &Raw<'_>) {
    let Ok(Chat { content: Some(content), .. }) = logprobs.read::<Chat>() else { return };
    let mut result = candidate.object("logprobsResult");
    let out = result.key("topCandidates");
    out.push(b'[');
    let mut first = true;
    for token in &content {
        comma(out, &mut first);
        let mut top = Object::begin(out);
        list(top.key("candidates"), token.top_logprobs.iter().map(|top| (&*top.token, &top.logprob)));
        top.end();
    }
    out.push(b']');
    list(result.key("chosenCandidates"), content.iter().map(|token| (&*token.token, &token.logprob)));
    result.end();
}

fn list<'t>(out: &mut Vec<u8>, tokens: impl Iterator<Item = (&'t str, &'t Number)>) {
    out.push(b'[');
    let mut first = true;
    for (token, logprob) in tokens {
        comma(out, &mut first);
        let mut object = Object::begin(out);
        object.text("token", token);
        object.any_number("logProbability", logprob);
        object.end();
    }
    out.push(b']');
}
