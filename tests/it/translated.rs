//! A client of each dialect before a provider of each other: both ends see their own.

mod claude;
pub mod rules;
pub mod sdks;
mod trouble;

use crate::support::client::Call;
use crate::support::dialects::scene;
use crate::support::dialects::speech::{SPEECHES, Speech};
use crate::support::provider::{Answer, Behaviour, Provider, Step};
use crate::support::proxy::{Config, Proxy};
use crate::support::{eventually, run};
use serde_json::json;

/// One provider of each dialect, each behind a model of its own: `from-DIALECT`.
async fn providers() -> (Vec<Provider>, Proxy) {
    let (mut providers, mut config) = (Vec::new(), Config::default());
    for speech in SPEECHES {
        let provider = Provider::behaving(speech.behaviour()).await;
        let name = speech.dialect.replace('_', "-");
        config = config.speaking(&name, &provider, speech.dialect);
        config = config.model(&format!("from-{}", speech.dialect), &format!("{{targets: [{name}/the-model]}}"));
        providers.push(provider);
    }
    let proxy = Proxy::start(&config.top("defaults: {retry: {tries: 1}}")).await;
    (providers, proxy)
}

fn call(client: &Speech, model: &str, stream: bool) -> Call {
    let call = Call::post(&client.path(model, stream), &(client.ask)(model, stream));
    call.header("authorization", "Bearer the-clients-own-key").header("x-api-key", "the-clients-own-key")
}

#[test]
fn every_client_understands_every_provider() {
    run(async {
        let (providers, proxy) = providers().await;
        for (client, (provider, speaker)) in
            SPEECHES.iter().flat_map(|client| providers.iter().zip(SPEECHES).map(move |pair| (client, pair)))
        {
            let model = format!("from-{}", speaker.dialect);
            let pair = format!("{} to {}", client.dialect, speaker.dialect);
            let reply = proxy.send(call(client, &model, false)).await;
            assert_eq!(reply.status, 200, "{pair}: {}", reply.text());
            assert_eq!(client.said(&reply.json()), ("Hello there".into(), 9, 3), "{pair}: {}", reply.text());

            let seen = provider.last();
            assert_eq!(seen.path, speaker.place("the-model", false), "{pair}");
            assert!(String::from_utf8_lossy(&seen.body).contains("hi, model"), "{pair}: {seen:?}");
            let (name, value) = speaker.credential();
            assert_eq!(seen.header(name), Some(value.as_str()), "{pair}");
            assert!(!format!("{:?}", seen.headers).contains("the-clients-own-key"), "{pair}: {seen:?}");

            let reply = proxy.send(call(client, &model, true)).await;
            assert_eq!(reply.status, 200, "{pair}: {}", reply.text());
            assert_eq!(reply.headers["content-type"].to_str().unwrap().split(';').next(), Some(client.stream_type));
            let text = String::from_utf8_lossy(&reply.body).into_owned();
            assert!(text.contains("Hello") && text.contains(" there"), "{pair}, streamed: {text}");
            assert!(text.contains(client.end), "{pair}, streamed: {text}");
            assert_eq!(provider.last().path, speaker.place("the-model", true), "{pair}");
        }
    });
}

#[test]
fn errors_come_in_the_clients_dialect() {
    run(async {
        let (providers, proxy) = providers().await;
        for (provider, speaker) in providers.iter().zip(SPEECHES) {
            let body = (speaker.error)("the prompt is too odd");
            provider.set(Behaviour::answer(Answer::json(400, &body)));
            for client in SPEECHES {
                let reply = proxy.send(call(client, &format!("from-{}", speaker.dialect), false)).await;
                let pair = format!("{} to {}: {}", client.dialect, speaker.dialect, reply.text());
                assert_eq!(reply.status, 400, "{pair}");
                let mut found = reply.json();
                let message = found.pointer_mut(client.message).map(serde_json::Value::take);
                assert_eq!(message, Some(json!("the prompt is too odd")), "{pair}");
            }
        }
    });
}

