//! What makes no sense is told when it is said: at the start, at a reload, or by the call; and nothing is lost by it.

use serde_json::json;

use super::{chat, priced};
use crate::support::client::Call;
use crate::support::provider::Provider;
use crate::support::proxy::{Config, Proxy, outrider};
use crate::support::run;

const PROVIDERS: &str = "
providers:
  a: {dialect: openai_chat, base_url: 'http://127.0.0.1:1/v1', region: us}
models: {one: {targets: [a/x]}, two: {targets: [a/y]}}
";

/// Exit code and all that `outrider check` says of that file, with a table of models beside it.
async fn check(text: &str, table: &str) -> (Option<i32>, String) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("outrider.yaml");
    std::fs::write(&file, text).unwrap();
    std::fs::write(dir.path().join("models.tsv"), table).unwrap();
    let output = outrider(&["check", file.to_str().unwrap()]).output().await.unwrap();
    (output.status.code(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
}

#[test]
fn at_the_start_each_is_told_with_its_place() {
    run(async {
        let offer = |price: &str| PROVIDERS.replace("region: us", &format!("models: {{x: {{price: {{{price}}}}}}}"));
        let with = |more: &str| format!("{PROVIDERS}{more}\n");
        let fall = |name: &str, of: &str, to: &str| {
            format!("{name}: {{for: {{model: {of}}}, requests: 1, then: {{fallback: {to}}}}}")
        };
        for (text, says) in [
            (offer("input: -1"), "models.x.price.input: `-1` is negative"),
            (offer("input: cheap"), "expected an amount in US dollars"),
            (with("budgets: {b: {for: {caller: nobdy}, requests: 1}}"), "`nobdy` is no caller"),
            (with("budgets: {b: {for: {model: oen}, requests: 1}}"), "`oen` is no model"),
            (with("budgets: {b: {limit: -5 USD}}"), "expected an amount such as"),
            (with("budgets: {b: {}}"), "nothing is limited"),
            (
                with(&format!("budgets: {{{}, {}}}", fall("p", "one", "two"), fall("q", "two", "one"))),
                "the budgets fall back in a circle: one, then two, then one",
            ),
            (with(&format!("budgets: {{{}}}", fall("p", "one", "one"))), "`one` falls back to itself"),
            (PROVIDERS.replace("a/y", "one/two"), "one"),
            (PROVIDERS.replace("{targets: [a/y]}", "&x [*x]"), "alias"),
        ] {
            let (code, said) = check(&text, "").await;
            assert!(
                code == Some(78) && said.contains(says) && said.contains("outrider.yaml:"),
                "{says}: {code:?} {said}"
            );
        }
    });
}

#[test]
fn a_table_of_models_that_is_garbage_or_of_the_future_is_told_at_start_and_changes_nothing_at_a_reload() {
    run(async {
        let text = format!("catalogue: models.tsv\n{PROVIDERS}");
        let bad = [
            ("garbage \u{0}\u{1}", "line 1: not a table of models"),
            ("", "not a table of models"),
            ("#outrider-models\t9\t2030-01-01\n", "its format 9 is newer than"),
            ("#outrider-models\t1\t2030-01-01\nopenai\tm\t-\t-\t-\tin=-1\n", "a price can not be negative"),
        ];
        for (table, says) in bad {
            let (code, said) = check(&text, table).await;
            assert!(code == Some(78) && said.contains(says) && said.contains("models.tsv"), "{says}: {said}");
        }
        let good = "#outrider-models\t1\t2030-01-01\ngroq\tx\t-\t1000\t-\tin=1 out=1\n";
        assert_eq!(check(&text, good).await.0, Some(0));

        let provider = Provider::start().await;
        let dir = tempfile::tempdir().unwrap();
        let (file, table) = (dir.path().join("outrider.yaml"), dir.path().join("models.tsv"));
        let config = Config::chain(&[&provider]).top("catalogue: models.tsv");
        std::fs::write(&table, good).unwrap();
        std::fs::write(&file, config.text()).unwrap();
        let proxy = Proxy::start_in(dir, &file).await;
        for (text, says) in bad {
            std::fs::write(&table, text).unwrap();
            proxy.signal("HUP").await;
            proxy.metric_becomes("outrider_config_last_reload_successful", &[], 0.0).await;
            proxy.says(says).await;
            assert_eq!(proxy.send(Call::chat("m")).await.status, 200, "{says}: what was good stays");
            std::fs::write(&table, good).unwrap();
            proxy.signal("HUP").await;
            proxy.metric_becomes("outrider_config_last_reload_successful", &[], 1.0).await;
        }
    });
}

#[test]
fn a_model_that_nobody_may_answer_is_told_at_the_start_and_by_the_call() {
    run(async {
        let text = PROVIDERS.replace("{targets: [a/y]}", "{targets: [a/y], require: {region: [eu]}}");
        let (code, said) = check(&text, "").await;
        assert_eq!(code, Some(0), "others are served: {said}");
        assert!(
            said.contains("warning: ") && said.contains("models.two") && said.contains("excluded by region"),
            "{said}"
        );
        let provider = Provider::start().await;
        let config = Config::default().entry("a", &priced(&provider, 1.0, ", region: us"));
        let config = config.model("m", "{targets: [a/x], require: {region: [eu], max_price: {input: 0.5}}}");
        let proxy = Proxy::start(&config.model("n", "{targets: [a/x]}")).await;
        proxy.says("no target of model `m` is allowed").await;
        let reply = proxy.send(Call::chat("m")).await;
        assert!(
            reply.status == 404 && reply.error_message().contains("`a/x` is excluded by region"),
            "{}",
            reply.text()
        );
        assert_eq!(proxy.send(Call::chat("n")).await.status, 200);
    });
}

#[test]
fn a_call_that_contradicts_itself_is_told_and_harms_nobody() {
    run(async {
        let provider = Provider::start().await;
        let config = Config::default().entry("a", &priced(&provider, 1.0, ""));
        let proxy = Proxy::start(&config.model("m", "{targets: [a/x]}")).await;
        let provider_of = |wish| json!({ "provider": wish });
        let many: Vec<String> = (0..600_000).map(|n| format!("model-{n:08}")).collect();
        for (more, status, says) in [
            (provider_of(json!({"order": ["nobody-at-all"]})), 400, "no provider is called `nobody-at-all`"),
            (provider_of(json!({"only": ["a"], "ignore": ["a"]})), 404, "no allowed providers are available"),
            (provider_of(json!({"max_price": {"prompt": 0.1}})), 404, "`a/x` is excluded by max_price"),
            (provider_of(json!({"quantizations": ["fp9"]})), 400, "`fp9` is none of"),
            (
                provider_of(json!({"zdr": true})),
                404,
                "`a/x` is excluded by data_policy:zdr of the call (it does not say)",
            ),
            (json!({ "models": many }), 400, "`models`: more than 128 names"),
        ] {
            let reply = proxy.send(chat("m", "hi", &more)).await;
            assert!(reply.status == status && reply.text().contains(says), "{says}: {} {}", reply.status, reply.text());
        }
        // Of OpenRouter's providers, those that are not here are passed over.
        let known = provider_of(json!({"order": ["groq", "a"]}));
        assert_eq!(proxy.send(chat("m", "hi", &known)).await.status, 200);
        assert_eq!(provider.calls().len(), 1);
    });
}
