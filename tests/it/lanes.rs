//! What passes is not touched: requests but for the model and the credentials, replies not at all.

use serde_json::json;

use crate::support::client::{self, Call};
use crate::support::provider::{Answer, Behaviour, Provider};
use crate::support::proxy::{Config, Proxy};
use crate::support::run;

/// Odd but legal: order, spaces, numbers, repeated and unknown members, escapes.
const ODD: &str = "{ \"zeta\":1.0e+3,\t\"model\" : \"m\" ,\"big\":12345678901234567890123,\r\n \"messages\":[{\"content\":\"\\u0041 \
    model: \\\"m\\\"\",\"role\":\"user\"}],\"x\":{\"model\":\"m\"},\"n\":-0.0 , \"x\" : null}\n";

#[test]
fn case_001_only_the_model_changes_in_a_request() {
    run(async {
        let provider = Provider::start().await;
        let proxy = Proxy::before(&[&provider]).await;
        let reply = proxy.send(Call::chat("m").body(ODD)).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        let expected = ODD.replacen("\"m\"", "\"m-a\"", 1);
        assert_eq!(String::from_utf8_lossy(&provider.call().body), expected);
    });
}

#[test]
fn a_reply_is_not_touched() {
    run(async {
        let odd = "{ \"choices\" : [ {\"index\":0,\"message\":{\"content\":\"\\u0041\"},\"n\":1.00} ],\"id\":7e0 }\n";
        let answer = Answer::body(200, "application/json; odd=1", odd).with_header("openai-processing-ms", "12");
        let provider = Provider::behaving(Behaviour::answer(answer)).await;
        let reply = Proxy::before(&[&provider]).await.send(Call::chat("m")).await;
        assert_eq!(reply.text(), odd);
        assert_eq!(reply.header("content-type"), "application/json; odd=1");
        assert_eq!(reply.header("openai-processing-ms"), "12");
    });
}

#[test]
fn every_model_call_goes_to_its_own_path() {
    run(async {
        let provider = Provider::start().await;
        let proxy = Proxy::before(&[&provider]).await;
        let rows = [
            ("/v1/chat/completions", "/v1/chat/completions"),
            ("/v1/completions", "/v1/completions"),
            ("/v1/embeddings", "/v1/embeddings"),
            ("/chat/completions", "/v1/chat/completions"),
            ("/v1/chat/completions?beta=true", "/v1/chat/completions?beta=true"),
        ];
        for (count, (asked, expected)) in rows.into_iter().enumerate() {
            let reply = proxy.send(Call::post(asked, &json!({"model": "m", "input": "x"}))).await;
            assert_eq!(reply.status, 200, "{asked}: {}", reply.text());
            assert_eq!(provider.calls()[count].path, expected);
        }
    });
}

#[test]
fn azure_is_asked_in_its_own_way() {
    run(async {
        let provider = Provider::start().await;
        let url = provider.url().replace("/v1", "");
        let fields =
            format!("{{kind: azure, base_url: \"{url}\", api_key: az-key, api_version: 2024-10-21, health: off}}");
        let file = format!("listen: 127.0.0.1:0\nadmin: 127.0.0.1:0\nproviders:\n  az: {fields}\n");
        let proxy = Proxy::start_with(&(file + "models:\n  m: {targets: [az/my deployment]}\n")).await;
        assert_eq!(proxy.send(Call::chat("m")).await.status, 200);
        let call = provider.call();
        assert_eq!(call.path, "/openai/deployments/my%20deployment/chat/completions?api-version=2024-10-21");
        assert_eq!((call.header("api-key"), call.header("authorization")), (Some("az-key"), None));
    });
}

#[test]
fn case_154_credentials_are_ours_and_hop_by_hop_headers_stay_here() {
    run(async {
        let provider = Provider::start().await;
        let proxy = Proxy::before(&[&provider]).await;
        let call = Call::chat("m")
            .header("authorization", "Bearer of-the-client")
            .header("api-key", "of-the-client")
            .header("connection", "x-hop")
            .header("x-hop", "1")
            .header("te", "trailers")
            .header("keep-alive", "timeout=5")
            .header("proxy-authorization", "Basic b2Y=")
            .header("openai-beta", "assistants=v2")
            .header("x-outrider-tries", "2");
        assert_eq!(proxy.send(call).await.status, 200);
        let call = provider.call();
        assert_eq!(call.header("authorization"), Some("Bearer sk-secret-a"));
        assert_eq!(call.header("openai-beta"), Some("assistants=v2"));
        assert_eq!(call.header("host").unwrap(), provider.url()["http://".len()..].trim_end_matches("/v1"));
        for gone in ["api-key", "x-hop", "keep-alive", "proxy-authorization", "x-outrider-tries"] {
            assert_eq!(call.header(gone), None, "{gone}");
        }
        assert!(!call.headers.iter().any(|(_, value)| value.contains("of-the-client")), "{:?}", call.headers);
    });
}

#[test]
fn headers_of_the_configuration_are_added() {
    run(async {
        let provider = Provider::start().await;
        let fields =
            format!("base_url: \"{}\", headers: {{x-team: search, user-agent: ours}}, health: off", provider.url());
        let proxy = Proxy::start(&Config::default().entry("a", &fields)).await;
        assert_eq!(proxy.send(Call::chat("a/m").header("user-agent", "client")).await.status, 200);
        let call = provider.call();
        assert_eq!((call.header("x-team"), call.header("user-agent")), (Some("search"), Some("ours")));
        assert_eq!(call.header("authorization"), None, "no key is configured");
    });
}

#[test]
fn the_reply_tells_its_story() {
    run(async {
        let provider = Provider::start().await;
        let proxy = Proxy::before(&[&provider]).await;
        let named = proxy.send(Call::chat("m").header("x-request-id", "mine-1")).await;
        assert_eq!(named.header("x-request-id"), "mine-1");
        assert_eq!((named.header("x-outrider-target"), named.attempts()), ("a/m-a", vec!["a/m-a;ok".to_owned()]));
        assert!(!proxy.send(Call::chat("m")).await.header("x-request-id").is_empty());
    });
}

#[test]
fn a_model_that_the_file_does_not_name_is_found_by_its_provider() {
    run(async {
        let provider = Provider::start().await;
        let proxy = Proxy::before(&[&provider]).await;
        assert_eq!(proxy.send(Call::chat("a/meta-llama/llama-3:free")).await.status, 200);
        assert_eq!(provider.call().json()["model"], "meta-llama/llama-3:free");
    });
}

#[test]
fn case_157_the_models_on_offer_are_listed() {
    run(async {
        let provider = Provider::start().await;
        let config = Config::chain(&[&provider]).model("other", "{targets: [a/x]}");
        let list = Proxy::start(&config).await.send(Call::get("/v1/models")).await.json();
        let names: Vec<_> =
            list["data"].as_array().unwrap().iter().map(|model| model["id"].as_str().unwrap()).collect();
        assert_eq!(list["object"], "list");
        assert!(names.contains(&"m") && names.contains(&"other"), "{names:?}");
    });
}

#[test]
fn calls_over_http2_without_tls_are_served() {
    run(async {
        let provider = Provider::start().await;
        let proxy = Proxy::before(&[&provider]).await;
        let whole = client::open_h2c(proxy.traffic, Call::chat("m")).await.rest().await;
        assert_eq!((whole.status, whole.header("x-outrider-target")), (200, "a/m-a"));
        let stream = client::open_h2c(proxy.traffic, Call::stream("m")).await.rest().await;
        assert!(stream.complete && stream.text().ends_with("data: [DONE]\n\n"));
    });
}
