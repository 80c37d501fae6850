//! Who may not answer does not: by model, by route, by caller and by call, on every try, and told by name.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::client::{Call, Reply};
use crate::support::provider::{Behaviour, Provider};
use crate::support::proxy::{Config, Proxy};
use crate::support::{run, run_within};

/// One constraint: as `require` says it, as a header does, as OpenRouter's `provider` object does, and its name in an
/// error.
struct Kind {
    require: &'static str,
    header: Option<(&'static str, &'static str)>,
    provider: Option<&'static str>,
    by: &'static str,
}

const fn kind(
    require: &'static str,
    header: (&'static str, &'static str),
    provider: Option<&'static str>,
    by: &'static str,
) -> Kind {
    Kind { require, header: Some(header), provider, by }
}

/// Only provider `a` of [`World`] is as each of these says.
const KINDS: [Kind; 12] = [
    kind("region: eu", ("region", "eu"), None, "region"),
    kind("training: deny", ("training", "deny"), None, "data_policy:training"),
    kind("retention: deny", ("retention", "deny"), Some(r#"{"zdr": true}"#), "data_policy:zdr"),
    kind("quantization: fp8", ("quantization", "fp8"), Some(r#"{"quantizations": ["fp8"]}"#), "quantization"),
    kind("max_price: {input: 3}", ("max-price", "input=3"), Some(r#"{"max_price": {"prompt": 3}}"#), "max_price"),
    kind("max_price: {output: 5}", ("max-price", "output=5"), Some(r#"{"max_price": {"completion": 5}}"#), "max_price"),
    kind("abilities: [structured_output]", ("abilities", "structured_output"), None, "abilities"),
    kind("abilities: [vision, tools]", ("abilities", "vision, tools"), None, "abilities"),
    kind("context: 100000", ("context", "100000"), None, "context_length"),
    kind("ignore: [b, c/*]", ("ignore", "b, c/*"), Some(r#"{"ignore": ["b", "c"]}"#), "ignore"),
    Kind { require: "only: [a]", header: None, provider: Some(r#"{"only": ["a"]}"#), by: "only" },
    Kind { require: "only: [a/x, gpt-4o, b/y]", header: None, provider: None, by: "only" },
];

/// `a` is everything that anybody may want, `b` nothing of it, and of `c` nothing is known. `a` is asked last.
struct World {
    all: [Provider; 3],
}

impl World {
    async fn new() -> Self {
        Self { all: [Provider::start().await, Provider::start().await, Provider::start().await] }
    }

    fn config(&self) -> Config {
        let [a, b, c] = self.all.each_ref().map(Provider::url);
        let common = "api_key: sk-secret-x, health: off";
        let good = "region: eu-west-1, data: {training: false, retention: false}, quantization: fp8, models: {x: {\
            context: 200000, price: {input: 1, output: 2}, abilities: {tools: true, images: true, structured_output: true}}}";
        let bad = "region: us-east-1, data: {training: true, retention: true}, quantization: int4, models: {x: {\
            context: 8000, price: {input: 10, output: 20}, abilities: {images: false, structured_output: false}}, y: {}}";
        let config = Config::default().entry("a", &format!("base_url: \"{a}\", {common}, {good}"));
        let config = config.entry("b", &format!("base_url: \"{b}\", {common}, {bad}"));
        config.entry("c", &format!("base_url: \"{c}\", {common}"))
    }

    /// `call` is answered by `a` alone: nobody else is asked, also when that fails.
    async fn a_alone_answers(&self, proxy: &Proxy, call: &Call, told: &str) {
        let reply = proxy.send(call.clone()).await;
        assert_eq!((reply.status, reply.header("x-outrider-target")), (200, "a/x"), "{told}: {}", reply.text());
        self.all[0].once(Behaviour::status(404));
        let failed = proxy.send(call.clone()).await;
        assert!(failed.attempts()[0].starts_with("a/x;"), "{told}: {:?}", failed.attempts());
        for (name, provider) in ["b", "c"].iter().zip(&self.all[1..]) {
            assert_eq!(provider.take().len(), 0, "{told}: {name} was asked");
        }
        self.all[0].take();
    }
}

/// Refused, with each of these targets and what excludes it.
fn refused(reply: &Reply, by: &str, whose: &str, targets: &[&str], told: &str) {
    let error = reply.json()["error"].clone();
    let message = error["message"].as_str().unwrap_or_default().to_owned();
    assert_eq!(reply.status, 404, "{told}: {}", reply.text());
    for target in targets {
        let says = format!("`{target}` is excluded by {by} of {whose} (");
        assert!(message.contains(&says), "{told}: `{says}` is not in: {message}");
    }
}

const MODEL: &str = "targets: [b/x, c/x], fallbacks: [a/x], retry: {tries: 5}";
const REFUSED: &str = "targets: [b/x], fallbacks: [c/x]";

/// For each of [`KINDS`] a model, a route and a caller that ask for it, and models that nobody asks anything of.
fn asking(config: Config) -> Config {
    let mut config = config.model("free", &format!("{{{MODEL}}}")).model("none", &format!("{{{REFUSED}}}"));
    let (mut routes, mut callers) = (String::new(), String::new());
    for (index, Kind { require, .. }) in KINDS.iter().enumerate() {
        config = config.model(&format!("m{index}"), &format!("{{{MODEL}, require: {{{require}}}}}"));
        config = config.model(&format!("out{index}"), &format!("{{{REFUSED}, require: {{{require}}}}}"));
        let when = format!("when: {{header: {{x-route: hard{index}}}}}");
        routes.push_str(&format!("\n  - {{name: hard{index}, {when}, require: {{{require}}}}}"));
        callers.push_str(&format!("\n  team{index}: {{header: {{x-team: team{index}}}, require: {{{require}}}}}"));
    }
    config.top(&format!("routes:{routes}")).top(&format!("callers:{callers}\n  all: {{}}"))
}

#[test]
fn each_constraint_holds_by_model_route_caller_and_call() {
    run_within(Duration::from_secs(60), async {
        let world = World::new().await;
        let proxy = Proxy::start(&asking(world.config())).await;
        let free = proxy.send(Call::chat("free")).await;
        assert_ne!(free.header("x-outrider-target"), "a/x", "nothing is asked of it");
        world.all.iter().for_each(|provider| drop(provider.take()));
        for (index, Kind { require, header, provider, by }) in KINDS.iter().enumerate() {
            let (route, caller) = (format!("route `hard{index}`"), format!("caller `team{index}`"));
            let by_route = |model: &str| Call::chat(model).header("x-route", &format!("hard{index}"));
            let by_caller = |model: &str| Call::chat(model).header("x-team", &format!("team{index}"));
            let mut ways = vec![
                ("the model", Call::chat(&format!("m{index}")), Call::chat(&format!("out{index}"))),
                (&*route, by_route("free"), by_route("none")),
                (&*caller, by_caller("free"), by_caller("none")),
            ];
            if let Some((name, value)) = header {
                let said = |model: &str| Call::chat(model).header(&format!("x-outrider-{name}"), value);
                ways.push(("the call", said("free"), said("none")));
            }
            for (whose, call, out) in &ways {
                let told = format!("{require}, by {whose}");
                world.a_alone_answers(&proxy, call, &told).await;
                refused(&proxy.send(out.clone()).await, by, whose, &["b/x", "c/x"], &told);
            }
            if let Some(provider) = provider {
                let asked: Value = serde_json::from_str(provider).unwrap();
                let said = |model: &str| with(model, &json!({"provider": asked}));
                world.a_alone_answers(&proxy, &said("free"), &format!("{provider}, by the call")).await;
                let out = proxy.send(said("none")).await;
                assert_eq!(out.status, 404, "{provider}: {}", out.text());
                assert!(out.text().contains("`b/x` is excluded by"), "{provider}: {}", out.text());
            }
            for provider in &world.all[1..] {
                assert_eq!(provider.take().len(), 0, "{require}");
            }
        }
    });
}

fn hard(model: &str) -> Call {
    Call::chat(model).header("x-route", "hard")
}

fn team(model: &str) -> Call {
    Call::chat(model).header("x-team", "team")
}

fn with(model: &str, more: &Value) -> Call {
    let mut body = json!({"model": model, "messages": [{"role": "user", "content": "hi"}]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Call::post("/v1/chat/completions", &body)
}

#[test]
fn what_model_route_caller_and_call_say_adds_up() {
    run(async {
        let world = World::new().await;
        let config = world.config().model("m", "{targets: [a/x, b/x, c/x], require: {region: [eu, us]}}");
        let config = config.top("callers: {team: {header: {x-team: team}, require: {training: deny}}, all: {}}");
        let config = config.top("defaults: {require: {region: eu, quantization: [fp8, int4]}}");
        let routes = "routes: [{when: {header: {x-route: hard}}, require: {max_price: {input: 20}}, use: m}]";
        let proxy = Proxy::start(&config.top(routes)).await;
        let call = || Call::chat("m").header("x-team", "team").header("x-route", "hard");
        world.a_alone_answers(&proxy, &call(), "all of it").await;
        let reply = proxy.send(call().header("x-outrider-max-price", "input=0.5")).await;
        refused(&reply, "max_price", "the call", &["a/x"], "the call");
        refused(&reply, "data_policy:training", "caller `team`", &["b/x"], "the caller");
        refused(&reply, "region", "the model", &["c/x"], "the model");
        assert_eq!(reply.json()["error"]["code"], "excluded", "{}", reply.text());
        let text = proxy.config().await;
        assert!(text.contains("quantization"), "{text}");
        // A header takes nothing away.
        let allowed = proxy.send(call().header("x-outrider-training", "allow").header("x-outrider-only", "b")).await;
        refused(&allowed, "data_policy:training", "caller `team`", &["b/x"], "no header loosens");
    });
}

#[test]
fn each_of_several_models_keeps_to_its_own() {
    run(async {
        let world = World::new().await;
        let config = world.config().model("free", "{targets: [b/x]}");
        let proxy = Proxy::start(&config.model("strict", "{targets: [b/y, a/x], require: {region: eu}}")).await;
        let [a, b, _] = &world.all;
        b.set(Behaviour::status(500));
        let reply = proxy.send(with("free", &json!({"models": ["strict"]}))).await;
        assert_eq!((reply.status, reply.header("x-outrider-target")), (200, "a/x"), "{}", reply.text());
        let asked = |reply: &Reply, target: &str| reply.attempts().iter().any(|attempt| attempt.starts_with(target));
        assert!(asked(&reply, "b/x") && !asked(&reply, "b/y"), "{:?}", reply.attempts());
        a.set(Behaviour::status(500));
        let reply = proxy.send(with("strict", &json!({"models": ["free"]}))).await;
        assert!(asked(&reply, "b/x") && !asked(&reply, "b/y"), "{:?}", reply.attempts());
    });
}

#[test]
fn a_budget_falls_back_within_what_route_and_caller_require() {
    run(async {
        let world = World::new().await;
        let config = world.config().model("m", "{targets: [a/x]}").model("cheap", "{targets: [b/x]}");
        let config = config.top("budgets: {all: {for: {model: m}, requests: 1, per: day, then: {fallback: cheap}}}");
        let config = config.top("callers: {team: {header: {x-team: team}, require: {region: eu}}, all: {}}");
        let config = config.top("routes: [{name: hard, when: {header: {x-route: hard}}, require: {training: deny}}]");
        let proxy = Proxy::start(&config).await;
        assert_eq!(proxy.send(Call::chat("m")).await.header("x-outrider-target"), "a/x");
        assert_eq!(proxy.send(Call::chat("m")).await.header("x-outrider-target"), "b/x");
        world.all[1].take();
        refused(&proxy.send(team("m")).await, "region", "caller `team`", &["b/x"], "caller");
        refused(&proxy.send(hard("m")).await, "data_policy:training", "route `hard`", &["b/x"], "route");
        assert_eq!(world.all[1].take().len(), 0);
    });
}

#[test]
fn a_second_target_is_never_one_that_is_excluded() {
    run(async {
        let world = World::new().await;
        let [a, b, c] = &world.all;
        let model = "{targets: [b/x], fallbacks: [c/x, a/x], hedge: {after: 50ms, at_most: 100%}";
        let config = world.config().model("free", &format!("{model}}}"));
        let proxy = Proxy::start(&config.model("m", &format!("{model}, require: {{ignore: [c]}}}}"))).await;
        b.set(Behaviour::hang());
        let free = proxy.send(Call::stream("free")).await;
        assert_eq!((free.header("x-outrider-target"), c.take().len()), ("c/x", 1), "without the constraint it is");
        let reply = proxy.send(Call::stream("m")).await;
        assert_eq!((reply.status, reply.header("x-outrider-target")), (200, "a/x"));
        assert_eq!((c.take().len(), a.take().len()), (0, 1));
    });
}

#[test]
fn a_prompt_goes_where_it_fits_and_nowhere_else() {
    run(async {
        let world = World::new().await;
        let long = "word ".repeat(20_000); // 25,000 tokens
        let chat = |model: &str, text: &str| {
            let body = json!({"model": model, "messages": [{"role": "user", "content": text}]});
            Call::post("/v1/chat/completions", &body)
        };
        let config = world.config().model("m", "{targets: [b/x], fallbacks: [a/x]}").model("small", "{targets: [b/x]}");
        let proxy = Proxy::start(&config).await;
        assert_eq!(proxy.send(chat("m", "hi")).await.header("x-outrider-target"), "b/x");
        world.all[1].take();
        let reply = proxy.send(chat("m", &long)).await;
        assert_eq!((reply.status, reply.header("x-outrider-target")), (200, "a/x"), "{}", reply.text());
        assert_eq!(reply.attempts().len(), 1, "{:?}", reply.attempts());
        let reply = proxy.send(chat("small", &long)).await;
        let says = "`b/x` is excluded by context_length of its prompt (the call seems to have 2500";
        assert!(reply.status == 400 && reply.text().contains(says), "{}: {}", reply.status, reply.text());
        assert_eq!(reply.json()["error"]["code"], "context_length_exceeded");
        // A picture's bytes are no tokens.
        let url = format!("data:image/png;base64,{}", "iVBORw0KGgo".repeat(8_000));
        let parts = json!([{"type": "image_url", "image_url": {"url": url}}]);
        let body = json!({"model": "c/x", "messages": [{"role": "user", "content": parts}]});
        assert_eq!(proxy.send(Call::post("/v1/chat/completions", &body)).await.status, 200);
        assert_eq!(world.all[1].take().len(), 0);
    });
}

#[test]
fn what_is_no_call_of_a_model_keeps_to_what_its_caller_requires() {
    run(async {
        let world = World::new().await;
        let config = world.config().model("m", "{targets: [a/x]}").text();
        // The default provider is the first.
        let config = config.replace("  a: ", "  last: ").replace("  b: ", "  a: ");
        let config = config.replace("[a/x]", "[last/x]");
        let callers = "callers: {team: {header: {x-team: team}, require: {region: eu}}, all: {}}\n";
        let proxy = Proxy::start_with(&format!("{callers}{config}")).await;
        let files = || Call::post("/v1/files", &json!({}));
        assert_eq!(proxy.send(files().header("x-team", "team")).await.status, 200, "it is in the region");
        let swapped =
            config.replace("eu-west-1", "swapped").replace("us-east-1", "eu-west-1").replace("swapped", "us-east-1");
        let proxy = Proxy::start_with(&format!("{callers}{swapped}")).await;
        world.all[0].take();
        let reply = proxy.send(files().header("x-team", "team")).await;
        let says = "provider `last` is excluded by region of caller `team` (it runs in us-east-1)";
        assert!(reply.status == 404 && reply.text().contains(says), "{}: {}", reply.status, reply.text());
        assert_eq!(world.all[0].take().len(), 0);
        assert_eq!(proxy.send(files()).await.status, 200, "others may");
    });
}

#[test]
fn openrouters_require_parameters_keeps_a_call_from_who_cannot_be_told_all_of_it() {
    run(async {
        let (a, b) = (Provider::start().await, Provider::start().await);
        let config = Config::default().speaking("a", &a, "anthropic").provider("b", &b);
        let proxy = Proxy::start(&config.model("m", "{targets: [a/x], fallbacks: [b/x]}")).await;
        let more = json!({"logit_bias": {"5": 1}, "provider": {"require_parameters": true}});
        let reply = proxy.send(with("m", &more)).await;
        assert_eq!((reply.status, reply.header("x-outrider-target")), (200, "b/x"), "{}", reply.text());
        assert_eq!(a.take().len(), 0);
    });
}
