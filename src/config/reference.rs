//! The reference file `conf/outrider.yaml` is true and complete.

use std::collections::BTreeSet;

use super::setting::Field;
use super::yaml::{Data, Node};
use super::*;

const REFERENCE: &str = include_str!("../../conf/outrider.yaml");

/// Each key of the schema as `model.targets.use`, without the names that operators give.
fn keys(fields: &'static [Field], above: &[&'static str], all: &mut Vec<Vec<&'static str>>) {
    for field in fields {
        assert!(field.manual.trim().len() > 10, "`{}` has no manual", field.key);
        let path: Vec<&str> = above.iter().copied().chain([field.key]).collect();
        keys((field.fields)(), &path, all);
        all.push(path);
    }
}

/// Each way through the file, operators' names included.
fn ways(node: &Node, above: &[String], all: &mut BTreeSet<Vec<String>>) {
    match &node.data {
        Data::List(items) => items.iter().for_each(|item| ways(item, above, all)),
        Data::Map(entries) => entries.iter().for_each(|entry| {
            let way: Vec<String> = above.iter().cloned().chain([entry.name.clone()]).collect();
            ways(&entry.value, &way, all);
            all.insert(way);
        }),
        _ => {}
    }
}

#[test]
fn the_reference_file_has_every_key() {
    let (mut all, mut said) = (Vec::new(), BTreeSet::new());
    keys(Config::fields(), &[], &mut all);
    ways(&yaml::read(REFERENCE, &mut Vec::new()).unwrap(), &[], &mut said);
    let missing = all.iter().filter(|key| {
        // Said by models, routes and callers alike: each of them shows some of it, and one all.
        let key = match key.iter().position(|step| *step == "require") {
            Some(place) if place + 1 < key.len() => &key[place..],
            _ => &key[..],
        };
        // The keys in their order, with operators' names between them.
        let is_said = |way: &&Vec<String>| {
            let mut steps = way.iter();
            way.last().is_some_and(|last| Some(&last.as_str()) == key.last())
                && key.iter().all(|key| steps.any(|step| step == key))
        };
        said.iter().find(is_said).is_none()
    });
    assert_eq!(missing.collect::<Vec<_>>(), Vec::<&Vec<&str>>::new());
    assert!(all.len() > 50, "only {} keys were looked for", all.len());
}

#[test]
fn the_reference_file_says_the_defaults_where_it_does_not_say_otherwise() {
    let set = ["OUTRIDER_ADMIN_TOKEN", "OPENAI_API_KEY", "AZURE_OPENAI_API_KEY", "CHECKOUT_KEY"];
    let variables = set.map(|name| (name.to_owned(), "value".to_owned())).into();
    let named = ["/etc/ssl/certs/ca-certificates.crt", "/etc/outrider/models.tsv", "/etc/outrider/scores.csv"];
    let files = named.map(|path| (path.into(), b"model,score\n".to_vec())).into();
    let loaded = parse(REFERENCE, "conf/outrider.yaml", &Fake { variables, files }).unwrap();
    assert_eq!(loaded.warnings, []);
    let config = loaded.config;
    let default = Config::default();
    assert_eq!(config.listen, default.listen);
    assert_eq!(config.admin.address, default.admin.address);
    assert_eq!((config.body_limit, config.shutdown), (default.body_limit, default.shutdown));
    assert_eq!(config.log.level, default.log.level);
    let forms::Switch::On(mut health) = config.providers.0[2].1.health.clone() else { panic!() };
    health.path = None;
    assert_eq!(health, schema::Health::default());
}
