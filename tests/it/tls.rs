//! Providers behind TLS: whose certificate is believed, and which HTTP is spoken.

use crate::support::client::Call;
use crate::support::provider::{Authority, Provider};
use crate::support::proxy::{Config, Proxy};
use crate::support::{eventually, run};

use serde_json::json;

/// Outrider before a provider behind TLS, with what the configuration says about `tls`.
async fn proxy_before(provider: &Provider, authority: &Authority, tls: &str) -> Proxy {
    proxy_among(&[], provider, authority, tls).await
}

/// The same with these environment variables.
async fn proxy_among(variables: &[(&str, &str)], provider: &Provider, authority: &Authority, tls: &str) -> Proxy {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("ca.pem"), authority.pem()).unwrap();
    let other = Authority::new();
    std::fs::write(dir.path().join("other.pem"), other.pem()).unwrap();
    let tls = tls.replace("DIR", dir.path().to_str().unwrap());
    let fields = format!("base_url: \"{}\", api_key: k, {tls} health: off", provider.url_at("localhost"));
    let config = Config::default().entry("a", &fields).model("m", "{targets: [a/m]}");
    let file = dir.path().join("outrider.yaml");
    std::fs::write(&file, config.top("defaults: {retry: {tries: 1}}").text()).unwrap();
    Proxy::start_among(variables, dir, &file).await
}

#[test]
fn an_authority_of_the_operators_is_believed() {
    run(async {
        let authority = Authority::new();
        let provider = Provider::tls(&authority).await;
        let proxy = proxy_before(&provider, &authority, "tls: {ca: DIR/ca.pem},").await;
        for call in [Call::chat("m"), Call::stream("m")] {
            let reply = proxy.send(call).await;
            assert_eq!(reply.status, 200, "{}", reply.text());
        }
        assert_eq!(provider.connections(), 1, "the connection is used again");
    });
}

#[test]
fn an_authority_that_is_replaced_under_its_name_is_followed() {
    run(async {
        let (old, new) = (Authority::new(), Authority::new());
        let provider = Provider::tls(&new).await;
        let proxy = proxy_before(&provider, &old, "tls: {ca: DIR/ca.pem},").await;
        let becomes = |status| {
            let ask = || async { proxy.send(Call::chat("m")).await.status };
            eventually("the file in use decides", ask, move |seen| *seen == status)
        };
        becomes(502).await;
        let file = proxy.file.with_file_name("ca.pem");
        std::fs::write(&file, new.pem()).unwrap();
        becomes(200).await;
        // The connection is still there, but those who vouched for it are trusted no more.
        std::fs::write(&file, old.pem()).unwrap();
        becomes(502).await;
    });
}

#[test]
fn http2_is_spoken_where_the_provider_offers_it() {
    run(async {
        let authority = Authority::new();
        let provider = Provider::http2(&authority).await;
        let proxy = proxy_before(&provider, &authority, "tls: {ca: DIR/ca.pem},").await;
        let whole = proxy.send(Call::chat("m")).await;
        assert_eq!((whole.status, whole.json()["model"].as_str()), (200, Some("m")), "{}", whole.text());
        let stream = proxy.send(Call::stream("m")).await;
        assert!(stream.complete && stream.text().ends_with("data: [DONE]\n\n"), "{}", stream.text());
        let large = format!(r#"{{"model":"m","messages":[{{"role":"user","content":"{}"}}]}}"#, "x".repeat(2 << 20));
        assert_eq!(proxy.send(Call::chat("m").body(large.clone())).await.status, 200);
        assert!(provider.calls()[2].body == large.as_bytes());
    });
}

#[test]
fn a_stranger_is_not_believed() {
    run(async {
        let authority = Authority::new();
        let provider = Provider::tls(&authority).await;
        for tls in ["", "tls: {ca: DIR/other.pem},"] {
            let reply = proxy_before(&provider, &authority, tls).await.send(Call::chat("m")).await;
            assert_eq!((reply.status, reply.attempts()), (502, vec!["a/m;tls".to_owned()]), "{tls}");
            reply.error_message();
        }
        assert!(provider.calls().is_empty(), "no key was shown to a stranger");
    });
}

#[test]
fn a_stranger_is_believed_where_the_operator_insists() {
    run(async {
        let authority = Authority::new();
        let provider = Provider::tls(&authority).await;
        let proxy = proxy_before(&provider, &authority, "tls: {insecure: true},").await;
        assert_eq!(proxy.send(Call::chat("m")).await.status, 200);
    });
}

#[test]
fn the_opaque_lane_believes_the_same_authorities() {
    run(async {
        let authority = Authority::new();
        let rows = [
            ("", 502),
            ("tls: {ca: DIR/other.pem},", 502),
            ("tls: {ca: DIR/ca.pem},", 200),
            ("tls: {insecure: true},", 200),
        ];
        for provider in [Provider::tls(&authority).await, Provider::http2(&authority).await] {
            for (tls, expected) in rows {
                let proxy = proxy_before(&provider, &authority, tls).await;
                let reply = proxy.send(Call::post("/v1/moderations", &json!({}))).await;
                assert_eq!(reply.status, expected, "{tls} {}", reply.text());
                let log = &proxy.calls_logged(1).await[0];
                assert_eq!(log["outcome"], if expected == 200 { "success" } else { "tls" }, "{log}");
            }
            assert_eq!(provider.calls().len(), 2, "no key was shown to a stranger");
        }
    });
}

#[test]
fn without_authorities_of_the_system_only_those_who_need_them_fail() {
    run(async {
        let authority = Authority::new();
        let (secure, plain) = (Provider::tls(&authority).await, Provider::start().await);
        let rows = [(&plain, "", 200), (&secure, "tls: {ca: DIR/ca.pem},", 200), (&secure, "", 502)];
        for (provider, tls, expected) in rows {
            let nowhere = [("SSL_CERT_FILE", "/nonexistent")];
            let proxy = proxy_among(&nowhere, provider, &authority, tls).await;
            for call in [Call::chat("m"), Call::post("/v1/moderations", &json!({}))] {
                let reply = proxy.send(call).await;
                assert_eq!(reply.status, expected, "{tls} {}", reply.text());
            }
        }
    });
}
