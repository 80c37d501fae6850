//! What the built binary sends for a client's request, to a provider of each dialect.

use outrider::canonical::Dialect;
use serde_json::{Value, json};

use super::corpus::Ask;
use crate::captures::tell;
use crate::support::client::Call;
use crate::support::provider::{Answer, Behaviour, Provider};
use crate::support::proxy::{Config, Proxy};

/// Who is asked: its name, how it is configured, and two of its models, of generations that are asked differently.
pub struct Asked {
    /// Its name.
    pub name: &'static str,
    /// In which dialect.
    pub dialect: Dialect,
    fields: &'static str,
    /// Of OpenAI's dialects the version is part of the base URL, of the others it is part of the path.
    mount: &'static str,
    models: [&'static str; 2],
}

/// A provider of each dialect, and Mistral, which departs from OpenAI's most.
pub const ASKED: [Asked; 8] = [
    Asked {
        name: "openai-chat",
        dialect: Dialect::OpenAiChat,
        fields: "kind: openai, dialect: openai_chat",
        mount: "/v1",
        models: ["gpt-4.1", "gpt-5.1"],
    },
    Asked {
        name: "openai-responses",
        dialect: Dialect::OpenAiResponses,
        fields: "kind: openai, dialect: openai_responses",
        mount: "/v1",
        models: ["gpt-4.1", "gpt-5.1"],
    },
    Asked {
        name: "anthropic",
        dialect: Dialect::Anthropic,
        fields: "kind: anthropic",
        mount: "",
        models: ["claude-opus-4-6", "claude-sonnet-4-0"],
    },
    Asked {
        name: "gemini",
        dialect: Dialect::Gemini,
        fields: "kind: gemini, dialect: gemini",
        mount: "",
        models: ["gemini-2.5-pro", "gemini-3-pro-preview"],
    },
    Asked {
        name: "bedrock",
        dialect: Dialect::Bedrock,
        fields: "kind: bedrock",
        mount: "",
        models: ["anthropic.claude-sonnet-4-5-20250929-v1:0", "amazon.nova-pro-v1:0"],
    },
    Asked {
        name: "cohere",
        dialect: Dialect::Cohere,
        fields: "kind: cohere, dialect: cohere",
        mount: "",
        models: ["command-a-03-2025", "command-a-reasoning-08-2025"],
    },
    Asked {
        name: "ollama",
        dialect: Dialect::Ollama,
        fields: "dialect: ollama",
        mount: "",
        models: ["qwen3:8b", "gpt-oss:20b"],
    },
    Asked {
        name: "mistral",
        dialect: Dialect::OpenAiChat,
        fields: "kind: mistral",
        mount: "/v1",
        models: ["mistral-medium-latest", "magistral-medium-latest"],
    },
];

/// One request that was sent to a provider.
pub struct Sent {
    /// The name of the client's request, and how it was asked for.
    pub id: String,
    /// The client's dialect.
    pub from: Dialect,
    /// The provider's name; `bedrock-invoke` where Claude is asked in Anthropic's own format.
    pub to: &'static str,
    /// Where it was sent.
    pub path: String,
    /// Its headers.
    pub headers: Vec<(String, String)>,
    /// What was sent.
    pub body: Value,
}

/// Why a request is rightly not sent, in words of the refusal.
const REFUSALS: [(&str, &str); 2] = [
    ("`previous_response_id` refers to", "only the provider knows what was said before"),
    ("`source.bytes`: invalid type: map", "a recording of an SDK's own form rather than of what it sent"),
];

/// The binary, and those behind it.
pub struct Through {
    proxy: Proxy,
    providers: Vec<Provider>,
    /// The requests that were not sent, and the words of why.
    refused: Vec<(String, String)>,
}

impl Through {
    /// Providers that refuse whatever they are asked, for which nobody is thought the worse of.
    pub async fn start() -> Self {
        let (mut providers, mut config) = (Vec::new(), Config::default());
        for asked in ASKED {
            let refusal = json!({"error": {"message": "not now", "type": "invalid_request_error"}});
            let provider = Provider::behaving(Behaviour::answer(Answer::json(400, &refusal))).await;
            let url = provider.url().trim_end_matches("/v1").to_owned() + asked.mount;
            let fields = format!("{}, base_url: \"{url}\", api_key: sk-secret, health: off", asked.fields);
            config = config.stated(asked.name, &fields);
            providers.push(provider);
        }
        let proxy = Proxy::start(&config.top("defaults: {retry: {tries: 1}}")).await;
        Self { proxy, providers, refused: Vec::new() }
    }

    /// What providers of another dialect are sent for `asks`, by either of their models, one of them streamed. Several
    /// at once, because the binary has another core than this.
    pub async fn written(&mut self, asks: &[Ask]) -> Vec<Sent> {
        let (a, b, c, d) = tokio::join!(
            self.lane(asks, &[0, 4]),
            self.lane(asks, &[1, 5]),
            self.lane(asks, &[2, 6]),
            self.lane(asks, &[3, 7])
        );
        let (sent, refused): (Vec<_>, Vec<_>) = [a, b, c, d].into_iter().unzip();
        self.refused = refused.concat();
        sent.into_iter().flatten().collect()
    }

    /// What the providers of those places are sent, and what is refused.
    async fn lane(&self, asks: &[Ask], places: &[usize]) -> (Vec<Sent>, Vec<(String, String)>) {
        let (mut sent, mut refused) = (Vec::new(), Vec::new());
        for (number, ask) in asks.iter().enumerate() {
            for (asked, provider) in places.iter().map(|place| (&ASKED[*place], &self.providers[*place])) {
                if asked.dialect == ask.dialect && !ask.generate {
                    continue;
                }
                for (place, model) in asked.models.into_iter().enumerate() {
                    let stream = (number + place) % 2 == 1;
                    let id = format!("{} {model} {}", ask.id, if stream { "streamed" } else { "whole" });
                    let (path, body) = ask.of(&format!("{}/{model}", asked.name), stream);
                    let reply = self.proxy.send(Call::post(&path, &body)).await;
                    let Some(seen) = provider.take().pop() else {
                        refused.push((id, format!("{}: {}", reply.status, reply.text())));
                        continue;
                    };
                    let body = serde_json::from_slice(&seen.body).unwrap_or_else(|e| panic!("{id}: no JSON: {e}"));
                    let from = ask.dialect;
                    let is_invoke = seen.path.rsplit('/').next().is_some_and(|last| last.starts_with("invoke"));
                    let to = if is_invoke { "bedrock-invoke" } else { asked.name };
                    sent.push(Sent { id, from, to, path: seen.path, headers: seen.headers, body });
                }
            }
        }
        (sent, refused)
    }

    /// Says how many requests were not sent, and fails where one of them could have been. `all`: of all
    /// recordings.
    pub fn judge_refusals(&self, all: bool) {
        let known = |why: &str| REFUSALS.iter().position(|(words, _)| why.contains(words));
        for (number, (_, reason)) in REFUSALS.iter().enumerate() {
            let count = self.refused.iter().filter(|(_, why)| known(why) == Some(number)).count();
            assert!(count > 0 || !all, "no longer refused: {reason}");
            tell(&format!("written requests: {count} not sent: {reason}"));
        }
        let unknown: Vec<_> = self.refused.iter().filter(|(_, why)| known(why).is_none()).collect();
        assert!(unknown.is_empty(), "refused: {unknown:#?}");
    }
}
