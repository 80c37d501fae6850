//! OpenRouter's own SDKs, as users use them, with nothing but the base URL changed.
//!
//! They come from PyPI and npm and are not always there: `OUTRIDER_PYTHON` names a Python that has `openrouter` and
//! `openai`, `OUTRIDER_NODE_MODULES` a `node_modules` folder that has `@openrouter/sdk` and
//! `@openrouter/ai-sdk-provider`.

use std::path::Path;
use std::process::{Command as Blocking, Output};

use serde_json::json;
use tokio::process::Command;

use crate::support::provider::{Answer, Behaviour, Provider};
use crate::support::proxy::{Config, Proxy};
use crate::support::run_script;

/// Three providers of different luck, under names that everybody knows.
async fn drive(command: &mut Command, deeds: &[&str]) {
    let good = Provider::behaving(Behaviour::choosing(|request| {
        let asked = request.json();
        let choice = json!({"index": 0, "finish_reason": "stop",
            "message": {"role": "assistant", "content": "Hello", "reasoning_content": "hm"}});
        match asked["model"] == "thinks" {
            true => Answer::json(200, &json!({"id": "1", "model": "thinks", "choices": [choice]})),
            false => Answer::good(request),
        }
    }))
    .await;
    let (limited, gone) = (Provider::behaving(Behaviour::status(429)).await, Provider::refusing().await);
    let fields = |provider: &Provider| format!("base_url: \"{}\", api_key: k, health: off", provider.url());
    let price = "models: {gpt-4o: {price: {input: 2.5 USD, output: 10 USD, cache_read: 1.25 USD}}}";
    let config = Config::default()
        .stated("openai", &format!("{}, {price}", fields(&good)))
        .stated("together", &fields(&good))
        .stated("groq", &format!("{}, models: {{llama: {{}}}}", fields(&limited)))
        .stated("deepseek", &fields(&gone));
    let proxy = Proxy::start(&config).await;
    let output = command.env("OUTRIDER_URL", format!("http://{}", proxy.traffic)).output().await;
    let Output { status, stdout, stderr } = output.expect("the interpreter starts");
    let (said, errors) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    for deed in deeds {
        assert!(said.contains(&format!("PASS {deed}\n")), "`{deed}` is missing in:\n{said}\n{errors}");
    }
    assert!(status.success(), "{said}\n{errors}");
}

#[test]
fn python() {
    let Some(python) = std::env::var_os("OUTRIDER_PYTHON") else {
        return eprintln!("skipped: OUTRIDER_PYTHON does not name a Python with the `openrouter` package");
    };
    let has = Blocking::new(&python).args(["-c", "import openrouter, openai"]).output();
    if !has.is_ok_and(|output| output.status.success()) {
        return eprintln!("skipped: OUTRIDER_PYTHON names a Python without the `openrouter` package");
    }
    const DEEDS: [&str; 22] = [
        "chat",
        "cost",
        "metadata",
        "streaming",
        "tools",
        "fallback models",
        "preferences",
        "errors",
        "models",
        "endpoints",
        "providers",
        "generation",
        "money",
        "activity",
        "responses",
        "embeddings",
        "openai chat",
        "openai usage",
        "openai streaming",
        "openai models",
        "openai errors",
        "openai chat",
    ];
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/openrouter_sdk.py");
    run_script(async { drive(Command::new(python).arg(script), &DEEDS).await });
}

#[test]
fn node() {
    let modules = std::env::var_os("OUTRIDER_NODE_MODULES").unwrap_or_default();
    if !Path::new(&modules).join("@openrouter/sdk").exists() {
        return eprintln!("skipped: OUTRIDER_NODE_MODULES does not name a folder with OpenRouter's packages");
    }
    const DEEDS: [&str; 18] = [
        "ai chat",
        "ai cost",
        "ai streaming",
        "ai tools",
        "ai fallback models",
        "ai reasoning",
        "ai errors",
        "ai embeddings",
        "sdk chat",
        "sdk streaming",
        "sdk tools",
        "sdk fallback models",
        "sdk errors",
        "sdk unknown model",
        "sdk models",
        "sdk endpoints",
        "sdk generation",
        "sdk money",
    ];
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/openrouter_sdk.cjs");
    run_script(async { drive(Command::new("node").arg(script).env("NODE_PATH", modules), &DEEDS).await });
}
