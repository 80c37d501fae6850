//! What is known of each provider in advance: one row each.
//!
//! A row says where a provider is, which environment variables hold its key, and which dialects it speaks where. To
//! add a provider, add a row.

use super::auth::Login;
use super::voice::Voice;
use crate::canonical::Dialect;
use crate::catalogue::Data;

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
    /// Where it runs, if everything that it answers is answered there: `eu`, `cn` ...
    pub region: Option<&'static str>,
    /// What it says in public about the data that its API is sent. `None`: nothing that could be found.
    pub data: Option<Data>,
    /// Its variables are set for many other reasons: they alone do not make a provider.
    pub shared_env: bool,
}

/// How paths are built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathStyle {
    /// Where each dialect is mounted, then the dialect's own path.
    Mounted,
    /// Either a deployment in the path and an `api-version` in the query, or `/openai/v1` and neither.
    Azure,
}

mod rows;

pub use rows::KINDS;

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
            assert!(
                row.name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'),
                "{}",
                row.name
            );
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
            let sourced = |data: &Data| data.source.starts_with("https://") && data.source.contains('.');
            assert!(row.data.as_ref().is_none_or(sourced), "{}: a promise without its source", row.name);
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
