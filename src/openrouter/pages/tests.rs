use std::time::Duration;

use http::Method;
use prometheus::IntCounter;

use super::*;
use crate::config::{Fake, parse};
use crate::health::Registry;
use crate::ledger::Amount;
use crate::ledger::journal::{Losses, Place};
use crate::money::Usd;
use crate::snapshot::build;
use crate::telemetry::record::ByName;
use crate::telemetry::{Books, CallRecord};

const FILE: &str = "
catalogue: models.tsv
providers:
  openai: {api_key: k, models: {gpt-4: {price: {input: 30 USD, output: 60 USD}, context: 8192}}}
  lab: {dialect: openai_chat, base_url: 'http://lab'}
models:
  smart: {targets: [openai/gpt-4], fallbacks: [lab/llama]}
callers: {checkout: {api_key: c}, research: {api_key: r}}
budgets: {own: {for: {caller: research}, limit: 2 USD, per: week}}
";

const TABLE: &str = "#outrider-models\t1\t2026-11-21\n\
    openai\tthinker\topenai/thinker\t1000000\t64000\tin=3 out=15 read=0.3 write=3.75 hour=6 req=0.01 image=0.002 \
    >200000.in=6 >200000.out=22.5\ttools parallel choice schema reasoning=low,high mandatory-reasoning -sampling \
    search cache=auto image\t2026-12-31\n";

/// Books in memory, in which nothing is yet.
fn books() -> Journal {
    let counter = |name| IntCounter::new(name, "for a test").unwrap();
    let losses = Losses { errors: counter("errors"), lost: counter("lost") };
    Journal::open(Place { path: None, keep_days: 1 }, Vec::new(), losses)
}

/// A call of `checkout`'s whose answer has this name, and which ended so many days ago.
fn called(name: &str, days: u64, caller: &str) -> CallRecord {
    let session = Some("talk".into());
    let by_name = Some(ByName { name: name.into(), session, ..ByName::default() }.into());
    let total = Duration::from_secs(days * 86_400);
    CallRecord { by_name, total, caller: Some(caller.into()), cost: Usd::parse("0.25"), ..CallRecord::sample() }
}

fn now() -> u64 {
    std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()
}

fn snapshot(registry: &Registry) -> Snapshot {
    let files = [("models.tsv".into(), TABLE.into())].into();
    let config = parse(FILE, "o.yaml", &Fake { files, ..Fake::default() }).unwrap().config;
    build(&config, registry, None).unwrap()
}

/// The page at `path`, with its status, for this caller.
fn get_as(caller: &str, path: &str) -> (u16, Value) {
    let registry = Registry::new();
    let snapshot = snapshot(&registry);
    let books = books();
    for (name, days, caller) in [("gen-1", 0, "checkout"), ("gen-old", 3, "checkout"), ("gen-its", 0, "research")] {
        books.post(&called(name, days, caller));
    }
    let spent = Amount::of_a_call(5, Usd::parse("0.5").unwrap());
    snapshot.rules.iter().for_each(|rule| rule.account.hold_anyway(Amount::default()).settle(spent));
    let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
    let (caller, observed) = (CallerName::from(caller), Observed::default());
    let sources =
        Sources { snapshot: &snapshot, caller: Some(&caller), observed: &observed, books: &books, now: now() };
    let (status, page) = wait(page(&Method::GET, path, query, &sources)).unwrap_or_else(|| panic!("{path} is a page"));
    (status.as_u16(), serde_json::from_slice(&page).unwrap())
}

fn get(path: &str) -> (u16, Value) {
    get_as("checkout", path)
}

fn wait<T>(page: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(page)
}

