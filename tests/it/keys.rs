//! What a provider says about a key: how long it rests, and who answers meanwhile.

use crate::support::client::Call;
use crate::support::provider::{Behaviour, Provider};
use crate::support::proxy::{Config, Proxy};
use crate::support::run;

#[test]
fn a_key_that_must_wait_is_not_asked_again_meanwhile() {
    run(async {
        let rows = [
            ("retry-after", "60"),
            ("retry-after-ms", "60000"),
            ("retry-after", "Fri, 31 Dec 2100 23:59:59 GMT"),
            ("x-ratelimit-reset-requests", "1m0s"),
            ("x-ratelimit-reset-tokens", "60s"),
        ];
        for (header, value) in rows {
            let limited = Provider::behaving(Behaviour::rate_limited(header, value)).await;
            let good = Provider::start().await;
            let proxy = Proxy::before(&[&limited, &good]).await;
            for _ in 0..4 {
                assert_eq!(proxy.send(Call::chat("m")).await.status, 200, "{header}: {value}");
            }
            assert_eq!((limited.calls().len(), good.calls().len()), (1, 4), "{header}: {value}");
        }
    });
}

#[test]
fn another_key_of_the_same_provider_goes_on() {
    run(async {
        let provider = Provider::start().await;
        provider.once(Behaviour::rate_limited("retry-after", "60"));
        let fields = format!("base_url: \"{}\", api_keys: [sk-one, sk-two], health: off", provider.url());
        let config = Config::default().entry("a", &fields).model("m", "{targets: [a/m-a]}");
        let proxy = Proxy::start(&config).await;
        for _ in 0..5 {
            assert_eq!(proxy.send(Call::chat("m")).await.status, 200);
        }
        let keys: Vec<_> =
            provider.calls().iter().map(|call| call.header("authorization").unwrap().to_owned()).collect();
        let rested = &keys[0];
        assert!(keys[1..].iter().all(|key| key != rested), "{keys:?}");
    });
}

#[test]
fn a_key_of_ours_that_is_refused_rests() {
    run(async {
        let (refusing, good) = (Provider::behaving(Behaviour::status(401)).await, Provider::start().await);
        let proxy = Proxy::before(&[&refusing, &good]).await;
        for _ in 0..3 {
            assert_eq!(proxy.send(Call::chat("m")).await.header("x-outrider-target"), "b/m-b");
        }
        assert_eq!(refusing.calls().len(), 1);
    });
}

#[test]
fn a_key_of_the_clients_that_is_refused_is_the_clients_affair() {
    run(async {
        let provider = Provider::behaving(Behaviour::status(401)).await;
        let fields = format!("base_url: \"{}\", auth: passthrough, health: off", provider.url());
        let proxy = Proxy::start(&Config::default().entry("a", &fields).model("m", "{targets: [a/m-a]}")).await;
        let reply = proxy.send(Call::chat("m").header("authorization", "Bearer sk-of-the-client")).await;
        assert_eq!((reply.status, reply.error_message()), (401, "provider says 401".to_owned()));
        provider.set(Behaviour::ok());
        let reply = proxy.send(Call::chat("m").header("authorization", "Bearer sk-of-another")).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert_eq!(provider.calls()[1].header("authorization"), Some("Bearer sk-of-another"));
    });
}

#[test]
fn a_limit_of_one_model_says_nothing_about_the_health_of_its_target() {
    run(async {
        let provider = Provider::behaving(Behaviour::status(429)).await;
        let proxy = Proxy::start(&Config::chain(&[&provider]).top("defaults: {retry: {tries: 1}}")).await;
        for _ in 0..8 {
            proxy.send(Call::chat("m")).await;
        }
        assert_eq!(proxy.metric("outrider_target_breaker_state", &[]).await, 0.0);
    });
}
