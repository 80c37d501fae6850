//! Each metric: its name, its labels, its buckets and its help text.
//!
//! A help text says what is counted, in which unit, who measured it, and what OpenTelemetry's conventions for
//! generative AI call the same thing. Names follow Prometheus' conventions.

use prometheus::core::Collector;
use prometheus::{
    CounterVec, Gauge, GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge,
    IntGaugeVec, Opts, Registry,
};

/// From a cached embedding next door to a reasoning model that thinks for ten minutes. An answer takes tens of
/// seconds: the usual web buckets, which end at ten, would put most of them into `+Inf`.
const CALL_SECONDS: [f64; 15] = [0.05, 0.1, 0.25, 0.5, 0.75, 1.0, 2.0, 4.0, 7.5, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0];

/// From less than a 1 KB call costs to more than anybody should accept.
const OVERHEAD_SECONDS: [f64; 12] = [25e-6, 50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1];

/// What is counted as it happens.
#[derive(Debug)]
pub(super) struct Families {
    pub(super) calls: IntCounterVec,
    pub(super) attempts: IntCounterVec,
    pub(super) failovers: IntCounterVec,
    pub(super) broken: IntCounterVec,
    pub(super) skipped: IntCounterVec,
    pub(super) tool_calls: IntCounterVec,
    pub(super) panic: IntCounterVec,
    pub(super) lost: IntCounterVec,
    pub(super) first_token: HistogramVec,
    pub(super) duration: HistogramVec,
    pub(super) tokens: IntCounterVec,
    pub(super) cost: CounterVec,
    pub(super) unpriced: IntCounterVec,
    pub(super) ended: IntCounterVec,
    pub(super) callers: IntCounterVec,
    pub(super) overhead: Histogram,
    pub(super) calls_in_flight: IntGauge,
    pub(super) connections: IntGauge,
    pub(super) reloads: IntCounterVec,
    pub(super) last_reload_successful: IntGauge,
    pub(super) last_reload_success_time: Gauge,
    pub(super) log_lines_dropped: IntCounter,
    pub(super) ledger_errors: IntCounter,
    pub(super) ledger_lost: IntCounter,
}

/// What is a state, and read when somebody asks.
pub(super) struct StateFamilies {
    pub(super) breaker: IntGaugeVec,
    pub(super) up: IntGaugeVec,
    pub(super) in_flight: IntGaugeVec,
    pub(super) reachable: IntGaugeVec,
    pub(super) key_resting: IntGaugeVec,
    pub(super) waiting: IntGaugeVec,
    pub(super) turned_away: IntCounterVec,
    pub(super) budget: GaugeVec,
    pub(super) refused: IntCounterVec,
}

