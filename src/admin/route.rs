//! Which page a request gets, or why it gets none. Pure.

use http::header::{ALLOW, WWW_AUTHENTICATE};
use http::{HeaderValue, Method, Response};
use serde_json::json;

use super::access::Knock;
use super::pages;

/// What can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// `/`: what there is.
    Index,
    /// `/healthz`: the process runs.
    Health,
    /// `/readyz`: calls can be served.
    Ready,
    /// `/metrics`: for Prometheus.
    Metrics,
    /// `/targets`: who answers, and how they are doing.
    Targets,
    /// `/spend`: how budgets and limits stand.
    Spend,
    /// `/config`: what is configured, without its secrets.
    Config,
    /// `/explain`: what would become of the call in its body.
    Explain,
}

/// Why there is no page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Not from here, and without the token.
    Forbidden,
    /// No such page.
    NotFound,
    /// Pages can only be read.
    ReadOnly,
    /// The call to be explained is missing.
    PostOnly,
}

/// The page that `knock` gets. Strangers are not told which pages there are.
pub fn route(knock: &Knock, token: Option<&str>) -> Result<Page, Refusal> {
    let page = match knock.path.as_str() {
        "/" => Some(Page::Index),
        "/healthz" => Some(Page::Health),
        "/readyz" => Some(Page::Ready),
        "/metrics" => Some(Page::Metrics),
        "/targets" => Some(Page::Targets),
        "/spend" => Some(Page::Spend),
        "/config" => Some(Page::Config),
        "/explain" => Some(Page::Explain),
        _ => None,
    };
    if !page.is_some_and(Page::is_for_all) && !knock.is_operator(token) {
        return Err(Refusal::Forbidden);
    }
    let page = page.ok_or(Refusal::NotFound)?;
    match (page, &knock.method) {
        (Page::Explain, &Method::POST) => {}
        (Page::Explain, _) => return Err(Refusal::PostOnly),
        (_, &Method::GET | &Method::HEAD) => {}
        _ => return Err(Refusal::ReadOnly),
    }
    Ok(page)
}

impl Page {
    fn is_for_all(self) -> bool {
        matches!(self, Self::Health | Self::Ready | Self::Metrics)
    }
}

impl Refusal {
    pub(super) fn into_response(self) -> Response<Vec<u8>> {
        let (status, kind, message) = match self {
            Self::Forbidden => {
                let message = "this answers requests from this machine, to its address or to localhost, or with \
                    `Authorization: Bearer <admin.token>`";
                (403, "forbidden", message)
            }
            Self::NotFound => (404, "not_found", "no such page; / lists what there is"),
            Self::ReadOnly => (405, "method_not_allowed", "this can be read with GET and HEAD only"),
            Self::PostOnly => (405, "method_not_allowed", "send the call: POST {\"model\": \"...\"}"),
        };
        let mut response = pages::json(status, &json!({"error": {"type": kind, "message": message}}));
        match self {
            Self::Forbidden => response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")),
            Self::ReadOnly => response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD")),
            Self::PostOnly => response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST")),
            Self::NotFound => None,
        };
        response
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderName};

    use super::*;

    const LOOPBACK: &str = "127.0.0.1";
    const STRANGER: &str = "10.1.2.3";
    const TOKEN: &str = "open-sesame";

