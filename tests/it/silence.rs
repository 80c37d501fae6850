//! What streaming clients are sent while no provider says anything: every SDK passes it over, and waits.

use std::net::SocketAddr;
use std::process::Output;
use std::time::Duration;

use serde_json::Value;
use tokio::process::Command;
use tokio::task::JoinSet;

use crate::support::client::{self, Call};
use crate::support::dialects::speech::{SPEECHES, Speech};
use crate::support::provider::{Behaviour, Provider, Script, Step};
use crate::support::proxy::{Config, Proxy};
use crate::support::{run, run_within};

/// A model is silent for so long, twice.
const SILENCE: Duration = Duration::from_secs(5);

/// Longer than that no SDK waits.
const PATIENCE: &str = "3";

/// An interpreter on a busy machine, and seven times the silence.
const LIMIT: Duration = Duration::from_secs(120);

/// What says nothing for a while before it begins, and again in the middle.
fn slow(speech: &'static Speech, silence: Duration) -> Behaviour {
    let good = speech.behaviour();
    Behaviour::new(move |seen| {
        let mut script: Script = good.react(seen);
        let first =
            script.iter().position(|step| matches!(step, Step::Write(bytes) if find(bytes, "Hello"))).map(|at| at + 1);
        script.insert(first.unwrap_or(script.len()), Step::Pause(silence));
        script.insert(0, Step::Pause(silence));
        script
    })
}

fn find(bytes: &[u8], words: &str) -> bool {
    String::from_utf8_lossy(bytes).contains(words)
}

fn speech(dialect: &str) -> &'static Speech {
    SPEECHES.iter().find(|speech| speech.dialect == dialect).expect("a dialect")
}

/// A slow model of every dialect, one that breaks off before a slow one goes on, and one that fails in the end.
async fn world() -> (Vec<Provider>, Proxy) {
    let names = ["OpenAIChat", "OpenAIResponses", "Anthropic", "Gemini", "Bedrock", "Cohere"];
    let dialects = ["openai_chat", "openai_responses", "anthropic", "gemini", "bedrock", "cohere"];
    let (mut providers, mut config) = (Vec::new(), Config::default());
    for (name, dialect) in names.into_iter().zip(dialects) {
        let provider = Provider::behaving(slow(speech(dialect), SILENCE)).await;
        config = config.speaking(&format!("p-{name}"), &provider, dialect);
        config = config.model(&format!("slow-{name}"), &format!("{{targets: [p-{name}/the-model]}}"));
        let cut = Provider::behaving(speech(dialect).behaviour().until("Hello", Step::Reset)).await;
        config = config.speaking(&format!("c-{name}"), &cut, dialect);
        let both = format!("{{targets: [c-{name}/the-model], fallbacks: [p-OpenAIChat/the-model]}}");
        config = config.model(&format!("cut-{name}"), &both);
        providers.extend([provider, cut]);
    }
    let chat = speech("openai_chat");
    let cut = Provider::behaving(chat.behaviour().until("Hello", Step::Reset)).await;
    let fails = Provider::behaving(Behaviour::new(|seen| {
        [vec![Step::Pause(SILENCE)], Behaviour::status(500).react(seen)].concat()
    }))
    .await;
    config = config.provider("cut", &cut).provider("fails", &fails);
    config = config.model("slow", "{targets: [p-OpenAIChat/the-model]}");
    config = config.model("cut", "{targets: [cut/the-model], fallbacks: [p-OpenAIChat/the-model]}");
    config = config.model("fails", "{targets: [fails/the-model], retry: {tries: 1}}");
    providers.extend([cut, fails]);
    let proxy = Proxy::start(&config.top("defaults: {keep_alive: 500ms}")).await;
    (providers, proxy)
}

async fn play(mut command: Command, passes: usize) {
    let (_providers, proxy) = world().await;
    command.env("OUTRIDER_URL", format!("http://{}", proxy.traffic)).env("OUTRIDER_PATIENCE", PATIENCE);
    let output = command.kill_on_drop(true).output().await.expect("the interpreter starts");
    let Output { status, stdout, stderr } = output;
    let (said, errors) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(status.success() && said.contains("ALL PASSED"), "{said}\n{errors}");
    assert_eq!(said.matches("PASS ").count(), passes, "{said}");
}

#[test]
fn the_python_sdks_wait() {
    let Some(command) = super::translated::sdks::python("silence.py") else { return };
    run_within(LIMIT, play(command, 6 * 5));
}

