//! What is sent to one target: the client's own request, with another model name and other credentials.

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};

use super::Call;
use super::lane::Lane;
use super::recover::Joint;
use super::{made, routed, whole};
use crate::canonical::{Abilities, Dialect, Fault, FaultKind, Lost};
use crate::dialect::codec::{Codec, Flavour};
use crate::dialect::doors::{self, Operation};
use crate::dialect::restore::Restore;
use crate::dialect::{anthropic, codec};
use crate::provider::{Key, Provider, Voice, paths};
use crate::routing::{Policy, Target};
use crate::upstream::{Body, Request};

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
const CREDENTIALS: [HeaderName; 11] = [
    header::AUTHORIZATION,
    header::COOKIE,
    HeaderName::from_static("api-key"),
    HeaderName::from_static("x-api-key"),
    HeaderName::from_static("x-goog-api-key"),
    HeaderName::from_static("openai-organization"),
    HeaderName::from_static("openai-project"),
    HeaderName::from_static("x-amz-security-token"),
    HeaderName::from_static("x-amz-date"),
    HeaderName::from_static("x-amz-content-sha256"),
    HeaderName::from_static("ocp-apim-subscription-key"),
];

/// Headers that mean something to the client's own vendor and nothing, or something else, to another: by prefix.
const VENDOR: [&str; 6] = ["anthropic-", "openai-", "x-goog-", "x-amz", "amz-", "x-ms-"];

/// What of Anthropic's dialect is to be tried out.
const BETAS: &str = "anthropic-beta";

/// What is sent, how, and what had to be left out of it.
pub(super) struct Outbound {
    pub(super) request: Request,
    pub(super) sent: Sent,
}

/// How a request was sent: what is needed to understand the answer.
pub(super) struct Sent {
    pub(super) lane: Lane,
    pub(super) lost: Lost,
    pub(super) restore: Restore,
}

/// The request for `target`, with `key` where the provider needs one. `joint`: the answer is to go on where another one
/// broke off.
pub(super) fn request(
    call: &Call,
    policy: &Policy,
    target: &Target,
    key: Option<&Key>,
    joint: Option<Joint<'_>>,
) -> Result<Outbound, Fault> {
    let provider = &*target.provider;
    meant_for(call, provider)?;
    let voice = provider.voice(call.dialect, call.operation, &target.model);
    let prefix = joint.and_then(|joint| joint.prefix());
    // Signatures that another made: it would refuse the call for them.
    let forgets =
        call.operation == Operation::Chat && call.maker.as_ref().is_some_and(|maker| maker.is_another(target));
    let own_form = call.own_form || prefix.is_some() || forgets;
    let lane = Lane::new((call.dialect, call.flavour), call.operation, own_form, voice);
    let path = path(call, target, voice, &lane).ok_or_else(|| unsupported(call, voice.dialect))?;
    let (mut lost, mut restore, mut betas) = (Lost::nothing(), Restore::default(), String::new());
    let to = codec::Target { model: &target.model, flavour: voice.flavour };
    let body = match lane {
        Lane::Native(codec) => {
            able(call, codec, target)?;
            match doors::model_in_path(call.dialect, voice.flavour, call.operation) {
                true => own(call, codec, &target.model),
                false => routed::body(call, &to, &mut lost)?,
            }
        }
        Lane::Reformed { .. } => {
            able(call, call.codec(), target)?;
            let whole = call.body.slice(0, call.body.len());
            let said = joined(&call.headers, BETAS);
            let reformed = anthropic::reform(&whole, &said, call.head.stream, &to, &mut lost)?;
            betas = reformed.betas;
            Body::from(Bytes::from(reformed.body))
        }
        Lane::Translated { client, target: codec } => {
            let written = match whole::request(call, (client, codec), &to, &mut lost) {
                Some(written) => written?,
                None => chat(call, (client, codec), (target, &to), prefix, &mut lost, &mut restore)?,
            };
            Body::from(Bytes::from(written))
        }
    };
    if !lost.is_empty() && (policy.strict || call.wishes.require_parameters) {
        let what: Vec<&str> = lost.iter().collect();
        let message = format!("{} cannot be told: {}", target.id, what.join(", "));
        return Err(Fault::new(FaultKind::Unsupported, message));
    }
    let native = matches!(lane, Lane::Native(_));
    let mut headers = headers(&call.headers, provider, key.map(|key| key.header(voice.auth)), native);
    if !native {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    if !betas.is_empty() {
        headers.insert(BETAS, value(&betas));
    }
    if voice.dialect == Dialect::Anthropic && voice.flavour != Flavour::Bedrock {
        headers.entry("anthropic-version").or_insert(HeaderValue::from_static("2023-06-01"));
    }
    // Usage is read on the side, so the reply must not come compressed; and the body no longer is.
    if !(provider.origin && signed(&call.headers, "accept-encoding")) {
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    }
    headers.remove(header::CONTENT_ENCODING);
    let request = Request { method: call.record.method.clone(), path, headers, body };
    Ok(Outbound { request, sent: Sent { lane, lost, restore } })
}

/// Where `target` is asked, `None` where its voice knows no such operation.
fn path(call: &Call, target: &Target, voice: &Voice, lane: &Lane) -> Option<String> {
    let provider = &*target.provider;
    let native = matches!(lane, Lane::Native(_));
    if native && provider.origin {
        return Some(match &call.query {
            Some(query) => format!("{}?{query}", call.path),
            None => call.path.clone(),
        });
    }
    let keyless = call.query.as_deref().filter(|_| call.dialect == Dialect::Gemini && !provider.passthrough);
    let keyless = keyless.map(without_key);
    let query = keyless.as_deref().or(call.query.as_deref()).filter(|_| native);
    let operation = if native { call.operation } else { call.operation.of_any_dialect() };
    paths::model_path(provider, voice, operation, &target.model, call.head.stream, query)
}

/// A client that did not choose us has not chosen who else sees its credentials either: they go where they were going.
fn meant_for(call: &Call, provider: &Provider) -> Result<(), Fault> {
    let Some(origin) = call.origin.as_ref().filter(|_| provider.passthrough) else { return Ok(()) };
    // Of two schemes one may be heard by everybody, and `https://host` and `http://host` have the same authority.
    let (meant, found) = (&origin.endpoint, &provider.endpoint);
    if meant.authority() == found.authority() && meant.spec().tls == found.spec().tls {
        return Ok(());
    }
    let scheme = if meant.spec().tls { "https" } else { "http" };
    let message = format!("the credential of an intercepted call is for {scheme}://{}", meant.authority());
    Err(Fault::new(FaultKind::Unsupported, message))
}

/// Whether a signature of AWS speaks for the header `name`.
fn signed(headers: &HeaderMap, name: &str) -> bool {
    let signature = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let names = signature.and_then(|text| text.split_once("SignedHeaders=")).map(|(_, rest)| rest);
    names.and_then(|rest| rest.split(',').next()).is_some_and(|names| names.split(';').any(|signed| signed == name))
}

/// What `target` cannot do, where the operator says that there is something.
fn limits<'t>(call: &Call, target: &'t Target) -> Option<&'t Abilities> {
    target.provider.limited.get(&*target.model).filter(|_| call.operation == Operation::Chat)
}

