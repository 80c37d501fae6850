//! What a client says about its own call: `x-outrider-*` headers.
//!
//! They change the model as this one call sees it: its policy, and with `only` its targets. A call without such a
//! header costs a look at the names of its headers and no more. A value that means nothing is refused, because a
//! deadline that is sent and not kept is worse than none; a name that is not known is another version's.

mod terms;

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderValue};

use crate::canonical::{Fault, FaultKind};
use crate::routing::constraints::{Terms, Whose};
use crate::routing::{Hedge, Hold, Model, Policy, Recover, Target};
use crate::snapshot::Snapshot;
use crate::units;

/// What all of them begin with.
const PREFIX: &str = "x-outrider-";

/// More tries than any plan has targets worth asking; a client must not be able to multiply its calls at will.
const MOST_TRIES: u32 = 20;

/// Of a value that means nothing, so much is repeated to who sent it.
const SHOWN: usize = 64;

/// `model` as a call with these headers sees it, which `caller` makes: what has to hold for that one holds, too.
pub(super) fn of_call(
    model: Arc<Model>,
    headers: &HeaderMap,
    caller: Option<&str>,
    snapshot: &Snapshot,
) -> Result<Arc<Model>, Fault> {
    let model = match caller.and_then(|caller| snapshot.terms_of_callers.get(caller)) {
        Some(terms) => Arc::new(model.under([terms.clone()])),
        None => model,
    };
    let mut said = headers.iter().filter_map(|(name, value)| Some((name.as_str().strip_prefix(PREFIX)?, value)));
    let Some(first) = said.next() else { return Ok(model) };
    let mut policy = model.policy.clone();
    let mut only: Option<Vec<&str>> = None;
    let mut terms = Terms { whose: Whose::Call, ..Terms::default() };
    for (name, value) in std::iter::once(first).chain(said) {
        let text = text(name, value)?;
        match name {
            "only" => only.get_or_insert_default().extend(names(text)),
            _ if terms::apply(&mut terms, name, text, snapshot)? => {}
            _ => apply(&mut policy, name, text)?,
        }
    }
    if !terms.is_empty() {
        let choice = Arc::make_mut(&mut policy.choice);
        choice.task = terms.task.clone();
        choice.hold(Arc::new(terms), None);
    }
    let groups = match only {
        None => model.groups.clone(),
        Some(only) => restricted(&model, &only)?,
    };
    Ok(Arc::new(Model { name: model.name.clone(), groups, policy }))
}

fn apply(policy: &mut Policy, name: &str, text: &str) -> Result<(), Fault> {
    let wrong = |wanted| wrong(name, text, wanted);
    match name {
        "timeout" => policy.total = time(text).ok_or_else(|| wrong(A_TIME))?,
        "first-token" => {
            let time = time(text).ok_or_else(|| wrong(A_TIME))?;
            (policy.first_token, policy.whole_reply, policy.first_token_fixed) = (time, time, true);
        }
        "tries" => {
            let tries = text.parse().ok().filter(|tries| (1..=MOST_TRIES).contains(tries));
            policy.tries = tries.ok_or_else(|| wrong("a whole number from 1 to 20"))?;
        }
        "strict" => policy.strict = switch(text).ok_or_else(|| wrong("`true` or `false`"))?,
        "hedge" => {
            let own = policy.hedge.unwrap_or_default();
            policy.hedge = match switch(text) {
                Some(on) => on.then_some(own),
                None => {
                    let after = Hedge::parse_after(text).ok_or_else(|| wrong(A_HEDGE))?;
                    Some(Hedge { after, ..own })
                }
            };
        }
        "recover" => {
            let recover = Recover::parse(text).ok_or_else(|| wrong("`off`, `restart` or `continue`"))?;
            policy.recover = recover;
        }
        "hold" => policy.hold = Hold::parse(text).ok_or_else(|| wrong(A_HOLD))?,
        "keep-alive" => {
            policy.keep_alive = match switch(text) {
                Some(false) => None,
                _ => Some(time(text).ok_or_else(|| wrong(A_SILENCE))?),
            };
        }
        _ => {}
    }
    Ok(())
}

