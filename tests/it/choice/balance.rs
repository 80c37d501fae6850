//! Who gets the calls, by each way of sharing them.

use std::time::Duration;

use serde_json::{Value, json};

use super::{chat, late, priced};
use crate::support::client::Call;
use crate::support::provider::{Answer, Behaviour, Provider, Step, framed, sse};
use crate::support::proxy::{Config, Proxy};
use crate::support::{run, until};

/// Two targets behind the model `m`, which shares them so.
async fn sharing(a: &Provider, b: &Provider, prices: [f64; 2], balance: &str) -> Proxy {
    let config = Config::default().entry("a", &priced(a, prices[0], "")).entry("b", &priced(b, prices[1], ""));
    let targets = if balance == "weighted" { "{use: a/x, weight: 3}, b/x" } else { "a/x, b/x" };
    Proxy::start(&config.model("m", &format!("{{targets: [{targets}], balance: {balance}, sticky: off}}"))).await
}

/// Of so many streams, how many each gets.
async fn shares(proxy: &Proxy, a: &Provider, b: &Provider, calls: usize) -> (usize, usize) {
    let before = (a.calls().len(), b.calls().len());
    for _ in 0..calls {
        assert_eq!(proxy.send(Call::stream("m")).await.status, 200);
    }
    (a.calls().len() - before.0, b.calls().len() - before.1)
}

#[test]
fn price_asks_the_cheapest() {
    run(async {
        let (a, b) = (Provider::start().await, Provider::start().await);
        let proxy = sharing(&a, &b, [2.0, 1.0], "price").await;
        assert_eq!(shares(&proxy, &a, &b, 30).await, (0, 30));
        b.set(Behaviour::status(500));
        assert_eq!(proxy.send(Call::chat("m")).await.header("x-outrider-target"), "a/x", "the next cheapest");
        let unknown = Config::default().provider("a", &a).entry("b", &priced(&b, 100.0, ""));
        b.set(Behaviour::ok());
        let proxy = Proxy::start(&unknown.model("m", "{targets: [a/x, b/x], balance: price, sticky: off}")).await;
        assert_eq!(shares(&proxy, &a, &b, 10).await, (0, 10), "what nobody knows is not cheap");
    });
}

#[test]
fn latency_asks_the_soonest() {
    run(async {
        let (a, b) = (Provider::behaving(late(400)).await, Provider::start().await);
        let proxy = sharing(&a, &b, [1.0, 2.0], "latency").await;
        shares(&proxy, &a, &b, 12).await; // whoever is first is measured, and so is the other
        let (slow, fast) = shares(&proxy, &a, &b, 30).await;
        assert!(fast >= 26, "{slow} to {fast}");
        b.set(Behaviour::status(500));
        assert_eq!(proxy.send(Call::stream("m")).await.header("x-outrider-target"), "a/x", "the next");
    });
}

/// A stream of four hundred tokens, with such a pause before each part of it.
fn writes(milliseconds: u64) -> Behaviour {
    let part = |delta: Value, finish: Value| {
        sse(json!({"id": "1", "object": "chat.completion.chunk", "model": "x",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}))
    };
    let mut events: Vec<_> = (0..8).map(|_| part(json!({"content": "word "}), Value::Null)).collect();
    events.push(part(json!({}), json!("stop")));
    events.push(sse(json!({"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 400}})));
    events.push(sse("[DONE]"));
    let script = framed(&Answer::events(events));
    let pause = move || Step::Pause(Duration::from_millis(milliseconds));
    Behaviour::steps(script.into_iter().flat_map(move |step| [pause(), step]))
}

#[test]
fn throughput_asks_the_fastest() {
    run(async {
        let (a, b) = (Provider::behaving(writes(15)).await, Provider::behaving(writes(0)).await);
        let proxy = sharing(&a, &b, [1.0, 2.0], "throughput").await;
        shares(&proxy, &a, &b, 12).await;
        let (slow, fast) = shares(&proxy, &a, &b, 30).await;
        assert!(fast >= 26, "{slow} to {fast}");
    });
}

#[test]
fn least_busy_asks_who_has_the_fewest_calls() {
    run(async {
        let open = || Behaviour::stream(5).gated_after(3);
        let (a, b) = (Provider::behaving(open()).await, Provider::behaving(open()).await);
        let proxy = sharing(&a, &b, [1.0, 2.0], "least_busy").await;
        let mut streams = Vec::new();
        for n in 1..=10 {
            let mut stream = proxy.open(Call::stream("m")).await;
            stream.read_until("word2").await;
            streams.push(stream);
            until("the call has arrived", || a.calls().len() + b.calls().len() == n).await;
            assert!(a.calls().len().abs_diff(b.calls().len()) <= 1, "after {n}");
        }
        assert_eq!((a.calls().len(), b.calls().len()), (5, 5));
    });
}

#[test]
fn weights_and_turns() {
    run(async {
        let (a, b) = (Provider::start().await, Provider::start().await);
        let proxy = sharing(&a, &b, [1.0, 9.0], "weighted").await;
        let (three, one) = shares(&proxy, &a, &b, 200).await;
        // Six standard deviations around 50 of 200.
        assert!((14..=86).contains(&one), "{three} to {one}");
        let proxy = sharing(&a, &b, [1.0, 9.0], "round_robin").await;
        let mut asked = Vec::new();
        for _ in 0..8 {
            asked.push(proxy.send(Call::chat("m")).await.header("x-outrider-target").to_owned());
        }
        assert!(asked[0] != asked[1] && asked.chunks(2).all(|turn| turn == &asked[..2]), "{asked:?}");
    });
}

#[test]
fn score_weighs_money_and_time() {
    run(async {
        let (a, b) = (Provider::start().await, Provider::start().await);
        let proxy = sharing(&a, &b, [1.0, 1.0], "score").await;
        let (one, other) = shares(&proxy, &a, &b, 200).await;
        assert!(one.abs_diff(other) <= 86, "equals share: {one} to {other}"); // six standard deviations
        // A hundred dollars for a million tokens: a tenth of a cent for each call, which no speed makes up for.
        let proxy = sharing(&a, &b, [100.0, 1.0], "score").await;
        let (dear, cheap) = shares(&proxy, &a, &b, 60).await;
        assert!(cheap >= 55, "{dear} to {cheap}");
        // At the same price, a second and more of waiting.
        a.set(late(1_200));
        let proxy = sharing(&a, &b, [0.0, 0.0], "score").await;
        for target in ["a/x", "b/x", "a/x", "b/x"] {
            proxy.send(Call::stream(target)).await;
        }
        let (slow, fast) = shares(&proxy, &a, &b, 40).await;
        assert!(fast >= 35, "{slow} to {fast}");
    });
}

#[test]
fn a_call_may_want_another_order() {
    run(async {
        let (a, b) = (Provider::start().await, Provider::start().await);
        let proxy = sharing(&a, &b, [1.0, 3.0], "price").await;
        for (more, target) in [
            (json!({}), "a/x"),
            (json!({"provider": {"order": ["b"]}}), "b/x"),
            (json!({"provider": {"sort": "price"}}), "a/x"),
        ] {
            for _ in 0..5 {
                assert_eq!(proxy.send(chat("m", "hi", &more)).await.header("x-outrider-target"), target, "{more}");
            }
        }
    });
}
