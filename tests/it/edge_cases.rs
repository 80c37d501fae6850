//! Edge cases of the whole way of a call. Their numbers are those of tests/wire/edge_cases.md, where the rest is held.

use bytes::Bytes;
use serde_json::json;

use crate::support::client::Call;
use crate::support::provider::{Answer, Behaviour, Provider, Step};
use crate::support::proxy::{Config, Proxy};
use crate::support::{run, until};

fn messages(model: &str, stream: bool) -> Call {
    let turns = json!([{"role": "user", "content": "hi"}]);
    Call::post("/v1/messages", &json!({"model": model, "max_tokens": 10, "messages": turns, "stream": stream}))
}

#[test]
fn case_029_beta_headers_go_to_their_own_vendor_alone() {
    run(async {
        let (own, other) = (Provider::start().await, Provider::start().await);
        let config = Config::default().speaking("own", &own, "anthropic").speaking("other", &other, "openai_chat");
        let proxy = Proxy::start(&config).await;
        let call = |model: &str| {
            messages(model, false).header("anthropic-beta", "context-1m-2025-08-07,b").header("anthropic-version", "v")
        };
        proxy.send(call("own/m")).await;
        let seen = own.last();
        assert_eq!(seen.header("anthropic-beta"), Some("context-1m-2025-08-07,b"));
        assert_eq!(seen.header("anthropic-version"), Some("v"), "the client's own");
        proxy.send(call("other/m")).await;
        let seen = other.last();
        assert_eq!((seen.header("anthropic-beta"), seen.header("anthropic-version")), (None, None));
        // A client of another dialect cannot know that this vendor wants a version.
        proxy.send(Call::chat("own/m").header("openai-beta", "b")).await;
        let seen = own.last();
        assert_eq!((seen.header("anthropic-version"), seen.header("openai-beta")), (Some("2023-06-01"), None));
    });
}

#[test]
fn case_147_what_was_counted_before_the_client_left_is_told() {
    run(async {
        let event = |data: &str| {
            let name = data.split('"').nth(3).unwrap();
            Bytes::from(format!("event: {name}\ndata: {data}\n\n"))
        };
        let start = r#"{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant",
            "model":"m","content":[],"stop_reason":null,"usage":{"input_tokens":7,"output_tokens":1}}}"#;
        let events = vec![
            event(&start.replace('\n', "")),
            event(r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#),
            event(r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"word1"}}"#),
            event(r#"{"type":"content_block_stop","index":0}"#),
        ];
        let silent = Behaviour::answer(Answer::events(events)).after_pieces(3, Step::Silence);
        let provider = Provider::behaving(silent).await;
        let proxy = Proxy::start(&Config::default().speaking("a", &provider, "anthropic")).await;
        let mut stream = proxy.open(messages("a/m", true)).await;
        stream.read_until("word1").await;
        drop(stream);
        until("the provider sees the hang-up", || provider.hung_up() == 1).await;
        let line = proxy.calls_logged(1).await.remove(0);
        assert_eq!((&line["outcome"], &line["tokens"]["input"]), (&json!("client_gone"), &json!(7)), "{line}");
    });
}

#[test]
fn case_155_every_try_carries_the_clients_own_marks() {
    run(async {
        let (failing, good) = (Provider::behaving(Behaviour::status(500)).await, Provider::start().await);
        let proxy = Proxy::before(&[&failing, &good]).await;
        let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let marks = [("idempotency-key", "key-1"), ("traceparent", trace), ("tracestate", "a=b")];
        let call = marks.iter().fold(Call::chat("m"), |call, (name, value)| call.header(name, value));
        assert_eq!(proxy.send(call).await.status, 200);
        for provider in [&failing, &good] {
            for (name, value) in marks {
                assert_eq!(provider.last().header(name), Some(value));
            }
        }
    });
}
