//! Who may answer a call at all: hard, for every try of it, and closed where something is not known.
//!
//! A plan never holds a target that is excluded here, so no fallback, no repeat and no second target can reach one.

use std::borrow::Cow;

use super::Target;
use super::wishes::{MaxPrice, Wishes};
use crate::canonical::{Fault, FaultKind};
use crate::catalogue::{Facts, Promise};
use crate::money::Usd;

/// What a model's targets have to be. Nothing said: anything.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Require {
    /// Where they run: one of these, or a part of one (`eu` for `eu-west-1`).
    pub region: Vec<Box<str>>,
    /// They do not train on what they are sent.
    pub no_training: bool,
    /// They keep nothing of it.
    pub no_retention: bool,
    /// How their weights are stored.
    pub quantization: Vec<Box<str>>,
    /// Nobody dearer.
    pub max_price: MaxPrice,
    /// At least so many tokens fit into their context.
    pub context: Option<u64>,
}

/// What excludes a target. The words are OpenRouter's where it has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exclusion {
    /// The constraint.
    pub by: &'static str,
    /// What the target has instead.
    pub found: Cow<'static, str>,
}

impl Require {
    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Why `target` may not answer; `None`: it may. `tokens`: what the prompt seems to have.
pub fn excluded(target: &Target, require: &Require, wishes: Option<&Wishes>, tokens: Option<u64>) -> Option<Exclusion> {
    let own = || {
        region(target, &require.region)
            .or_else(|| data(target, require.no_training, require.no_retention))
            .or_else(|| quantization(target, require.quantization.iter().map(|text| &**text)))
            .or_else(|| price(&target.facts, &require.max_price))
            .or_else(|| context(target, require.context, tokens))
    };
    let call = |wishes: &Wishes| {
        named(target, wishes)
            .or_else(|| data(target, wishes.no_collection, wishes.zero_retention))
            .or_else(|| quantization(target, wishes.quantizations.iter().map(String::as_str)))
            .or_else(|| price(&target.facts, &wishes.max_price))
    };
    wishes.and_then(call).or_else(own)
}

/// Every target of `model` is excluded: which, and by what.
pub fn nobody<'t>(model: &str, excluded: impl Iterator<Item = (&'t Target, &'t Exclusion)>) -> Fault {
    let mut message = format!("no target of model `{model}` is allowed to answer this call: ");
    for (index, (target, Exclusion { by, found })) in excluded.enumerate() {
        if message.len() > LONGEST {
            message.push_str(", and more");
            break;
        }
        let separator = if index == 0 { "" } else { "; " };
        message.push_str(&format!("{separator}`{}` is excluded by {by} ({found})", target.id));
    }
    Fault::new(FaultKind::Excluded, message)
}

/// An error is read by people.
const LONGEST: usize = 4_000;

fn exclusion(by: &'static str, found: impl Into<Cow<'static, str>>) -> Option<Exclusion> {
    Some(Exclusion { by, found: found.into() })
}

fn named(target: &Target, wishes: &Wishes) -> Option<Exclusion> {
    let is = |name: &String| is_called(target, name);
    if !wishes.only.is_empty() && !wishes.only.iter().any(is) {
        return exclusion("allowed_providers", "not among those that the call allows");
    }
    if wishes.ignore.iter().any(is) {
        return exclusion("ignored_providers", "the call wants to do without it");
    }
    if wishes.no_fallbacks && !wishes.order.is_empty() && !wishes.order.iter().any(is) {
        return exclusion("allow_fallbacks", "not in the call's order, and no fallback is wanted");
    }
    None
}

