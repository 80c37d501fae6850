//! The `provider` object: what a call asks of those who may answer it.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::few::Few;
use super::said;
use crate::canonical::Fault;
use crate::money::Usd;
use crate::routing::wishes::{MaxPrice, Percentiles, Sort, Wishes};

/// The object as clients write it. A member that is not known may be a condition: it is refused, not passed over.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Wire<'a> {
    order: Option<Few>,
    only: Option<Few>,
    ignore: Option<Few>,
    allow_fallbacks: Option<bool>,
    require_parameters: Option<bool>,
    data_collection: Option<Collection>,
    zdr: Option<bool>,
    enforce_distillable_text: Option<bool>,
    /// For single providers, by name: no wish of routing.
    options: Option<serde::de::IgnoredAny>,
    quantizations: Option<Few>,
    #[serde(borrow)]
    sort: Option<&'a RawValue>,
    #[serde(borrow)]
    max_price: Option<Prices<'a>>,
    #[serde(borrow)]
    preferred_min_throughput: Option<&'a RawValue>,
    #[serde(borrow)]
    preferred_max_latency: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Collection {
    Allow,
    Deny,
}

/// Numbers, or text: both are documented.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Prices<'a> {
    #[serde(borrow)]
    prompt: Option<&'a RawValue>,
    #[serde(borrow)]
    completion: Option<&'a RawValue>,
    #[serde(borrow)]
    request: Option<&'a RawValue>,
    #[serde(borrow)]
    image: Option<&'a RawValue>,
    #[serde(borrow)]
    audio: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum By {
    Price,
    Throughput,
    Latency,
    Exacto,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SortBy {
    by: Option<By>,
    partition: Option<Partition>,
}

#[derive(Clone, Copy, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Partition {
    Model,
    None,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cutoffs {
    p50: Option<f64>,
    p75: Option<f64>,
    p90: Option<f64>,
    p99: Option<f64>,
}

/// Every word for how weights are stored, and those that another stands for as well.
const QUANTIZATIONS: [(&str, &[&str]); 12] = [
    ("int4", &[]),
    ("int8", &[]),
    ("fp4", &["mxfp4", "nvfp4"]),
    ("mxfp4", &[]),
    ("nvfp4", &[]),
    ("fp6", &[]),
    ("fp8", &["mxfp8"]),
    ("mxfp8", &[]),
    ("fp16", &[]),
    ("bf16", &[]),
    ("fp32", &[]),
    ("unknown", &[]),
];

/// Reads the object into `wishes`. Names of providers stay as the client wrote them.
pub(super) fn read(raw: &[u8], wishes: &mut Wishes) -> Result<(), Fault> {
    let Some(wire) = said::read::<Option<Wire<'_>>>("provider", raw)? else { return Ok(()) };
    let names = |few: Option<Few>| few.unwrap_or_default().0;
    if wire.enforce_distillable_text == Some(true) {
        return Err(said::wrong(
            "provider.enforce_distillable_text",
            "which models may be distilled is not known here",
        ));
    }
    (wishes.order, wishes.only, wishes.ignore) = (names(wire.order), names(wire.only), names(wire.ignore));
    wishes.no_fallbacks = wire.allow_fallbacks == Some(false);
    wishes.require_parameters = wire.require_parameters == Some(true);
    wishes.no_collection = matches!(wire.data_collection, Some(Collection::Deny));
    wishes.zero_retention = wire.zdr == Some(true);
    wishes.quantizations = quantizations(names(wire.quantizations))?;
    if let Some(raw) = wire.sort {
        sort(raw, wishes)?;
    }
    if let Some(prices) = wire.max_price {
        wishes.max_price = MaxPrice {
            input: price("prompt", prices.prompt)?,
            output: price("completion", prices.completion)?,
            request: price("request", prices.request)?,
            image: price("image", prices.image)?,
            audio: price("audio", prices.audio)?,
        };
    }
    wishes.min_throughput = cutoffs("provider.preferred_min_throughput", wire.preferred_min_throughput)?;
    wishes.max_latency = cutoffs("provider.preferred_max_latency", wire.preferred_max_latency)?;
    Ok(())
}

fn quantizations(names: Vec<String>) -> Result<Vec<String>, Fault> {
    let mut all = Vec::new();
    for (index, name) in names.into_iter().enumerate() {
        let Some((_, also)) = QUANTIZATIONS.iter().find(|(known, _)| *known == name) else {
            let known: Vec<&str> = QUANTIZATIONS.iter().map(|(known, _)| *known).collect();
            let place = format!("provider.quantizations[{index}]");
            return Err(said::wrong(&place, &format!("`{name}` is none of {}", known.join(", "))));
        };
        all.push(name);
        all.extend(also.iter().map(|name| (*name).to_owned()));
    }
    all.dedup();
    Ok(all)
}

fn sort(raw: &RawValue, wishes: &mut Wishes) -> Result<(), Fault> {
    let said = match raw.get().starts_with('{') {
        true => said::read::<SortBy>("provider.sort", raw.get().as_bytes())?,
        false => SortBy { by: Some(said::read("provider.sort", raw.get().as_bytes())?), partition: None },
    };
    wishes.sort = said.by.map(|by| match by {
        By::Price => Sort::Price,
        By::Throughput => Sort::Throughput,
        By::Latency => Sort::Latency,
        By::Exacto => Sort::Exacto,
    });
    wishes.across_models = said.partition == Some(Partition::None);
    Ok(())
}

fn price(name: &str, raw: Option<&RawValue>) -> Result<Option<Usd>, Fault> {
    let Some(raw) = raw.map(RawValue::get).filter(|raw| *raw != "null") else { return Ok(None) };
    let text = raw.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(raw);
    match Usd::parse(text).filter(|price| *price >= Usd::ZERO) {
        Some(price) => Ok(Some(price)),
        None => Err(said::wrong(&format!("provider.max_price.{name}"), "expected a price in US dollars, such as 0.5")),
    }
}

fn cutoffs(place: &str, raw: Option<&RawValue>) -> Result<Percentiles, Fault> {
    let Some(raw) = raw.map(RawValue::get) else { return Ok(Percentiles::default()) };
    let said = match raw.starts_with('{') {
        true => said::read::<Cutoffs>(place, raw.as_bytes())?,
        false => Cutoffs { p50: said::read(place, raw.as_bytes())?, p75: None, p90: None, p99: None },
    };
    let Cutoffs { p50, p75, p90, p99 } = said;
    match [p50, p75, p90, p99].into_iter().flatten().all(|bound| bound >= 0.0) {
        true => Ok(Percentiles { p50, p75, p90, p99 }),
        false => Err(said::wrong(place, "a bound must not be negative")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wishes(text: &str) -> Result<Wishes, String> {
        let mut wishes = Wishes::default();
        read(text.as_bytes(), &mut wishes).map(|()| wishes).map_err(|fault| fault.message.into_owned())
    }

    #[test]
    fn everything_that_can_be_said_is_understood() {
        let all = r#"{
            "order": ["openai", "azure"], "only": ["openai", "azure", "x"], "ignore": ["deepinfra/turbo"],
            "allow_fallbacks": false, "require_parameters": true, "data_collection": "deny", "zdr": true,
            "enforce_distillable_text": false, "quantizations": ["fp8", "bf16"],
            "sort": {"by": "latency", "partition": "none"},
            "max_price": {"prompt": 1.5, "completion": "2", "request": 1e-7, "image": null},
            "preferred_min_throughput": {"p50": 100, "p90": 50.5}, "preferred_max_latency": 2}"#;
        let usd = |text| Usd::parse(text);
        let expected = Wishes {
            order: vec!["openai".into(), "azure".into()],
            only: vec!["openai".into(), "azure".into(), "x".into()],
            ignore: vec!["deepinfra/turbo".into()],
            no_fallbacks: true,
            require_parameters: true,
            no_collection: true,
            zero_retention: true,
            quantizations: vec!["fp8".into(), "mxfp8".into(), "bf16".into()],
            sort: Some(Sort::Latency),
            across_models: true,
            max_price: MaxPrice {
                input: usd("1.5"),
                output: usd("2"),
                request: usd("0.0000001"),
                ..MaxPrice::default()
            },
            min_throughput: Percentiles { p50: Some(100.0), p90: Some(50.5), ..Percentiles::default() },
            max_latency: Percentiles { p50: Some(2.0), ..Percentiles::default() },
            ..Wishes::default()
        };
        assert_eq!(wishes(all).unwrap(), expected);
        let nothing = r#"{"order":null,"allow_fallbacks":true,"data_collection":"allow","sort":null,"zdr":false}"#;
        for text in ["null", "{}", nothing] {
            assert_eq!(wishes(text).unwrap(), Wishes::default(), "{text}");
        }
        for (word, sort) in [("price", Sort::Price), ("throughput", Sort::Throughput), ("exacto", Sort::Exacto)] {
            assert_eq!(wishes(&format!(r#"{{"sort":"{word}"}}"#)).unwrap().sort, Some(sort));
        }
    }

    #[test]
    fn what_means_nothing_is_told_with_its_place() {
        for (text, says) in [
            (r#""openai""#, "`provider`: invalid type: string"),
            (r#"{"ordre":["a"]}"#, "`provider.ordre`: unknown field `ordre`, expected one of `order`, `only`"),
            (r#"{"order":"openai"}"#, "`provider.order`: invalid type: string"),
            (r#"{"order":["a",1]}"#, "`provider.order[1]`: invalid type: integer"),
            (r#"{"allow_fallbacks":"no"}"#, "`provider.allow_fallbacks`: invalid type"),
            (r#"{"data_collection":"never"}"#, "`provider.data_collection`: unknown variant `never`"),
            (r#"{"enforce_distillable_text":true}"#, "`provider.enforce_distillable_text`: which models"),
            (r#"{"quantizations":["fp8","fp9"]}"#, "`provider.quantizations[1]`: `fp9` is none of int4, int8"),
            (r#"{"sort":"cheap"}"#, "`provider.sort`: unknown variant `cheap`"),
            (r#"{"sort":7}"#, "`provider.sort`: "),
            (r#"{"sort":{"by":"price","partition":"all"}}"#, "`provider.sort.partition`: unknown variant `all`"),
            (r#"{"max_price":{"prompt":-1}}"#, "`provider.max_price.prompt`: expected a price"),
            (r#"{"max_price":{"prompt":[1]}}"#, "`provider.max_price.prompt`: expected a price"),
            (r#"{"max_price":{"input":1}}"#, "`provider.max_price.input`: unknown field `input`"),
            (r#"{"preferred_max_latency":-1}"#, "`provider.preferred_max_latency`: a bound must not be negative"),
            (r#"{"preferred_max_latency":{"p51":1}}"#, "`provider.preferred_max_latency.p51`: unknown field"),
            (r#"{"preferred_min_throughput":"fast"}"#, "`provider.preferred_min_throughput`: invalid type"),
        ] {
            let told = wishes(text).unwrap_err();
            assert!(told.starts_with(says), "{text}: {told}");
        }
    }
}
