//! What its clients are answered is valid by OpenRouter's own specification.
//!
//! That is not part of the project: `OUTRIDER_SPECS` names the folder that has it, as `openrouter-openapi.yaml.xz`.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::captures::tell;
use crate::support::client::{Call, Reply};
use crate::support::provider::{Answer, Behaviour, Provider};
use crate::support::proxy::{Config, Proxy};
use crate::support::run_script;

/// One document, and what it is to be.
fn row(path: &str, status: u16, kind: &str, document: &Value) -> Value {
    let posted = ["/chat/completions", "/messages", "/responses", "/embeddings", "/rerank"].contains(&path);
    let method = if posted { "post" } else { "get" };
    json!({"path": path, "method": method, "status": status.to_string(), "kind": kind, "document": document})
}

fn whole(path: &str, reply: &Reply) -> Vec<Value> {
    vec![row(path, reply.status, "application/json", &reply.json())]
}

/// Every event of a stream, as the specification has it: with its name beside its data.
fn events(path: &str, reply: &Reply) -> Vec<Value> {
    assert_eq!(reply.status, 200, "{}", reply.text());
    let events: Vec<String> = reply.events().into_iter().filter(|event| event != "[DONE]").collect();
    assert!(events.len() > 3, "{}", reply.text());
    let document = |event: &String| -> Value {
        let data: Value = serde_json::from_str(event).expect("JSON");
        match path {
            "/messages" => json!({"event": data["type"], "data": data}),
            _ => json!({"data": data}),
        }
    };
    events.iter().map(|event| row(path, 200, "text/event-stream", &document(event))).collect()
}

/// Everything that is answered, once.
async fn documents() -> Vec<Value> {
    let good = Provider::behaving(Behaviour::choosing(|request| match request.path.ends_with("/rerank") {
        true => {
            Answer::json(200, &json!({"results": [{"index": 0, "relevance_score": 0.5, "document": {"text": "a"}}]}))
        }
        false => Answer::good(request),
    }))
    .await;
    let (limited, broken) =
        (Provider::behaving(Behaviour::status(429)).await, Provider::behaving(Behaviour::status(400)).await);
    let fields = |provider: &Provider| format!("base_url: \"{}\", api_key: k, health: off", provider.url());
    let config = Config::default()
        .stated("openai", &format!("{}, models: {{mine: {{}}}}", fields(&good)))
        .stated("together", &fields(&good))
        .stated("groq", &fields(&limited))
        .stated("deepseek", &fields(&broken));
    let proxy = Proxy::start(&config).await;
    let post = async |path: &str, body: Value| {
        let call = Call::post(&format!("/api/v1{path}"), &body).header("X-OpenRouter-Metadata", "enabled");
        proxy.send(call).await
    };
    let hi = json!([{"role": "user", "content": "hi"}]);
    let chat = |model: &str, stream| json!({"model": model, "stream": stream, "messages": hi, "max_tokens": 9});
    let tools = json!([{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}]);
    let (mut with_tools, mut tools_streamed) = (chat("openai/gpt-4o", false), chat("openai/gpt-4o", true));
    (with_tools["tools"], tools_streamed["tools"]) = (tools.clone(), tools);
    let answered = post("/chat/completions", chat("openai/gpt-4o", false)).await;
    let generation = answered.header("x-generation-id").to_owned();
    let mut rows = whole("/chat/completions", &answered);
    rows.extend(whole("/chat/completions", &post("/chat/completions", with_tools).await));
    rows.extend(events("/chat/completions", &post("/chat/completions", chat("openai/gpt-4o", true)).await));
    rows.extend(events("/chat/completions", &post("/chat/completions", tools_streamed).await));
    for path in ["/chat/completions", "/messages"] {
        for model in ["nobody/x", "groq/x", "deepseek/x"] {
            rows.extend(whole(path, &post(path, chat(model, false)).await));
        }
    }
    for path in ["/responses", "/embeddings"] {
        rows.extend(whole(path, &post(path, json!({"model": "nobody/x", "input": "hi"})).await));
    }
    rows.extend(whole("/messages", &post("/messages", chat("openai/gpt-4o", false)).await));
    rows.extend(events("/messages", &post("/messages", chat("openai/gpt-4o", true)).await));
    let ask = |stream| json!({"model": "together/x", "input": "hi", "stream": stream});
    rows.extend(whole("/responses", &post("/responses", ask(false)).await));
    rows.extend(events("/responses", &post("/responses", ask(true)).await));
    rows.extend(whole("/embeddings", &post("/embeddings", json!({"model": "openai/x", "input": "hi"})).await));
    let documents = json!({"model": "together/x", "query": "q", "documents": ["a"]});
    rows.extend(whole("/rerank", &post("/rerank", documents).await));
    tokio::time::sleep(std::time::Duration::from_millis(200)).await; // a call is remembered when it is over
    for (path, asked) in [
        ("/models", "/models?limit=1000".to_owned()),
        ("/models/user", "/models/user".to_owned()),
        ("/models/count", "/models/count".to_owned()),
        ("/model/{author}/{slug}", "/model/openai/gpt-4o".to_owned()),
        ("/models/{author}/{slug}/endpoints", "/models/openai/gpt-4o/endpoints".to_owned()),
        ("/models/{author}/{slug}/endpoints", "/models/nobody/x/endpoints".to_owned()),
        ("/endpoints/zdr", "/endpoints/zdr".to_owned()),
        ("/providers", "/providers".to_owned()),
        ("/generation", format!("/generation?id={generation}")),
        ("/generation", "/generation?id=gen-none".to_owned()),
        ("/key", "/key".to_owned()),
        ("/credits", "/credits".to_owned()),
        ("/activity", "/activity".to_owned()),
        ("/activity", "/activity?date=soon".to_owned()),
    ] {
        let reply = proxy.send(Call::get(&format!("/api/v1{asked}"))).await;
        let document = reply.json();
        let empty = document["data"].as_array().is_some_and(Vec::is_empty);
        assert!(!empty || path == "/endpoints/zdr", "{asked}: {document}");
        rows.push(row(path, reply.status, "application/json", &document));
    }
    rows
}