#[test]
fn a_stream_that_breaks_ends_as_an_error_in_the_clients_dialect() {
    run(async {
        let provider = Provider::behaving(Behaviour::stream(5).after_pieces(3, Step::Close)).await;
        let proxy = Proxy::start(&Config::default().speaking("a", &provider, "openai_chat")).await;
        for client in SPEECHES {
            let reply = proxy.send(call(client, "a/m", true)).await;
            let text = String::from_utf8_lossy(&reply.body).into_owned();
            assert!(text.contains("word1"), "{}: {text}", client.dialect);
            assert!(text.contains(client.broken), "{}: {text}", client.dialect);
        }
    });
}

#[test]
fn what_a_target_cannot_be_told_is_named_or_refused() {
    run(async {
        let (_providers, proxy) = providers().await;
        let body = json!({"model": "from-anthropic", "max_tokens": 9, "logit_bias": {"50256": -100},
            "messages": [{"role": "user", "content": "hi, model"}]});
        let ask = Call::post("/v1/chat/completions", &body);
        let reply = proxy.send(ask.clone()).await;
        assert_eq!((reply.status, reply.header("x-outrider-lost")), (200, "logit_bias"), "{}", reply.text());
        let counted = r#"outrider_lost_total{member="logit_bias",target="anthropic/the-model"} 1"#;
        let metrics = || async { proxy.ask("/metrics").await.text() };
        eventually("the loss is counted", metrics, |metrics| metrics.contains(counted)).await;

        let reply = proxy.send(ask.header("x-outrider-strict", "true")).await;
        assert_eq!(reply.status, 400);
        assert!(reply.text().contains("logit_bias"), "{}", reply.text());
    });
}

/// A fallback of another dialect takes the call over, before and within the stream's beginning.
#[test]
fn failover_crosses_dialects() {
    run(async {
        let (first, second) = (&SPEECHES[0], SPEECHES.iter().find(|speech| speech.dialect == "gemini").unwrap());
        let broken = Provider::behaving(Behaviour::status(500)).await;
        let good = Provider::behaving(second.behaviour()).await;
        let config = Config::default()
            .speaking("one", &broken, first.dialect)
            .speaking("two", &good, second.dialect)
            .model("m", "{targets: [one/x], fallbacks: [two/y]}");
        let proxy = Proxy::start(&config).await;
        for stream in [false, true] {
            let reply = proxy.send(call(first, "m", stream)).await;
            assert_eq!(reply.status, 200, "{}", reply.text());
            assert!(reply.text().contains("Hello"), "{}", reply.text());
            let attempts = reply.header("x-outrider-attempts");
            assert!(attempts.contains("one/x;server_error") && attempts.contains("two/y;ok"), "{attempts}");
        }
    });
}

#[test]
fn tokens_are_counted_by_the_provider_or_estimated() {
    run(async {
        let (providers, proxy) = providers().await;
        let position = |name| SPEECHES.iter().position(|speech| speech.dialect == name).unwrap();
        let count = |model: &str| {
            let body = json!({"model": model, "messages": [{"role": "user", "content": "hi, model"}]});
            Call::post("/v1/messages/count_tokens", &body)
        };
        providers[position("gemini")].set(Behaviour::answer(Answer::json(200, &json!({"totalTokens": 42}))));
        let reply = proxy.send(count("from-gemini")).await;
        assert_eq!((reply.json(), reply.header("x-outrider-estimated")), (json!({"input_tokens": 42}), ""));
        let reply = proxy.send(count("from-openai_chat")).await;
        assert_eq!((reply.status, reply.header("x-outrider-estimated")), (200, "true"), "{}", reply.text());
        assert_eq!(reply.json(), json!({"input_tokens": 7}));
    });
}

