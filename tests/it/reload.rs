//! A new configuration serves new calls; calls in flight do not notice; a bad one changes nothing.

use std::collections::BTreeSet;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::support::client::Call;
use crate::support::provider::{Behaviour, Provider};
use crate::support::proxy::{Config, Proxy};
use crate::support::{eventually, run};

/// Waits until calls of `m` are answered by that target.
async fn answers(proxy: &Proxy, target: &str) {
    let look = || async { proxy.send(Call::chat("m")).await.header("x-outrider-target").to_owned() };
    eventually(&format!("{target} answers"), look, |seen| seen == target).await;
}

/// Two files that differ in who answers: first `old/m`, then `new/m`.
fn before_and_after(old: &Provider, new: &Provider) -> (String, String) {
    let both = Config::default().provider("old", old).provider("new", new);
    (both.clone().model("m", "{targets: [old/m]}").text(), both.model("m", "{targets: [new/m]}").text())
}

#[test]
fn fifty_open_streams_are_not_disturbed() {
    run(async {
        let (old, new) = (Provider::behaving(Behaviour::stream(5).gated_after(3)).await, Provider::start().await);
        let (before, after) = before_and_after(&old, &new);
        let proxy = Proxy::start_with(&before).await;
        let mut streams = Vec::new();
        for _ in 0..50 {
            let mut stream = proxy.open(Call::stream("m")).await;
            stream.read_until("word2").await;
            streams.push(stream);
        }
        old.set(Behaviour::ok());
        proxy.rewrite(&after);
        answers(&proxy, "new/m").await;
        proxy.rewrite(&after.replace("  old:", "  renamed:"));
        proxy.uses("renamed").await;
        old.release();
        for stream in streams {
            let reply = stream.rest().await;
            assert!(reply.complete && reply.text().contains("word5") && reply.text().ends_with("data: [DONE]\n\n"));
        }
        assert_eq!(old.hung_up(), 0);
    });
}

#[test]
fn a_file_that_is_renamed_into_place_is_seen() {
    run(async {
        let (old, new) = (Provider::start().await, Provider::start().await);
        let (before, after) = before_and_after(&old, &new);
        let proxy = Proxy::start_with(&before).await;
        answers(&proxy, "old/m").await;
        let draft = proxy.file.with_extension("tmp");
        std::fs::write(&draft, after).unwrap();
        std::fs::rename(&draft, &proxy.file).unwrap();
        answers(&proxy, "new/m").await;
    });
}

#[test]
fn a_config_map_that_swaps_its_link_is_seen() {
    run(async {
        let (old, new) = (Provider::start().await, Provider::start().await);
        let (before, after) = before_and_after(&old, &new);
        let dir = tempfile::tempdir().unwrap();
        let mount = dir.path().to_owned();
        version(&mount, "..v1", &before);
        symlink("..data/outrider.yaml", mount.join("outrider.yaml")).unwrap();
        let proxy = Proxy::start_in(dir, &mount.join("outrider.yaml")).await;
        answers(&proxy, "old/m").await;
        version(&mount, "..v2", &after);
        std::fs::remove_dir_all(mount.join("..v1")).unwrap();
        answers(&proxy, "new/m").await;
        version(&mount, "..v3", &before);
        answers(&proxy, "old/m").await;
    });
}

/// Does what the kubelet does: a folder of its own for each version, and a link that is swapped by a rename.
fn version(mount: &Path, name: &str, text: &str) {
    std::fs::create_dir(mount.join(name)).unwrap();
    std::fs::write(mount.join(name).join("outrider.yaml"), text).unwrap();
    symlink(name, mount.join("..data_tmp")).unwrap();
    std::fs::rename(mount.join("..data_tmp"), mount.join("..data")).unwrap();
}

#[test]
fn a_secret_file_that_changes_is_read_again() {
    run(async {
        let provider = Provider::start().await;
        let dir = tempfile::tempdir().unwrap();
        let secret = dir.path().join("key");
        std::fs::write(&secret, "sk-first\n").unwrap();
        let fields = format!("base_url: \"{}\", api_key: {{file: key}}, health: off", provider.url());
        let file = dir.path().join("outrider.yaml");
        std::fs::write(&file, Config::default().entry("a", &fields).model("m", "{targets: [a/m]}").text()).unwrap();
        let proxy = Proxy::start_in(dir, &file).await;
        proxy.send(Call::chat("m")).await;
        assert_eq!(provider.call().header("authorization"), Some("Bearer sk-first"));
        std::fs::write(&secret, "sk-second").unwrap();
        key_becomes(&proxy, &provider, "Bearer sk-second").await;
    });
}

#[test]
fn a_secret_file_that_is_missing_is_waited_for() {
    run(async {
        let provider = Provider::start().await;
        let config = Config::chain(&[&provider]).text();
        let proxy = Proxy::start_with(&config).await;
        let elsewhere = tempfile::tempdir().unwrap();
        let secret = elsewhere.path().join("key");
        proxy.rewrite(&config.replace("sk-secret-a", &format!("{{file: {}}}", secret.display())));
        proxy.metric_becomes("outrider_config_last_reload_successful", &[], 0.0).await;
        proxy.says("can not be read").await;
        std::fs::write(&secret, "sk-at-last").unwrap();
        key_becomes(&proxy, &provider, "Bearer sk-at-last").await;
        proxy.metric_becomes("outrider_config_last_reload_successful", &[], 1.0).await;
    });
}

