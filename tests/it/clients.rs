//! The official SDKs, as users use them, against the built binary.
//!
//! They come from PyPI and npm and are not always there: `OUTRIDER_PYTHON` names a Python that has `openai`,
//! `OUTRIDER_NODE_MODULES` a `node_modules` folder that has it. Without them the test says so and passes.

use std::process::Output;

use tokio::process::Command;

use crate::support::provider::{Behaviour, Provider};
use crate::support::proxy::{Config, Proxy};
use crate::support::run_script;

/// What every script says once for each thing that it did.
const DEEDS: [&str; 8] =
    ["chat", "streaming", "tools", "embeddings", "models", "unknown model", "rate limit", "cancel"];

/// Runs one script against a proxy that fails over, a model that is limited, and one that never ends.
async fn drive(command: &mut Command) {
    let (gone, good) = (Provider::refusing().await, Provider::start().await);
    let limited = Provider::behaving(Behaviour::status(429)).await;
    let endless = Provider::behaving(Behaviour::endless_stream()).await;
    let config = Config::chain(&[&gone, &good]).provider("limited", &limited).provider("endless", &endless);
    let config = config.model("limited", "{targets: [limited/x]}").model("endless", "{targets: [endless/x]}");
    let proxy = Proxy::start(&config).await;
    let output = command.env("OUTRIDER_URL", format!("http://{}/v1", proxy.traffic)).output().await;
    let Output { status, stdout, stderr } = output.expect("the interpreter starts");
    let (said, errors) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    for deed in DEEDS {
        assert!(said.contains(&format!("PASS {deed}")), "`{deed}` is missing in:\n{said}\n{errors}");
    }
    assert!(status.success(), "{said}\n{errors}");
    crate::support::until("the provider sees the cancel", || endless.hung_up() == 1).await;
}

#[test]
fn the_python_sdk() {
    let Some(python) = std::env::var_os("OUTRIDER_PYTHON") else {
        return eprintln!("skipped: OUTRIDER_PYTHON does not name a Python with the `openai` package");
    };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/openai_sdk.py");
    run_script(async { drive(Command::new(python).arg(script)).await });
}

#[test]
fn the_node_sdk() {
    let Some(modules) = std::env::var_os("OUTRIDER_NODE_MODULES") else {
        return eprintln!("skipped: OUTRIDER_NODE_MODULES does not name a folder with the `openai` package");
    };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/openai_sdk.cjs");
    run_script(async { drive(Command::new("node").arg(script).env("NODE_PATH", modules)).await });
}
