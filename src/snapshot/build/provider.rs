//! A provider, decided: who it is, where, and with which keys.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use http::header::{CONNECTION, CONTENT_LENGTH, HOST, TE, TRAILER, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderName, HeaderValue};

use super::base_url::BaseUrl;
use super::known;
use super::switched_on;
use crate::canonical::{Abilities, Dialect};
use crate::catalogue::{Catalogue, Known};
use crate::config::Problem;
use crate::config::nearest::{nearest, quoted};
use crate::config::schema::{self, Auth};
use crate::config::secret::{HeaderText, Secret};
use crate::config::setting::Located;
use crate::health::Registry;
use crate::names::{KeyId, ProviderId};
use crate::provider::catalogue::{KINDS, compatible, kind};
use crate::provider::paths::probe_path;
use crate::provider::{Key, Kind, Login, Provider, Signer, Voice};
use crate::upstream::endpoint::Spec;
use crate::upstream::{Authorities, Endpoint, Probe};

/// Everything about a provider that needs no health and no connection.
pub struct Decided {
    /// Its name.
    pub id: ProviderId,
    kind: &'static Kind,
    spec: Spec,
    base_path: String,
    api_version: Option<String>,
    voices: Vec<Voice>,
    keys: Vec<(HeaderValue, HeaderValue)>,
    limited: HashMap<String, Abilities>,
    known: Known,
    login: Option<Login>,
    region: Option<String>,
    passthrough: bool,
    headers: Vec<(HeaderName, HeaderValue)>,
    max_in_flight: Option<usize>,
    max_in_flight_of: HashMap<String, usize>,
}

impl Decided {
    /// The provider, with the endpoint that it had before where nothing about that has changed.
    pub fn open(self, catalogue: &Arc<Catalogue>, registry: &Registry, before: Option<&Provider>) -> Provider {
        let kept = before.map(|before| &before.endpoint).filter(|endpoint| *endpoint.spec() == self.spec).cloned();
        let keys = self.keys.into_iter().enumerate().map(|(index, (value, bearer))| {
            let id = KeyId::new(&self.id, index);
            let health = registry.key(&id);
            if before.and_then(|before| before.keys.get(index)).is_some_and(|before| before.value != value) {
                // The old key was refused, not the new one that took its name.
                health.success();
            }
            Key { id, value, bearer, health }
        });
        Provider {
            keys: keys.collect(),
            kind: self.kind,
            voices: self.voices,
            endpoint: kept.unwrap_or_else(|| Endpoint::new(self.spec)),
            base_path: self.base_path,
            api_version: self.api_version,
            signer: self.login.map(|login| {
                let before = before.and_then(|before| before.signer.as_ref());
                let before = before.filter(|signer| signer.is(login, self.region.as_deref()));
                before.cloned().unwrap_or_else(|| Signer::new(login, self.region))
            }),
            limited: self.limited,
            known: Arc::new(self.known.of(self.id.as_str()).with(catalogue.clone(), self.kind.name)),
            passthrough: self.passthrough,
            origin: false,
            headers: self.headers,
            retry_budget: registry.retry_budget(&self.id),
            hedge_budget: registry.hedge_budget(&self.id),
            max_in_flight: self.max_in_flight,
            gate: registry.provider_gate(&self.id),
            max_in_flight_of: self.max_in_flight_of,
            id: self.id,
        }
    }
}

/// What `said` means, or `None` with the reasons in `problems`.
pub fn decide(
    name: &Located<String>,
    said: &schema::Provider,
    connect_timeout: Duration,
    problems: &mut Vec<Problem>,
) -> Option<Decided> {
    let known = problems.len();
    check_name(name, problems);
    let kind = kind_of(name, said).map_err(|problem| problems.push(problem)).ok();
    let url = kind.and_then(|kind| base_url(name, said, kind).map_err(|problem| problems.push(problem)).ok());
    let voices = kind.and_then(|kind| voices(name, said, kind).map_err(|problem| problems.push(problem)).ok());
    let keys = kind.map(|kind| keys(name, said, kind, problems));
    let headers = headers(said, problems);
    let ca = authorities(said, problems);
    let (kind, url, keys, voices) = (kind?, url?, keys?, voices?);
    let probe = probe(said, kind, &url.path, problems);
    if problems.len() > known {
        return None;
    }
    Some(Decided {
        id: name.value.as_str().into(),
        kind,
        api_version: said.api_version.as_ref().map(|version| version.value.clone()).or(url.api_version),
        base_path: url.path,
        voices,
        limited: known::limited(said),
        known: known::known(said, kind),
        login: login(said, kind),
        region: said.region.clone(),
        keys,
        passthrough: said.auth.value == Auth::Passthrough,
        headers,
        max_in_flight: said.max_in_flight.map(usize::from),
        max_in_flight_of: max_in_flight_of(said),
        spec: Spec {
            tls: url.tls,
            host: url.host,
            port: url.port,
            connect_timeout,
            ca,
            insecure: said.tls.insecure,
            max_connections: said.max_connections.map(usize::from),
            probe,
        },
    })
}

