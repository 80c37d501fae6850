//! Coding agents, request by request as they make them, on providers of every dialect: several turns with thoughts,
//! parallel tools and failures, which every provider would have accepted.

mod claude_code;
mod codex;

use crate::support::dialects::speech::{SPEECHES, Speech};
use crate::support::dialects::voice::{Part, Said};
use crate::support::provider::{Behaviour, Provider};
use crate::support::proxy::{Config, Proxy};

/// Of the alphabet that every vendor's proofs are in.
const PROOF: &str = "cHJvb2Ygb2YgdGhvdWdodHMgMTIzNDU2Nzg5MA==";

/// A provider of that dialect behind the model `agent-model`.
async fn provider_of(speech: &Speech) -> (Provider, Proxy) {
    let provider = Provider::behaving(Behaviour::status(500)).await;
    let config = Config::default()
        .speaking("p", &provider, speech.dialect)
        .model("agent-model", "{targets: [p/the-model]}")
        .top("defaults: {retry: {tries: 1}}");
    let proxy = Proxy::start(&config).await;
    (provider, proxy)
}

/// The next call is answered so.
fn will_say(provider: &Provider, speech: &Speech, parts: impl Into<Vec<Part>>) {
    provider.once(Behaviour::answer(Said::new(parts).stream(speech.dialect)));
}

/// Whether the dialect has proofs of thoughts.
fn proves(dialect: &str) -> bool {
    ["openai_responses", "anthropic", "gemini", "bedrock"].contains(&dialect)
}

fn others(dialect: &'static str) -> impl Iterator<Item = &'static Speech> {
    SPEECHES.iter().filter(move |speech| speech.dialect != dialect)
}
