//! Tables of models that change under a running process: what they say holds from the next call on, and what is wrong
//! with them changes nothing.

use std::path::Path;

use serde_json::Value;

use crate::support::client::Call;
use crate::support::provider::{Behaviour, Provider};
use crate::support::proxy::{Config, Proxy, outrider};
use crate::support::{eventually, run};

/// A table of one model at each of these kinds, with the price of a million tokens of input.
fn table(day: &str, rows: &[(&str, &str, u32)]) -> String {
    let row = |(kind, model, price): &(&str, &str, u32)| format!("{kind}\t{model}\t-\t-\t-\tin={price} out=0\n");
    format!("#outrider-models\t1\t{day}\n{}", rows.iter().map(row).collect::<String>())
}

/// An Outrider before `a` of the kind `groq` and `b` of the kind `xai`, of which the one that is much cheaper answers.
fn config(a: &Provider, b: &Provider, more: &str) -> String {
    let entry = |kind: &str, provider: &Provider| {
        format!("kind: {kind}, base_url: \"{}\", api_key: sk-secret-{kind}, health: off", provider.url())
    };
    let config = Config::default().entry("a", &entry("groq", a)).entry("b", &entry("xai", b));
    config.top(more).model("m", "{targets: [a/m, b/m], balance: price}").text()
}

/// Waits until a token of input is known to cost so much at `a`.
async fn priced(proxy: &Proxy, price: &str) {
    let page = || async { proxy.send(Call::get("/api/v1/models/m/endpoints")).await.json() };
    let told = |page: &Value| page["data"]["endpoints"][0]["pricing"]["prompt"] == price;
    eventually(&format!("a token costs {price}"), page, told).await;
}

async fn answered_by(proxy: &Proxy) -> String {
    proxy.send(Call::chat("m")).await.header("x-outrider-target").to_owned()
}

/// What the latest call cost, in the log.
async fn cost(proxy: &Proxy, calls: usize) -> f64 {
    proxy.calls_logged(calls).await.last().unwrap()["cost_usd"].as_f64().unwrap()
}

#[test]
fn the_file_that_the_configuration_names_is_taken_up_when_it_changes() {
    run(async {
        let (a, b) = (Provider::start().await, Provider::start().await);
        let dir = tempfile::tempdir().unwrap();
        let (file, models) = (dir.path().join("outrider.yaml"), dir.path().join("models.tsv"));
        let put = |text: &str| std::fs::write(&models, text).unwrap();
        put(&table("2026-11-21", &[("groq", "m", 1), ("xai", "m", 1_000)]));
        std::fs::write(&file, config(&a, &b, "catalogue: models.tsv")).unwrap();
        let proxy = Proxy::start_in(dir, &file).await;
        assert_eq!(answered_by(&proxy).await, "a/m");
        assert_eq!(cost(&proxy, 1).await, 0.000_009);

        put(&table("2026-11-21", &[("groq", "m", 1_000_000), ("xai", "m", 1_000)]));
        priced(&proxy, "1").await;
        assert_eq!(answered_by(&proxy).await, "b/m", "the choice follows the file");
        assert_eq!(cost(&proxy, 2).await, 0.009, "so does what it costs");

        for (bad, expected) in [
            ("garbage", "line 1: not a table of models"),
            ("#outrider-models\t99\t2099-01-01\ngroq\tm\n", "its format 99 is newer than"),
            ("#outrider-models\t1\t2026-11-21\ngroq\tm\t-\t-\t-\tin=1 ou", "line 2: `ou` is no price"),
            ("#outrider-models\t1\t2026-11-21\ngroq\tm\t-\t-\t-\tin=-1\n", "a price can not be negative"),
        ] {
            put(bad);
            proxy.says(expected).await;
            proxy.metric_becomes("outrider_config_last_reload_successful", &[], 0.0).await;
            assert_eq!(answered_by(&proxy).await, "b/m", "{bad}");
        }
        put(&table("2026-11-21", &[("groq", "m", 1), ("xai", "m", 1_000)]));
        priced(&proxy, "0.000001").await;
        assert_eq!(answered_by(&proxy).await, "a/m");
        proxy.metric_becomes("outrider_config_last_reload_successful", &[], 1.0).await;
    });
}