/// A provider's name stands in targets (`name/model`), in headers and in labels.
fn check_name(name: &Located<String>, problems: &mut Vec<Problem>) {
    let fit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.value.is_empty() || !name.value.chars().all(fit) {
        let help = "use letters, digits, `-`, `_` and `.`";
        problems.push(name.problem(format!("`{}` can not be the name of a provider", name.value)).help(help));
    }
}

/// The row of the catalogue: as said, else anything that speaks the dialect said, else by the provider's own name.
fn kind_of(name: &Located<String>, said: &schema::Provider) -> Result<&'static Kind, Problem> {
    let unknown = |problem: Problem, word: &str| {
        let kinds = KINDS.iter().map(|kind| kind.name);
        problem.help(match nearest(word, kinds.clone(), 1).first() {
            Some(near) => format!("did you mean `{near}`? Known kinds: {}", quoted(kinds)),
            None => format!("known kinds: {}; anything else: `dialect: openai_chat` and `base_url`", quoted(kinds)),
        })
    };
    match (&said.kind, said.dialect) {
        (Some(word), _) => kind(&word.value)
            .ok_or_else(|| unknown(word.problem(format!("unknown kind `{}`", word.value)), &word.value)),
        // A provider that is known by its name and speaks this dialect, else anything that does.
        (None, Some(dialect)) => Ok(kind(&name.value)
            .filter(|kind| speaks(kind, canonical(dialect)) && (said.base_url.is_none() || kind.base_url.is_none()))
            .unwrap_or_else(|| compatible(canonical(dialect)))),
        (None, None) => kind(&name.value).ok_or_else(|| {
            unknown(name.problem(format!("`{}` is not a known provider, and has no `kind`", name.value)), &name.value)
        }),
    }
}

/// The dialects that the operator leaves it: all, or the one said.
fn voices(name: &Located<String>, said: &schema::Provider, kind: &Kind) -> Result<Vec<Voice>, Problem> {
    let Some(dialect) = said.dialect.map(canonical) else { return Ok(kind.voices.to_vec()) };
    let voices: Vec<Voice> = kind.voices.iter().filter(|voice| voice.dialect == dialect).copied().collect();
    if voices.is_empty() {
        let spoken = quoted(kind.voices.iter().map(|voice| voice.dialect.as_str()));
        let what = format!("a provider of kind `{}` does not speak `{}`", kind.name, dialect.as_str());
        return Err(name.problem(what).help(format!("it speaks {spoken}; leave out `kind` if this is another")));
    }
    Ok(voices)
}

/// The models that have a limit of their own.
fn max_in_flight_of(said: &schema::Provider) -> HashMap<String, usize> {
    let limits =
        said.models.0.iter().filter_map(|(name, offer)| Some((name.value.clone(), offer.max_in_flight?.into())));
    limits.collect()
}

/// The cloud's login that requests carry: the one said, else its kind's where there is no key.
fn login(said: &schema::Provider, kind: &Kind) -> Option<Login> {
    match said.auth.value {
        Auth::Aws => Some(Login::Aws),
        Auth::Google => Some(Login::Google),
        Auth::Entra => Some(Login::Entra),
        Auth::Key => kind.login.filter(|_| said.api_key.is_none() && said.api_keys.is_empty()),
        Auth::Passthrough | Auth::None => None,
    }
}

/// The canonical model's name for what the operator wrote: the words are the same.
fn canonical(said: schema::Dialect) -> Dialect {
    Dialect::from_name(said.as_str()).unwrap_or(Dialect::OpenAiChat)
}

fn speaks(kind: &Kind, dialect: Dialect) -> bool {
    kind.voices.iter().any(|voice| voice.dialect == dialect)
}

fn base_url(name: &Located<String>, said: &schema::Provider, kind: &Kind) -> Result<BaseUrl, Problem> {
    let (url, place) = match (&said.base_url, kind.base_url) {
        (Some(url), _) => (url.value.clone(), &url.place),
        (None, Some(url)) => (filled(url, name, said)?, &name.place),
        (None, None) => {
            let help = "say where it is, with the path before `/chat/completions`";
            return Err(name.problem("`base_url` is missing").help(help));
        }
    };
    BaseUrl::parse(&url).map_err(|(what, help)| Problem::new(place.clone(), what).help(help))
}

