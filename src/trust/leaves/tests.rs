//! What is kept, and for how long.

use std::time::Duration;

use super::*;
use crate::trust::Pattern;

fn hosts(patterns: &[&str]) -> Hosts {
    patterns.iter().map(|text| Pattern::parse(text).unwrap()).collect()
}

fn leaves(patterns: &[&str]) -> Arc<Leaves> {
    let hosts = hosts(patterns);
    let authority = Authority::make(Some(&hosts), SystemTime::now()).unwrap();
    Leaves::new(hosts, vec![Arc::new(authority)]).unwrap()
}

fn count(leaves: &Leaves) -> usize {
    leaves.kept().values().count()
}

#[test]
fn a_host_keeps_its_configuration_for_half_of_the_leafs_life() {
    let leaves = leaves(&["api.openai.com"]);
    let now = SystemTime::now();
    let at = |host: &str, now| leaves.config_at(host, now).unwrap();
    let first = at("api.openai.com", now);
    let half = LIFE / 2;
    assert!(Arc::ptr_eq(&first, &at("API.OpenAI.com.", now + half - Duration::from_secs(1))));
    let second = at("api.openai.com", now + half);
    assert!(!Arc::ptr_eq(&first, &second), "not replaced");
    assert!(!Arc::ptr_eq(&second, &at("api.openai.com", now - Duration::from_secs(60))), "a leaf of the future");
    assert_eq!(count(&leaves), 1);
    assert_eq!(first.alpn_protocols, [&b"h2"[..], b"http/1.1"]);
}

#[test]
fn hosts_that_no_authority_may_sign_for_are_not_listed() {
    let leaves = leaves(&["api.openai.com", "*.openai.azure.com"]);
    leaves.list(hosts(&["api.openai.com", "api.anthropic.com", "*.openai.azure.com"]));
    let check = |host: &str, expected: bool| {
        assert_eq!(leaves.listed(host), expected, "{host}");
        assert_eq!(leaves.config(host).is_ok(), expected, "{host}");
    };
    check("api.openai.com", true);
    check("x.openai.azure.com", true);
    check("api.anthropic.com", false);
    check("127.0.0.1", false);
    check("*.openai.azure.com", false);
    check("ä.openai.azure.com", false);
    check(&format!("{}.openai.azure.com", "a".repeat(64)), false);
    check("", false);
    leaves.list(hosts(&[]));
    assert!(!leaves.listed("api.openai.com"));
}

#[test]
fn any_number_of_hosts_takes_bounded_memory_and_the_busy_ones_stay() {
    let leaves = leaves(&["api.openai.com", "*.openai.azure.com"]);
    let busy = leaves.config("api.openai.com").unwrap();
    for number in 0..MOST + 100 {
        leaves.config(&format!("h{number}.openai.azure.com")).unwrap();
        assert!(Arc::ptr_eq(&busy, &leaves.config("api.openai.com").unwrap()), "lost after {number} others");
    }
    assert_eq!(count(&leaves), MOST);
}

#[test]
fn many_threads_get_the_same() {
    let leaves = leaves(&["api.openai.com"]);
    let threads = [(); 8].map(|()| {
        let leaves = leaves.clone();
        std::thread::spawn(move || leaves.config("api.openai.com").unwrap())
    });
    let configs = threads.map(|thread| thread.join().unwrap());
    assert!(configs.iter().all(|config| Arc::ptr_eq(config, &configs[0])));
}

#[test]
fn an_authority_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path().join("ca.pem"), folder.path().join("ca.key"));
    let leaves = Leaves::await_authority(store.clone(), hosts(&["api.openai.com"]), true).unwrap();
    assert!(!leaves.listed("api.openai.com") && leaves.config("api.openai.com").is_err());
    assert!(!store.is_there(), "made although nobody would trust it");
    assert_eq!(leaves.list(hosts(&["api.openai.com", "api.x.ai"])), []);
    assert!(!store.is_there(), "made although nobody would trust it");
    store.open(&hosts(&["api.openai.com"]), true, SystemTime::now()).unwrap();
    std::thread::sleep(Duration::from_secs(1));
    assert!(leaves.listed("api.openai.com") && leaves.config("api.openai.com").is_ok());
    assert!(leaves.listed("api.x.ai"), "no authority was added for it");
    assert!(store.published().bundle.exists());
}

#[test]
fn hosts_that_are_listed_later_get_an_authority() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path().join("ca.pem"), folder.path().join("ca.key"));
    let (leaves, warnings) = Leaves::open(store, hosts(&["api.openai.com"]), true).unwrap();
    assert_eq!(warnings, []);
    let first = leaves.config("api.openai.com").unwrap();
    let warnings = leaves.list(hosts(&["api.openai.com", "api.x.ai"]));
    assert!(warnings.len() == 1 && warnings[0].what.contains("an authority for api.x.ai was added"), "{warnings:?}");
    assert_eq!(leaves.list(hosts(&["api.openai.com", "api.x.ai"])), []);
    assert!(leaves.listed("api.x.ai") && leaves.config("api.x.ai").is_ok());
    assert!(Arc::ptr_eq(&first, &leaves.config("api.openai.com").unwrap()));
    std::fs::remove_file(folder.path().join("ca.key")).unwrap();
    let problems = leaves.list(hosts(&["api.openai.com", "api.cohere.com"]));
    assert!(problems[0].what.contains("its key"), "{problems:?}");
    assert!(leaves.listed("api.openai.com"), "the authorities that there were are gone");
}
