//! A conversation stays where its prompt is cached, by whatever it is known.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{chat, explained, of, priced};
use crate::support::client::Call;
use crate::support::provider::{Answer, Behaviour, Provider};
use crate::support::proxy::{Config, Proxy};
use crate::support::run;

/// Calls of one conversation: by chance alone, all of them come to one of two targets once in two thousand times.
const CALLS: usize = 12;

/// Two equals behind each of several models.
fn equals(a: &Provider, b: &Provider) -> Config {
    let config = Config::default().entry("a", &priced(a, 1.0, "")).entry("b", &priced(b, 1.0, ""));
    config
        .model("m", "{targets: [a/x, b/x]}")
        .model("session", "{targets: [a/x, b/x], sticky: session}")
        .model("off", "{targets: [a/x, b/x], sticky: off}")
        .model("random", "{targets: [a/x, b/x], balance: weighted}")
}

/// The targets that answer so many calls like that.
async fn seen(proxy: &Proxy, call: impl Fn(usize) -> Call) -> BTreeSet<String> {
    let mut targets = BTreeSet::new();
    for n in 0..CALLS {
        let reply = proxy.send(call(n)).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        targets.insert(reply.header("x-outrider-target").to_owned());
    }
    targets
}

/// Answers that tell of nothing out of a cache.
fn cold() -> Behaviour {
    Behaviour::choosing(|_| {
        let choice = json!({"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hello"}});
        let usage = json!({"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12});
        Answer::json(
            200,
            &json!({"id": "1", "object": "chat.completion", "model": "x", "choices": [choice], "usage": usage}),
        )
    })
}

#[test]
fn a_named_conversation_stays_and_others_spread() {
    run(async {
        let (a, b) = (Provider::behaving(cold()).await, Provider::behaving(cold()).await);
        let proxy = Proxy::start(&equals(&a, &b)).await;
        let text = |n| format!("this is turn {n}");
        for model in ["m", "session", "random"] {
            let session = |n| chat(model, &text(n), &json!({"session_id": "s-1"}));
            assert_eq!(seen(&proxy, session).await.len(), 1, "{model}: session_id");
            let key = |n| chat(model, &text(n), &json!({"prompt_cache_key": "k-1"}));
            assert_eq!(seen(&proxy, key).await.len(), 1, "{model}: prompt_cache_key");
            let header = |n| chat(model, &text(n), &json!({})).header("x-session-id", "h-1");
            assert_eq!(seen(&proxy, header).await.len(), 1, "{model}: the header");
            let each = |n| chat(model, &text(n), &json!({"session_id": format!("s-{model}-{n}")}));
            assert_eq!(seen(&proxy, each).await.len(), 2, "{model}: each its own");
        }
        let off = |n| chat("off", &text(n), &json!({"session_id": "s-1"}));
        assert_eq!(seen(&proxy, off).await.len(), 2, "nobody wants it");
        assert!(a.calls().iter().chain(&b.calls()).all(|call| call.json().get("session_id").is_none()));
    });
}

#[test]
fn a_conversation_without_a_name_is_known_by_its_beginning_once_its_cache_helps() {
    run(async {
        let (a, b) = (Provider::start().await, Provider::start().await); // whose answers tell of cached tokens
        let proxy = Proxy::start(&equals(&a, &b)).await;
        let turns = |first: &str, n: usize| {
            let mut turns =
                vec![json!({"role": "system", "content": "be brief"}), json!({"role": "user", "content": first})];
            for turn in 0..n {
                turns.push(json!({"role": "assistant", "content": format!("answer {turn}")}));
                turns.push(json!({"role": "user", "content": format!("question {turn}")}));
            }
            Value::from(turns)
        };
        let of_model = |model: &str, first: &str, n| {
            Call::post("/v1/chat/completions", &json!({"model": model, "messages": turns(first, n)}))
        };
        assert_eq!(seen(&proxy, |n| of_model("m", "hello", n)).await.len(), 1, "it grows, and stays");
        assert_eq!(seen(&proxy, |n| of_model("m", &format!("hello {n}"), 0)).await.len(), 2, "others begin otherwise");
        for model in ["session", "random", "off"] {
            assert_eq!(seen(&proxy, |n| of_model(model, "hello", n)).await.len(), 2, "{model}: only with a name");
        }
        a.set(cold());
        b.set(cold());
        assert_eq!(seen(&proxy, |n| of_model("m", "nothing cached", n)).await.len(), 2, "nothing is won by staying");
    });
}

#[test]
fn health_goes_first_and_the_conversation_moves_as_a_whole() {
    run(async {
        let (a, b) = (Provider::start().await, Provider::start().await);
        let proxy = Proxy::start(&equals(&a, &b)).await;
        let call = |n: usize| chat("m", &format!("turn {n}"), &json!({"session_id": "s"}));
        let home = seen(&proxy, call).await.pop_first().unwrap();
        let (at_home, other) = if home == "a/x" { (&a, "b/x") } else { (&b, "a/x") };
        at_home.set(Behaviour::status(503));
        assert_eq!(proxy.send(call(99)).await.header("x-outrider-target"), other, "left at once");
        at_home.set(Behaviour::ok());
        assert_eq!(seen(&proxy, call).await, BTreeSet::from([other.to_owned()]), "and it does not go back");
    });
}

#[test]
fn a_reload_keeps_affinity_scores_and_budgets() {
    run(async {
        let (a, b) = (Provider::start().await, Provider::start().await);
        let config = equals(&a, &b).top("budgets: {all: {requests: 1000}}");
        let proxy = Proxy::start(&config).await;
        let call = |n: usize| chat("m", &format!("turn {n}"), &json!({"session_id": "s"}));
        let home = seen(&proxy, call).await;
        for target in ["a/x", "b/x"] {
            proxy.send(Call::stream(target)).await;
        }
        let state = async || {
            let asked = json!({"body": {"model": "m", "session_id": "s", "messages": []}});
            let told = explained(&proxy, &asked).await.json();
            let measured = |target| of(&told, target)["measured"].as_f64().unwrap();
            let of = &proxy.ask("/spend").await.json()["budgets"][0]["of"]["requests"];
            let used = of["spent"].as_i64().unwrap() + of["held"].as_i64().unwrap();
            (told["conversation"]["at"].clone(), measured("a/x").min(measured("b/x")), used)
        };
        let before = state().await;
        assert!(before.1 > 0.5 && before.2 == CALLS as i64 + 2, "{before:?}");
        assert_eq!(before.0, **home.first().unwrap());
        proxy.rewrite(&config.model("added", "{targets: [b/x]}").text());
        proxy.uses("added").await;
        let after = state().await;
        assert_eq!((&after.0, after.2), (&before.0, before.2));
        assert!((after.1 - before.1).abs() < 0.3, "figures fade with time alone: {before:?}, {after:?}");
        assert_eq!(seen(&proxy, call).await, home, "it stays where it was");
    });
}
