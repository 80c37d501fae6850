//! `outrider explain`: the real router on a call that is not sent, of a configuration that is not running.

use serde_json::{Value, json};

use super::{order, out};
use crate::support::proxy::outrider;
use crate::support::run;

const FILE: &str = "
providers:
  a: {dialect: openai_chat, base_url: 'http://127.0.0.1:1/v1', region: eu, models: {x: {price: {input: 1, output: 2}}}}
  b: {dialect: openai_chat, base_url: 'http://127.0.0.1:1/v1', region: us, models: {x: {price: {input: 3, output: 9}}}}
models:
  m: {targets: [a/x, b/x]}
  chain: {targets: [a/x], fallbacks: [b/x]}
  home: {targets: [a/x, b/x], require: {region: [eu]}}
  far: {targets: [a/x, b/x], require: {region: [asia]}}
routes:
  - {when: {model: old-*}, use: home}
  - {when: {model: no-*}, deny: not for production}
  - {when: {header: {x-team: research}}, use: b/x}
  - {when: {caller: poor}, use: a/x}
callers: {rich: {header: {x-who: rich}}, poor: {header: {x-who: poor}}, rest: {peer: 127.0.0.0/8}}
";

/// Exit code, output, and errors of `outrider explain` with that file, and a body if there is one.
async fn explain(text: &str, body: Option<&str>, arguments: &[&str]) -> (i32, String, String) {
    let dir = tempfile::tempdir().unwrap();
    let (file, sent) = (dir.path().join("outrider.yaml"), dir.path().join("body.json"));
    std::fs::write(&file, text).unwrap();
    let mut all = vec!["explain", "-c", file.to_str().unwrap()];
    all.extend(arguments);
    if let Some(body) = body {
        std::fs::write(&sent, body).unwrap();
        all.extend(["--body", sent.to_str().unwrap()]);
    }
    let output = outrider(&all).output().await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// The explanation as JSON, of a call that would be served.
async fn told(body: Value, arguments: &[&str]) -> Value {
    let (code, out, error) = explain(FILE, Some(&body.to_string()), &[arguments, &["--json"]].concat()).await;
    assert_eq!((code, &*error), (0, ""), "{arguments:?}: {out}");
    serde_json::from_str(&out).unwrap()
}

#[test]
fn a_decision_is_a_table_for_people_and_json_for_programs() {
    run(async {
        let (code, table, _) = explain(FILE, None, &["--model", "m"]).await;
        let place = |text: &str| table.find(text).unwrap_or_else(|| panic!("no {text} in:\n{table}"));
        assert_eq!(code, 0, "{table}");
        assert!(place("a/x") < place("b/x") && place("excess") < place("a/x"), "the cheaper first:\n{table}");
        assert!(table.starts_with("asked for m, answered by model m, balance score\ncaller: rest\n"), "{table}");
        let (_, table, _) = explain(FILE, None, &["--model", "old-1"]).await;
        assert!(table.contains("route: ") && table.contains("out: region of the model (it runs in us)"), "{table}");

        let body = json!({"model": "m", "max_tokens": 100, "messages": [{"role": "user", "content": "hi"}]});
        let told = told(body, &[]).await;
        assert_eq!(
            (order(&told), &told["balance"], &told["caller"]),
            (vec!["a/x", "b/x"], &json!("score"), &json!("rest"))
        );
        let first = &told["candidates"][0];
        let number = |name: &str| first[name].as_f64().unwrap_or_else(|| panic!("{name} in {first}"));
        for figure in ["price", "first_token", "throughput", "errors", "tool_faults", "limited", "measured", "excess"] {
            assert!(number(figure) >= 0.0, "{figure}");
        }
        assert!(number("cost") > number("price") && number("share") > 0.9, "{first}");
        assert_eq!((number("output_tokens"), &told["answer_tokens"]), (100.0, &json!(100)), "it may have no more");
        // A hundred tokens at two dollars, and some of the prompt at one.
        assert!((0.000_2..0.000_24).contains(&number("price")), "{first}");
    });
}

#[test]
fn what_a_call_says_to_a_router_is_heard() {
    run(async {
        let messages = json!([{"role": "user", "content": "hi"}]);
        let body = |more: Value| {
            let mut body = json!({"model": "m", "messages": messages});
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            body
        };
        for (more, arguments, expected, excluded) in [
            (json!({}), &[][..], &["a/x", "b/x"][..], &[][..]),
            (json!({"provider": {"order": ["b"]}}), &[], &["b/x", "a/x"], &[]),
            (json!({"provider": {"only": ["b"]}}), &[], &["b/x"], &[("a/x", "allowed_providers")]),
            (json!({"provider": {"ignore": ["a"]}}), &[], &["b/x"], &[("a/x", "ignored_providers")]),
            (json!({"provider": {"max_price": {"prompt": 2}}}), &[], &["a/x"], &[("b/x", "max_price")]),
            (json!({"model": "a/x", "models": ["nobody/x", "b/x"]}), &[], &["a/x", "b/x"], &[]),
            (json!({"model": "m:floor"}), &[], &["a/x", "b/x"], &[]),
            (json!({}), &["--header", "x-outrider-only: b"], &["b/x"], &[("a/x", "x-outrider-only")]),
            (json!({}), &["--header", "x-team: research"], &["b/x"], &[]),
            (json!({}), &["--header", "x-who: poor"], &["a/x"], &[]),
            (json!({}), &["--caller", "poor"], &["a/x"], &[]),
            (json!({}), &["--model", "b/x"], &["b/x"], &[]),
            (json!({"session_id": "s"}), &[], &["a/x", "b/x"], &[]),
        ] {
            let told = told(body(more.clone()), arguments).await;
            assert_eq!((order(&told), out(&told)), (expected.to_vec(), excluded.to_vec()), "{more} {arguments:?}");
            match &more {
                Value::Object(more) if more.contains_key("models") => {
                    assert_eq!(told["lost"], json!(["models: nobody/x"]))
                }
                Value::Object(more) if more.contains_key("session_id") => {
                    assert_eq!(told["conversation"], json!({"by": "name"}));
                }
                Value::Object(more) if more.contains_key("model") => assert_eq!(told["sorted_by"], "price"),
                _ => {}
            }
        }
        let claude = json!({"model": "m", "max_tokens": 5, "fallbacks": [{"model": "b/x"}], "messages": messages});
        let told = told(claude, &["--path", "/v1/messages", "--model", "a/x"]).await;
        assert_eq!((&told["dialect"], &told["answer_tokens"]), (&json!("anthropic"), &json!(5)));
    });
}

#[test]
fn what_would_be_refused_is_told_with_its_own_exit_code() {
    run(async {
        let bad = FILE.replace("region: us", "regoin: us");
        for (file, body, arguments, code, says) in [
            (FILE, None, &["--model", "far"][..], 65, "a/x"),
            (FILE, None, &["--model", "no-1"], 65, "refused with 403 by route #2: not for production"),
            (FILE, None, &["--model", "chian"], 65, "did you mean `chain`?"),
            (FILE, None, &["--model", "m", "--caller", "nobody"], 65, "nobody is called `nobody`; there is `rich`"),
            (FILE, None, &["--model", "m", "--header", "x-outrider-only: c"], 65, "`x-outrider-only` names `c`"),
            (FILE, Some("{"), &[], 65, "EOF"),
            (FILE, Some(r#"{"model":"m","provider":{"order":["opneai"]}}"#), &[], 65, "no provider is called `opneai`"),
            (FILE, Some("{}"), &[], 65, "you must provide a model parameter"),
            (FILE, None, &["--model", "m", "--path", "/v1/files"], 65, "no model is called at `/v1/files`"),
            (FILE, None, &["--model", "m", "--body", "/nowhere.json"], 66, "/nowhere.json"),
            (FILE, None, &["--model", "m", "--header", "nonsense"], 64, "write `name: value`"),
            (FILE, None, &[], 64, "--model"),
            (FILE, None, &["--what"], 64, "--what"),
            (&bad, None, &["--model", "m"], 78, "regoin"),
        ] {
            let (told, out, error) = explain(file, body, arguments).await;
            let said = format!("{out}{error}");
            assert_eq!(told, code, "{arguments:?}: {said}");
            assert!(said.contains(says), "{says} is not in: {said}");
        }
        let (_, table, _) = explain(FILE, None, &["--model", "far"]).await;
        for says in [
            "refused with 404",
            "a/x                                  out: region of the model (it runs in eu)",
            "it runs in us",
        ] {
            assert!(table.contains(says), "{says} is not in:\n{table}");
        }
    });
}
