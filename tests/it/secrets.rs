//! Whether a secret in the wrong place would be noticed: every other test relies on it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::json;

use crate::support::client::{Call, open};
use crate::support::provider::Provider;
use crate::support::proxy::{Config, Proxy};
use crate::support::{run, secrets};

/// Whether a provider that heard this complains when it ends. The client's secret is the one for the port given.
async fn complains(call: impl FnOnce(u16) -> Call) -> bool {
    let provider = Provider::start().await;
    let configured = Config::default().provider("theirs", &provider).text();
    secrets::configured(&configured);
    // The reply, which may say again what was asked, is not looked at.
    assert_eq!(open(([127, 0, 0, 1], provider.port()).into(), call(provider.port())).await.status, 200);
    catch_unwind(AssertUnwindSafe(|| drop(provider))).is_err()
}

#[test]
fn a_provider_complains_of_secrets_that_are_not_for_it() {
    run(async {
        let bearer = |secret: &str| Call::chat("m").header("authorization", &format!("Bearer {secret}"));
        assert!(!complains(|_| Call::chat("m")).await);
        assert!(!complains(|_| bearer("sk-secret-theirs")).await, "its own key");
        assert!(!complains(|port| bearer(&secrets::of_client(port))).await, "the client's for it");
        assert!(complains(|_| bearer("sk-secret-theirs-not")).await);
        assert!(complains(|port| bearer(&secrets::of_client(port + 1))).await);
        assert!(complains(|_| bearer(&secrets::of_client(0))).await);
        assert!(complains(|_| Call::chat("m").header("x-anything", "a=sk-secret-other;b=c")).await);
        let said = json!({"model": "m", "messages": [{"role": "user", "content": "sk-secret-other"}]});
        assert!(complains(|_| Call::post("/v1/chat/completions", &said)).await, "in the body");
        assert!(complains(|_| Call::post("/v1/x?key=sk-secret-other", &json!({}))).await, "in the path");
    });
}

#[test]
fn what_is_said_and_shown_is_looked_through() {
    let tells = |text: &str| catch_unwind(|| secrets::none_in("it", text.as_bytes())).is_err();
    assert!(!tells("nothing, and sk-other-key"));
    assert!(tells("the key is sk-secret-a") && tells("{\"authorization\":\"Bearer sk-client-of-17\"}"));
    run(async {
        // The name of a model is shown, so it is a way for a test to let a proxy tell a secret.
        let proxy =
            Proxy::start(&Config::chain(&[&Provider::start().await]).model("sk-secret-x", "{targets: [a/m]}")).await;
        assert!(catch_unwind(AssertUnwindSafe(|| drop(proxy))).is_err(), "/config shows it");
    });
}
