//! Models as a table for people, and as JSON for programs.

use std::time::SystemTime;

use serde_json::{Map, Value, json};

use crate::catalogue::{Class, Facts, Price, Row, Service, Tier};
use crate::money::Usd;

/// The columns that people compare.
const HEAD: [&str; 9] = ["PROVIDER", "MODEL", "CONTEXT", "OUTPUT", "IN $/M", "OUT $/M", "CACHED $/M", "UNTIL", "CAN"];

/// One model a line, in columns.
pub fn table(rows: &[(Row<'_>, Facts)]) -> String {
    let mut lines = vec![HEAD.map(str::to_owned)];
    lines.extend(rows.iter().map(|(row, facts)| cells(row, facts)));
    columns(&lines, |column| (2..=6).contains(&column))
}

/// Lines with their cells below each other; of some columns the ends.
pub fn columns<const N: usize>(lines: &[[String; N]], is_number: impl Fn(usize) -> bool) -> String {
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..N).map(width).collect();
    let mut text = String::new();
    for line in lines {
        let padded = line.iter().zip(&widths).enumerate().map(|(column, (cell, width))| match is_number(column) {
            true => format!("{cell:>width$}"),
            false => format!("{cell:<width$}"),
        });
        text.push_str(padded.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

fn cells(row: &Row<'_>, facts: &Facts) -> [String; 9] {
    let told = |value: Option<String>| value.unwrap_or_else(|| "-".into());
    let price = |rate: fn(&Price) -> Option<Usd>| told(facts.price.as_ref().and_then(rate).map(|usd| usd.to_string()));
    let can: Vec<&str> = facts.able.all().map(|ability| ability.as_str()).collect();
    [
        row.kind.to_owned(),
        row.model.to_owned(),
        told(facts.context.map(|tokens| tokens.to_string())),
        told(facts.output.map(|tokens| tokens.to_string())),
        price(|price| price.input),
        price(|price| price.output),
        price(|price| price.cache_read),
        told(facts.until.as_deref().map(|last| match facts.ended(SystemTime::now()) {
            Some(_) => format!("{last} (over)"),
            None => last.to_owned(),
        })),
        can.join(" "),
    ]
}

/// One model a line, with everything that is known. Amounts are text: a number would be read as a float.
pub fn json(rows: &[(Row<'_>, Facts)]) -> String {
    rows.iter().map(|(row, facts)| format!("{}\n", model(row, facts))).collect()
}

fn model(row: &Row<'_>, facts: &Facts) -> Value {
    let mut value = Map::new();
    let mut put = |key: &str, known: Option<Value>| {
        if let Some(known) = known {
            value.insert(key.into(), known);
        }
    };
    put("provider", Some(json!(row.kind)));
    put("model", Some(json!(row.model)));
    put("slug", Some(json!(row.slug())));
    put("context", facts.context.map(|tokens| json!(tokens)));
    put("output", facts.output.map(|tokens| json!(tokens)));
    put("price", facts.price.as_ref().map(price));
    let able: Map<String, Value> = crate::catalogue::Ability::ALL
        .into_iter()
        .filter_map(|ability| Some((ability.as_str().to_owned(), json!(facts.able.can(ability)?))))
        .collect();
    put("abilities", Some(Value::Object(able)).filter(|able| able != &json!({})));
    put("reasoning_levels", Some(json!(facts.levels.iter().collect::<Vec<_>>())).filter(|levels| levels != &json!([])));
    put("cache", facts.cache.map(|cache| json!(cache.as_str())));
    put("until", facts.until.as_ref().map(|day| json!(day)));
    put("over", facts.ended(SystemTime::now()).map(|_| json!(true)));
    Value::Object(value)
}

fn price(price: &Price) -> Value {
    let mut value = rates(&[
        ("input", price.input),
        ("output", price.output),
        ("cache_read", price.cache_read),
        ("cache_write", price.cache_write),
        ("cache_write_1h", price.cache_write_1h),
        ("reasoning", price.reasoning),
        ("image", price.image),
        ("audio", price.audio),
        ("request", price.request),
    ]);
    let tiers = price.tiers.iter().map(|tier| {
        let Tier { above, input, output, cache_read, cache_write, cache_write_1h } = *tier;
        let mut value = five([input, output, cache_read, cache_write, cache_write_1h]);
        value.insert("above".into(), json!(above));
        Value::Object(value)
    });
    if !price.tiers.is_empty() {
        value.insert("tiers".into(), tiers.collect());
    }
    for class in &price.classes {
        let Class { service, input, output, cache_read, cache_write, cache_write_1h } = *class;
        let name = match service {
            Service::Standard => "standard",
            Service::Batch => "batch",
            Service::Flex => "flex",
            Service::Priority => "priority",
        };
        let rates = five([input, output, cache_read, cache_write, cache_write_1h]);
        value.insert(name.into(), Value::Object(rates));
    }
    Value::Object(value)
}

fn five([input, output, cache_read, cache_write, cache_write_1h]: [Option<Usd>; 5]) -> Map<String, Value> {
    rates(&[
        ("input", input),
        ("output", output),
        ("cache_read", cache_read),
        ("cache_write", cache_write),
        ("cache_write_1h", cache_write_1h),
    ])
}

fn rates(rates: &[(&str, Option<Usd>)]) -> Map<String, Value> {
    rates.iter().filter_map(|(name, usd)| Some(((*name).to_owned(), json!((*usd)?.to_string())))).collect()
}
