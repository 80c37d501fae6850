//! Who may see what is not for everybody.
//!
//! The peer's address alone does not tell this machine's operator from a web page in the operator's browser: a page can
//! send requests to loopback, and by pointing a name of its own at 127.0.0.1 it could even read the answers (DNS
//! rebinding). So the request must also have been meant for us, by `Host`, and not come from a foreign page, by
//! `Origin`. The token needs none of this: no page has it.

use std::hint::black_box;
use std::net::IpAddr;

use http::uri::Authority;
use http::{HeaderMap, Method, header};
use pingora_core::protocols::http::ServerSession;

/// What decides about an answer: one request, without its connection.
#[derive(Clone, Debug)]
pub struct Knock {
    /// The method.
    pub method: Method,
    /// The path, without its query.
    pub path: String,
    /// The address that the connection came from; `None` where it has none.
    pub peer: Option<IpAddr>,
    /// The authority of the request line or of HTTP/2, where there is one.
    pub authority: Option<String>,
    /// The headers.
    pub headers: HeaderMap,
}

impl Knock {
    pub(super) fn of(session: &ServerSession) -> Self {
        let head = session.req_header();
        Self {
            method: head.method.clone(),
            path: head.uri.path().to_owned(),
            peer: session.client_addr().and_then(|address| address.as_inet()).map(|address| address.ip()),
            authority: head.uri.authority().map(|authority| authority.to_string()),
            headers: head.headers.clone(),
        }
    }

    /// Has the token, or is local.
    pub(super) fn is_operator(&self, token: Option<&str>) -> bool {
        token.is_some_and(|token| self.has_token(token)) || self.is_local()
    }

    fn has_token(&self, token: &str) -> bool {
        let Some(value) = self.headers.get(header::AUTHORIZATION) else { return false };
        let Some((scheme, sent)) = value.as_bytes().split_at_checked("bearer ".len()) else { return false };
        scheme.eq_ignore_ascii_case(b"bearer ") && !token.is_empty() && equal(sent, token.as_bytes())
    }

    fn is_local(&self) -> bool {
        self.peer.is_some_and(|peer| peer.to_canonical().is_loopback())
            && self.authority.as_deref().is_none_or(is_ours)
            && self.headers.get_all(header::HOST).iter().all(|host| host.to_str().is_ok_and(is_ours))
            && self.headers.get_all(header::ORIGIN).iter().all(|origin| self.is_same_origin(origin.as_bytes()))
    }

    /// The page that asks was served by this door.
    fn is_same_origin(&self, origin: &[u8]) -> bool {
        let host = self.headers.get(header::HOST).map(|host| host.as_bytes());
        let asked = host.or(self.authority.as_deref().map(str::as_bytes));
        asked.is_some_and(|asked| origin.strip_prefix(b"http://").is_some_and(|host| host.eq_ignore_ascii_case(asked)))
    }
}

/// An address, or a name that always means this machine: nobody can point these elsewhere.
fn is_ours(authority: &str) -> bool {
    let Ok(authority) = authority.parse::<Authority>() else { return false };
    let host = authority.host();
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    host.eq_ignore_ascii_case("localhost") || address.parse::<IpAddr>().is_ok()
}

/// In a time that does not tell how much of `sent` was right. Its length is no secret.
fn equal(sent: &[u8], token: &[u8]) -> bool {
    let differences = sent.iter().zip(token).fold(0, |all, (a, b)| black_box(all | (a ^ b)));
    sent.len() == token.len() && differences == 0
}
