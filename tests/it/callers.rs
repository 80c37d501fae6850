//! Who asks, and that their keys are seen by nobody else.

use serde_json::json;

use crate::support::client::Call;
use crate::support::provider::Provider;
use crate::support::proxy::{Config, Proxy};
use crate::support::run;

const CALLERS: &str = "callers:
  checkout: {api_key: sk-outrider-checkout}
  research: {header: {x-team: research}}
routes:
  - {when: {caller: research}, use: theirs/m}";

/// A provider with a key of ours, and one that gets the client's own.
async fn world(provider: &Provider) -> Proxy {
    let passthrough = format!("base_url: \"{}\", auth: passthrough, health: off", provider.url());
    let config = Config::default().top(CALLERS).provider("ours", provider).entry("theirs", &passthrough);
    Proxy::start(&config.model("m", "{targets: [ours/m]}")).await
}

#[test]
fn a_caller_is_known_by_its_key_which_no_provider_sees() {
    run(async {
        let provider = Provider::start().await;
        let proxy = world(&provider).await;
        let gemini = json!({"contents": [{"role": "user", "parts": [{"text": "hi"}]}]});
        let google = "/v1beta/models/m:generateContent";
        let files = || Call::post("/v1/files", &json!({}));
        let secret = "sk-outrider-checkout";
        for (what, call) in [
            ("openai", Call::chat("m").header("authorization", "Bearer sk-outrider-checkout")),
            ("azure", Call::chat("m").header("api-key", secret)),
            ("passthrough", Call::chat("theirs/m").header("authorization", "Bearer sk-outrider-checkout")),
            ("beside", Call::chat("theirs/m").header("x-outrider-key", secret).header("authorization", "Bearer own")),
            ("google", Call::post(google, &gemini).header("x-goog-api-key", secret)),
            ("query", Call::post(&format!("{google}?key={secret}"), &gemini)),
            ("opaque", files().header("authorization", "Bearer sk-outrider-checkout")),
            (
                "opaque query",
                Call::post(&format!("/v1/files?key={secret}&a=b"), &json!({})).header("x-api-key", secret),
            ),
        ] {
            let reply = proxy.send(call).await;
            assert_eq!(reply.status, 200, "{what}: {}", reply.text());
            let seen = provider.take();
            let [seen] = &seen[..] else { panic!("{what}: {seen:?}") };
            assert!(!format!("{seen:?}").contains(secret), "{what}: {seen:?}");
            let own = seen.header("authorization");
            match what {
                "passthrough" => assert_eq!(own, None),
                "beside" => assert_eq!(own, Some("Bearer own")),
                _ => assert_eq!(own, Some("Bearer sk-secret-ours"), "{what}"),
            }
        }
        let lines = proxy.calls_logged(8).await;
        assert!(lines.iter().all(|line| line["caller"] == "checkout"), "{lines:?}");
        assert_eq!(proxy.metric("outrider_caller_calls_total", &["caller=\"checkout\"", "success"]).await, 8.0);
        assert!(!proxy.config().await.contains(secret));
    });
}

#[test]
fn whoever_is_not_known_is_refused_in_their_dialect() {
    run(async {
        let provider = Provider::start().await;
        let proxy = world(&provider).await;
        let wrong = |call: Call| call.header("authorization", "Bearer sk-outrider-checkouT");
        let messages = json!({"model": "m", "max_tokens": 1, "messages": [{"role": "user", "content": "hi"}]});
        let gemini = json!({"contents": [{"role": "user", "parts": [{"text": "hi"}]}]});
        for (call, status, at, word) in [
            (Call::chat("m"), 401, "/error/code", json!("invalid_api_key")),
            (wrong(Call::chat("m")), 401, "/error/code", json!("invalid_api_key")),
            (wrong(Call::stream("m")), 401, "/error/code", json!("invalid_api_key")),
            (
                Call::post("/v1/responses", &json!({"model": "m", "input": "hi"})),
                401,
                "/error/code",
                json!("invalid_api_key"),
            ),
            (Call::post("/v1/messages", &messages), 401, "/error/type", json!("authentication_error")),
            (Call::post("/v1beta/models/m:generateContent", &gemini), 401, "/error/status", json!("UNAUTHENTICATED")),
            (Call::post("/model/m/converse", &gemini), 403, "/message", json!(WHY)),
            (Call::post("/api/chat", &messages), 401, "/error", json!(WHY)),
            (wrong(Call::get("/v1/models")), 401, "/error/code", json!("invalid_api_key")),
            (wrong(Call::post("/v1/files", &json!({}))), 401, "/error/code", json!("invalid_api_key")),
        ] {
            let reply = proxy.send(call.clone()).await;
            assert_eq!((reply.status, reply.json().pointer(at)), (status, Some(&word)), "{call:?}: {}", reply.text());
        }
        assert!(provider.take().is_empty());
        assert_eq!(proxy.metric("outrider_caller_calls_total", &["caller=\"unknown\"", "unauthorized"]).await, 10.0);
    });
}

const WHY: &str = "who asks is not known here: send the key of one of the configured callers, as a provider's key or \
     as `x-outrider-key`";

#[test]
fn a_route_can_be_for_one_caller() {
    run(async {
        let provider = Provider::start().await;
        let proxy = world(&provider).await;
        let research = proxy.send(Call::chat("m").header("x-team", "research")).await;
        assert_eq!(research.header("x-outrider-target"), "theirs/m");
        let checkout = proxy.send(Call::chat("m").header("x-api-key", "sk-outrider-checkout")).await;
        assert_eq!(checkout.header("x-outrider-target"), "ours/m");
        let lines = proxy.calls_logged(2).await;
        assert_eq!((&lines[0]["caller"], &lines[0]["route"]), (&json!("research"), &json!("#1")));
        assert_eq!((&lines[1]["caller"], &lines[1]["route"]), (&json!("checkout"), &json!(null)));
    });
}
