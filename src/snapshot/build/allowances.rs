//! Budgets and limits, decided: whose use counts, of what, and what happens when it is too much.

use std::borrow::Cow;
use std::num::NonZeroU64;
use std::sync::Arc;

use http::HeaderName;

use crate::config::nearest::{nearest, quoted};
use crate::config::schema::{Allowance, Per, Then as Said, ThenWord};
use crate::config::setting::Located;
use crate::config::{Config, Place, Problem};
use crate::ledger::{Account, Callers, Caps, Period, Rule, Rules, Scope, Then};
use crate::names::TargetId;
use crate::routing::routes::Pattern;

/// Adds everything that is wrong with budgets and limits to `problems`.
pub fn check(config: &Config, problems: &mut Vec<Problem>) {
    let mut names: Vec<String> = Vec::new();
    for (place, name, said) in all(config) {
        let said = &*said;
        let mut wrong = |place: &Place, what: String, help: String| {
            problems.push(Problem::new(place.clone(), what).help(help));
        };
        if said.limit.is_none() && said.requests.is_none() && said.tokens.is_none() {
            let help = "say how much: `limit: 50 USD`, `requests: 500` or `tokens: 200000`";
            wrong(place, "nothing is limited".into(), help.into());
        }
        let name = name.map_or_else(|| unnamed(said, config), str::to_owned);
        match names.contains(&name) {
            true => {
                let help = "put both into one, or into `budgets`, where each has a name of its own";
                wrong(place, format!("`{name}` is there twice"), help.into());
            }
            false => names.push(name),
        }
        let scope = &said.scope;
        unknown(&scope.caller, "caller", &callers(config), problems);
        unknown(
            &scope.provider,
            "provider",
            &config.providers.names().map(str::to_owned).collect::<Vec<_>>(),
            problems,
        );
        scope.model.iter().for_each(|model| unknown_model(model, config, problems));
        for (header, _) in &scope.header.0 {
            if HeaderName::try_from(header.value.as_str()).is_err() {
                problems.push(header.problem(format!("`{}` can not be the name of a header", header.value)));
            }
        }
        check_then(said, config, problems);
    }
}

fn check_then(said: &Allowance, config: &Config, problems: &mut Vec<Problem>) {
    let tries = is_about_tries(said, config);
    match said.then.as_ref().map(|then| (then, &then.value)) {
        Some((then, Said::Word(ThenWord::Next))) if !tries => {
            let help =
                "name a `provider`, or a `provider/model` as `model`: there are no other targets for a whole call";
            problems.push(then.problem("`next` needs tries that can go elsewhere").help(help));
        }
        Some((then, Said::Fallback(_))) if tries => {
            let help = "say `then: next`, and name the model's own `fallbacks`";
            problems.push(then.problem("a single try has no model to fall back to").help(help));
        }
        Some((_, Said::Fallback(model))) => {
            unknown_model(model, config, problems);
            if said.scope.model.as_ref().is_some_and(|own| own.value == model.value) {
                problems
                    .push(model.problem(format!("`{}` falls back to itself", model.value)).help("name another model"));
            }
        }
        _ => {}
    }
}

/// A name that nobody has: it would limit nobody.
fn unknown(said: &Option<Located<String>>, what: &str, known: &[String], problems: &mut Vec<Problem>) {
    let Some(said) = said.as_ref().filter(|said| !known.contains(&said.value)) else { return };
    let names = || known.iter().map(String::as_str);
    let help = match nearest(&said.value, names(), 1).first() {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known here: {}", quoted(names())),
    };
    problems.push(said.problem(format!("`{}` is no {what}", said.value)).help(help));
}

fn unknown_model(model: &Located<String>, config: &Config, problems: &mut Vec<Problem>) {
    if target(&model.value, config).is_none() {
        let known = config.models.names().map(str::to_owned).collect::<Vec<_>>();
        unknown(&Some(model.clone()), "model", &known, problems);
    }
}

/// `provider/model` of a configured provider, where that is no name of the file.
fn target(name: &str, config: &Config) -> Option<TargetId> {
    let (provider, model) = name.split_once('/')?;
    let known = config.providers.names().any(|name| name == provider) && !model.is_empty();
    (known && config.models.names().all(|own| own != name)).then(|| name.into())
}

