//! Constraints hold for every try of a call; where nobody is left, each target is named with what excludes it.

use std::time::Instant;

use serde_json::{Value, json};

use super::{chat, priced};
use crate::support::client::Call;
use crate::support::dialects::speech::SPEECHES;
use crate::support::provider::{Behaviour, Provider};
use crate::support::proxy::{Config, Proxy};
use crate::support::run;

/// Two providers of which all is said, and one of which nothing is.
fn known(a: &Provider, b: &Provider, c: &Provider) -> Config {
    let more = |region, does, stored| {
        format!(", region: {region}, data: {{training: {does}, retention: {does}}}, quantization: {stored}")
    };
    Config::default()
        .entry("a", &priced(a, 1.0, &more("eu-west-1", "false", "bf16")))
        .entry("b", &priced(b, 5.0, &more("us-east-1", "true", "fp8")))
        .provider("c", c)
}

#[test]
fn each_constraint_excludes_whom_it_should_and_says_so() {
    run(async {
        let (a, b, c) = (Provider::start().await, Provider::start().await, Provider::start().await);
        let all = "targets: [b/x, c/x], fallbacks: [a/x]";
        let mut config = known(&a, &b, &c);
        let rows = [
            ("eu", "region: [eu]", "b/x` is excluded by region of the model (it runs in us-east-1)", true),
            ("training", "training: deny", "b/x` is excluded by data_policy:training of the model (it trains", true),
            ("retention", "retention: deny", "b/x` is excluded by data_policy:zdr of the model (it keeps", true),
            (
                "stored",
                "quantization: [bf16]",
                "b/x` is excluded by quantization of the model (its weights are fp8)",
                true,
            ),
            (
                "cheap",
                "max_price: {input: 2}",
                "b/x` is excluded by max_price of the model (input costs 5, over 2)",
                true,
            ),
            ("asia", "region: [asia]", "a/x` is excluded by region of the model (it runs in eu-west-1)", false),
            (
                "long",
                "context: 1000",
                "a/x` is excluded by context_length of the model (its context is not known)",
                false,
            ),
        ];
        for (name, require, _, _) in &rows {
            config = config.model(name, &format!("{{{all}, require: {{{require}}}}}"));
            config =
                config.model(&format!("{name}-without"), &format!("{{targets: [b/x, c/x], require: {{{require}}}}}"));
        }
        let proxy = Proxy::start(&config).await;
        for (name, _, says, left) in rows {
            let reply = proxy.send(Call::chat(name)).await;
            match left {
                true => assert_eq!((reply.status, reply.header("x-outrider-target")), (200, "a/x"), "{name}"),
                false => {
                    assert!(reply.status == 404 && reply.error_message().contains(says), "{name}: {}", reply.text())
                }
            }
            let refused = proxy.send(Call::chat(&format!("{name}-without"))).await;
            let (code, told) = (refused.json()["error"]["code"].clone(), refused.error_message());
            assert_eq!((refused.status, code), (404, json!("excluded")), "{name}: {told}");
            assert!(told.contains("`b/x` is excluded by") && told.contains("`c/x` is excluded by"), "{name}: {told}");
            assert!(!left || told.contains(says), "{name}: {told}");
        }
        assert_eq!((b.calls().len(), c.calls().len()), (0, 0), "nobody who is excluded hears of a call");
    });
}

#[test]
fn a_refusal_is_in_the_clients_dialect() {
    run(async {
        let (a, b, c) = (Provider::start().await, Provider::start().await, Provider::start().await);
        let config = known(&a, &b, &c).model("far", "{targets: [a/x, b/x, c/x], require: {region: [asia]}}");
        let proxy = Proxy::start(&config).await;
        for client in SPEECHES {
            for stream in [false, true] {
                let call = Call::post(&client.path("far", stream), &(client.ask)("far", stream));
                let reply = proxy.send(call).await;
                assert_eq!(reply.status, 404, "{}: {}", client.dialect, reply.text());
                let body = reply.json();
                let told = body.pointer(client.message).and_then(Value::as_str).unwrap_or_default();
                for out in ["`a/x` is excluded by region of the model (it runs in eu-west-1)", "`b/x` is", "`c/x` is"] {
                    assert!(told.contains(out), "{}: {body}", client.dialect);
                }
            }
        }
    });
}

#[test]
fn a_constraint_holds_on_fallbacks_repeats_and_second_targets() {
    run(async {
        let (a, b, c) =
            (Provider::behaving(Behaviour::status(500)).await, Provider::start().await, Provider::start().await);
        let fields = "targets: [a/x], fallbacks: [b/x, c/x], hedge: {after: 100ms, at_most: 100%}";
        let config = known(&a, &b, &c)
            .model("home", &format!("{{{fields}, require: {{region: [eu]}}}}"))
            .model("any", &format!("{{{fields}}}"));
        let proxy = Proxy::start(&config).await;
        let reply = proxy.send(Call::chat("home")).await;
        assert!(
            reply.status == 500 && reply.attempts().iter().all(|tried| tried.starts_with("a/x;")),
            "{}",
            reply.text()
        );
        let wishes = [json!({"only": ["a"]}), json!({"ignore": ["b", "c"]}), json!({"max_price": {"prompt": 2}})];
        for wish in &wishes {
            let reply = proxy.send(chat("any", "hi", &json!({"provider": wish}))).await;
            assert_ne!(reply.status, 200, "{wish}");
        }
        a.set(Behaviour::hang());
        let hurried = |call: Call| call.header("x-outrider-first-token", "600ms").header("x-outrider-tries", "2");
        let late = async |call: Call| {
            let start = Instant::now();
            let reply = proxy.send(hurried(call)).await;
            assert!(reply.status != 200 && start.elapsed().as_millis() >= 500, "{}", reply.text());
        };
        late(Call::chat("home")).await;
        for wish in &wishes {
            late(chat("any", "hi", &json!({"provider": wish}))).await;
        }
        assert_eq!((b.calls().len(), c.calls().len()), (0, 0));
        assert_eq!(proxy.send(hurried(Call::chat("any"))).await.status, 200, "without one, others answer");
    });
}
