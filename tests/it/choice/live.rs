//! `POST /explain` of a running process, and `x-outrider-explain`: what is measured now, and nothing changed by asking.

use serde_json::{Value, json};

use super::{explained, late, of, order, out, priced};
use crate::support::client::Call;
use crate::support::provider::{Behaviour, Provider};
use crate::support::proxy::{Config, Proxy};
use crate::support::{eventually, run};

/// What is used and held of each budget, and how often it has refused.
async fn spend(proxy: &Proxy) -> Vec<Value> {
    let page = proxy.ask("/spend").await.json();
    page["budgets"].as_array().unwrap().iter().map(|one| json!([one["name"], one["of"], one["refused"]])).collect()
}

/// Every target that is remembered.
async fn targets(proxy: &Proxy) -> Vec<String> {
    let page = proxy.ask("/targets").await.json();
    page["targets"].as_array().unwrap().iter().map(|one| one["target"].to_string()).collect()
}

#[test]
fn what_was_measured_is_told() {
    run(async {
        let (a, b, c) = (Provider::start().await, Provider::behaving(late(600)).await, Provider::start().await);
        let config = Config::default().provider("a", &a).provider("b", &b).provider("c", &c);
        let config = config.model("m", "{targets: [a/x, b/x, c/x], sticky: off}");
        let proxy = Proxy::start(&config).await;
        let ask = async || explained(&proxy, &json!({"model": "m"})).await;
        let before = ask().await.json();
        let share = |told: &Value, target: &str| of(told, target)["share"].as_f64().unwrap();
        for target in ["a/x", "b/x", "c/x"] {
            assert!((share(&before, target) - 1.0 / 3.0).abs() < 0.01, "{before}");
            assert_eq!(
                (&of(&before, target)["health"], &of(&before, target)["measured"]),
                (&json!("ready"), &json!(0.0))
            );
        }
        for _ in 0..4 {
            for target in ["a/x", "b/x", "c/x"] {
                proxy.send(Call::stream(target)).await;
            }
        }
        c.set(Behaviour::status(500));
        for _ in 0..6 {
            proxy.send(Call::chat("c/x").header("x-outrider-tries", "1")).await;
        }
        let after = ask().await.json();
        assert_eq!(order(&after).last(), Some(&"c/x"), "{after}");
        let figure = |target: &str, name: &str| of(&after, target)[name].as_f64().unwrap();
        assert_eq!(of(&after, "c/x")["health"], "open", "{after}");
        assert!(figure("c/x", "errors") > figure("a/x", "errors") + 0.1, "{after}");
        assert!(figure("b/x", "first_token") > 0.3 && figure("a/x", "first_token") < 0.3, "{after}");
        assert!(figure("b/x", "measured") > 1.0 && figure("b/x", "excess") > figure("a/x", "excess"), "{after}");
    });
}

#[test]
fn an_explanation_is_what_happens_then_and_changes_nothing() {
    run(async {
        let (a, b) = (Provider::start().await, Provider::start().await);
        let config = Config::default()
            .entry("a", &priced(&a, 1.0, ", region: eu"))
            .entry("b", &priced(&b, 2.0, ", region: us"))
            .model("cheap", "{targets: [b/x, a/x], balance: price, sticky: off}")
            .model("turns", "{targets: [a/x, b/x], balance: round_robin, sticky: off}")
            .model("home", "{targets: [b/x, a/x], require: {region: [us]}}")
            .top("routes: [{when: {model: old}, use: home}]")
            .top("budgets: {all: {requests: 50}}");
        let proxy = Proxy::start(&config).await;
        let settled = |seen: &Vec<Value>| seen.iter().all(|one| one[1]["requests"]["held"] == 0);
        let state = async || (targets(&proxy).await, eventually("it is settled", || spend(&proxy), settled).await);
        let messages = json!([{"role": "user", "content": "hi"}]);
        for (n, more) in [
            json!({"model": "cheap"}),
            json!({"model": "turns"}),
            json!({"model": "turns"}),
            json!({"model": "turns"}),
            json!({"model": "home"}),
            json!({"model": "old"}),
            json!({"model": "cheap", "provider": {"order": ["b"]}}),
            json!({"model": "cheap", "provider": {"ignore": ["a"]}}),
            json!({"model": "nobody/z", "models": ["b/x", "a/x"]}),
            json!({"model": "a/made-up-1"}),
        ]
        .into_iter()
        .enumerate()
        {
            let mut body = json!({"messages": messages});
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let before = state().await;
            let mut told = Value::Null;
            for _ in 0..3 {
                told = explained(&proxy, &json!({"body": body})).await.json();
            }
            assert_eq!(state().await, before, "{more}: asking has changed something");
            let reply = proxy.send(Call::post("/v1/chat/completions", &body)).await;
            assert_eq!(
                (reply.status, Some(&reply.header("x-outrider-target"))),
                (200, order(&told).first()),
                "{n} {more}"
            );
        }
        assert_eq!((a.calls().len() + b.calls().len(), proxy.calls_logged(10).await.len()), (10, 10));
    });
}

