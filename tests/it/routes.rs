//! Which calls go where, whatever model they name.

use serde_json::{Value, json};

use crate::support::client::Call;
use crate::support::provider::Provider;
use crate::support::proxy::{Config, Proxy};
use crate::support::run;

#[test]
fn the_first_route_that_fits_decides() {
    run(async {
        let (a, b) = (Provider::start().await, Provider::start().await);
        let config = Config::chain(&[&a, &b]).top(
            "routes:\n  - {when: {model: '*-preview'}, deny: not for production}\n  - {when: {header: {x-team: \
             research}, stream: true}, use: b/other}\n  - {when: {model: old*}, use: m}",
        );
        let proxy = Proxy::start(&config).await;
        let reply = proxy.send(Call::chat("gpt-preview")).await;
        assert_eq!((reply.status, reply.error_message()), (403, "not for production".to_owned()));
        let reply = proxy.send(Call::stream("anything").header("x-team", "Research")).await;
        assert_eq!((reply.status, reply.header("x-outrider-target")), (200, "b/other"));
        let reply = proxy.send(Call::chat("old-model").header("x-team", "research")).await;
        assert_eq!((reply.status, reply.header("x-outrider-target")), (200, "a/m-a"));
        assert_eq!(proxy.send(Call::chat("anything")).await.status, 404, "no route, and no such model");
    });
}

#[test]
fn a_route_may_look_into_the_call() {
    run(async {
        let (a, b) = (Provider::start().await, Provider::start().await);
        let config = Config::chain(&[&a, &b]).top(
            "routes:\n  - {when: {tools: true}, use: b/tools}\n  - {when: {images: true}, use: b/eyes}\n  - {when: \
             {tokens: '>1k'}, use: b/long}\n  - {when: {time: [mon-sun]}, split: {b/one: 1, b/two: 1}}",
        );
        let proxy = Proxy::start(&config).await;
        let said = |content: Value| json!({"model": "any", "messages": [{"role": "user", "content": content}]});
        let asked = |body: Value| proxy.send(Call::post("/v1/chat/completions", &body));
        let image = json!([{"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}}]);
        let mut tool = said(json!("hi"));
        tool["tools"] = json!([{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]);
        let long = json!("long ".repeat(1000));
        for (body, target) in [(tool, "b/tools"), (said(image), "b/eyes"), (said(long), "b/long")] {
            let reply = asked(body).await;
            assert_eq!((reply.status, reply.header("x-outrider-target")), (200, target), "{}", reply.text());
        }
        let mut shares = std::collections::HashMap::<String, usize>::new();
        for conversation in 0..40 {
            let call = || asked(said(json!(format!("question {conversation}"))));
            let (first, again) = (call().await, call().await);
            assert_eq!(first.header("x-outrider-target"), again.header("x-outrider-target"), "it stays");
            *shares.entry(first.header("x-outrider-target").to_owned()).or_default() += 1;
        }
        assert!(shares["b/one"] > 8 && shares["b/two"] > 8, "{shares:?}");
    });
}
