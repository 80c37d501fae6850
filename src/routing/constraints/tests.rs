//! Who is excluded, by what.

use std::sync::Arc;

use super::*;
use crate::catalogue::Price;
use crate::config::{Fake, parse};
use crate::health::Registry;
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
    let found = excluded(target, &require, Some(&wishes), Some(1_000)).map(|why| why.by);
    assert_eq!(found, expected, "{require:?} {wishes:?}");
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
    let small = target("a/m", Facts { context: Some(999), ..Facts::default() });
    check(&small, context(999), none(), Some("context_length")); // the call has a thousand
    check(&small, Require::default(), none(), Some("context_length"));
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
