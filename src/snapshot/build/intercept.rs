//! Whose TLS is ended here, and by which authority.

mod regions;

use std::path::PathBuf;

use super::base_url::BaseUrl;
use crate::config::forms::Switch;
use crate::config::schema::{self, NameConstraints, OnClientReject};
use crate::config::{Config, Problem};
use crate::provider::catalogue::{self, KINDS};
use crate::snapshot::Intercept;
use crate::trust::{Hosts, Pattern, Store};

/// Azure's hosts are the customers' own.
const AZURE: [&str; 2] = ["*.openai.azure.com", "*.services.ai.azure.com"];

/// What is meant by `intercept`; `None`: no TLS is ended.
pub fn decide(config: &Config, problems: &mut Vec<Problem>) -> Option<Intercept> {
    let (said, at_start) = match &config.intercept {
        Some(Switch::Off) => return None,
        Some(Switch::On(said)) => (said.clone(), true),
        // Connections are only led here for the sake of what is in them.
        None => (schema::Intercept::default(), config.listen.0.iter().any(|listener| listener.value.transparent)),
    };
    Some(Intercept {
        hosts: match &said.hosts {
            Some(_) => listed(&said, problems),
            None => configured(config).chain(known()).collect(),
        },
        store: store(&said.ca, problems),
        limited: said.name_constraints == NameConstraints::Hosts,
        at_start,
        tunnel_next_time: said.on_client_reject == OnClientReject::Tunnel,
    })
}

fn listed(said: &schema::Intercept, problems: &mut Vec<Problem>) -> Hosts {
    let patterns = said.hosts.iter().flatten().filter_map(|host| match Pattern::parse(&host.value) {
        Ok(pattern) => Some(pattern),
        Err(what) => {
            let help = "write `api.openai.com`, or `*.openai.azure.com` for every name below";
            problems.push(host.problem(format!("`{}`: {what}", host.value)).help(help));
            None
        }
    });
    patterns.collect()
}

/// The hosts of the providers that the file names. What is wrong with a URL is told elsewhere; an address has no name.
fn configured(config: &Config) -> impl Iterator<Item = Pattern> {
    config.providers.0.iter().filter_map(|(name, said)| {
        let kind = said.kind.as_ref().map_or(name.value.as_str(), |kind| kind.value.as_str());
        let known = catalogue::kind(kind).and_then(|kind| kind.base_url);
        let url = said.base_url.as_ref().map(|url| url.value.clone()).or_else(|| {
            let region = said.region.as_deref().unwrap_or_default();
            known.map(|url| url.replace("{region}", region).replace("{project}", "-"))
        });
        pattern(&url?)
    })
}

/// The hosts of every kind that is known.
fn known() -> impl Iterator<Item = Pattern> {
    let urls = KINDS.iter().filter_map(|kind| kind.base_url).flat_map(|url| {
        let regions = if url.contains("amazonaws") { regions::AWS } else { regions::GOOGLE };
        let regions = if url.contains("{region}") { regions } else { &[""] };
        regions.iter().map(move |region| url.replace("{region}", region).replace("{project}", "-"))
    });
    let others = AZURE.iter().chain(&[regions::GOOGLE_GLOBAL]).filter_map(|host| Pattern::parse(host).ok());
    urls.filter_map(|url| pattern(&url)).chain(others)
}

fn pattern(url: &str) -> Option<Pattern> {
    let url = BaseUrl::parse(url).ok().filter(|url| url.tls && url.host != "localhost")?;
    Pattern::parse(&url.host).ok()
}

fn store(said: &schema::Authority, problems: &mut Vec<Problem>) -> Option<Store> {
    let path = |file: &crate::config::forms::FilePath| -> PathBuf { file.0.clone() };
    match (&said.cert, &said.key) {
        (None, None) => None,
        (Some(cert), Some(key)) if cert.value == key.value => {
            let problem = key.problem("the certificate and the key are the same file");
            problems.push(problem.help("applications read the certificate, and must not read the key"));
            None
        }
        (Some(cert), Some(key)) => Some(Store::new(path(&cert.value), path(&key.value))),
        (Some(alone), None) => {
            problems.push(alone.problem("`key` is missing beside `cert`").help("give both, or none"));
            None
        }
        (None, Some(alone)) => {
            problems.push(alone.problem("`cert` is missing beside `key`").help("give both, or none"));
            None
        }
    }
}