impl Families {
    /// All at zero.
    pub(super) fn new(registry: &Registry) -> Self {
        build_info(registry);
        process(registry);
        let families = Self {
            calls: counters(
                registry,
                "outrider_calls_total",
                "Calls that ended, by how they ended for the client: `success`, or the fault that it was shown. Counted \
                 once a call, when its last byte went out or its client left.",
                &["model", "target", "operation", "outcome"],
            ),
            attempts: counters(
                registry,
                "outrider_attempts_total",
                "Tries at a target, by what came of them: `ok` when it answered, otherwise the fault that Outrider \
                 saw. A call that needed two tries counts twice.",
                &["target", "outcome"],
            ),
            failovers: counters(
                registry,
                "outrider_failovers_total",
                "Tries that failed at one target (`from`) and were repeated at another, by the fault that made them go. \
                 The client of such a call is shown the later answer only.",
                &["from", "reason"],
            ),
            broken: counters(
                registry,
                "outrider_broken_streams_total",
                "Streams that broke off after their first token had gone out, by what became of the call: `recovered` when \
                 the client got the whole answer all the same, `error` when it was told.",
                &["outcome"],
            ),
            skipped: counters(
                registry,
                "outrider_skipped_events_total",
                "Events in the middle of a target's streams that could not be read and were left out.",
                &["target"],
            ),
            tool_calls: counters(
                registry,
                "outrider_tool_calls_total",
                "Answers that call tools, by whether each call could be read and was of a tool that the request offers \
                 (`sound`). Not counted: answers that were cut by their limit or broke off.",
                &["model", "target", "sound"],
            ),
            panic: counters(
                registry,
                "outrider_panic_total",
                "Tries at a target that is known to fail, because nothing better was left: its breaker is open, or none of \
                 its addresses answers to probes.",
                &["target"],
            ),
            lost: counters(
                registry,
                "outrider_lost_total",
                "Answered calls whose target could not be told a member of the request (`seed`, `logit_bias` ...), because \
                 its dialect has no word for it. Members outside of the common ones count as `other`.",
                &["target", "member"],
            ),
            first_token: histograms(
                registry,
                "outrider_first_token_seconds",
                "Seconds from the request head read to the first real event written to the client, as Outrider measured \
                 them, failed tries included. OpenTelemetry: gen_ai.server.time_to_first_token, when the first try \
                 answered.",
            ),
            duration: histograms(
                registry,
                "outrider_call_duration_seconds",
                "Seconds from the request head read to the end of the call, however it ended, as Outrider measured \
                 them. OpenTelemetry: gen_ai.client.operation.duration.",
            ),
            tokens: counters(
                registry,
                "outrider_tokens_total",
                "Tokens, as the providers counted them in their replies. `input` contains `cached` and `output` contains \
                 `reasoning`: do not add up all four. OpenTelemetry: gen_ai.client.token.usage, whose \
                 gen_ai.token.type is `input` or `output`.",
                &["model", "target", "type"],
            ),
            cost: register(
                registry,
                CounterVec::new(
                    Opts::new(
                        "outrider_cost_usd_total",
                        "US dollars that answers have cost, by the tokens that their providers counted and the prices \
                         that are known. Answers without a known price are not in it: outrider_unpriced_calls_total.",
                    ),
                    &["caller", "model", "target"],
                ),
            ),
            unpriced: counters(
                registry,
                "outrider_unpriced_calls_total",
                "Answered calls of which it is not known what they cost, because a price is not known, or how many \
                 tokens were used.",
                &["model", "target"],
            ),
            ended: counters(
                registry,
                "outrider_ended_model_attempts_total",
                "Tries at targets whose model is past the last day that the catalogue knows: their provider may end it \
                 any time.",
                &["target"],
            ),
            callers: counters(
                registry,
                "outrider_caller_calls_total",
                "Model calls that ended, by who asked and how they ended. `unknown`: nobody of the configuration.",
                &["caller", "outcome"],
            ),
            overhead: overhead(registry),
            calls_in_flight: gauge(
                registry,
                "outrider_calls_in_flight",
                "Calls whose request head was read and that have not ended.",
            ),
            connections: gauge(registry, "outrider_connections", "Connections from clients that are open."),
            reloads: counters(
                registry,
                "outrider_config_reloads_total",
                "Changed configurations that were taken up (`success`) or refused (`failure`). The first load does not \
                 count.",
                &["result"],
            ),
            last_reload_successful: gauge(
                registry,
                "outrider_config_last_reload_successful",
                "1 when the newest configuration is in use, 0 when it had problems and an older one was kept.",
            ),
            last_reload_success_time: timestamp(registry),
            log_lines_dropped: counter(
                registry,
                "outrider_log_lines_dropped_total",
                "Lines of the access log that were thrown away, because standard output was not read fast enough or is \
                 closed. Calls never wait for the log.",
            ),
            ledger_errors: counter(
                registry,
                "outrider_ledger_errors_total",
                "Times that the ledger could not be written: its disk is full or read-only. It is tried again.",
            ),
            ledger_lost: counter(
                registry,
                "outrider_ledger_lost_calls_total",
                "Calls that are not in the ledger, because it could not be written for so long. They count in all other \
                 metrics, and in budgets until the process ends.",
            ),
        };
        families.begin_at_zero();
        families
    }

    /// A series that appears with its first event hides that event from `rate()`. Only these are known beforehand.
    fn begin_at_zero(&self) {
        for result in ["success", "failure"] {
            self.reloads.with_label_values(&[result]);
        }
        for outcome in ["recovered", "error"] {
            self.broken.with_label_values(&[outcome]);
        }
    }
}

