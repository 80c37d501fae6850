//! A call goes where it fits, with the answer that it may have; an estimate by itself refuses nobody.

use serde_json::json;

use super::{chat, explained, order, out};
use crate::support::client::Call;
use crate::support::provider::Provider;
use crate::support::proxy::{Config, Proxy};
use crate::support::run;

const TABLE: &str = "#outrider-models\t1\t2999-01-01
groq\tsmall\t-\t2000\t500\tin=1 out=1
groq\tlarge\t-\t100000\t-\tin=9 out=9
";

/// A cheap target of two thousand tokens, and a dear one of a hundred thousand, as a table of models has them.
async fn world(provider: &Provider) -> Proxy {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("models.tsv"), TABLE).unwrap();
    let config = Config::default()
        .top("catalogue: models.tsv")
        .stated("groq", &format!("base_url: \"{}\", api_key: k, health: off", provider.url()))
        .model("m", "{targets: [groq/small], fallbacks: [groq/large]}")
        .model("alone", "{targets: [groq/small, groq/small-too]}")
        .model("mine", "{targets: [groq/small]}");
    let file = dir.path().join("outrider.yaml");
    std::fs::write(&file, config.text()).unwrap();
    Proxy::start_in(dir, &file).await
}

#[test]
fn prompt_and_answer_have_to_fit_together() {
    run(async {
        let provider = Provider::start().await;
        let proxy = world(&provider).await;
        let long = "a word and another. ".repeat(500);
        for (text, more, target) in [
            ("hi", json!({}), "groq/small"),
            ("hi", json!({"max_tokens": 1_900}), "groq/small"),
            ("hi", json!({"max_tokens": 2_000}), "groq/large"),
            ("hi", json!({"max_completion_tokens": 2_000}), "groq/large"),
            ("hi", json!({"max_tokens": 900, "n": 3}), "groq/small"),
            (&long, json!({}), "groq/large"),
        ] {
            let reply = proxy.send(chat("m", text, &more)).await;
            assert_eq!((reply.status, reply.header("x-outrider-target")), (200, target), "{more}: {}", reply.text());
        }
        let gemini = json!({"contents": [{"role": "user", "parts": [{"text": "hi"}]}],
            "generationConfig": {"maxOutputTokens": 2000}});
        let claude = json!({"model": "m", "max_tokens": 2000, "messages": [{"role": "user", "content": "hi"}]});
        for call in [Call::post("/v1beta/models/m:generateContent", &gemini), Call::post("/v1/messages", &claude)] {
            assert_eq!(proxy.send(call).await.header("x-outrider-target"), "groq/large");
        }
        let told = explained(&proxy, &json!({"model": "m", "body": {"max_tokens": 2001, "messages": []}})).await.json();
        assert_eq!((order(&told), out(&told)), (vec!["groq/large"], vec![("groq/small", "context_length")]), "{told}");
    });
}

#[test]
fn where_it_fits_nowhere_providers_say_so_themselves() {
    run(async {
        let provider = Provider::start().await;
        let proxy = world(&provider).await;
        for model in ["mine", "m", "alone"] {
            let reply = proxy.send(chat(model, "hi", &json!({"max_tokens": 1_000_000}))).await;
            assert_eq!(reply.status, 200, "{model}: {}", reply.text());
        }
        let told = explained(&proxy, &json!({"body": {"model": "mine", "max_tokens": 9000}})).await.json();
        assert_eq!((order(&told), out(&told)), (vec!["groq/small"], vec![]), "{told}");
    });
}

#[test]
fn a_picture_is_not_its_bytes() {
    run(async {
        let provider = Provider::start().await;
        let proxy = world(&provider).await;
        let picture = format!("data:image/png;base64,{}", "A".repeat(200_000));
        let content =
            json!([{"type": "text", "text": "what is it?"}, {"type": "image_url", "image_url": {"url": picture}}]);
        let body = json!({"model": "m", "messages": [{"role": "user", "content": content}]});
        let reply = proxy.send(Call::post("/v1/chat/completions", &body)).await;
        assert_eq!((reply.status, reply.header("x-outrider-target")), (200, "groq/small"), "{}", reply.text());
    });
}
