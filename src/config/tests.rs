use std::time::Duration;

use super::forms::{Address, Switch};
use super::schema::RetryOn;
use super::units::Size;
use super::*;

fn environment() -> Fake {
    let mut fake = Fake::default();
    fake.variables.insert("KEY".into(), "sk-from-the-environment".into());
    fake.variables.insert("HOST".into(), "example.com".into());
    fake.variables.insert("EMPTY".into(), String::new());
    fake.files.insert("conf/secret".into(), b"sk-from-a-file\n".to_vec());
    fake.files.insert("/binary".into(), vec![0xff]);
    fake
}

fn read_all(text: &str) -> Result<Loaded, Problems> {
    parse(text, "conf/o.yaml", &environment())
}

/// `expected`: each problem as `line:column path: what`, in the order of the file.
fn check(text: &str, expected: &[&str]) {
    let problems = read_all(text).err().unwrap_or_default();
    let shown = problems.0.iter().map(|p| format!("{}:{} {}: {}", p.place.line, p.place.column, p.place.path, p.what));
    assert_eq!(shown.collect::<Vec<_>>(), expected, "{text}");
}

#[test]
fn every_problem_is_told_with_its_place() {
    check("", &[]);
    check("# nothing yet\nproviders:\nmodels: {}\n", &[]);
    check("provider: {}", &["1:1 provider: unknown key `provider`"]);
    check("- a", &["1:1 : expected a map, found a list"]);
    check(
        "providers: {a: {health: {model: 1}}}",
        &["1:26 providers.a.health.model: `model` is not supported by this version yet"],
    );
    check(
        "log: {level: loud}",
        &["1:14 log.level: expected one of `error`, `warn`, `info`, `debug`, `trace`, found `loud`"],
    );
    check("body_limit: 1\nbody_limit: 2", &["2:1 body_limit: `body_limit` stands here twice, first in line 1"]);
    check("body_limit: lots", &["1:13 body_limit: expected a size such as `512KiB`, `32MiB` or `1GB`, found `lots`"]);
    check("shutdown: 5s", &["1:11 shutdown: expected a map, found `5s`"]);
    check(
        "shutdown: {grace: 5}",
        &["1:19 shutdown.grace: expected a duration such as `250ms`, `10s`, `5m` or `1h`, found `5`"],
    );
    check(
        "listen: [7878, {transparent: true}, {address: '127.0.0.1:1', transparent: 1, proxy: all}]",
        &[
            "1:10 listen[0]: expected an address and a port such as `127.0.0.1:7878`, found `7878`",
            "1:16 listen[1]: `address` is missing",
            "1:75 listen[2].transparent: expected `true` or `false`, found `1`",
            "1:85 listen[2].proxy: expected one of `local`, `any`, found `all`",
        ],
    );
    check(
        "allow_origins: ['*', 'https://a.example/x']",
        &[
            "1:17 allow_origins[0]: expected an origin such as `https://app.example.com`, without a path, found `*`",
            "1:22 allow_origins[1]: expected an origin such as `https://app.example.com`, without a path, found `https://a.example/x`",
        ],
    );
    check("a: [", &["2:1 : not YAML: while parsing a node, did not find expected node content"]);
}

#[test]
fn problems_of_models_are_told_with_their_places() {
    check(
        "models:\n  smart:\n    targets: [gpt-5, {weight: 1}, {use: a/b, weight: -1}, ~]\n    balance: fair\n    sticky: {}\n",
        &[
            "3:15 models.smart.targets[0]: expected a target written as `provider/model`, found `gpt-5`",
            "3:22 models.smart.targets[1]: `use` is missing",
            "3:54 models.smart.targets[2].weight: expected a whole number, 0 or more, found `-1`",
            "3:59 models.smart.targets[3]: expected a target written as `provider/model`, found nothing",
            "4:14 models.smart.balance: expected one of `score`, `price`, `latency`, `throughput`, `least_busy`, `weighted`, `round_robin`, found `fair`",
            "5:13 models.smart.sticky: expected one of `auto`, `session`, `off`, found a map",
        ],
    );
    check(
        "models: {gpt-4.1: {retry: {tries: 0, on: [429, 5xx, 404]}, timeouts: {idle: 0s}}}",
        &[
            "1:35 models[\"gpt-4.1\"].retry.tries: expected a whole number, 1 or more, found `0`",
            "1:53 models[\"gpt-4.1\"].retry.on[2]: expected one of `connect`, `timeout`, `5xx`, `429`, `stream`, `content_filter`, found `404`",
            "1:77 models[\"gpt-4.1\"].timeouts.idle: expected a duration longer than none, found `0s`",
        ],
    );
}

#[test]
fn problems_of_providers_are_told_with_their_places_and_no_secret() {
    check(
        "providers:\n  openai:\n    api_kye: sk-1\n    api_key: [sk-secret]\n    health: on\n",
        &[
            "3:5 providers.openai.api_kye: unknown key `api_kye`",
            "4:14 providers.openai.api_key: expected a secret: `${VARIABLE}` or `{file: path}`, found a list",
            "5:13 providers.openai.health: expected `off`, or a map, found `on`",
        ],
    );
    check(
        "providers: {a: {api_key: '${NONE}', base_url: 'http://${NONE/', api_keys: [{file: none}, {path: x}, '${EMPTY}']}}",
        &[
            "1:26 providers.a.api_key: the environment variable `NONE` is not set",
            "1:47 providers.a.base_url: `${` has no `}`",
            "1:83 providers.a.api_keys[0]: the file conf/none can not be read: entity not found",
            "1:91 providers.a.api_keys[1]: a secret that is a map has the key `file` alone",
            "1:101 providers.a.api_keys[2]: the secret is empty",
        ],
    );
    check("providers: {a: {api_key: {file: /binary}}}", &["1:33 providers.a.api_key: the file is not text"]);
}

