//! A request as a provider wants it.

use std::borrow::Cow;

use super::json_out::Object;
use super::style::{Family, Style};
use super::{settings_out, tools_out, turns_out};
use crate::canonical::{Dialect, Format, Lost, Part, Request, fnv};
use crate::dialect::codec::{Flavour, Target};

/// The request as a provider wants it.
pub(in super::super) fn write_request(request: &Request<'_>, target: &Target<'_>, lost: &mut Lost) -> Vec<u8> {
    let style = &Style::of(target);
    let mut out = Vec::with_capacity(4096);
    let mut body = Object::begin(&mut out);
    body.set("model", target.model);
    let instruction = request.format.as_ref().and_then(|format| tools_out::format(format, style, &mut body, lost));
    let instruction = instruction.filter(|_| request.format != Some(Format::JsonObject) || !speaks_of_json(request));
    let mut messages = Object::list(body.key("messages"));
    turns_out::write(request, instruction.as_deref(), style, &mut messages, lost);
    messages.end();
    tools_out::write(request, style, &mut body, lost);
    settings_out::write(request, style, &mut body, lost);
    if request.stream {
        body.set("stream", true);
        if !style.is(Flavour::Mistral) {
            // Always: the client's own wish decides only what it is shown.
            body.object("stream_options", |options| _ = options.set("include_usage", true));
        }
    }
    write_who(request, style, &mut body, lost);
    for other in &request.others {
        match other.dialect {
            Dialect::OpenAiChat => _ = body.set(&other.kind, &other.json),
            _ => lost.add(other.kind.to_string()),
        }
    }
    body.end();
    out
}

/// OpenAI refuses to answer in JSON unless some message speaks of it.
fn speaks_of_json(request: &Request<'_>) -> bool {
    let says = |text: &str| text.as_bytes().windows(4).any(|word| word.eq_ignore_ascii_case(b"json"));
    request.turns.iter().flat_map(|turn| &turn.parts).any(|part| match part {
        Part::Text(text) => says(&text.text),
        Part::ToolResult(result) => says(&result.text()),
        _ => false,
    })
}

/// Whose call it is, and how it is to be kept and served.
fn write_who(request: &Request<'_>, style: &Style<'_>, body: &mut Object<'_>, lost: &mut Lost) {
    match &request.user {
        Some(_) if style.is(Flavour::Mistral) || style.is(Flavour::DeepSeek) => lost.add("user"),
        Some(user) => _ = body.set("user", opaque(user)),
        None => {}
    }
    // OpenAI takes labels only with what it keeps.
    let labels = request.metadata.as_ref();
    let kept = labels.filter(|_| style.is_openai() && request.store == Some(true));
    lost.add_if(labels.is_some() && kept.is_none(), "metadata");
    body.maybe("metadata", kept);
    if style.is_openai() {
        body.maybe("store", request.store);
        body.maybe("prompt_cache_key", request.cache_key.as_ref());
    } else {
        lost.add_if(request.store == Some(true), "store");
        lost.add_if(request.cache_key.is_some(), "prompt_cache_key");
    }
    let tier = request.service_tier.as_deref().map(|tier| match tier {
        "standard" | "standard_only" => "default",
        other => other,
    });
    let known = |tier: &&str| matches!(*tier, "auto" | "default" | "flex" | "scale" | "priority" | "fast");
    let taken = tier.filter(|tier| style.is_openai() && known(tier));
    lost.add_if(taken.is_none() && !matches!(tier, None | Some("auto" | "default")), "service_tier");
    body.maybe("service_tier", taken);
    match &request.cache {
        Some(cache) if style.is(Flavour::OpenRouter) => tools_out::cache_control(body, cache),
        cache => lost.add_if(cache.is_some(), "cache_control"),
    }
    match &request.verbosity {
        Some(verbosity) if style.is_openai() && style.family != Family::Plain => _ = body.set("verbosity", verbosity),
        verbosity => lost.add_if(verbosity.is_some(), "verbosity"),
    }
}

/// OpenAI takes at most 64 characters; a longer name is as opaque when it is shorter.
fn opaque(user: &str) -> Cow<'_, str> {
    if user.len() <= 64 { Cow::Borrowed(user) } else { Cow::Owned(format!("user_{:016x}", fnv(user.as_bytes()))) }
}
