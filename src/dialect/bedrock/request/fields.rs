//! Members beside the conversation: samplers, limits, labels, and what each family has of its own.

use serde::Serialize;
use serde_json::{Number, Value, json};

use super::super::models::Family;
use super::super::wire::Fields;
use super::thinking::Thinking;
use crate::canonical::{Lost, Request, Str};

/// `inferenceConfig`
#[derive(Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Inference<'r> {
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<Number>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stop_sequences: Vec<&'r str>,
}

/// Nova takes no more stop texts.
const MOST_STOPS_OF_NOVA: usize = 4;

/// How the answer is drawn.
pub(super) fn inference<'r>(
    request: &'r Request<'_>,
    family: Family,
    thinking: &Thinking,
    lost: &mut Lost,
) -> Inference<'r> {
    let mut config = Inference { max_tokens: request.max_tokens, ..Inference::default() };
    if thinking.unlimited {
        lost.add_if(config.max_tokens.take().is_some(), "max_tokens");
    }
    if samples(family, thinking) {
        config.temperature = request.temperature.as_ref().map(|wanted| {
            let too_hot = wanted.as_f64().is_some_and(|degrees| degrees > 1.0);
            lost.add_if(too_hot, "temperature");
            if too_hot { Number::from(1) } else { wanted.clone() }
        });
        config.top_p.clone_from(&request.top_p);
        // These take one or the other.
        if family.is_claude_from(4, 1) && config.temperature.is_some() && config.top_p.take().is_some() {
            lost.add("top_p");
        }
    } else {
        // A thinking Claude's temperature is 1 in any case.
        let not_one = |wanted: &Number| wanted.as_f64() != Some(1.0);
        lost.add_if(request.temperature.as_ref().is_some_and(not_one), "temperature");
        lost.add_if(request.top_p.as_ref().is_some_and(not_one), "top_p");
    }
    for text in request.stops() {
        if text.trim().is_empty()
            || (matches!(family, Family::Nova(_)) && config.stop_sequences.len() >= MOST_STOPS_OF_NOVA)
        {
            lost.add("stop");
        } else {
            config.stop_sequences.push(text);
        }
    }
    config
}

fn samples(family: Family, thinking: &Thinking) -> bool {
    !thinking.on && !thinking.unlimited && !family.refuses_samplers()
}

/// Only the likeliest so many: each family says it in its own way, or not at all.
pub(super) fn top_k(
    request: &Request<'_>,
    family: Family,
    thinking: &Thinking,
    lost: &mut Lost,
) -> Option<(&'static str, Value)> {
    let wanted = Value::from(request.top_k.clone()?);
    match family {
        _ if !samples(family, thinking) => {}
        Family::Claude(..) | Family::Mistral => return Some(("top_k", wanted)),
        Family::Nova(_) => return Some(("inferenceConfig", json!({ "topK": wanted }))),
        Family::Cohere => return Some(("k", wanted)),
        _ => {}
    }
    lost.add("top_k");
    None
}

/// `requestMetadata`: a few short texts.
pub(super) fn metadata<'r>(request: &'r Request<'_>, lost: &mut Lost) -> Vec<(Str<'r>, Str<'r>)> {
    const MOST: usize = 16;
    const LONGEST: usize = 256;
    let fits = |text: &str| {
        let allowed = |letter: char| letter.is_ascii_alphanumeric() || " _:@$#=/+,-.".contains(letter);
        text.len() <= LONGEST && text.chars().all(allowed)
    };
    let Some(Ok(Fields(fields))) = request.metadata.as_ref().map(|labels| labels.read()) else {
        lost.add_if(request.metadata.is_some(), "metadata");
        return Vec::new();
    };
    let mut labels = Vec::with_capacity(fields.len().min(MOST));
    for (name, value) in fields {
        match serde_json::from_str::<Str<'r>>(value.get()) {
            Ok(text) if labels.len() < MOST && !name.is_empty() && fits(&name) && fits(&text) => {
                labels.push((name, text));
            }
            _ => lost.add("metadata"),
        }
    }
    labels
}

/// `serviceTier.type`
pub(super) fn service_tier<'r>(request: &'r Request<'_>, lost: &mut Lost) -> Option<&'r str> {
    match request.service_tier.as_deref()? {
        "auto" => None,
        "standard" | "standard_only" => Some("default"),
        tier @ ("default" | "flex" | "priority" | "reserved") => Some(tier),
        _ => {
            lost.add("service_tier");
            None
        }
    }
}

/// Names what no model on Converse has.
pub(super) fn lose_the_rest(request: &Request<'_>, lost: &mut Lost) {
    lost.add_if(request.verbosity.is_some(), "verbosity");
    lost.add_if(request.seed.is_some(), "seed");
    lost.add_if(request.presence_penalty.is_some(), "presence_penalty");
    lost.add_if(request.frequency_penalty.is_some(), "frequency_penalty");
    lost.add_if(request.logit_bias.is_some(), "logit_bias");
    lost.add_if(request.logprobs == Some(true), "logprobs");
    lost.add_if(request.top_logprobs.is_some_and(|top| top > 0), "top_logprobs");
    lost.add_if(request.n.is_some_and(|n| n > 1), "n");
    lost.add_if(request.user.is_some(), "user");
    lost.add_if(request.store == Some(true), "store");
    lost.add_if(request.cache_key.is_some(), "prompt_cache_key");
}
