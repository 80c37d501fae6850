use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use super::*;
use crate::config::Process;

const FILE: &str = "providers: {one: {dialect: openai_chat, base_url: 'http://one'}}\n";

fn start(path: &Path) -> (Reloader, Arc<ArcSwap<Snapshot>>) {
    let registry = Arc::new(Registry::new());
    let (snapshot, loaded) = load(path, &Process, &registry, None).unwrap();
    let current = Arc::new(ArcSwap::from_pointee(snapshot));
    (Reloader::new(Some(path.into()), Arc::new(Process), registry, current.clone(), loaded.config), current)
}

/// `Ok`: the keys that wait for a restart, or `None` where nothing changed. `Err`: the problems.
fn outcome(result: Result<Changed, Problems>) -> Result<Option<Vec<&'static str>>, String> {
    match result {
        Ok(Changed::Nothing) => Ok(None),
        Ok(Changed::Applied { restart, .. }) => Ok(Some(restart)),
        Err(problems) => Err(problems.to_string()),
    }
}

#[test]
fn a_good_file_is_applied_and_a_bad_one_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("o.yaml");
    fs::write(&path, FILE).unwrap();
    let (reloader, current) = start(&path);
    let check = |text: &str, expected: Result<Option<&[&str]>, &str>, body_limit: usize| {
        fs::write(&path, text).unwrap();
        let expected = expected.map(|keys| keys.map(<[_]>::to_vec));
        let expected = expected.map_err(|problem| format!("{}:{problem}", path.display()));
        assert_eq!(outcome(reloader.reload()), expected, "{text}");
        assert_eq!(current.load().body_limit, body_limit);
    };
    check(&format!("# moved\n\n{FILE}"), Ok(None), 32 << 20);
    check(&format!("body_limit: 1MiB\n{FILE}"), Ok(Some(&[])), 1 << 20);
    check(
        &format!("body_limit: ?\n{FILE}"),
        Err("1:13: not YAML: mapping keys are not allowed in this context"),
        1 << 20,
    );
    check(&format!("body_limit: 1MiB\n{FILE}"), Ok(None), 1 << 20);
    let restart =
        "listen: 127.0.0.1:1\nadmin: 127.0.0.1:2\nlog: {level: warn}\nshutdown: {grace: 1s}\nbody_limit: 2MiB\n";
    check(&format!("{restart}{FILE}"), Ok(Some(&["listen", "admin", "shutdown", "log"])), 2 << 20);
    check(&format!("intercept: {{name_constraints: off}}\n{FILE}"), Ok(Some(&["intercept"])), 32 << 20);
    check(&format!("intercept: off\n{FILE}"), Ok(Some(&["intercept"])), 32 << 20);
    check(FILE, Ok(Some(&[])), 32 << 20);
}

#[test]
fn endpoints_live_on_where_nothing_about_them_changed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("o.yaml");
    let write = |two: &str, key: &str| {
        let one = "one: {dialect: openai_chat, base_url: 'http://one'";
        let text =
            format!("providers: {{{one}, api_key: {key}}}, two: {{dialect: openai_chat, base_url: '{two}'}}}}\n");
        fs::write(&path, text).unwrap();
    };
    write("http://two", "sk-1");
    let (reloader, current) = start(&path);
    let before = current.load_full();
    write("http://other", "sk-2");
    outcome(reloader.reload()).unwrap();
    let now = current.load_full();
    assert!(Arc::ptr_eq(&before.providers["one"].endpoint, &now.providers["one"].endpoint));
    assert!(!Arc::ptr_eq(&before.providers["two"].endpoint, &now.providers["two"].endpoint));
    assert_eq!(now.providers["one"].keys[0].bearer, "Bearer sk-2");
    assert!(Arc::ptr_eq(&before.providers["one"].keys[0].health, &now.providers["one"].keys[0].health));
}

async fn changed(watcher: &mut Watcher) {
    tokio::time::timeout(Duration::from_secs(10), watcher.changed()).await.expect("no change was noticed");
}

/// Proves that nothing is pending: a change that is made now is the one that is noticed, and the only one.
async fn nothing_but(watcher: &mut Watcher, change: impl FnOnce()) {
    let unnoticed = tokio::time::timeout(Duration::from_millis(300), watcher.changed()).await;
    assert!(unnoticed.is_err(), "something was noticed although nothing changed");
    change();
    changed(watcher).await;
}

#[tokio::test]
async fn a_file_that_is_written_or_replaced_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("o.yaml");
    fs::write(&path, "1").unwrap();
    let mut watcher = Watcher::new(&path).unwrap();
    fs::write(&path, "2").unwrap();
    changed(&mut watcher).await;
    let replace = |content: &str| {
        fs::write(folder.path().join(".o.yaml.swp"), content).unwrap();
        fs::rename(folder.path().join(".o.yaml.swp"), &path).unwrap();
    };
    replace("3");
    changed(&mut watcher).await;
    replace("3");
    fs::write(folder.path().join("neighbour.log"), "a line").unwrap();
    nothing_but(&mut watcher, || replace("4")).await;
    fs::remove_file(&path).unwrap();
    changed(&mut watcher).await;
    fs::write(&path, "5").unwrap();
    changed(&mut watcher).await;
}

#[tokio::test]
async fn a_config_map_that_is_swapped_is_noticed_each_time() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let swap = |version: &str| {
        fs::create_dir(at(version)).unwrap();
        fs::write(at(version).join("o.yaml"), version).unwrap();
        symlink(version, at("..data_tmp")).unwrap();
        fs::rename(at("..data_tmp"), at("..data")).unwrap();
    };
    swap("..2026_1");
    symlink("..data/o.yaml", at("o.yaml")).unwrap();
    let mut watcher = Watcher::new(at("o.yaml")).unwrap();
    for version in ["..2026_2", "..2026_3", "..2026_4"] {
        nothing_but(&mut watcher, || swap(version)).await;
        fs::remove_dir_all(at("..2026_1")).ok();
    }
}

#[tokio::test]
async fn secrets_and_what_links_lead_to_are_followed() {
    let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (path, real, secret) =
        (folder.path().join("o.yaml"), elsewhere.path().join("real.yaml"), elsewhere.path().join("secret"));
    fs::write(&real, "1").unwrap();
    fs::write(&secret, "1").unwrap();
    symlink(&real, &path).unwrap();
    let mut watcher = Watcher::new(&path).unwrap();
    nothing_but(&mut watcher, || fs::write(&real, "2").unwrap()).await;
    watcher.follow(vec![secret.clone()]);
    nothing_but(&mut watcher, || fs::write(&secret, "2").unwrap()).await;
}

/// The clock is paused: what is waited for by polling comes at once.
#[tokio::test(start_paused = true)]
async fn where_nothing_can_be_watched_the_file_is_looked_at_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("not/yet/o.yaml");
    let mut watcher = Watcher::new(&path).unwrap();
    nothing_but(&mut watcher, || {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "1").unwrap();
    })
    .await;
}
