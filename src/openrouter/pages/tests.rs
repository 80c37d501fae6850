use http::Method;

use super::*;
use crate::canonical::Usage;
use crate::config::{Fake, parse};
use crate::health::Registry;
use crate::money::Usd;
use crate::openrouter::Generation;
use crate::snapshot::build;
use crate::telemetry::CallRecord;

const FILE: &str = "
catalogue: models.tsv
providers:
  openai: {api_key: k, models: {gpt-4: {price: {input: 30 USD, output: 60 USD}, context: 8192}}}
  lab: {dialect: openai_chat, base_url: 'http://lab'}
models:
  smart: {targets: [openai/gpt-4], fallbacks: [lab/llama]}
";

const TABLE: &str = "#outrider-models\t1\t2026-11-21\n\
    openai\tthinker\topenai/thinker\t1000000\t64000\tin=3 out=15 read=0.3 write=3.75 hour=6 req=0.01 image=0.002 \
    >200000.in=6 >200000.out=22.5\ttools parallel choice schema reasoning=low,high mandatory-reasoning -sampling \
    search cache=auto image\t2026-12-31\n";

fn snapshot() -> Snapshot {
    let files = [("models.tsv".into(), TABLE.into())].into();
    let config = parse(FILE, "o.yaml", &Fake { files, ..Fake::default() }).unwrap().config;
    build(&config, &Registry::new(), None).unwrap()
}

/// The page at `path`, with its status.
fn get(path: &str) -> (u16, Value) {
    let snapshot = snapshot();
    let past = Past::default();
    let usage = Usage { input: Some(3), output: Some(2), ..Usage::default() };
    let (id, model, provider) = ("gen-1".to_owned(), "openai/gpt-5".to_owned(), "OpenAI".to_owned());
    let generation =
        Generation { id, model, provider, usage, cost: Usd::parse("0.5"), created: 90_000, ..Generation::default() };
    let record = CallRecord { cost: Usd::parse("0.25"), ..CallRecord::sample() };
    past.note(&record, Some(generation), 1.0, 90_000);
    let other = Generation { id: "gen-of-another".into(), caller: Some("other".into()), ..Generation::default() };
    past.note(&record, Some(other), 1.0, 90_000);
    let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
    let sources = Sources { snapshot: &snapshot, caller: None, past: &past, now: 90_010 };
    let (status, page) = page(&Method::GET, path, query, &sources).unwrap_or_else(|| panic!("{path} is a page"));
    (status.as_u16(), serde_json::from_slice(&page).unwrap())
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
fn what_was_spent_is_told() {
    let (status, found) = get("/api/v1/generation?id=gen-1");
    let told = &found["data"];
    assert_eq!((status, &told["total_cost"], &told["tokens_prompt"]), (200, &json!(0.5), &json!(3)));
    assert_eq!(told["created_at"], "1970-01-02T01:00:00Z");
    let (status, none) = get("/api/v1/generation?id=gen-2");
    assert_eq!((status, &none["error"]["code"]), (404, &json!(404)));
    assert_eq!(get("/api/v1/generation").0, 400);
    assert_eq!(get("/api/v1/generation?id=gen-of-another").0, 404, "somebody else's");
    assert_eq!(get("/api/v1/key").1["data"]["usage_daily"], json!(0.5));
    assert_eq!(get("/api/v1/credits").1["data"], json!({"total_credits": 1_000_000.5, "total_usage": 0.5}));
    let row = get("/api/v1/activity?date=1970-01-02").1["data"][0].clone();
    assert_eq!((&row["requests"], &row["usage"], &row["model"]), (&json!(2), &json!(0.5), &json!("openai/gpt-5")));
    assert_eq!(get("/api/v1/activity?date=1970-01-01").1["data"], json!([]));
    assert_eq!(get("/api/v1/activity?date=soon").0, 400);
}

#[test]
fn other_paths_are_no_pages() {
    let snapshot = snapshot();
    let sources = Sources { snapshot: &snapshot, caller: None, past: &Past::default(), now: 0 };
    for (method, path) in [
        (Method::POST, "/api/v1/models"),
        (Method::GET, "/v1/models"),
        (Method::GET, "/api/models"),
        (Method::GET, "/api/v1/files"),
        (Method::GET, "/api/v1/models/a/b"),
    ] {
        assert!(page(&method, path, None, &sources).is_none(), "{method} {path}");
    }
}
