//! What is known of each provider in advance: one row each.
//!
//! A row says where a provider is, which environment variables hold its key, and which dialects it speaks where. To
//! add a provider, add a row.

use super::auth::Login;
use super::voice::Voice;
use crate::canonical::Dialect;
use crate::dialect::codec::Flavour;

/// One provider that is known in advance.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// The name in configuration files: as a provider's own name, or as its `kind`.
    pub name: &'static str,
    /// Where it is, with the version in the path and no slash at the end; `{region}` and `{project}` stand for what the
    /// operator says. `None`: the operator has to say all of it.
    pub base_url: Option<&'static str>,
    /// The environment variables that may hold the key, the usual one first. Empty: it needs none.
    pub env: &'static [&'static str],
    /// The environment variable that may hold another base URL.
    pub env_base_url: Option<&'static str>,
    /// The dialects it speaks. A call in one of them passes as it is; any other is written in the first.
    pub voices: &'static [Voice],
    /// The cloud's login that it takes where no key is given.
    pub login: Option<Login>,
    /// How paths are built.
    pub paths: PathStyle,
    /// What a health probe asks for, below where the API is mounted; see [`super::paths::probe_path`].
    pub probe_path: &'static str,
}

/// How paths are built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathStyle {
    /// Where each dialect is mounted, then the dialect's own path.
    Mounted,
    /// Either a deployment in the path and an `api-version` in the query, or `/openai/v1` and neither.
    Azure,
}

const VERTEX: &str = "https://{region}-aiplatform.googleapis.com/v1/projects/{project}/locations/{region}";

/// OpenAI's dialect as everybody else speaks it.
const CHAT: Voice = Voice::new(Dialect::OpenAiChat).by(Flavour::Compatible);

/// Converse; Claude is invoked for clients that speak its own dialect. The names of all its models and of their
/// profiles across regions have the vendor in them. A profile of the operator's own does not say whose it is: it is
/// invoked where the operator says `dialect: anthropic`.
const BEDROCK: &[Voice] =
    &[Voice::new(Dialect::Bedrock), Voice::new(Dialect::Anthropic).by(Flavour::Bedrock).also_for("anthropic.")];

