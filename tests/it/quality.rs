//! `min_quality`: the cheapest target that is good enough, by the operator's scores.

use crate::support::client::Call;
use crate::support::provider::{Behaviour, Provider};
use crate::support::proxy::{Config, Proxy, outrider};
use crate::support::{eventually, run};

const SCORES: &str =
    "quality: {a/x: {code: 0.5, other: 0.4}, b/x: {code: 0.8, other: 0.6}, d/x: {code: 0.9, other: 0.95}}";
const TARGETS: &str = "targets: [a/x, b/x, c/x, d/x]";

/// `a` is the cheapest, then `b`, `c`, of whom no score is known, and `d`.
async fn world() -> ([Provider; 4], Config) {
    let all = [Provider::start().await, Provider::start().await, Provider::start().await, Provider::start().await];
    let mut config = Config::default();
    for (name, (provider, price)) in ["a", "b", "c", "d"].iter().zip(all.iter().zip([1, 2, 3, 9])) {
        let models = format!("models: {{x: {{price: {{input: {price}, output: {price}}}}}}}");
        config = config
            .entry(name, &format!("base_url: \"{}\", api_key: sk-secret-x, health: off, {models}", provider.url()));
    }
    (all, config)
}

async fn answers(proxy: &Proxy, call: Call) -> String {
    let reply = proxy.send(call).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.header("x-outrider-target").to_owned()
}

#[test]
fn the_cheapest_that_is_good_enough_answers_and_nobody_below_ever_does() {
    run(async {
        let ([a, b, c, d], config) = world().await;
        let config = config.top(SCORES).model("m", &format!("{{{TARGETS}, min_quality: 0.6, retry: {{tries: 6}}}}"));
        let config = config.model("free", &format!("{{{TARGETS}, balance: price}}"));
        let proxy = Proxy::start(&config.model("out", &format!("{{{TARGETS}, min_quality: 0.96}}"))).await;
        assert_eq!(answers(&proxy, Call::chat("free")).await, "a/x");
        a.take();
        for _ in 0..20 {
            assert_eq!(answers(&proxy, Call::chat("m")).await, "b/x");
        }
        b.set(Behaviour::status(500));
        for _ in 0..5 {
            assert_eq!(answers(&proxy, Call::stream("m")).await, "d/x");
        }
        d.set(Behaviour::status(500));
        assert_eq!(proxy.send(Call::chat("m")).await.status, 500);
        assert_eq!((a.take().len(), c.take().len()), (0, 0), "rather none than one that is not good enough");
        let reply = proxy.send(Call::chat("out")).await;
        assert_eq!((reply.status, &reply.json()["error"]["code"]), (404, &"excluded".into()), "{}", reply.text());
        for says in [
            "`a/x` is excluded by min_quality of the model (its score is 0.4, below 0.96)",
            "`c/x` is excluded by min_quality of the model (its score is not known)",
            "`d/x` is excluded by min_quality of the model (its score is 0.95, below 0.96)",
        ] {
            assert!(reply.text().contains(says), "{says}: {}", reply.text());
        }
    });
}

#[test]
fn a_task_is_said_by_the_call_or_its_route() {
    run(async {
        let (_all, config) = world().await;
        let config = config.top(SCORES).model("m", &format!("{{{TARGETS}, min_quality: {{code: 0.5, other: 0.7}}}}"));
        let routes = "routes: [{name: coding, when: {header: {x-app: ide}}, task: code, min_quality: 0.6}]";
        let proxy = Proxy::start(&config.top(routes)).await;
        let task = |task: &str| Call::chat("m").header("x-outrider-task", task);
        assert_eq!(answers(&proxy, Call::chat("m")).await, "d/x");
        assert_eq!(answers(&proxy, task("code")).await, "a/x");
        assert_eq!(answers(&proxy, Call::chat("m").header("x-app", "ide")).await, "b/x", "both bars hold");
        let reply = proxy.send(task("coed")).await;
        let says = "`x-outrider-task`: no model has a score for `coed`; did you mean `code`?";
        assert!(reply.status == 400 && reply.text().contains(says), "{}", reply.text());
    });
}

