//! Pods of many shapes, as files: `tests/data/inject/NAME.in.yaml` becomes `NAME.out.yaml`.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::manifest::{Changed, change};
use super::*;

fn settings() -> Settings {
    Settings::new("outrider:0.1.0")
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/inject")
}

/// All shapes, by name.
fn shapes() -> BTreeMap<String, String> {
    let files = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let shape = |path: PathBuf| {
        let name = path.file_name()?.to_str()?.strip_suffix(".in.yaml")?.to_owned();
        Some((name, fs::read_to_string(path).unwrap()))
    };
    let shapes: BTreeMap<_, _> = files.filter_map(shape).collect();
    assert!(shapes.len() >= 14, "{:?}", shapes.keys());
    shapes
}

fn changed(text: &str) -> Changed {
    change(text, &settings()).unwrap_or_else(|problem| panic!("{problem}:\n{text}"))
}

/// The file, and below it as comments what was told.
fn golden(changed: &Changed) -> String {
    let told = |word, lines: &[String]| lines.iter().map(|line| format!("# {word}: {line}\n")).collect::<String>();
    format!("{}{}{}", changed.text, told("note", &changed.notes), told("refused", &changed.refused))
}

#[test]
fn each_shape_becomes_what_its_file_says() {
    let mut wrong = Vec::new();
    for (name, text) in shapes() {
        let found = golden(&changed(&text));
        let path = folder().join(format!("{name}.out.yaml"));
        if std::env::var_os("OUTRIDER_BLESS").is_some() {
            fs::write(&path, &found).unwrap();
        }
        if fs::read_to_string(&path).unwrap_or_default() != found {
            wrong.push(format!("{name} becomes:\n{found}"));
        }
    }
    assert!(wrong.is_empty(), "{}\n(OUTRIDER_BLESS=1 writes what was found)", wrong.join("\n"));
}

#[test]
fn the_second_time_nothing_changes() {
    for (name, text) in shapes() {
        let once = changed(&text);
        let twice = changed(&once.text);
        assert_eq!(twice.text, once.text, "{name}");
    }
}

#[test]
fn the_webhook_leaves_what_a_file_has_got_in_another_mode() {
    let pod = json!({"metadata": {}, "spec": {"containers": [{"name": "app"}]}});
    for (mode, other) in [(Mode::Proxy, Mode::Redirect), (Mode::Redirect, Mode::Proxy)] {
        let Outcome::Injected { pod: once, .. } = inject(&pod, &Settings { mode, ..settings() }) else { panic!() };
        let Outcome::Injected { pod: twice, .. } = inject(&once, &Settings { mode: other, ..settings() }) else {
            panic!()
        };
        assert_eq!(once, twice, "{mode:?}");
    }
}

#[test]
fn what_is_written_means_what_was_read() {
    for (name, text) in shapes() {
        let all = |text: &str| {
            let documents = yaml::documents(text).into_iter().map(|(_, document)| yaml::read(document).unwrap());
            documents.collect::<Vec<_>>()
        };
        let written: String = all(&text).iter().map(|value| format!("---\n{}", yaml::write(value))).collect();
        assert_eq!(all(&written), all(&text), "{name}:\n{written}");
    }
}

/// The pods of a file, as the webhook gets them: one after the other and with nothing around them.
fn pods(text: &str) -> Vec<Value> {
    let documents = yaml::documents(text).into_iter().map(|(_, document)| yaml::read(document).unwrap());
    documents.filter(|object| object["kind"] == "Pod").collect()
}

#[test]
fn the_patch_of_an_answer_makes_the_same_pod() {
    let mut seen = 0;
    for pod in shapes().values().flat_map(|text| pods(text)) {
        let answer = review::answer(question(&pod).to_string().as_bytes(), &settings()).unwrap();
        assert_eq!(answer["response"]["uid"], "u-1");
        assert_eq!(answer["response"]["allowed"], true);
        let mut patched = pod.clone();
        if let Some(patch) = answer["response"]["patch"].as_str() {
            use base64::Engine;
            let patch = base64::engine::general_purpose::STANDARD.decode(patch).unwrap();
            let patch: json_patch::Patch = serde_json::from_slice(&patch).unwrap();
            json_patch::patch(&mut patched, &patch).unwrap();
            seen += 1;
        }
        match inject(&pod, &settings()) {
            Outcome::Injected { pod, .. } => assert_eq!(patched, pod),
            Outcome::Skipped(_) => assert_eq!(patched, pod),
            Outcome::Refused(why) => {
                assert_eq!(patched, pod);
                assert_eq!(answer["response"]["warnings"], json!([format!("outrider: not injected: {why}")]));
            }
        }
    }
    assert!(seen >= 6, "{seen}");
}

