use std::time::Duration;

use super::*;
use crate::catalogue::Catalogue;
use crate::config::{Fake, Process, parse, schema};
use crate::routing::Hedge;

const ONE: &str = "one: {dialect: openai_chat, base_url: 'http://one/v1'}";

fn built(text: &str) -> Result<Snapshot, Problems> {
    let fake = Fake {
        variables: [("KEY".to_owned(), "sk-1".to_owned())].into(),
        files: [("empty.pem".into(), Vec::new())].into(),
    };
    build(&parse(text, "o.yaml", &fake)?.config, &Registry::new(), None)
}

/// `expected`: each problem as `line:column path: what`.
fn check(text: &str, expected: &[&str]) {
    let problems = built(text).err().unwrap_or_default();
    let shown = problems.0.iter().map(|p| format!("{}:{} {}: {}", p.place.line, p.place.column, p.place.path, p.what));
    assert_eq!(shown.collect::<Vec<_>>(), expected, "{text}");
}

#[test]
fn calls_that_are_led_here_need_no_provider() {
    check("intercept: {}", &[]);
    check("listen: {address: '127.0.0.1:1', transparent: true}", &[]);
    check("intercept: off", &["0:0 : no provider is configured"]);
}

#[test]
fn providers_that_can_not_be_called_are_refused() {
    let check = |provider: &str, expected: &[&str]| check(&format!("providers: {{{provider}}}"), expected);
    check("", &["0:0 : no provider is configured"]);
    check("openai: {}", &["1:13 providers.openai: `openai` needs a key"]);
    check("openai: {api_key: '${KEY}'}", &[]);
    check("openai: {auth: passthrough}", &[]);
    check(
        "openai: {auth: none, api_key: '${KEY}'}",
        &["1:43 providers.openai.api_key: a key is given that `auth: none` never sends"],
    );
    check(
        "openai: {api_key: '${KEY}', api_keys: ['${KEY}']}",
        &["1:31 providers.openai.api_key: both `api_key` and `api_keys` are given"],
    );
    check(
        "openai: {api_key: \"a\\tb\\u0007\"}",
        &["1:31 providers.openai.api_key: the key holds characters that no header can carry"],
    );
    check("opnai: {}", &["1:13 providers.opnai: `opnai` is not a known provider, and has no `kind`"]);
    check("mine: {kind: opnai}", &["1:26 providers.mine.kind: unknown kind `opnai`"]);
    check("mine: {kind: openai, auth: none}", &[]);
    check("mine: {dialect: openai_chat}", &["1:13 providers.mine: `base_url` is missing"]);
    check("azure: {api_key: '${KEY}'}", &["1:13 providers.azure: `base_url` is missing"]);
    check("ollama: {base_url: localhost}", &["1:32 providers.ollama.base_url: not a URL"]);
    check("ollama: {}", &[]);
    check("a/b: {kind: ollama}", &["1:13 providers[\"a/b\"]: `a/b` can not be the name of a provider"]);
    check(
        "ollama: {headers: {host: a, 'x y': b, x-c: , x-d: \"\\n\"}}",
        &[
            "1:32 providers.ollama.headers.host: `host` is set by the connection itself",
            "1:41 providers.ollama.headers[\"x y\"]: `x y` can not be the name of a header",
            "1:51 providers.ollama.headers.x-c: the header has no value",
            "1:58 providers.ollama.headers.x-d: the value holds characters that no header can carry",
        ],
    );
    check(
        "ollama: {tls: {ca: nowhere.pem}}",
        &["1:32 providers.ollama.tls.ca: the file nowhere.pem can not be read: entity not found"],
    );
    check(
        "ollama: {tls: {ca: empty.pem}}",
        &["1:32 providers.ollama.tls.ca: empty.pem holds no certificates of authorities"],
    );
    check("ollama: {health: {path: v1/models}}", &["1:37 providers.ollama.health.path: not a path"]);
}

#[test]
fn models_that_nobody_can_serve_are_refused() {
    let check = |model: &str, expected: &[&str]| {
        check(&format!("providers: {{{ONE}}}\nmodels:\n  smart: {model}"), expected);
    };
    check("{}", &["3:3 models.smart: `smart` has no targets"]);
    check("{targets: [one/m, on/m]}", &["3:28 models.smart.targets[1]: no provider `on` is configured"]);
    check(
        "{targets: [one/m], fallbacks: [[], [zzz/m]]}",
        &[
            "3:3 models.smart: an empty list stands among the fallbacks",
            "3:46 models.smart.fallbacks[1][0]: no provider `zzz` is configured",
        ],
    );
    check(
        "{targets: [one/m, {use: one/m, weight: 2}]}",
        &["3:34 models.smart.targets[1].use: `one/m` stands in this list twice"],
    );
    check(
        "{targets: [{use: one/m, weight: 0}]}",
        &["3:27 models.smart.targets[0].use: every weight in this list is 0: none of it would be asked"],
    );
    check("{targets: [one/m], fallbacks: [one/n, [one/o, {use: one/p, weight: 0}]]}", &[]);
}

