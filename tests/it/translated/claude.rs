//! Claude where others host it: the vendor's own dialect over Bedrock's InvokeModel and on Vertex, from both ends.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{providers, scene, sdks};
use crate::support::client::Call;
use crate::support::dialects::speech::SPEECHES;
use crate::support::dialects::voice::{Said, anthropic, bedrock};
use crate::support::provider::{Answer, Behaviour, Provider, Step};
use crate::support::proxy::{Config, Proxy};
use crate::support::run;

const CLAUDE: &str = "us.anthropic.claude-x-v1:0";

/// Claude on Bedrock behind the model `claude`: InvokeModel and Converse.
async fn on_bedrock() -> (Provider, Proxy) {
    let provider = Provider::behaving(Behaviour::choosing(|request| {
        let said = String::from_utf8_lossy(&request.body);
        if let Some(at) = said.find("fail ") {
            let status = said[at + 5..at + 8].parse().expect("a status");
            let answer = Answer::json(status, &json!({"message": format!("provider says {status}")}));
            return answer.with_header("retry-after-ms", "1");
        }
        let dialect = if request.path.contains("/invoke") { "invoke" } else { "bedrock" };
        let answer = scene::answer(&said);
        match request.path.ends_with("-stream") {
            true => answer.stream(dialect),
            false => Answer::json(200, &answer.whole(dialect)),
        }
    }));
    let provider = provider.await;
    let config = Config::default().model("claude", &format!("{{targets: [\"aws/{CLAUDE}\"]}}"));
    let proxy = Proxy::start(&cloud(config, "aws", "bedrock", &provider, "")).await;
    (provider, proxy)
}

/// One more provider of that kind, mounted at `path`.
fn cloud(config: Config, name: &str, kind: &str, provider: &Provider, path: &str) -> Config {
    let url = provider.url().replace("/v1", path);
    let fields = format!("kind: {kind}, base_url: \"{url}\", api_key: sk-secret-{name}, health: off");
    config.entry(name, &fields).top("defaults: {retry: {tries: 1}}")
}

/// A client of InvokeModel.
fn invoke(model: &str, verb: &str) -> Call {
    let body = json!({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 99,
        "messages": [{"role": "user", "content": "hi, model"}]});
    Call::post(&format!("/model/{model}/{verb}"), &body)
}

#[test]
fn anthropics_clients_invoke_claude_and_others_converse() {
    run(async {
        let (provider, proxy) = on_bedrock().await;
        let place = "/model/us.anthropic.claude-x-v1%3A0";
        for (stream, verb) in [(false, "invoke"), (true, "invoke-with-response-stream")] {
            let body = json!({"model": "claude", "stream": stream, "max_tokens": 99, "new": {"b": 1, "a": 2},
                "messages": [{"role": "user", "content": "hi, model"}]});
            let ask = Call::post("/v1/messages?beta=true", &body).header("anthropic-version", "2023-06-01");
            let reply = proxy.send(ask.header("anthropic-beta", "one-2026, files-api-2025-04-14")).await;
            let seen = provider.last();
            assert_eq!((reply.status, &*seen.path), (200, &*format!("{place}/{verb}")), "{}", reply.text());
            let sent = json!({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 99, "new": {"b": 1, "a": 2},
                "messages": [{"role": "user", "content": "hi, model"}], "anthropic_beta": ["one-2026"]});
            assert_eq!(seen.json(), sent);
            assert_eq!((seen.header("anthropic-version"), seen.header("anthropic-beta")), (None, None));
            assert_eq!(reply.header("x-outrider-lost"), "anthropic-beta: files-api-2025-04-14");
            let said = Said::text("Hello there");
            if stream {
                let events: Vec<Value> = reply.events().iter().map(|e| serde_json::from_str(e).unwrap()).collect();
                assert_eq!((events, reply.header("content-type")), (anthropic::streamed(&said), "text/event-stream"));
                assert!(reply.text().starts_with("event: message_start\n"), "{}", reply.text());
            } else {
                assert_eq!(reply.json(), said.whole("anthropic"));
            }
        }
        proxy.send(Call::chat("claude")).await;
        assert_eq!(provider.last().path, format!("{place}/converse"));
    });
}

#[test]
fn bedrocks_refusal_of_claude_is_told_as_the_vendor_would() {
    run(async {
        let (_provider, proxy) = on_bedrock().await;
        let body = json!({"model": "claude", "max_tokens": 9, "messages": [{"role": "user", "content": "fail 400"}]});
        let reply = proxy.send(Call::post("/v1/messages", &body)).await;
        let error = json!({"type": "invalid_request_error", "message": "provider says 400"});
        assert_eq!((reply.status, &reply.json()["error"]), (400, &error), "{}", reply.text());
    });
}

