//! What we will do: the configuration, decided.
//!
//! A call loads one [`Snapshot`] and keeps it to its end, so a reload never changes a call in flight. What is learned
//! while running lives outside, in [`crate::health::Registry`], under names that survive every reload.

pub mod build;
mod choose;
mod environment;
mod find;
mod intercept;
pub mod kept;
mod latest;
mod origins;
pub mod reload;
mod said;
mod served;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::catalogue::Catalogue;
use crate::health::gate::Line;
use crate::ledger::{Callers, Rules};
use crate::names::{CallerName, ModelName, ProviderId, TargetId};
use crate::provider::Provider;
use crate::routing::constraints::Terms;
use crate::routing::routes::Routes;
use crate::routing::{Model, Policy, Target};

pub use build::{build, load};
pub use environment::from_environment;
pub use intercept::Intercept;
pub use origins::{Origins, Place};
pub use served::Asked;

/// Everything that calls are served by.
#[derive(Debug)]
pub struct Snapshot {
    /// The models that the file names, by the name that clients ask for.
    pub models: HashMap<ModelName, Arc<Model>>,
    /// The configured providers. `provider/model` is served by these without being named in the file.
    pub providers: BTreeMap<ProviderId, Arc<Provider>>,
    /// Who gets what is not a model call: the first provider of the file.
    pub default_provider: Option<Arc<Provider>>,
    /// Who gets a model without a provider's name before it: the only provider, where no models are configured.
    pub bare_provider: Option<Arc<Provider>>,
    /// What is known of models.
    pub catalogue: Arc<Catalogue>,
    /// Who has which of its models.
    pub asked: Asked,
    /// Where intercepted calls were going.
    pub origins: Origins,
    /// Each `provider/model` that the configuration mentions, in order: what lists and hints can name.
    pub offered: Vec<TargetId>,
    /// Who asks.
    pub callers: Callers,
    /// What has to hold of whoever answers a caller, where anything has to.
    pub terms_of_callers: HashMap<CallerName, Arc<Terms>>,
    /// The tasks that models have scores for.
    pub tasks: BTreeSet<String>,
    /// How much may be used.
    pub rules: Rules,
    /// Which calls go where, whatever model they name.
    pub routes: Routes,
    /// One of them needs to know what is within a call.
    pub routes_look_inside: bool,
    /// What a model does not say itself.
    pub defaults: Policy,
    /// At most so many calls at a time in this process.
    pub max_in_flight: Option<usize>,
    /// How many calls may wait for room, and how long.
    pub queue: Line,
    /// Bodies over this are refused.
    pub body_limit: usize,
    /// Whose TLS is ended here; `None`: nobody's.
    pub intercept: Option<Intercept>,
    /// Pages that may call, as `Origin` spells them.
    pub allow_origins: Vec<String>,
    /// The configuration with every secret replaced, as the operator's door shows it.
    pub redacted: serde_json::Value,
}

impl Snapshot {
    /// The targets that the file names.
    pub fn targets(&self) -> impl Iterator<Item = &Target> {
        self.models.values().flat_map(|model| model.groups.iter().flatten())
    }
}
