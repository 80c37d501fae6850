//! Budgets and limits: what is refused, in which words, and what happens instead.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::client::Call;
use crate::support::provider::{Behaviour, Provider};
use crate::support::proxy::{Config, Proxy};
use crate::support::run;

async fn limited(rules: &str, provider: &Provider) -> Proxy {
    let config = Config::default().top(rules).provider("a", provider).provider("b", provider);
    let config = config.model("m", "{targets: [a/m-a], fallbacks: [b/m-b]}").model("small", "{targets: [b/small]}");
    Proxy::start(&config).await
}

#[test]
fn who_has_used_all_is_refused_in_their_dialect_and_told_until_when() {
    run(async {
        let provider = Provider::start().await;
        let proxy = limited("budgets: {two: {requests: 2, per: minute}}", &provider).await;
        for _ in 0..2 {
            assert_eq!(proxy.send(Call::chat("m")).await.status, 200);
        }
        let messages = json!({"model": "m", "max_tokens": 1, "messages": [{"role": "user", "content": "hi"}]});
        let gemini = json!({"contents": [{"role": "user", "parts": [{"text": "hi"}]}]});
        let converse = json!({"messages": [{"role": "user", "content": [{"text": "hi"}]}]});
        for (call, at, word) in [
            (Call::chat("m"), "/error/code", "rate_limit_exceeded"),
            (Call::stream("m"), "/error/code", "rate_limit_exceeded"),
            (Call::post("/v1/responses", &json!({"model": "m", "input": "hi"})), "/error/code", "rate_limit_exceeded"),
            (Call::post("/v1/messages", &messages), "/error/type", "rate_limit_error"),
            (Call::post("/v1beta/models/m:generateContent", &gemini), "/error/status", "RESOURCE_EXHAUSTED"),
            (Call::post("/model/m/converse", &converse), "", ""),
            (Call::post("/v2/chat", &messages), "", ""),
            (Call::post("/api/chat", &messages), "", ""),
        ] {
            let reply = proxy.send(call.clone()).await;
            assert_eq!(reply.status, 429, "{call:?}: {}", reply.text());
            assert!(reply.text().contains("`two` has 2 requests per minute, of which 2 are used"), "{}", reply.text());
            let pause: u64 = reply.header("retry-after").parse().unwrap();
            assert!((1..=60).contains(&pause), "{pause}");
            if !word.is_empty() {
                assert_eq!(reply.json().pointer(at), Some(&json!(word)), "{call:?}");
            }
        }
        assert_eq!(provider.calls().len(), 2);
    });
}

#[test]
fn a_providers_limit_sends_the_call_to_the_next_target() {
    run(async {
        let provider = Provider::start().await;
        let proxy = limited("limits: [{for: {provider: a}, requests: 1, per: hour}]", &provider).await;
        for target in ["a/m-a", "b/m-b", "b/m-b"] {
            assert_eq!(proxy.send(Call::chat("m")).await.header("x-outrider-target"), target);
        }
        let reply = proxy.send(Call::chat("a/other")).await;
        assert_eq!(reply.status, 429, "{}", reply.text());
    });
}

/// Whoever is in it is refused when it is used up, in its own words; everybody else is not.
#[test]
fn each_scope_counts_its_own() {
    run(async {
        let provider = Provider::start().await;
        let rules = "callers: {research: {header: {x-who: research}}, lab: {header: {x-who: lab}}, anybody: {}}
budgets:
  of-caller: {for: {caller: research}, requests: 1, per: day}
  of-team: {for: {header: {x-team: 'a*'}}, requests: 1, per: week}
  of-model: {for: {model: small}, requests: 1, per: month}
  of-target: {for: {model: b/other}, requests: 1, per: hour, then: deny}
  of-all: {for: {caller: lab, header: {x-team: b}, model: m, provider: a}, tokens: 1, per: minute, then: deny}";
        let proxy = limited(rules, &provider).await;
        let (as_who, of_team) =
            (|who: &str| Call::chat("m").header("x-who", who), |call: Call, team: &str| call.header("x-team", team));
        for (name, per, inside, outside) in [
            ("of-caller", "day", as_who("research"), as_who("lab")),
            ("of-team", "week", of_team(Call::chat("m"), "ab"), of_team(Call::chat("m"), "b")),
            ("of-model", "month", Call::chat("small"), Call::chat("m")),
            ("of-target", "hour", Call::chat("b/other"), Call::chat("b/another")),
            ("of-all", "minute", of_team(as_who("lab"), "b"), as_who("lab")),
        ] {
            assert_eq!(proxy.send(inside.clone()).await.status, 200, "{name}");
            let refused = proxy.send(inside).await;
            assert_eq!(refused.status, 429, "{name}: {}", refused.text());
            let told = refused.error_message();
            assert!(told.contains(&format!("`{name}` has 1 ")) && told.contains(&format!(" per {per}")), "{told}");
            let pause: u64 = refused.header("retry-after").parse().unwrap();
            let longest = match per {
                "minute" => 60,
                "hour" => 3_600,
                "day" => 86_400,
                "week" => 7 * 86_400,
                _ => 31 * 86_400,
            };
            assert!((1..=longest).contains(&pause), "{name}: {pause}");
            assert_eq!(proxy.send(outside).await.status, 200, "{name}");
        }
    });
}

