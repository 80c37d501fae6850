use std::collections::HashMap;

use super::*;

fn published() -> Published {
    Published { ca: "/d/ca.pem".into(), bundle: "/d/bundle.pem".into(), truststore: "/d/truststore.jks".into() }
}

fn variables(set: &[(&str, &str)]) -> (HashMap<&'static str, String>, Vec<String>) {
    let set: HashMap<String, String> = set.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
    let all = Variables::new("127.0.0.1:7878".parse().unwrap(), &published(), |name| set.get(name).cloned());
    let names: Vec<_> = all.set.iter().map(|(name, _)| *name).collect();
    let map: HashMap<_, _> = all.set.into_iter().collect();
    assert_eq!(map.len(), names.len(), "one is set twice: {names:?}");
    (map, all.notes)
}

#[test]
fn every_variable_is_set() {
    let (set, notes) = variables(&[]);
    assert_eq!(notes, Vec::<String>::new());
    let check = |names: &[&str], value: &str| {
        for name in names {
            assert_eq!(set[name], value, "{name}");
        }
    };
    check(&["HTTPS_PROXY", "https_proxy"], "http://127.0.0.1:7878");
    check(&["NO_PROXY", "no_proxy"], "localhost,127.0.0.1,::1");
    check(&["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE"], "/d/bundle.pem");
    check(&["PIP_CERT", "GIT_SSL_CAINFO", "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"], "/d/bundle.pem");
    check(&["NODE_EXTRA_CA_CERTS", "DENO_CERT"], "/d/ca.pem");
    check(&["NODE_USE_ENV_PROXY"], "1");
    let java = "-Djavax.net.ssl.trustStore=/d/truststore.jks -Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=7878 \
                -Doutrider=env";
    check(&["JAVA_TOOL_OPTIONS"], java);
    assert_eq!(set.len(), 15);
    assert!(!set.contains_key("SSL_CERT_DIR"));
}

#[test]
fn what_the_user_has_set_is_kept_or_said() {
    let folder = tempfile::tempdir().unwrap();
    let corporate = folder.path().join("corporate.pem");
    std::fs::write(&corporate, "").unwrap();
    let corporate = corporate.to_str().unwrap();
    let (set, notes) = variables(&[
        ("HTTPS_PROXY", "http://user:secret@proxy:3128"),
        ("no_proxy", "intranet, 127.0.0.1"),
        ("SSL_CERT_FILE", corporate),
        ("PIP_CERT", "/gone.pem"),
        ("GIT_SSL_CAINFO", "/gone.pem"),
        ("AWS_CA_BUNDLE", "/etc/ssl/certs/ca-certificates.crt"),
        ("NODE_EXTRA_CA_CERTS", corporate),
        ("JAVA_TOOL_OPTIONS", "-Xmx1g -Djavax.net.ssl.trustStore=/mine.jks"),
    ]);
    assert_eq!(set["NO_PROXY"], "intranet,127.0.0.1,localhost,::1");
    assert_eq!(set["SSL_CERT_FILE"], "/d/bundle.pem");
    assert_eq!(set["NODE_EXTRA_CA_CERTS"], "/d/bundle.pem");
    assert_eq!(set["DENO_CERT"], "/d/ca.pem");
    let java = "-Xmx1g -Djavax.net.ssl.trustStore=/mine.jks -Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=7878 \
                -Doutrider=env";
    assert_eq!(set["JAVA_TOOL_OPTIONS"], java);
    let check = |note: &str| assert!(notes.iter().any(|said| said.contains(note)), "not `{note}`: {notes:?}");
    check("HTTPS_PROXY named another proxy");
    check(&format!("SSL_CERT_FILE, NODE_EXTRA_CA_CERTS named {corporate}, whose authorities are now in /d/bundle.pem"));
    check("PIP_CERT, GIT_SSL_CAINFO named /gone.pem, which is not there");
    check("JAVA_TOOL_OPTIONS names a trust store of yours");
    assert_eq!(notes.len(), 4);
    assert!(!format!("{notes:?}").contains("secret"));
}

#[test]
fn a_second_time_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let files = Published {
        ca: folder.path().join("ca.pem"),
        bundle: folder.path().join("bun dle.pem"),
        truststore: folder.path().join("truststore.jks"),
    };
    for file in [&files.ca, &files.bundle] {
        std::fs::write(file, "").unwrap();
    }
    let proxy = "[::1]:1".parse().unwrap();
    let first = Variables::new(proxy, &files, |_| None);
    let set: HashMap<_, _> = first.set.iter().cloned().collect();
    let second = Variables::new(proxy, &files, |name| set.get(name).cloned());
    assert_eq!(first, second);
}

#[test]
fn files_that_are_named_are_found_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("corporate.pem");
    std::fs::write(&file, "").unwrap();
    let found = named_files(|name| match name {
        "SSL_CERT_FILE" | "AWS_CA_BUNDLE" => Some(file.display().to_string()),
        "PIP_CERT" => Some("/gone".to_owned()),
        _ => None,
    });
    assert_eq!(found, [file]);
}