#[test]
fn the_node_sdks_wait() {
    let Some(modules) = std::env::var_os("OUTRIDER_NODE_MODULES") else {
        return eprintln!("skipped: OUTRIDER_NODE_MODULES does not name a folder with the vendors' packages");
    };
    let mut command = Command::new("node");
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/silence.cjs")).env("NODE_PATH", modules);
    run_within(LIMIT, play(command, 8 * 3));
}

/// The sign of each dialect, where it has one.
fn sign(dialect: &str) -> &'static str {
    match dialect {
        "anthropic" => "event: ping\ndata: {\"type\":\"ping\"}\n\n",
        "gemini" => "\n\n\n\n",
        "ollama" => "  ",
        "bedrock" => "",
        _ => ": keep-alive\n\n",
    }
}

/// Byte for byte, and for the clients of whom there is no SDK here.
#[test]
fn a_silence_is_filled_with_what_says_nothing() {
    run(async {
        let (mut providers, mut config) = (Vec::new(), Config::default());
        for speech in SPEECHES {
            let provider = Provider::behaving(slow(speech, Duration::from_millis(800))).await;
            let name = speech.dialect.replace('_', "-");
            config = config.speaking(&name, &provider, speech.dialect);
            config = config.model(&format!("from-{name}"), &format!("{{targets: [{name}/the-model]}}"));
            providers.push(provider);
        }
        let fails = Provider::behaving(Behaviour::new(|seen| {
            [vec![Step::Pause(Duration::from_millis(800))], Behaviour::status(500).react(seen)].concat()
        }))
        .await;
        config = config.provider("fails", &fails).model("fails", "{targets: [fails/x], retry: {tries: 1}}");
        let proxy = Proxy::start(&config.top("defaults: {keep_alive: 200ms}")).await;
        let pairs = SPEECHES.iter().flat_map(|client| SPEECHES.iter().map(move |speaker| (client, speaker)));
        let traffic = proxy.traffic;
        let all = pairs.map(|(client, speaker)| async move {
            let model = format!("from-{}", speaker.dialect.replace('_', "-"));
            let plain = ask(client, &model).header("x-outrider-keep-alive", "off");
            let (kept, plain) = tokio::join!(body(traffic, ask(client, &model)), body(traffic, plain));
            let which = format!("{} before {}", client.dialect, speaker.dialect);
            let sign = sign(client.dialect);
            assert!(kept.contains(sign) && kept.contains(client.end), "{which}: {kept}");
            assert!(sign.is_empty() || kept.matches(sign).count() > plain.matches(sign).count(), "{which}: {plain}");
            assert!(kept.contains("Hello") && kept.contains(" there"), "{which}: {kept}");
            lines(client, &kept);
        });
        all.collect::<JoinSet<()>>().join_all().await;
        let array = Call::post("/v1beta/models/from-gemini:streamGenerateContent", &(speech("gemini").ask)("x", true));
        let array = body(traffic, array).await;
        assert!(
            array.starts_with('[') && array.contains("\n\n") && serde_json::from_str::<Value>(&array).is_ok(),
            "{array}"
        );
        for client in SPEECHES {
            let reply = proxy.send(ask(client, "fails")).await;
            let body = String::from_utf8_lossy(&reply.body).into_owned();
            let begun = client.dialect != "bedrock";
            assert_eq!(reply.status, if begun { 200 } else { 500 }, "{}: {body}", client.dialect);
            assert!(!begun || body.contains(sign(client.dialect).trim_end_matches(['\n', ' '])), "{body}");
            assert!(!begun || body.contains(client.broken), "{}: {body}", client.dialect);
            lines(client, &body);
            let told = proxy.send(ask(client, "fails").header("x-outrider-keep-alive", "off")).await;
            assert_eq!(told.status, 500, "{}", client.dialect);
        }
    });
}

fn ask(client: &Speech, model: &str) -> Call {
    Call::post(&client.path(model, true), &(client.ask)(model, true)).header("authorization", "Bearer x")
}

async fn body(traffic: SocketAddr, call: Call) -> String {
    String::from_utf8_lossy(&client::open(traffic, call).await.rest().await.body).into_owned()
}

/// Ollama's clients parse line by line.
fn lines(client: &Speech, body: &str) {
    if client.dialect == "ollama" {
        for line in body.trim_end_matches('\n').split('\n') {
            assert!(serde_json::from_str::<Value>(line).is_ok(), "{line:?} in {body}");
        }
    }
}