/// What is said of a provider where that stands is a limit like any other.
#[test]
fn a_provider_may_say_its_own_limits() {
    run(async {
        let provider = Provider::start().await;
        let fields = |limits: &str| {
            format!("base_url: \"{}\", api_key: sk-secret-a, health: off, limits: {limits}", provider.url())
        };
        let config = |limits: &str| {
            let config = Config::default().entry("a", &fields(limits)).provider("b", &provider);
            config.model("m", "{targets: [a/m-a], fallbacks: [b/m-b]}")
        };
        let proxy = Proxy::start(&config("{requests: 1, per: hour}")).await;
        for target in ["a/m-a", "b/m-b"] {
            assert_eq!(proxy.send(Call::chat("m")).await.header("x-outrider-target"), target);
        }
        let spend = proxy.ask("/spend").await.json();
        assert_eq!(
            (&spend["budgets"][0]["name"], &spend["budgets"][0]["then"]),
            (&json!("provider a per hour"), &json!("next"))
        );
        let proxy = Proxy::start(&config("[{tokens: 1, per: minute, then: deny}, {requests: 9, per: day}]")).await;
        assert_eq!(proxy.send(Call::chat("m")).await.header("x-outrider-target"), "a/m-a");
        let refused = proxy.send(Call::chat("m")).await;
        assert_eq!(refused.status, 429, "nobody else is asked: {}", refused.text());
        assert!(refused.text().contains("`provider a per minute` has 1 tokens per minute"), "{}", refused.text());
    });
}

#[test]
fn a_budget_may_fall_back_to_another_model_or_only_warn() {
    run(async {
        let provider = Provider::start().await;
        let rules = "budgets: {all: {requests: 1, then: {fallback: small}}, told: {requests: 2, then: warn}}";
        let proxy = limited(rules, &provider).await;
        for target in ["a/m-a", "b/small", "b/small"] {
            assert_eq!(proxy.send(Call::chat("m")).await.header("x-outrider-target"), target);
        }
        proxy.says("calls go on").await;
    });
}

#[test]
fn case_158_tokens_are_held_and_settled() {
    run(async {
        let provider = Provider::start().await;
        provider.set(Behaviour::hang());
        let proxy = limited("budgets: {tokens: {tokens: 1000}}", &provider).await;
        let call = || {
            let body = json!({"model": "m", "max_tokens": 600, "messages": [{"role": "user", "content": "hi"}]});
            Call::post("/v1/chat/completions", &body)
        };
        let open = proxy.open(call());
        let refused = async {
            crate::support::until("the call is there", || !provider.calls().is_empty()).await;
            let refused = proxy.send(call()).await;
            assert_eq!(refused.status, 429, "{}", refused.text());
            provider.set(Behaviour::ok());
        };
        tokio::select! {
            _ = open => panic!("nobody answers"),
            () = refused => {}
        }
        // Who has left holds nothing any more.
        crate::support::eventually("there is room", || proxy.send(call()), |reply| reply.status == 200).await;
        assert_eq!(proxy.send(call()).await.status, 200, "the first answer was short");
        let long = json!({"model": "m", "max_tokens": 1001, "messages": [{"role": "user", "content": "hi"}]});
        let never = proxy.send(Call::post("/v1/chat/completions", &long)).await;
        assert_eq!((never.status, never.header("retry-after")), (429, ""), "{}", never.text());
    });
}

#[test]
fn who_may_wait_waits_for_room() {
    run(async {
        let provider = Provider::start().await;
        let proxy = limited("limits: [{requests: 1, per: minute, then: wait}]", &provider).await;
        assert_eq!(proxy.send(Call::chat("m")).await.status, 200);
        let hurried = Call::chat("m").header("x-outrider-timeout", "1s");
        let started = Instant::now();
        assert_eq!(proxy.send(hurried).await.status, 429, "it would be too long");
        assert!(started.elapsed() < Duration::from_secs(5));
    });
}