/// Waits until calls of `m` carry that credential.
async fn key_becomes(proxy: &Proxy, provider: &Provider, wanted: &str) {
    let look = || async {
        proxy.send(Call::chat("m")).await;
        provider.calls().last().unwrap().header("authorization").unwrap().to_owned()
    };
    eventually("the key is used", look, |key| key == wanted).await;
}

#[test]
fn a_bad_file_changes_nothing_and_is_reported() {
    run(async {
        let (old, new) = (Provider::start().await, Provider::start().await);
        let (before, after) = before_and_after(&old, &new);
        let proxy = Proxy::start_with(&before).await;
        assert_eq!(proxy.metric("outrider_config_last_reload_successful", &[]).await, 1.0);
        proxy.rewrite(&after.replace("new/m]", "knew/m], tragets: []"));
        proxy.metric_becomes("outrider_config_last_reload_successful", &[], 0.0).await;
        for problem in ["knew", "tragets"] {
            proxy.says(problem).await;
        }
        answers(&proxy, "old/m").await;
        assert_eq!(proxy.ask("/readyz").await.status, 200);
        proxy.rewrite(&after);
        answers(&proxy, "new/m").await;
        proxy.metric_becomes("outrider_config_last_reload_successful", &[], 1.0).await;
    });
}

#[test]
fn a_hangup_signal_reads_the_file_again() {
    run(async {
        // The file is a link to a folder that nobody watches.
        let (old, new) = (Provider::start().await, Provider::start().await);
        let (before, after) = before_and_after(&old, &new);
        let (dir, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let real = elsewhere.path().join("real.yaml");
        std::fs::write(&real, before).unwrap();
        let file = dir.path().join("outrider.yaml");
        symlink(&real, &file).unwrap();
        let proxy = Proxy::start_in(dir, &file).await;
        answers(&proxy, "old/m").await;
        std::fs::write(&real, after).unwrap();
        proxy.signal("HUP").await;
        answers(&proxy, "new/m").await;
    });
}

#[test]
fn targets_that_are_gone_leave_the_pages_after_their_last_call() {
    run(async {
        let (old, new) = (Provider::behaving(Behaviour::stream(5).gated_after(3)).await, Provider::start().await);
        let proxy = Proxy::start(&Config::default().provider("old", &old).model("m", "{targets: [old/m]}")).await;
        let mut stream = proxy.open(Call::stream("m")).await;
        stream.read_until("word2").await;
        old.set(Behaviour::ok());
        proxy.send(Call::chat("old/made-up")).await;
        shows(&proxy, &["old/m", "old/made-up"]).await;
        proxy.rewrite(&Config::default().provider("new", &new).model("m", "{targets: [new/m]}").text());
        answers(&proxy, "new/m").await;
        shows(&proxy, &["new/m", "old/m"]).await;
        old.release();
        assert!(stream.rest().await.complete);
        shows(&proxy, &["new/m"]).await;
    });
}

/// Waits until these are the targets that the operator is shown.
async fn shows(proxy: &Proxy, wanted: &[&str]) {
    eventually(&format!("the targets are {wanted:?}"), || shown(proxy), |seen| seen.iter().eq(wanted)).await;
}

/// The targets at `/targets` and those that have a gauge.
async fn shown(proxy: &Proxy) -> BTreeSet<String> {
    let page = proxy.ask("/targets").await.json();
    let listed = page["targets"].as_array().unwrap().iter().map(|target| target["target"].as_str().unwrap());
    let metrics = proxy.ask("/metrics").await.text();
    let gauges = metrics.lines().filter(|line| line.starts_with("outrider_target_"));
    let measured = gauges.filter_map(|line| line.split("target=\"").nth(1)?.split('"').next());
    listed.chain(measured).map(str::to_owned).collect()
}

#[test]
fn what_was_learned_survives() {
    run(async {
        let (bad, good) = (Provider::behaving(Behaviour::status(500)).await, Provider::start().await);
        let config = Config::chain(&[&bad, &good]);
        let proxy = Proxy::start(&config).await;
        for _ in 0..6 {
            assert_eq!(proxy.send(Call::chat("m")).await.status, 200);
        }
        assert_eq!(proxy.metric("outrider_target_breaker_state", &["\"a/m-a\""]).await, 2.0);
        let answered = proxy.metric("outrider_calls_total", &[]).await;
        proxy.rewrite(&config.model("added", "{targets: [b/m-b]}").text());
        proxy.uses("added").await;
        assert_ne!(proxy.metric("outrider_target_breaker_state", &["\"a/m-a\""]).await, 0.0, "the breaker is kept");
        assert_eq!(proxy.metric("outrider_calls_total", &[]).await, answered);
    });
}
