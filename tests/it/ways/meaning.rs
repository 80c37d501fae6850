//! What an intercepted call means: it goes on to where it was going, unless something else is said; and its credentials
//! go nowhere else.

use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use super::{ask, at_home_among, at_home_with, bearer, place};
use crate::support::client::Call;
use crate::support::foreign::{self, Client, connect};
use crate::support::provider::{Answer, Authority, Behaviour, Provider};
use crate::support::proxy::Config;
use crate::support::{run, secrets, sigv4};

/// With a second header that is of the client's account.
fn with_account(call: Call, host: &Provider) -> Call {
    call.header("openai-organization", &secrets::of_client(host.port()))
}

#[test]
fn it_goes_on_with_its_own_credentials_where_nothing_is_said() {
    run(async {
        let authority = Authority::new();
        let other = Provider::start().await;
        let proxy = at_home_with(&authority, Config::chain(&[&other])).await;
        for host in [Provider::tls(&authority).await, Provider::http2(&authority).await] {
            for call in [Call::chat("a/gpt-x"), Call::stream("a/gpt-x")] {
                let reply = ask(&proxy, &host, with_account(call, &host)).await;
                assert_eq!((reply.status, reply.header("x-outrider-target")), (200, "localhost/a/gpt-x"));
                let seen = host.last();
                assert_eq!(seen.header("authorization"), Some(&*bearer(&host)));
                assert_eq!(seen.header("openai-organization"), Some(&*secrets::of_client(host.port())));
                assert_eq!(seen.json()["model"], "a/gpt-x", "the name is the host's, not ours");
            }
        }
        let host = Provider::tls(&authority).await;
        let reply = ask(&proxy, &host, with_account(Call::chat("m"), &host)).await;
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
        assert_eq!(
            ask(&proxy, &host, with_account(Call::chat("gpt-x"), &host)).await.attempts(),
            ["localhost/gpt-x;ok"]
        );
        host.set(Behaviour::status(500));
        for call in [Call::chat("gpt-x"), Call::stream("gpt-x")] {
            let reply = ask(&proxy, &host, with_account(call, &host)).await;
            assert_eq!(reply.attempts().first().unwrap(), "localhost/gpt-x;server_error");
            assert_eq!(reply.attempts().last().unwrap(), "a/m-a;ok");
            assert_eq!(other.last().header("authorization"), Some("Bearer sk-secret-a"));
            assert_eq!(other.last().header("openai-organization"), None);
        }
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
        let reply = ask(&proxy, &host, with_account(Call::chat("gpt-x"), &host)).await;
        assert!(reply.error_message().contains("credential of an intercepted call"), "{}", reply.text());
        assert!(other.calls().is_empty() && host.calls().is_empty());
        // Who calls Outrider itself has chosen it, and whom it asks.
        let key = bearer(&other);
        assert_eq!(proxy.send(Call::chat("m").header("authorization", &key)).await.status, 200);
        assert_eq!(other.call().header("authorization"), Some(&*key));
    });
}

#[test]
fn its_credentials_do_not_go_out_in_the_open() {
    run(async {
        // The same host, the same port; the call came by TLS, and the provider of that name is asked without.
        let open = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let place = format!("localhost:{}", open.local_addr().unwrap().port());
        let heard = tokio::spawn(async move {
            let (mut stream, _) = open.accept().await.unwrap();
            let mut heard = vec![0; 4096];
            let length = stream.read(&mut heard).await.unwrap();
            heard.truncate(length);
            heard
        });
        let fields = format!("dialect: openai_chat, base_url: \"http://{place}/v1\", auth: passthrough, health: off");
        let config = Config::default().stated("other", &fields).top("routes: [{use: other/x}]");
        let proxy = at_home_with(&Authority::new(), config).await;
        let stream = connect(&proxy, &place).await;
        let stream = Client::of(&proxy, &["http/1.1"]).secure(stream, "localhost").await.unwrap();
        let reply = foreign::send(stream, false, Call::chat("gpt-x").header("host", &place)).await;
        assert!(!heard.is_finished(), "it said: {}", String::from_utf8_lossy(&heard.await.unwrap()));
        let what = format!("credential of an intercepted call is for https://{place}");
        assert!(reply.error_message().contains(&what), "{}", reply.text());
    });
}