#[test]
fn the_highest_bar_holds_whoever_says_it() {
    run(async {
        let (_all, config) = world().await;
        let callers = "callers: {team: {header: {x-team: team}, min_quality: 0.6}, all: {}}";
        let config = config.top(SCORES).top(callers).model("free", &format!("{{{TARGETS}}}"));
        let proxy = Proxy::start(&config.model("m", &format!("{{{TARGETS}, min_quality: 0.3}}"))).await;
        let least = |bar: &str| Call::chat("free").header("x-outrider-min-quality", bar);
        assert_eq!(answers(&proxy, Call::chat("m")).await, "a/x");
        for (call, expected) in [
            (least("0.3"), "a/x"),
            (least("50%"), "b/x"),
            (least("0.9"), "d/x"),
            (Call::chat("free").header("x-team", "team"), "b/x"),
            (least("0.1").header("x-team", "team"), "b/x"),
            (least("0.9").header("x-team", "team"), "d/x"),
            (Call::chat("m").header("x-team", "team"), "b/x"),
        ] {
            assert_eq!(answers(&proxy, call.clone()).await, expected, "{call:?}");
        }
        let reply = proxy.send(least("85")).await;
        assert!(reply.status == 400 && reply.text().contains("expected a score from 0 to 1"), "{}", reply.text());
    });
}

#[test]
fn one_line_of_the_catalogues_name_is_for_whoever_serves_the_model() {
    run(async {
        let (one, two) = (Provider::start().await, Provider::start().await);
        let fields = |provider: &Provider| {
            format!("kind: openai, base_url: \"{}\", api_key: sk-secret-x, health: off", provider.url())
        };
        let config = Config::default().stated("one", &fields(&one)).stated("two", &fields(&two));
        let config = config.top("quality: {openai/gpt-5: 0.9, gpt-5-mini: 0.6, gpt-5-nano: 0.4}");
        let all = "targets: [one/gpt-5, one/gpt-5-mini, two/gpt-5-mini-2025-08-07, two/gpt-5-nano]";
        let config = config
            .model("m", &format!("{{{all}, min_quality: 0.6}}"))
            .model("best", &format!("{{{all}, min_quality: 0.8}}"));
        let proxy = Proxy::start(&config).await;
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..40 {
            seen.insert(answers(&proxy, Call::chat("m")).await);
        }
        assert_eq!(
            seen.iter().collect::<Vec<_>>(),
            ["one/gpt-5-mini", "two/gpt-5-mini-2025-08-07"],
            "they cost the same"
        );
        assert_eq!(answers(&proxy, Call::chat("best")).await, "one/gpt-5");
    });
}

#[test]
fn a_table_of_scores_is_taken_over_when_it_changes() {
    run(async {
        let (_all, config) = world().await;
        let dir = tempfile::tempdir().unwrap();
        let (file, scores) = (dir.path().join("outrider.yaml"), dir.path().join("scores.csv"));
        let text =
            config.top("quality: {file: scores.csv, d/x: 1}").model("m", &format!("{{{TARGETS}, min_quality: 0.7}}"));
        std::fs::write(&file, text.text()).unwrap();
        std::fs::write(&scores, "Model,Task,Score\na/x,,0.9\nb/x,code,0.9\nsomebody/else,,0.1\n").unwrap();
        let proxy = Proxy::start_in(dir, &file).await;
        assert_eq!(answers(&proxy, Call::chat("m")).await, "a/x");
        let becomes = |target: &'static str| {
            let look = || answers(&proxy, Call::chat("m"));
            async move { eventually(&format!("{target} answers"), look, |seen| seen == target).await }
        };
        std::fs::write(&scores, "model,score\na/x,0.2\nb/x,71%\n").unwrap();
        becomes("b/x").await;
        std::fs::write(&scores, "model,score\na/x,0.9\nb/x,1450\n").unwrap();
        proxy.metric_becomes("outrider_config_last_reload_successful", &[], 0.0).await;
        proxy.says("scores.csv:3:").await;
        proxy.says("expected a score from 0 to 1").await;
        assert_eq!(answers(&proxy, Call::chat("m")).await, "b/x", "what it was stays");
        std::fs::write(&scores, "model,score\na/x,0\nb/x,0.1\n").unwrap();
        becomes("d/x").await;
    });
}