/// Whether `target` can do what the client's own request wants, which is only read where something is said about that.
fn able(call: &Call, codec: &dyn Codec, target: &Target) -> Result<(), Fault> {
    let Some(abilities) = limits(call, target) else { return Ok(()) };
    let whole = call.body.slice(0, call.body.len());
    abilities.lacking(&codec.read_request(&whole, &call.asked())?).map_or(Ok(()), |what| Err(unable(target, &what)))
}

fn unable(target: &Target, what: &str) -> Fault {
    Fault::new(FaultKind::Unsupported, format!("{} {what}", target.id))
}

/// The client's own body, for a target whose path names the model.
fn own(call: &Call, codec: &dyn Codec, model: &str) -> Body {
    let embeds = matches!(call.operation, Operation::Embeddings | Operation::Embedding);
    let embed = codec.embeddings().filter(|_| embeds && call.head.model != model);
    let renamed = embed.and_then(|embed| embed.with_model(&call.body.slice(0, call.body.len()), model));
    renamed.map_or_else(|| call.body.clone(), |renamed| Body::from(Bytes::from(renamed)))
}

/// A chat, or the counting of its tokens, in the target's dialect.
fn chat(
    call: &Call,
    (client, codec): (&dyn Codec, &dyn Codec),
    (target, to): (&Target, &codec::Target<'_>),
    prefix: Option<String>,
    lost: &mut Lost,
    restore: &mut Restore,
) -> Result<Vec<u8>, Fault> {
    let none = || unsupported(call, codec.dialect());
    let whole = call.body.slice(0, call.body.len());
    let mut request = client.read_request(&whole, &call.asked())?;
    if let Some(what) = target.abilities().lacking(&request).filter(|_| call.operation == Operation::Chat) {
        return Err(unable(target, &what));
    }
    *restore = Restore::prepare(&mut request);
    if let Some(member) = client.bound(&request) {
        let message = format!("`{member}` refers to what only a provider of {} knows", call.dialect.as_str());
        return Err(Fault::new(FaultKind::Unsupported, message));
    }
    if call.maker.as_ref().is_some_and(|maker| maker.is_another(target)) {
        made::forget(&mut request);
    }
    if let Some(prefix) = prefix {
        request.go_on_from(prefix);
    }
    match call.operation {
        Operation::Chat => codec.write_request(&request, to, lost),
        Operation::CountTokens => codec.write_count_request(&request, to).ok_or_else(none),
        _ => Err(none()),
    }
}

pub(super) fn unsupported(call: &Call, dialect: Dialect) -> Fault {
    let message = format!("the provider has no {} for {}", call.operation.as_otel(), dialect.as_str());
    Fault::new(FaultKind::Unsupported, message)
}

/// The client's headers as they may go to `provider`, with the key's in the place of the client's own. `native`: the
/// provider speaks the client's dialect.
pub fn headers(
    client: &HeaderMap,
    provider: &Provider,
    key: Option<(HeaderName, HeaderValue)>,
    native: bool,
) -> HeaderMap {
    let named = named_by_connection(client);
    let mut out = HeaderMap::with_capacity(client.len() + provider.headers.len() + 3);
    for (name, value) in client {
        let credential = CREDENTIALS.contains(name) && !provider.passthrough;
        let ours = name.as_str().starts_with("x-outrider-");
        let foreign = !native && VENDOR.iter().any(|prefix| name.as_str().starts_with(prefix));
        let stays = !PER_CONNECTION.contains(name) && !named.contains(&name.as_str());
        if stays && !credential && !ours && !foreign {
            out.append(name, value.clone());
        }
    }
    if let Some((name, value)) = key {
        out.insert(name, value);
    }
    for (name, value) in &provider.headers {
        out.insert(name, value.clone());
    }
    out
}

/// All that a header says, in however many lines.
fn joined(headers: &HeaderMap, name: &str) -> String {
    let lines: Vec<&str> = headers.get_all(name).into_iter().filter_map(|line| line.to_str().ok()).collect();
    lines.join(",")
}

/// The client's query without its key, which Gemini's clients may write there.
fn without_key(query: &str) -> String {
    let pairs: Vec<&str> = query.split('&').filter(|pair| !pair.starts_with("key=")).collect();
    pairs.join("&")
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
