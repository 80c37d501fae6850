//! The path of a request at a provider.
//!
//! Providers differ in where OpenAI's API is mounted, which the base URL says, and Azure in one more way: either the
//! model (there: the deployment) is in the path and an `api-version` in the query, or the path is `/openai/v1` and
//! everything is as with OpenAI.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::catalogue::PathStyle;
use super::{Kind, Provider};
use crate::dialect::openai_chat::Operation;

/// Path and query of a model call. `query` is the client's own, without its question mark.
pub fn model_path(provider: &Provider, operation: Operation, model: &str, query: Option<&str>) -> String {
    base(provider).model_path(operation, model, query)
}

/// Path and query of a request that is no model call, from the client's: the same place below this provider's base.
pub fn opaque_path(provider: &Provider, path_and_query: &str) -> String {
    base(provider).opaque_path(path_and_query)
}

/// The path that a health probe asks for, unless the operator says another.
pub fn probe_path(kind: &Kind, base_path: &str) -> String {
    let base = Base { style: kind.paths, path: base_path, api_version: None };
    base.mounted(&format!("/v1{}", kind.probe_path))
}

fn base(provider: &Provider) -> Base<'_> {
    Base { style: provider.kind.paths, path: &provider.base_path, api_version: provider.api_version.as_deref() }
}

/// What of a provider decides its paths.
struct Base<'a> {
    style: PathStyle,
    /// Without a slash at the end.
    path: &'a str,
    api_version: Option<&'a str>,
}

impl Base<'_> {
    fn model_path(&self, operation: Operation, model: &str, query: Option<&str>) -> String {
        let mut out = self.path.to_owned();
        if self.style == PathStyle::Azure && !self.is_complete() {
            out.truncate(out.trim_end_matches("/openai").len());
            match self.api_version {
                Some(_) => out.extend(["/openai/deployments/", &percent_encoded(model)]),
                None => out.push_str("/openai/v1"),
            }
        }
        out.push_str(operation.path());
        self.add_query(&mut out, query);
        out
    }

    fn opaque_path(&self, path_and_query: &str) -> String {
        let (path, query) = match path_and_query.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (path_and_query, None),
        };
        let mut out = self.mounted(path);
        // A client of Azure's older style brings the api-version that it was written for.
        match query.filter(|query| !query.is_empty()) {
            Some(query) => out.extend(["?", query]),
            None => self.add_query(&mut out, None),
        }
        out
    }

    /// The client's `path`, moved from where the client thinks the API is mounted to where it is.
    fn mounted(&self, path: &str) -> String {
        let azure = self.style == PathStyle::Azure;
        let root = if azure { self.path.split("/openai").next().unwrap_or_default() } else { self.path };
        if below(path, root).is_some_and(|rest| !azure || rest.starts_with("/openai")) {
            return path.to_owned();
        }
        if azure && below(path, "/openai").is_some() {
            return format!("{root}{path}");
        }
        let rest = below(path, "/openai/v1").or_else(|| below(path, "/v1"));
        match rest {
            Some(rest) if azure => format!("{root}/openai/v1{rest}"),
            // A base URL without a path: the client's own is all there is.
            _ if root.is_empty() => path.to_owned(),
            Some(rest) => format!("{root}{rest}"),
            None => format!("{root}{path}"),
        }
    }

    /// The base URL names the place of the operations itself: Azure's newer style, a single deployment, or Foundry.
    fn is_complete(&self) -> bool {
        self.path.ends_with("/openai/v1") || self.path.contains("/deployments/") || self.path.ends_with("/models")
    }

    /// Adds the client's query and our `api-version`, which replaces the client's.
    fn add_query(&self, out: &mut String, query: Option<&str>) {
        let version = self.api_version.filter(|_| self.style == PathStyle::Azure);
        let mut mark = '?';
        if let Some(version) = version {
            out.extend(["?api-version=", &percent_encoded(version)]);
            mark = '&';
        }
        for pair in query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
            if version.is_some() && pair.split('=').next() == Some("api-version") {
                continue;
            }
            out.push(mark);
            out.push_str(pair);
            mark = '&';
        }
    }
}