/// Exit code and what is said of a configuration beside a table of scores.
async fn check(config: &str, name: &str, table: &[u8]) -> (Option<i32>, String) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("outrider.yaml");
    std::fs::write(&file, config).unwrap();
    std::fs::write(dir.path().join(name), table).unwrap();
    let output = outrider(&["check", file.to_str().unwrap()]).output().await.unwrap();
    (output.status.code(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
}

#[test]
fn tables_are_read_as_csv_yaml_or_json_and_what_is_wrong_is_told_with_its_line() {
    run(async {
        let config = |name: &str| {
            let provider = "providers: {a: {dialect: openai_chat, base_url: \"http://127.0.0.1:1/v1\"}}";
            format!(
                "{provider}\nquality: {{file: {name}}}\nmodels: {{m: {{targets: [a/x], min_quality: {{code: 0.5}}}}}}\n"
            )
        };
        for (name, table) in [
            ("s.csv", "model,task,score\na/x,code,0.5\n"),
            ("s.csv", "\u{feff}score;model;task;by\r\n50%;\"a/x\";code;me\r\n"),
            ("s.tsv", "model\ttask\tscore\na/x\tcode\t0.5\n"),
            ("s.yaml", "a/x: {code: 0.5}\ngpt-5: 0.9\n"),
            ("s.json", "{\"a/x\": {\"code\": 0.5, \"other\": 0.1}}"),
            (
                "s.json",
                "[{\"model\": \"a/x\", \"task\": \"code\", \"score\": 0.5}, {\"model\": \"gpt-5\", \"score\": 1}]",
            ),
        ] {
            let (code, said) = check(&config(name), name, table.as_bytes()).await;
            assert_eq!(code, Some(0), "{name}: {table}: {said}");
        }
        for (name, table, place, says) in [
            ("s.csv", "", "s.csv:1:", "does not name the columns `model` and `score`"),
            ("s.csv", "a/x,code,0.5\n", "s.csv:1:", "does not name the columns `model` and `score`"),
            (
                "s.csv",
                "model,task,score\na/x,code,85\n",
                "s.csv:2:",
                "expected a score from 0 to 1, or from 0% to 100%, found `85`",
            ),
            ("s.csv", "model,task,score\na/x,code,NaN\n", "s.csv:2:", "found `NaN`"),
            ("s.csv", "model,task,score\na/x,code,-0.1\n", "s.csv:2:", "found `-0.1`"),
            ("s.csv", "model,task,score\na/x,code\n", "s.csv:2:", "2 columns, where the first line has 3"),
            ("s.csv", "model,task,score\na/x,code,\n", "s.csv:2:", "the line has no model or no score"),
            ("s.csv", "model,task,score\na/x,code,1\nA/x,code,0\n", "s.csv:3:", "has this task twice"),
            ("s.csv", "model,task,score\nx/y,code,1\n", "s.csv:2:", "none of the models of"),
            ("s.csv", "model,task,score\na/x,coed,1\n", "outrider.yaml:3:", "no model has a score for `code`"),
            ("s.yaml", "- a/x\n", "s.yaml:1:", "expected a map"),
            ("s.yaml", "a/x: {code: good}\n", "s.yaml:1:", "found `good`"),
            ("s.json", "{\"a/x\": ", "s.json:2:", "not YAML"),
        ] {
            let (code, said) = check(&config(name), name, table.as_bytes()).await;
            assert_eq!(code, Some(78), "{table}: {said}");
            assert!(said.lines().any(|line| line.contains(place) && line.contains(says)), "{table}: {says}: {said}");
        }
        let (code, said) = check(&config("s.csv"), "s.csv", &[0xff, 0xfe, 0, 1]).await;
        assert!(code == Some(78) && said.contains("not UTF-8 text"), "{said}");
        let many = "model,score\n".to_owned() + &"a/x,7\n".repeat(1000);
        let (_, said) = check(&config("s.csv"), "s.csv", many.as_bytes()).await;
        assert!(said.contains("more lines have problems") && said.lines().count() < 100, "{}", said.lines().count());
    });
}

#[test]
fn names_that_nobody_has_are_told_with_the_nearest() {
    run(async {
        let text = "\
providers: {local: {dialect: openai_chat, base_url: \"http://127.0.0.1:1/v1\"}}
quality:
  local/x: {code: 0.5}
  gpt-5-mni: 0.7
  gpt-5: 1.2
models:
  m: {targets: [local/x], min_quality: {coed: 0.5}}
  n: {targets: [local/x], require: {abilities: [tols], only: [lcal], ignore: [local/x, lcal]}}
routes:
  - {when: {model: x}, task: cod}
  - {when: {model: y}, deny: no, min_quality: 0.5}
callers:
  c: {min_quality: {laws: 2}, require: {only: [gpt-5], ignore: [gpt-5]}}
";
        let (code, said) = check(text, "unused", b"").await;
        assert_eq!(code, Some(78), "{said}");
        for (line, what) in [
            (4, "`gpt-5-mni` is no model that is known here"),
            (5, "expected a score from 0 to 1"),
            (7, "no model has a score for `coed`"),
            (8, "`tols` is no ability"),
            (8, "`lcal` is no provider and no model"),
            (10, "no model has a score for `cod`"),
            (11, "stands beside `deny`"),
            (13, "expected a score from 0 to 1"),
            (13, "`gpt-5` is allowed by `only` and not allowed by `ignore`"),
        ] {
            let place = format!("outrider.yaml:{line}:");
            assert!(said.lines().any(|told| told.contains(&place) && told.contains(what)), "{place} {what}: {said}");
        }
        for hint in ["did you mean `code`?", "did you mean `tools`?", "did you mean `local`", "gpt-5-mini"] {
            assert!(said.contains(hint), "{hint}: {said}");
        }
        let unscored = "providers: {a: {dialect: openai_chat, base_url: \"http://127.0.0.1:1/v1\"}}\n\
            models: {m: {targets: [a/x], min_quality: 0.5}}\n";
        let (code, said) = check(unscored, "unused", b"").await;
        assert!(code == Some(78) && said.contains("there are no scores to compare with"), "{said}");
        let (code, said) = check(&format!("{unscored}quality: {{a/x: 0.4}}\n"), "unused", b"").await;
        assert!(code == Some(0) && said.contains("`a/x` is excluded by min_quality of the model"), "a warning: {said}");
    });
}

#[test]
fn why_a_target_is_out_is_explained() {
    run(async {
        let (_all, config) = world().await;
        let callers = "callers: {team: {header: {x-team: team}, min_quality: 0.9}, all: {}}";
        let config = config.top(SCORES).top(callers).model("m", &format!("{{{TARGETS}, min_quality: {{code: 0.6}}}}"));
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("outrider.yaml");
        std::fs::write(&file, config.text()).unwrap();
        let more = ["--header", "x-outrider-task: code", "--caller", "team", "--json"];
        let all = ["explain", "-c", file.to_str().unwrap(), "--model", "m"].into_iter().chain(more);
        let output = outrider(&all.collect::<Vec<_>>()).output().await.unwrap();
        let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(told["balance"], "price", "{told}");
        assert_eq!(
            (&told["candidates"][0]["target"], told["candidates"].as_array().unwrap().len()),
            (&"d/x".into(), 1)
        );
        let out: Vec<String> = told["excluded"]
            .as_array()
            .unwrap()
            .iter()
            .map(|out| format!("{} {} {} {}", out["target"], out["by"], out["whose"], out["found"]).replace('"', ""))
            .collect();
        assert_eq!(
            out,
            [
                "a/x min_quality the model its score at `code` is 0.5, below 0.6",
                "b/x min_quality caller `team` its score at `code` is 0.8, below 0.9",
                "c/x min_quality the model its score at `code` is not known",
            ]
        );
    });
}