fn callers(config: &Config) -> Vec<String> {
    let names: Vec<String> = config.callers.names().map(str::to_owned).collect();
    if names.is_empty() { vec![Callers::EVERYBODY.to_owned()] } else { names }
}

fn is_about_tries(said: &Allowance, config: &Config) -> bool {
    let target = said.scope.model.as_ref().and_then(|model| target(&model.value, config));
    said.scope.provider.is_some() || target.is_some()
}

/// Where each stands, its name, if it has one, and what is said of it.
fn all(config: &Config) -> impl Iterator<Item = (&Place, Option<&str>, Cow<'_, Allowance>)> {
    let budgets = config.budgets.0.iter();
    let budgets = budgets.map(|(name, said)| (&name.place, Some(name.value.as_str()), Cow::Borrowed(said)));
    let limits = config.limits.iter().map(|said| (&said.place, None, Cow::Borrowed(&said.value)));
    let providers = config.providers.0.iter().flat_map(|(name, provider)| {
        provider.limits.0.iter().map(|said| (&said.place, None, Cow::Owned(said.value.of(name))))
    });
    budgets.chain(limits).chain(providers)
}

/// The rules, in which nothing is wrong. What was used of those that were there `before` stays used.
pub fn open(config: &Config, before: Option<&Rules>) -> Rules {
    Rules::new(all(config).map(|(_, name, said)| {
        let said = &*said;
        let (scope, told) = scope(said, config);
        let period = period(said.per.value);
        let name: Arc<str> = name.map_or_else(|| unnamed(said, config).into(), Into::into);
        let key = format!("{name}|{told}|{}", period.as_str());
        let kept = before.and_then(|rules| rules.iter().find(|rule| *rule.account.key == *key));
        let account = kept.map_or_else(|| Arc::new(Account::new(&key, period)), |rule| rule.account.clone());
        let number = |said: Option<NonZeroU64>| said.map(|n| i64::try_from(n.get()).unwrap_or(i64::MAX));
        let (requests, tokens) = (number(said.requests), number(said.tokens));
        let caps = Caps { requests, tokens, usd: said.limit.map(|limit| limit.0) };
        let then = match said.then.as_ref().map(|then| &then.value) {
            Some(Said::Fallback(model)) => Then::Fallback(model.value.as_str().into()),
            Some(Said::Word(ThenWord::Deny)) => Then::Deny,
            Some(Said::Word(ThenWord::Warn)) => Then::Warn,
            Some(Said::Word(ThenWord::Next)) => Then::Next,
            Some(Said::Word(ThenWord::Wait)) => Then::Wait,
            None if scope.is_about_tries() => Then::Next,
            None => Then::Deny,
        };
        Rule { name, scope, caps, then, account }
    }))
}

/// What a limit is called: whom it is for, and how long it lasts.
fn unnamed(said: &Allowance, config: &Config) -> String {
    format!("{} per {}", scope(said, config).1, said.per.value.as_str())
}

/// Whose use counts, and the same in words: two that say the same are the same.
fn scope(said: &Allowance, config: &Config) -> (Scope, String) {
    let said = &said.scope;
    let target = said.model.as_ref().and_then(|model| target(&model.value, config));
    let model = said.model.as_ref().filter(|_| target.is_none());
    let mut told = Vec::new();
    for (what, name) in [("caller", &said.caller), ("model", &said.model), ("provider", &said.provider)] {
        told.extend(name.as_ref().map(|name| format!("{what} {}", name.value)));
    }
    let headers = said.header.0.iter().filter_map(|(name, values)| {
        told.push(format!("{} {}", name.value, values.0.join(",")));
        let patterns = values.0.iter().map(|value| Pattern::new(value)).collect();
        Some((HeaderName::try_from(name.value.as_str()).ok()?, patterns))
    });
    let headers = headers.collect();
    if told.is_empty() {
        told.push("everybody".to_owned());
    }
    let scope = Scope {
        caller: said.caller.as_ref().map(|caller| caller.value.as_str().into()),
        model: model.map(|model| model.value.as_str().into()),
        headers,
        provider: said.provider.as_ref().map(|provider| provider.value.as_str().into()),
        target,
    };
    (scope, told.join(", "))
}

fn period(per: Per) -> Period {
    match per {
        Per::Minute => Period::Minute,
        Per::Hour => Period::Hour,
        Per::Day => Period::Day,
        Per::Week => Period::Week,
        Per::Month => Period::Month,
    }
}