impl StateFamilies {
    /// Without any target.
    pub(super) fn new(registry: &Registry) -> Self {
        Self {
            breaker: gauges(
                registry,
                "outrider_target_breaker_state",
                "The target's breaker, read when scraped: 0 closed (in use), 1 on trial, 2 open (resting).",
                "target",
            ),
            up: gauges(
                registry,
                "outrider_model_targets_up",
                "Targets of the model that are not known to fail, read when scraped: their breakers are not open, and \
                 their providers are reachable.",
                "model",
            ),
            in_flight: gauges(
                registry,
                "outrider_target_in_flight",
                "Tries at the target that have not ended, read when scraped.",
                "target",
            ),
            reachable: gauges(
                registry,
                "outrider_provider_reachable",
                "1 when at least one address of the provider passes its probes, 0 when none does, read when scraped. \
                 Without probes, or before its name has resolved, it counts as reachable.",
                "provider",
            ),
            key_resting: register(
                registry,
                IntGaugeVec::new(
                    Opts::new(
                        "outrider_key_resting",
                        "1 for each key that is not used for now, by the fault that made it rest, read when scraped. \
                         `quota_exhausted` and `key_refused` want somebody to do something.",
                    ),
                    &["key", "reason"],
                ),
            ),
            waiting: register(
                registry,
                IntGaugeVec::new(
                    Opts::new(
                        "outrider_queue_length",
                        "Calls that wait for room under a max_in_flight, read when scraped.",
                    ),
                    &["scope", "name"],
                ),
            ),
            budget: register(
                registry,
                GaugeVec::new(
                    Opts::new(
                        "outrider_budget_used_ratio",
                        "How much of a budget or limit is spent, or held for calls under way, read when scraped; 1 is all \
                         of it. Of several things that it limits, the one of which the least is left.",
                    ),
                    &["budget"],
                ),
            ),
            refused: counters(
                registry,
                "outrider_budget_refused_total",
                "Times that there was not enough of a budget or limit for a call, or for a try of it.",
                &["budget"],
            ),
            turned_away: counters(
                registry,
                "outrider_turned_away_total",
                "Times that a call found no room under a max_in_flight, not even by waiting.",
                &["scope", "name"],
            ),
        }
    }
}

pub(super) fn register<C: Collector + Clone + 'static>(registry: &Registry, collector: prometheus::Result<C>) -> C {
    let collector = collector.expect("names and labels are constants of this file");
    registry.register(Box::new(collector.clone())).expect("no name is used twice in this file");
    collector
}

fn counter(registry: &Registry, name: &str, help: &str) -> IntCounter {
    register(registry, IntCounter::new(name, help))
}

pub(super) fn counters(registry: &Registry, name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
    register(registry, IntCounterVec::new(Opts::new(name, help), labels))
}

pub(super) fn gauge(registry: &Registry, name: &str, help: &str) -> IntGauge {
    register(registry, IntGauge::new(name, help))
}

fn gauges(registry: &Registry, name: &str, help: &str, label: &str) -> IntGaugeVec {
    register(registry, IntGaugeVec::new(Opts::new(name, help), &[label]))
}

fn histograms(registry: &Registry, name: &str, help: &str) -> HistogramVec {
    let opts = HistogramOpts::new(name, help).buckets(CALL_SECONDS.into());
    register(registry, HistogramVec::new(opts, &["model", "target"]))
}

fn overhead(registry: &Registry) -> Histogram {
    let help = "Seconds of a call that were Outrider's own: neither waiting for the client nor for a provider.";
    let opts = HistogramOpts::new("outrider_overhead_seconds", help).buckets(OVERHEAD_SECONDS.into());
    register(registry, Histogram::with_opts(opts))
}

fn timestamp(registry: &Registry) -> Gauge {
    let name = "outrider_config_last_reload_success_timestamp_seconds";
    register(registry, Gauge::new(name, "When the configuration in use was taken up, in seconds since 1970 (UTC)."))
}

fn build_info(registry: &Registry) {
    let opts = Opts::new("outrider_build_info", "Always 1; the labels say what is running.");
    register(registry, IntGauge::with_opts(opts.const_label("version", env!("CARGO_PKG_VERSION")))).set(1);
}

/// `process_*`: CPU, memory, file descriptors, start time, which the library can read on Linux only.
#[cfg(target_os = "linux")]
fn process(registry: &Registry) {
    let collector = prometheus::process_collector::ProcessCollector::for_self();
    registry.register(Box::new(collector)).expect("nothing of ours is called process_*");
}

#[cfg(not(target_os = "linux"))]
fn process(_: &Registry) {}
