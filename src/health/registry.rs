//! Where health is kept between calls and over reloads, by name.
//!
//! Two sorts of targets: those that the configuration names stay for as long as it does; those that clients make up by
//! asking for `provider/anything` are remembered while they are in use, and only so many of them.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::{Arc, Mutex};

use super::gate::Gate;
use super::{Affinity, HedgeBudget, KeyHealth, RetryBudget, TargetHealth, lock};
use crate::names::{KeyId, ProviderId, TargetId};

/// More models than any provider has, in less than a mebibyte.
const DYNAMIC_TARGETS: usize = 1_000;

/// All that was learned.
#[derive(Debug, Default)]
pub struct Registry {
    targets: Mutex<Targets>,
    keys: Mutex<HashMap<KeyId, Arc<KeyHealth>>>,
    retry_budgets: Mutex<HashMap<ProviderId, Arc<RetryBudget>>>,
    hedge_budgets: Mutex<HashMap<ProviderId, Arc<HedgeBudget>>>,
    gates: Mutex<HashMap<ProviderId, Arc<Gate>>>,
    gate: Arc<Gate>,
    affinity: Affinity,
    made: Affinity,
}

#[derive(Clone, Debug, Default)]
struct Targets {
    configured: HashMap<TargetId, Arc<TargetHealth>>,
    dynamic: HashMap<TargetId, Dynamic>,
    /// No longer named, but calls that began before go on.
    leaving: Vec<Arc<TargetHealth>>,
    /// Counts uses of dynamic targets: which of two was used later, without a clock.
    uses: u64,
}

#[derive(Clone, Debug)]
struct Dynamic {
    health: Arc<TargetHealth>,
    last_use: u64,
}

impl Registry {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same targets, for whoever only looks: names that are asked for there are not remembered here.
    pub fn aside(&self) -> Self {
        Self { targets: Mutex::new(lock(&self.targets).clone()), gate: self.gate.clone(), ..Self::default() }
    }

    /// The health of a target that the configuration names.
    pub fn target(&self, id: &TargetId) -> Arc<TargetHealth> {
        let mut targets = lock(&self.targets);
        let dynamic = targets.dynamic.remove(id).map(|dynamic| dynamic.health);
        let learned_before = dynamic.or_else(|| targets.stay(id));
        entry(&mut targets.configured, id, || learned_before.unwrap_or_else(|| new_target(id)))
    }

    /// The health of a target that a client has named. Where too many names are in use, it is not remembered.
    pub fn dynamic_target(&self, id: &TargetId) -> Arc<TargetHealth> {
        lock(&self.targets).dynamic_target(id)
    }

    /// Forgets what a new configuration has no place for: all named targets but `configured`, and those made up by
    /// clients at providers that it does not `have`. A target whose calls go on is forgotten when they have ended.
    pub fn keep(&self, configured: &HashSet<&TargetId>, have: impl Fn(&str) -> bool) {
        let targets = &mut *lock(&self.targets);
        let named = targets.configured.extract_if(|id, _| !configured.contains(id)).map(|(_, health)| health);
        let made_up = targets.dynamic.extract_if(|id, _| !have(id.provider())).map(|(_, dynamic)| dynamic.health);
        targets.leaving.extend(named.chain(made_up));
        targets.leave();
    }

    /// The health of a credential.
    pub fn key(&self, id: &KeyId) -> Arc<KeyHealth> {
        entry(&mut lock(&self.keys), id, || Arc::new(KeyHealth::new(id.clone())))
    }

    /// The hedge budget of a provider.
    pub fn hedge_budget(&self, id: &ProviderId) -> Arc<HedgeBudget> {
        entry(&mut lock(&self.hedge_budgets), id, Arc::default)
    }

    /// The retry budget of a provider.
    pub fn retry_budget(&self, id: &ProviderId) -> Arc<RetryBudget> {
        entry(&mut lock(&self.retry_budgets), id, Arc::default)
    }

    /// Where the calls to a provider are limited.
    pub fn provider_gate(&self, id: &ProviderId) -> Arc<Gate> {
        entry(&mut lock(&self.gates), id, Arc::default)
    }

    /// Where the calls of this process are limited.
    pub fn gate(&self) -> &Arc<Gate> {
        &self.gate
    }

    /// Where conversations were last.
    pub fn affinity(&self) -> &Affinity {
        &self.affinity
    }

    /// Who made what clients bring along.
    pub fn made(&self) -> &Affinity {
        &self.made
    }

    /// Every target that is remembered, by name.
    pub fn targets(&self) -> Vec<Arc<TargetHealth>> {
        let mut targets = lock(&self.targets);
        targets.leave();
        let dynamic = targets.dynamic.values().map(|dynamic| &dynamic.health);
        let mut all: Vec<_> = targets.configured.values().chain(dynamic).chain(&targets.leaving).cloned().collect();
        drop(targets);
        all.sort_unstable_by(|a, b| a.id().cmp(b.id()));
        all
    }
}

impl Targets {
    fn dynamic_target(&mut self, id: &TargetId) -> Arc<TargetHealth> {
        if let Some(health) = self.configured.get(id) {
            return health.clone();
        }
        self.uses += 1;
        let last_use = self.uses;
        if let Some(dynamic) = self.dynamic.get_mut(id) {
            dynamic.last_use = last_use;
            return dynamic.health.clone();
        }
        let health = self.stay(id).unwrap_or_else(|| new_target(id));
        if self.dynamic.len() < DYNAMIC_TARGETS || self.forget_one() {
            self.dynamic.insert(id.clone(), Dynamic { health: health.clone(), last_use });
        }
        health
    }

