//! What Prometheus is told.
//!
//! Counters and histograms are fed from call records alone; what is a state (breakers, in-flight tries) is read when
//! a scrape asks for it and kept nowhere, so it cannot go stale. The registry is our own, not the global one: two
//! Outriders in one process, as in tests and the demo, count apart.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{SystemTime, UNIX_EPOCH};

use prometheus::{Histogram, IntCounter, IntGauge, Registry, TextEncoder};

use super::families::{Families, StateFamilies};
use super::labels::{Labels, OTHER};
use super::record::{Attempt, CallRecord};
use crate::canonical::Usage;

/// The target label of a call that no target answered. No target is called so: a target's name has a slash.
const NO_TARGET: &str = "none";

/// Everything that is counted.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    models: Labels,
    targets: Labels,
    /// By model, then by target: what a call looks up once. Holds admitted labels only, so it is as bounded as they.
    series: RwLock<HashMap<Box<str>, ByTarget>>,
    families: Families,
}

/// The state of one target at the time of a scrape.
#[derive(Clone, Copy, Debug)]
pub struct TargetGauges<'a> {
    /// Its name.
    pub target: &'a str,
    /// 0 closed, 1 on trial, 2 open.
    pub breaker: u8,
    /// Tries that have not ended.
    pub in_flight: usize,
}

/// The state of one configured provider at the time of a scrape.
#[derive(Clone, Debug)]
pub struct ProviderGauges<'a> {
    /// Its name.
    pub provider: &'a str,
    /// At least one of its addresses passes its probes.
    pub reachable: bool,
    /// Its keys that rest, by name, and why.
    pub resting: Vec<(&'a str, &'static str)>,
}

/// One limit of calls at a time, as it is at the time of a scrape.
#[derive(Clone, Copy, Debug)]
pub struct GateGauges<'a> {
    /// `process`, `provider` or `target`.
    pub scope: &'a str,
    /// The name of the provider or the target; empty for the process.
    pub name: &'a str,
    /// Calls that wait for room.
    pub waiting: usize,
    /// Calls that got none, so far.
    pub turned_away: u64,
}

/// Counts one thing in flight until it is dropped.
#[derive(Debug)]
pub struct InFlight(IntGauge);

type ByTarget = HashMap<Box<str>, Arc<Series>>;

/// The handles of one model at one target, so that a call finds them with one look-up and without an allocation.
#[derive(Debug)]
struct Series {
    first_token: Histogram,
    duration: Histogram,
    input: IntCounter,
    output: IntCounter,
    cached: IntCounter,
    reasoning: IntCounter,
}

impl Metrics {
    /// The content type of [`Self::render`].
    pub const CONTENT_TYPE: &'static str = "text/plain; version=0.0.4; charset=utf-8";

    /// All counters at zero.
    pub fn new() -> Self {
        let registry = Registry::new();
        let families = Families::new(&registry);
        Self { registry, models: Labels::default(), targets: Labels::default(), series: RwLock::default(), families }
    }

