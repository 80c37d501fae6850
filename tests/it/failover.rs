//! Whatever the first provider does before its first real event, the second one answers, and the client is told.

use bytes::Bytes;
use serde_json::json;

use crate::support::client::Call;
use crate::support::provider::{Answer, Behaviour, Provider, Step};
use crate::support::proxy::{Config, Proxy};
use crate::support::run;

/// Faults that may pass at once: a fallback is asked only when they came twice.
const PASSING: [&str; 6] = ["reset", "server_error", "overloaded", "rate_limited", "empty", "truncated"];

/// The first provider behaves so, and the call is answered by the second one; the first tries' outcomes are told.
async fn check(call: &Call, behaviour: Behaviour, outcome: &str) {
    let (bad, good) = (Provider::behaving(behaviour).await, Provider::start().await);
    let proxy = Proxy::start(&Config::chain(&[&bad, &good]).first_token("300ms")).await;
    let reply = proxy.send(call.clone()).await;
    let mut expected = vec![format!("a/m-a;{outcome}"); 1 + usize::from(PASSING.contains(&outcome))];
    expected.push("b/m-b;ok".into());
    assert_eq!(reply.attempts(), expected, "{outcome}: {}", reply.text());
    assert_eq!((reply.status, reply.header("x-outrider-target")), (200, "b/m-b"), "{outcome}");
    assert!(reply.complete && reply.text().contains(r#""model":"m-b""#), "{outcome}: {}", reply.text());
    assert!(!reply.text().contains("error"), "{outcome}: nothing of the failed try shows: {}", reply.text());
    assert_eq!(good.calls().len(), 1, "{outcome}");
}

/// What can go wrong with any reply before its first byte of content.
fn faults_before_the_head() -> Vec<(Behaviour, &'static str)> {
    vec![
        (Behaviour::reset(), "reset"),
        (Behaviour::close(), "reset"),
        (Behaviour::garbage(), "malformed"),
        (Behaviour::hang(), "first_token_timeout"),
        (Behaviour::status(500), "server_error"),
        (Behaviour::status(502), "server_error"),
        (Behaviour::status(503), "overloaded"),
        (Behaviour::status(529), "overloaded"),
        (Behaviour::status(504), "upstream_timeout"),
        (Behaviour::status(408), "upstream_timeout"),
        (Behaviour::status(429), "rate_limited"),
        (Behaviour::status(401), "key_refused"),
        (Behaviour::status(403), "key_refused"),
        (Behaviour::empty(), "empty"),
        (Behaviour::large_header(1 << 20), "malformed"),
    ]
}

#[test]
fn a_call_survives_every_fault_before_the_head() {
    run(async {
        for (behaviour, outcome) in faults_before_the_head() {
            check(&Call::chat("m"), behaviour, outcome).await;
        }
    });
}

#[test]
fn a_stream_survives_every_fault_before_the_head() {
    run(async {
        for (behaviour, outcome) in faults_before_the_head() {
            check(&Call::stream("m"), behaviour, outcome).await;
        }
    });
}

#[test]
fn a_call_survives_a_bad_body() {
    run(async {
        let choiceless = json!({"object": "chat.completion", "choices": []});
        let rows = [
            (Behaviour::error_in_a_200(), "server_error"),
            (Behaviour::ok().cut_after(20), "truncated"),
            (Behaviour::answer(Answer::body(200, "application/json", "<html>")), "malformed"),
            (Behaviour::answer(Answer::json(200, &choiceless)), "empty"),
            (Behaviour::answer(Answer::body(200, "application/json", " \n")), "empty"),
        ];
        for (behaviour, outcome) in rows {
            check(&Call::chat("m"), behaviour, outcome).await;
        }
    });
}

#[test]
fn a_stream_survives_everything_before_its_first_word() {
    run(async {
        let done = Answer::events(vec![Bytes::from_static(b"data: [DONE]\n\n")]);
        let rows = [
            (Behaviour::error_as_first_event(), "server_error"),
            (Behaviour::error_in_a_200(), "server_error"),
            (Behaviour::empty_stream(), "empty"),
            (Behaviour::answer(done), "empty"),
            (Behaviour::silent_after_head(), "first_token_timeout"),
            (Behaviour::only_keepalives(), "first_token_timeout"),
            (Behaviour::ok().after_pieces(0, Step::Close), "truncated"),
            (Behaviour::ok().after_pieces(1, Step::Close), "truncated"),
            (Behaviour::ok().after_pieces(1, Step::Reset), "truncated"),
            (Behaviour::ok().after_pieces(1, Step::Silence), "first_token_timeout"),
        ];
        for (behaviour, outcome) in rows {
            check(&Call::stream("m"), behaviour, outcome).await;
        }
    });
}

#[test]
fn a_refused_connection_goes_to_the_next_target() {
    run(async {
        let (gone, good) = (Provider::refusing().await, Provider::start().await);
        let proxy = Proxy::before(&[&gone, &good]).await;
        for call in [Call::chat("m"), Call::stream("m")] {
            let reply = proxy.send(call).await;
            assert_eq!(reply.attempts(), ["a/m-a;connect", "b/m-b;ok"]);
            assert_eq!(reply.status, 200);
        }
    });
}

#[test]
fn three_targets_are_tried_in_their_order() {
    run(async {
        let (first, second) = (Provider::refusing().await, Provider::behaving(Behaviour::status(500)).await);
        let third = Provider::start().await;
        let reply = Proxy::before(&[&first, &second, &third]).await.send(Call::stream("m")).await;
        assert_eq!(reply.attempts(), ["a/m-a;connect", "b/m-b;server_error", "c/m-c;ok"]);
    });
}

#[test]
fn tries_are_limited() {
    run(async {
        let bad = Provider::behaving(Behaviour::status(500)).await;
        let good = Provider::start().await;
        let config = Config::chain(&[&bad, &good]).top("defaults: {retry: {tries: 1}}");
        let reply = Proxy::start(&config).await.send(Call::chat("m")).await;
        assert_eq!((reply.status, reply.attempts()), (500, vec!["a/m-a;server_error".to_owned()]));
        assert!(good.calls().is_empty());
    });
}

#[test]
fn only_what_the_policy_lists_is_tried_again() {
    run(async {
        let bad = Provider::behaving(Behaviour::status(500)).await;
        let good = Provider::start().await;
        let config = Config::chain(&[&bad, &good]).top("defaults: {retry: {on: [connect, 429]}}");
        let proxy = Proxy::start(&config).await;
        assert_eq!(proxy.send(Call::chat("m")).await.status, 500);
        bad.set(Behaviour::status(429));
        assert_eq!(proxy.send(Call::chat("m")).await.status, 200);
    });
}

#[test]
fn when_everything_failed_the_client_gets_the_most_useful_error() {
    run(async {
        let (gone, limited) = (Provider::refusing().await, Provider::behaving(Behaviour::status(429)).await);
        let silent = Provider::behaving(Behaviour::reset()).await;
        let proxy = Proxy::before(&[&gone, &limited, &silent]).await;
        let reply = proxy.send(Call::chat("m")).await;
        assert_eq!(reply.attempts(), ["a/m-a;connect", "b/m-b;rate_limited", "c/m-c;reset"]);
        assert_eq!((reply.status, reply.error_message()), (429, "provider says 429".to_owned()));
    });
}

#[test]
fn an_outage_is_not_multiplied() {
    run(async {
        let (one, two) = (Provider::start().await, Provider::start().await);
        let proxy = Proxy::start(&Config::chain(&[&one, &two]).top("defaults: {retry: {tries: 5}}")).await;
        one.set(Behaviour::status(500));
        two.set(Behaviour::status(500));
        for _ in 0..60 {
            assert_eq!(proxy.send(Call::chat("m")).await.status, 500);
        }
        let asked = one.calls().len() + two.calls().len();
        // 60 first tries, the reserves of two budgets, and what comes back to them.
        assert!((60..=130).contains(&asked), "60 calls became {asked}");
    });
}

#[test]
fn a_refusal_of_the_request_itself_comes_back_as_it_is() {
    run(async {
        for status in [400, 404, 413, 422] {
            let (picky, other) = (Provider::behaving(Behaviour::status(status)).await, Provider::start().await);
            let reply = Proxy::before(&[&picky, &other]).await.send(Call::chat("m")).await;
            assert_eq!((reply.status, reply.header("x-outrider-target")), (status, "a/m-a"));
            assert_eq!(reply.error_message(), format!("provider says {status}"));
            assert!(other.calls().is_empty(), "{status} would be said by every target");
        }
    });
}
