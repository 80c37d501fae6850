//! Where intercepted calls were going, as providers: the client's own credentials, and everything as the client wrote it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::Snapshot;
use crate::canonical::Dialect;
use crate::catalogue::Known;
use crate::health::Registry;
use crate::names::ProviderId;
use crate::provider::catalogue::{at_host, compatible};
use crate::provider::{Kind, Provider};
use crate::recent::Recent;
use crate::upstream::Endpoint;
use crate::upstream::endpoint::Spec;

/// More hosts than an application calls; beyond them, one is forgotten that nobody calls. A list with a `*` has no end.
const MOST: usize = 256;

/// Time to connect to a host of which the operator said nothing.
const CONNECT: Duration = Duration::from_secs(2);

/// Those that were called so far.
#[derive(Debug)]
pub struct Origins(Mutex<Recent<Place, Arc<Provider>>>);

impl Default for Origins {
    fn default() -> Self {
        Self(Mutex::new(Recent::new(MOST)))
    }
}

/// A host that a call was going to, and how it speaks there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The host, in lower case.
    pub host: String,
    /// The port.
    pub port: u16,
    /// With TLS.
    pub tls: bool,
    /// The client's dialect, which the host speaks too: it was asked in it.
    pub dialect: Dialect,
}

impl Snapshot {
    /// The provider at `place`, which is reached at `addresses`.
    pub async fn origin(&self, place: Place, addresses: &[SocketAddr], registry: &Registry) -> Arc<Provider> {
        let provider = {
            let mut known = self.origins.0.lock().unwrap_or_else(PoisonError::into_inner);
            let found = known.get(&place).cloned();
            found.unwrap_or_else(|| {
                let provider = Arc::new(self.provider_at(&place, registry));
                known.insert(place, provider.clone());
                provider
            })
        };
        provider.endpoint.place(addresses).await;
        provider
    }

    fn provider_at(&self, place: &Place, registry: &Registry) -> Provider {
        let at_place = |provider: &&Arc<Provider>| {
            let spec = provider.endpoint.spec();
            (spec.host.eq_ignore_ascii_case(&place.host), spec.port, spec.tls) == (true, place.port, place.tls)
        };
        let configured = self.providers.values().find(at_place);
        let kind = configured.map(|provider| provider.kind).or_else(|| at_host(&place.host));
        let speaks = |kind: &Kind| kind.voices.iter().any(|voice| voice.dialect == place.dialect);
        let spoken = kind.filter(|kind| speaks(kind)).unwrap_or_else(|| compatible(place.dialect));
        let id = match configured {
            Some(provider) => provider.id.clone(),
            None => self.id_of(kind, &place.host),
        };
        let spec = configured.map(|provider| provider.endpoint.spec());
        let endpoint = Endpoint::placed(Spec {
            tls: place.tls,
            host: place.host.clone(),
            port: place.port,
            connect_timeout: spec.map_or(CONNECT, |spec| spec.connect_timeout),
            ca: spec.and_then(|spec| spec.ca.clone()),
            insecure: spec.is_some_and(|spec| spec.insecure),
            max_connections: None,
            probe: None,
        });
        Provider {
            kind: spoken,
            endpoint,
            voices: spoken.voices.to_vec(),
            base_path: String::new(),
            api_version: None,
            keys: Vec::new(),
            limited: configured.map(|provider| provider.limited.clone()).unwrap_or_default(),
            known: configured.map_or_else(
                || Arc::new(Known::of_kind(self.catalogue.clone(), spoken.name)),
                |provider| provider.known.clone(),
            ),
            signer: None,
            passthrough: true,
            origin: true,
            headers: Vec::new(),
            // Of hosts that no file names there is no end: what is kept of them is kept here.
            retry_budget: configured.map_or_else(Arc::default, |_| registry.retry_budget(&id)),
            hedge_budget: configured.map_or_else(Arc::default, |_| registry.hedge_budget(&id)),
            max_in_flight: configured.and_then(|provider| provider.max_in_flight),
            gate: configured.map_or_else(Arc::default, |_| registry.provider_gate(&id)),
            max_in_flight_of: configured.map(|provider| provider.max_in_flight_of.clone()).unwrap_or_default(),
            id,
        }
    }

    /// The catalogue's name, where that means one host and the operator has given it to none; else the host's.
    fn id_of(&self, kind: Option<&Kind>, host: &str) -> ProviderId {
        let one_host = |kind: &&Kind| kind.base_url.is_some_and(|url| !url.contains('{'));
        let free = |kind: &&Kind| !self.providers.contains_key(kind.name);
        kind.filter(one_host).filter(free).map_or(host, |kind| kind.name).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Fake, parse};
    use crate::snapshot::build;

    const FILE: &str = "
providers:
  ours: {kind: openai, auth: passthrough, tls: {insecure: true}, max_in_flight: 7}
  gemini: {dialect: openai_chat, base_url: 'http://elsewhere'}
";

    async fn found(host: &str, dialect: Dialect) -> Arc<Provider> {
        let registry = Registry::new();
        let config = parse(FILE, "o.yaml", &Fake::default()).unwrap().config;
        let snapshot = build(&config, &registry, None).unwrap();
        let place = Place { host: host.into(), port: 443, tls: true, dialect };
        let provider = snapshot.origin(place.clone(), &["192.0.2.1:443".parse().unwrap()], &registry).await;
        assert!(Arc::ptr_eq(&provider, &snapshot.origin(place, &[], &registry).await), "made once");
        assert!(provider.origin && provider.passthrough && provider.keys.is_empty());
        assert!(provider.voices.iter().any(|voice| voice.dialect == dialect), "{host} speaks it");
        assert_eq!(provider.endpoint.authority(), host);
        assert_eq!(provider.endpoint.addresses(), 1);
        provider
    }

    #[tokio::test]
    async fn a_host_has_one_name_of_its_own() {
        for (host, dialect, expected) in [
            ("api.openai.com", Dialect::OpenAiChat, "ours"),
            ("api.anthropic.com", Dialect::Anthropic, "anthropic"),
            ("api.anthropic.com", Dialect::OpenAiChat, "anthropic"),
            ("generativelanguage.googleapis.com", Dialect::Gemini, "generativelanguage.googleapis.com"),
            ("a.openai.azure.com", Dialect::OpenAiResponses, "a.openai.azure.com"),
            ("bedrock-runtime.eu-west-1.amazonaws.com", Dialect::Bedrock, "bedrock-runtime.eu-west-1.amazonaws.com"),
            ("llm.internal", Dialect::Cohere, "llm.internal"),
        ] {
            assert_eq!(found(host, dialect).await.id.as_str(), expected, "{host}");
        }
    }

    #[tokio::test]
    async fn what_the_operator_says_of_a_host_holds() {
        let provider = found("api.openai.com", Dialect::OpenAiChat).await;
        assert!(provider.endpoint.spec().insecure);
        assert_eq!(provider.max_in_flight, Some(7));
    }
}
