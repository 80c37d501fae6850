//! The official SDKs of every vendor, each against a provider of every dialect.
//!
//! They come from PyPI and npm and are not always there: `OUTRIDER_PYTHON` names a Python that has them,
//! `OUTRIDER_NODE_MODULES` a `node_modules` folder that does. Without them a test says so and passes.

use std::time::Duration;

use serde_json::Value;
use tokio::process::Command;

use super::{providers, rules};
use crate::support::dialects::scene;
use crate::support::dialects::speech::SPEECHES;
use crate::support::provider::{Provider, Seen};
use crate::support::run_within;

/// Several hundred calls, and the start of an interpreter with all those packages.
const LIMIT: Duration = Duration::from_secs(120);

/// Runs a script of `tests/clients`, which says `PASS` so often. Gives the providers, for a look at what they saw.
async fn play(mut command: Command, passes: usize) -> Vec<Provider> {
    let (providers, proxy) = providers().await;
    let models: Vec<_> = SPEECHES.iter().map(|speech| format!("from-{}", speech.dialect)).collect();
    command.env("OUTRIDER_URL", format!("http://{}", proxy.traffic)).env("OUTRIDER_MODELS", models.join(","));
    let output = command.kill_on_drop(true).output().await.expect("the interpreter starts");
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains("ALL PASSED"), "{errors}");
    assert_eq!(said.matches("PASS ").count(), passes, "{said}");
    for (provider, speech) in providers.iter().zip(SPEECHES) {
        provider.calls().iter().for_each(|seen| rules::keeps(speech.dialect, seen));
    }
    providers
}

/// `None`, and a word of it, where there is no Python.
pub fn python(script: &str) -> Option<Command> {
    let Some(python) = std::env::var_os("OUTRIDER_PYTHON") else {
        eprintln!("skipped: OUTRIDER_PYTHON does not name a Python with the vendors' packages");
        return None;
    };
    let mut command = Command::new(python);
    command.arg(format!("{}/tests/clients/{script}", env!("CARGO_MANIFEST_DIR")));
    Some(command)
}

/// Answers, streams, tool loops, errors.
#[test]
fn every_vendors_python_sdk_talks_to_every_provider() {
    let Some(command) = python("translated.py") else { return };
    run_within(LIMIT, async { drop(play(command, 9 * SPEECHES.len() * 7).await) });
}

/// Parallel tools, answers that follow a schema, pictures, thoughts through a tool loop, cached tokens.
#[test]
fn every_vendors_python_sdk_plays_the_harder_scenes() {
    let Some(command) = python("scenes.py") else { return };
    run_within(LIMIT, async {
        let providers = play(command, 6 * SPEECHES.len() * 5 * 2).await;
        for (provider, speech) in providers.iter().zip(SPEECHES) {
            let with = |words: &str| provider.calls().into_iter().filter(|seen| says(seen, words)).collect::<Vec<_>>();
            let pictures = with("which picture");
            assert_eq!(pictures.len(), 12, "{}", speech.dialect);
            pictures.iter().for_each(|seen| shows_the_picture(speech.dialect, &seen.json()));
            let forms = with("as json");
            assert_eq!(forms.len(), 12, "{}", speech.dialect);
            forms.iter().for_each(|seen| tells_the_form(speech.dialect, &seen.json()));
            if !["openai_chat", "cohere", "ollama"].contains(&speech.dialect) {
                let back: Vec<_> = with("ponder").into_iter().filter(|seen| says(seen, "sunny")).collect();
                assert_eq!(back.len(), 12, "{}", speech.dialect);
                for seen in back.iter().filter(|seen| !says(seen, "says Cohere")) {
                    assert!(says(seen, scene::SIGNATURE), "{} lost its proof: {seen:?}", speech.dialect);
                    // The proof is of all of them, however many pieces they came in.
                    let whole = speech.dialect == "gemini" || says(seen, scene::THOUGHTS);
                    assert!(whole, "{} lost its thoughts: {seen:?}", speech.dialect);
                }
            }
        }
    });
}

/// Answers, streams, tool loops with parallel tools and thoughts, errors; also by `ai`, which has readers of its own.
#[test]
fn every_vendors_node_sdk_talks_to_every_provider() {
    let Some(modules) = std::env::var_os("OUTRIDER_NODE_MODULES") else {
        return eprintln!("skipped: OUTRIDER_NODE_MODULES does not name a folder with the vendors' packages");
    };
    let mut command = Command::new("node");
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/translated.cjs")).env("NODE_PATH", modules);
    run_within(LIMIT, async { drop(play(command, 8 * SPEECHES.len() * 11).await) });
}

fn says(seen: &Seen, words: &str) -> bool {
    String::from_utf8_lossy(&seen.body).contains(words)
}

/// The picture stands where a provider of the dialect looks for it, in its own form.
fn shows_the_picture(dialect: &str, body: &Value) {
    const DATA: &str = "iVBORw0KGgo=";
    let content = match dialect {
        "gemini" => &body["contents"][0]["parts"],
        "openai_responses" => &body["input"][0]["content"],
        _ => &body["messages"][0]["content"],
    };
    let place = match dialect {
        "openai_chat" | "cohere" => "/image_url/url",
        "openai_responses" => "/image_url",
        "anthropic" => "/source/data",
        "gemini" => "/inlineData/data",
        "bedrock" => "/image/source/bytes",
        _ => "",
    };
    let found = match content.as_array() {
        Some(parts) => parts.iter().find_map(|part| part.pointer(place)?.as_str()),
        None => body["messages"][0]["images"][0].as_str(),
    };
    let url = format!("data:image/png;base64,{DATA}");
    let wanted = if place.contains("url") { url.as_str() } else { DATA };
    assert_eq!(found, Some(wanted), "{dialect}: {body}");
}

/// The schema stands where a provider of the dialect looks for it; in words where the model has no such place.
fn tells_the_form(dialect: &str, body: &Value) {
    let place = match dialect {
        "openai_chat" => "/response_format/json_schema/schema",
        "openai_responses" => "/text/format/schema",
        "gemini" => "/generationConfig/responseJsonSchema",
        "cohere" => "/response_format/json_schema",
        "ollama" => "/format",
        "anthropic" if body["system"].is_null() => "/output_config/format/schema",
        "bedrock" if body["system"].is_null() => "/outputConfig/textFormat/structure/jsonSchema/schema",
        _ => "/system",
    };
    let found = body.pointer(place).map(Value::to_string).unwrap_or_default();
    assert!(found.contains("degrees") && found.contains("integer"), "{dialect}: {body}");
}
