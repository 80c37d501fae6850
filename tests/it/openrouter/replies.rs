//! What its clients are answered, and that nobody else is answered so.

use serde_json::{Value, json};

use crate::support::client::{Call, Reply};

use crate::support::provider::{Answer, Behaviour, Provider, sse};
use crate::support::proxy::{Config, Proxy};
use crate::support::run;

/// A client of OpenRouter's.
fn chat(model: &str, more: &Value) -> Call {
    let mut body = json!({"model": model, "messages": [{"role": "user", "content": "hi"}]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Call::post("/api/v1/chat/completions", &body)
}

fn openai(provider: &Provider) -> Config {
    Config::default().stated("openai", &format!("base_url: \"{}\", api_key: k, health: off", provider.url()))
}

/// The documents of a stream, which ends as it should.
fn chunks(reply: &Reply) -> Vec<Value> {
    let mut events = reply.events();
    assert_eq!(events.pop().as_deref(), Some("[DONE]"));
    events.iter().map(|event| serde_json::from_str(event).unwrap()).collect()
}

#[test]
fn who_answered_is_told_to_those_who_speak_so_and_to_nobody_else() {
    run(async {
        let provider = Provider::start().await;
        let proxy = Proxy::start(&openai(&provider)).await;
        let plain = proxy.send(Call::chat("openai/x")).await;
        let told = plain.json();
        assert_eq!((told.get("provider"), &told["id"], &told["model"]), (None, &json!("chatcmpl-1"), &json!("x")));
        assert_eq!(plain.header("x-generation-id"), "");

        for call in [
            chat("openai/x:nitro", &json!({})),
            Call::chat("openai/x").header("HTTP-Referer", "https://app.example"),
            Call::chat("openai/x").header("X-OpenRouter-Title", "app"),
        ] {
            let reply = proxy.send(call).await;
            let told = reply.json();
            let generation = reply.header("x-generation-id");
            assert!(generation.starts_with("gen-") && told["id"] == generation, "{told}");
            assert_eq!((&told["provider"], &told["model"]), (&json!("OpenAI"), &json!("openai/x")));
            assert_eq!(told["choices"][0]["native_finish_reason"], "stop");
            assert_eq!(told["usage"]["is_byok"], false);
        }
    });
}

#[test]
fn a_stream_tells_it_in_each_chunk_and_always_counts() {
    run(async {
        let provider = Provider::start().await;
        let proxy = Proxy::start(&openai(&provider)).await;
        let call = chat("openai/x", &json!({"stream": true})).header("X-OpenRouter-Metadata", "enabled");
        let reply = proxy.send(call).await;
        assert_eq!(provider.call().json()["stream_options"], json!({"include_usage": true}));
        let chunks = chunks(&reply);
        let generation = reply.header("x-generation-id");
        assert!(chunks.iter().all(|chunk| chunk["provider"] == "OpenAI" && chunk["id"] == generation), "{chunks:?}");
        let last = chunks.last().unwrap();
        assert_eq!((&last["usage"]["prompt_tokens"], &last["usage"]["is_byok"]), (&json!(9), &json!(false)));
        let route = &last["openrouter_metadata"];
        assert_eq!((&route["requested"], &route["strategy"]), (&json!("openai/x"), &json!("direct")));
        let row = json!({"provider": "OpenAI", "model": "openai/x", "selected": true});
        assert_eq!(route["endpoints"], json!({"total": 1, "available": [row]}));
        assert_eq!(route["attempts"], json!([{"provider": "OpenAI", "model": "openai/x", "status": 200}]));

        let plain = proxy.send(Call::stream("openai/x")).await;
        assert!(!plain.text().contains("provider"), "{}", plain.text());
    });
}

#[test]
fn thoughts_have_the_names_that_clients_look_for() {
    run(async {
        let thinking = |request: &crate::support::provider::Seen| {
            let delta = json!({"index": 0, "delta": {"reasoning_content": "hm"}, "finish_reason": null});
            let rest = json!({"index": 0, "delta": {"content": "hi"}, "finish_reason": "eos"});
            match request.json()["stream"] == true {
                true => Answer::events(vec![
                    sse(json!({"choices": [delta]})),
                    sse(json!({"choices": [rest]})),
                    sse("[DONE]"),
                ]),
                false => Answer::json(
                    200,
                    &json!({"choices": [{"index": 0, "finish_reason": "eos",
                    "message": {"role": "assistant", "content": "hi", "reasoning_content": "hm"}}]}),
                ),
            }
        };
        let provider = Provider::behaving(Behaviour::choosing(thinking)).await;
        let proxy = Proxy::start(&openai(&provider)).await;
        let details = json!([{"type": "reasoning.text", "text": "hm", "format": "unknown", "index": 0}]);
        let told = proxy.send(chat("openai/x", &json!({}))).await.json();
        let expected = json!({"role": "assistant", "content": "hi", "reasoning": "hm", "reasoning_details": details});
        assert_eq!(told["choices"][0]["message"], expected);
        assert_eq!(told["choices"][0]["finish_reason"], "stop");
        assert_eq!(told["choices"][0]["native_finish_reason"], "eos");
        let told = chunks(&proxy.send(chat("openai/x", &json!({"stream": true}))).await);
        assert_eq!(told[0]["choices"][0]["delta"], json!({"reasoning": "hm", "reasoning_details": details}));
        let told = proxy.send(chat("openai/x", &json!({"reasoning": {"exclude": true}}))).await.json();
        assert_eq!(told["choices"][0]["message"], json!({"role": "assistant", "content": "hi"}));
    });
}

#[test]
fn errors_say_whose_they_are_and_who_was_asked_before() {
    run(async {
        let (a, b) =
            (Provider::behaving(Behaviour::status(500)).await, Provider::behaving(Behaviour::status(429)).await);
        let proxy = Proxy::start(&openai(&a).provider("lab", &b)).await;
        let call = chat("openai/x", &json!({"models": ["lab/y"]})).header("x-outrider-tries", "2");
        let reply = proxy.send(call).await;
        let error = &reply.json()["error"];
        assert_eq!((reply.status, &error["code"]), (429, &json!(429)), "{error}");
        assert_eq!(error["metadata"]["error_type"], "rate_limit_exceeded");
        assert_eq!(error["metadata"]["provider_name"], "lab");
        let before = json!([{"provider": "OpenAI", "code": 500, "status": 500}]);
        assert_eq!(error["metadata"]["previous_errors"], before);
        assert!(reply.header("x-generation-id").starts_with("gen-"));

        a.set(Behaviour::status(400));
        let reply = proxy.send(chat("openai/x", &json!({}))).await;
        let error = &reply.json()["error"];
        assert_eq!((reply.status, &error["code"]), (400, &json!(400)));
        assert!(error["metadata"]["raw"].as_str().is_some_and(|raw| raw.starts_with('{')), "{error}");

        for (call, status) in [
            (chat("openai/x", &json!({})).body("{"), 400),
            (chat("nobody/x", &json!({})), 404),
            (chat("openai/x", &json!({"provider": 1})), 400),
        ] {
            let reply = proxy.send(call).await;
            assert_eq!((reply.status, &reply.json()["error"]["code"]), (status, &json!(status)), "{}", reply.text());
        }
        let claude = json!({"model": "nobody/x", "max_tokens": 1, "messages": []});
        let told = proxy.send(Call::post("/api/v1/messages", &claude)).await.json();
        assert_eq!((&told["type"], &told["error"]["type"]), (&json!("error"), &json!("not_found_error")));
        assert_eq!(told["error"]["error_type"], "not_found");
    });
}

#[test]
fn a_stream_that_breaks_off_ends_with_a_chunk_that_says_so() {
    run(async {
        let provider = Provider::behaving(Behaviour::stream(3).cut_after(600)).await;
        let proxy = Proxy::start(&openai(&provider)).await;
        let reply = proxy.send(chat("openai/x", &json!({"stream": true})).header("x-outrider-recover", "off")).await;
        let last: Value = serde_json::from_str(reply.events().last().unwrap()).unwrap();
        assert_eq!((&last["error"]["code"], &last["choices"][0]["finish_reason"]), (&json!(502), &json!("error")));
        assert_eq!((&last["provider"], last["error"]["metadata"]["error_type"].is_string()), (&json!("OpenAI"), true));
    });
}

#[test]
fn a_translated_answer_is_told_in_the_same_words() {
    run(async {
        let (claude, lab) = (Provider::start().await, Provider::start().await);
        let config = Config::default().speaking("claude", &claude, "anthropic").provider("lab", &lab);
        let proxy = Proxy::start(&config).await;
        let message = json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "c",
            "content": [{"type": "thinking", "thinking": "hm", "signature": "s"}, {"type": "text", "text": "hi"}],
            "stop_reason": "end_turn", "stop_sequence": null, "usage": {"input_tokens": 9, "output_tokens": 3}});
        claude.set(Behaviour::answer(Answer::json(200, &message)));
        let told = proxy.send(chat("claude/c", &json!({}))).await.json();
        let (choice, message) = (&told["choices"][0], &told["choices"][0]["message"]);
        assert_eq!((&told["provider"], &told["model"]), (&json!("claude"), &json!("claude/c")));
        assert_eq!((&choice["finish_reason"], &choice["native_finish_reason"]), (&json!("stop"), &json!("end_turn")));
        assert_eq!((&message["reasoning"], message.get("reasoning_content")), (&json!("hm"), None));
        assert!(message["reasoning_details"][0]["signature"].is_string(), "{message}");

        let call = json!({"model": "lab/x", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]});
        let told = proxy.send(Call::post("/api/v1/messages", &call)).await.json();
        assert_eq!((&told["type"], &told["provider"]), (&json!("message"), &json!("lab")), "{told}");
        let call = json!({"model": "lab/x", "input": "hi", "stream": true});
        let told = proxy.send(Call::post("/api/v1/responses", &call)).await.text();
        assert!(told.contains("response.completed") && told.contains("\"model\":\"lab/x\""), "{told}");
    });
}
