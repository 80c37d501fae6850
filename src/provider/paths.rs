//! The path of a request at a provider.
//!
//! Providers differ in where a dialect is mounted, which their voices and the base URL say, and Azure in one more way:
//! either the model (there: the deployment) is in the path and an `api-version` in the query, or the path is
//! `/openai/v1` and everything is as with OpenAI.

use super::catalogue::PathStyle;
use super::voice::{self, Voice};
use super::{Kind, Provider};
use crate::canonical::Dialect;
use crate::dialect::doors::{self, Operation, encoded};

/// Path and query of a model call, `None` where the voice knows no such operation. `query` is the client's own,
/// without its question mark, where the client speaks the same dialect.
pub fn model_path(
    provider: &Provider,
    voice: &Voice,
    operation: Operation,
    model: &str,
    stream: bool,
    query: Option<&str>,
) -> Option<String> {
    let place = doors::path(voice.dialect, voice.flavour, operation, model, stream)?;
    let mut base = base(provider);
    let mounted;
    if base.style == PathStyle::Mounted && !voice.mount.is_empty() {
        mounted = [voice::root(&provider.voices, base.path), voice.mount].concat();
        base.path = &mounted;
    }
    Some(base.model_path(voice.dialect, &place, model, query))
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
    /// `place`: where the operation is below the mount, possibly with a query.
    fn model_path(&self, dialect: Dialect, place: &str, model: &str, query: Option<&str>) -> String {
        // With room for all of it, in the place of growing step by step.
        let query_length = query.map_or(0, str::len) + self.api_version.map_or(0, str::len);
        let mut out = String::with_capacity(self.path.len() + place.len() + query_length + 64);
        out.push_str(self.path);
        if self.style == PathStyle::Azure && !self.is_complete() {
            out.truncate(out.trim_end_matches("/openai").len());
            match self.api_version {
                Some(_) if dialect == Dialect::OpenAiChat => {
                    out.extend(["/openai/deployments/", &encoded(model)]);
                }
                _ => out.push_str("/openai/v1"),
            }
        }
        out.push_str(place);
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
        let mut mark = if out.contains('?') { '&' } else { '?' };
        if let Some(version) = version {
            out.push(mark);
            out.extend(["api-version=", &encoded(version)]);
            mark = '&';
        }
        for pair in query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
            let name = pair.split('=').next().unwrap_or_default();
            // Ours stands; and how a stream is framed is between us and the provider.
            if (version.is_some() && name == "api-version") || (out.contains("?alt=") && name == "alt") {
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

#[cfg(test)]
mod tests {
    use super::PathStyle::{Azure, Mounted};
    use super::*;

    #[test]
    fn model_calls() {
        let check = |style, path, api_version, model, query, expected: &str| {
            let base = Base { style, path, api_version };
            let got = base.model_path(Dialect::OpenAiChat, "/chat/completions", model, query);
            assert_eq!(got, expected, "{style:?} {path} {api_version:?}");
        };
        check(Mounted, "/v1", None, "gpt-5", None, "/v1/chat/completions");
        check(Mounted, "", None, "sonar", None, "/chat/completions");
        check(Mounted, "/openai/v1", None, "m", Some("a=1&b"), "/openai/v1/chat/completions?a=1&b");
        check(Mounted, "/v1", Some("ignored"), "m", Some("api-version=x"), "/v1/chat/completions?api-version=x");
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
        check(Mounted, "/v1", None, "/v1/files?x=1", "/v1/files?x=1");
        check(Mounted, "/v1", None, "/v1", "/v1");
        check(Mounted, "/v1", None, "/files", "/v1/files");
        check(Mounted, "/v1", None, "/v1beta/x", "/v1/v1beta/x");
        check(Mounted, "/v1", None, "/openai/v1/files", "/v1/files");
        check(Mounted, "/openai/v1", None, "/v1/files?x", "/openai/v1/files?x");
        check(Mounted, "/openai/v1", None, "/openai/v1/files", "/openai/v1/files");
        check(Mounted, "/v1beta/openai", None, "/v1/files", "/v1beta/openai/files");
        check(Mounted, "", None, "/v1/files", "/v1/files");
        check(Mounted, "", None, "/", "/");
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
