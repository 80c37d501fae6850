//! Where a provider is, taken apart.
//!
//! No problem told here quotes the URL: people write credentials into URLs.

use http::Uri;

/// The parts of a base URL.
#[derive(Debug, PartialEq, Eq)]
pub struct BaseUrl {
    /// `https`.
    pub tls: bool,
    /// The host, in lower case, an IPv6 address without its brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The path, without a slash at its end.
    pub path: String,
    /// Azure's version, where the query names it.
    pub api_version: Option<String>,
}

/// What is wrong with a base URL, and what would be right.
pub type Wrong = (&'static str, &'static str);

impl BaseUrl {
    /// Takes `text` apart.
    pub fn parse(text: &str) -> Result<Self, Wrong> {
        let uri: Uri = text.trim().parse().map_err(|_| NOT_A_URL)?;
        let tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(NOT_A_URL),
        };
        let authority = uri.authority().ok_or(NOT_A_URL)?;
        if authority.as_str().contains('@') {
            return Err(("a user or a password in a URL is not sent", "use `api_key` or `headers`"));
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        let path = uri.path().trim_end_matches('/');
        let says_port = authority.as_str().len() > authority.host().len();
        if host.is_empty() || says_port && authority.port_u16().is_none_or(|port| port == 0) {
            return Err(NOT_A_URL);
        }
        if OPERATIONS.iter().any(|operation| path.ends_with(operation)) {
            return Err(("the URL ends with an operation", "end it before `/chat/completions` and the like"));
        }
        let port = authority.port_u16().unwrap_or(if tls { 443 } else { 80 });
        Ok(Self { tls, host, port, path: path.to_owned(), api_version: api_version(uri.query())? })
    }
}

const NOT_A_URL: Wrong = ("not a URL", "write it like `https://example.com/v1` or `http://127.0.0.1:8000/v1`");

/// What people copy from an example along with the base.
const OPERATIONS: [&str; 3] = ["/chat/completions", "/completions", "/embeddings"];

/// The only query that a base URL can have.
fn api_version(query: Option<&str>) -> Result<Option<String>, Wrong> {
    match query {
        None | Some("") => Ok(None),
        Some(query) => match query.strip_prefix("api-version=") {
            Some(version) if !version.is_empty() && !version.contains('&') => Ok(Some(version.to_owned())),
            _ => Err(("a base URL has no query", "take out the `?` and what follows")),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_taken_apart() {
        let check = |text: &str, tls: bool, host: &str, port: u16, path: &str, api_version: Option<&str>| {
            let (host, path, api_version) = (host.to_owned(), path.to_owned(), api_version.map(str::to_owned));
            assert_eq!(BaseUrl::parse(text), Ok(BaseUrl { tls, host, port, path, api_version }), "{text}");
        };
        check("https://api.openai.com/v1", true, "api.openai.com", 443, "/v1", None);
        check(" https://API.openai.com/v1/ ", true, "api.openai.com", 443, "/v1", None);
        check("http://vllm:8000", false, "vllm", 8000, "", None);
        check("http://[::1]:8000/a/b", false, "::1", 8000, "/a/b", None);
        check("https://x.azure.com/?api-version=2024-10-21", true, "x.azure.com", 443, "", Some("2024-10-21"));
    }

    #[test]
    fn what_is_no_base_url_is_refused() {
        let check = |text: &str, expected: &str| assert_eq!(BaseUrl::parse(text).unwrap_err().0, expected, "{text}");
        for text in
            ["", "api.openai.com/v1", "ftp://x/", "https://", "/v1", "http://a b", "http://x:0", "http://x:99999"]
        {
            check(text, "not a URL");
        }
        check("https://me:secret@example.com/v1", "a user or a password in a URL is not sent");
        check("https://example.com/v1?key=secret", "a base URL has no query");
        check("https://example.com/?api-version=", "a base URL has no query");
        check("https://example.com/v1/chat/completions/", "the URL ends with an operation");
    }
}
