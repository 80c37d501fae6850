//! `outrider check`: the start-up path without the start.

use crate::support::proxy::outrider;
use crate::support::run;

/// Exit code and everything said.
async fn check(text: &str) -> (Option<i32>, String) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("outrider.yaml");
    std::fs::write(&file, text).unwrap();
    let output = outrider(&["check", file.to_str().unwrap()]).output().await.unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

#[test]
fn a_good_file_passes() {
    run(async {
        let (code, said) =
            check("providers:\n  local: {dialect: openai_chat, base_url: \"http://127.0.0.1:1/v1\"}\n").await;
        assert_eq!(code, Some(0), "{said}");
    });
}

#[test]
fn every_problem_is_told_at_once_with_its_place() {
    run(async {
        let text = "\
listn: 127.0.0.1:0
providers:
  a: {dialect: openai_chat, base_url: \"http://127.0.0.1:1/v1\", api_key: \"${NOT_SET_ANYWHERE}\"}
  b: {dialect: klingon, base_url: 7}
models:
  m:
    targets:
      - {use: a/x, weight: heavy}
      - nobody/x
    timeouts: {idle: soon}
body_limit: 3 parsecs
";
        let (code, said) = check(text).await;
        assert_eq!(code, Some(78), "{said}");
        let told = [
            (1, "listn"),
            (3, "NOT_SET_ANYWHERE"),
            (4, "providers.b.dialect"),
            (8, "models.m.targets[0].weight"),
            (9, "nobody"),
            (10, "models.m.timeouts.idle"),
            (11, "body_limit"),
        ];
        for (line, what) in told {
            let place = format!("outrider.yaml:{line}:");
            assert!(
                said.lines().any(|told| told.contains(&place) && told.contains(what)),
                "{place} {what} in:\n{said}"
            );
        }
        assert!(said.contains("listen"), "the nearest key is named:\n{said}");
    });
}

#[test]
fn what_is_not_supported_yet_is_not_accepted_silently() {
    run(async {
        for key in ["health: {model: m}"] {
            let provider = format!("{{dialect: openai_chat, base_url: \"http://127.0.0.1:1/v1\", {key}}}");
            let (code, said) = check(&format!("providers:\n  local: {provider}\n")).await;
            assert_eq!(code, Some(78), "{key}: {said}");
            assert!(said.contains("not support"), "{key}: {said}");
        }
    });
}

#[test]
fn running_with_a_bad_file_fails_in_the_same_way() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("outrider.yaml");
        std::fs::write(&file, "providers: {}\nlistn: 1\n").unwrap();
        for path in [file.to_str().unwrap(), "/nowhere/outrider.yaml"] {
            let output = outrider(&["run", "-c", path]).output().await.unwrap();
            assert_eq!(output.status.code(), Some(78), "{path}: {}", String::from_utf8_lossy(&output.stderr));
        }
        let said = outrider(&["run", "-c", file.to_str().unwrap()]).output().await.unwrap().stderr;
        assert!(String::from_utf8_lossy(&said).contains("listn"));
    });
}

#[test]
fn bad_usage_has_its_own_exit_code() {
    run(async {
        for arguments in [&["fly"][..], &["run", "--what"], &["check"]] {
            let output = outrider(arguments).output().await.unwrap();
            assert_eq!(output.status.code(), Some(64), "{arguments:?}");
        }
        for arguments in [["--help"], ["--version"]] {
            assert!(outrider(&arguments).output().await.unwrap().status.success());
        }
    });
}