/// What is wrong with `rows`: the number of each that is not valid, and why.
async fn judged(python: &Path, spec: &Path, rows: &[Value]) -> Vec<(usize, String)> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/valid_openrouter.py");
    let mut command = Command::new(python);
    command.arg(script).arg(spec).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("the interpreter starts");
    let mut pipe = child.stdin.take().expect("a pipe");
    let lines: String = rows.iter().map(|row| format!("{row}\n")).collect();
    let write = async move { pipe.write_all(lines.as_bytes()).await };
    let (output, _) = tokio::join!(child.wait_with_output(), write);
    let said = String::from_utf8(output.expect("an end").stdout).expect("text");
    let mut told: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(told.pop(), Some(json!({"judged": rows.len()})), "{said}");
    told.iter().map(|row| (row["at"].as_u64().expect("a number") as usize, row["errors"].to_string())).collect()
}

#[test]
fn every_answer_is_valid() {
    let (specs, python) = (std::env::var_os("OUTRIDER_SPECS"), std::env::var_os("OUTRIDER_PYTHON"));
    let (Some(specs), Some(python)) = (specs, python) else {
        return tell("OpenRouter's answers: skipped: OUTRIDER_SPECS or OUTRIDER_PYTHON is not set");
    };
    let (spec, python) = (Path::new(&specs).join("openrouter-openapi.yaml.xz"), PathBuf::from(python));
    if !spec.exists() {
        return tell("OpenRouter's answers: skipped: OUTRIDER_SPECS has no openrouter-openapi.yaml.xz");
    }
    run_script(async {
        let mut rows = documents().await;
        rows.push(row("/models/count", 200, "application/json", &json!({"data": {"count": "many"}})));
        let mut wrong = judged(&python, &spec, &rows).await;
        let mistake = wrong.pop().expect("the validator finds a mistake");
        assert_eq!(mistake.0, rows.len() - 1, "{mistake:?}");
        let told = |(at, why): &(usize, String)| {
            let row = &rows[*at];
            format!("{} {} {}: {why}\n{}\n", row["path"], row["status"], row["kind"], row["document"])
        };
        assert!(wrong.is_empty(), "{} of {}\n{}", wrong.len(), rows.len(), wrong.iter().map(told).collect::<String>());
        tell(&format!("OpenRouter's answers: {} documents valid", rows.len() - 1));
    });
}