#[test]
fn listeners_must_not_collide() {
    let check = |listen: &str, expected: &[&str]| check(&format!("listen: {listen}\nproviders: {{{ONE}}}"), expected);
    check("[127.0.0.1:0, 127.0.0.1:0]", &[]);
    check("[127.0.0.1:7879]", &["1:10 listen[0]: 127.0.0.1:7879 is listened at twice, by `listen` or by `admin`"]);
}

#[test]
fn routes_name_what_there_is() {
    let routes = |routes: &str| {
        format!(
            "providers: {{one: {{dialect: openai_chat, base_url: 'http://one'}}}}\nmodels: {{smart: {{targets: [one/a]}}}}\nroutes: {routes}"
        )
    };
    check(&routes("[{use: smart}, {use: one/b}, {use: origin}, {when: {header: {x-team: [a, b]}}, deny: no}]"), &[]);
    for (said, expected) in [
        ("[{when: {model: x}}]", "3:10 routes[0]: the route does nothing"),
        ("[{use: smrt}]", "3:16 routes[0].use: `smrt` is no model"),
        ("[{use: two/b}]", "3:16 routes[0].use: `two/b` is no model"),
        ("[{use: smart, deny: no}]", "3:29 routes[0].deny: both `use` and `deny` are given"),
        (
            "[{use: origin, origin: last}]",
            "3:16 routes[0].use: `use: origin` goes nowhere else, so `origin` has nothing to say",
        ),
        (
            "[{use: smart, when: {header: {'a b': c}}}]",
            "3:39 routes[0].when.header[\"a b\"]: `a b` can not be the name of a header",
        ),
    ] {
        check(&routes(said), &[expected]);
    }
}

#[test]
fn problems_of_reading_and_of_deciding_are_told_together() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("o.yaml");
    std::fs::write(&path, "log: {level: loud}\nproviders: {mine: {kund: ollama}, a/b: {kind: ollama}}\n").unwrap();
    let problems = load(&path, &Process, &Registry::new(), None).unwrap_err().to_string();
    let lines: Vec<&str> = problems.lines().filter(|line| !line.starts_with(' ')).collect();
    let path = path.display();
    // That `mine` has no kind follows from the slip, and is not told.
    assert_eq!(
        lines,
        [
            format!("{path}:1:14: log.level: expected one of `error`, `warn`, `info`, `debug`, `trace`, found `loud`"),
            format!("{path}:2:20: providers.mine.kund: unknown key `kund`"),
            format!("{path}:2:35: providers[\"a/b\"]: `a/b` can not be the name of a provider"),
        ]
    );
}

#[test]
fn what_is_said_becomes_what_is_done() {
    let text = "
providers:
  one: {dialect: openai_chat, base_url: 'http://[::1]:8000/v1/', api_keys: ['${KEY}', '${KEY}'], headers: {X-Team: a}}
  azure: {base_url: 'https://x.openai.azure.com?api-version=2024-10-21', api_key: '${KEY}', health: off}
models:
  smart:
    targets: [{use: one/a, weight: 3}, azure/b]
    fallbacks: [one/c, [one/d, azure/e]]
    retry: {tries: 5, on: [429, 5xx]}
    timeouts: {connect: 1s, idle: 7s}
defaults: {retry: {patience: 1s}, timeouts: {idle: 9s, connect: 4s}}
body_limit: 1MiB
allow_origins: ['https://App.example.com']
";
    let snapshot = built(text).unwrap();
    let one = &snapshot.providers["one"];
    let spec = one.endpoint.spec();
    assert_eq!((spec.host.as_str(), spec.port, spec.tls, &*one.base_path), ("::1", 8000, false, "/v1"));
    assert_eq!(spec.connect_timeout, Duration::from_secs(1));
    assert_eq!(spec.probe.as_ref().unwrap().path, "/v1/models");
    assert_eq!(one.keys.iter().map(|key| key.id.as_str()).collect::<Vec<_>>(), ["one#1", "one#2"]);
    assert!(one.keys[0].bearer == "Bearer sk-1" && one.keys[0].bearer.is_sensitive());
    assert_eq!(one.headers[0].0, "x-team");
    let azure = &snapshot.providers["azure"];
    assert_eq!((azure.api_version.as_deref(), azure.endpoint.spec().probe.as_ref()), (Some("2024-10-21"), None));
    assert_eq!(azure.keys[0].value, "sk-1");
    let smart = &snapshot.models["smart"];
    let groups: Vec<Vec<_>> =
        smart.groups.iter().map(|g| g.iter().map(|t| (t.id.as_str(), t.weight)).collect()).collect();
    assert_eq!(groups, [vec![("one/a", 3), ("azure/b", 1)], vec![("one/c", 1)], vec![("one/d", 1), ("azure/e", 1)]]);
    let policy = &smart.policy;
    assert_eq!((policy.tries, policy.patience, policy.idle), (5, Duration::from_secs(1), Duration::from_secs(7)));
    assert_eq!((policy.first_token, policy.total), (Duration::from_secs(30), Duration::from_secs(600)));
    assert!(policy.retry_on.rate_limited && policy.retry_on.server_error && !policy.retry_on.connect);
    assert_eq!(snapshot.defaults.idle, Duration::from_secs(9));
    assert_eq!(snapshot.default_provider.as_ref().unwrap().id.as_str(), "one");
    assert!(snapshot.bare_provider.is_none());
    assert_eq!(snapshot.allow_origins, ["https://app.example.com"]);
    assert!(!format!("{snapshot:?}").contains("sk-1") && !snapshot.redacted.to_string().contains("sk-1"));
}

