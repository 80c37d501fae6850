//! What is known of each provider in advance: one row each.
//!
//! A row says where a provider is, which environment variables hold its key, and in which of the few known ways it
//! departs from OpenAI. Everything listed here speaks OpenAI's chat dialect at its base URL, some of them beside
//! their own. To add a provider, add a row.

use http::HeaderName;

/// One provider that is known in advance.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// The name in configuration files: as a provider's own name, or as its `kind`.
    pub name: &'static str,
    /// Where it is, with the version in the path and no slash at the end. `None`: the operator has to say.
    pub base_url: Option<&'static str>,
    /// The environment variables that may hold the key, the usual one first. Empty: it needs none.
    pub env: &'static [&'static str],
    /// The environment variable that may hold another base URL.
    pub env_base_url: Option<&'static str>,
    /// How the key is sent.
    pub auth: AuthHeader,
    /// How paths are built.
    pub paths: PathStyle,
    /// What a health probe asks for, below where the API is mounted; see [`super::paths::probe_path`].
    pub probe_path: &'static str,
}

/// How a key is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthHeader {
    /// `authorization: Bearer KEY`
    Bearer,
    /// The key alone, in the header of this (lower-case) name.
    ApiKey(&'static str),
}

impl AuthHeader {
    /// The name of the header that carries the key.
    pub fn header(self) -> HeaderName {
        match self {
            Self::Bearer => http::header::AUTHORIZATION,
            Self::ApiKey(name) => HeaderName::from_static(name),
        }
    }
}

/// How paths are built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathStyle {
    /// The base URL's path, then `/chat/completions`.
    OpenAi,
    /// Either a deployment in the path and an `api-version` in the query, or `/openai/v1` and neither.
    Azure,
}

/// Every row, in the order in which a configuration made from the environment lists them.
pub const KINDS: &[Kind] = &[
    Kind {
        env_base_url: Some("OPENAI_BASE_URL"),
        ..hosted("openai", "https://api.openai.com/v1", &["OPENAI_API_KEY"])
    },
    Kind {
        name: "azure",
        base_url: None,
        env: &["AZURE_OPENAI_API_KEY"],
        env_base_url: Some("AZURE_OPENAI_ENDPOINT"),
        auth: AuthHeader::ApiKey("api-key"),
        paths: PathStyle::Azure,
        probe_path: "/models",
    },
    hosted("anthropic", "https://api.anthropic.com/v1", &["ANTHROPIC_API_KEY"]),
    hosted("gemini", "https://generativelanguage.googleapis.com/v1beta/openai", &["GEMINI_API_KEY", "GOOGLE_API_KEY"]),
    hosted("groq", "https://api.groq.com/openai/v1", &["GROQ_API_KEY"]),
    hosted("together", "https://api.together.xyz/v1", &["TOGETHER_API_KEY"]),
    hosted("fireworks", "https://api.fireworks.ai/inference/v1", &["FIREWORKS_API_KEY"]),
    hosted("openrouter", "https://openrouter.ai/api/v1", &["OPENROUTER_API_KEY"]),
    hosted("mistral", "https://api.mistral.ai/v1", &["MISTRAL_API_KEY"]),
    hosted("deepseek", "https://api.deepseek.com/v1", &["DEEPSEEK_API_KEY"]),
    hosted("xai", "https://api.x.ai/v1", &["XAI_API_KEY"]),
    hosted("cohere", "https://api.cohere.ai/compatibility/v1", &["COHERE_API_KEY", "CO_API_KEY"]),
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
];

/// The row of that name.
pub fn kind(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}

/// The usual row: OpenAI's paths and a bearer token.
const fn hosted(name: &'static str, base_url: &'static str, env: &'static [&'static str]) -> Kind {
    Kind {
        name,
        base_url: Some(base_url),
        env,
        env_base_url: None,
        auth: AuthHeader::Bearer,
        paths: PathStyle::OpenAi,
        probe_path: "/models",
    }
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
                let url: http::Uri = url.parse().unwrap_or_else(|_| panic!("{}: {url} is not a URL", row.name));
                let local = url.host() == Some("127.0.0.1");
                assert_eq!(url.scheme_str(), Some(if local { "http" } else { "https" }), "{}", row.name);
                assert!(url.path() == "/" || !url.path().ends_with('/'), "{}: a slash at the end", row.name);
                assert_eq!(row.env.is_empty(), local, "{}: a hosted provider needs a key", row.name);
            }
            assert!(row.probe_path.starts_with('/'), "{}", row.name);
        }
    }

    #[test]
    fn an_unknown_name_has_no_row() {
        assert_eq!(kind("nobody"), None);
    }
}