/// Every row, in the order in which a configuration made from the environment lists them.
pub const KINDS: &[Kind] = &[
    Kind {
        env_base_url: Some("OPENAI_BASE_URL"),
        voices: &[Voice::new(Dialect::OpenAiChat), Voice::new(Dialect::OpenAiResponses)],
        ..hosted("openai", "https://api.openai.com/v1", &["OPENAI_API_KEY"])
    },
    Kind {
        name: "azure",
        base_url: None,
        env: &["AZURE_OPENAI_API_KEY"],
        env_base_url: Some("AZURE_OPENAI_ENDPOINT"),
        voices: &[
            Voice::new(Dialect::OpenAiChat).by(Flavour::Azure).key_in("api-key"),
            Voice::new(Dialect::OpenAiResponses).by(Flavour::Azure).key_in("api-key"),
        ],
        login: None,
        paths: PathStyle::Azure,
        probe_path: "/models",
    },
    // Its own OpenAI-compatible door is "not for production", says Anthropic: calls are translated instead.
    Kind {
        env_base_url: Some("ANTHROPIC_BASE_URL"),
        voices: &[Voice::new(Dialect::Anthropic).at("/v1").key_in("x-api-key")],
        ..hosted("anthropic", "https://api.anthropic.com/v1", &["ANTHROPIC_API_KEY"])
    },
    Kind {
        voices: &[Voice::new(Dialect::Gemini).at("/v1beta").key_in("x-goog-api-key"), CHAT.at("/v1beta/openai")],
        ..hosted("gemini", "https://generativelanguage.googleapis.com/v1beta", &["GEMINI_API_KEY", "GOOGLE_API_KEY"])
    },
    Kind {
        voices: BEDROCK,
        login: Some(Login::Aws),
        probe_path: "/ping", // any answer is a sign of life, and this one needs no permission
        ..hosted("bedrock", "https://bedrock-runtime.{region}.amazonaws.com", &["AWS_BEARER_TOKEN_BEDROCK"])
    },
    Kind {
        voices: &[
            Voice::new(Dialect::Anthropic).by(Flavour::Vertex).for_models("claude"),
            Voice::new(Dialect::Gemini).by(Flavour::Vertex),
        ],
        login: Some(Login::Google),
        env: &[],
        ..hosted("vertex", VERTEX, &[])
    },
    hosted("groq", "https://api.groq.com/openai/v1", &["GROQ_API_KEY"]),
    hosted("together", "https://api.together.xyz/v1", &["TOGETHER_API_KEY"]),
    hosted("fireworks", "https://api.fireworks.ai/inference/v1", &["FIREWORKS_API_KEY"]),
    Kind {
        voices: &[
            CHAT.by(Flavour::OpenRouter),
            Voice::new(Dialect::OpenAiResponses).by(Flavour::OpenRouter),
            Voice::new(Dialect::Anthropic).by(Flavour::OpenRouter),
        ],
        ..hosted("openrouter", "https://openrouter.ai/api/v1", &["OPENROUTER_API_KEY"])
    },
    Kind {
        voices: &[CHAT.by(Flavour::Mistral)],
        ..hosted("mistral", "https://api.mistral.ai/v1", &["MISTRAL_API_KEY"])
    },
    Kind {
        voices: &[CHAT.by(Flavour::DeepSeek)],
        ..hosted("deepseek", "https://api.deepseek.com/v1", &["DEEPSEEK_API_KEY"])
    },
    hosted("xai", "https://api.x.ai/v1", &["XAI_API_KEY"]),
    Kind {
        voices: &[Voice::new(Dialect::Cohere).at("/v2"), CHAT.at("/compatibility/v1")],
        ..hosted("cohere", "https://api.cohere.com", &["COHERE_API_KEY", "CO_API_KEY"])
    },
    hosted("cerebras", "https://api.cerebras.ai/v1", &["CEREBRAS_API_KEY"]),
    hosted("perplexity", "https://api.perplexity.ai", &["PERPLEXITY_API_KEY", "PPLX_API_KEY"]),
    hosted("nvidia", "https://integrate.api.nvidia.com/v1", &["NVIDIA_API_KEY"]),
    hosted("deepinfra", "https://api.deepinfra.com/v1/openai", &["DEEPINFRA_API_KEY", "DEEPINFRA_TOKEN"]),
    hosted("moonshot", "https://api.moonshot.ai/v1", &["MOONSHOT_API_KEY"]),
    hosted("sambanova", "https://api.sambanova.ai/v1", &["SAMBANOVA_API_KEY"]),
    hosted("hyperbolic", "https://api.hyperbolic.xyz/v1", &["HYPERBOLIC_API_KEY"]),
    hosted("novita", "https://api.novita.ai/openai/v1", &["NOVITA_API_KEY"]),
    hosted("ollama", "http://127.0.0.1:11434/v1", &[]),
    hosted("lmstudio", "http://127.0.0.1:1234/v1", &[]),
    Kind { base_url: None, ..hosted("vllm", "", &[]) },
    Kind { base_url: None, ..hosted("openai_compatible", "", &[]) },
    anywhere("openai_responses_compatible", &[Voice::new(Dialect::OpenAiResponses).by(Flavour::Compatible)]),
    anywhere("anthropic_compatible", &[Voice::new(Dialect::Anthropic).at("/v1").key_in("x-api-key")]),
    anywhere("gemini_compatible", &[Voice::new(Dialect::Gemini).at("/v1beta").key_in("x-goog-api-key")]),
    anywhere("bedrock_compatible", BEDROCK),
    anywhere("cohere_compatible", &[Voice::new(Dialect::Cohere).at("/v2")]),
    anywhere("ollama_native", &[Voice::new(Dialect::Ollama).at("/api")]),
];

/// The row of that name.
pub fn kind(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}

/// Hosts that no base URL of a row names: the row's name, and what a host begins and ends with.
const FURTHER_HOSTS: &[(&str, &str, &str)] = &[
    ("azure", "", ".openai.azure.com"),
    ("azure", "", ".cognitiveservices.azure.com"),
    ("azure", "", ".services.ai.azure.com"),
    ("vertex", "aiplatform.googleapis.com", ""),
    ("cohere", "api.cohere.ai", ""),
];