#[test]
fn a_client_of_invoke_model_understands_every_provider() {
    run(async {
        let (_providers, proxy) = providers().await;
        let (_provider, bedrocks) = on_bedrock().await;
        let models = SPEECHES.iter().map(|speech| (&proxy, format!("from-{}", speech.dialect)));
        for (proxy, model) in models.chain([(&bedrocks, "claude".to_owned()), (&bedrocks, format!("aws%2F{CLAUDE}"))]) {
            let reply = proxy.send(invoke(&model, "invoke")).await;
            assert_eq!((reply.status, &reply.json()["content"][0]["text"]), (200, &json!("Hello there")), "{model}");

            let reply = proxy.send(invoke(&model, "invoke-with-response-stream")).await;
            assert_eq!(reply.header("content-type"), "application/vnd.amazon.eventstream", "{model}");
            let frames = bedrock::frames(&reply.body);
            assert!(frames.iter().all(|(name, _)| name == "chunk"), "{model}: {frames:?}");
            let text: String = frames.iter().filter_map(|(_, event)| event["delta"]["text"].as_str()).collect();
            assert_eq!((&*text, &frames.last().unwrap().1["type"]), ("Hello there", &json!("message_stop")), "{model}");
        }
    });
}

/// What follows the last good frame is a whole frame, too, whoever breaks off.
#[test]
fn a_broken_stream_ends_as_an_exception_in_bedrocks_frames() {
    run(async {
        for dialect in ["openai_chat", "anthropic", "invoke"] {
            let said = Said::text("Hello there");
            let readable = said.stream(if dialect == "invoke" { "anthropic" } else { dialect });
            let begun = readable.pieces.iter().position(|piece| piece.windows(5).any(|word| word == b"Hello")).unwrap();
            let broken = Behaviour::answer(said.stream(dialect)).after_pieces(begun + 1, Step::Close);
            let provider = Provider::behaving(broken).await;
            let config = Config::default();
            let config = match dialect {
                "invoke" => cloud(config, "a", "bedrock", &provider, ""),
                _ => config.speaking("a", &provider, dialect),
            };
            let proxy = Proxy::start(&config).await;
            let model = format!("a%2F{CLAUDE}");
            let converse = json!({"messages": [{"role": "user", "content": [{"text": "hi"}]}]});
            let converse = Call::post(&format!("/model/{model}/converse-stream"), &converse);
            let calls = [invoke(&model, "invoke-with-response-stream"), converse];
            // Claude on Bedrock is asked with another dialect by a client of Converse.
            for call in calls.into_iter().take(if dialect == "invoke" { 1 } else { 2 }) {
                let frames = bedrock::frames(&proxy.send(call).await.body);
                assert!(frames.len() > 2, "{dialect}: {frames:?}");
                assert_eq!(frames.last().unwrap().0, "modelStreamErrorException", "{dialect}: {frames:?}");
            }
        }
    });
}

#[test]
fn what_is_invoked_of_other_models_passes_as_it_is() {
    run(async {
        let (provider, proxy) = on_bedrock().await;
        let body = json!({"inputText": "hi"});
        let reply = proxy.send(Call::post("/model/amazon.titan-x/invoke", &body)).await;
        let seen = provider.last();
        assert_eq!((reply.status, &*seen.path, seen.json()), (200, "/model/amazon.titan-x/invoke", body));
        assert_eq!(reply.header("x-outrider-target"), "aws");
    });
}

#[test]
fn bedrock_counts_tokens_for_every_client_that_can_ask() {
    run(async {
        let (provider, proxy) = on_bedrock().await;
        let talk = json!([{"role": "user", "content": "hi, model"}]);
        let converse = json!({"messages": [{"role": "user", "content": [{"text": "hi, model"}]}]});
        let body = json!({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 1, "messages": talk});
        let wrapped = json!({"input": {"invokeModel": {"body": STANDARD.encode(body.to_string())}}});
        let bedrocks = Call::post("/model/claude/count-tokens", &json!({"input": {"converse": converse}}));
        let geminis = json!({"contents": [{"role": "user", "parts": [{"text": "hi, model"}]}]});
        let calls = [
            (Call::post("/v1/messages/count_tokens", &json!({"model": "claude", "messages": talk})), "input_tokens"),
            (Call::post("/model/claude/count-tokens", &wrapped), "inputTokens"),
            (bedrocks, "inputTokens"),
            (Call::post("/v1beta/models/claude:countTokens", &geminis), "totalTokens"),
        ];
        for (index, (call, member)) in calls.iter().enumerate() {
            provider.once(Behaviour::answer(Answer::json(200, &json!({"inputTokens": 42}))));
            let reply = proxy.send(call.clone()).await;
            assert_eq!((reply.status, reply.json()), (200, json!({*member: 42})), "{}", reply.text());
            let seen = provider.last();
            assert_eq!(seen.path, "/model/anthropic.claude-x-v1%3A0/count-tokens", "no profile is counted");
            let input = &seen.json()["input"];
            if index < 2 {
                let inner = STANDARD.decode(input["invokeModel"]["body"].as_str().expect("a body")).unwrap();
                let inner: Value = serde_json::from_slice(&inner).unwrap();
                assert_eq!(inner["anthropic_version"], "bedrock-2023-05-31");
                assert!(inner["messages"].to_string().contains("hi, model"), "{inner}");
            } else {
                assert_eq!(input["converse"]["messages"], converse["messages"], "{input}");
            }

            let unable = json!({"message": "The provided model doesn't support counting tokens."});
            provider.once(Behaviour::answer(Answer::json(400, &unable)));
            let reply = proxy.send(call.clone()).await;
            assert_eq!((reply.status, reply.header("x-outrider-estimated")), (200, "true"), "{}", reply.text());
        }
    });
}

