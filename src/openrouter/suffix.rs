//! What a model's name ends with that is no part of it.

use std::sync::Arc;

use super::OPENROUTER;
use crate::canonical::{Fault, FaultKind};
use crate::catalogue::{Facts, Price};
use crate::health::Registry;
use crate::money::Usd;
use crate::names::TargetId;
use crate::routing::wishes::Sort;
use crate::routing::{Model, Target, constraints};
use crate::snapshot::Snapshot;

/// How names of presets begin, behind a model's name or alone.
const PRESET: &str = "@preset/";

/// A wish behind a model's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Suffix {
    Nitro,
    Floor,
    Exacto,
    Free,
    Thinking,
    Online,
    Extended,
}

impl Suffix {
    const ALL: [Self; 7] =
        [Self::Nitro, Self::Floor, Self::Exacto, Self::Free, Self::Thinking, Self::Online, Self::Extended];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Nitro => ":nitro",
            Self::Floor => ":floor",
            Self::Exacto => ":exacto",
            Self::Free => ":free",
            Self::Thinking => ":thinking",
            Self::Online => ":online",
            Self::Extended => ":extended",
        }
    }

    pub(super) fn sort(self) -> Option<Sort> {
        match self {
            Self::Nitro => Some(Sort::Throughput),
            Self::Floor => Some(Sort::Price),
            Self::Exacto => Some(Sort::Exacto),
            Self::Free | Self::Thinking | Self::Online | Self::Extended => None,
        }
    }

    /// What else models are called belongs to the name.
    pub(super) fn of(name: &str) -> Option<(&str, Self)> {
        if !name.contains(':') {
            return None; // nearly all of them
        }
        Self::ALL.into_iter().find_map(|suffix| Some((name.strip_suffix(suffix.as_str())?, suffix)))
    }

    /// The same, but for what the configuration calls so. At a provider that is known only by its address, nobody knows
    /// what `:free` and the like mean: there they are part of the name.
    pub(super) fn meant<'n>(name: &'n str, snapshot: &Snapshot) -> Option<(&'n str, Self)> {
        let (model, suffix) = Self::of(name)?;
        let is_named = || snapshot.models.contains_key(name) || snapshot.offered.iter().any(|one| one.as_str() == name);
        let provider = name.split_once('/').and_then(|(provider, _)| snapshot.providers.get(provider));
        let own = suffix.sort().is_none() && suffix != Self::Online;
        let is_own = own && provider.is_some_and(|provider| provider.kind.name.ends_with("_compatible"));
        (!is_own && !is_named()).then_some((model, suffix))
    }

    /// Only OpenRouter can do it.
    pub(super) fn is_openrouters(self) -> bool {
        matches!(self, Self::Online | Self::Extended)
    }
}

/// Whether a model of this name is to think.
pub fn thinks(name: &str, snapshot: &Snapshot) -> bool {
    Suffix::meant(name, snapshot).is_some_and(|(_, suffix)| suffix == Suffix::Thinking)
}

/// A model's name, and the preset that it is to be used with, if there is one.
pub(super) fn preset<'n>(name: &'n str, snapshot: &Snapshot) -> Option<(&'n str, &'n str)> {
    let at = name.find(PRESET).filter(|_| !snapshot.models.contains_key(name))?;
    Some(name.split_at(at))
}

/// The provider that keeps presets.
pub(super) fn openrouter(snapshot: &Snapshot) -> Option<&str> {
    let mut all = snapshot.providers.iter();
    all.find(|(_, provider)| provider.kind.name == OPENROUTER).map(|(id, _)| id.as_str())
}

/// Nobody here knows what a preset says.
pub fn no_preset(name: &str) -> Fault {
    let message = format!(
        "`preset`: presets are kept at OpenRouter, and none of the model's providers is OpenRouter; configure a model with \
         the name `{PRESET}{}` instead",
        name.strip_prefix(PRESET).unwrap_or(name)
    );
    Fault::new(FaultKind::BadRequest, message)
}

/// OpenRouter itself, where it is one of the targets, is told the suffix.
pub(super) fn passed_on(model: Arc<Model>, suffix: &str, registry: &Registry) -> Arc<Model> {
    if !model.groups.iter().flatten().any(is_openrouter) {
        return model;
    }
    let mut groups = model.groups.clone();
    for target in groups.iter_mut().flatten().filter(|target| is_openrouter(target)) {
        target.model = format!("{}{suffix}", target.model).into();
        target.id = TargetId::new(&target.provider.id, &target.model);
        target.health = registry.dynamic_target(&target.id);
        if suffix == Suffix::Free.as_str() {
            let nothing = Some(Usd::ZERO);
            let price = Price { input: nothing, output: nothing, ..Price::default() };
            target.facts = Arc::new(Facts { price: Some(price), ..(*target.facts).clone() });
        }
    }
    Arc::new(Model { name: model.name.clone(), groups, policy: model.policy.clone() })
}

/// Only those of its targets that `keep`; `None`: there are none.
pub fn only(model: &Arc<Model>, keep: impl Fn(&Target) -> bool) -> Option<Arc<Model>> {
    if model.groups.iter().flatten().all(&keep) {
        return Some(model.clone());
    }
    let mut groups = model.groups.clone();
    groups.iter_mut().for_each(|group| group.retain(&keep));
    groups.retain(|group| !group.is_empty());
    let model = Model { name: model.name.clone(), groups, policy: model.policy.clone() };
    (!model.groups.is_empty()).then(|| Arc::new(model))
}

/// Only those of its targets that are known to cost nothing.
pub(super) fn free(model: &Arc<Model>) -> Result<Arc<Model>, Fault> {
    let why = |target: &Target| constraints::unless_free(&target.facts);
    only(model, |target| why(target).is_none()).ok_or_else(|| {
        let all: Vec<_> = model.groups.iter().flatten().filter_map(|target| Some((target, why(target)?))).collect();
        constraints::nobody(model.name.as_str(), all.iter().map(|(target, why)| (*target, why)))
    })
}

/// It is OpenRouter.
pub fn is_openrouter(target: &Target) -> bool {
    target.provider.kind.name == OPENROUTER
}