#[test]
fn what_aws_has_signed_stays_as_it_is() {
    run(async {
        let authority = Authority::new();
        let host = Provider::tls(&authority).await;
        let proxy = at_home_with(&authority, Config::chain(&[&Provider::refusing().await])).await;
        let signature = signature(&host);
        ask(&proxy, &host, signature.iter().fold(of_aws(), |call, (name, value)| call.header(name, value))).await;
        let seen = host.last();
        assert_eq!((seen.path.as_str(), &seen.body[..]), (CONVERSE, SPACED.as_bytes()));
        for (name, value) in &signature {
            assert_eq!(seen.header(name), Some(&**value), "{name}");
        }
        assert_eq!(seen.header("host"), Some(&*place(&host)));
    });
}

#[test]
fn what_aws_has_signed_is_signed_anew_for_another_account_of_aws() {
    run(async {
        let authority = Authority::new();
        let reply = json!({
            "output": {"message": {"role": "assistant", "content": [{"text": "hi"}]}}, "stopReason": "end_turn",
            "usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2},
        });
        let host = Provider::tls(&authority).await;
        host.set(Behaviour::status(503));
        let other = Provider::behaving(Behaviour::answer(Answer::json(200, &reply))).await;
        let url = other.url().replace("/v1", "");
        let fields = format!("dialect: bedrock, base_url: \"{url}\", auth: aws, region: us-west-2, health: off");
        let route = "routes: [{when: {host: localhost}, use: \"other/us.anthropic.claude-v1:0\", origin: first}]";
        let keys = [("AWS_ACCESS_KEY_ID", "AKIAOTHER"), ("AWS_SECRET_ACCESS_KEY", "sk-secret-hush")];
        let config = Config::default().stated("other", &fields).top(route);
        let proxy = at_home_among(&keys, &authority, config).await;
        let call = signature(&host).iter().fold(of_aws(), |call, (name, value)| call.header(name, value));
        let answered = ask(&proxy, &host, call).await;
        let tried = answered.attempts();
        assert_eq!(tried.last().unwrap(), "other/us.anthropic.claude-v1:0;ok", "{tried:?} {}", answered.text());
        assert_eq!(answered.json(), reply);
        let seen = other.call();
        assert_eq!(seen.path, "/model/us.anthropic.claude-v1%3A0/converse");
        assert!(seen.header("authorization").unwrap().contains("Credential=AKIAOTHER/"), "{seen:?}");
        assert_eq!(sigv4::verify(&seen, "sk-secret-hush", "us-west-2"), Ok(()));
        assert!(sigv4::verify(&seen, "another", "us-west-2").is_err(), "the test would believe anything");
        assert_eq!(seen.header("x-amz-security-token"), None, "the client's");
    });
}

const CONVERSE: &str = "/model/eu.anthropic.claude-v1%3A0/converse";

/// As nobody here would write it.
const SPACED: &str = "{ \"messages\": [ {\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]} ] }";

fn of_aws() -> Call {
    Call::get(CONVERSE).method("POST").body(SPACED).header("content-type", "application/json")
}

/// What AWS's SDKs add, in the name of an account that `host` knows.
fn signature(host: &Provider) -> [(&'static str, String); 5] {
    let account = secrets::of_client(host.port());
    let signature = format!(
        "AWS4-HMAC-SHA256 Credential={account}/20261121/eu-west-1/bedrock/aws4_request, \
         SignedHeaders=accept-encoding;amz-sdk-request;host;x-amz-date, Signature=0123"
    );
    [
        ("authorization", signature),
        ("accept-encoding", "gzip".into()),
        ("amz-sdk-request", "attempt=1".into()),
        ("x-amz-date", "20261121T000000Z".into()),
        ("x-amz-security-token", account),
    ]
}
