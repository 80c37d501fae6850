//! What is sent to one target: the client's own request, with another model name and other credentials.

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};

use super::Call;
use crate::dialect::openai_chat;
use crate::provider::{Key, Provider, paths};
use crate::routing::Target;
use crate::upstream::Request;

/// Headers that belong to one connection (RFC 9110, 7.6.1) or that the transport writes itself.
const PER_CONNECTION: [HeaderName; 12] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::HOST,
    header::CONTENT_LENGTH,
    header::EXPECT,
];

/// Headers that speak for the client's own account: another account's key must not travel with them.
const CREDENTIALS: [HeaderName; 8] = [
    header::AUTHORIZATION,
    header::COOKIE,
    HeaderName::from_static("api-key"),
    HeaderName::from_static("x-api-key"),
    HeaderName::from_static("x-goog-api-key"),
    HeaderName::from_static("openai-organization"),
    HeaderName::from_static("openai-project"),
    HeaderName::from_static("ocp-apim-subscription-key"),
];

/// The request for `target`, with `key` where the provider needs one.
pub(super) fn request(call: &Call, target: &Target, key: Option<&Key>) -> Request {
    let provider = &*target.provider;
    let mut headers = headers(&call.headers, provider, key);
    // Usage is read on the side, so the reply must not come compressed; and the body no longer is.
    headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    headers.remove(header::CONTENT_ENCODING);
    let body = openai_chat::patch(&call.body, call.head.model_at.clone(), &target.model);
    Request {
        method: call.record.method.clone(),
        path: paths::model_path(provider, call.operation, &target.model, call.query.as_deref()),
        headers,
        body,
    }
}

/// The client's headers as they may go to `provider`.
pub fn headers(client: &HeaderMap, provider: &Provider, key: Option<&Key>) -> HeaderMap {
    let named = named_by_connection(client);
    let mut out = HeaderMap::with_capacity(client.len() + provider.headers.len() + 2);
    for (name, value) in client {
        let credential = CREDENTIALS.contains(name) && !provider.passthrough;
        let ours = name.as_str().starts_with("x-outrider-");
        if !credential && !ours && !PER_CONNECTION.contains(name) && !named.contains(&name.as_str()) {
            out.append(name, value.clone());
        }
    }
    if let Some(key) = key {
        out.insert(provider.kind.auth.header(), key.value.clone());
    }
    for (name, value) in &provider.headers {
        out.insert(name, value.clone());
    }
    out
}

/// The reply's headers as they may go to the client.
pub(super) fn reply_headers(upstream: &HeaderMap) -> HeaderMap {
    let named = named_by_connection(upstream);
    let mut out = HeaderMap::with_capacity(upstream.len() + 4);
    for (name, value) in upstream {
        if !PER_CONNECTION.contains(name) && !named.contains(&name.as_str()) && *name != header::DATE {
            out.append(name, value.clone());
        }
    }
    out
}

/// `connection: x` makes `x` a header of this connection only.
fn named_by_connection(headers: &HeaderMap) -> Vec<&str> {
    let values = headers.get_all(header::CONNECTION).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim).filter(|name| !name.is_empty()).collect()
}

/// A header value of text that comes from names and numbers of our own.
pub(super) fn value(text: &str) -> HeaderValue {
    HeaderValue::from_maybe_shared(Bytes::copy_from_slice(text.as_bytes()))
        .unwrap_or_else(|_| HeaderValue::from_static("unprintable"))
}
