//! A second target is asked while the first is late.

use std::time::{Duration, Instant};

use crate::support::client::Call;
use crate::support::provider::{Behaviour, Provider};
use crate::support::proxy::{Config, Proxy};
use crate::support::{run, until};

#[test]
fn the_first_real_event_wins_and_the_loser_is_hung_up_on() {
    run(async {
        let (a, b) = (Provider::start().await, Provider::start().await);
        let config = Config::chain(&[&a, &b]).top("defaults: {hedge: {after: 300ms, at_most: 5%}}");
        let proxy = Proxy::start(&config).await;
        for call in 0..40 {
            let call = if call % 2 == 0 { Call::stream("m") } else { Call::chat("m") };
            assert_eq!(proxy.send(call).await.attempts(), ["a/m-a;ok"]);
        }
        a.set(Behaviour::hang());
        for call in [Call::stream("m"), Call::chat("m")] {
            let start = Instant::now();
            let reply = proxy.send(call).await;
            assert_eq!((reply.status, reply.attempts()), (200, vec!["a/m-a;overtaken".into(), "b/m-b;ok".into()]));
            assert!((300..3_000).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
        }
        until("the losers are hung up on", || a.hung_up() == 2).await;
        // Two of forty calls are 5 %: the next late one has to wait for its own deadline.
        let reply = proxy.send(Call::stream("m").header("x-outrider-first-token", "900ms")).await;
        assert_eq!(reply.attempts(), ["a/m-a;first_token_timeout", "b/m-b;ok"]);
        assert_eq!(b.calls().len(), 3, "the loser's call was not made twice");
    });
}

#[test]
fn what_a_provider_would_keep_is_not_asked_twice() {
    run(async {
        let (a, b) = (Provider::start().await, Provider::start().await);
        let config = Config::chain(&[&a, &b]).top("defaults: {hedge: {after: 100ms, at_most: 100%}}");
        let proxy = Proxy::start(&config).await;
        a.set(Behaviour::hang());
        assert_eq!(proxy.send(Call::chat("m")).await.attempts(), ["a/m-a;overtaken", "b/m-b;ok"]);
        let body = r#"{"model":"m","store":true,"messages":[{"role":"user","content":"hi"}]}"#;
        let started = Instant::now();
        let reply = proxy.send(Call::chat("m").body(body).header("x-outrider-first-token", "700ms")).await;
        assert_eq!(reply.attempts(), ["a/m-a;first_token_timeout", "b/m-b;ok"]);
        assert!(started.elapsed() >= Duration::from_millis(700));
    });
}
