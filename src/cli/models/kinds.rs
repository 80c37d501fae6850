//! The kinds of providers that a configuration can name: where they are, how they are spoken to, what they promise.

use serde_json::{Value, json};

use super::show::columns;
use crate::catalogue::{Data, Promise};
use crate::provider::Kind;
use crate::provider::catalogue::KINDS;

const HEAD: [&str; 8] = ["KIND", "MODELS", "DIALECTS", "KEY IN", "REGION", "TRAINS", "KEEPS", "WHERE"];

/// One kind a line. `known`: how many models of it are.
pub fn table(known: impl Fn(&str) -> usize) -> String {
    let mut lines = vec![HEAD.map(str::to_owned)];
    lines.extend(KINDS.iter().map(|kind| cells(kind, known(kind.name))));
    columns(&lines, |column| column == 1)
}

fn cells(kind: &Kind, models: usize) -> [String; 8] {
    let key = match (kind.env.first(), kind.login) {
        (Some(variable), _) => variable,
        (None, Some(_)) => "its login",
        (None, None) => "-",
    };
    [
        kind.name.to_owned(),
        models.to_string(),
        dialects(kind).join(" "),
        key.to_owned(),
        kind.region.unwrap_or("-").to_owned(),
        promised(kind, |data| data.training).unwrap_or("-").to_owned(),
        promised(kind, |data| data.retention).unwrap_or("-").to_owned(),
        kind.base_url.unwrap_or("-").to_owned(),
    ]
}

/// One kind a line, with everything that is known, and the page that tells of its data.
pub fn json(known: impl Fn(&str) -> usize) -> String {
    let line = |kind: &Kind| {
        let does = |which: fn(&Data) -> Option<Promise>| kind.data.as_ref().and_then(which).map(|p| p == Promise::Does);
        let value: Value = json!({"kind": kind.name, "models": known(kind.name), "dialects": dialects(kind),
            "base_url": kind.base_url, "env": kind.env, "region": kind.region,
            "training": does(|data| data.training), "retention": does(|data| data.retention),
            "but_for": kind.data.map(|data| data.but_for), "source": kind.data.map(|data| data.source)});
        format!("{value}\n")
    };
    KINDS.iter().map(line).collect()
}

fn dialects(kind: &Kind) -> Vec<&'static str> {
    kind.voices.iter().map(|voice| voice.dialect.as_str()).collect()
}

fn promised(kind: &Kind, which: fn(&Data) -> Option<Promise>) -> Option<&'static str> {
    kind.data.as_ref().and_then(which).map(|promise| match promise {
        Promise::Does => "yes",
        Promise::DoesNot => "no",
    })
}
