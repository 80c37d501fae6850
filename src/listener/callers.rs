//! Who asks, by a request's head; their key goes no further.

use pingora_core::protocols::http::ServerSession;

use crate::canonical::{Fault, FaultKind};
use crate::ledger::Callers;
use crate::ledger::callers::without_key;
use crate::names::CallerName;

/// Who sends this request. Whatever in it is a key of ours is taken out, so that no way on can show it to anybody.
pub(super) fn identify(session: &mut ServerSession, callers: &Callers) -> Option<CallerName> {
    let peer = session.client_addr().and_then(|address| address.as_inet()).map(|address| address.ip());
    let head = session.req_header();
    let known = callers.identify(&head.headers, head.uri.query(), peer);
    if known.in_query {
        let uri = without_key_in(&head.uri);
        session.req_header_mut().set_uri(uri);
    }
    for name in known.headers {
        session.req_header_mut().remove_header(&name);
    }
    known.caller
}

/// What somebody is told who is nobody that we know.
pub(super) fn unknown() -> Fault {
    const WHY: &str = "who asks is not known here: send the key of one of the configured callers, as a provider's key or \
         as `x-outrider-key`";
    Fault::new(FaultKind::Unauthorized, WHY)
}

fn without_key_in(uri: &http::Uri) -> http::Uri {
    let query = uri.query().map(without_key).filter(|query| !query.is_empty());
    let path = query.map_or(uri.path().to_owned(), |query| format!("{}?{query}", uri.path()));
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = path.parse().ok();
    // Less of what was well-formed is well-formed.
    http::Uri::from_parts(parts).unwrap_or_default()
}
