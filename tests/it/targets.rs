//! Who gets a call: weights, health checks, addresses.

use crate::support::client::Call;
use crate::support::provider::{Behaviour, Provider};
use crate::support::proxy::{Config, Proxy};
use crate::support::{eventually, run, until};

#[test]
fn weights_share_the_load() {
    run(async {
        let (large, small, none) = (Provider::start().await, Provider::start().await, Provider::start().await);
        let config = Config::default().provider("a", &large).provider("b", &small).provider("c", &none);
        let targets = "{targets: [{use: a/m, weight: 80}, {use: b/m, weight: 20}, {use: c/m, weight: 0}]}";
        let proxy = Proxy::start(&config.model("m", targets)).await;
        for _ in 0..400 {
            assert_eq!(proxy.send(Call::chat("m")).await.status, 200);
        }
        let (large, small) = (large.calls().len(), small.calls().len());
        assert_eq!((large + small, none.calls().len()), (400, 0));
        // Six standard deviations around 80 of 400.
        assert!((32..=128).contains(&small), "{large} to {small}");
    });
}

#[test]
fn nothing_is_lost_while_one_of_two_is_dead() {
    run(async {
        let (dying, good) = (Provider::start().await, Provider::start().await);
        let config = Config::default().provider("a", &dying).provider("b", &good);
        // One conversation would stay where its prompt is cached; and by its score, who has failed is taken back slowly.
        let proxy = Proxy::start(&config.model("m", "{targets: [a/m, b/m], balance: weighted, sticky: off}")).await;
        for n in 0..200 {
            if n == 20 {
                dying.refuse().await;
            }
            let call = if n % 2 == 0 { Call::chat("m") } else { Call::stream("m") };
            let reply = proxy.send(call).await;
            assert_eq!((reply.status, reply.complete), (200, true), "call {n}: {}", reply.text());
        }
        dying.come_back();
        let before = dying.calls().len();
        let look = || async {
            proxy.send(Call::chat("m")).await;
            dying.calls().len()
        };
        eventually("the one that came back is used again", look, |calls| *calls > before + 2).await;
    });
}

/// A provider that is probed every 100 ms, and dead after two failures.
fn probed(provider: &Provider) -> String {
    let health = "{path: /v1/models, interval: 100ms, timeout: 500ms, healthy_after: 1, unhealthy_after: 2}";
    format!("base_url: \"{}\", api_key: sk-probe, health: {health}", provider.url())
}

#[test]
fn a_target_that_fails_its_probes_gets_no_calls() {
    run(async {
        let (sick, good) = (Provider::start().await, Provider::start().await);
        sick.set_probe(Behaviour::status(500));
        let config = Config::default().entry("a", &probed(&sick)).entry("b", &probed(&good));
        let proxy = Proxy::start(&config.model("m", "{targets: [a/m], fallbacks: [b/m]}")).await;
        let look = || async { proxy.send(Call::chat("m")).await.header("x-outrider-target").to_owned() };
        eventually("calls avoid it", look, |target| target == "b/m").await;
        let heard = sick.calls().len();
        for _ in 0..10 {
            proxy.send(Call::chat("m")).await;
        }
        assert_eq!(sick.calls().len(), heard);
        sick.set_probe(Behaviour::ok());
        eventually("it is back", look, |target| target == "a/m").await;
        let probe = sick.requests().into_iter().find(|seen| seen.method == "GET").unwrap();
        assert_eq!(probe.path, "/v1/models");
    });
}

#[test]
fn a_probe_that_is_refused_for_its_key_or_pace_is_no_death() {
    run(async {
        for status in [401, 403, 404, 429] {
            let (picky, other) = (Provider::start().await, Provider::start().await);
            picky.set_probe(Behaviour::status(status));
            let config = Config::default().entry("a", &probed(&picky)).provider("b", &other);
            let proxy = Proxy::start(&config.model("m", "{targets: [a/m], fallbacks: [b/m]}")).await;
            until("it was probed often enough", || picky.requests().len() >= 4).await;
            assert_eq!(proxy.send(Call::chat("m")).await.header("x-outrider-target"), "a/m", "{status}");
        }
    });
}

#[test]
fn every_address_of_a_name_is_used() {
    run(async {
        // `localhost` may well have two addresses, of which only one listens.
        let provider = Provider::start().await;
        let fields = format!("base_url: \"{}\", api_key: k, health: off", provider.url_at("localhost"));
        let proxy = Proxy::start(&Config::default().entry("a", &fields).model("m", "{targets: [a/m]}")).await;
        for _ in 0..5 {
            assert_eq!(proxy.send(Call::chat("m")).await.status, 200);
        }
        let host = format!("localhost:{}", provider.url().rsplit(':').next().unwrap().trim_end_matches("/v1"));
        assert_eq!(provider.calls()[0].header("host"), Some(host.as_str()));
    });
}

#[test]
fn a_name_without_an_address_costs_one_try() {
    run(async {
        let good = Provider::start().await;
        let config = Config::default().entry("a", "base_url: \"http://nowhere.invalid/v1\", health: off");
        let config = config.provider("b", &good).model("m", "{targets: [a/m], fallbacks: [b/m]}");
        let reply = Proxy::start(&config).await.send(Call::chat("m")).await;
        assert_eq!((reply.status, reply.header("x-outrider-target")), (200, "b/m"));
    });
}

#[test]
fn connections_are_used_again() {
    run(async {
        let provider = Provider::start().await;
        let proxy = Proxy::before(&[&provider]).await;
        for n in 0..20 {
            let call = if n % 2 == 0 { Call::chat("m") } else { Call::stream("m") };
            proxy.send(call).await;
        }
        assert!(provider.connections() <= 2, "{} connections for 20 calls", provider.connections());
    });
}

#[test]
fn case_153_a_pooled_connection_that_died_is_not_the_calls_loss() {
    run(async {
        let provider = Provider::start().await;
        let proxy = Proxy::before(&[&provider]).await;
        for _ in 0..5 {
            assert_eq!(proxy.send(Call::chat("m")).await.status, 200);
            provider.refuse().await;
            provider.come_back();
        }
    });
}