#[test]
fn remedies_are_given() {
    let check = |text: &str, expected: &str| {
        let problems = read_all(text).unwrap_err();
        assert_eq!(problems.0[0].help.as_deref(), Some(expected), "{text}");
    };
    check("provider: {}", "did you mean `providers`?");
    check("shutdown: {zzz: 1}", "known here: `grace`");
    check("providers: {a: {models: {m: {zzz: 1}}}}", "known here: `context`, `abilities`, `price`, `max_in_flight`");
    check("providers: {a: {health: {model: 1}}}", "take it out");
    check("body_limit: ${NONE}", "set it, or give a default with `${NONE:-default}`");
}

#[test]
fn what_is_said_is_meant() {
    let text = "\
listen: [localhost:1, {address: '[::1]:2'}]
admin: {address: 0.0.0.0:3, token: \"${KEY}\"}
providers:
  one: {base_url: \"https://${HOST}/v1\", api_key: {file: secret}, headers: {x-team: a}, health: off}
  two: {api_keys: [\"${KEY}\", sk-literal], max_connections: 5, auth: passthrough}
models:
  smart:
    targets: [one/m, {use: two/meta/llama, weight: 80}]
    fallbacks: [two/x, [one/y, {use: one/z, weight: 0}]]
    retry: {on: [429]}
";
    let Loaded { config, warnings, files } = read_all(text).unwrap();
    assert_eq!(
        config.listen.0.iter().map(|a| a.value.address.to_string()).collect::<Vec<_>>(),
        ["127.0.0.1:1", "[::1]:2"]
    );
    assert_eq!(config.admin.token.as_ref().unwrap().expose(), "sk-from-the-environment");
    let [(_, one), (_, two)] = &config.providers.0[..] else { panic!() };
    assert_eq!(one.base_url.as_ref().unwrap().value, "https://example.com/v1");
    assert_eq!(one.api_key.as_ref().unwrap().value.expose(), "sk-from-a-file");
    assert_eq!(one.health, Switch::Off);
    assert_eq!(two.api_keys[1].value.expose(), "sk-literal");
    let (name, smart) = &config.models.0[0];
    assert_eq!(name.value, "smart");
    assert_eq!((&*smart.targets[1].name.value.provider, &*smart.targets[1].name.value.model), ("two", "meta/llama"));
    assert_eq!(smart.fallbacks.iter().map(|group| group.0.len()).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(smart.retry.on, Some(vec![RetryOn::RateLimited]));
    assert_eq!(files, [PathBuf::from("conf/secret")]);
    assert_eq!(
        warnings.iter().map(Problem::to_string).collect::<Vec<_>>(),
        ["conf/o.yaml:5:30: providers.two.api_keys[1]: a secret stands in this file\n    \
          help: write it as `${VARIABLE}` or `{file: path}`, so that the file can be shared"]
    );
}

#[test]
fn defaults_need_no_thought() {
    let config = read_all("").unwrap().config;
    assert_eq!(config, Config::default());
    assert_eq!(config.listen.0[0].value, Address::local(7878).into());
    assert_eq!(config.body_limit, Size(32 << 20));
    assert_eq!(config.shutdown.grace, Duration::from_secs(30));
}

#[test]
fn secrets_are_not_shown() {
    let text = "\
admin: {address: 127.0.0.1:1, token: sk-token}
providers:
  a: {api_key: \"${KEY}\", api_keys: [{file: secret}, sk-literal], headers: {authorization: sk-header}}
";
    let loaded = read_all(text).unwrap();
    for shown in [format!("{loaded:?}"), loaded.config.show().to_string()] {
        assert!(!shown.contains("sk-"), "{shown}");
        assert!(shown.contains("***"), "{shown}");
    }
    assert_eq!(loaded.config.show()["providers"]["a"]["api_keys"], serde_json::json!(["***", "***"]));
}

#[test]
fn a_moved_value_is_the_same_value() {
    let spread = read_all("providers:\n\n  a: {api_key: \"${KEY}\"}").unwrap().config;
    let tight = read_all("providers: {a: {api_key: \"${KEY}\"}}").unwrap().config;
    assert_eq!(spread, tight);
    assert_ne!(spread, read_all("providers: {a: {api_key: \"${HOST}\"}}").unwrap().config);
}

#[test]
fn anchors_and_merges_are_followed() {
    let text = "defaults: {timeouts: &t {idle: 5s}}\nmodels: {a: {timeouts: {<<: *t, total: 9s}}}";
    let config = read_all(text).unwrap().config;
    let timeouts = &config.models.0[0].1.timeouts;
    assert_eq!(timeouts.idle.map(|p| p.0), Some(Duration::from_secs(5)));
    assert_eq!(timeouts.total.map(|p| p.0), Some(Duration::from_secs(9)));
}

#[test]
fn what_is_no_configuration_file_is_told_from_one() {
    let folder = tempfile::tempdir().unwrap();
    let check = |content: Option<&[u8]>, expected: &str| {
        let path = folder.path().join("o.yaml");
        match content {
            Some(content) => std::fs::write(&path, content).unwrap(),
            None => _ = std::fs::remove_file(&path),
        }
        let problem = load(&path, &Process).unwrap_err().to_string();
        assert!(problem.starts_with(&format!("{}: {expected}", path.display())), "{problem}");
    };
    check(None, "can not be read: No such file");
    check(Some(b"a\nb\xff\n"), "line 2 is not UTF-8 text");
    check(Some(&vec![b'#'; LARGEST as usize + 1]), "larger than 4 MiB");
}