fn question(pod: &Value) -> Value {
    json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "u-1", "kind": {"group": "", "version": "v1", "kind": "Pod"}, "operation": "CREATE", "object": pod,
    }})
}

#[test]
fn questions_of_another_kind_are_let_pass_or_refused_clearly() {
    let pod = json!({"spec": {"containers": [{"name": "app"}]}});
    let ask = |change: &dyn Fn(&mut Value)| {
        let mut question = question(&pod);
        change(&mut question);
        review::answer(question.to_string().as_bytes(), &settings())
    };
    let warned = |change: &dyn Fn(&mut Value), about: &str| {
        let response = ask(change).unwrap()["response"].clone();
        assert_eq!(response["allowed"], true, "{response}");
        assert!(response["patch"].is_null(), "{response}");
        assert!(response["warnings"][0].as_str().is_some_and(|warning| warning.contains(about)), "{response}");
    };
    assert!(ask(&|_| ()).unwrap()["response"]["patch"].is_string());
    warned(&|q| q["request"]["kind"]["kind"] = "Deployment".into(), "only pods");
    warned(&|q| q["request"]["subResource"] = "eviction".into(), "only pods");
    warned(&|q| q["request"]["operation"] = "DELETE".into(), "at their creation");
    warned(&|q| q["request"]["object"] = Value::Null, "no spec");
    warned(&|q| q["request"]["object"]["spec"]["volumes"] = 7.into(), "volumes");
    warned(&|q| q["request"]["object"]["metadata"]["annotations"] = json!({"outrider.dev/mode": "x"}), "redirect");
    let refused = |change: &dyn Fn(&mut Value), about: &str| {
        let why = ask(change).expect_err(about);
        assert!(why.contains(about), "{why}");
    };
    refused(&|q| q["apiVersion"] = "admission.k8s.io/v1beta1".into(), "v1beta1");
    refused(&|q| q["kind"] = "Pod".into(), "`Pod`");
    refused(&|q| q["request"]["uid"] = "".into(), "no uid");
    refused(&|q| q["request"] = 1.into(), "no request");
    refused(&|q| *q = json!([1]), "no AdmissionReview");
    for garbage in [&b""[..], b"\xff\xfe", b"{", b"uid=1"] {
        assert!(review::answer(garbage, &settings()).is_err_and(|why| why.contains("no JSON")));
    }
}

#[test]
fn no_shape_of_a_pod_makes_it_panic() {
    let odd =
        [json!(null), json!(7), json!("x"), json!([]), json!([null]), json!([7]), json!({}), json!([{"name": 7}])];
    let places = [
        "/metadata",
        "/metadata/annotations",
        "/metadata/labels",
        "/metadata/annotations/outrider.dev~1env",
        "/spec",
        "/spec/securityContext",
        "/spec/os",
        "/spec/volumes",
        "/spec/initContainers",
        "/spec/containers",
        "/spec/containers/0",
        "/spec/containers/0/env",
        "/spec/containers/0/env/0",
        "/spec/containers/0/env/0/value",
        "/spec/containers/0/volumeMounts",
        "/spec/containers/0/securityContext",
    ];
    let whole = json!({"metadata": {"annotations": {"outrider.dev/env": "A=b"}, "labels": {}},
        "spec": {"securityContext": {}, "os": {}, "volumes": [], "initContainers": [], "containers": [
            {"name": "app", "env": [{"name": "NO_PROXY", "value": "x"}], "volumeMounts": [], "securityContext": {}}]}});
    let mut injected = 0;
    for place in places {
        for value in &odd {
            let mut pod = whole.clone();
            *pod.pointer_mut(place).unwrap() = value.clone();
            for mode in [Mode::Proxy, Mode::Redirect] {
                let outcome = inject(&pod, &Settings { mode, ..settings() });
                let Outcome::Injected { pod: once, .. } = &outcome else { continue };
                injected += 1;
                let Outcome::Injected { pod: twice, .. } = inject(once, &Settings { mode, ..settings() }) else {
                    panic!("not again: {once}")
                };
                assert_eq!(*once, twice, "{place} {value}");
            }
        }
    }
    assert!(injected > 40, "{injected}");
}

