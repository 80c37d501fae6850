//! Samplers, limits and thinking, written for those who take them.

use serde_json::Number;

use super::json_out::Object;
use super::style::{Family, Style};
use crate::canonical::{Lost, Request, effort};
use crate::dialect::codec::Flavour;

/// Writes the settings.
pub(super) fn write(request: &Request<'_>, style: &Style<'_>, body: &mut Object<'_>, lost: &mut Lost) {
    let limit = if style.is_openai() { "max_completion_tokens" } else { "max_tokens" };
    body.maybe(limit, request.max_tokens);
    let thinks = write_thinking(request, style, body, lost);
    write_stop(request, style, body, lost);
    if thinks {
        lose_samplers(request, lost);
    } else {
        write_samplers(request, style, body, lost);
    }
    match &request.top_k {
        Some(k) if style.is(Flavour::OpenRouter) => _ = body.set("top_k", k),
        k => lost.add_if(k.is_some(), "top_k"),
    }
    match &request.seed {
        Some(_) if style.is(Flavour::DeepSeek) => lost.add("seed"),
        Some(seed) if style.is(Flavour::Mistral) && !seed.is_u64() => lost.add("seed"), // it must not be negative
        Some(seed) => _ = body.set(if style.is(Flavour::Mistral) { "random_seed" } else { "seed" }, seed),
        None => {}
    }
    match request.n {
        None | Some(1) => {}
        Some(_) if style.is(Flavour::DeepSeek) => lost.add("n"),
        Some(n) => _ = body.set("n", n),
    }
}

fn write_stop(request: &Request<'_>, style: &Style<'_>, body: &mut Object<'_>, lost: &mut Lost) {
    /// OpenAI's; DeepSeek takes 16.
    const MOST: usize = 4;
    let mut texts: Vec<&str> = Vec::new();
    for text in &request.stop {
        if !text.is_empty() && !texts.contains(&text.as_str()) {
            texts.push(text);
        }
    }
    if texts.is_empty() {
        return;
    }
    if style.thinks() {
        return lost.add("stop");
    }
    if texts.len() > MOST && style.is_openai() {
        lost.add("stop");
        texts.truncate(MOST);
    }
    body.set("stop", texts);
}

fn write_samplers(request: &Request<'_>, style: &Style<'_>, body: &mut Object<'_>, lost: &mut Lost) {
    body.maybe("temperature", request.temperature.as_ref().map(|wanted| within_two(wanted, style, lost)));
    body.maybe("top_p", request.top_p.as_ref());
    body.maybe("presence_penalty", request.presence_penalty.as_ref());
    body.maybe("frequency_penalty", request.frequency_penalty.as_ref());
    if style.is(Flavour::Mistral) || style.is(Flavour::DeepSeek) {
        lost.add_if(request.logit_bias.is_some(), "logit_bias");
    } else {
        body.maybe("logit_bias", request.logit_bias.as_ref());
    }
    if style.is(Flavour::Mistral) {
        lost.add_if(request.logprobs == Some(true), "logprobs");
        return;
    }
    body.maybe("logprobs", request.logprobs);
    body.maybe("top_logprobs", request.top_logprobs.filter(|_| request.logprobs == Some(true)));
}

/// Mistral takes no more than 1.5.
fn within_two(wanted: &Number, style: &Style<'_>, lost: &mut Lost) -> Number {
    const MISTRALS: f64 = 1.5;
    if style.is(Flavour::Mistral) && wanted.as_f64().is_some_and(|wanted| wanted > MISTRALS) {
        lost.add("temperature");
        return Number::from_f64(MISTRALS).unwrap_or_else(|| wanted.clone());
    }
    wanted.clone()
}

/// Models that think refuse everything but the defaults, which are no loss.
fn lose_samplers(request: &Request<'_>, lost: &mut Lost) {
    let said = |number: &Option<Number>, default: f64| number.as_ref().is_some_and(|n| n.as_f64() != Some(default));
    lost.add_if(said(&request.temperature, 1.0), "temperature");
    lost.add_if(said(&request.top_p, 1.0), "top_p");
    lost.add_if(said(&request.presence_penalty, 0.0), "presence_penalty");
    lost.add_if(said(&request.frequency_penalty, 0.0), "frequency_penalty");
    lost.add_if(request.logit_bias.is_some(), "logit_bias");
    lost.add_if(request.logprobs == Some(true), "logprobs");
}

/// Writes how much to think. Whether the model then refuses samplers.
pub(super) fn write_thinking(request: &Request<'_>, style: &Style<'_>, body: &mut Object<'_>, lost: &mut Lost) -> bool {
    let thinking = &request.reasoning;
    let shown = thinking.summary.as_deref();
    if style.is(Flavour::OpenRouter) {
        if !thinking.is_unsaid() {
            body.object("reasoning", |reasoning| {
                match (thinking.off, &thinking.effort, thinking.budget) {
                    (true, ..) => _ = reasoning.set("effort", "none"),
                    (_, Some(effort), _) => _ = reasoning.set("effort", effort),
                    (_, None, Some(budget)) => _ = reasoning.set("max_tokens", budget),
                    _ if thinking.adaptive => _ = reasoning.set("enabled", true),
                    _ => {}
                }
                match shown {
                    Some("none") => _ = reasoning.set("exclude", true),
                    shown => _ = reasoning.maybe("summary", shown),
                }
            });
        }
        return false;
    }
    lost.add_if(matches!(shown, Some("concise" | "detailed")), "reasoning.summary");
    let word = match style.flavour {
        Flavour::DeepSeek => {
            let kind = if thinking.off { "disabled" } else { "enabled" };
            if thinking.off || thinking.is_on() {
                body.object("thinking", |switch| _ = switch.set("type", kind));
            }
            return false;
        }
        Flavour::Mistral if thinking.off => Some("none"),
        Flavour::Mistral => thinking.is_on().then_some("high"),
        _ => match style.family {
            Family::Thinks(levels) if thinking.off => {
                lost.add_if(!levels.contains(&"none"), "reasoning");
                levels.first().copied()
            }
            Family::Thinks(levels) => {
                let wanted = thinking.as_effort();
                let above: Vec<&'static str> = levels.iter().copied().filter(|level| *level != "none").collect();
                let word = wanted.and_then(|wanted| effort::clamp(wanted, &above));
                lost.add_if(wanted.is_some() && word.is_none(), "reasoning");
                word
            }
            Family::Plain => {
                lost.add_if(thinking.is_on(), "reasoning");
                None
            }
            Family::Unknown if thinking.off => {
                lost.add("reasoning");
                None
            }
            // The words that every server knows which knows any.
            Family::Unknown if !style.is_openai() => {
                thinking.as_effort().and_then(|wanted| effort::clamp(wanted, &["low", "medium", "high"]))
            }
            Family::Unknown => {
                body.maybe("reasoning_effort", thinking.as_effort());
                return false;
            }
        },
    };
    body.maybe("reasoning_effort", word);
    style.thinks() && word != Some("none")
}
