//! Who is excluded, by what.

use std::sync::Arc;

use super::*;
use crate::catalogue::{Able, Facts, Price};
use crate::config::{Fake, parse};
use crate::health::Registry;
use crate::money::Usd;
use crate::snapshot::build;

const FILE: &str = "
providers:
  a: {dialect: openai_chat, base_url: 'http://a', region: eu-west-1, data: {training: false, retention: true}}
  b: {dialect: openai_chat, base_url: 'http://b', quantization: fp8}
";

fn target(name: &str, facts: Facts) -> Target {
    let registry = Registry::new();
    let config = parse(FILE, "o.yaml", &Fake::default()).unwrap().config;
    let model = build(&config, &registry, None).unwrap().find(name, &registry).unwrap();
    let target = model.groups[0][0].clone();
    let mut known = Facts::clone(&target.facts);
    known.overlay(facts);
    Target { facts: Arc::new(known), ..target }
}

fn usd(text: &str) -> Option<Usd> {
    Usd::parse(text)
}

fn check(target: &Target, require: Require, wishes: Wishes, expected: Option<&str>) {
    let told = format!("{require:?} {wishes:?}");
    assert_eq!(out(target, Terms { require, ..Terms::default() }, wishes).map(|why| why.by), expected, "{told}");
}

fn out(target: &Target, terms: Terms, wishes: Wishes) -> Option<Exclusion> {
    let mut choice = Choice::default();
    choice.hold(Arc::new(terms), None);
    excluded(target, &choice, Some(&wishes), Some(1_000))
}

#[test]
fn what_is_required_holds_and_what_is_not_known_excludes() {
    let (a, b) = (target("a/m", Facts::default()), target("b/m", Facts::default()));
    let none = Wishes::default;
    let region = |text: &str| Require { region: vec![text.into()], ..Require::default() };
    for (wanted, expected) in [("eu", None), ("eu-west-1", None), ("EU-West", None), ("eu-w", Some("region"))] {
        check(&a, region(wanted), none(), expected);
    }
    check(&a, region("us"), none(), Some("region"));
    check(&b, region("eu"), none(), Some("region"));
    let europe = target("b/m", Facts { region: Some("europe-west4".into()), ..Facts::default() });
    check(&europe, region("eu"), none(), None);
    let training = Require { no_training: true, ..Require::default() };
    check(&a, training.clone(), none(), None);
    check(&b, training, none(), Some("data_policy:training"));
    let retention = Require { no_retention: true, ..Require::default() };
    check(&a, retention.clone(), none(), Some("data_policy:zdr"));
    check(&b, retention, none(), Some("data_policy:zdr"));
    let stored = |text: &str| Require { quantization: vec![text.into()], ..Require::default() };
    check(&b, stored("FP8"), none(), None);
    check(&b, stored("bf16"), none(), Some("quantization"));
    check(&a, stored("bf16"), none(), Some("quantization"));
    check(&a, stored("unknown"), none(), None);
    let context = |tokens| Require { context: Some(tokens), ..Require::default() };
    check(&a, context(1), none(), Some("context_length"));
    let small = target("a/m", Facts { context: Some(909), ..Facts::default() });
    check(&small, context(909), none(), Some("context_length")); // the call has a thousand
    check(&small, Require::default(), none(), Some("context_length"));
    let nearly = target("a/m", Facts { context: Some(910), ..Facts::default() });
    check(&nearly, Require::default(), none(), None); // it is only estimated
    let small = target("a/m", Facts { context: Some(999), ..Facts::default() });
    assert!(has_room(&small, 999) && !has_room(&small, 1_000) && has_room(&a, u64::MAX));
    assert_eq!(too_small(&small, 1_000).map(|why| why.by), Some("context_length"));
    assert_eq!((too_small(&small, 999), too_small(&a, u64::MAX)), (None, None));
}

#[test]
fn nobody_dearer_answers() {
    let price = Price { input: usd("3"), output: usd("15"), ..Price::default() };
    let known = target("a/m", Facts { price: Some(price), ..Facts::default() });
    let most = |max_price| Require { max_price, ..Require::default() };
    let input = |text| most(MaxPrice { input: usd(text), ..MaxPrice::default() });
    check(&known, input("3"), Wishes::default(), None);
    check(&known, input("2.999"), Wishes::default(), Some("max_price"));
    check(&target("a/m", Facts::default()), input("3"), Wishes::default(), Some("max_price"));
    let wish = Wishes { max_price: MaxPrice { output: usd("14"), ..MaxPrice::default() }, ..Wishes::default() };
    check(&known, Require::default(), wish, Some("max_price"));
    let free = Wishes { max_price: MaxPrice { request: usd("0"), ..MaxPrice::default() }, ..Wishes::default() };
    check(&known, Require::default(), free, None);
}