    /// Those whose last call has ended are forgotten.
    fn leave(&mut self) {
        self.leaving.retain(|health| health.in_flight() > 0);
    }

    /// One that was leaving is named again.
    fn stay(&mut self, id: &TargetId) -> Option<Arc<TargetHealth>> {
        let index = self.leaving.iter().position(|health| health.id() == id)?;
        Some(self.leaving.swap_remove(index))
    }

    /// Forgets the idle target whose last use is longest ago. `false`: none is idle. A walk over them all, which
    /// only a client that makes up a thousand names brings about.
    fn forget_one(&mut self) -> bool {
        let idle = self.dynamic.iter().filter(|(_, dynamic)| dynamic.health.in_flight() == 0);
        let Some(oldest) = idle.min_by_key(|(_, dynamic)| dynamic.last_use).map(|(id, _)| id.clone()) else {
            return false;
        };
        self.dynamic.remove(&oldest).is_some()
    }
}

fn new_target(id: &TargetId) -> Arc<TargetHealth> {
    Arc::new(TargetHealth::new(id.clone()))
}

fn entry<K: Clone + Eq + Hash, V>(map: &mut HashMap<K, Arc<V>>, id: &K, new: impl FnOnce() -> Arc<V>) -> Arc<V> {
    map.entry(id.clone()).or_insert_with(new).clone()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    fn id(number: usize) -> TargetId {
        format!("openai/made-up-{number:04}").into()
    }

    #[test]
    fn a_name_is_one_thing() {
        let registry = Registry::new();
        assert!(Arc::ptr_eq(&registry.target(&id(1)), &registry.target(&id(1))));
        assert!(Arc::ptr_eq(&registry.target(&id(1)), &registry.dynamic_target(&id(1))));
        assert!(Arc::ptr_eq(&registry.key(&"a#1".into()), &registry.key(&"a#1".into())));
        assert!(Arc::ptr_eq(&registry.retry_budget(&"a".into()), &registry.retry_budget(&"a".into())));
        let learned = registry.dynamic_target(&id(2));
        assert!(Arc::ptr_eq(&learned, &registry.target(&id(2))), "what was learned outlives being configured");
        let names: Vec<_> = registry.targets().iter().map(|target| target.id().clone()).collect();
        assert_eq!(names, [id(1), id(2)]);
    }

    #[test]
    fn what_is_no_longer_named_is_forgotten_once_its_calls_have_ended() {
        let registry = Registry::new();
        let names = || registry.targets().iter().map(|target| target.id().to_string()).collect::<Vec<_>>();
        let (a, b, c) = (TargetId::from("a/m"), TargetId::from("b/m"), TargetId::from("c/m"));
        let (kept, busy, _) = (registry.target(&a), registry.target(&b), registry.target(&c));
        for made_up in ["a/other", "b/other"] {
            registry.dynamic_target(&made_up.into());
        }
        let (call, another) = (busy.start(Instant::now()), busy.start(Instant::now()));
        let keep = || registry.keep(&[&a].into(), |provider| provider == "a");
        keep();
        assert_eq!(names(), ["a/m", "a/other", "b/m"]);
        assert!(Arc::ptr_eq(&kept, &registry.target(&a)));
        drop(call);
        assert!(Arc::ptr_eq(&busy, &registry.target(&b)), "named again, it is the same");
        keep();
        assert_eq!(names(), ["a/m", "a/other", "b/m"]);
        drop(another);
        assert_eq!(names(), ["a/m", "a/other"]);
        assert!(!Arc::ptr_eq(&busy, &registry.target(&b)), "forgotten");
    }

    #[test]
    fn who_only_looks_leaves_no_trace() {
        let registry = Registry::new();
        let (named, made_up) = (registry.target(&id(1)), registry.dynamic_target(&id(2)));
        let aside = registry.aside();
        assert!(Arc::ptr_eq(&named, &aside.dynamic_target(&id(1))));
        assert!(Arc::ptr_eq(&made_up, &aside.dynamic_target(&id(2))));
        aside.dynamic_target(&id(3));
        assert_eq!((registry.targets().len(), aside.targets().len()), (2, 3));
    }

    #[test]
    fn made_up_names_are_bounded() {
        let registry = Registry::new();
        let configured = registry.target(&id(0));
        let busy = registry.dynamic_target(&id(1));
        let _call = busy.start(Instant::now());
        let often = registry.dynamic_target(&id(2));
        for number in 3..5_000 {
            registry.dynamic_target(&id(number));
            assert!(Arc::ptr_eq(&often, &registry.dynamic_target(&id(2))));
        }
        assert_eq!(registry.targets().len(), 1 + DYNAMIC_TARGETS);
        assert!(Arc::ptr_eq(&configured, &registry.target(&id(0))));
        assert!(Arc::ptr_eq(&busy, &registry.dynamic_target(&id(1))));
        let kept = registry.dynamic_target(&id(4_999 - DYNAMIC_TARGETS + 3));
        assert!(Arc::strong_count(&kept) == 2, "the latest are remembered");
    }

    #[test]
    fn busy_targets_are_never_forgotten() {
        let registry = Registry::new();
        let now = Instant::now();
        let calls: Vec<_> =
            (0..DYNAMIC_TARGETS).map(|number| registry.dynamic_target(&id(number)).start(now)).collect();
        let one_too_many = registry.dynamic_target(&id(DYNAMIC_TARGETS));
        assert_eq!(Arc::strong_count(&one_too_many), 1, "served, but not remembered");
        drop(calls);
        let remembered = registry.dynamic_target(&id(DYNAMIC_TARGETS));
        assert_eq!(Arc::strong_count(&remembered), 2);
        assert_eq!(registry.targets().len(), DYNAMIC_TARGETS);
    }
}
