use std::collections::HashSet;
use std::time::Duration;

use super::*;
use crate::canonical::FaultKind;
use crate::telemetry::Outcome;

fn rendered(metrics: &Metrics) -> String {
    metrics.render([], [], [], [])
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
        [
            TargetGauges { target: "a/b", breaker: 2, models: vec!["down", "half"], reachable: true, in_flight: 3 },
            TargetGauges { target: "a/c", breaker: 1, models: vec!["half"], reachable: true, in_flight: 0 },
            TargetGauges { target: "b/c", breaker: 0, models: vec!["down"], reachable: false, in_flight: 0 },
        ],
        [ProviderGauges { provider: "a", reachable: false, resting: vec![("a#1", "quota_exhausted")] }],
        [GateGauges { scope: "provider", name: "a", waiting: 4, turned_away: 5 }],
        [BudgetGauges { name: "research", used: 0.5, refused: 2 }],
    );
    let up = ["down\"} 0", "half\"} 1"].map(|state| format!("outrider_model_targets_up{{model=\"{state}"));
    assert_has(&text, &[&up[0], &up[1]]);
    let waiting = r#"outrider_queue_length{name="a",scope="provider"} 4"#;
    let turned_away = r#"outrider_turned_away_total{name="a",scope="provider"} 5"#;
    assert_has(
        &text,
        &[
            r#"outrider_budget_used_ratio{budget="research"} 0.5"#,
            r#"outrider_budget_refused_total{budget="research"} 2"#,
            waiting,
            turned_away,
        ],
    );
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
    let text = metrics.render([], [], [], []);
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
