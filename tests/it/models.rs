//! `outrider models`, and what it keeps, on the binary.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

/// `outrider models` with a data folder of its own.
fn models(data: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_outrider"));
    let Output { status, stdout, stderr } =
        command.arg("models").args(arguments).env("XDG_DATA_HOME", data).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

fn listed(data: &Path, arguments: &[&str]) -> Vec<Value> {
    let (code, out, error) = models(data, &[arguments, &["--json"]].concat());
    assert_eq!((code, &*error), (Some(0), ""), "{arguments:?}");
    out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn models_are_listed_filtered_and_compared() {
    let data = tempfile::tempdir().unwrap();
    let all = listed(data.path(), &[]);
    assert!(all.len() >= 400, "{}", all.len());
    let able =
        listed(data.path(), &["--provider", "anthropic", "--can", "tools", "--context", "1m", "--max-input", "3"]);
    assert!(able.len() > 1 && able.len() < all.len());
    for model in &able {
        assert!(model["provider"] == "anthropic" && model["abilities"]["tools"] == true, "{model}");
        assert!(model["context"].as_u64().unwrap() >= 1_000_000, "{model}");
        assert!(model["price"]["input"].as_str().unwrap().parse::<f64>().unwrap() <= 3.0, "{model}");
    }
    let compared = listed(data.path(), &["openai/gpt-4o"]);
    let price = |model: &Value| model["price"]["input"].as_str().map(|price| price.parse::<f64>().unwrap());
    let prices: Vec<f64> = compared.iter().filter_map(price).collect();
    assert!(prices.len() > 2 && prices.is_sorted(), "{prices:?}");
    let (_, table, _) = models(data.path(), &["gpt-4o", "-p", "openai"]);
    assert!(table.starts_with("PROVIDER  MODEL") && table.contains("gpt-4o-2024-08-06"), "{table}");
    let ended = listed(data.path(), &["gpt-4-0613", "-p", "openai"]);
    assert_eq!((&ended[0]["until"], &ended[0]["over"]), (&Value::from("2026-10-23"), &Value::from(true)));
    let served = listed(data.path(), &["gpt-4-0613", "gpt-4o", "-p", "openai", "--served"]);
    assert!(served.iter().all(|model| model["over"].is_null()) && !served.is_empty(), "{served:?}");
    let kinds = listed(data.path(), &["--kinds"]);
    let kind = |name: &str| kinds.iter().find(|kind| kind["kind"] == name).unwrap();
    assert!(kinds.len() >= 60 && kind("groq")["models"].as_u64() > Some(10), "{}", kind("groq"));
    let (openai, bedrock) = (kind("openai"), kind("bedrock"));
    assert!(openai["retention"] == true && openai["source"].as_str().unwrap().starts_with("https://"), "{openai}");
    assert!(bedrock["training"] == false && bedrock["retention"].is_null(), "{bedrock}");
    assert!(models(data.path(), &["--kinds"]).1.contains("GROQ_API_KEY"));
    for (arguments, code, expected) in [
        (&["gpt-4oo"][..], 1, "did you mean"),
        (&["gpt-4-0613", "-p", "openai", "--served"], 1, "none of these models is known to be all that is asked for"),
        (&["--kinds", "gpt-4o"], 64, "cannot be used with"),
        (&["-p", "opnai"], 64, "no models of `opnai` are known"),
        (&["--can", "fly"], 64, "known abilities"),
        (&["--max-input", "-1"], 64, "--max-input"),
        (&["--context", "many"], 64, "not a number of tokens"),
    ] {
        let (told, _, error) = models(data.path(), arguments);
        assert_eq!(told, Some(code), "{arguments:?}: {error}");
        assert!(error.contains(expected), "{arguments:?}: {error}");
    }
}

#[test]
fn a_newer_table_is_kept_and_nothing_else_is() {
    let data = tempfile::tempdir().unwrap();
    let kept = data.path().join("outrider/models.tsv");
    let file = data.path().join("new.tsv");
    let update = |text: &[u8]| {
        std::fs::write(&file, text).unwrap();
        let (code, out, error) = models(data.path(), &["update", file.to_str().unwrap()]);
        (code, out + &error)
    };
    let (_, built_in, _) = models(data.path(), &["--table"]);
    let newer = "#outrider-models\t1\t2999-01-01\nopenai\tgpt-new\topenai/gpt-new\t1000\t-\tin=7 out=8\n";
    let (code, told) = update(newer.as_bytes());
    assert!(code == Some(0) && told.contains("1 models, prices of 2999-01-01"), "{told}");
    let now = || listed(data.path(), &[]);
    assert_eq!((now().len(), &now()[0]["price"]["input"]), (1, &Value::from("7")));
    for (bad, expected) in [
        (&b"garbage"[..], "line 1: not a table of models"),
        (b"", "line 1: not a table of models"),
        (b"#outrider-models\t2\t3000-01-01\n", "its format 2 is newer than the 1"),
        (b"#outrider-models\t1\t3000-01-01\n", "no models are in it"),
        (b"#outrider-models\t1\t2020-01-01\nopenai\tm\n", "it is of 2020-01-01, and the one that is built in is of"),
        (
            b"#outrider-models\t1\t3000-01-01\nopenai\tm\t-\t-\t-\tin=-1\n",
            "line 2: `in=-1`: a price can not be negative",
        ),
        (b"#outrider-models\t1\t3000-01-01\nopenai\t\xff\n", "line 2: not UTF-8"),
    ] {
        let (code, told) = update(bad);
        assert!(code == Some(65) && told.contains(expected), "{told}");
        assert_eq!(std::fs::read_to_string(&kept).unwrap(), newer, "what was kept stays");
    }
    assert_eq!(models(data.path(), &["update", "/nowhere"]).0, Some(66));
    assert_eq!(update(built_in.as_bytes()).0, Some(0), "the table that is printed is one");
    std::fs::write(&kept, "garbage").unwrap();
    let (code, out, error) = models(data.path(), &["--table"]);
    assert!(code == Some(0) && error.contains("is not used: line 1"), "{error}");
    assert!(out == built_in, "a table that is broken does not keep anything from starting");
}
