//! What a client says about its own call with `x-outrider-*` headers.

use std::time::{Duration, Instant};

use crate::support::client::Call;
use crate::support::dialects::speech::SPEECHES;
use crate::support::provider::{Behaviour, Provider};
use crate::support::proxy::{Config, Proxy};
use crate::support::run;

#[test]
fn a_call_brings_its_own_deadline_and_its_own_tries() {
    run(async {
        let (slow, good) = (Provider::behaving(Behaviour::hang()).await, Provider::start().await);
        let proxy = Proxy::start(&Config::chain(&[&slow, &good])).await;
        let start = Instant::now();
        let reply = proxy.send(Call::stream("m").header("x-outrider-first-token", "300ms")).await;
        assert_eq!(reply.attempts(), ["a/m-a;first_token_timeout", "b/m-b;ok"]);
        assert!((300..3_000).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());

        let call = Call::chat("m").header("x-outrider-tries", "1").header("x-outrider-first-token", "200ms");
        assert_eq!(proxy.send(call).await.attempts(), ["a/m-a;first_token_timeout"]);

        let start = Instant::now();
        let reply = proxy.send(Call::chat("m").header("x-outrider-timeout", "300ms")).await;
        assert_eq!((reply.status, reply.attempts()), (504, vec!["a/m-a;total_timeout".to_owned()]));
        assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    });
}

#[test]
fn a_call_names_who_may_answer() {
    run(async {
        let (a, b) = (Provider::start().await, Provider::start().await);
        let proxy = Proxy::start(&Config::chain(&[&a, &b])).await;
        for (only, target) in [("a", "a/m-a"), ("b", "b/m-b"), ("b/m-b", "b/m-b")] {
            let reply = proxy.send(Call::chat("m").header("x-outrider-only", only)).await;
            assert_eq!((reply.status, reply.header("x-outrider-target")), (200, target), "{}", reply.text());
        }
        a.set(Behaviour::status(500));
        let reply = proxy.send(Call::chat("m").header("x-outrider-only", "a").header("x-outrider-tries", "1")).await;
        assert_eq!((reply.status, reply.attempts()), (500, vec!["a/m-a;server_error".to_owned()]), "nobody else");
    });
}

#[test]
fn what_means_nothing_is_refused_in_the_clients_dialect() {
    run(async {
        let provider = Provider::start().await;
        let proxy = Proxy::start(&Config::chain(&[&provider])).await;
        for client in SPEECHES {
            for (name, value, says) in [
                ("x-outrider-timeout", "soon", "header `x-outrider-timeout`: expected a time such as"),
                ("x-outrider-only", "zzz", "`x-outrider-only` names `zzz`; model `m` has `a/m-a`"),
            ] {
                let call = Call::post(&client.path("m", false), &(client.ask)("m", false)).header(name, value);
                let reply = proxy.send(call).await;
                assert_eq!(reply.status, 400, "{}: {}", client.dialect, reply.text());
                let message = reply.json().pointer(client.message).map(|text| text.as_str().unwrap().to_owned());
                assert!(message.as_ref().is_some_and(|text| text.contains(says)), "{}: {message:?}", client.dialect);
            }
        }
        assert_eq!(provider.calls().len(), 0);
    });
}
