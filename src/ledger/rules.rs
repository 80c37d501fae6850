//! What may be used, by whom, of whom: budgets and limits.
//!
//! A rule for providers or targets is about tries: it is asked when one is to be made there. Every other is about calls,
//! and asked once. A call without any finds that out with one look-up.

use std::collections::HashMap;
use std::sync::Arc;

use http::{HeaderMap, HeaderName};

use super::account::Account;
use super::amount::Caps;
use crate::names::{CallerName, ModelName, ProviderId, TargetId};
use crate::routing::Target;
use crate::routing::routes::Pattern;

/// One budget or limit.
#[derive(Debug)]
pub struct Rule {
    /// The operator's name for it, or what it is for.
    pub name: Arc<str>,
    /// Whose use counts.
    pub scope: Scope,
    /// At most so much.
    pub caps: Caps,
    /// What becomes of a call for which there is not enough.
    pub then: Then,
    /// What was used.
    pub account: Arc<Account>,
}

/// Whose use counts: all that is said has to hold.
#[derive(Debug, Default)]
pub struct Scope {
    /// Who asks.
    pub caller: Option<CallerName>,
    /// For which model of the file.
    pub model: Option<ModelName>,
    /// Headers of the call, of which each has to be there.
    pub headers: Vec<(HeaderName, Vec<Pattern>)>,
    /// Tries at this provider.
    pub provider: Option<ProviderId>,
    /// Tries at this target.
    pub target: Option<TargetId>,
}

/// What becomes of a call for which there is not enough.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Then {
    /// It is refused.
    Deny,
    /// This model answers.
    Fallback(ModelName),
    /// It goes on, and the operator is told.
    Warn,
    /// The next target is asked.
    Next,
    /// It waits.
    Wait,
}

/// What is known of a call.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Who asks.
    pub caller: Option<&'a str>,
    /// For what.
    pub model: &'a str,
    /// How.
    pub headers: &'a HeaderMap,
}

/// All budgets and limits.
#[derive(Debug, Default)]
pub struct Rules {
    all: Vec<Arc<Rule>>,
    /// About calls of one caller.
    by_caller: HashMap<CallerName, Vec<Arc<Rule>>>,
    /// About calls of anybody.
    of_anybody: Vec<Arc<Rule>>,
    /// About tries, by the name of the provider.
    by_provider: HashMap<ProviderId, Vec<Arc<Rule>>>,
    /// About tries, by the name of the target.
    by_target: HashMap<TargetId, Vec<Arc<Rule>>>,
}

impl Rules {
    /// These, in their order.
    pub fn new(all: impl IntoIterator<Item = Rule>) -> Self {
        let mut rules = Self::default();
        for rule in all.into_iter().map(Arc::new) {
            let list = match &rule.scope {
                Scope { target: Some(target), .. } => rules.by_target.entry(target.clone()).or_default(),
                Scope { provider: Some(provider), .. } => rules.by_provider.entry(provider.clone()).or_default(),
                Scope { caller: Some(caller), .. } => rules.by_caller.entry(caller.clone()).or_default(),
                _ => &mut rules.of_anybody,
            };
            list.push(rule.clone());
            rules.all.push(rule);
        }
        rules
    }

    /// All of them, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Rule>> {
        self.all.iter()
    }

    /// There are none for calls.
    pub fn leave_calls_alone(&self) -> bool {
        self.by_caller.is_empty() && self.of_anybody.is_empty()
    }

    /// There are none for tries.
    pub fn leave_tries_alone(&self) -> bool {
        self.by_provider.is_empty() && self.by_target.is_empty()
    }

    /// Those for a call.
    pub fn of_call<'r>(&'r self, asked: Asked<'_>) -> impl Iterator<Item = &'r Arc<Rule>> {
        let own = asked.caller.and_then(|caller| self.by_caller.get(caller));
        own.into_iter().flatten().chain(&self.of_anybody).filter(move |rule| rule.scope.has(asked))
    }

    /// Those for a try of a call at `target`.
    pub fn of_try<'r>(&'r self, asked: Asked<'_>, target: &Target) -> impl Iterator<Item = &'r Arc<Rule>> {
        let at_target = self.by_target.get(&target.id);
        let at_provider = self.by_provider.get(&target.provider.id);
        at_target.into_iter().chain(at_provider).flatten().filter(move |rule| rule.scope.has(asked))
    }
}

impl Scope {
    /// It is about tries.
    pub fn is_about_tries(&self) -> bool {
        self.provider.is_some() || self.target.is_some()
    }

    /// Whether a call is in it, wherever it is tried.
    fn has(&self, asked: Asked<'_>) -> bool {
        let header = |(name, patterns): &(HeaderName, Vec<Pattern>)| {
            let mut values = asked.headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
            values.any(|value| patterns.iter().any(|pattern| pattern.matches(value)))
        };
        self.caller.as_ref().is_none_or(|caller| asked.caller == Some(caller.as_str()))
            && self.model.as_ref().is_none_or(|model| model.as_str() == asked.model)
            && self.headers.iter().all(header)
    }
}
