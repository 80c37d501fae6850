//! What its clients ask, and what of it a provider sees.

use serde_json::{Value, json};

use crate::support::client::Call;
use crate::support::provider::{Behaviour, Provider};
use crate::support::proxy::{Config, Proxy};
use crate::support::run;

/// A chat with that model and more members.
fn chat(model: &str, more: &Value) -> Call {
    post("/api/v1/chat/completions", &json!({"model": model, "messages": [{"role": "user", "content": "hi"}]}), more)
}

fn post(path: &str, body: &Value, more: &Value) -> Call {
    let mut body = body.as_object().unwrap().clone();
    body.extend(more.as_object().unwrap().clone());
    Call::post(path, &Value::Object(body))
}

/// Everything that a client can say to a router.
fn everything() -> Value {
    json!({
        "models": ["b/m-b"], "route": "fallback", "session_id": "s1", "plugins": [{"id": "web"}],
        "transforms": ["middle-out"], "usage": {"include": true}, "trace": {"trace_id": "t"}, "user": "u1",
        "provider": {"order": ["a", "OpenAI"], "allow_fallbacks": true, "require_parameters": false,
            "data_collection": "allow", "quantizations": ["unknown"], "sort": {"by": "price", "partition": "model"},
            "max_price": {"prompt": 100}, "preferred_min_throughput": {"p50": 1}, "preferred_max_latency": 5}
    })
}

#[test]
fn a_provider_sees_nothing_of_what_is_said_to_a_router() {
    run(async {
        let (a, b) = (Provider::start().await, Provider::start().await);
        let proxy = Proxy::start(&Config::chain(&[&a, &b])).await;
        let mut more = everything();
        more["provider"].as_object_mut().unwrap().retain(|name, _| name == "order" || name == "sort");
        for path in ["/api/v1/chat/completions", "/v1/chat/completions"] {
            more["temperature"] = json!(0.5);
            let call = post(path, &json!({"model": "a/x", "messages": [{"role": "user", "content": "hi"}]}), &more);
            let reply = proxy.send(call.header("x-openrouter-title", "app")).await;
            assert_eq!(reply.status, 200, "{}", reply.text());
            let expected = json!({"model": "x", "messages": [{"role": "user", "content": "hi"}], "user": "u1",
                "temperature": 0.5});
            let seen = a.take().pop().unwrap();
            assert_eq!((seen.path.as_str(), seen.json()), ("/v1/chat/completions", expected));
            assert_eq!(reply.header("x-outrider-lost"), "plugins, transforms");
        }
        for (path, body) in [
            ("/api/v1/completions", json!({"model": "a/x", "prompt": "hi"})),
            ("/api/v1/embeddings", json!({"model": "a/x", "input": "hi"})),
        ] {
            let reply = proxy.send(post(path, &body, &json!({"provider": {"only": ["a"]}}))).await;
            assert_eq!(reply.status, 200, "{}", reply.text());
            let mut expected = body.clone();
            expected["model"] = json!("x");
            assert_eq!(a.take().pop().unwrap().json(), expected);
        }
    });
}

#[test]
fn openrouter_itself_is_told_all_of_it() {
    run(async {
        let a = Provider::start().await;
        let fields = format!("kind: openrouter, base_url: \"{}\", api_key: k, health: off", a.url());
        let proxy = Proxy::start(&Config::default().stated("openrouter", &fields)).await;
        let more = json!({"provider": {"order": ["openai"], "only": ["openai", "openrouter"]}, "session_id": "s1",
            "reasoning": {"effort": "high"}, "plugins": [{"id": "web"}], "models": ["openrouter/openai/gpt-4"]});
        let reply = proxy.send(chat("openrouter/openai/gpt-5:nitro", &more)).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        let seen = a.call().json();
        let mut expected = more;
        expected.as_object_mut().unwrap().remove("models");
        expected["model"] = json!("openai/gpt-5:nitro");
        expected["messages"] = json!([{"role": "user", "content": "hi"}]);
        assert_eq!(seen, expected);
    });
}