/// A base URL of the catalogue with what the operator says of it.
fn filled(url: &str, name: &Located<String>, said: &schema::Provider) -> Result<String, Problem> {
    let mut url = url.to_owned();
    for (word, value) in [("region", &said.region), ("project", &said.project)] {
        let place = format!("{{{word}}}");
        if !url.contains(&place) {
            continue;
        }
        let Some(value) = value else {
            let help = format!("say where it is: `{word}: ...`, or all of it with `base_url`");
            return Err(name.problem(format!("`{word}` is missing")).help(help));
        };
        // Vertex' global location has a host of its own.
        url = url.replace(
            &format!("{place}-aiplatform"),
            &if value == "global" { "aiplatform".to_owned() } else { format!("{value}-aiplatform") },
        );
        url = url.replace(&place, value);
    }
    Ok(url)
}

/// The configured keys as header values, bare and behind `Bearer `.
fn keys(
    name: &Located<String>,
    said: &schema::Provider,
    kind: &Kind,
    problems: &mut Vec<Problem>,
) -> Vec<(HeaderValue, HeaderValue)> {
    let secrets: Vec<&Located<Secret>> = said.api_key.iter().chain(&said.api_keys).collect();
    match (said.auth.value, &secrets[..]) {
        (Auth::Key, []) if !kind.env.is_empty() && kind.login.is_none() => {
            let help = format!("add `api_key: \"${{{}}}\"`, or `auth: passthrough` to send the client's", kind.env[0]);
            problems.push(name.problem(format!("`{}` needs a key", name.value)).help(help));
        }
        (auth, [secret, ..]) if auth != Auth::Key => {
            let what = format!("a key is given that `auth: {}` never sends", auth.as_str());
            problems.push(secret.problem(what).help("take out one of them"));
        }
        _ => {}
    }
    if let (Some(one), [_, ..]) = (&said.api_key, &said.api_keys[..]) {
        problems.push(one.problem("both `api_key` and `api_keys` are given").help("put all into `api_keys`"));
    }
    secrets.into_iter().filter_map(|secret| key(secret).map_err(|problem| problems.push(problem)).ok()).collect()
}

fn key(secret: &Located<Secret>) -> Result<(HeaderValue, HeaderValue), Problem> {
    let value = |text: String| {
        let value = HeaderValue::try_from(text);
        let mut value = value.map_err(|_| secret.problem("the key holds characters that no header can carry"))?;
        value.set_sensitive(true);
        Ok(value)
    };
    let text = secret.value.expose();
    Ok((value(text.to_owned())?, value(format!("Bearer {text}"))?))
}

fn headers(said: &schema::Provider, problems: &mut Vec<Problem>) -> Vec<(HeaderName, HeaderValue)> {
    let header = |(name, text): &(Located<String>, Option<_>)| {
        let ours = [HOST, CONTENT_LENGTH, TRANSFER_ENCODING, CONNECTION, UPGRADE, TE, TRAILER];
        let header = HeaderName::try_from(name.value.as_str())
            .map_err(|_| name.problem(format!("`{}` can not be the name of a header", name.value)))?;
        if ours.contains(&header) {
            return Err(name.problem(format!("`{header}` is set by the connection itself")).help("take it out"));
        }
        let Some(HeaderText(text)) = text else {
            return Err(name.problem("the header has no value").help("give it one, or take it out"));
        };
        let mut value = HeaderValue::try_from(text.expose())
            .map_err(|_| name.problem("the value holds characters that no header can carry"))?;
        value.set_sensitive(true);
        Ok((header, value))
    };
    said.headers.0.iter().filter_map(|entry| header(entry).map_err(|problem| problems.push(problem)).ok()).collect()
}

fn authorities(said: &schema::Provider, problems: &mut Vec<Problem>) -> Option<Authorities> {
    let ca = said.tls.ca.as_ref()?;
    let authorities = Authorities::from_pem(&ca.value.bytes);
    if authorities.is_none() {
        let what = format!("{} holds no certificates of authorities", ca.value.path.display());
        problems.push(ca.problem(what).help("name a PEM file with at least one"));
    }
    authorities
}

fn probe(said: &schema::Provider, kind: &Kind, base_path: &str, problems: &mut Vec<Problem>) -> Option<Probe> {
    let health = switched_on(&said.health)?;
    let path = match &health.path {
        None => probe_path(kind, base_path),
        Some(path) => {
            if !path.value.starts_with('/') || path.value.parse::<http::uri::PathAndQuery>().is_err() {
                problems.push(path.problem("not a path").help("write it from the root of the host: `/v1/models`"));
            }
            path.value.clone()
        }
    };
    Some(Probe {
        path,
        interval: health.interval.0,
        timeout: health.timeout.0,
        healthy_after: health.healthy_after.get() as usize,
        unhealthy_after: health.unhealthy_after.get() as usize,
    })
}
