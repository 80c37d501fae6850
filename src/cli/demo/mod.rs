//! `outrider demo`: calls flow over two providers, one of them fails in every way, and nothing is lost.
//!
//! Only the providers are simulated. Outrider runs as a user runs it: the same executable, `run -c FILE`, a process of
//! its own, reached over sockets. The client checks every answer for being whole, and the exit code says whether all
//! were.

mod child;
mod client;
mod http;
mod provider;
mod screen;
mod story;
mod tally;

use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};

use child::Outrider;
use provider::Provider;
use screen::{Screen, say};
use tally::Tally;

/// How the demo is shown.
#[derive(Clone, Copy, Debug)]
pub struct DemoOptions {
    /// There is a terminal: the table is redrawn in place, and Outrider stays up until Ctrl-C.
    pub live: bool,
}

const PROVIDERS: [&str; 2] = ["north", "south"];
const KEYS: [&str; 2] = ["demo-key-of-north", "demo-key-of-south"];

/// Runs the demo. Fails when a single call was lost, or when the provider that came back got no calls.
pub fn run(options: DemoOptions) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(problem) => return failure(&problem.to_string()),
    };
    match runtime.block_on(perform(options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => failure(&problem),
    }
}

fn failure(problem: &str) -> ExitCode {
    eprintln!("outrider demo: {problem}");
    ExitCode::FAILURE
}

async fn perform(options: DemoOptions) -> Result<(), String> {
    let mut interrupted = Interrupted::new().map_err(|e| e.to_string())?;
    let north = Provider::open(KEYS[0]).await.map_err(|e| e.to_string())?;
    let south = Provider::open(KEYS[1]).await.map_err(|e| e.to_string())?;
    let outrider = Outrider::start(&configuration(&north, &south), &[("NORTH_KEY", KEYS[0]), ("SOUTH_KEY", KEYS[1])])?;
    introduce(&outrider);

    let mut screen = Screen::new(options.live);
    let acts = tokio::select! {
        acts = story::tell(&north, outrider.traffic, &mut screen) => acts,
        () = interrupted.wait() => return Err("interrupted".into()),
    };
    screen.end(&acts);
    let verdict = judge(&acts).map_err(|problem| format!("{problem}\nOutrider's log:\n{}", outrider.log()));
    if options.live && verdict.is_ok() {
        invite(&format!("http://{}/v1", outrider.traffic), client::MODEL);
        say("Outrider and its two providers stay up. Ctrl-C ends them.");
        interrupted.wait().await;
    } else if verdict.is_ok() {
        say("Next, with a key of your own:  OPENAI_API_KEY=sk-... outrider run\n");
        invite("http://127.0.0.1:7878/v1", "gpt-4o-mini");
    }
    verdict
}

fn configuration(north: &Provider, south: &Provider) -> String {
    format!(
        "# Written by `outrider demo`.
listen: 127.0.0.1:0
admin: 127.0.0.1:0
providers:
  north: {{dialect: openai_chat, base_url: \"http://{}/v1\", api_key: \"${{NORTH_KEY}}\"}}
  south: {{dialect: openai_chat, base_url: \"http://{}/v1\", api_key: \"${{SOUTH_KEY}}\"}}
models:
  {}:
    targets:
      - {{use: north/large, weight: 70}}
      - {{use: south/large, weight: 30}}
    timeouts: {{first_token: 800ms}}
ledger: {{path: ledger.db}}
log: {{format: json}}
",
        north.address,
        south.address,
        client::MODEL
    )
}

fn introduce(outrider: &Outrider) {
    say(&format!("Outrider listens on http://{}/v1; two simulated providers are behind it.", outrider.traffic));
    say(&format!("configuration    {}", outrider.config_file().display()));
    say(&format!("access log       {}", outrider.config_file().with_file_name("access.log").display()));
    say(&format!("operator's door  http://{}/targets  /metrics", outrider.admin));
    say("");
}

fn judge(acts: &[Tally]) -> Result<(), String> {
    let total = Tally::total(acts);
    if total.lost > 0 {
        return Err(format!("{} of {} calls were lost", total.lost, total.calls()));
    }
    if let Some(title) = story::pointless(acts) {
        return Err(format!("the act \"{title}\" did not show what it should"));
    }
    let (calls, streamed, failovers) = (total.calls(), total.streamed, total.failovers);
    say(&format!("{calls} calls, {streamed} of them streams, {failovers} failovers: every answer came whole.\n"));
    Ok(())
}

fn invite(base: &str, model: &str) {
    say(&format!(
        "curl {base}/chat/completions -H 'content-type: application/json' \\
  -d '{{\"model\": \"{model}\", \"messages\": [{{\"role\": \"user\", \"content\": \"Hello\"}}]}}'

from openai import OpenAI

client = OpenAI(base_url=\"{base}\", api_key=\"unused\")
answer = client.chat.completions.create(model=\"{model}\", messages=[{{\"role\": \"user\", \"content\": \"Hello\"}}])
print(answer.choices[0].message.content)
"
    ));
}

/// Ctrl-C, or a polite kill.
struct Interrupted {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

impl Interrupted {
    fn new() -> std::io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn wait(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
