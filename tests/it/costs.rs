//! What recorded answers cost by our reading and our table is what genai-prices, which is not ours, computes.

use std::collections::BTreeMap;
use std::process::Command;

use bytes::Bytes;
use outrider::canonical::{Dialect, Service, Usage};
use outrider::catalogue::{Catalogue, Price, Table};
use outrider::dialect::codec;
use outrider::dialect::flow::{Flow, Stream};
use outrider::money::Usd;
use outrider::provider::catalogue::at_host;
use serde_json::{Value, json};

use crate::captures::{folder, recordings, tell};
use crate::translated_recordings::pair::about;
use crate::translated_recordings::recorded::{FILES, Recording, exchanged};

/// Our kinds of providers, with the oracle's name of them and of how they tell usage in each dialect.
const PROVIDERS: &[(&str, Dialect, &str, &str)] = &[
    ("anthropic", Dialect::Anthropic, "anthropic", "default"),
    ("azure", Dialect::OpenAiChat, "azure", "chat"),
    ("azure", Dialect::OpenAiResponses, "azure", "responses"),
    ("bedrock", Dialect::Anthropic, "aws", "anthropic"),
    ("bedrock", Dialect::Bedrock, "aws", "default"),
    ("cohere", Dialect::Cohere, "cohere", "default"),
    ("deepseek", Dialect::OpenAiChat, "deepseek", "chat"),
    ("cerebras", Dialect::OpenAiChat, "cerebras", "chat"),
    ("fireworks", Dialect::OpenAiChat, "fireworks", "chat"),
    ("gemini", Dialect::Gemini, "google", "default"),
    ("groq", Dialect::OpenAiChat, "groq", "default"),
    ("mistral", Dialect::OpenAiChat, "mistral", "default"),
    ("moonshot", Dialect::OpenAiChat, "moonshotai", "chat"),
    ("openai", Dialect::OpenAiChat, "openai", "chat"),
    ("openai", Dialect::OpenAiResponses, "openai", "responses"),
    ("openrouter", Dialect::OpenAiChat, "openrouter", "chat"),
    ("vertex", Dialect::Anthropic, "google", "anthropic"),
    ("vertex", Dialect::Gemini, "google", "default"),
    ("xai", Dialect::OpenAiChat, "x-ai", "chat"),
    ("xai", Dialect::OpenAiResponses, "x-ai", "responses"),
    ("zai", Dialect::OpenAiChat, "zai", "chat"),
];

/// What an answer would cost by our table, were it as the oracle has it.
type AsThere = fn(&Answer) -> Option<Usd>;

/// Where the two differ: the kind, why, and what the answer would cost by our table were it as the oracle has it. Each
/// has to explain an answer to the last billionth.
const DIFFERENCES: &[(&str, &str, AsThere)] = &[
    ("anthropic", "searches of the web, which cost by themselves, are not counted", |answer| {
        let searches = answer.last("/usage/server_tool_use/web_search_requests")?;
        Some(answer.cost + Usd::from_nanos(10_000_000 * searches as i64))
    }),
    ("openai", "it knows no classes of service", |answer| answer.price.cost_as(&answer.usage, Service::Standard)),
    ("mistral", "it does not read what came from the cache where that is told as `num_cached_tokens`", |answer| {
        answer.price.cost(&Usage { cached: None, ..answer.usage })
    }),
];

/// What the oracle has no word on: the kind, and what it says instead.
const UNKNOWN: &[(&str, &str)] = &[
    ("vertex", "AttributeError: 'int' object has no attribute 'lower'"), // enumerations told as numbers
    ("zai", "no such model"),
];

/// Each kind of token is rounded to a whole billionth by itself.
const ROUNDING: i64 = 6;

#[test]
fn what_an_answer_costs_is_what_the_oracle_says() {
    let Some(folder) = folder() else { return tell("costs: skipped: OUTRIDER_CAPTURES is not set") };
    let Some(python) = std::env::var_os("OUTRIDER_PYTHON") else {
        return tell("costs: skipped: OUTRIDER_PYTHON does not name a Python with the `genai-prices` package");
    };
    let answers: Vec<Answer> = FILES
        .iter()
        .flat_map(|(file, dialect)| {
            let file = format!("{file}.jsonl.gz");
            let exchanges = recordings(&folder, &file);
            exchanges.filter_map(|exchange| Answer::of(&exchange, *dialect)).collect::<Vec<_>>()
        })
        .collect();
    let Some(verdicts) = oracle(&python, &answers) else { return };
    let (mut equal, mut unknown, mut wrong) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
    let mut used = vec![false; DIFFERENCES.len()];
    for (answer, verdict) in answers.iter().zip(&verdicts) {
        let Some(dollars) = verdict["dollars"].as_str() else {
            let why = (answer.kind, verdict["unknown"].as_str().unwrap_or_default());
            assert!(UNKNOWN.contains(&why), "{}: the oracle says {why:?}", answer.id);
            *unknown.entry(why).or_insert(0) += 1;
            continue;
        };
        if (answer.cost.nanos() as f64 - nanos(dollars)).abs() <= ROUNDING as f64 {
            *equal.entry(answer.kind).or_insert(0) += 1;
            continue;
        }
        let explains = |as_there: Usd| (as_there.nanos() as f64 - nanos(dollars)).abs() <= ROUNDING as f64;
        let excused = DIFFERENCES
            .iter()
            .position(|(kind, _, as_there)| *kind == answer.kind && as_there(answer).is_some_and(explains));
        match excused {
            Some(place) => used[place] = true,
            None => wrong.push(format!(
                "{} {} of {}: {} here, {dollars} there, for {:?}",
                answer.id, answer.model, answer.kind, answer.cost, answer.usage
            )),
        }
    }
    let all: i32 = equal.values().sum();
    tell(&format!("costs: {all} of {} answers equal {equal:?}; the oracle does not know {unknown:?}", answers.len()));
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(used.iter().all(|used| *used), "a difference that is listed is none: {used:?}");
    assert!(all > 500 && equal.len() > 7, "only {all} were compared");
}