/// What follows `root` in `path`, if `path` is `root` or below it.
fn below<'a>(path: &'a str, root: &str) -> Option<&'a str> {
    path.strip_prefix(root).filter(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Everything but RFC 3986's unreserved characters is escaped.
fn percent_encoded(text: &str) -> String {
    const RESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    utf8_percent_encode(text, &RESERVED).to_string()
}

#[cfg(test)]
mod tests {
    use super::PathStyle::{Azure, OpenAi};
    use super::*;

    #[test]
    fn model_calls() {
        let check = |style, path, api_version, model, query, expected: &str| {
            let base = Base { style, path, api_version };
            assert_eq!(base.model_path(Operation::Chat, model, query), expected, "{style:?} {path} {api_version:?}");
        };
        check(OpenAi, "/v1", None, "gpt-5", None, "/v1/chat/completions");
        check(OpenAi, "", None, "sonar", None, "/chat/completions");
        check(OpenAi, "/openai/v1", None, "m", Some("a=1&b"), "/openai/v1/chat/completions?a=1&b");
        check(OpenAi, "/v1", Some("ignored"), "m", Some("api-version=x"), "/v1/chat/completions?api-version=x");
        check(Azure, "", None, "gpt", None, "/openai/v1/chat/completions");
        check(Azure, "/openai", None, "gpt", None, "/openai/v1/chat/completions");
        check(Azure, "/openai/v1", None, "gpt", Some("x=1"), "/openai/v1/chat/completions?x=1");
        check(Azure, "/openai/v1", Some("preview"), "gpt", None, "/openai/v1/chat/completions?api-version=preview");
        let deployed = "/openai/deployments/gpt-5%20prod%2F1/chat/completions?api-version=2024-10-21";
        check(Azure, "", Some("2024-10-21"), "gpt-5 prod/1", None, deployed);
        check(Azure, "/openai", Some("2024-10-21"), "gpt-5 prod/1", Some("api-version=2023-05-15"), deployed);
        check(
            Azure,
            "/eu",
            Some("v"),
            "m",
            Some("api-version=w&y=2"),
            "/eu/openai/deployments/m/chat/completions?api-version=v&y=2",
        );
        check(
            Azure,
            "/openai/deployments/d",
            Some("v"),
            "m",
            None,
            "/openai/deployments/d/chat/completions?api-version=v",
        );
        check(Azure, "/models", Some("v"), "m", None, "/models/chat/completions?api-version=v");
    }

    #[test]
    fn probes() {
        let check = |kind, path, expected: &str| {
            assert_eq!(probe_path(super::super::catalogue::kind(kind).unwrap(), path), expected, "{kind} {path}");
        };
        check("openai", "/v1", "/v1/models");
        check("groq", "/openai/v1", "/openai/v1/models");
        check("openai_compatible", "", "/v1/models");
        check("azure", "", "/openai/v1/models");
        check("azure", "/openai", "/openai/v1/models");
        check("azure", "/openai/v1", "/openai/v1/models");
        check("azure", "/openai/deployments/d", "/openai/v1/models");
    }

    #[test]
    fn everything_else() {
        let check = |style, path, api_version, from: &str, expected: &str| {
            let base = Base { style, path, api_version };
            assert_eq!(base.opaque_path(from), expected, "{style:?} {path} {api_version:?} {from}");
        };
        check(OpenAi, "/v1", None, "/v1/files?x=1", "/v1/files?x=1");
        check(OpenAi, "/v1", None, "/v1", "/v1");
        check(OpenAi, "/v1", None, "/files", "/v1/files");
        check(OpenAi, "/v1", None, "/v1beta/x", "/v1/v1beta/x");
        check(OpenAi, "/v1", None, "/openai/v1/files", "/v1/files");
        check(OpenAi, "/openai/v1", None, "/v1/files?x", "/openai/v1/files?x");
        check(OpenAi, "/openai/v1", None, "/openai/v1/files", "/openai/v1/files");
        check(OpenAi, "/v1beta/openai", None, "/v1/files", "/v1beta/openai/files");
        check(OpenAi, "", None, "/v1/files", "/v1/files");
        check(OpenAi, "", None, "/", "/");
        check(Azure, "", None, "/v1/files", "/openai/v1/files");
        check(Azure, "/openai/v1", None, "/openai/v1/files", "/openai/v1/files");
        check(Azure, "/openai/v1", None, "/v1/files", "/openai/v1/files");
        check(Azure, "/eu", None, "/openai/v1/files", "/eu/openai/v1/files");
        check(Azure, "/eu", None, "/eu/openai/v1/files", "/eu/openai/v1/files");
        let images = "/openai/deployments/d/images/generations?api-version=w";
        check(Azure, "", Some("v"), images, images);
        check(Azure, "", Some("v"), "/openai/deployments/d/images", "/openai/deployments/d/images?api-version=v");
    }
}
