//! With nobody else to ask, a call waits for a target that says when it will be back.

use std::time::Instant;

use crate::support::client::Call;
use crate::support::provider::{Behaviour, Provider};
use crate::support::proxy::{Config, Proxy};
use crate::support::run;

#[test]
fn a_single_target_is_waited_for() {
    run(async {
        for (status, call) in [(429, Call::chat("m")), (503, Call::stream("m"))] {
            let provider = Provider::start().await;
            let limited = match status {
                429 => Behaviour::rate_limited("retry-after-ms", "400"),
                _ => Behaviour::answer(
                    crate::support::provider::Answer::body(503, "text/plain", "later")
                        .with_header("retry-after-ms", "400"),
                ),
            };
            provider.once(limited);
            let proxy = Proxy::before(&[&provider]).await;
            let start = Instant::now();
            let reply = proxy.send(call).await;
            assert_eq!(reply.status, 200, "{status}: {}", reply.text());
            assert_eq!(reply.attempts().len(), 2, "{status}");
            assert!(start.elapsed().as_millis() >= 400, "{status}: it came back before the provider was ready");
        }
    });
}

#[test]
fn a_wait_that_does_not_fit_is_not_begun() {
    run(async {
        let provider = Provider::behaving(Behaviour::rate_limited("retry-after", "3000")).await;
        let proxy = Proxy::before(&[&provider]).await;
        let reply = proxy.send(Call::chat("m")).await;
        assert_eq!((reply.status, reply.error_message()), (429, "provider says 429".to_owned()));
        assert_eq!(provider.calls().len(), 1);
    });
}

#[test]
fn case_145_the_client_is_told_when_to_come_back() {
    run(async {
        let provider = Provider::behaving(Behaviour::rate_limited("retry-after", "3000")).await;
        let reply = Proxy::before(&[&provider]).await.send(Call::chat("m")).await;
        assert_eq!(reply.header("retry-after"), "3000");
    });
}

#[test]
fn the_whole_call_has_a_limit() {
    run(async {
        let provider = Provider::behaving(Behaviour::hang()).await;
        let config = Config::chain(&[&provider]).top("defaults: {timeouts: {first_token: 10s, total: 400ms}}");
        let reply = Proxy::start(&config).await.send(Call::chat("m")).await;
        assert_eq!(reply.status, 504, "{}", reply.text());
        reply.error_message();
    });
}
