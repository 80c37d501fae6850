//! The `options` of a request: how the model is to run.

use serde::Deserialize;
use serde_json::Number;

use crate::canonical::{Dialect, Fault, FaultKind, Foreign, Raw, Request, Str};
use crate::dialect::wire::{List, Members};

/// Before the name of an option that the canonical model does not have.
pub(super) const PREFIX: &str = "options.";

#[derive(Default, Deserialize)]
#[serde(default)]
struct Wire<'a> {
    temperature: Option<Number>,
    top_p: Option<Number>,
    top_k: Option<Number>,
    seed: Option<Number>,
    /// Negative for as many as there are.
    num_predict: Option<f64>,
    #[serde(borrow)]
    stop: List<Str<'a>>,
    presence_penalty: Option<Number>,
    frequency_penalty: Option<Number>,
}

const KNOWN: [&str; 8] =
    ["temperature", "top_p", "top_k", "seed", "num_predict", "stop", "presence_penalty", "frequency_penalty"];

/// Takes the options over into `request`.
pub(super) fn read<'a>(options: &'a serde_json::value::RawValue, request: &mut Request<'a>) -> Result<(), Fault> {
    let wrong = |error| Fault::new(FaultKind::BadRequest, format!("`options`: {error}"));
    let wire: Wire<'_> = serde_json::from_str(options.get()).map_err(wrong)?;
    let members: Members<'a> = serde_json::from_str(options.get()).map_err(wrong)?;
    request.temperature = wire.temperature;
    request.top_p = wire.top_p;
    request.top_k = wire.top_k;
    request.seed = wire.seed;
    request.max_tokens = wire.num_predict.filter(|most| *most > 0.0).map(|most| most as u64);
    request.stop = wire.stop.0;
    request.presence_penalty = wire.presence_penalty;
    request.frequency_penalty = wire.frequency_penalty;
    let unknown = members.0.into_iter().filter(|(name, json)| !KNOWN.contains(&name.as_str()) && !json.is_null());
    request.others.extend(unknown.map(|(name, json)| Foreign {
        dialect: Dialect::Ollama,
        kind: format!("{PREFIX}{name}").into(),
        json,
    }));
    Ok(())
}

/// The options of a request, by name, for an object.
pub(super) fn write<'r>(request: &'r Request<'_>) -> Vec<(&'r str, Raw<'r>)> {
    let mut options = Vec::new();
    let mut number =
        |name, number: &Option<Number>| options.extend(number.as_ref().and_then(|n| Some((name, Raw::write(n)?))));
    number("temperature", &request.temperature);
    number("top_p", &request.top_p);
    number("top_k", &request.top_k);
    number("seed", &request.seed);
    number("num_predict", &request.max_tokens.map(Number::from));
    number("presence_penalty", &request.presence_penalty);
    number("frequency_penalty", &request.frequency_penalty);
    let stop: Vec<&str> = request.stops().filter(|text| !text.is_empty()).collect();
    if !stop.is_empty() {
        options.extend(Raw::write(&stop).map(|stop| ("stop", stop)));
    }
    let own = request.others.iter().filter(|other| other.dialect == Dialect::Ollama);
    options.extend(own.filter_map(|other| Some((other.kind.strip_prefix(PREFIX)?, other.json.borrowed()))));
    options
}
