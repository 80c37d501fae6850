//! Routes, decided: whom they mean, and what is wrong with them.

use std::num::NonZeroU32;

use http::HeaderName;

use super::terms;
use crate::canonical::Dialect;
use crate::catalogue::Catalogue;
use crate::config::nearest::{nearest, quoted};
use crate::config::schema::{Keep as Said, Route as RouteSaid, When as WhenSaid};
use crate::config::setting::Located;
use crate::config::{Config, Problem};
use crate::routing::routes::{Hours, Keep, Pattern, Route, Then, When};

/// Where an intercepted call was going, among the names that a route can use.
const ORIGIN: &str = "origin";

/// Adds everything that is wrong with a route to `problems`.
pub fn check(route: &Located<RouteSaid>, config: &Config, problems: &mut Vec<Problem>) {
    let split = &route.value.split.0;
    for (name, _) in split {
        check_target(name, config, problems);
    }
    if split.iter().any(|(name, _)| name.value == ORIGIN) {
        problems.push(route.problem("`origin` can not have a share").help("use `origin: first` or `last`, or `use`"));
    }
    if let (Some((name, _)), true) = (split.first(), route.value.target.is_some() || route.value.deny.is_some()) {
        problems.push(name.problem("`split` stands beside `use` or `deny`").help("take out one of them"));
    }
    match (&route.value.target, &route.value.deny) {
        (None, None) if split.is_empty() && !terms::says(&route.value) => {
            let help = "say who answers (`use: smart`), or why nobody does (`deny: ...`)";
            problems.push(route.problem("the route does nothing").help(help));
        }
        (Some(_), Some(deny)) => {
            problems.push(deny.problem("both `use` and `deny` are given").help("take out one of them"));
        }
        (None, _) => {}
        (Some(target), None) => {
            check_target(target, config, problems);
            if target.value == ORIGIN && route.value.origin != Said::Never {
                let what = "`use: origin` goes nowhere else, so `origin` has nothing to say";
                problems.push(target.problem(what).help("name another model in `use`, or take `origin` out"));
            }
        }
    }
    for caller in &route.value.when.caller.0 {
        check_caller(caller, config, problems);
    }
    for (name, _) in &route.value.when.header.0 {
        if HeaderName::try_from(name.value.as_str()).is_err() {
            problems.push(name.problem(format!("`{}` can not be the name of a header", name.value)));
        }
    }
}

fn check_caller(caller: &Located<String>, config: &Config, problems: &mut Vec<Problem>) {
    let callers = super::callers::decide(config, &mut Vec::new());
    let pattern = Pattern::new(&caller.value);
    if !callers.names().any(|name| pattern.matches(name)) {
        let help = match nearest(&caller.value, callers.names(), 1).first() {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known here: {}", quoted(callers.names())),
        };
        problems.push(caller.problem(format!("`{}` is no caller", caller.value)).help(help));
    }
}

fn check_target(target: &Located<String>, config: &Config, problems: &mut Vec<Problem>) {
    let wanted = target.value.as_str();
    let of_provider = |provider: &str| config.providers.names().any(|name| name == provider);
    let known = wanted == ORIGIN
        || config.models.names().any(|name| name == wanted)
        || wanted.split_once('/').is_some_and(|(provider, model)| of_provider(provider) && !model.is_empty());
    if !known {
        let names = || config.models.names().chain([ORIGIN]);
        let help = match nearest(wanted, names(), 1).first() {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known here: {}, and `provider/model` with a configured provider", quoted(names())),
        };
        problems.push(target.problem(format!("`{wanted}` is no model")).help(help));
    }
}

/// The route, in which nothing is wrong.
pub fn open(index: usize, said: &RouteSaid, catalogue: &Catalogue) -> Option<Route> {
    let keep = match said.origin {
        Said::Never => Keep::Never,
        Said::First => Keep::First,
        Said::Last => Keep::Last,
    };
    let then = match (&said.deny, &said.target) {
        (Some(text), _) => Then::Deny(text.value.as_str().into()),
        (None, Some(target)) if target.value == ORIGIN => Then::Origin,
        (None, Some(target)) => Then::Use(target.value.as_str().into(), keep),
        (None, None) if said.split.0.is_empty() && !terms::says(said) => return None,
        (None, None) if said.split.0.is_empty() => Then::Named,
        (None, None) => Then::Split(
            said.split
                .0
                .iter()
                .map(|(name, share)| (name.value.as_str().into(), share.map_or(1, NonZeroU32::get)))
                .collect(),
        ),
    };
    let name = said.name.as_ref().map_or_else(|| format!("#{}", index + 1), |name| name.value.clone());
    let name: std::sync::Arc<str> = name.into();
    let terms = terms::of_route(name.clone(), said, catalogue);
    Some(Route { name, when: when(&said.when), then, terms })
}

fn when(said: &WhenSaid) -> When {
    let patterns = |texts: &[String]| texts.iter().map(|text| Pattern::new(text)).collect::<Vec<_>>();
    let header = |name: &str, texts: &[String]| Some((HeaderName::try_from(name).ok()?, patterns(texts)));
    When {
        models: patterns(&said.model.0),
        dialects: said.dialect.0.iter().filter_map(|dialect| Dialect::from_name(dialect.as_str())).collect(),
        hosts: patterns(&said.host.0),
        paths: patterns(&said.path.0),
        headers: said.header.0.iter().filter_map(|(name, texts)| header(&name.value, &texts.0)).collect(),
        stream: said.stream,
        tools: said.tools,
        images: said.images,
        tokens: said.tokens.0.iter().map(|bound| bound.least..=bound.most).collect(),
        times: said.time.0.iter().map(|hours| Hours { days: hours.days, minutes: hours.minutes }).collect(),
        callers: said.caller.0.iter().map(|caller| Pattern::new(&caller.value)).collect(),
    }
}