#[test]
fn a_client_of_bedrocks_counts_is_answered_by_others() {
    run(async {
        let (providers, proxy) = providers().await;
        let talk = json!({"messages": [{"role": "user", "content": [{"text": "hi, model"}]}]});
        let call = Call::post("/model/from-anthropic/count-tokens", &json!({"input": {"converse": talk}}));
        let anthropic = SPEECHES.iter().position(|speech| speech.dialect == "anthropic").unwrap();
        providers[anthropic].once(Behaviour::answer(Answer::json(200, &json!({"input_tokens": 7}))));
        assert_eq!(proxy.send(call).await.json(), json!({"inputTokens": 7}));
        assert_eq!(providers[anthropic].last().path, "/v1/messages/count_tokens");
    });
}

#[test]
fn vertex_is_a_door_and_a_target() {
    run(async {
        let provider = Provider::behaving(Behaviour::choosing(|request| match &*request.path {
            path if path.ends_with(":streamRawPredict") => Said::text("Hello there").stream("anthropic"),
            path if path.ends_with("/count-tokens:rawPredict") => Answer::json(200, &json!({"input_tokens": 5})),
            _ => Answer::json(200, &Said::text("Hello there").whole("anthropic")),
        }));
        let provider = provider.await;
        let config = cloud(Config::default(), "google", "vertex", &provider, "/v1/projects/p/locations/l");
        let proxy = Proxy::start(&config).await;
        let root = "/v1/projects/p/locations/l/publishers/anthropic/models";
        let talk = json!([{"role": "user", "content": "hi, model"}]);
        let vertexs =
            json!({"anthropic_version": "vertex-2023-10-16", "stream": true, "max_tokens": 9, "messages": talk});
        let vendors = json!({"model": "google/claude-x", "stream": true, "max_tokens": 9, "messages": talk});
        let door = "/v1/projects/q/locations/m/publishers/anthropic/models/google%2Fclaude-x:streamRawPredict";
        let native = Call::post(door, &vertexs);
        let reformed = Call::post("/v1/messages", &vendors).header("anthropic-beta", "one-2026");
        for call in [native, reformed] {
            let reply = proxy.send(call).await;
            assert!(reply.text().contains("message_stop"), "{}", reply.text());
            let seen = provider.last();
            assert_eq!(
                (seen.path.as_str(), seen.json()),
                (&*format!("{root}/claude-x:streamRawPredict"), vertexs.clone())
            );
        }
        assert_eq!(provider.last().header("anthropic-beta"), Some("one-2026"));

        let counted = json!({"model": "google/claude-x", "messages": talk});
        for place in [&*format!("{root}/count-tokens:rawPredict"), "/v1/messages/count_tokens"] {
            let reply = proxy.send(Call::post(place, &counted)).await;
            assert_eq!(reply.json(), json!({"input_tokens": 5}), "{}", reply.text());
            let seen = provider.last();
            assert_eq!(seen.path, format!("{root}/count-tokens:rawPredict"));
            assert_eq!(seen.json()["model"], "claude-x");
        }
    });
}

/// The vendors' own SDKs, those of Claude by InvokeModel and all others by Converse.
#[test]
fn every_vendors_python_sdk_talks_to_claude_on_bedrock() {
    let Some(mut command) = sdks::python("translated.py") else { return };
    run(async {
        let (provider, proxy) = on_bedrock().await;
        command.env("OUTRIDER_URL", format!("http://{}", proxy.traffic)).env("OUTRIDER_MODELS", "claude");
        let output = command.kill_on_drop(true).output().await.expect("the interpreter starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let invoked = provider.calls().iter().filter(|seen| seen.path.contains("/invoke")).count();
        // Text, a stream, a tool and its result, a streamed tool and three failures, by four SDKs.
        assert_eq!((invoked, provider.calls().len()), (4 * 8, 9 * 8));
    });
}