    /// One request: method, path, peer, and headers as `name: value`.
    fn knock(method: &str, path: &str, peer: &str, headers: &[&str]) -> Knock {
        let mut map = HeaderMap::new();
        for header in headers {
            let (name, value) = header.split_once(": ").expect("name: value");
            map.append(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
        }
        let method = method.parse().unwrap();
        Knock { method, path: path.to_owned(), peer: peer.parse().ok(), authority: None, headers: map }
    }

    #[test]
    fn pages_by_method_and_path() {
        let local = &["host: localhost:7879"][..];
        for (method, path, peer, expected) in [
            ("GET", "/", LOOPBACK, Ok(Page::Index)),
            ("GET", "/healthz", STRANGER, Ok(Page::Health)),
            ("HEAD", "/healthz", STRANGER, Ok(Page::Health)),
            ("GET", "/readyz", STRANGER, Ok(Page::Ready)),
            ("GET", "/metrics", STRANGER, Ok(Page::Metrics)),
            ("POST", "/metrics", STRANGER, Err(Refusal::ReadOnly)),
            ("GET", "/targets", LOOPBACK, Ok(Page::Targets)),
            ("HEAD", "/targets", LOOPBACK, Ok(Page::Targets)),
            ("DELETE", "/targets", LOOPBACK, Err(Refusal::ReadOnly)),
            ("GET", "/spend", LOOPBACK, Ok(Page::Spend)),
            ("GET", "/spend", STRANGER, Err(Refusal::Forbidden)),
            ("GET", "/config", LOOPBACK, Ok(Page::Config)),
            ("GET", "/config/", LOOPBACK, Err(Refusal::NotFound)),
            ("GET", "/metrics/x", STRANGER, Err(Refusal::Forbidden)),
            ("POST", "/config", STRANGER, Err(Refusal::Forbidden)),
            ("GET", "/nothing", LOOPBACK, Err(Refusal::NotFound)),
            ("GET", "/nothing", STRANGER, Err(Refusal::Forbidden)),
        ] {
            assert_eq!(route(&knock(method, path, peer, local), None), expected, "{method} {path} from {peer}");
        }
    }

    #[test]
    fn the_configuration_is_for_the_operator() {
        let bearer = &format!("authorization: Bearer {TOKEN}")[..];
        let cases: &[(&str, &[&str], bool)] = &[
            (LOOPBACK, &[], true),
            ("::1", &["host: [::1]:7879"], true),
            ("::ffff:127.0.0.1", &["host: 127.0.0.1:7879"], true),
            (LOOPBACK, &["host: LOCALHOST:7879"], true),
            (LOOPBACK, &["host: 192.168.1.7:7879"], true),
            // A page whose name was pointed at this machine.
            (LOOPBACK, &["host: evil.example:7879"], false),
            (LOOPBACK, &["host: localhost.evil.example"], false),
            (LOOPBACK, &["host: 127.0.0.1.evil.example"], false),
            (LOOPBACK, &["host: 127.0.0.1", "host: evil.example"], false),
            (LOOPBACK, &["host: localhost@evil.example"], false),
            (LOOPBACK, &["host: "], false),
            // A page elsewhere.
            (LOOPBACK, &["host: localhost:7879", "origin: https://evil.example"], false),
            (LOOPBACK, &["host: localhost:7879", "origin: null"], false),
            (LOOPBACK, &["host: localhost:7879", "origin: http://localhost:3000"], false),
            (LOOPBACK, &["origin: https://evil.example"], false),
            // Our own page.
            (LOOPBACK, &["host: localhost:7879", "origin: http://localhost:7879"], true),
            // Elsewhere.
            (STRANGER, &["host: 10.1.2.3:7879"], false),
            ("", &["host: localhost:7879"], false),
            (STRANGER, &["host: outrider.prod:7879", bearer], true),
            (STRANGER, &["authorization: bearer open-sesame"], true),
            (STRANGER, &["authorization: Bearer open-sesam"], false),
            (STRANGER, &["authorization: Bearer open-sesame!"], false),
            (STRANGER, &["authorization: Bearer  open-sesame"], false),
            (STRANGER, &["authorization: Bearer "], false),
            (STRANGER, &["authorization: Basic open-sesame"], false),
            (STRANGER, &["authorization: open-sesame"], false),
        ];
        for (peer, headers, allowed) in cases {
            let expected = if *allowed { Ok(Page::Config) } else { Err(Refusal::Forbidden) };
            assert_eq!(route(&knock("GET", "/config", peer, headers), Some(TOKEN)), expected, "{peer} {headers:?}");
        }
    }

    #[test]
    fn no_token_opens_where_none_is_configured() {
        for token in [None, Some("")] {
            for sent in ["authorization: Bearer ", "authorization: Bearer open-sesame"] {
                assert_eq!(route(&knock("GET", "/config", STRANGER, &[sent]), token), Err(Refusal::Forbidden));
            }
        }
    }

    #[test]
    fn the_authority_of_http2_counts_like_host() {
        for (authority, expected) in [("localhost:7879", Ok(Page::Config)), ("evil.example", Err(Refusal::Forbidden))] {
            let knock = Knock { authority: Some(authority.into()), ..knock("GET", "/config", LOOPBACK, &[]) };
            assert_eq!(route(&knock, None), expected, "{authority}");
        }
    }

    #[test]
    fn refusals_say_what_to_do() {
        for (refusal, status, allow) in [
            (Refusal::Forbidden, 403, None),
            (Refusal::NotFound, 404, None),
            (Refusal::ReadOnly, 405, Some("GET, HEAD")),
        ] {
            let response = refusal.into_response();
            assert_eq!(response.status(), status);
            assert_eq!(response.headers().get(ALLOW).map(|value| value.to_str().unwrap()), allow);
            let body: serde_json::Value = serde_json::from_slice(response.body()).expect("JSON");
            assert!(body["error"]["message"].is_string());
        }
    }
}