#[test]
fn a_call_names_who_may_answer() {
    let a = target("a/m", Facts::default());
    let names = |names: &[&str]| names.iter().map(|name| name.to_string()).collect::<Vec<_>>();
    let check = |wishes: Wishes, expected| check(&a, Require::default(), wishes, expected);
    check(Wishes { only: names(&["b", "A"]), ..Wishes::default() }, None);
    check(Wishes { only: names(&["a/eu-west-1"]), ..Wishes::default() }, None);
    check(Wishes { only: names(&["a/us-east-1"]), ..Wishes::default() }, Some("allowed_providers"));
    check(Wishes { only: names(&["b"]), ..Wishes::default() }, Some("allowed_providers"));
    check(Wishes { ignore: names(&["a/m"]), ..Wishes::default() }, Some("ignored_providers"));
    check(Wishes { order: names(&["b"]), ..Wishes::default() }, None);
    check(Wishes { order: names(&["b"]), no_fallbacks: true, ..Wishes::default() }, Some("allow_fallbacks"));
    check(Wishes { no_collection: true, ..Wishes::default() }, None);
    check(Wishes { zero_retention: true, ..Wishes::default() }, Some("data_policy:zdr"));
}

#[test]
fn abilities_have_to_be_known() {
    let mut able = Able::default();
    able.set(Ability::Tools, true);
    able.set(Ability::Image, false);
    let known = target("a/m", Facts { able, ..Facts::default() });
    let wanted = |word: &str| {
        let abilities = vec![(Ability::said(word).unwrap(), word.into())];
        Terms { require: Require { abilities, ..Require::default() }, ..Terms::default() }
    };
    for (word, expected) in [
        ("tools", None),
        ("vision", Some("its model has no `vision`")),
        ("structured_output", Some("whether its model has `structured_output` is not known")),
    ] {
        let found = out(&known, wanted(word), Wishes::default());
        assert_eq!(found.map(|why| why.found.into_owned()).as_deref(), expected, "{word}");
    }
}

#[test]
fn whoever_is_not_known_to_be_good_enough_is_out() {
    let scores = |other, code| Scores { other, tasks: vec![("code".into(), code)] };
    let known = target("a/m", Facts { quality: Some(Arc::new(scores(None, 0.7))), ..Facts::default() });
    let unknown = target("b/m", Facts::default());
    let asked =
        |bar: Scores, task: Option<&str>| Terms { min_quality: bar, task: task.map(Into::into), ..Terms::default() };
    let least = |bar| Scores { other: Some(bar), tasks: Vec::new() };
    for (target, bar, task, expected) in [
        (&known, least(0.7), Some("code"), None),
        (&known, least(0.71), Some("code"), Some("its score at `code` is 0.7, below 0.71")),
        (&known, least(0.7), None, None),
        (&known, least(0.1), Some("law"), Some("its score at `law` is not known")),
        (&known, scores(None, 0.9), Some("code"), Some("its score at `code` is 0.7, below 0.9")),
        (&known, scores(None, 0.9), None, None),
        (&known, scores(Some(0.8), 0.1), None, Some("its score is 0.7, below 0.8")),
        (&unknown, least(0.0), None, Some("its score is not known")),
        (&unknown, Scores::default(), Some("code"), None),
    ] {
        let found = out(target, asked(bar.clone(), task), Wishes::default());
        let found = found.map(|why| (why.by, why.found.into_owned()));
        assert_eq!(found, expected.map(|text| ("min_quality", text.to_owned())), "{bar:?} {task:?}");
    }
}

#[test]
fn terms_add_up_and_hold_for_the_models_that_they_are_said_of() {
    let a = target("a/m", Facts::default());
    let region = |text: &str, whose| {
        Arc::new(Terms {
            whose,
            require: Require { region: vec![text.into()], ..Require::default() },
            ..Terms::default()
        })
    };
    let mut choice = Choice::default();
    choice.hold(region("eu", Whose::Model), Some(0));
    assert_eq!(excluded(&a, &choice, None, None), None);
    choice.hold(region("us", Whose::Model), Some(1));
    assert_eq!(excluded(&a, &choice, None, None), None, "it is of the first model");
    assert!(excluded(&Target { alternative: 1, ..a.clone() }, &choice, None, None).is_some());
    choice.hold(region("eu-west-2", Whose::Caller("x".into())), None);
    let why = excluded(&a, &choice, None, None).unwrap();
    assert_eq!((why.by, why.whose.to_string().as_str()), ("region", "caller `x`"));
    let told = nobody("m", [(&a, &why)].into_iter());
    let says = "`a/m` is excluded by region of caller `x` (it runs in eu-west-1)";
    assert!(told.kind == FaultKind::Excluded && told.message.ends_with(says), "{}", told.message);
}

#[test]
fn lists_mean_providers_kinds_targets_and_models() {
    let facts = || Facts { slug: Some("openai/gpt-5".into()), ..Facts::default() };
    let a = target("a/gpt-5-prod", facts());
    for (name, slugs, expected) in [
        ("a", &[][..], true),
        ("A/gpt-5-PROD", &[], true),
        ("openai_compatible", &[], a.provider.kind.name == "openai_compatible"),
        ("a/eu-west-1", &[], true),
        ("openai/gpt-5", &[], true),
        ("gpt-5", &["openai/gpt-5"], true),
        ("openai/*", &[], true),
        ("*-prod", &[], true),
        ("b", &[], false),
        ("gpt-5-mini", &["openai/gpt-5-mini"], false),
        ("gpt", &[], false),
    ] {
        let meant = Meant::new(name, slugs.iter().map(|slug| (*slug).into()).collect());
        assert_eq!(meant.is(&a), expected, "{name}");
    }
}