#[test]
fn each_provider_is_told_in_its_own_words_how_much_to_think() {
    run(async {
        let (openai, deepseek, claude) = (Provider::start().await, Provider::start().await, Provider::start().await);
        let config = Config::default()
            .stated("openai", &format!("base_url: \"{}\", api_key: k, health: off", openai.url()))
            .stated("deepseek", &format!("base_url: \"{}\", api_key: k, health: off", deepseek.url()))
            .speaking("claude", &claude, "anthropic");
        let proxy = Proxy::start(&config).await;
        let more = json!({"reasoning": {"effort": "high"}, "top_p": 0.5, "min_p": 0.1});
        let seen = async |provider: &Provider, model| {
            proxy.send(chat(model, &more)).await;
            provider.take().pop().unwrap().json()
        };
        let said = seen(&openai, "openai/gpt-5").await;
        assert_eq!(
            (&said["reasoning_effort"], said.get("reasoning"), &said["top_p"]),
            (&json!("high"), None, &json!(0.5))
        );
        assert_eq!(said.get("min_p"), None, "OpenAI would refuse the call for it");
        let said = seen(&deepseek, "deepseek/r").await;
        assert_eq!(said["min_p"], 0.1, "others may take it");
        assert_eq!((&said["thinking"], said.get("reasoning")), (&json!({"type": "enabled"}), None));
        let said = seen(&claude, "claude/claude-sonnet-4").await;
        assert_eq!((&said["thinking"]["type"], said.get("reasoning")), (&json!("enabled"), None), "{said}");
    });
}

#[test]
fn models_are_asked_one_after_the_other_whatever_the_fault() {
    run(async {
        let (a, b) = (Provider::start().await, Provider::start().await);
        let proxy = Proxy::start(&Config::chain(&[&a, &b])).await;
        for status in [400, 401, 402, 403, 404, 413, 422, 429, 500, 503] {
            a.once(Behaviour::status(status));
            let reply = proxy.send(chat("a/x", &json!({"models": ["nobody/x", "b/y"]}))).await;
            let text = reply.text();
            assert_eq!((reply.status, reply.header("x-outrider-target")), (200, "b/y"), "{status}: {text}");
            assert_eq!(reply.header("x-outrider-lost"), "models: nobody/x");
            proxy.send(chat("a/x", &json!({}))).await;
        }
        let reply =
            proxy.send(post("/v1/chat/completions", &json!({"messages": [], "models": ["b/z"]}), &json!({}))).await;
        assert_eq!((reply.status, b.last().json()["model"].as_str()), (200, Some("z")), "no `model` at all");
    });
}

#[test]
fn what_cannot_be_meant_is_refused_and_why_is_said() {
    run(async {
        let a = Provider::start().await;
        let proxy = Proxy::start(&Config::chain(&[&a])).await;
        let many: Vec<String> = (0..600_000).map(|n| format!("model-{n:08}")).collect();
        for (more, status, says) in [
            (json!({"provider": "a"}), 400, "`provider`: invalid type: string"),
            (json!({"provider": {"order": ["opneai"]}}), 400, "`provider.order[0]`: no provider is called `opneai`"),
            (json!({"provider": {"only": ["groq"]}}), 404, "no allowed providers are available"),
            (json!({"provider": {"only": ["a"], "ignore": ["a"]}}), 404, "no allowed providers are available"),
            (json!({"provider": {"max_price": {"prompt": -1}}}), 400, "`provider.max_price.prompt`: expected a price"),
            (json!({"models": "b"}), 400, "`models`: invalid type: string"),
            (json!({"models": many}), 400, "`models`: more than 128 names"),
            (json!({"models": vec!["x"; 100]}), 400, "`models`: more than 16 models"),
            (json!({"session_id": "x".repeat(257)}), 400, "`session_id`: expected a name of 1 to 256 bytes"),
            (json!({"reasoning": "high"}), 400, "`reasoning`: invalid type: string"),
            (json!({"model": "nobody/x", "models": ["none/y"]}), 404, "model `nobody/x` is not configured"),
        ] {
            let reply = proxy.send(chat("a/x", &more)).await;
            let text = reply.text();
            assert!(reply.status == status && text.contains(says), "{says}: {} {text}", reply.status);
        }
        assert_eq!(a.calls().len(), 0);
        let resident = proxy.resident();
        for _ in 0..5 {
            proxy.send(chat("a/x", &json!({"models": many}))).await;
        }
        let grown = proxy.resident().saturating_sub(resident);
        assert!(grown < 48 << 20, "{grown} bytes more after five bodies of ten megabytes");
    });
}