/// Names that a target refuses, and tools of free text where there are none, are the client's own again in the answer.
#[test]
fn tools_of_any_name_and_form_come_back_as_the_client_knows_them() {
    run(async {
        let (providers, proxy) = providers().await;
        for (provider, speaker) in providers.iter().zip(SPEECHES) {
            let tool = json!({"type": "custom", "name": "the.weather!", "description": "w"});
            let model = format!("from-{}", speaker.dialect);
            let body = json!({"model": model, "input": "how is it?", "tools": [tool]});
            // The provider asks for the tool under whatever name it was given.
            let whole = scene::answer("weather").whole(speaker.dialect);
            provider.set(Behaviour::choosing(move |request| {
                let said = String::from_utf8_lossy(&request.body).into_owned();
                let at = said.find("the_weather").or_else(|| said.find("the.weather")).expect("the tool");
                let name: String = said[at..].chars().take_while(|c| !matches!(c, '"' | '\\')).collect();
                let whole = whole.to_string().replace("\"weather\"", &json!(name).to_string());
                let text = whole.replace("{\\\"city\\\":\\\"Paris\\\"}", "{\\\"input\\\":\\\"Paris\\\"}");
                Answer::body(200, "application/json", text.replace("{\"city\":\"Paris\"}", "{\"input\":\"Paris\"}"))
            }));
            let reply = proxy.send(Call::post("/v1/responses", &body)).await;
            let text = reply.text();
            assert_eq!(reply.status, 200, "{}: {text}", speaker.dialect);
            let output = reply.json()["output"].clone();
            let call = output.as_array().unwrap().iter().find(|item| item["name"] == "the.weather!");
            let call = call.unwrap_or_else(|| panic!("{}: {text}", speaker.dialect));
            if speaker.dialect != "openai_responses" {
                assert_eq!((&call["type"], &call["input"]), (&json!("custom_tool_call"), &json!("Paris")), "{text}");
            }
        }
    });
}

/// Ollama's older form and Gemini's JSON array are written for the client even where the provider speaks its dialect.
#[test]
fn forms_in_which_no_provider_is_asked_are_translated() {
    run(async {
        let (_providers, proxy) = providers().await;
        for model in ["from-ollama", "from-gemini", "from-openai_chat"] {
            let ask = json!({"model": model, "prompt": "hi, model", "stream": false});
            let reply = proxy.send(Call::post("/api/generate", &ask)).await;
            assert_eq!((reply.status, &reply.json()["response"]), (200, &json!("Hello there")), "{}", reply.text());

            let ask = json!({"contents": [{"role": "user", "parts": [{"text": "hi, model"}]}]});
            let path = format!("/v1beta/models/{model}:streamGenerateContent");
            let reply = proxy.send(Call::post(&path, &ask)).await;
            assert_eq!((reply.status, reply.header("content-type")), (200, "application/json"));
            let pieces = reply.json();
            let text = |piece: &serde_json::Value| {
                piece.pointer("/candidates/0/content/parts/0/text").and_then(|text| text.as_str()).map(str::to_owned)
            };
            let said: String = pieces.as_array().expect("a list").iter().filter_map(text).collect();
            assert_eq!(said, "Hello there", "{pieces}");
        }
    });
}

/// A target that cannot do what a call needs is passed over, and says why when nobody else is left.
#[test]
fn a_call_goes_to_a_target_that_can_do_what_it_needs() {
    run(async {
        let (blind, able) = (Provider::start().await, Provider::start().await);
        let limits = "models: {x: {context: 1000, abilities: {images: false, tools: false}}}";
        let config = Config::default()
            .entry("one", &format!("base_url: \"{}\", health: off, {limits}", blind.url()))
            .entry("two", &format!("base_url: \"{}\", health: off", able.url()))
            .model("m", "{targets: [one/x], fallbacks: [two/y]}");
        let proxy = Proxy::start(&config).await;
        let image = json!([{"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}]);
        let tool = json!([{"type": "function", "function": {"name": "w", "parameters": {"type": "object"}}}]);
        for (needs, body) in [
            ("nothing", json!({"messages": [{"role": "user", "content": "hi"}]})),
            ("images", json!({"messages": [{"role": "user", "content": image}]})),
            ("tools", json!({"messages": [{"role": "user", "content": "hi"}], "tools": tool})),
            ("room", json!({"messages": [{"role": "user", "content": "long ".repeat(1000)}]})),
        ] {
            let ask = |model: &str| {
                let mut body = body.clone();
                body["model"] = json!(model);
                Call::post("/v1/chat/completions", &body)
            };
            let reply = proxy.send(ask("m")).await;
            let expected = if needs == "nothing" { "one/x" } else { "two/y" };
            assert_eq!((reply.status, reply.header("x-outrider-target")), (200, expected), "{needs}: {}", reply.text());
            let alone = proxy.send(ask("one/x")).await;
            assert_eq!(alone.status, if needs == "nothing" { 200 } else { 400 }, "{needs}: {}", alone.text());
        }
        assert_eq!(blind.calls().len(), 2, "it was asked only for what it can do");
    });
}