#[test]
fn a_reload_keeps_what_was_used() {
    run(async {
        let provider = Provider::start().await;
        let proxy = limited("budgets: {all: {requests: 2}}", &provider).await;
        assert_eq!(proxy.send(Call::chat("m")).await.status, 200);
        let text = std::fs::read_to_string(&proxy.file).unwrap();
        proxy.rewrite(&text.replace("requests: 2", "requests: 3"));
        proxy.uses("\"requests\": 3").await;
        let statuses = [proxy.send(Call::chat("m")).await.status, proxy.send(Call::chat("m")).await.status];
        assert_eq!(statuses, [200, 200]);
        assert_eq!(proxy.send(Call::chat("m")).await.status, 429);
    });
}

/// What the provider counts, at a thousand dollars for a million tokens of prompts and ten thousand for those of answers.
#[test]
fn money_that_is_spent_is_told_and_ends_with_the_budget() {
    run(async {
        let provider = Provider::start().await;
        let price = "models: {m: {price: {input: 1000, output: 10000}}}";
        let fields = format!("base_url: \"{}\", api_key: sk-a, health: off, {price}", provider.url());
        let rules = "budgets: {all: {limit: 0.5 USD}}";
        let proxy = Proxy::start(&Config::default().top(rules).entry("a", &fields)).await;
        // Held: some dozens of tokens for the prompt, and ten for the answer.
        let call = || {
            let body = json!({"model": "a/m", "max_tokens": 10, "messages": [{"role": "user", "content": "hi"}]});
            Call::post("/v1/chat/completions", &body)
        };
        let first = proxy.send(call()).await;
        assert_eq!(first.status, 200, "{}", first.text());
        let (input, output) = (&first.json()["usage"]["prompt_tokens"], &first.json()["usage"]["completion_tokens"]);
        let cost = (input.as_f64().unwrap() * 1_000.0 + output.as_f64().unwrap() * 10_000.0) / 1e6;
        let line = &proxy.calls_logged(1).await[0];
        assert_eq!(line["cost_usd"].as_f64(), Some(cost), "{line}");
        let mut calls = 1;
        let refused = loop {
            let reply = proxy.send(call()).await;
            if reply.status != 200 {
                break reply;
            }
            calls += 1;
            assert!(calls < 100, "it never ends");
        };
        assert_eq!((refused.status, &refused.json()["error"]["code"]), (402, &json!("insufficient_quota")));
        assert!(refused.error_message().contains("`all` has 0.5 USD per day"), "{}", refused.text());
        assert!(refused.header("retry-after").parse::<u64>().unwrap() <= 86_400);
        let long = json!({"model": "a/m", "max_tokens": 10, "messages": [{"role": "user", "content": "hi"}]});
        let gemini = json!({"contents": [{"parts": [{"text": "hi"}]}], "generationConfig": {"maxOutputTokens": 10}});
        let converse =
            json!({"messages": [{"role": "user", "content": [{"text": "hi"}]}], "inferenceConfig": {"maxTokens": 10}});
        let responses = json!({"model": "a/m", "max_output_tokens": 16, "input": "hi"});
        for (path, body, status, at, word) in [
            ("/v1/responses", &responses, 402, "/error/code", "insufficient_quota"),
            ("/v1/messages", &long, 402, "/error/type", "billing_error"),
            ("/v1beta/models/a%2Fm:generateContent", &gemini, 402, "/error/status", "RESOURCE_EXHAUSTED"),
            ("/model/a%2Fm/converse", &converse, 400, "", ""),
            ("/v2/chat", &long, 402, "", ""),
            ("/api/v1/chat/completions", &long, 402, "/error/code", ""),
        ] {
            let reply = proxy.send(Call::post(path, body)).await;
            assert_eq!(reply.status, status, "{path}: {}", reply.text());
            assert!(reply.text().contains("`all` has 0.5 USD per day, of which 0."), "{path}: {}", reply.text());
            assert!((1..=86_400).contains(&reply.header("retry-after").parse::<u64>().unwrap()), "{path}");
            if !word.is_empty() {
                assert_eq!(reply.json().pointer(at), Some(&json!(word)), "{path}");
            }
        }
        let spent = proxy.metric("outrider_cost_usd_total", &["caller=\"default\"", "target=\"a/m\""]).await;
        assert!((spent - cost * f64::from(calls)).abs() < 1e-9 && spent <= 0.5, "{spent} for {calls}");
        assert!(0.5 - spent < 0.2, "most of it could be spent: {spent}");
        let spend = proxy.ask("/spend").await.json();
        assert_eq!(spend["budgets"][0]["of"]["usd"]["held"], "0", "{spend}");
    });
}
