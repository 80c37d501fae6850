//! Which host a request was meant for, when that is not us.
//!
//! The connection knows: what was learned when it was entered travels with it, through TLS and into each stream of
//! HTTP/2, in the digest that Pingora keeps for the proxy in front. Or the request says it itself, in absolute form.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use pingora_core::protocols::GetProxyDigest;
use pingora_core::protocols::http::ServerSession;
use pingora_core::protocols::l4::stream::Stream as TcpLike;
use pingora_core::protocols::raw_connect::ProxyDigest;
use pingora_error::Result;
use pingora_http::{RequestHeader, ResponseHeader};

use super::connect::{self, Asked};
use crate::upstream::Origin;

/// One connection whose TLS is ended here.
#[derive(Debug)]
pub(super) struct Visit {
    /// Where it was going.
    pub(super) origin: Arc<Origin>,
    requests: AtomicUsize,
}

impl Visit {
    pub(super) fn new(origin: Origin) -> Arc<Self> {
        Arc::new(Self { origin: Arc::new(origin), requests: AtomicUsize::new(0) })
    }

    /// Lets `stream` carry it to every request that comes over it.
    pub(super) fn board(self: &Arc<Self>, stream: &mut TcpLike) -> Result<()> {
        let established = Box::new(ResponseHeader::build(200, Some(0))?);
        stream.set_proxy_digest(ProxyDigest::new(established, Some(Box::new(self.clone()))));
        Ok(())
    }

    /// The visit that `session` is part of.
    pub(super) fn of(session: &ServerSession) -> Option<&Arc<Self>> {
        session.digest()?.proxy_digest.as_ref()?.user_data.as_ref()?.downcast_ref()
    }

    /// A request came over it.
    pub(super) fn count(&self) {
        self.requests.fetch_add(1, Relaxed);
    }

    /// No request ever came over it.
    pub(super) fn was_silent(&self) -> bool {
        self.requests.load(Relaxed) == 0
    }
}

/// What a request in absolute form asks for: `GET http://host/path`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Absolute {
    pub(super) asked: Asked,
    pub(super) tls: bool,
}

/// What `head` asks for, if it is in absolute form (RFC 9112, 3.2.2); or what is wrong with it.
pub(super) fn absolute(head: &RequestHeader) -> Option<Result<Absolute, String>> {
    match head.raw_path() {
        [b'/', ..] | b"*" | b"" => None,
        target => Some(parse(target)),
    }
}

fn parse(target: &[u8]) -> Result<Absolute, String> {
    let target = std::str::from_utf8(target).map_err(|_| "the request target is not text".to_owned())?;
    let (scheme, rest) = target.split_once("://").ok_or("the request target is neither a path nor a URL")?;
    let tls = match scheme {
        _ if scheme.eq_ignore_ascii_case("http") => false,
        _ if scheme.eq_ignore_ascii_case("https") => true,
        _ => return Err("only URLs of http and https are asked for".to_owned()),
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return Err("a URL with a user's name or password is not asked for".to_owned()); // nor shown
    }
    let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| !port.ends_with(']'));
    let asked = match has_port {
        true => connect::target(authority)?,
        false => Asked { host: connect::host(authority)?, port: if tls { 443 } else { 80 } },
    };
    Ok(Absolute { asked, tls })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absolute_form_is_understood() {
        let check = |target: &str, expected: Option<&str>| {
            let head = RequestHeader::build("GET", target.as_bytes(), None).unwrap();
            let told = absolute(&head).map(|absolute| match absolute {
                Ok(Absolute { asked, tls }) => format!("{} {} {tls}", asked.host, asked.port),
                Err(why) => format!("no: {why}"),
            });
            match expected.and_then(|expected| expected.strip_prefix("no: ")) {
                Some(word) => assert!(told.as_ref().is_some_and(|told| told.contains(word)), "{target}: {told:?}"),
                None => assert_eq!(told.as_deref(), expected, "{target}"),
            }
        };
        check("/v1/models", None);
        check("*", None);
        check("//evil.example/v1", None);
        check("http://api.openai.com/v1/models?a=b", Some("api.openai.com 80 false"));
        check("http://API.openai.com", Some("api.openai.com 80 false"));
        check("http://api.openai.com?a", Some("api.openai.com 80 false"));
        check("http://localhost:8080/", Some("localhost 8080 false"));
        check("https://api.openai.com/", Some("api.openai.com 443 true"));
        check("http://[2001:db8::1]/", Some("[2001:db8::1] 80 false"));
        check("http://[2001:db8::1]:81/", Some("[2001:db8::1] 81 false"));
        check("http://a.example:0/", Some("no: port"));
        check("ftp://a.example/", Some("no: http"));
        check("http:///v1", Some("no: empty"));
        check("http://user:pass@a.example/", Some("no: a user"));
        check("http://*.example/", Some("no: wildcard"));
    }
}
