//! Providers that want a cloud's login in the place of a key.

use serde_json::json;

use crate::support::client::Call;
use crate::support::provider::{Answer, Behaviour, Provider};
use crate::support::proxy::{Config, Proxy};
use crate::support::run;

/// A proxy before `provider`, which speaks OpenAI's dialect and wants that login.
async fn proxy(provider: &Provider, login: &str, variables: &[(&str, &str)]) -> Proxy {
    proxy_with(&wanting(login, provider), variables).await
}

fn wanting(login: &str, provider: &Provider) -> Config {
    let fields = format!("base_url: \"{}\", auth: {login}, health: off", provider.url());
    Config::default().entry("a", &fields)
}

async fn proxy_with(config: &Config, variables: &[(&str, &str)]) -> Proxy {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("outrider.yaml");
    std::fs::write(&file, config.text()).expect("a file");
    Proxy::start_among(variables, dir, &file).await
}

/// A place where tokens are given: `t1`, `t2` ...
async fn token_service() -> Provider {
    let service = Provider::start().await;
    service.set_probe(Behaviour::answer(Answer::json(200, &json!({"access_token": "t1", "expires_in": "3600"}))));
    service
}

#[test]
fn case_106_requests_are_signed_for_aws() {
    run(async {
        let provider = Provider::start().await;
        let keys = [("AWS_ACCESS_KEY_ID", "AKIATEST"), ("AWS_SECRET_ACCESS_KEY", "hush"), ("AWS_REGION", "eu-west-1")];
        let proxy = proxy(&provider, "aws", &keys).await;
        let theirs = Call::chat("a/m").header("authorization", "AWS4-HMAC-SHA256 Credential=CLIENT");
        let reply = proxy.send(theirs.header("x-amz-security-token", "the-clients")).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        let seen = provider.call();
        let signature = seen.header("authorization").unwrap();
        assert!(signature.starts_with("AWS4-HMAC-SHA256 Credential=AKIATEST/"), "{signature}");
        assert!(signature.contains("/eu-west-1/bedrock/aws4_request"), "{signature}");
        assert!(seen.header("x-amz-date").is_some() && seen.header("x-amz-security-token").is_none(), "{seen:?}");
        assert!(!proxy.said().contains("hush"));
    });
}

#[test]
fn a_login_whose_account_has_no_money_left_is_left_alone() {
    run(async {
        let broke = json!({"error": {"code": "insufficient_quota", "message": "no money"}});
        let broke = Provider::behaving(Behaviour::answer(Answer::json(429, &broke))).await;
        let good = Provider::start().await;
        let keys = [("AWS_ACCESS_KEY_ID", "AKIATEST"), ("AWS_SECRET_ACCESS_KEY", "hush"), ("AWS_REGION", "eu-west-1")];
        let config = wanting("aws", &broke).provider("b", &good).model("m", "{targets: [a/x], fallbacks: [b/y]}");
        let proxy = proxy_with(&config, &keys).await;
        assert_eq!(proxy.send(Call::chat("m")).await.attempts(), ["a/x;quota_exhausted", "b/y;ok"]);
        for _ in 0..3 {
            assert_eq!(proxy.send(Call::chat("m")).await.attempts(), ["b/y;ok"]);
        }
    });
}

#[test]
fn requests_carry_tokens_of_google_and_entra() {
    run(async {
        let service = token_service().await;
        let host = service.url().replace("http://", "").replace("/v1", "");
        let msi = service.url();
        for (login, variables) in [
            ("google", &[("GCE_METADATA_HOST", host.as_str())][..]),
            ("entra", &[("IDENTITY_ENDPOINT", msi.as_str()), ("IDENTITY_HEADER", "hush")]),
        ] {
            let provider = Provider::start().await;
            let proxy = proxy(&provider, login, variables).await;
            for _ in 0..2 {
                let reply = proxy.send(Call::chat("a/m")).await;
                assert_eq!(reply.status, 200, "{login}: {} {}", reply.text(), proxy.said());
            }
            assert_eq!(provider.last().header("authorization"), Some("Bearer t1"), "{login}");
        }
        assert_eq!(service.requests().len(), 2, "one token for each, however many calls");
    });
}

#[test]
fn without_credentials_the_call_says_so() {
    run(async {
        let provider = Provider::start().await;
        let proxy =
            proxy(&provider, "aws", &[("AWS_REGION", "eu-west-1"), ("AWS_EC2_METADATA_DISABLED", "true")]).await;
        let reply = proxy.send(Call::chat("a/m")).await;
        assert_eq!((reply.status, provider.calls().len()), (401, 0), "{}", reply.text());
        assert_eq!(reply.json()["error"]["code"], "invalid_api_key", "{}", reply.text());
    });
}
