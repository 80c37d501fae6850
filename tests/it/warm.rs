//! Conversations stay where their prompt is cached, and what only one provider can read goes to that one.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::support::client::Call;
use crate::support::provider::{Answer, Behaviour, Provider};
use crate::support::proxy::{Config, Proxy};
use crate::support::run;

const CHAT: &str = "/v1/chat/completions";

/// What a good provider says, with so many cached tokens.
fn with_cached(tokens: u64) -> Behaviour {
    Behaviour::choosing(move |seen| {
        let mut answer = Answer::good(seen);
        for piece in &mut answer.pieces {
            let text =
                String::from_utf8_lossy(piece).replace("\"cached_tokens\":4", &format!("\"cached_tokens\":{tokens}"));
            *piece = text.into();
        }
        answer
    })
}

/// Two equal targets, of which each answer counts so many cached tokens.
async fn two(cached: u64) -> (Provider, Provider, Proxy) {
    let (a, b) = (Provider::start().await, Provider::start().await);
    [&a, &b].into_iter().for_each(|provider| provider.set(with_cached(cached)));
    let config = Config::default().provider("a", &a).provider("b", &b).model("m", "{targets: [a/m, b/m]}");
    let proxy = Proxy::start(&config).await;
    (a, b, proxy)
}

/// Turn `turn` of the conversation `name`, which is told as `way` says, or only by how it begins.
fn turn(way: &str, name: &str, turn: usize) -> Call {
    let begins = if way == "beginning" { name } else { "hi" };
    let mut messages =
        vec![json!({"role": "system", "content": "be brief"}), json!({"role": "user", "content": begins})];
    for number in 0..turn {
        messages.push(json!({"role": "assistant", "content": format!("answer {number}")}));
        messages.push(json!({"role": "user", "content": format!("question {number}")}));
    }
    // A member for the router is taken out, so that what is looked at stands elsewhere in the body that is sent.
    let traced = json!({"trace": {"trace_id": "x".repeat(turn * 7)}, "model": "m", "messages": messages});
    let mut body = if way == "beginning" { traced } else { json!({"model": "m", "messages": messages}) };
    match way {
        "session_id" => body["session_id"] = json!(name),
        "prompt_cache_key" => body["prompt_cache_key"] = json!(name),
        _ => {}
    }
    let call = Call::post(CHAT, &body);
    if way == "header" { call.header("x-session-id", name) } else { call }
}

#[test]
fn a_conversation_stays_where_it_is_however_it_is_known() {
    run(async {
        for way in ["session_id", "prompt_cache_key", "header", "beginning"] {
            let (_a, _b, proxy) = two(4).await;
            let mut places: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
            for number in 0..5 {
                for conversation in 0..12 {
                    let reply = proxy.send(turn(way, &format!("conversation {conversation}"), number)).await;
                    places.entry(conversation).or_default().insert(reply.header("x-outrider-target").to_owned());
                }
            }
            assert!(places.values().all(|places| places.len() == 1), "{way}: {places:?}");
            let all: BTreeSet<_> = places.values().flatten().collect();
            assert_eq!(all.len(), 2, "{way}: not all of them in one place");
        }
    });
}

#[test]
fn what_is_never_cached_is_not_held() {
    run(async {
        let (a, b, proxy) = two(0).await;
        for number in 0..60 {
            proxy.send(turn("beginning", "one conversation", number % 5)).await;
        }
        let (a, b) = (a.calls().len(), b.calls().len());
        assert!(a > 10 && b > 10, "{a} to {b}");
    });
}

/// An answer of Responses with thoughts that only who made them can read.
fn thoughtful(name: &'static str) -> Behaviour {
    Behaviour::choosing(move |seen| {
        let asked = seen.json();
        let foreign = asked.to_string().matches("thoughts of ").count()
            != asked.to_string().matches(&format!("thoughts of {name}")).count();
        let unknown = asked["previous_response_id"].as_str().is_some_and(|id| !id.ends_with(name));
        if foreign || unknown {
            return Answer::json(
                400,
                &json!({"error": {"message": "cannot be verified", "type": "invalid_request_error"}}),
            );
        }
        let output = json!([
            {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": format!("thoughts of {name}")},
            {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
                "content": [{"type": "output_text", "text": "hi", "annotations": []}]},
        ]);
        Answer::json(
            200,
            &json!({"id": format!("resp_{name}"), "object": "response", "status": "completed",
            "model": "m", "output": output, "usage": {"input_tokens": 9, "output_tokens": 3, "total_tokens": 12}}),
        )
    })
}

#[test]
fn thoughts_and_kept_answers_go_to_who_made_them() {
    run(async {
        let (a, b) = (Provider::start().await, Provider::start().await);
        a.set(thoughtful("a"));
        b.set(thoughtful("b"));
        let config = Config::default().speaking("a", &a, "openai_responses").speaking("b", &b, "openai_responses");
        let model = "{targets: [a/m], fallbacks: [b/m], sticky: off, retry: {tries: 2}}";
        let proxy = Proxy::start(&config.model("m", model).model("both", "{targets: [a/m, b/m], sticky: off}")).await;
        let said = json!({"role": "user", "content": "hi"});
        let ask = async |model: &str, more: Value| {
            let mut body = json!({"model": model, "input": [said], "store": false});
            more.as_object().unwrap().iter().for_each(|(name, value)| body[name] = value.clone());
            proxy.send(Call::post("/v1/responses", &body)).await
        };
        for _ in 0..6 {
            let first = ask("both", json!({})).await;
            let maker = first.header("x-outrider-target").to_owned();
            let mut input = vec![said.clone()];
            input.extend(first.json()["output"].as_array().unwrap().iter().cloned());
            input.push(said.clone());
            // Wherever it would have gone otherwise, and whatever the group.
            for model in ["both", "both", "both", "m"] {
                let reply = ask(model, json!({"input": input})).await;
                assert_eq!((reply.status, reply.header("x-outrider-target")), (200, &*maker), "{}", reply.text());
                let kept = ask(model, json!({"previous_response_id": first.json()["id"]})).await;
                assert_eq!((kept.status, kept.header("x-outrider-target")), (200, &*maker), "{}", kept.text());
            }
        }
        // Whoever cannot read them is told the rest; of an answer that another keeps there is no rest.
        let first = ask("m", json!({})).await.json();
        a.set(Behaviour::status(503));
        let input = json!([said, first["output"][0], first["output"][1], said]);
        let reply = ask("m", json!({"input": input})).await;
        assert_eq!((reply.status, reply.header("x-outrider-target")), (200, "b/m"), "{}", reply.text());
        assert!(!b.last().json().to_string().contains("encrypted_content"), "{}", b.last().json());
        let before = b.calls().len();
        let kept = ask("m", json!({"previous_response_id": first["id"]})).await;
        assert_eq!((kept.status, b.calls().len()), (503, before), "{}", kept.text());
    });
}