/// A recorded answer whose model is in the table, and what it costs by it.
struct Answer {
    id: String,
    kind: &'static str,
    model: String,
    asked: Value,
    usage: Usage,
    price: Price,
    cost: Usd,
}

impl Answer {
    /// The last number at that place of its documents.
    fn last(&self, place: &str) -> Option<u64> {
        let documents = self.asked["documents"].as_array()?.iter().rev();
        documents.filter_map(|document| document.pointer(place)?.as_f64()).map(|number| number as u64).next()
    }

    fn of(exchange: &Value, dialect: Dialect) -> Option<Self> {
        if exchange["status"] != 200 {
            return None;
        }
        let kind = at_host(exchange["host"].as_str()?)?.name;
        let (_, _, provider, flavour) =
            PROVIDERS.iter().find(|(known, spoken, ..)| (*known, *spoken) == (kind, dialect))?;
        let recording = exchanged(exchange, dialect)?;
        let model = model(exchange)?;
        let usage = usage(&recording).filter(|usage| usage.input.is_some())?;
        let price = Catalogue::default().facts(kind, &model)?.price?;
        let cost = price.cost(&usage)?;
        let asked = json!({
            "provider": provider,
            "flavour": flavour,
            "model": model,
            "documents": recording.documents,
        });
        Some(Self { id: recording.id, kind, model, asked, usage, price, cost })
    }
}

/// The model that was asked for, by the request or its path.
fn model(exchange: &Value) -> Option<String> {
    if let Some(model) = exchange["req"]["model"].as_str() {
        return Some(model.to_owned());
    }
    let path = exchange["path"].as_str()?.split('?').next()?;
    let (_, rest) = path.split_once("/models/").or_else(|| path.split_once("/model/"))?;
    let rest = rest.replace("%3A", ":").replace("%2F", "/").replace("%40", "@");
    let ends = ["/converse-stream", "/converse", "/invoke-with-response-stream", "/invoke"];
    let end = ends.iter().find_map(|end| rest.strip_suffix(end));
    let model = end.unwrap_or_else(|| rest.rsplit_once(':').map_or(&rest, |(model, _)| model));
    Some(model.to_owned())
}

/// What it used, as Outrider reads it on its way.
fn usage(recording: &Recording) -> Option<Usage> {
    let codec = codec::of(recording.dialect);
    if !recording.stream {
        return Some(codec.read_reply(&recording.bytes).ok()?.used());
    }
    let mut stream = Stream::native(codec, &about(false), false);
    let pushed = stream.push(Bytes::clone(&recording.bytes));
    let ended = stream.end();
    (pushed.fault.is_none() && ended.fault.is_none()).then(|| stream.usage())
}

/// The oracle's word on each answer; `None` where it is another oracle than the one the table was made from.
fn oracle(python: &std::ffi::OsStr, answers: &[Answer]) -> Option<Vec<Value>> {
    let table = Table::built_in();
    let lines = answers.iter().map(|answer| answer.asked.to_string());
    let lines: Vec<String> = std::iter::once(json!({"day": &*table.day}).to_string()).chain(lines).collect();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), lines.join("\n") + "\n").unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/costs.py");
    let input = std::fs::File::open(file.path()).unwrap();
    let output = Command::new(python).arg(script).stdin(input).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    if error.contains("No module named 'genai_prices'") {
        tell("costs: skipped: OUTRIDER_PYTHON has no package `genai-prices`");
        return None;
    }
    assert!(output.status.success(), "{error}");
    let said = String::from_utf8_lossy(&output.stdout);
    let mut verdicts = said.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let version = verdicts.next().unwrap()["version"].as_str().unwrap().to_owned();
    if !table.text().contains(&format!("genai-prices {version},")) {
        tell(&format!("costs: skipped: the table was made from another genai-prices than {version}"));
        return None;
    }
    let verdicts: Vec<Value> = verdicts.collect();
    assert_eq!(verdicts.len(), answers.len());
    Some(verdicts)
}

/// Dollars with more places than we have.
fn nanos(dollars: &str) -> f64 {
    dollars.parse::<f64>().unwrap() * 1e9
}
