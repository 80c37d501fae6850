//! What the operator is told: health, metrics, targets, the configuration, and one line for every call.

use crate::support::client::{self, Call};
use crate::support::provider::{Behaviour, Provider};
use crate::support::proxy::{Config, Proxy};
use crate::support::run;

#[test]
fn health_and_readiness_answer() {
    run(async {
        let provider = Provider::start().await;
        let proxy = Proxy::before(&[&provider]).await;
        for path in ["/healthz", "/readyz", "/"] {
            assert_eq!(proxy.ask(path).await.status, 200, "{path}");
        }
        assert_eq!(proxy.ask("/nowhere").await.status, 404);
        let posted = client::open(proxy.admin, Call::get("/healthz").method("POST")).await.rest().await;
        assert_eq!(posted.status, 405);
    });
}

#[test]
fn a_call_is_counted_everywhere() {
    run(async {
        let (bad, good) = (Provider::behaving(Behaviour::status(500)).await, Provider::start().await);
        let proxy = Proxy::before(&[&bad, &good]).await;
        // Before the fallback is asked, the first gets one quick repeat.
        proxy.send(Call::stream("m")).await;
        proxy.metric_becomes("outrider_calls_total", &["\"m\"", "\"b/m-b\"", "\"success\""], 1.0).await;
        let rows: &[(&str, &[&str], f64)] = &[
            ("outrider_attempts_total", &["\"a/m-a\"", "\"server_error\""], 2.0),
            ("outrider_attempts_total", &["\"b/m-b\"", "\"ok\""], 1.0),
            ("outrider_failovers_total", &["\"a/m-a\"", "\"server_error\""], 1.0),
            ("outrider_tokens_total", &["\"input\""], 9.0),
            ("outrider_tokens_total", &["\"output\""], 3.0),
            ("outrider_tokens_total", &["\"cached\""], 4.0),
            ("outrider_first_token_seconds_count", &[], 1.0),
            ("outrider_call_duration_seconds_count", &[], 1.0),
            ("outrider_overhead_seconds_count", &[], 1.0),
            ("outrider_calls_in_flight", &[], 0.0),
            ("outrider_build_info", &[], 1.0),
        ];
        for (name, labels, expected) in rows {
            assert_eq!(proxy.metric(name, labels).await, *expected, "{name} {labels:?}");
        }
    });
}

#[test]
fn metrics_are_well_formed() {
    run(async {
        let provider = Provider::start().await;
        let proxy = Proxy::before(&[&provider]).await;
        for n in 0..300 {
            proxy.send(Call::chat(&format!("a/{n}\"\\\n"))).await;
        }
        let reply = proxy.ask("/metrics").await;
        assert!(reply.header("content-type").starts_with("text/plain; version=0.0.4"));
        let text = reply.text();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let (name, value) = line.rsplit_once(' ').expect("a sample");
            assert!(name.starts_with("outrider_") || name.starts_with("process_"), "{line}");
            assert!(value.parse::<f64>().is_ok(), "{line}");
        }
        let targets = text.lines().filter(|line| line.starts_with("outrider_attempts_total{")).count();
        assert!((200..=210).contains(&targets), "labels are bounded: {targets} targets");
    });
}

#[test]
fn the_log_has_one_line_for_a_call_and_no_secret() {
    run(async {
        let (bad, good) = (Provider::behaving(Behaviour::status(500)).await, Provider::start().await);
        let proxy = Proxy::before(&[&bad, &good]).await;
        let prompt = "a very private prompt";
        let call = Call::stream("m").header("x-request-id", "id-1").header("authorization", "Bearer sk-of-the-client");
        let body = r#"{"model":"m","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"PROMPT"}]}"#;
        proxy.send(call.body(body.replace("PROMPT", prompt))).await;
        let lines = proxy.calls_logged(1).await;
        assert_eq!(lines.len(), 1);
        let line = &lines[0];
        assert_eq!((&line["request_id"], &line["model"]), (&"id-1".into(), &"m".into()), "{line}");
        assert_eq!((&line["target"], &line["status"]), (&"b/m-b".into(), &200.into()), "{line}");
        assert_eq!((&line["outcome"], &line["stream"]), (&"success".into(), &true.into()), "{line}");
        assert_eq!((&line["tokens"]["input"], &line["tokens"]["output"]), (&9.into(), &3.into()), "{line}");
        assert_eq!(line["attempts"][0]["outcome"], "server_error", "{line}");
        assert!(line["total_ms"].is_number() && line["first_token_ms"].is_number(), "{line}");
        let everything =
            [proxy.said(), proxy.ask("/metrics").await.text(), proxy.ask("/targets").await.text()].join("\n");
        for secret in [prompt, "sk-of-the-client", "sk-secret-a", "sk-secret-b", "word1"] {
            assert!(!everything.contains(secret), "`{secret}` is told");
        }
    });
}

#[test]
fn the_breaker_is_visible() {
    run(async {
        let (bad, good) = (Provider::behaving(Behaviour::status(500)).await, Provider::start().await);
        let proxy = Proxy::before(&[&bad, &good]).await;
        for _ in 0..12 {
            assert_eq!(proxy.send(Call::chat("m")).await.status, 200);
        }
        assert_eq!(bad.calls().len(), 5, "after five faults in a row it is left alone");
        assert_eq!(proxy.metric("outrider_target_breaker_state", &["\"a/m-a\""]).await, 2.0);
        let targets = proxy.ask("/targets").await.json().to_string();
        for told in ["a/m-a", "b/m-b", "open", "server_error"] {
            assert!(targets.contains(told), "`{told}` is missing in {targets}");
        }
    });
}

#[test]
fn the_configuration_is_shown_without_its_secrets() {
    run(async {
        let provider = Provider::start().await;
        let url = provider.url();
        let fields =
            format!("base_url: \"{url}\", api_keys: [sk-one, sk-two], headers: {{x-token: sk-three}}, health: off");
        let proxy = Proxy::start(&Config::chain(&[&provider]).entry("z", &fields)).await;
        let config = proxy.config().await;
        assert!(config.contains("m-a"), "{config}");
        for secret in ["sk-secret-a", "sk-one", "sk-two", "sk-three"] {
            assert!(!config.contains(secret), "`{secret}` in {config}");
        }
    });
}

#[test]
fn the_operators_door_is_not_for_web_pages() {
    run(async {
        let provider = Provider::start().await;
        let proxy = Proxy::before(&[&provider]).await;
        for (name, value) in [("origin", "https://evil.example"), ("host", "evil.example")] {
            for path in ["/targets", "/config", "/"] {
                let call = Call::get(path).header(name, value);
                let reply = client::open(proxy.admin, call).await.rest().await;
                assert_eq!(reply.status, 403, "{name} at {path}");
            }
        }
    });
}

#[test]
fn the_operators_door_has_a_key() {
    run(async {
        let provider = Provider::start().await;
        let config = Config::chain(&[&provider]).text();
        let door = "admin: {address: \"127.0.0.1:0\", token: sk-secret-token}";
        let proxy = Proxy::start_with(&config.replace("admin: 127.0.0.1:0", door)).await;
        let foreign = |token: &str| Call::get("/config").header("host", "evil.example").header("authorization", token);
        for (token, status) in [("Bearer sk-secret-token", 200), ("Bearer sk-other", 403), ("sk-secret-token", 403)] {
            let reply = client::open(proxy.admin, foreign(token)).await.rest().await;
            assert_eq!(reply.status, status, "{token}");
            assert!(!reply.text().contains("sk-secret-token"));
        }
    });
}