const A_TIME: &str = "a time such as `250ms`, `10s` or `5m`";
const A_HEDGE: &str = "`off`, `on`, `p50`, `p90`, `p95`, `p99`, or a time such as `800ms`";
const A_SILENCE: &str = "`off`, or a time such as `15s`";
const A_HOLD: &str = "`off`, `all`, or a time such as `300ms`";

/// A time longer than none.
fn time(text: &str) -> Option<Duration> {
    units::duration(text).filter(|time| !time.is_zero() && *time <= units::LONGEST)
}

fn switch(text: &str) -> Option<bool> {
    match text {
        "true" | "on" => Some(true),
        "false" | "off" => Some(false),
        _ => None,
    }
}

/// The groups with what is named alone, in their order.
fn restricted(model: &Model, only: &[&str]) -> Result<Vec<Vec<Target>>, Fault> {
    let is = |target: &Target, name: &str| target.id.as_str() == name || target.provider.id.as_str() == name;
    if let Some(unknown) = only.iter().find(|name| !model.groups.iter().flatten().any(|target| is(target, name))) {
        let what = shown(unknown);
        let message = format!("`{PREFIX}only` names `{what}`; model `{}` has {}", model.name, there_is(model));
        return Err(Fault::new(FaultKind::BadRequest, message));
    }
    if only.is_empty() {
        return Err(wrong("only", "", "targets or providers, separated by commas"));
    }
    let named = |group: &Vec<Target>| -> Vec<Target> {
        group.iter().filter(|target| only.iter().any(|name| is(target, name))).cloned().collect()
    };
    Ok(model.groups.iter().map(named).filter(|group| !group.is_empty()).collect())
}

/// The targets of a model, for a hint; of a long list, its beginning.
fn there_is(model: &Model) -> String {
    const LISTED: usize = 20;
    let mut text = String::new();
    for target in model.groups.iter().flatten().take(LISTED) {
        let separator = if text.is_empty() { "" } else { ", " };
        let _ = write!(text, "{separator}`{}`", target.id);
    }
    if model.groups.iter().flatten().nth(LISTED).is_some() {
        text.push_str(" and more");
    }
    text
}

fn names(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|name| !name.is_empty())
}

fn text<'v>(name: &str, value: &'v HeaderValue) -> Result<&'v str, Fault> {
    value.to_str().map(str::trim).map_err(|_| wrong(name, "what is no text", "printable ASCII"))
}

fn wrong(name: &str, text: &str, wanted: &str) -> Fault {
    let message = format!("header `{PREFIX}{name}`: expected {wanted}, found `{}`", shown(text));
    Fault::new(FaultKind::BadRequest, message)
}

/// The text is ASCII, so any place is one where it may be cut.
fn shown(text: &str) -> &str {
    text.get(..SHOWN).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Fake, parse};
    use crate::health::Registry;
    use crate::routing::After;
    use crate::snapshot::build;

    const FILE: &str = "
providers:
  a: {dialect: openai_chat, base_url: 'http://a'}
  b: {dialect: openai_chat, base_url: 'http://b'}
  c: {dialect: openai_chat, base_url: 'http://c'}
models:
  m: {targets: [a/x, a/y, b/x], fallbacks: [b/z]}