/// Whether `name` means this target: it, its provider, or its provider's kind. OpenRouter's names of places within a
/// provider (`google-vertex/us-east5`) mean that provider in that region.
pub fn is_called(target: &Target, name: &str) -> bool {
    let is = |text: &str| text.eq_ignore_ascii_case(name);
    if is(target.provider.id.as_str()) || is(target.id.as_str()) || is(target.provider.kind.name) {
        return true;
    }
    name.split_once('/').is_some_and(|(provider, region)| {
        let of_provider = provider.eq_ignore_ascii_case(target.provider.id.as_str())
            || provider.eq_ignore_ascii_case(target.provider.kind.name);
        of_provider && target.facts.region.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(region))
    })
}

fn region(target: &Target, wanted: &[Box<str>]) -> Option<Exclusion> {
    if wanted.is_empty() {
        return None;
    }
    match target.facts.region.as_deref() {
        None => exclusion("region", "where it runs is not known"),
        Some(region) if wanted.iter().any(|wanted| within(region, wanted)) => None,
        Some(region) => exclusion("region", format!("it runs in {region}")),
    }
}

/// `eu` holds `eu-west-1` and `EU`, not `eureka`; Google's `europe-west4` is in it as well.
fn within(region: &str, wanted: &str) -> bool {
    let wanted = if wanted.eq_ignore_ascii_case("eu") && starts(region, "europe") { "europe" } else { wanted };
    starts(region, wanted) && region[wanted.len()..].bytes().next().is_none_or(|next| !next.is_ascii_alphanumeric())
}

fn starts(text: &str, start: &str) -> bool {
    text.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start))
}

fn data(target: &Target, no_training: bool, no_retention: bool) -> Option<Exclusion> {
    let word = |by, promise, does: &'static str, unknown: &'static str| match promise {
        Some(Promise::DoesNot) => None,
        Some(Promise::Does) => exclusion(by, does),
        None => exclusion(by, unknown),
    };
    let training =
        || word("data_policy:training", target.facts.training, "it trains on what it is sent", "it does not say");
    let retention = || word("data_policy:zdr", target.facts.retention, "it keeps what it is sent", "it does not say");
    no_training.then(training).flatten().or_else(|| no_retention.then(retention).flatten())
}

fn quantization<'w>(target: &Target, mut wanted: impl Iterator<Item = &'w str> + Clone) -> Option<Exclusion> {
    wanted.clone().next()?;
    let own = target.facts.quantization.as_deref().unwrap_or("unknown");
    if wanted.any(|wanted| wanted.eq_ignore_ascii_case(own)) {
        return None;
    }
    exclusion("quantization", format!("its weights are {own}"))
}

fn price(facts: &Facts, most: &MaxPrice) -> Option<Exclusion> {
    if *most == MaxPrice::default() {
        return None;
    }
    let Some(price) = &facts.price else { return exclusion("max_price", "its price is not known") };
    let over = |what: &str, most: Option<Usd>, own: Option<Usd>| match (most?, own) {
        (most, Some(own)) if own <= most => None,
        (most, Some(own)) => exclusion("max_price", format!("{what} costs {own}, over {most}")),
        (_, None) => exclusion("max_price", format!("its price for {what} is not known")),
    };
    over("input", most.input, price.input)
        .or_else(|| over("output", most.output, price.output))
        .or_else(|| over("a request", most.request, Some(price.request.unwrap_or_default())))
        .or_else(|| over("an image", most.image, Some(price.image.unwrap_or_default())))
        .or_else(|| over("sound", most.audio, price.audio.or(price.input)))
}

fn context(target: &Target, wanted: Option<u64>, tokens: Option<u64>) -> Option<Exclusion> {
    let own = target.context().or(target.facts.context);
    match (own, wanted) {
        (None, Some(_)) => return exclusion("context_length", "its context is not known"),
        (Some(own), Some(wanted)) if own < wanted => {
            return exclusion("context_length", format!("its context has {own} tokens"));
        }
        _ => {}
    }
    let (own, tokens) = (own?, tokens?);
    (tokens > own).then(|| exclusion("context_length", format!("the call seems to have {tokens} of {own} tokens")))?
}

#[cfg(test)]
mod tests;