    /// Counts one call that ended.
    pub(super) fn observe(&self, record: &CallRecord) {
        let model = record.model.as_ref().map_or(OTHER, |model| model.as_str());
        let target = record.target.as_ref().map_or(NO_TARGET, |target| target.as_str());
        self.with_series(model, target, |model, target, series| {
            self.families.calls.with_label_values(&[model, target, record.operation, record.outcome.as_str()]).inc();
            series.observe(record);
        });
        self.families.overhead.observe(record.added.as_secs_f64());
        for attempt in &record.attempts {
            let outcome = attempt.outcome();
            let target = self.targets.label(attempt.target.as_str());
            self.families.attempts.with_label_values(&[target, outcome]).inc();
            if attempt.forced {
                self.families.panic.with_label_values(&[target]).inc();
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
    ) -> String {
        let states = Registry::new();
        let gauges = StateFamilies::new(&states);
        targets.into_iter().for_each(|state| self.show(&gauges, state));
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
        let mut families = self.registry.gather();
        families.extend(states.gather());
        families.sort_by(|a, b| a.name().cmp(b.name()));
        TextEncoder::new().encode_to_string(&families).unwrap_or_else(|problem| {
            tracing::error!(%problem, "metrics cannot be written");
            String::new()
        })
    }

    /// Targets without a label of their own are left out: states cannot be added up.
    fn show(&self, gauges: &StateFamilies, state: TargetGauges<'_>) {
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

impl Series {
    fn observe(&self, record: &CallRecord) {
        if let Some(first_token) = record.first_token {
            self.first_token.observe(first_token.as_secs_f64());
        }
        self.duration.observe(record.total.as_secs_f64());
        self.count(&record.usage);
    }

    fn count(&self, usage: &Usage) {
        self.input.inc_by(usage.input.unwrap_or(0));
        self.output.inc_by(usage.output.unwrap_or(0));
        self.cached.inc_by(usage.cached.unwrap_or(0));
        self.reasoning.inc_by(usage.reasoning.unwrap_or(0));
    }
}

impl InFlight {
    fn new(gauge: &IntGauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// Each try that failed and was followed by one elsewhere: where, and why. Another try at the same target, with
/// another key or after a wait, is no failover.
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

fn failovers(attempts: &[Attempt]) -> impl Iterator<Item = (&str, &'static str)> {
    attempts.windows(2).filter_map(|pair| {
        let [from, to] = pair else { return None };
        let fault = from.fault.filter(|_| from.target != to.target)?;
        Some((from.target.as_str(), fault.as_str()))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::time::Duration;

    use super::*;
    use crate::canonical::FaultKind;
    use crate::telemetry::Outcome;

    fn rendered(metrics: &Metrics) -> String {
        metrics.render([], [], [])
    }

    #[track_caller]
    fn assert_has(text: &str, lines: &[&str]) {
        for line in lines {
            assert!(text.lines().any(|found| found == *line), "no line\n{line}\nin\n{text}");
        }
    }

    #[test]
    fn a_call_with_a_failover_is_counted_once_everywhere() {
        let metrics = Metrics::new();
        metrics.observe(&CallRecord::sample());
        assert_has(
            &rendered(&metrics),
            &[
                r#"outrider_calls_total{model="smart",operation="chat",outcome="success",target="openai/gpt-5"} 1"#,
                r#"outrider_attempts_total{outcome="overloaded",target="azure/gpt-5"} 1"#,
                r#"outrider_attempts_total{outcome="ok",target="openai/gpt-5"} 1"#,
                r#"outrider_failovers_total{from="azure/gpt-5",reason="overloaded"} 1"#,
                r#"outrider_tokens_total{model="smart",target="openai/gpt-5",type="input"} 100"#,
                r#"outrider_tokens_total{model="smart",target="openai/gpt-5",type="cached"} 40"#,
                r#"outrider_first_token_seconds_bucket{model="smart",target="openai/gpt-5",le="0.25"} 0"#,
                r#"outrider_first_token_seconds_bucket{model="smart",target="openai/gpt-5",le="0.5"} 1"#,
                r#"outrider_call_duration_seconds_sum{model="smart",target="openai/gpt-5"} 0.812345"#,
                r#"outrider_overhead_seconds_bucket{le="0.0001"} 1"#,
            ],
        );
    }

    #[test]
    fn a_refused_call_has_neither_target_nor_model() {
        let metrics = Metrics::new();
        metrics.observe(&CallRecord {
            model: None,
            target: None,
            attempts: Vec::new(),
            outcome: Outcome::Fault(FaultKind::UnknownModel),
            ..CallRecord::sample()
        });
        let calls = r#"outrider_calls_total{model="other",operation="chat",outcome="unknown_model",target="none"} 1"#;
        assert_has(&rendered(&metrics), &[calls]);
    }

    #[test]
    fn another_try_at_the_same_target_is_no_failover() {
        let metrics = Metrics::new();
        let mut record = CallRecord::sample();
        record.attempts[0].target = record.attempts[1].target.clone();
        metrics.observe(&record);
        assert!(!rendered(&metrics).contains("outrider_failovers_total{"));
    }

    #[test]
    fn tries_for_want_of_anything_better_are_counted() {
        let metrics = Metrics::new();
        let mut record = CallRecord::sample();
        record.attempts[1].forced = true;
        metrics.observe(&record);
        assert_has(&rendered(&metrics), &[r#"outrider_panic_total{target="openai/gpt-5"} 1"#]);
        assert!(!rendered(&metrics).contains(r#"outrider_panic_total{target="azure/gpt-5"}"#));
    }

    #[test]
    fn states_are_those_of_the_scrape() {
        let metrics = Metrics::new();
        let (_call, connection) = (metrics.call_began(), metrics.connection_opened());
        drop(connection);
        let text = metrics.render(
            [TargetGauges { target: "a/b", breaker: 2, in_flight: 3 }],
            [ProviderGauges { provider: "a", reachable: false, resting: vec![("a#1", "quota_exhausted")] }],
            [GateGauges { scope: "provider", name: "a", waiting: 4, turned_away: 5 }],
        );
        let waiting = r#"outrider_queue_length{name="a",scope="provider"} 4"#;
        let turned_away = r#"outrider_turned_away_total{name="a",scope="provider"} 5"#;
        assert_has(&text, &[waiting, turned_away]);
        let state = r#"outrider_target_breaker_state{target="a/b"} 2"#;
        let in_flight = r#"outrider_target_in_flight{target="a/b"} 3"#;
        let reachable = r#"outrider_provider_reachable{provider="a"} 0"#;
        assert_has(&text, &[r#"outrider_key_resting{key="a#1",reason="quota_exhausted"} 1"#]);
        assert_has(&text, &[state, in_flight, reachable, "outrider_calls_in_flight 1", "outrider_connections 0"]);
        assert!(!rendered(&metrics).contains("a/b"), "a target that is gone has no state");
    }

    #[test]
    fn a_refused_configuration_shows_until_one_is_accepted() {
        let metrics = Metrics::new();
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        metrics.config_loaded(at(10));
        metrics.config_reloaded(false, at(20));
        assert_has(
            &rendered(&metrics),
            &[
                "outrider_config_last_reload_successful 0",
                "outrider_config_last_reload_success_timestamp_seconds 10",
                r#"outrider_config_reloads_total{result="failure"} 1"#,
                r#"outrider_config_reloads_total{result="success"} 0"#,
            ],
        );
        metrics.config_reloaded(true, at(30));
        let accepted = "outrider_config_last_reload_success_timestamp_seconds 30";
        assert_has(&rendered(&metrics), &["outrider_config_last_reload_successful 1", accepted]);
    }

    #[test]
    fn hostile_names_neither_multiply_series_nor_break_the_format() {
        let metrics = Metrics::new();
        for n in 0..10_000 {
            let name = format!("p/\"}} 1\n# TYPE {n} \\ \u{7f}");
            let mut record = CallRecord::sample();
            record.model = Some(name.as_str().into());
            record.target = Some(name.as_str().into());
            record.attempts[0].target = name.as_str().into();
            metrics.observe(&record);
        }
        let text = metrics.render([], [], []);
        for family in ["outrider_calls_total", "outrider_attempts_total", "outrider_failovers_total"] {
            let series = text.lines().filter(|line| line.starts_with(family)).count();
            assert!((200..=202).contains(&series), "{family} has {series} series");
        }
        assert_well_formed(&text);
    }

    /// What `promtool check metrics` would say about the format: each family is declared once, before its samples,
    /// and no series occurs twice.
    fn assert_well_formed(text: &str) {
        let mut declared = HashSet::new();
        let mut seen = HashSet::new();
        for line in text.lines() {
            if let Some(comment) = line.strip_prefix("# ") {
                let mut words = comment.splitn(3, ' ');
                let (kind, name, rest) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
                assert!(declared.insert((kind, name)), "declared twice: {line}");
                assert!(kind == "HELP" || ["counter", "gauge", "histogram"].contains(&rest), "{line}");
                let ours = name.starts_with("outrider_") || name.starts_with("process_");
                assert!(ours && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{line}");
                continue;
            }
            let (series, value) = line.rsplit_once(' ').expect("a series and its value");
            assert!(value.parse::<f64>().is_ok(), "{line}");
            assert!(seen.insert(series), "twice: {line}");
            let name = series.split('{').next().unwrap();
            let family = ["_bucket", "_sum", "_count"].iter().find_map(|suffix| name.strip_suffix(suffix));
            let known = |name| declared.contains(&("TYPE", name)) && declared.contains(&("HELP", name));
            assert!(known(name) || family.is_some_and(known), "not declared: {line}");
        }
        let named = |suffix| declared.iter().filter(move |(kind, name)| *kind == "TYPE" && name.ends_with(suffix));
        assert!(named("_total").count() >= 6 && named("_seconds").count() >= 3);
    }
}