/// `outrider models update` with that text.
async fn update(data: &Path, text: &str) -> (Option<i32>, String) {
    let file = data.join("new.tsv");
    std::fs::write(&file, text).unwrap();
    let mut command = outrider(&["models", "update", file.to_str().unwrap()]);
    let output = command.env("XDG_DATA_HOME", data).output().await.unwrap();
    (output.status.code(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
}

#[test]
fn a_table_that_is_kept_is_taken_up_by_what_runs() {
    run(async {
        let (a, b) = (Provider::start().await, Provider::start().await);
        let (dir, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let file = dir.path().join("outrider.yaml");
        std::fs::write(&file, config(&a, &b, "")).unwrap();
        let variables = [("XDG_DATA_HOME", data.path().to_str().unwrap())];
        let proxy = Proxy::start_among(&variables, dir, &file).await;
        let cheap = |a: u32, b: u32| table("2999-01-01", &[("groq", "m", a), ("xai", "m", b)]);
        for (text, price, target) in [
            (cheap(1, 1_000), "0.000001", "a/m"),
            (cheap(1_000, 1), "0.001", "b/m"),
            (cheap(1, 1_000), "0.000001", "a/m"),
        ] {
            let (code, told) = update(data.path(), &text).await;
            assert!(code == Some(0) && told.contains("used from now on"), "{told}");
            priced(&proxy, price).await;
            assert_eq!(answered_by(&proxy).await, target);
        }
        let kept = data.path().join("outrider/models.tsv");
        std::fs::write(&kept, "garbage").unwrap();
        proxy.says("the kept table of models is not used: line 1").await;
        proxy.metric_becomes("outrider_config_last_reload_successful", &[], 0.0).await;
        assert_eq!(answered_by(&proxy).await, "a/m", "the old one stays");
        assert_eq!(update(data.path(), &cheap(1_000, 1)).await.0, Some(0));
        priced(&proxy, "0.001").await;
        proxy.metric_becomes("outrider_config_last_reload_successful", &[], 1.0).await;
        std::fs::remove_file(&kept).unwrap();
        priced(&proxy, "-1").await; // what is built in does not know it
    });
}

#[test]
fn a_model_past_its_last_day_is_told_of_once_and_before() {
    run(async {
        let provider = Provider::behaving(Behaviour::ok()).await;
        let dir = tempfile::tempdir().unwrap();
        let (file, models) = (dir.path().join("outrider.yaml"), dir.path().join("models.tsv"));
        let ended = "#outrider-models\t1\t2026-11-21\ngroq\told\t-\t-\t-\tin=1 out=1\t-\t2020-02-29\n";
        std::fs::write(&models, ended).unwrap();
        let fields = format!("kind: groq, base_url: \"{}\", api_key: k, health: off", provider.url());
        let config = Config::default().top("catalogue: models.tsv").entry("a", &fields);
        std::fs::write(&file, config.clone().text()).unwrap();
        let proxy = Proxy::start_in(dir, &file).await;
        assert!(!proxy.said().contains("2020-02-29"), "nobody has named it yet");
        for _ in 0..3 {
            assert_eq!(proxy.send(Call::chat("a/old")).await.status, 200);
        }
        proxy.metric_becomes("outrider_ended_model_attempts_total", &["target=\"a/old\""], 3.0).await;
        proxy.says("called after its last day").await;
        assert_eq!(proxy.said().matches("called after its last day").count(), 1, "{}", proxy.said());
        proxy.send(Call::chat("a/young")).await;
        assert_eq!(proxy.metric("outrider_ended_model_attempts_total", &["target=\"a/young\""]).await, 0.0);

        std::fs::write(&file, config.model("m", "{targets: [a/old]}").text()).unwrap();
        let output = outrider(&["check", file.to_str().unwrap()]).output().await.unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        let expected = "models.m.targets[0]: the last day of `a/old` was 2020-02-29: its provider may have ended it";
        assert!(output.status.success() && told.contains("warning: ") && told.contains(expected), "{told}");
        proxy.says(expected).await;
    });
}