#[test]
fn the_reference_file_is_served_and_gives_a_models_defaults() {
    let reference = include_str!("../../../conf/outrider.yaml");
    let ca = rcgen::generate_simple_self_signed(["ca".to_owned()]).unwrap().cert.pem();
    let models = "#outrider-models\t1\t2026-11-21\n";
    let scores = "model,task,score\ngpt-5,code,0.9\n";
    let files = [
        ("/etc/ssl/certs/ca-certificates.crt", ca),
        ("/etc/outrider/models.tsv", models.to_owned()),
        ("/etc/outrider/scores.csv", scores.to_owned()),
    ];
    let files = files.map(|(path, text)| (path.into(), text.into())).into();
    let set = ["OUTRIDER_ADMIN_TOKEN", "OPENAI_API_KEY", "AZURE_OPENAI_API_KEY", "CHECKOUT_KEY"];
    let variables = set.map(|name| (name.to_owned(), "value".to_owned())).into();
    let config = parse(reference, "outrider.yaml", &Fake { variables, files }).unwrap().config;
    let built = build(&config, &Registry::new(), None);
    let smart = &built.unwrap_or_else(|problems| panic!("{problems}")).models["smart"].policy;
    let nothing = schema::Defaults::default();
    let default =
        model::policy((&nothing).into(), choice::of_defaults(&nothing, &Catalogue::default()), &Config::default());
    assert_eq!((smart.tries, smart.patience, smart.retry_on), (default.tries, default.patience, default.retry_on));
    assert_eq!((smart.first_token, smart.idle, smart.total), (default.first_token, default.idle, default.total));
    assert_eq!((smart.recover, smart.hold), (default.recover, default.hold));
    assert_eq!((smart.choice.scoring, smart.choice.sticky), (default.choice.scoring, default.choice.sticky));
    assert_eq!(
        (smart.hedge, default.hedge),
        (Some(Hedge::default()), None),
        "the file says `hedge`, which is not the default"
    );
}

#[test]
fn tls_is_ended_for_the_hosts_that_are_listed() {
    let with = |intercept: &str| built(&format!("intercept: {intercept}\nproviders: {{{ONE}}}")).unwrap().intercept;
    let hosts = |intercept: &str| with(intercept).unwrap().hosts;
    let said = hosts("{hosts: [API.openai.com, '*.openai.azure.com']}");
    assert!(said.contain("api.openai.com") && said.contain("x.openai.azure.com"));
    assert_eq!(said.patterns().len(), 2);
    assert_eq!(with("off"), None);
    assert!(hosts("{hosts: []}").is_empty());
    let said = with("{ca: {cert: a/ca.pem, key: /k/ca.key}, name_constraints: off, on_client_reject: fail}").unwrap();
    assert_eq!(said.store, Some(crate::trust::Store::new("a/ca.pem".into(), "/k/ca.key".into())));
    assert_eq!((said.limited, said.at_start, said.tunnel_next_time), (false, true, false));

    let unsaid =
        built(&format!("providers: {{{ONE}, mine: {{kind: openai, auth: none, base_url: 'https://Mine.test:8443'}}}}"));
    let unsaid = unsaid.unwrap().intercept.unwrap();
    assert_eq!((unsaid.limited, unsaid.at_start, unsaid.tunnel_next_time), (true, false, true));
    assert_eq!(unsaid.store, None);
    let check = |host: &str, expected: bool| assert_eq!(unsaid.hosts.contain(host), expected, "{host}");
    check("api.openai.com", true);
    check("api.anthropic.com", true);
    check("generativelanguage.googleapis.com", true);
    check("bedrock-runtime.eu-west-1.amazonaws.com", true);
    check("s3.eu-west-1.amazonaws.com", false);
    check("europe-west4-aiplatform.googleapis.com", true);
    check("aiplatform.googleapis.com", true);
    check("storage.googleapis.com", false);
    check("contoso.openai.azure.com", true);
    check("mine.test", true);
    check("one", false); // `http://`
    check("127.0.0.1", false);
    check("localhost", false);
    check("example.com", false);
}

