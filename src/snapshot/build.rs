//! Decides what is meant by what was said.
//!
//! In two steps: first everything is checked and every problem is collected, touching nothing; only a configuration
//! without problems takes its health handles and opens endpoints, so that a bad reload leaves no trace.

mod allowances;
mod base_url;
mod callers;
mod choice;
mod circles;
mod ending;
mod intercept;
mod known;
mod model;
mod provider;
mod quality;
mod recovery;
mod routes;
mod terms;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use super::{Asked, Intercept, Origins, Snapshot};
use crate::catalogue::Catalogue;
use crate::config::forms::Switch;
use crate::config::{Config, Environment, Loaded, Place, Problem, Problems, Setting};
use crate::health::Registry;
use crate::health::gate::Line;
use crate::names::{ProviderId, TargetId};
use crate::provider::Provider;
use crate::routing::routes::{Route, Routes};

/// Reads the file at `path` and decides, or tells every problem of both. Starting, reloading and checking are this.
pub fn load(
    path: &Path,
    env: &dyn Environment,
    registry: &Registry,
    previous: Option<&Snapshot>,
) -> Result<(Snapshot, Loaded), Problems> {
    let (mut loaded, mut problems) = crate::config::read(path, env)?;
    let (decided, mut conclusions) = decide(&loaded.config);
    for conclusion in &mut conclusions {
        if conclusion.place.file.is_empty() {
            conclusion.place.file = path.to_string_lossy().as_ref().into();
        }
    }
    problems.conclude(conclusions);
    problems.or(())?;
    let snapshot = assemble(&loaded.config, decided, registry, previous);
    loaded.warnings.extend(ending::warnings(&loaded.config, &snapshot.providers, SystemTime::now()));
    loaded.warnings.extend(terms::warnings(&loaded.config, &snapshot));
    Ok((snapshot, loaded))
}

/// Decides on a configuration that was read without problems. What `previous` has in common with it is kept:
/// connections, addresses, and what probes have learned.
pub fn build(config: &Config, registry: &Registry, previous: Option<&Snapshot>) -> Result<Snapshot, Problems> {
    let (decided, problems) = decide(config);
    Problems(problems).or(())?;
    Ok(assemble(config, decided, registry, previous))
}

/// Calls are led here, which go on to where they were going when nothing is said about them.
fn intercepts(config: &Config) -> bool {
    matches!(config.intercept, Some(Switch::On(_))) || config.listen.0.iter().any(|door| door.value.transparent)
}

/// What is known of models and the providers as they will be, and everything that is wrong with the configuration.
fn decide(config: &Config) -> ((Arc<Catalogue>, Vec<provider::Decided>), Vec<Problem>) {
    let mut problems = Vec::new();
    let catalogue = Arc::new(known::catalogue(config, &mut problems));
    if config.providers.0.is_empty() && !intercepts(config) {
        let help = "add one: `providers: {openai: {api_key: \"${OPENAI_API_KEY}\"}}`";
        problems.push(Problem::new(Place::default(), "no provider is configured").help(help));
    }
    let providers = config.providers.0.iter().filter_map(|(name, said)| {
        let connect_timeout = model::connect_timeout(config, &name.value, said);
        provider::decide(name, said, connect_timeout, &mut problems)
    });
    let providers = providers.collect();
    for (name, said) in &config.models.0 {
        model::check(name, said, &config.providers, &mut problems);
    }
    for route in &config.routes {
        routes::check(route, config, &mut problems);
    }
    callers::decide(config, &mut problems);
    terms::check(config, &catalogue, &mut problems);
    allowances::check(config, &mut problems);
    circles::check(config, &mut problems);
    check_listeners(config, &mut problems);
    intercept::decide(config, &mut problems);
    ((catalogue, providers), problems)
}

/// Two listeners on one port would only be told apart by who starts first.
fn check_listeners(config: &Config, problems: &mut Vec<Problem>) {
    let mut taken = BTreeSet::from([config.admin.address.0]);
    for listener in &config.listen.0 {
        let address = listener.value.address;
        if address.port() != 0 && !taken.insert(address) {
            let what = format!("{address} is listened at twice, by `listen` or by `admin`");
            problems.push(listener.problem(what).help("give each its own port"));
        }
    }
}

fn assemble(
    config: &Config,
    (catalogue, decided): (Arc<Catalogue>, Vec<provider::Decided>),
    registry: &Registry,
    previous: Option<&Snapshot>,
) -> Snapshot {
    let first = config.providers.names().next().map(ProviderId::from);
    let providers = decided.into_iter().map(|provider| {
        let before = previous.and_then(|snapshot| snapshot.providers.get(&provider.id));
        let provider = Arc::new(provider.open(&catalogue, registry, before.map(|provider| &**provider)));
        (provider.id.clone(), provider)
    });
    let providers: BTreeMap<ProviderId, Arc<Provider>> = providers.collect();
    let default_provider = first.and_then(|id| providers.get(&id).cloned());
    let alone = config.models.0.is_empty() && providers.len() == 1;
    let models = config.models.0.iter().map(|(name, said)| {
        let model = model::open(&name.value, said, config, &catalogue, &providers, registry);
        (model.name.clone(), Arc::new(model))
    });
    let routes: Routes = config
        .routes
        .iter()
        .enumerate()
        .filter_map(|(index, said)| routes::open(index, &said.value, &catalogue))
        .collect();
    Snapshot {
        models: models.collect(),
        bare_provider: default_provider.clone().filter(|_| alone),
        default_provider,
        offered: offered(config),
        catalogue: catalogue.clone(),
        asked: Asked::default(),
        origins: Origins::default(),
        rules: allowances::open(config, previous.map(|snapshot| &snapshot.rules)),
        callers: callers::decide(config, &mut Vec::new()),
        terms_of_callers: terms::of_callers(config, &catalogue),
        tasks: quality::tasks(config).map(str::to_owned).collect(),
        routes_look_inside: routes.iter().any(Route::looks_inside),
        routes,
        defaults: model::policy((&config.defaults).into(), choice::of_defaults(&config.defaults, &catalogue), config),
        max_in_flight: config.max_in_flight.map(usize::from),
        queue: Line { size: config.queue.size as usize, wait: config.queue.wait },
        body_limit: config.body_limit.0,
        allow_origins: config.allow_origins.iter().map(|origin| origin.0.clone()).collect(),
        intercept: intercept::decide(config, &mut Vec::new()),
        redacted: config.show(),
        providers,
    }
}

/// What is meant by `intercept`, of a configuration that may have other problems.
pub fn intercept(config: &Config) -> Option<Intercept> {
    intercept::decide(config, &mut Vec::new())
}

pub use terms::meant;

/// Each `provider/model` that is mentioned, as a target or as offered.
fn offered(config: &Config) -> Vec<TargetId> {
    let targets = config.models.0.iter().flat_map(|(_, said)| model::groups(said).flatten());
    let targets = targets.map(model::id);
    let offers = config.providers.0.iter().flat_map(|(provider, said)| {
        let provider = ProviderId::from(provider.value.as_str());
        said.models.names().map(move |model| TargetId::new(&provider, model)).collect::<Vec<_>>()
    });
    targets.chain(offers).collect::<BTreeSet<_>>().into_iter().collect()
}

/// Providers are probed unless that is switched off.
fn switched_on<T>(switch: &Switch<T>) -> Option<&T> {
    match switch {
        Switch::Off => None,
        Switch::On(settings) => Some(settings),
    }
}

#[cfg(test)]
mod tests;
