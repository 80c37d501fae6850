//! A request as the provider wants it.

pub(super) mod block;
mod cache;
mod gather;
mod media;
mod schema;
mod thinking;
mod tools;
mod turns;

use serde::Serialize;
use serde_json::Number;

use self::block::{Block, CacheControl};
use self::thinking::{Plan, Thinking};
use super::generation::{Model, Sampling};
use super::request::OUTPUT_CONFIG;
use crate::canonical::{Dialect, Fault, FaultKind, Foreign, Format, Lost, Raw, Request};
use crate::dialect::codec::{Flavour, Target};

/// Writes a request.
pub(super) fn request(request: &Request<'_>, target: &Target<'_>, lost: &mut Lost) -> Result<Vec<u8>, Fault> {
    let model = Model::of(target);
    let mut conversation = turns::conversation(request, target.flavour, model.system_turns, lost)?;
    let mut tools = tools::tools(request, &model, lost);
    let tool_choice = tools::choice(request, &model, &tools, lost);
    let forced = tool_choice.as_ref().is_some_and(tools::Choice::is_forced);
    let plan = thinking::plan(request, &model, forced, conversation.lost_its_thoughts(), lost);
    let format = format(request, &model, &mut conversation.system, lost);
    conversation.finish(model.prefill && !plan.on && format.is_none());
    let (system, messages) = (&mut conversation.system, &mut conversation.messages);
    cache::limit(&mut tools, system, messages, usize::from(request.cache.is_some()), lost);
    unsaid(request, lost);
    let sampling = sampling(request, &model, &plan, lost);
    let stop = stop(request, lost);
    let others = others(request, target.flavour, lost);
    let named = !matches!(target.flavour, Flavour::Vertex | Flavour::Bedrock);
    let body = Body {
        anthropic_version: anthropic_version(target.flavour),
        model: named.then_some(target.model),
        max_tokens: plan.max_tokens,
        // Bedrock's path says it.
        stream: (target.flavour != Flavour::Bedrock && request.stream).then_some(true),
        tools: &tools,
        tool_choice,
        output_config: OutputConfig::of(plan.effort, format, &others),
        thinking: plan.thinking,
        temperature: sampling.temperature,
        top_p: sampling.top_p,
        top_k: sampling.top_k,
        stop_sequences: stop,
        metadata: user(request, lost).map(|user_id| Metadata { user_id }),
        service_tier: service_tier(request, target.flavour, lost),
        cache_control: CacheControl::of(request.cache.as_ref()),
    };
    let mut out = Vec::with_capacity(1024);
    serde_json::to_writer(&mut out, &body)
        .and_then(|()| conversation.write(&mut out))
        .map_err(|error| Fault::new(FaultKind::Internal, "the request could not be written").with_detail(error))?;
    for other in others.iter().filter(|other| !other.kind.starts_with(OUTPUT_CONFIG)) {
        out.pop();
        out.push(b',');
        serde_json::to_writer(&mut out, &other.kind).ok();
        out.push(b':');
        out.extend_from_slice(other.json.as_str().as_bytes());
        out.push(b'}');
    }
    Ok(out)
}

#[derive(Serialize)]
struct Body<'r> {
    #[serde(skip_serializing_if = "Option::is_none")]
    anthropic_version: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'r str>,
    max_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<bool>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    tools: &'r [tools::Tool<'r>],
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<tools::Choice<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<Thinking>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_config: Option<OutputConfig<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<&'r Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<&'r Number>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stop_sequences: Vec<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<CacheControl>,
}

#[derive(Serialize)]
struct Metadata<'r> {
    user_id: &'r str,
}

/// The version of the API, where there is no header for it.
pub(super) fn anthropic_version(flavour: Flavour) -> Option<&'static str> {
    match flavour {
        Flavour::Vertex => Some("vertex-2023-10-16"),
        Flavour::Bedrock => Some("bedrock-2023-05-31"),
        _ => None,
    }
}

/// `output_config`, a map because of the members that only this dialect knows.
#[derive(Serialize)]
#[serde(transparent)]
struct OutputConfig<'r>(std::collections::BTreeMap<&'r str, Raw<'r>>);

impl<'r> OutputConfig<'r> {
    fn of(effort: Option<&'static str>, format: Option<Raw<'static>>, others: &[&'r Foreign<'r>]) -> Option<Self> {
        let effort = effort.and_then(|effort| Raw::write(&effort)).map(|effort| ("effort", effort));
        let format = format.map(|format| ("format", format));
        let others =
            others.iter().filter_map(|other| Some((other.kind.strip_prefix(OUTPUT_CONFIG)?, other.json.borrowed())));
        let members: std::collections::BTreeMap<_, _> = effort.into_iter().chain(format).chain(others).collect();
        (!members.is_empty()).then_some(Self(members))
    }
}

/// The form of the answer: `output_config.format` where the model has it, else asked for in the system prompt.
fn format(request: &Request<'_>, model: &Model, system: &mut Vec<Block<'_>>, lost: &mut Lost) -> Option<Raw<'static>> {
    const JSON: &str = "Answer with one JSON object and nothing else: no words around it and no code fence.";
    match request.format.as_ref()? {
        Format::Text => None,
        Format::JsonObject => {
            system.push(Block::text(JSON));
            None
        }
        Format::JsonSchema { schema, .. } if model.structured => {
            let schema = schema::structured(schema, lost);
            Raw::write(&serde_json::json!({"type": "json_schema", "schema": schema}))
        }
        Format::JsonSchema { schema, strict, .. } => {
            lost.add_if(*strict == Some(true), "response_format.json_schema.strict");
            system.push(Block::text(format!("{JSON} It follows this JSON schema:\n{}", schema.as_str())));
            None
        }
    }
}