#[test]
fn who_is_asked_decides() {
    let check = |annotation: Option<&str>, label: Option<&str>, only_enabled: bool, injected: bool| {
        let said = |value: Option<&str>| value.map_or(json!({}), |value| json!({INJECT: value}));
        let pod = json!({
            "metadata": {"annotations": said(annotation), "labels": said(label)},
            "spec": {"containers": [{"name": "app"}]},
        });
        let outcome = inject(&pod, &Settings { only_enabled, ..settings() });
        assert_eq!(matches!(outcome, Outcome::Injected { .. }), injected, "{annotation:?} {label:?} {only_enabled}");
    };
    check(None, None, false, true);
    check(None, None, true, false);
    check(None, Some("enabled"), true, true);
    check(Some("enabled"), None, true, true);
    check(Some("disabled"), Some("enabled"), false, false);
    check(Some("enabled"), Some("disabled"), false, true);
    check(None, Some("disabled"), false, false);
    check(None, Some("off"), false, false);
}

#[test]
fn a_user_that_is_ours_is_refused_wherever_it_stands() {
    let check = |owner: Owner, place: &str, key: &str, id: u32, refused: bool| {
        let mut pod = json!({"spec": {"securityContext": {}, "initContainers": [{"name": "a", "securityContext": {}}],
            "containers": [{"name": "b", "securityContext": {}}]}});
        pod.pointer_mut(place).unwrap()[key] = id.into();
        let outcome = inject(&pod, &Settings { owner, ..settings() });
        assert_eq!(matches!(outcome, Outcome::Refused(_)), refused, "{owner:?} {place} {key} {id}: {outcome:?}");
    };
    for place in
        ["/spec/securityContext", "/spec/initContainers/0/securityContext", "/spec/containers/0/securityContext"]
    {
        check(Owner::Uid(14661), place, "runAsUser", 14661, true);
        check(Owner::Uid(14661), place, "runAsUser", 14662, false);
        check(Owner::Uid(20000), place, "runAsUser", 20000, true);
        check(Owner::Uid(14661), place, "runAsGroup", 14661, false);
        check(Owner::Namespace, place, "runAsGroup", 14661, true);
        check(Owner::Namespace, place, "runAsUser", 14661, false);
    }
}

#[test]
fn what_a_pod_says_for_itself_has_to_be_right() {
    let check = |key: &str, value: &str, good: bool| {
        let pod = json!({"metadata": {"annotations": {format!("outrider.dev/{key}"): value}},
            "spec": {"containers": [{"name": "app"}]}});
        match inject(&pod, &settings()) {
            Outcome::Injected { .. } => assert!(good, "{key}: {value}"),
            Outcome::Refused(why) => assert!(!good && why.contains(key), "{key}: {value}: {why}"),
            Outcome::Skipped(why) => panic!("{why}"),
        }
    };
    for (key, good, bad) in [
        ("mode", &["proxy", " redirect "][..], &["", "tproxy"][..]),
        ("image", &["a", "r.example.com:5000/o@sha256:00"], &["", "a b", "a\n"]),
        ("config-map", &["a", "a.b-c"], &["", "A", "a/b"]),
        ("uid", &["1", "2147483647", "namespace"], &["0", "-1", "2147483648", "root", ""]),
        ("env", &["", "A=b\n\nB="], &["A", "=b", "A B=c"]),
        ("env-from", &["", "secret/a,config-map/b"], &["a", "secret/", "secret/A", "file/a"]),
        ("memory-limit", &["64Mi", "1.5Gi"], &["", "Mi", "-1", "1 Gi"]),
    ] {
        good.iter().for_each(|value| check(key, value, true));
        bad.iter().filter(|value| **value != "a\n").for_each(|value| check(key, value, false));
    }
}
