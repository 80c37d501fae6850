//! A request as Google's provider wants it.

use super::generation::Generation;
use super::out::{Object, comma};
use super::write_contents::{Contents, system_texts};
use super::write_settings::{self, Answer};
use crate::canonical::{Dialect, Fault, FaultKind, Lost, Request};
use crate::dialect::codec::{Flavour, Target};

/// Writes the body of generateContent or streamGenerateContent; the path says which, and for which model.
pub(super) fn write(request: &Request<'_>, target: &Target<'_>, lost: &mut Lost) -> Result<Vec<u8>, Fault> {
    let mut out = Vec::with_capacity(4096);
    let mut object = Object::begin(&mut out);
    write_members(&mut object, request, target, lost)?;
    object.end();
    Ok(out)
}

/// Writes the body of countTokens. Only Vertex takes the members as they are; Google itself wants the whole request.
pub(super) fn write_count(request: &Request<'_>, target: &Target<'_>, lost: &mut Lost) -> Result<Vec<u8>, Fault> {
    if target.flavour == Flavour::Vertex {
        return write(request, target, lost);
    }
    let mut out = Vec::with_capacity(4096);
    let mut object = Object::begin(&mut out);
    let mut inner = object.object("generateContentRequest");
    inner.text("model", &format!("models/{}", target.model.trim_start_matches("models/")));
    write_members(&mut inner, request, target, lost)?;
    inner.end();
    object.end();
    Ok(out)
}

fn write_members(
    object: &mut Object<'_>,
    request: &Request<'_>,
    target: &Target<'_>,
    lost: &mut Lost,
) -> Result<(), Fault> {
    let generation = Generation::of(target);
    let answer = Answer::of(request, generation, lost);
    let mut system = system_texts(request, lost);
    system.extend(answer.in_words.as_deref());

    // A system instruction needs a conversation beside it.
    let alone = request
        .turns
        .iter()
        .all(|turn| matches!(turn.role, crate::canonical::Role::System | crate::canonical::Role::Developer));
    let apart = generation.system && !alone;
    if apart && !system.is_empty() {
        let mut instruction = object.object("systemInstruction");
        let out = instruction.key("parts");
        out.push(b'[');
        let mut first = true;
        for said in &system {
            comma(out, &mut first);
            super::write_parts::write_text(out, said, false, None);
        }
        out.push(b']');
        instruction.end();
    }
    let mut contents = Contents::begin(object.key("contents"), generation, target.flavour == Flavour::Vendor);
    if !apart {
        system.iter().for_each(|said| contents.user_text(said));
    }
    contents.turns(request, lost);
    if !contents.end() {
        return Err(Fault::new(FaultKind::BadRequest, "there is no text in the request that could be answered"));
    }

    write_settings::tools(object, request, generation, lost);
    write_settings::generation_config(object, request, &answer, generation, lost);
    write_rest(object, request, target, lost);
    Ok(())
}

/// What stands beside the conversation and the settings.
fn write_rest(object: &mut Object<'_>, request: &Request<'_>, target: &Target<'_>, lost: &mut Lost) {
    let vertex = target.flavour == Flavour::Vertex;
    match &request.metadata {
        Some(labels) if vertex => write_labels(object, labels, lost),
        Some(_) => lost.add("metadata"),
        None => {}
    }
    if let Some(tier) = request.service_tier.as_deref().filter(|tier| *tier != "auto") {
        match super::usage::write_tier(tier).filter(|_| target.flavour == Flavour::Vendor) {
            Some(tier) => object.text("serviceTier", tier),
            None => lost.add("service_tier"),
        }
    }
    if let Some(store) = request.store {
        if target.flavour == Flavour::Vendor {
            object.bool("store", store);
        } else {
            lost.add_if(store, "store");
        }
    }
    for other in &request.others {
        if other.dialect != Dialect::Gemini {
            lost.add(other.kind.to_string());
        } else if !other.kind.contains('.') {
            object.raw(&other.kind, other.json.as_str());
        }
    }
    lost.add_if(request.logit_bias.is_some(), "logit_bias");
    lost.add_if(request.user.is_some(), "user");
    lost.add_if(request.verbosity.is_some(), "verbosity");
    lost.add_if(request.cache_key.is_some(), "prompt_cache_key");
    lost.add_if(request.cache.is_some(), "cache_control");
    lost.add_if(request.parallel_tools == Some(false), "parallel_tool_calls");
}

/// Labels have narrow rules, and one that breaks them costs the answer.
fn write_labels(object: &mut Object<'_>, labels: &crate::canonical::Raw<'_>, lost: &mut Lost) {
    let fits = |text: &str| {
        let char = |char: char| char.is_lowercase() || char.is_numeric() || matches!(char, '_' | '-');
        text.chars().count() <= 63 && text.chars().all(char)
    };
    let serde_json::Value::Object(labels) = labels.tree() else {
        lost.add("metadata");
        return;
    };
    let mut good = Vec::new();
    for (name, value) in &labels {
        match value.as_str().filter(|value| fits(value)) {
            Some(value) if fits(name) && name.starts_with(char::is_lowercase) => good.push((name, value)),
            _ => lost.add(format!("metadata.{name}")),
        }
    }
    if !good.is_empty() {
        let mut object = object.object("labels");
        good.into_iter().for_each(|(name, value)| object.text(name, value));
        object.end();
    }
}