#[test]
fn what_stands_behind_a_name_is_done_or_told() {
    run(async {
        let (a, b) = (Provider::start().await, Provider::start().await);
        let own = |provider: &Provider, models: &str| {
            format!("base_url: \"{}\", api_key: k, health: off, models: {{{models}}}", provider.url())
        };
        let config = Config::default()
            .entry("a", &own(&a, "m: {price: {input: 1, output: 2}}"))
            .entry("b", &own(&b, "m: {price: {input: 0, output: 0}}"))
            .model("m", "{targets: [a/m, b/m]}")
            .model("dear", "{targets: [a/m]}")
            .model("'@preset/own'", "{targets: [a/m]}");
        let proxy = Proxy::start(&config).await;
        // Free: nobody whose price is not known to be nothing, whatever happens to the others.
        for _ in 0..5 {
            let reply = proxy.send(chat("m:free", &json!({}))).await;
            assert_eq!((reply.status, reply.header("x-outrider-target")), (200, "b/m"), "{}", reply.text());
        }
        assert!(b.last().json()["model"] == "m" && a.calls().is_empty());
        let refused = proxy.send(chat("dear:free", &json!({}))).await;
        let error = refused.json()["error"].clone();
        assert_eq!(refused.status, 404, "{error}");
        assert!(refused.text().contains("excluded by max_price"), "{error}");
        assert_eq!(error["availability"]["code"], "constraint_filtered", "{error}");
        assert_eq!(error["availability"]["excluded_by"], json!(["max_price"]));
        assert_eq!(error["availability"]["requested_models"], json!(["dear:free"]));

        // Thinking: as if the client had asked for it, unless it says itself how much.
        proxy.send(chat("dear:thinking", &json!({}))).await;
        let thinking = a.last().json();
        proxy.send(chat("dear", &json!({"reasoning": {"effort": "medium"}}))).await;
        assert_eq!(thinking, a.last().json());
        assert!(thinking.to_string().contains("medium"), "{thinking}");
        proxy.send(chat("dear:thinking", &json!({"reasoning": {"effort": "low"}}))).await;
        assert!(a.last().json().to_string().contains("\"low\""), "{}", a.last().json());

        // What only OpenRouter does is told, and not passed over in silence.
        for (model, more, lost) in [
            ("dear:online", json!({}), "model: :online"),
            ("dear:extended", json!({}), "model: :extended"),
            ("dear", json!({"plugins": [{"id": "web"}], "transforms": ["middle-out"]}), "plugins, transforms"),
            ("dear", json!({"plugins": [{"id": "web", "enabled": false}], "transforms": []}), ""),
        ] {
            let reply = proxy.send(chat(model, &more)).await;
            assert_eq!((reply.status, reply.header("x-outrider-lost")), (200, lost), "{model} {more}");
        }

        // Presets are OpenRouter's; a model of the file may have such a name.
        assert_eq!(proxy.send(chat("@preset/own", &json!({}))).await.header("x-outrider-target"), "a/m");
        for (model, more) in
            [("@preset/code", json!({})), ("dear@preset/code", json!({})), ("dear", json!({"preset": "code"}))]
        {
            let reply = proxy.send(chat(model, &more)).await;
            let told = (reply.status, reply.text().contains("presets are kept at OpenRouter"));
            assert_eq!(told, (400, true), "{model} {more}: {}", reply.text());
        }
    });
}