/// The row of the provider that is at `host`, in lower case.
pub fn at_host(host: &str) -> Option<&'static Kind> {
    let is = |begin: &str, end: &str| match end {
        "" => host == begin,
        _ => host.len() > begin.len() + end.len() && host.starts_with(begin) && host.ends_with(end),
    };
    let further = FURTHER_HOSTS.iter().find(|(_, begin, end)| is(begin, end)).and_then(|(name, ..)| kind(name));
    further.or_else(|| {
        KINDS.iter().find(|kind| {
            let url = kind.base_url.and_then(|url| url.strip_prefix("https://")).unwrap_or_default();
            let known = url.split('/').next().unwrap_or_default();
            let (begin, end) = known.split_once("{region}").unwrap_or((known, ""));
            !known.is_empty() && is(begin, end)
        })
    })
}

/// The usual row: OpenAI's dialect and a bearer token.
const fn hosted(name: &'static str, base_url: &'static str, env: &'static [&'static str]) -> Kind {
    Kind {
        name,
        base_url: Some(base_url),
        env,
        env_base_url: None,
        voices: &[CHAT],
        login: None,
        paths: PathStyle::Mounted,
        probe_path: "/models",
    }
}

/// Anything that speaks a dialect, wherever the operator says.
const fn anywhere(name: &'static str, voices: &'static [Voice]) -> Kind {
    Kind { base_url: None, voices, ..hosted(name, "", &[]) }
}

/// The row of anything that speaks `dialect`.
pub fn compatible(dialect: Dialect) -> &'static Kind {
    let alone = |kind: &&Kind| kind.base_url.is_none() && kind.env.is_empty() && kind.name != "vllm";
    let row = KINDS.iter().filter(alone).find(|kind| kind.voices[0].dialect == dialect);
    row.expect("every dialect has one in the table above")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_can_be_used_as_it_stands() {
        for (index, row) in KINDS.iter().enumerate() {
            assert_eq!(kind(row.name).map(|found| found.name), Some(row.name));
            assert!(KINDS[..index].iter().all(|before| before.name != row.name), "{} is listed twice", row.name);
            assert!(row.name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{}", row.name);
            if let Some(url) = row.base_url {
                let url = url.replace("{region}", "r").replace("{project}", "p");
                let url: http::Uri = url.parse().unwrap_or_else(|_| panic!("{}: {url} is not a URL", row.name));
                let local = url.host() == Some("127.0.0.1");
                assert_eq!(url.scheme_str(), Some(if local { "http" } else { "https" }), "{}", row.name);
                assert!(url.path() == "/" || !url.path().ends_with('/'), "{}: a slash at the end", row.name);
                assert_eq!(
                    row.env.is_empty() && row.login.is_none(),
                    local,
                    "{}: a hosted provider needs a key",
                    row.name
                );
            }
            assert!(row.probe_path.starts_with('/'), "{}", row.name);
        }
    }

    #[test]
    fn every_dialect_can_be_spoken_by_anybody() {
        for dialect in Dialect::ALL {
            assert_eq!(compatible(dialect).voices[0].dialect, dialect);
        }
    }

    #[test]
    fn a_host_tells_its_provider() {
        for (host, expected) in [
            ("api.openai.com", Some("openai")),
            ("api.anthropic.com", Some("anthropic")),
            ("generativelanguage.googleapis.com", Some("gemini")),
            ("bedrock-runtime.eu-central-1.amazonaws.com", Some("bedrock")),
            ("bedrock-runtime..amazonaws.com.evil.com", None),
            ("contoso.openai.azure.com", Some("azure")),
            (".openai.azure.com", None),
            ("us-central1-aiplatform.googleapis.com", Some("vertex")),
            ("aiplatform.googleapis.com", Some("vertex")),
            ("storage.googleapis.com", None),
            ("127.0.0.1", None),
            ("", None),
        ] {
            assert_eq!(at_host(host).map(|kind| kind.name), expected, "{host}");
        }
    }

    #[test]
    fn an_unknown_name_has_no_row() {
        assert_eq!(kind("nobody"), None);
    }
}
