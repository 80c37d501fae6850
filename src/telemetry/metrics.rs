//! What Prometheus is told.
//!
//! Counters and histograms are fed from call records alone; what is a state (breakers, in-flight tries) is read when
//! a scrape asks for it and kept nowhere, so it cannot go stale. The registry is our own, not the global one: two
//! Outriders in one process, as in tests and the demo, count apart.

mod gauges;
mod series;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{SystemTime, UNIX_EPOCH};

use prometheus::{IntCounter, IntGauge, Registry, TextEncoder};

use super::families::{Families, StateFamilies};
use super::labels::{Labels, OTHER};
use super::record::{Attempt, CallRecord};
use super::ways::Ways;
use crate::money::Usd;

use series::Series;

pub use gauges::{BudgetGauges, GateGauges, ProviderGauges, TargetGauges};

/// The breaker of a target that is known to fail.
const OPEN: u8 = 2;

/// The target label of a call that no target answered. No target is called so: a target's name has a slash.
const NO_TARGET: &str = "none";

/// The caller label of a call of nobody that is known.
const NO_CALLER: &str = "unknown";

/// Everything that is counted.
#[derive(Debug)]
pub struct Metrics {
    /// What came in that was meant for another host.
    pub ways: Ways,
    registry: Registry,
    callers: Labels,
    models: Labels,
    targets: Labels,
    /// By model, then by target: what a call looks up once. Holds admitted labels only, so it is as bounded as they.
    series: RwLock<HashMap<Box<str>, ByTarget>>,
    families: Families,
}

/// Counts one thing in flight until it is dropped.
#[derive(Debug)]
pub struct InFlight(IntGauge);

type ByTarget = HashMap<Box<str>, Arc<Series>>;

impl Metrics {
    /// The content type of [`Self::render`].
    pub const CONTENT_TYPE: &'static str = "text/plain; version=0.0.4; charset=utf-8";

    /// All counters at zero.
    pub fn new() -> Self {
        let registry = Registry::new();
        let families = Families::new(&registry);
        let ways = Ways::new(&registry);
        Self {
            ways,
            registry,
            callers: Labels::default(),
            models: Labels::default(),
            targets: Labels::default(),
            series: RwLock::default(),
            families,
        }
    }

    /// Counts one call that ended.
    pub(super) fn observe(&self, record: &CallRecord) {
        let model = record.model.as_ref().map_or(OTHER, |model| model.as_str());
        let target = record.target.as_ref().map_or(NO_TARGET, |target| target.as_str());
        self.with_series(model, target, |model, target, series| {
            self.families.calls.with_label_values(&[model, target, record.operation, record.outcome.as_str()]).inc();
            series.observe(record);
            self.spent(record, model, target);
            if let Some(sound) = record.calls_sound {
                let sound = if sound { "true" } else { "false" };
                self.families.tool_calls.with_label_values(&[model, target, sound]).inc();
            }
        });
        self.families.overhead.observe(record.added.as_secs_f64());
        for attempt in &record.attempts {
            let outcome = attempt.outcome();
            let target = self.targets.label(attempt.target.as_str());
            self.families.attempts.with_label_values(&[target, outcome]).inc();
            if attempt.forced {
                self.families.panic.with_label_values(&[target]).inc();
            }
            if attempt.ended.is_some() {
                self.families.ended.with_label_values(&[target]).inc();
            }
        }
        if let Some(target) = record.target.as_ref().filter(|_| !record.lost.is_empty()) {
            for what in &record.lost {
                let member = member(what);
                self.families.lost.with_label_values(&[self.targets.label(target.as_str()), member]).inc();
            }
        }
        for attempt in record.attempts.iter().filter(|attempt| attempt.usage.is_some()) {
            let usage = attempt.usage.unwrap_or_default();
            self.with_series(model, attempt.target.as_str(), |_, _, series| series.count(&usage));
        }
        if let Some(recovered) = record.recovered {
            self.families.broken.with_label_values(&[if recovered { "recovered" } else { "error" }]).inc();
        }
        if let Some(target) = record.target.as_ref().filter(|_| record.skipped > 0) {
            let target = self.targets.label(target.as_str());
            self.families.skipped.with_label_values(&[target]).inc_by(record.skipped.into());
        }
        for (from, reason) in failovers(&record.attempts) {
            self.families.failovers.with_label_values(&[self.targets.label(from), reason]).inc();
        }
    }

