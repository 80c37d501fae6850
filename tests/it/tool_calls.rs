//! A target whose calls of tools nobody can read loses its calls to the others.

use serde_json::{Value, json};

use crate::support::client::Call;
use crate::support::provider::{Answer, Behaviour, Provider};
use crate::support::proxy::{Config, Proxy};
use crate::support::run;

/// What a good provider says, with `words` of it replaced.
fn instead(words: &'static str, others: &'static str) -> Behaviour {
    Behaviour::choosing(move |seen| {
        let mut answer = Answer::good(seen);
        for piece in &mut answer.pieces {
            *piece = String::from_utf8_lossy(piece).replace(words, others).into();
        }
        answer
    })
}

/// A call that offers the tool `weather`, of a client of OpenAI's or of Anthropic's.
fn call(path: &str, stream: bool) -> Call {
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    let tool = match path {
        "/v1/messages" => json!({"name": "weather", "input_schema": schema}),
        _ => json!({"type": "function", "function": {"name": "weather", "parameters": schema}}),
    };
    let messages = json!([{"role": "user", "content": "What is the weather in Paris?"}]);
    let body = json!({"model": "m", "max_tokens": 100, "messages": messages, "tools": [tool], "stream": stream});
    Call::post(path, &body)
}

#[test]
fn a_target_that_garbles_calls_of_tools_loses_its_share() {
    run(async {
        for (words, others) in [("Paris\\\"}", "Paris"), ("\"name\":\"weather\"", "\"name\":\"wether\"")] {
            for (path, stream) in
                [("/v1/chat/completions", true), ("/v1/chat/completions", false), ("/v1/messages", true)]
            {
                let (good, bad) = (Provider::start().await, Provider::start().await);
                bad.set(instead(words, others));
                let config = Config::default().provider("a", &good).provider("b", &bad);
                let proxy = Proxy::start(&config.model("m", "{targets: [a/m, b/m], sticky: off}")).await;
                for _ in 0..40 {
                    assert_eq!(proxy.send(call(path, stream)).await.status, 200);
                }
                let before = bad.calls().len();
                for _ in 0..60 {
                    proxy.send(call(path, stream)).await;
                }
                let share = bad.calls().len() - before;
                assert!(before > 0 && share <= 6, "{words} {path} {stream}: {before} of 40, then {share} of 60");

                let named = |target, sound| {
                    [("model", "m"), ("target", target), ("sound", sound)]
                        .map(|(label, value)| format!("{label}=\"{value}\""))
                };
                for (target, provider, sound) in [("a/m", &good, "true"), ("b/m", &bad, "false")] {
                    let labels = named(target, sound);
                    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
                    let counted = proxy.metric("outrider_tool_calls_total", &labels).await;
                    assert_eq!(counted, provider.calls().len() as f64, "{target}");
                }
                for line in proxy.calls_logged(100).await {
                    assert_eq!(line["tool_calls_sound"], line["target"] == "a/m", "{line}");
                }
                // `:exacto` asks whose calls can be read first.
                let mut exact: Value = json!({"model": "m:exacto", "messages": [{"role": "user", "content": "hi"}]});
                exact["tools"] = json!([{"type": "function", "function": {"name": "weather"}}]);
                let reply = proxy.send(Call::post("/v1/chat/completions", &exact)).await;
                assert_eq!(reply.header("x-outrider-target"), "a/m", "{}", reply.text());
            }
        }
    });
}

#[test]
fn what_was_cut_or_offers_no_tools_is_not_held_against_a_target() {
    run(async {
        let bad = Provider::start().await;
        let proxy = Proxy::before(&[&bad]).await;
        bad.set(Behaviour::choosing(|seen| {
            let mut answer = Answer::good(seen);
            for piece in &mut answer.pieces {
                let cut = String::from_utf8_lossy(piece).replace("Paris\\\"}", "Par");
                *piece = cut.replace("\"finish_reason\":\"tool_calls\"", "\"finish_reason\":\"length\"").into();
            }
            answer
        }));
        for stream in [true, false] {
            assert_eq!(proxy.send(call("/v1/chat/completions", stream)).await.status, 200);
        }
        proxy.send(Call::stream("m")).await;
        for line in proxy.calls_logged(3).await {
            assert!(line["outcome"] == "success" && line.get("tool_calls_sound").is_none(), "{line}");
        }
    });
}
