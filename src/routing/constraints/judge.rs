//! Each constraint by itself: what a target is, against what it has to be.

use std::borrow::Cow;

use super::{Exclusion, Meant, Require, Target, Terms, Whose, is_called};
use crate::catalogue::{Facts, Promise, Scores};
use crate::money::Usd;
use crate::provider::Provider;
use crate::routing::wishes::{MaxPrice, Wishes};

/// What of `terms` excludes `target`. `task`: which task the call is.
pub(super) fn terms<'t>(target: &Target, terms: &Terms, task: impl Fn() -> Option<&'t str>) -> Option<Exclusion> {
    let Terms { require, min_quality, .. } = terms;
    listed(target, require)
        .or_else(|| region(&target.facts, &require.region))
        .or_else(|| data(&target.facts, require.no_training, require.no_retention))
        .or_else(|| quantization(target, require.quantization.iter().map(|text| &**text)))
        .or_else(|| price(&target.facts, &require.max_price))
        .or_else(|| context(target, require.context?))
        .or_else(|| able(&target.facts, require))
        .or_else(|| good(&target.facts, min_quality, task))
}

/// What the call itself says of `target`.
pub(super) fn wishes(target: &Target, wishes: &Wishes) -> Option<Exclusion> {
    named(target, wishes)
        .or_else(|| data(&target.facts, wishes.no_collection, wishes.zero_retention))
        .or_else(|| quantization(target, wishes.quantizations.iter().map(String::as_str)))
        .or_else(|| price(&target.facts, &wishes.max_price))
}

/// What of `terms` excludes `provider`, whatever its model.
pub(super) fn provider(provider: &Provider, terms: &Terms) -> Option<Exclusion> {
    let (require, facts) = (&terms.require, provider.facts("-"));
    let is = |meant: &Meant| meant.is_provider(provider);
    among(require, is)
        .or_else(|| region(&facts, &require.region))
        .or_else(|| data(&facts, require.no_training, require.no_retention))
}

fn exclusion(by: &'static str, found: impl Into<Cow<'static, str>>) -> Option<Exclusion> {
    Some(Exclusion { by, found: found.into(), whose: Whose::Call })
}

fn listed(target: &Target, require: &Require) -> Option<Exclusion> {
    among(require, |meant| meant.is(target))
}

fn among(require: &Require, is: impl Fn(&Meant) -> bool) -> Option<Exclusion> {
    if require.only.as_ref().is_some_and(|only| !only.iter().any(&is)) {
        return exclusion("only", "not among those that are allowed");
    }
    require.ignore.iter().any(&is).then(|| exclusion("ignore", "among those that are not allowed"))?
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

fn region(facts: &Facts, wanted: &[Box<str>]) -> Option<Exclusion> {
    if wanted.is_empty() {
        return None;
    }
    match facts.region.as_deref() {
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

fn data(facts: &Facts, no_training: bool, no_retention: bool) -> Option<Exclusion> {
    let word = |by, promise, does: &'static str, unknown: &'static str| match promise {
        Some(Promise::DoesNot) => None,
        Some(Promise::Does) => exclusion(by, does),
        None => exclusion(by, unknown),
    };
    let training = || word("data_policy:training", facts.training, "it trains on what it is sent", "it does not say");
    let retention = || word("data_policy:zdr", facts.retention, "it keeps what it is sent", "it does not say");
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

pub(super) fn price(facts: &Facts, most: &MaxPrice) -> Option<Exclusion> {
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

fn context(target: &Target, wanted: u64) -> Option<Exclusion> {
    match target.context().or(target.facts.context) {
        None => exclusion("context_length", "its context is not known"),
        Some(own) if own < wanted => exclusion("context_length", format!("its context has {own} tokens")),
        Some(_) => None,
    }
}

/// A prompt is only estimated, and a provider's own refusal says it better: a tenth more than the catalogue says may
/// still fit. What the operator says is meant as it is said.
pub(super) fn fits(target: &Target, tokens: u64) -> Option<Exclusion> {
    let known = || target.facts.context.map(|own| (own, own + own / 10));
    let (own, most) = target.context().map(|own| (own, own)).or_else(known)?;
    // An intercepted call goes where it was going; who is there says what is too long.
    if tokens <= most || target.provider.origin {
        return None;
    }
    let found = Cow::from(format!("the call seems to have {tokens} of {own} tokens"));
    Some(Exclusion { by: "context_length", found, whose: Whose::Prompt })
}

fn able(facts: &Facts, require: &Require) -> Option<Exclusion> {
    require.abilities.iter().find_map(|(ability, said)| match facts.able.can(*ability) {
        Some(true) => None,
        Some(false) => exclusion("abilities", format!("its model has no `{said}`")),
        None => exclusion("abilities", format!("whether its model has `{said}` is not known")),
    })
}

fn good<'t>(facts: &Facts, bar: &Scores, task: impl Fn() -> Option<&'t str>) -> Option<Exclusion> {
    if bar.is_empty() {
        return None;
    }
    let task = task();
    let bar = bar.bar(task)?;
    let of_task = || task.map_or_else(String::new, |task| format!(" at `{task}`"));
    match facts.quality.as_ref().and_then(|scores| scores.score(task)) {
        Some(score) if score >= bar => None,
        Some(score) => exclusion("min_quality", format!("its score{} is {score}, below {bar}", of_task())),
        None => exclusion("min_quality", format!("its score{} is not known", of_task())),
    }
}
