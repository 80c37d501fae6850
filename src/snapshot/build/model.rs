//! A model, decided: its targets in priority groups, and how it is tried.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use super::choice;
use super::recovery::{self, Said};
use crate::catalogue::Catalogue;
use crate::config::Config;
use crate::config::Problem;
use crate::config::forms;
use crate::config::nearest::{nearest, quoted};
use crate::config::schema::{self, RetryOn as On, Timeouts};
use crate::config::setting::{Located, Named};
use crate::config::units::Period;
use crate::health::Registry;
use crate::names::{ProviderId, TargetId};
use crate::provider::Provider;
use crate::routing::{Choice, Model, Policy, RetryOn, Target};

/// Enough for a target, its equal and a fallback; more would only keep a client waiting in a general outage.
const TRIES: u32 = 3;
/// What people wait for rather than take a lesser model.
const PATIENCE: Duration = Duration::from_secs(3);
/// A healthy provider connects in a fraction of it, from anywhere.
const CONNECT: Duration = Duration::from_secs(2);
/// Reasoning models think before they speak, and so do queues.
const FIRST_TOKEN: Duration = Duration::from_secs(30);

/// A model may think and write for minutes before an answer that is not streamed is there. Half of the time that the
/// whole call may take by default, so that another try still fits.
const WHOLE_REPLY: Duration = Duration::from_secs(300);
/// Between two tokens there may be a tool call of the provider's own.
const IDLE: Duration = Duration::from_secs(60);
/// What OpenAI's own clients wait for.
const TOTAL: Duration = Duration::from_secs(600);

/// Adds everything that is wrong with a model to `problems`.
pub fn check(
    name: &Located<String>,
    said: &schema::Model,
    providers: &Named<schema::Provider>,
    problems: &mut Vec<Problem>,
) {
    if said.targets.is_empty() {
        let help = "name who answers: `targets: [provider/model]`";
        problems.push(name.problem(format!("`{}` has no targets", name.value)).help(help));
    }
    if said.fallbacks.iter().any(|group| group.0.is_empty()) {
        problems.push(name.problem("an empty list stands among the fallbacks").help("take it out"));
    }
    for group in groups(said) {
        check_weights(group, problems);
        for (index, target) in group.iter().enumerate() {
            check_provider(&target.name, providers, problems);
            if group[..index].iter().any(|before| before.name == target.name) {
                let what = format!("`{}` stands in this list twice", id(target));
                problems.push(target.name.problem(what).help("keep one, with the weight of both"));
            }
        }
    }
}

fn check_weights(group: &[forms::Target], problems: &mut Vec<Problem>) {
    if let Some(first) = group.first().filter(|_| group.iter().all(|target| target.weight == 0)) {
        let what = "every weight in this list is 0: none of it would be asked";
        problems.push(first.name.problem(what).help("give at least one a weight above 0"));
    }
}

fn check_provider(
    target: &Located<forms::TargetName>,
    providers: &Named<schema::Provider>,
    problems: &mut Vec<Problem>,
) {
    let wanted = &target.value.provider;
    if providers.names().all(|name| name != wanted) {
        let help = match nearest(wanted, providers.names(), 1).first() {
            Some(near) => format!("did you mean `{near}/{}`?", target.value.model),
            None => format!("configured providers: {}", quoted(providers.names())),
        };
        problems.push(target.problem(format!("no provider `{wanted}` is configured")).help(help));
    }
}

/// The model, whose targets are known to exist.
pub fn open(
    name: &str,
    said: &schema::Model,
    config: &Config,
    catalogue: &Catalogue,
    providers: &BTreeMap<ProviderId, Arc<Provider>>,
    registry: &Registry,
) -> Model {
    let target = |target: &forms::Target| {
        let id = id(target);
        let provider = providers.get(target.name.value.provider.as_str())?;
        let of_provider = provider.max_in_flight_of.get(&target.name.value.model).copied();
        Some(Target {
            provider: provider.clone(),
            max_in_flight: target.max_in_flight.map(usize::from).into_iter().chain(of_provider).min(),
            model: target.name.value.model.as_str().into(),
            weight: target.weight,
            alternative: 0,
            health: registry.target(&id),
            facts: provider.facts(&target.name.value.model),
            id,
        })
    };
    let groups = groups(said).map(|group| group.iter().filter_map(target).collect());
    Model {
        name: name.into(),
        groups: groups.collect(),
        policy: policy(said.into(), choice::of_model(said, &config.defaults, catalogue), config),
    }
}

/// What a model says, else what the defaults say, else what a careful operator would.
pub fn policy(said: Said<'_>, choice: Choice, config: &Config) -> Policy {
    let default = Said::from(&config.defaults);
    let time_said = |what: fn(&Timeouts) -> Option<Period>| what(said.timeouts).or(what(default.timeouts));
    let time = |what, otherwise| time_said(what).map_or(otherwise, |period| period.0);
    Policy {
        tries: said.retry.tries.or(default.retry.tries).map_or(TRIES, NonZeroU32::get),
        patience: said.retry.patience.or(default.retry.patience).unwrap_or(PATIENCE),
        retry_on: retry_on(said.retry.on.as_deref().or(default.retry.on.as_deref())),
        first_token: time(|t| t.first_token, FIRST_TOKEN),
        whole_reply: time(|t| t.first_token, WHOLE_REPLY),
        idle: time(|t| t.idle, IDLE),
        total: time(|t| t.total, TOTAL),
        strict: said.strict.or(default.strict).unwrap_or(false),
        first_token_fixed: time_said(|t| t.first_token).is_some(),
        recover: recovery::recover(said, default),
        hold: recovery::hold(said, default),
        hedge: recovery::hedge(said, default),
        keep_alive: recovery::keep_alive(said, default),
        choice: Arc::new(choice),
    }
}

fn retry_on(said: Option<&[On]>) -> RetryOn {
    let on = |what| said.is_none_or(|said| said.contains(&what));
    RetryOn {
        connect: on(On::Connect),
        timeout: on(On::Timeout),
        server_error: on(On::ServerError),
        rate_limited: on(On::RateLimited),
        stream: on(On::Stream),
        content_filter: said.is_some_and(|said| said.contains(&On::ContentFilter)),
    }
}

/// Time to connect to a provider: its own word, else the shortest of the models that use it, else the default.
pub fn connect_timeout(config: &Config, name: &str, said: &schema::Provider) -> Duration {
    let uses = |model: &schema::Model| groups(model).flatten().any(|target| target.name.value.provider == name);
    let of_models = config.models.0.iter().filter(|(_, model)| uses(model)).filter_map(|(_, m)| m.timeouts.connect);
    let connect = said.connect_timeout.or(of_models.min()).or(config.defaults.timeouts.connect);
    connect.map_or(CONNECT, |period| period.0)
}

/// The targets, then each fallback, in the order in which they are asked.
pub fn groups(said: &schema::Model) -> impl Iterator<Item = &[forms::Target]> {
    std::iter::once(&said.targets[..]).chain(said.fallbacks.iter().map(|group| &group.0[..]))
}

/// The target's name.
pub fn id(target: &forms::Target) -> TargetId {
    let forms::TargetName { provider, model } = &target.name.value;
    TargetId::new(&provider.as_str().into(), model)
}