struct Chosen<'r> {
    temperature: Option<Number>,
    top_p: Option<&'r Number>,
    top_k: Option<&'r Number>,
}

/// The sampling parameters that the model takes. One that says what is the case anyway is no loss.
fn sampling<'r>(request: &'r Request<'_>, model: &Model, plan: &Plan, lost: &mut Lost) -> Chosen<'r> {
    let is_one = |number: &Number| number.as_f64() == Some(1.0);
    let mut chosen = Chosen {
        temperature: request.temperature.clone(),
        top_p: request.top_p.as_ref(),
        top_k: request.top_k.as_ref(),
    };
    let refused = model.sampling == Sampling::Refused;
    if refused || plan.on {
        lost.add_if(chosen.temperature.take().is_some_and(|temperature| !is_one(&temperature)), "temperature");
        lost.add_if(chosen.top_k.take().is_some(), "top_k");
        // With thoughts, a little less than everything is still allowed.
        let narrow = |top_p: &&Number| top_p.as_f64().is_none_or(|top_p| !(0.95..=1.0).contains(&top_p));
        if refused || chosen.top_p.as_ref().is_some_and(narrow) {
            lost.add_if(chosen.top_p.take().is_some_and(|top_p| !is_one(top_p)), "top_p");
        }
        return chosen;
    }
    if chosen.temperature.as_ref().and_then(Number::as_f64).is_some_and(|temperature| temperature > 1.0) {
        lost.add("temperature");
        chosen.temperature = Some(Number::from(1));
    }
    if model.sampling == Sampling::One && chosen.temperature.is_some() {
        lost.add_if(chosen.top_p.take().is_some_and(|top_p| !is_one(top_p)), "top_p");
    }
    chosen
}

/// Stop texts, each once; blank ones are refused.
fn stop<'r>(request: &'r Request<'_>, lost: &mut Lost) -> Vec<&'r str> {
    let mut stop = Vec::new();
    for text in request.stops() {
        if text.trim().is_empty() {
            lost.add("stop");
        } else {
            stop.push(text);
        }
    }
    stop
}

fn user<'r>(request: &'r Request<'_>, lost: &mut Lost) -> Option<&'r str> {
    const LONGEST: usize = 512;
    let user = request.user.as_deref()?;
    lost.add_if(user.chars().count() > LONGEST, "user");
    Some(user).filter(|user| user.chars().count() <= LONGEST)
}

fn service_tier(request: &Request<'_>, flavour: Flavour, lost: &mut Lost) -> Option<&'static str> {
    let asked = request.service_tier.as_deref()?;
    let tier = match asked {
        "auto" | "priority" => "auto",
        "default" | "standard" | "standard_only" => "standard_only",
        _ => {
            lost.add("service_tier");
            return None;
        }
    };
    let has_tiers = matches!(flavour, Flavour::Vendor);
    lost.add_if(!has_tiers && asked == "priority", "service_tier");
    has_tiers.then_some(tier)
}

/// Members that this dialect has no word for.
fn unsaid(request: &Request<'_>, lost: &mut Lost) {
    let penalty = |number: &Option<Number>| number.as_ref().is_some_and(|number| number.as_f64() != Some(0.0));
    lost.add_if(request.seed.is_some(), "seed");
    lost.add_if(penalty(&request.presence_penalty), "presence_penalty");
    lost.add_if(penalty(&request.frequency_penalty), "frequency_penalty");
    lost.add_if(request.logit_bias.is_some(), "logit_bias");
    lost.add_if(request.logprobs == Some(true), "logprobs");
    lost.add_if(request.top_logprobs.is_some_and(|top| top > 0), "top_logprobs");
    lost.add_if(request.n.is_some_and(|n| n > 1), "n");
    lost.add_if(request.verbosity.is_some(), "verbosity");
    lost.add_if(request.metadata.is_some(), "metadata");
    lost.add_if(request.store == Some(true), "store");
    lost.add_if(request.cache_key.is_some(), "prompt_cache_key");
}

/// A member that only the vendor itself knows.
pub(super) fn is_vendors_own(member: &str) -> bool {
    matches!(member, "container" | "inference_geo" | "mcp_servers")
}

/// The client's other members, as far as this provider knows them.
fn others<'r>(request: &'r Request<'_>, flavour: Flavour, lost: &mut Lost) -> Vec<&'r Foreign<'r>> {
    let known = |other: &Foreign<'_>| {
        other.dialect == Dialect::Anthropic
            && match other.kind.as_str() {
                // A header at the vendor's.
                "anthropic_beta" | "betas" => matches!(flavour, Flavour::Vertex | Flavour::Bedrock),
                kind if is_vendors_own(kind) => matches!(flavour, Flavour::Vendor | Flavour::Azure),
                _ => true,
            }
    };
    let mut others: Vec<&'r Foreign<'r>> = Vec::new();
    for other in &request.others {
        if known(other) {
            others.push(other);
        } else {
            lost.add(other.kind.to_string());
        }
    }
    others
}
