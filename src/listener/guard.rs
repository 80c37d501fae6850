//! A web page in the user's browser must not be able to spend the user's keys.
//!
//! Two ways a page could try: call us directly, which browsers mark with `Origin`; or let its own name point at us
//! (DNS rebinding), which shows in `Host`. So an `Origin` that is not allowed is refused, and so is a `Host` that is a
//! *name* which is not ours. An address as host is harmless: a page cannot make a browser send one of ours without
//! showing its `Origin`.

use std::net::IpAddr;

use http::{HeaderMap, Uri, header};

/// Why a request was refused, in words for its sender; `None` where it may pass.
pub fn refusal(headers: &HeaderMap, uri: &Uri, allowed: &[String], own: &[String]) -> Option<String> {
    if is_foreign_page(headers, allowed, own) {
        let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok()).unwrap_or("?");
        return Some(format!("pages of origin `{origin}` may not call; allow_origins in the configuration can"));
    }
    let host = headers.get(header::HOST).map(|host| host.to_str().unwrap_or("?"));
    let host = uri.authority().map(|authority| authority.as_str()).or(host)?;
    (!is_ours(host, allowed, own)).then(|| format!("host `{host}` is not served here"))
}

/// Whether a page sent this that may not call.
pub fn is_foreign_page(headers: &HeaderMap, allowed: &[String], own: &[String]) -> bool {
    headers.get(header::ORIGIN).is_some_and(|origin| {
        let origin = origin.to_str().unwrap_or("?");
        !allows(allowed, origin) && !is_ours(authority_of(origin), allowed, own)
    })
}

/// Whether this machine is called so.
pub fn is_own_name(name: &str, own: &[String]) -> bool {
    is_localhost(name) || own.iter().any(|own| own.eq_ignore_ascii_case(name))
}

/// Whether `origin` is one that the operator allows.
pub fn allows(allowed: &[String], origin: &str) -> bool {
    allowed.iter().any(|allowed| allowed == "*" || allowed.eq_ignore_ascii_case(origin))
}

/// Loopback, any address, one of our own names, or the host of an allowed origin.
fn is_ours(authority: &str, allowed: &[String], own: &[String]) -> bool {
    let host = without_port(authority);
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.parse::<IpAddr>().is_ok()
        || is_own_name(host, own)
        || allowed.iter().any(|origin| without_port(authority_of(origin)).eq_ignore_ascii_case(host))
}

/// `localhost`, or a name below it.
fn is_localhost(host: &str) -> bool {
    let below = host.len().checked_sub("localhost".len()).and_then(|at| host.split_at_checked(at));
    below.is_some_and(|(rest, name)| name.eq_ignore_ascii_case("localhost") && (rest.is_empty() || rest.ends_with('.')))
}

fn authority_of(origin: &str) -> &str {
    origin.split_once("://").map_or(origin, |(_, rest)| rest)
}

fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) && !host.ends_with(':') => host,
        _ => authority,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(host: &str, origin: Option<&str>) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        let allowed = ["https://app.example.com".to_owned(), "http://outrider:7878".to_owned()];
        refusal(&headers, &Uri::from_static("/v1/chat/completions"), &allowed, &["laptop".to_owned()]).is_none()
    }

    #[test]
    fn only_our_own_names_and_allowed_pages_pass() {
        for (host, origin, expected) in [
            ("127.0.0.1:7878", None, true),
            ("localhost:7878", None, true),
            ("LOCALHOST", None, true),
            ("outrider.localhost:7878", None, true),
            ("[::1]:7878", None, true),
            ("10.1.2.3:7878", None, true),
            ("laptop:7878", None, true),
            ("outrider:7878", None, true),
            ("evil.example.com:7878", None, false),
            ("evil.example.com", None, false),
            ("localhost.evil.example.com", None, false),
            ("127.0.0.1.evil.example.com", None, false),
            ("127.0.0.1:7878", Some("https://app.example.com"), true),
            ("127.0.0.1:7878", Some("http://localhost:3000"), true),
            ("127.0.0.1:7878", Some("https://evil.example.com"), false),
            ("127.0.0.1:7878", Some("null"), false),
            ("127.0.0.1:7878", Some("http://app.example.com.evil.com"), false),
        ] {
            assert_eq!(passes(host, origin), expected, "host {host}, origin {origin:?}");
        }
    }
}
