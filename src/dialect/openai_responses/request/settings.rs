//! How the answer is to be: everything of a request but the conversation and the tools.

use serde_json::Number;

use super::super::OWN;
use super::super::models::{Family, family};
use super::super::writing::Object;
use crate::canonical::{Format, Lost, Raw, Request, Str, effort};
use crate::dialect::codec::{Flavour, Target};

/// OpenAI refuses less.
const FEWEST_TOKENS: u64 = 16;

/// The longest name of a schema.
const LONGEST_NAME: usize = 64;

/// Writes it. `replays`: thoughts are among the items.
pub(super) fn write(request: &Request<'_>, target: &Target<'_>, replays: bool, body: &mut Object<'_>, lost: &mut Lost) {
    let family = match target.flavour {
        Flavour::Compatible => Family::Unknown,
        _ => family(target.model),
    };
    text(request, body);
    reasoning(request, family, body, lost);
    include(request, family, replays, body);
    samplers(request, family, body, lost);
    let store = request.store.unwrap_or(false);
    body.member("store", &store);
    if let Some(most) = request.max_tokens {
        let least = if target.flavour == Flavour::Compatible { 1 } else { FEWEST_TOKENS };
        lost.add_if(most < least, "max_tokens");
        body.member("max_output_tokens", &most.max(least));
    }
    body.maybe("user", request.user.as_ref());
    body.maybe("metadata", request.metadata.as_ref().filter(|labels| labels.is_object()));
    body.maybe("service_tier", request.service_tier.as_ref());
    body.maybe("prompt_cache_key", request.cache_key.as_ref());
    penalties(request, target.flavour, body, lost);
    lost.add_if(!request.stop.is_empty(), "stop");
    lost.add_if(request.seed.is_some(), "seed");
    lost.add_if(request.top_k.is_some(), "top_k");
    lost.add_if(request.logit_bias.is_some(), "logit_bias");
    lost.add_if(request.n.is_some_and(|n| n > 1), "n");
    lost.add_if(request.cache.is_some(), "cache_control");
    for other in &request.others {
        match other.dialect {
            // Written with the others of them.
            OWN if other.kind.starts_with("reasoning.") || other.kind == "include" => {}
            OWN => body.member(&other.kind, &other.json),
            _ => lost.add(other.kind.to_string()),
        }
    }
}

fn text(request: &Request<'_>, body: &mut Object<'_>) {
    if request.format.is_none() && request.verbosity.is_none() {
        return;
    }
    let mut text = Object::begin(body.name("text"));
    if let Some(format) = &request.format {
        let mut object = Object::begin(text.name("format"));
        match format {
            Format::Text => object.member("type", "text"),
            Format::JsonObject => object.member("type", "json_object"),
            Format::JsonSchema { name, description, schema, strict } => {
                object.member("type", "json_schema");
                object.member("name", &schema_name(name.as_deref()));
                object.maybe("description", description.as_ref());
                object.member("schema", schema);
                object.maybe("strict", strict.as_ref());
            }
        }
        object.end();
    }
    text.maybe("verbosity", request.verbosity.as_ref());
    text.end();
}

/// A name is required, of a narrow alphabet.
fn schema_name(name: Option<&str>) -> String {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
    let name = name.filter(|name| !name.is_empty()).unwrap_or("response");
    name.chars().take(LONGEST_NAME).map(|letter| if fits(letter) { letter } else { '_' }).collect()
}

fn reasoning(request: &Request<'_>, family: Family, body: &mut Object<'_>, lost: &mut Lost) {
    let thinking = &request.reasoning;
    let own: Vec<(&str, &Raw<'_>)> = request
        .others
        .iter()
        .filter(|other| other.dialect == OWN)
        .filter_map(|other| Some((other.kind.strip_prefix("reasoning.")?, &other.json)))
        .collect();
    let wanted = if thinking.off { Some("none") } else { thinking.as_effort() };
    let effort = match (family, wanted) {
        (Family::Plain, _) => {
            lost.add_if(thinking.is_on(), "reasoning");
            return;
        }
        (_, None) => None,
        // Those that cannot but reason do it as little as they can.
        (Family::Always(levels), Some("none")) => levels.first().copied(),
        (Family::Always(levels) | Family::Asked(levels), Some(wanted)) if wanted != "none" => {
            effort::clamp(wanted, levels).or(Some(wanted))
        }
        (_, Some(wanted)) => Some(wanted),
    };
    let summary = thinking.summary.as_ref().filter(|summary| *summary != "none");
    if effort.is_none() && summary.is_none() && own.is_empty() {
        return;
    }
    let mut object = Object::begin(body.name("reasoning"));
    object.maybe("effort", effort.as_ref());
    object.maybe("summary", summary);
    own.into_iter().for_each(|(name, value)| object.member(name, value));
    object.end();
}

/// Thoughts come back encrypted where nothing is stored, or they could not be replayed; but models that do not reason
/// refuse the wish.
fn include(request: &Request<'_>, family: Family, replays: bool, body: &mut Object<'_>) {
    let reasons = match family {
        Family::Plain => false,
        Family::Always(_) | Family::Asked(_) => true,
        Family::Unknown => request.reasoning.is_on() || replays,
    };
    let given = request.others.iter().find(|other| other.dialect == OWN && other.kind == "include");
    let mut wanted: Vec<Str<'_>> = given.and_then(|given| given.json.read().ok()).unwrap_or_default();
    if reasons && !request.store.unwrap_or(false) {
        wanted.push("reasoning.encrypted_content".into());
    }
    if request.logprobs == Some(true) || request.top_logprobs.is_some_and(|most| most > 0) {
        wanted.push("message.output_text.logprobs".into());
    }
    if !wanted.is_empty() {
        body.member("include", &wanted);
    }
    body.maybe("top_logprobs", request.top_logprobs.as_ref());
}

fn samplers(request: &Request<'_>, family: Family, body: &mut Object<'_>, lost: &mut Lost) {
    let refused = match family {
        Family::Always(_) => true,
        Family::Asked(_) => request.reasoning.is_on(),
        Family::Plain | Family::Unknown => false,
    };
    let one = |number: &Number| number.as_f64() == Some(1.0);
    for (name, value) in [("temperature", &request.temperature), ("top_p", &request.top_p)] {
        match value {
            Some(value) if refused => lost.add_if(!one(value), name), // 1 is the default
            Some(value) => body.member(name, value),
            None => {}
        }
    }
}

/// Open Responses has them, OpenAI does not.
fn penalties(request: &Request<'_>, flavour: Flavour, body: &mut Object<'_>, lost: &mut Lost) {
    for (name, value) in
        [("presence_penalty", &request.presence_penalty), ("frequency_penalty", &request.frequency_penalty)]
    {
        match value {
            Some(value) if flavour == Flavour::Compatible => body.member(name, value),
            Some(value) => lost.add_if(value.as_f64() != Some(0.0), name),
            None => {}
        }
    }
}