#[test]
fn what_cannot_be_intercepted_is_told() {
    let check = |intercept: &str, expected: &[&str]| {
        check(&format!("providers: {{{ONE}}}\nintercept: {intercept}"), expected);
    };
    check(
        "{hosts: [127.0.0.1]}",
        &["2:21 intercept.hosts[0]: `127.0.0.1`: an address has no name that a certificate could be made for"],
    );
    check(
        "{hosts: [a.com, '*']}",
        &["2:28 intercept.hosts[1]: `*`: `*` stands only for whole labels at the beginning: `*.example.com`"],
    );
    check("{ca: {cert: a}}", &["2:24 intercept.ca.cert: `key` is missing beside `cert`"]);
    check("{ca: {key: a}}", &["2:23 intercept.ca.key: `cert` is missing beside `key`"]);
    check("{ca: {cert: a, key: a}}", &["2:32 intercept.ca.key: the certificate and the key are the same file"]);
    check("on", &["2:12 intercept: expected `off`, or a map, found `on`"]);
    check(
        "{on_client_reject: drop}",
        &["2:31 intercept.on_client_reject: expected one of `tunnel`, `fail`, found `drop`"],
    );
}

#[test]
fn callers_that_cannot_be_told_apart_or_found_are_told() {
    check(
        &format!(
            "providers: {{{ONE}}}
callers: {{a: {{api_key: sk-1}}, b: {{api_key: [sk-2, sk-1]}}, 'c d': {{peer: 10.0.0.0/99}}}}
routes: [{{when: {{caller: aa}}, deny: no}}, {{when: {{caller: b*}}, deny: no}}]"
        ),
        &[
            "3:26 routes[0].when.caller: `aa` is no caller",
            "2:51 callers.b.api_key[1]: the key of `a` is given once more",
            "2:59 callers[\"c d\"]: `c d` can not be the name of a caller",
            "2:73 callers[\"c d\"].peer: `10.0.0.0/99` is no address and no network",
        ],
    );
}

#[test]
fn budgets_for_nobody_are_told_with_the_nearest() {
    let check = |rules: &str, expected: &[&str]| {
        let models = "models: {smart: {targets: [one/x]}, small: {targets: [one/y]}}";
        check(&format!("providers: {{{ONE}}}\n{models}\ncallers: {{research: {{}}}}\n{rules}"), expected);
    };
    check(
        "budgets: {b: {for: {caller: reserch}, limit: 1 USD}}",
        &["4:29 budgets.b.for.caller: `reserch` is no caller"],
    );
    check("budgets: {b: {for: {model: smrt}, limit: 1 USD}}", &["4:28 budgets.b.for.model: `smrt` is no model"]);
    check("limits: [{for: {provider: on}, requests: 1}]", &["4:27 limits[0].for.provider: `on` is no provider"]);
    check("limits: [{for: {model: one/x}, requests: 1, then: next}]", &[]);
    check("limits: [{requests: 1, then: next}]", &["4:30 limits[0].then: `next` needs tries that can go elsewhere"]);
    check("budgets: {b: {}}", &["4:11 budgets.b: nothing is limited"]);
    check("limits: [{for: {header: {x-team: a}}, requests: 1, per: week}]", &[]);
    check("limits: [{requests: 1}, {tokens: 1}]", &["4:25 limits[1]: `everybody per day` is there twice"]);
    check(
        "budgets: {b: {limit: 1 USD, then: {fallback: smal}}}",
        &["4:46 budgets.b.then.fallback: `smal` is no model"],
    );
    check(
        "budgets: {b: {for: {model: smart}, limit: 1 USD, then: {fallback: smart}}}",
        &["4:67 budgets.b.then.fallback: `smart` falls back to itself"],
    );
    check(
        "budgets: {b: {for: {provider: one}, limit: 1 USD, then: {fallback: smart}}}",
        &["4:57 budgets.b.then: a single try has no model to fall back to"],
    );
    let file = |rules: &str| parse(&format!("providers: {{{ONE}}}\n{rules}"), "o.yaml", &Fake::default());
    for wrong in ["-1 USD", "0 USD", "5", "5 EUR", "1e99 USD"] {
        assert!(file(&format!("budgets: {{b: {{limit: {wrong}}}}}")).is_err(), "{wrong}");
    }
}
