//! Zero configuration: the usual variables are all that is said.

use crate::support::client::Call;
use crate::support::provider::Provider;
use crate::support::proxy::{Proxy, outrider};
use crate::support::run;

#[test]
fn without_any_key_it_says_what_to_set() {
    run(async {
        let output = outrider(&["run"]).output().await.unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(78), "{said}");
        assert!(said.contains("OPENAI_API_KEY"), "{said}");
    });
}

#[test]
fn a_key_in_the_environment_is_enough() {
    run(async {
        let provider = Provider::start().await;
        let url = provider.url();
        let variables = [("OPENAI_API_KEY", "sk-of-the-environment"), ("OPENAI_BASE_URL", url.as_str())];
        let Some(proxy) = Proxy::from_environment(&variables).await else {
            return eprintln!("skipped: port 7878 or 7879 is taken, where Outrider listens without a file");
        };
        let reply = proxy.send(Call::chat("gpt-any")).await;
        assert_eq!((reply.status, reply.header("x-outrider-target")), (200, "openai/gpt-any"), "{}", reply.text());
        assert_eq!(proxy.send(Call::chat("openai/gpt-any")).await.status, 200);
        let calls = provider.calls();
        assert_eq!(calls[0].header("authorization"), Some("Bearer sk-of-the-environment"));
        assert_eq!(calls[1].json()["model"], "gpt-any");
        assert!(proxy.said().contains("OPENAI_API_KEY"), "it says what it found");
        assert!(!proxy.said().contains("sk-of-the-environment"));
    });
}