#[test]
fn the_log_tells_the_decision_where_a_call_asks_for_it() {
    run(async {
        let (a, b) = (Provider::start().await, Provider::start().await);
        let config = Config::default()
            .entry("a", &priced(&a, 1.0, ", region: eu"))
            .entry("b", &priced(&b, 2.0, ""))
            .model("m", "{targets: [a/x, b/x], require: {region: [eu]}}")
            .model("far", "{targets: [a/x, b/x], require: {region: [asia]}}")
            .top("routes: [{when: {model: old}, use: m}]");
        let proxy = Proxy::start(&config).await;
        let explain = |model: &str| Call::chat(model).header("x-outrider-explain", "true");
        proxy.send(explain("old")).await;
        proxy.send(Call::chat("old")).await;
        proxy.send(Call::chat("old").header("x-outrider-explain", "false")).await;
        assert_eq!(proxy.send(explain("far")).await.status, 404);
        let lines = proxy.calls_logged(4).await;
        let told = &lines[0]["explain"];
        assert_eq!((order(told), out(told)), (vec!["a/x"], vec![("b/x", "region")]), "{told}");
        assert_eq!((&told["model"], &told["asked"], told["route"].is_string()), (&json!("m"), &json!("old"), true));
        assert!(told["candidates"][0]["cost"].as_f64().unwrap() > 0.0);
        assert!(lines[1].get("explain").is_none() && lines[2].get("explain").is_none(), "{lines:?}");
        assert_eq!(out(&lines[3]["explain"]), [("a/x", "region"), ("b/x", "region")], "also of a refused one");
        assert_eq!(a.calls()[0].header("x-outrider-explain"), None, "no provider hears of it");
    });
}

#[test]
fn budgets_that_would_refuse_or_lead_elsewhere_are_told_and_nothing_is_held() {
    run(async {
        let provider = Provider::start().await;
        let config = Config::default().provider("a", &provider).provider("b", &provider);
        let rules = "budgets:
  lead: {for: {model: m}, requests: 1, then: {fallback: small}}
  deny: {for: {model: d}, requests: 1}
  told: {for: {model: w}, requests: 1, then: warn}
limits: [{for: {provider: a}, requests: 2, per: hour}]";
        let config = config
            .top(rules)
            .model("m", "{targets: [b/m]}")
            .model("d", "{targets: [b/d]}")
            .model("w", "{targets: [b/w]}")
            .model("t", "{targets: [a/t], fallbacks: [b/t]}")
            .model("small", "{targets: [b/small]}");
        let proxy = Proxy::start(&config).await;
        let ask = async |model: &str| explained(&proxy, &json!({"model": model})).await.json();
        for model in ["m", "d", "w", "t"] {
            let told = ask(model).await;
            assert!(told.get("lacking").is_none() && told.get("refused").is_none(), "{told}");
            proxy.send(Call::chat(model)).await;
        }
        proxy.send(Call::chat("t")).await;
        let settled = |seen: &Vec<Value>| seen.iter().all(|one| one[1]["requests"]["held"] == 0);
        let before = eventually("all is settled", || spend(&proxy), settled).await;
        let (m, d, w, t) = (ask("m").await, ask("d").await, ask("w").await, ask("t").await);
        assert_eq!((&m["lacking"][0]["then"], order(&m)), (&json!("fallback: small"), vec!["b/small"]), "{m}");
        assert_eq!((&d["lacking"][0]["rule"], &d["refused"]["status"]), (&json!("deny"), &json!(429)), "{d}");
        assert_eq!((&w["lacking"][0]["then"], w.get("refused")), (&json!("warn"), None), "{w}");
        let note = of(&t, "a/t")["notes"][0].as_str().unwrap_or_default();
        assert!(note.starts_with("next: ") && note.contains("2 requests per hour"), "{t}");
        assert_eq!(spend(&proxy).await, before, "nothing is held, and nobody was refused");
        let done: Vec<_> = [("m", "b/small"), ("d", ""), ("w", "b/w"), ("t", "b/t")].into_iter().collect();
        for (model, target) in done {
            assert_eq!(proxy.send(Call::chat(model)).await.header("x-outrider-target"), target, "{model}");
        }
    });
}

#[test]
fn what_cannot_be_explained_is_refused_as_the_call_would_be() {
    run(async {
        let a = Provider::start().await;
        let config = Config::chain(&[&a]).top("routes: [{when: {model: no-*}, deny: not here}]");
        let proxy = Proxy::start(&config).await;
        for (call, status, says) in [
            (json!({"model": "mm"}), 404, "model `mm` is not configured; did you mean `m`?"),
            (json!({"model": "no-1"}), 403, "not here"),
            (json!({}), 400, "you must provide a model parameter"),
            (json!({"model": "m", "colour": "red"}), 400, "unknown field `colour`"),
            (json!({"model": "m", "caller": "zoe"}), 400, "nobody is called `zoe`"),
            (json!({"model": "m", "headers": {"a b": "c"}}), 400, "`a b` is no header"),
            (json!({"model": "m", "path": "/v1/files"}), 400, "no model is called at `/v1/files`"),
            (json!({"model": "m", "body": {"provider": {"sort": "cheap"}}}), 400, "`provider.sort`"),
            (
                json!({"model": "m", "body": {"provider": {"only": ["groq"]}}}),
                404,
                "no allowed providers are available",
            ),
            (json!({"body": {"model": "m", "models": vec!["x"; 100]}}), 400, "more than 16 models"),
        ] {
            let reply = explained(&proxy, &call).await;
            let told = reply.json()["error"]["message"].as_str().unwrap_or_default().to_owned();
            assert!(reply.status == status && told.contains(says), "{call}: {} {}", reply.status, reply.text());
        }
        assert_eq!(a.calls().len(), 0);
    });
}