";

    fn snapshot() -> Snapshot {
        let config = parse(FILE, "o.yaml", &Fake::default()).unwrap().config;
        build(&config, &Registry::new(), None).unwrap()
    }

    fn model() -> Arc<Model> {
        snapshot().find("m", &Registry::new()).unwrap()
    }

    fn with(headers: &[(&str, &str)]) -> Result<Arc<Model>, Fault> {
        let header = |(name, value): &(&str, &str)| {
            (format!("x-outrider-{name}").parse::<http::HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap())
        };
        of_call(model(), &headers.iter().map(header).collect(), None, &snapshot())
    }

    /// The policy that one header makes of the default.
    fn check(name: &str, value: &str, change: impl FnOnce(&mut Policy)) {
        let mut expected = model().policy.clone();
        change(&mut expected);
        assert_eq!(with(&[(name, value)]).unwrap().policy, expected, "{name}: {value}");
    }

    #[test]
    fn a_header_changes_the_policy_of_its_call() {
        const SECOND: Duration = Duration::from_secs(1);
        let hedged = |after| Some(Hedge { after, at_most: 0.05 });
        check("timeout", "30s", |p| p.total = 30 * SECOND);
        check("first-token", " 5s ", |p| {
            (p.first_token, p.whole_reply, p.first_token_fixed) = (5 * SECOND, 5 * SECOND, true);
        });
        check("tries", "1", |p| p.tries = 1);
        check("strict", "true", |p| p.strict = true);
        check("strict", "false", |p| p.strict = false);
        check("hedge", "on", |p| p.hedge = hedged(After::P95));
        check("hedge", "p50", |p| p.hedge = hedged(After::P50));
        check("hedge", "800ms", |p| p.hedge = hedged(After::Fixed(SECOND * 8 / 10)));
        check("hedge", "off", |p| p.hedge = None);
        check("recover", "off", |p| p.recover = Recover::Off);
        check("recover", "continue", |p| p.recover = Recover::Continue);
        check("hold", "all", |p| p.hold = Hold::All);
        check("hold", "300ms", |p| p.hold = Hold::For(SECOND * 3 / 10));
        check("hold", "off", |_| {});
        check("keep-alive", "5s", |p| p.keep_alive = Some(5 * SECOND));
        check("keep-alive", "off", |p| p.keep_alive = None);
        check("of-another-version", "x", |_| {});
    }

    #[test]
    fn without_such_a_header_the_model_is_the_one_of_the_file() {
        let model = model();
        let headers = [("x-outridera", "1"), ("accept", "*/*")]
            .map(|(name, value)| (name.parse::<http::HeaderName>().unwrap(), HeaderValue::from_static(value)));
        let same = of_call(model.clone(), &headers.into_iter().collect(), None, &snapshot()).unwrap();
        assert!(Arc::ptr_eq(&model, &same));
    }

    fn refused(name: &str, value: &str, message: &str) {
        let fault = with(&[("tries", "2"), (name, value)]).unwrap_err();
        assert_eq!((fault.kind, &*fault.message), (FaultKind::BadRequest, message));
    }

    #[test]
    fn a_value_that_means_nothing_is_refused_by_name() {
        for (name, wanted, values) in [
            ("timeout", A_TIME, &["5", "0s", "abc", "-1s", "9999h", ""] as &[&str]),
            ("first-token", A_TIME, &["0", "5 seconds"]),
            ("tries", "a whole number from 1 to 20", &["0", "21", "-1", "1.5", "many"]),
            ("strict", "`true` or `false`", &["yes", "1", ""]),
            ("hedge", A_HEDGE, &["p42", "0s", "5%"]),
            ("recover", "`off`, `restart` or `continue`", &["on", "Restart"]),
            ("hold", A_HOLD, &["some", "300"]),
            ("keep-alive", A_SILENCE, &["on", "0s", "15"]),
        ] {
            for value in values {
                refused(name, value, &format!("header `x-outrider-{name}`: expected {wanted}, found `{value}`"));
            }
        }
        let long = format!("header `x-outrider-hold`: expected {A_HOLD}, found `{}`", "x".repeat(SHOWN));
        refused("hold", &"x".repeat(9999), &long);
    }

    #[test]
    fn only_what_is_named_is_asked() {
        let check = |only: &[&str], expected: &[&[&str]]| {
            let headers: Vec<_> = only.iter().map(|only| ("only", *only)).collect();
            let model = with(&headers).unwrap();
            let groups: Vec<Vec<_>> = model.groups.iter().map(|g| g.iter().map(|t| t.id.as_str()).collect()).collect();
            assert_eq!(groups, expected, "{only:?}");
        };
        check(&["a"], &[&["a/x", "a/y"]]);
        check(&["b"], &[&["b/x"], &["b/z"]]);
        check(&["b/z"], &[&["b/z"]]);
        check(&["a/y , b/x,"], &[&["a/y", "b/x"]]);
        check(&["a/y", "b/z"], &[&["a/y"], &["b/z"]]);
        let there_is = "model `m` has `a/x`, `a/y`, `b/x`, `b/z`";
        refused("only", "c", &format!("`x-outrider-only` names `c`; {there_is}"));
        refused("only", "a, b/q", &format!("`x-outrider-only` names `b/q`; {there_is}"));
        refused("only", ",", "header `x-outrider-only`: expected targets or providers, separated by commas, found ``");
    }
}
