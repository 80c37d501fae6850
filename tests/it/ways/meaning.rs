//! What an intercepted call means: it goes on to where it was going, unless something else is said; and its credentials
//! go nowhere else.

use super::{at_home_with, port};
use crate::support::client::{Call, Reply};
use crate::support::foreign::{Client, connect};
use crate::support::provider::{Authority, Behaviour, Provider};
use crate::support::proxy::{Config, Proxy};
use crate::support::run;

const KEY: &str = "of-the-client";

/// A call to `host`, through its CONNECT.
async fn ask(proxy: &Proxy, host: &Provider, call: Call) -> Reply {
    let target = format!("localhost:{}", port(host));
    let stream = connect(proxy, &target).await;
    let stream = Client::of(proxy, &["http/1.1"]).secure(stream, "localhost").await.unwrap();
    crate::support::foreign::send(stream, false, call.header("host", &target)).await
}

fn with_key(call: Call) -> Call {
    call.header("authorization", &format!("Bearer {KEY}")).header("openai-organization", KEY)
}

#[test]
fn it_goes_on_with_its_own_credentials_where_nothing_is_said() {
    run(async {
        let authority = Authority::new();
        let other = Provider::start().await;
        let proxy = at_home_with(&authority, Config::chain(&[&other])).await;
        for host in [Provider::tls(&authority).await, Provider::http2(&authority).await] {
            for call in [Call::chat("a/gpt-x"), Call::stream("a/gpt-x")] {
                let reply = ask(&proxy, &host, with_key(call)).await;
                assert_eq!((reply.status, reply.header("x-outrider-target")), (200, "localhost/a/gpt-x"));
                let seen = host.last();
                assert_eq!(seen.header("authorization"), Some(&*format!("Bearer {KEY}")));
                assert_eq!(seen.header("openai-organization"), Some(KEY));
                assert_eq!(seen.json()["model"], "a/gpt-x", "the name is the host's, not ours");
            }
        }
        let host = Provider::tls(&authority).await;
        let reply = ask(&proxy, &host, with_key(Call::chat("m"))).await;
        assert_eq!(reply.header("x-outrider-target"), "a/m-a", "a name of the configuration");
        assert!(host.calls().is_empty() && other.calls().len() == 1);
    });
}

#[test]
fn another_answers_when_its_host_fails_and_never_sees_its_credentials() {
    run(async {
        let authority = Authority::new();
        let (host, other) = (Provider::tls(&authority).await, Provider::start().await);
        let routes = "routes: [{when: {host: localhost, model: gpt-*}, use: m, origin: first}]";
        let proxy = at_home_with(&authority, Config::chain(&[&other]).top(routes)).await;
        assert_eq!(ask(&proxy, &host, with_key(Call::chat("gpt-x"))).await.attempts(), ["localhost/gpt-x;ok"]);
        host.set(Behaviour::status(500));
        for call in [Call::chat("gpt-x"), Call::stream("gpt-x")] {
            let reply = ask(&proxy, &host, with_key(call)).await;
            assert_eq!(reply.attempts().first().unwrap(), "localhost/gpt-x;server_error");
            assert_eq!(reply.attempts().last().unwrap(), "a/m-a;ok");
            assert!(!format!("{:?}", other.last()).contains(KEY), "{:?}", other.last());
        }
        assert!(!proxy.said().contains(KEY), "nor does the log");
    });
}

#[test]
fn its_credentials_are_passed_through_to_no_other_host() {
    run(async {
        let authority = Authority::new();
        let (host, other) = (Provider::tls(&authority).await, Provider::start().await);
        let fields = format!("dialect: openai_chat, base_url: \"{}\", auth: passthrough, health: off", other.url());
        let config = Config::default().stated("other", &fields).top("routes: [{use: other/x}]");
        let proxy = at_home_with(&authority, config).await;
        let reply = ask(&proxy, &host, with_key(Call::chat("gpt-x"))).await;
        assert!(reply.error_message().contains("credential of an intercepted call"), "{}", reply.text());
        assert!(other.calls().is_empty() && host.calls().is_empty());
        // Who calls Outrider itself has chosen it, and whom it asks.
        assert_eq!(proxy.send(with_key(Call::chat("m"))).await.status, 200);
        assert_eq!(other.call().header("authorization"), Some(&*format!("Bearer {KEY}")));
    });
}

#[test]
fn what_aws_has_signed_stays_as_it_is() {
    run(async {
        let authority = Authority::new();
        let host = Provider::tls(&authority).await;
        let proxy = at_home_with(&authority, Config::chain(&[&Provider::refusing().await])).await;
        let signature = "AWS4-HMAC-SHA256 Credential=AKIA/20261121/eu-west-1/bedrock/aws4_request, \
                         SignedHeaders=accept-encoding;amz-sdk-request;host;x-amz-date, Signature=0123";
        let signed = [
            ("authorization", signature),
            ("accept-encoding", "gzip"),
            ("amz-sdk-request", "attempt=1"),
            ("x-amz-date", "20261121T000000Z"),
            ("x-amz-security-token", "token"),
        ];
        let path = "/model/eu.anthropic.claude-v1%3A0/converse";
        let body = "{ \"messages\": [ {\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]} ] }";
        let call = Call::get(path).method("POST").body(body).header("content-type", "application/json");
        ask(&proxy, &host, signed.iter().fold(call, |call, (name, value)| call.header(name, value))).await;
        let seen = host.last();
        assert_eq!((seen.path.as_str(), &seen.body[..]), (path, body.as_bytes()));
        for (name, value) in signed {
            assert_eq!(seen.header(name), Some(value), "{name}");
        }
        assert_eq!(seen.header("host"), Some(&*format!("localhost:{}", port(&host))));
    });
}