fn ids(path: &str) -> Vec<String> {
    let rows = get(path).1["data"].as_array().unwrap().clone();
    rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn models_are_listed_and_filtered() {
    let all = ids("/api/v1/models");
    assert!(["lab/llama", "openai/gpt-4", "openai/gpt-5", "smart"].iter().all(|name| all.iter().any(|id| id == name)));
    assert!(all.is_sorted() && all.len() < 400, "{} models of one provider", all.len());
    assert_eq!(ids("/api/v1/models?q=LLAMA"), ["lab/llama"]);
    assert_eq!(ids("/api/v1/models?offset=1&limit=1"), [all[1].as_str()]);
    assert!(!ids("/api/v1/models?providers=openai").contains(&"lab/llama".to_owned()));
    assert_eq!(ids("/api/v1/models?q=openai/gpt-4&max_price=30&sort=pricing-high-to-low")[0], "openai/gpt-4");
    assert_eq!(get("/api/v1/models?limit=1").1["links"]["next"], "/api/v1/models?offset=1&limit=1");
    assert_eq!(get("/api/v1/models?limit=x").0, 400);
    assert_eq!(get("/api/v1/models/count").1, json!({"data": {"count": all.len()}}));
    let row = get("/api/v1/model/openai/gpt-4").1["data"].clone();
    assert_eq!((&row["context_length"], &row["pricing"]["prompt"]), (&json!(8192), &json!("0.00003")));
    assert_eq!(get("/api/v1/model/lab/llama").1["data"]["pricing"]["prompt"], "-1");
}

#[test]
fn what_the_table_knows_is_told() {
    let model = get("/api/v1/model/openai/thinker").1["data"].clone();
    let endpoint = get("/api/v1/models/openai/thinker/endpoints").1["data"]["endpoints"][0].clone();
    let prices = json!({"prompt": "0.000003", "completion": "0.000015", "input_cache_read": "0.0000003",
        "input_cache_write": "0.00000375", "input_cache_write_1h": "0.000006", "request": "0.01", "image": "0.002",
        "overrides": [{"min_prompt_tokens": 200_000, "prompt": "0.000006", "completion": "0.0000225"}]});
    let parameters = json!([
        "max_tokens",
        "stop",
        "reasoning_effort",
        "tools",
        "tool_choice",
        "parallel_tool_calls",
        "response_format",
        "structured_outputs",
        "reasoning",
        "include_reasoning",
        "web_search_options"
    ]);
    for told in [&model, &endpoint] {
        assert_eq!((&told["pricing"], &told["supported_parameters"]), (&prices, &parameters));
    }
    assert_eq!((&model["expiration_date"], &model["created"]), (&json!("2026-12-31"), &json!(20_778 * 86_400)));
    assert_eq!(model["reasoning"], json!({"mandatory": true, "supported_efforts": ["high", "low"]}));
    assert_eq!(model["architecture"]["input_modalities"], json!(["text", "image"]));
    assert_eq!(
        (&endpoint["supports_implicit_caching"], &endpoint["max_completion_tokens"]),
        (&json!(true), &json!(64_000))
    );
}

#[test]
fn who_serves_a_model_is_told() {
    let rows = get("/api/v1/models/smart/endpoints").1["data"]["endpoints"].clone();
    let told = |at: usize| (rows[at]["provider_name"].as_str().unwrap(), rows[at]["tag"].as_str().unwrap());
    assert_eq!((told(0), told(1)), (("OpenAI", "openai"), ("lab", "lab")));
    assert_eq!((&rows[0]["status"], &rows[0]["uptime_last_5m"]), (&json!(0), &Value::Null));
    assert_eq!(get("/api/v1/models/nobody/x/endpoints").0, 404);
    let names: Vec<Value> = get("/api/v1/providers").1["data"].as_array().unwrap().clone();
    assert_eq!((&names[0]["name"], &names[1]["slug"]), (&json!("lab"), &json!("openai")));
}

#[test]
fn an_answer_is_told_of_by_its_name_to_whom_it_belongs() {
    let (status, found) = get("/api/v1/generation?id=gen-1");
    let told = &found["data"];
    assert_eq!((status, &told["total_cost"], &told["tokens_prompt"]), (200, &json!(0.25), &json!(100)));
    assert_eq!(
        (&told["id"], &told["request_id"], &told["session_id"]),
        (&json!("gen-1"), &json!("req-1"), &json!("talk"))
    );
    assert_eq!((&told["provider_name"], &told["model"]), (&json!("OpenAI"), &json!("openai/gpt-5")));
    assert_eq!((&told["latency"], &told["cancelled"], &told["streamed"]), (&json!(320), &json!(false), &json!(true)));
    let tried = &told["provider_responses"];
    assert_eq!(
        (&tried[0]["status"], &tried[1]["status"], &tried[1]["latency"]),
        (&json!(503), &json!(200), &json!(300))
    );
    assert_eq!(told["created_at"].as_str().unwrap().len(), "1970-01-02T01:00:00Z".len());
    let (status, none) = get("/api/v1/generation?id=gen-2");
    assert_eq!((status, &none["error"]["code"]), (404, &json!(404)));
    assert_eq!(get("/api/v1/generation").0, 400);
    assert_eq!(get("/api/v1/generation?id=gen-its").0, 404, "somebody else's");
    assert_eq!(get_as("research", "/api/v1/generation?id=gen-its").0, 200);
}

#[test]
fn each_caller_is_told_what_it_has_spent_and_what_it_may() {
    let key = get("/api/v1/key").1["data"].clone();
    assert_eq!((&key["usage"], &key["usage_daily"], &key["usage_weekly"]), (&json!(0.5), &json!(0.25), &json!(0.5)));
    assert_eq!((&key["label"], &key["limit"]), (&json!("checkout"), &Value::Null));
    let key = get_as("research", "/api/v1/key").1["data"].clone();
    assert_eq!((&key["usage"], &key["limit"], &key["limit_remaining"]), (&json!(0.25), &json!(2), &json!(1.5)));
    assert_eq!(key["limit_reset"], "weekly");
    assert_eq!(get("/api/v1/credits").1["data"], json!({"total_credits": 1_000_000.5, "total_usage": 0.5}));
    assert_eq!(get_as("research", "/api/v1/credits").1["data"], json!({"total_credits": 1.75, "total_usage": 0.25}));
    assert_eq!(get_as("nobody", "/api/v1/activity").1["data"], json!([]));
    let rows = get("/api/v1/activity").1["data"].clone();
    let today = account::date((now() / 86_400) as i64);
    assert_eq!((rows.as_array().unwrap().len(), &rows[0]["date"]), (2, &json!(today)), "the latest first");
    let row = get(&format!("/api/v1/activity?date={today}")).1["data"][0].clone();
    assert_eq!((&row["requests"], &row["usage"], &row["model"]), (&json!(1), &json!(0.25), &json!("openai/gpt-5")));
    assert_eq!((&row["provider_name"], &row["prompt_tokens"]), (&json!("OpenAI"), &json!(100)));
    assert_eq!(get("/api/v1/activity?date=1970-01-01").1["data"], json!([]));
    assert_eq!(get("/api/v1/activity?date=soon").0, 400);
}

#[test]
fn other_paths_are_no_pages() {
    let snapshot = snapshot(&Registry::new());
    let (observed, books) = (Observed::default(), books());
    let sources = Sources { snapshot: &snapshot, caller: None, observed: &observed, books: &books, now: 0 };
    for (method, path) in [
        (Method::POST, "/api/v1/models"),
        (Method::GET, "/v1/models"),
        (Method::GET, "/api/models"),
        (Method::GET, "/api/v1/files"),
        (Method::GET, "/api/v1/models/a/b"),
    ] {
        assert!(wait(page(&method, path, None, &sources)).is_none(), "{method} {path}");
    }
}