    /// What was spent, for whom and on whom.
    fn spent(&self, record: &CallRecord, model: &str, target: &str) {
        let caller = record.caller.as_ref().map_or(NO_CALLER, |caller| self.callers.label(caller.as_str()));
        self.families.callers.with_label_values(&[caller, record.outcome.as_str()]).inc();
        let costs = |target: &str, cost: Option<Usd>| {
            if let Some(cost) = cost.filter(|cost| *cost > Usd::ZERO) {
                self.families.cost.with_label_values(&[caller, model, target]).inc_by(cost.dollars());
            }
        };
        costs(target, record.cost_of_the_answer());
        for attempt in record.attempts.iter().filter(|attempt| attempt.cost.is_some()) {
            costs(self.targets.label(attempt.target.as_str()), attempt.cost);
        }
        if record.is_unpriced() {
            self.families.unpriced.with_label_values(&[model, target]).inc();
        }
    }

    /// Names of the configuration, which always are labels, however many other names calls have brought along.
    pub fn reserve_labels<'a>(
        &self,
        models: impl IntoIterator<Item = &'a str>,
        targets: impl IntoIterator<Item = &'a str>,
    ) {
        self.models.reserve(models);
        self.targets.reserve(targets);
    }

    /// A call began; it ends when the guard is dropped.
    pub fn call_began(&self) -> InFlight {
        InFlight::new(&self.families.calls_in_flight)
    }

    /// A client connected; it leaves when the guard is dropped.
    pub fn connection_opened(&self) -> InFlight {
        InFlight::new(&self.families.connections)
    }

    /// The first configuration is in use.
    pub fn config_loaded(&self, now: SystemTime) {
        self.families.last_reload_successful.set(1);
        self.families.last_reload_success_time.set(now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64());
    }

    /// A changed configuration was taken up, or refused.
    pub fn config_reloaded(&self, accepted: bool, now: SystemTime) {
        self.families.reloads.with_label_values(&[if accepted { "success" } else { "failure" }]).inc();
        if accepted {
            self.config_loaded(now);
        } else {
            self.families.last_reload_successful.set(0);
        }
    }

    /// The counters of what the ledger could not keep: errors, and calls.
    pub fn ledger_losses(&self) -> (IntCounter, IntCounter) {
        (self.families.ledger_errors.clone(), self.families.ledger_lost.clone())
    }

    /// The counter of log lines thrown away, for whoever throws them away.
    pub(super) fn log_lines_dropped(&self) -> IntCounter {
        self.families.log_lines_dropped.clone()
    }

    /// The answer to a scrape: all that was counted, and the states as they are now.
    pub fn render<'a>(
        &self,
        targets: impl IntoIterator<Item = TargetGauges<'a>>,
        providers: impl IntoIterator<Item = ProviderGauges<'a>>,
        gates: impl IntoIterator<Item = GateGauges<'a>>,
        budgets: impl IntoIterator<Item = BudgetGauges<'a>>,
    ) -> String {
        let states = Registry::new();
        let gauges = StateFamilies::new(&states);
        targets.into_iter().for_each(|state| self.show(&gauges, &state));
        for ProviderGauges { provider, reachable, resting } in providers {
            gauges.reachable.with_label_values(&[provider]).set(reachable.into());
            for (key, why) in resting {
                gauges.key_resting.with_label_values(&[key, why]).set(1);
            }
        }
        for GateGauges { scope, name, waiting, turned_away } in gates {
            gauges.waiting.with_label_values(&[scope, name]).set(waiting as i64);
            gauges.turned_away.with_label_values(&[scope, name]).inc_by(turned_away);
        }
        for BudgetGauges { name, used, refused } in budgets {
            gauges.budget.with_label_values(&[name]).set(used);
            gauges.refused.with_label_values(&[name]).inc_by(refused);
        }
        let mut families = self.registry.gather();
        families.extend(states.gather());
        families.sort_by(|a, b| a.name().cmp(b.name()));
        TextEncoder::new().encode_to_string(&families).unwrap_or_else(|problem| {
            tracing::error!(%problem, "metrics cannot be written");
            String::new()
        })
    }

    /// Targets without a label of their own are left out: states cannot be added up.
    fn show(&self, gauges: &StateFamilies, state: &TargetGauges<'_>) {
        for model in &state.models {
            gauges.up.with_label_values(&[model]).add((state.breaker < OPEN && state.reachable).into());
        }
        if self.targets.label(state.target) == state.target {
            gauges.breaker.with_label_values(&[state.target]).set(state.breaker.into());
            gauges.in_flight.with_label_values(&[state.target]).set(state.in_flight as i64);
        }
    }

    /// Calls `then` with the labels and the series of a model at a target.
    fn with_series<T>(&self, model: &str, target: &str, then: impl FnOnce(&str, &str, &Series) -> T) -> T {
        if let Some(series) = self.known_series(model, target) {
            return then(model, target, &series);
        }
        let model = if model == OTHER { OTHER } else { self.models.label(model) };
        let target = if target == NO_TARGET { NO_TARGET } else { self.targets.label(target) };
        let series = self.known_series(model, target).unwrap_or_else(|| self.new_series(model, target));
        then(model, target, &series)
    }

    fn known_series(&self, model: &str, target: &str) -> Option<Arc<Series>> {
        let series = self.series.read().unwrap_or_else(PoisonError::into_inner);
        series.get(model)?.get(target).cloned()
    }

    fn new_series(&self, model: &str, target: &str) -> Arc<Series> {
        let tokens = |kind| self.families.tokens.with_label_values(&[model, target, kind]);
        let series = Arc::new(Series {
            first_token: self.families.first_token.with_label_values(&[model, target]),
            duration: self.families.duration.with_label_values(&[model, target]),
            input: tokens("input"),
            output: tokens("output"),
            cached: tokens("cached"),
            reasoning: tokens("reasoning"),
        });
        let mut known = self.series.write().unwrap_or_else(PoisonError::into_inner);
        known.entry(model.into()).or_default().insert(target.into(), series.clone());
        series
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl InFlight {
    pub(super) fn new(gauge: &IntGauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// The label of something lost: clients make up names without end.
fn member(what: &str) -> &'static str {
    let name = what.split(['.', '[']).next().unwrap_or_default();
    COMMON.into_iter().find(|common| *common == name).unwrap_or("other")
}

/// Members of requests that one dialect or another lacks.
const COMMON: [&str; 30] = [
    "cache_control",
    "citations",
    "documents",
    "frequency_penalty",
    "images",
    "logit_bias",
    "logprobs",
    "max_tokens",
    "messages",
    "metadata",
    "n",
    "parallel_tool_calls",
    "presence_penalty",
    "prompt_cache_key",
    "reasoning",
    "response_format",
    "seed",
    "service_tier",
    "signature",
    "stop",
    "store",
    "strict",
    "temperature",
    "thinking",
    "tool_choice",
    "tools",
    "top_k",
    "top_logprobs",
    "top_p",
    "user",
];

/// Each try that failed and was followed by one elsewhere: where, and why. Another try at the same target, with
/// another key or after a wait, is no failover.
fn failovers(attempts: &[Attempt]) -> impl Iterator<Item = (&str, &'static str)> {
    attempts.windows(2).filter_map(|pair| {
        let [from, to] = pair else { return None };
        let fault = from.fault.filter(|_| from.target != to.target)?;
        Some((from.target.as_str(), fault.as_str()))
    })
}

#[cfg(test)]
mod tests;
