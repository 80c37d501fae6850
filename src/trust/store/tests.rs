//! Files made, found, wrong, and on disks that do not take them.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, KeyUsagePurpose};

use super::*;
use crate::trust::bundle::Roots;
use crate::trust::{Leaves, Pattern};

struct Place {
    folder: tempfile::TempDir,
    store: Store,
}

fn place() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().join("a/b");
    Place { store: Store::new(at.join("ca.pem"), at.join("ca.key")), folder }
}

fn hosts(patterns: &[&str]) -> Hosts {
    patterns.iter().map(|text| Pattern::parse(text).unwrap()).collect()
}

fn openai() -> Hosts {
    hosts(&["api.openai.com"])
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn years(count: u64) -> Duration {
    DAY * 365 * count as u32
}

impl Place {
    fn open(&self, hosts: &Hosts, now: SystemTime) -> Result<Opened, Problem> {
        self.store.open(hosts, true, now)
    }

    /// Fails so, and leaves the files as they were.
    fn refused(&self, now: SystemTime, what: &str) {
        let files = || [&self.store.cert, &self.store.key].map(|path| fs::read(path).ok());
        let before = files();
        let problem = self.open(&openai(), now).unwrap_err();
        assert!(problem.what.contains(what), "not `{what}`: {problem}");
        assert_eq!(files(), before);
        assert!(!names(files::folder(&self.store.key)).iter().any(|name| name.starts_with('.')));
    }
}

#[test]
fn made_once_for_us_alone_and_found_again() {
    let place = place();
    assert!(!place.store.is_there());
    let made = place.open(&openai(), SystemTime::now()).unwrap();
    assert!(place.store.is_there());
    assert_eq!((mode(&place.store.key), mode(&place.store.cert)), (0o600, 0o644));
    assert_eq!((mode(&place.folder.path().join("a")), mode(&place.folder.path().join("a/b"))), (0o700, 0o700));
    assert_eq!(names(&place.folder.path().join("a/b")), ["ca.key", "ca.pem"]);
    let found = place.open(&openai(), SystemTime::now()).unwrap();
    assert_eq!(found.certificates, made.certificates);
    assert_eq!((found.authorities.len(), found.warnings.len()), (1, 0));
    assert!(found.authorities[0].is_ours());
}

#[test]
fn two_starts_at_once_make_one() {
    let place = place();
    let store = &place.store;
    let all: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| store.open(&openai(), true, SystemTime::now()).unwrap().certificates))
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(all.iter().all(|certificates| certificates == &all[0]));
}

#[test]
fn wrong_files_are_told_and_stay() {
    let now = SystemTime::now();
    let fresh = || {
        let place = place();
        place.open(&openai(), now).unwrap();
        place
    };
    let with = |file: fn(&Store) -> &PathBuf, content: &str, what: &str| {
        let place = fresh();
        fs::write(file(&place.store), content).unwrap();
        place.refused(now, what);
    };
    with(|store| &store.cert, "", "no certificate in this file");
    with(|store| &store.cert, "garbage", "no certificate in this file");
    with(|store| &store.cert, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "cannot be read");
    with(|store| &store.cert, "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n", "this is not PEM");
    with(|store| &store.key, "", "no key in this file");
    with(|store| &store.key, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "no key in this file");
    with(
        |store| &store.key,
        &pem::key(&KeyPair::generate().unwrap().serialize_der()),
        "is not that of the certificate",
    );

    let place = fresh();
    fs::remove_file(&place.store.key).unwrap();
    place.refused(now, "its key");
    let place = fresh();
    fs::remove_file(&place.store.cert).unwrap();
    place.refused(now, "its certificate");

    let place = fresh();
    place.refused(now + years(11), "expired 36");
    place.refused(now - DAY, "not valid yet");
}

#[test]
fn a_key_that_others_may_read_is_refused() {
    for (bits, who) in [(0o604, "everybody"), (0o602, "everybody"), (0o640, "its group"), (0o620, "its group")] {
        let place = place();
        place.open(&openai(), SystemTime::now()).unwrap();
        set_mode(&place.store.key, bits);
        place.refused(SystemTime::now(), who);
        set_mode(&place.store.key, 0o400);
        place.open(&openai(), SystemTime::now()).unwrap();
    }
}

/// Root may write everywhere but to where there is no disk.
#[test]
fn what_cannot_be_written_leaves_nothing() {
    let refused = |at: &str| {
        let store = Store::new(Path::new(at).join("ca.pem"), Path::new(at).join("ca.key"));
        let problem = store.open(&openai(), true, SystemTime::now()).unwrap_err();
        assert!(problem.what.contains("cannot be written"), "{problem}");
    };
    refused("/proc/outrider");
    refused("/dev/null/outrider");
    refused("/sys");

    // The certificate's folder takes no file: its key does not stay behind.
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new("/sys/ca.pem".into(), folder.path().join("ca.key"));
    assert!(store.open(&openai(), true, SystemTime::now()).is_err());
    assert_eq!(names(folder.path()), Vec::<String>::new());
}

#[test]
fn the_next_is_made_a_year_ahead_and_signs_when_the_first_ends() {
    let place = place();
    let now = SystemTime::now();
    let first = place.open(&openai(), now).unwrap();
    assert_eq!(place.open(&openai(), now + years(8)).unwrap().certificates, first.certificates);

    let late = now + years(9) + DAY * 30;
    let both = place.open(&openai(), late).unwrap();
    assert_eq!(both.certificates.len(), 2, "no successor");
    assert!(both.warnings[0].what.contains("its successor was added"), "{:?}", both.warnings);
    assert_eq!(both.certificates[0], first.certificates[0]);
    assert_eq!(mode(&place.store.key), 0o600);
    let again = place.open(&openai(), late).unwrap();
    assert_eq!(again.certificates, both.certificates, "not found again, or made again");

    let leaves = Leaves::new(openai(), both.authorities).unwrap();
    let signer = |at: SystemTime| leaves.authority("api.openai.com", at).unwrap().certificate().clone();
    assert_eq!(signer(late), both.certificates[0]);
    assert_eq!(signer(late + years(1) - DAY * 60), both.certificates[0].clone());
    assert_eq!(signer(now + DAY * 3652 - RETIRED + DAY), both.certificates[1]);

    let after = place.open(&openai(), now + years(10) + DAY * 3).unwrap();
    assert_eq!(after.certificates, both.certificates[1..], "what has expired is of no use");
}

#[test]
fn a_new_host_gets_an_authority_and_the_others_keep_theirs() {
    let place = place();
    let now = SystemTime::now();
    let first = place.open(&openai(), now).unwrap();
    let more = hosts(&["api.openai.com", "*.openai.azure.com"]);
    let both = place.open(&more, now + DAY).unwrap();
    assert_eq!(both.certificates.len(), 2);
    assert_eq!(place.open(&openai(), now + DAY).unwrap().certificates.len(), 2, "the list may shrink");
    assert_eq!(place.open(&more, now + DAY).unwrap().certificates.len(), 2);
    let leaves = Leaves::new(more, both.authorities).unwrap();
    let signer = |host: &str| leaves.authority(host, now + DAY).unwrap().certificate().clone();
    assert_eq!(signer("api.openai.com"), first.certificates[0]);
    assert_eq!(signer("x.openai.azure.com"), both.certificates[1]);

    for number in 0..20 {
        let list = hosts(&["api.openai.com", &format!("h{number}.test")]);
        let opened = place.open(&list, now + DAY * 2).unwrap();
        assert!(opened.certificates.len() <= MOST);
        assert_eq!(opened.certificates[0], first.certificates[0]);
        assert!(opened.authorities.iter().any(|authority| authority.permits(&format!("h{number}.test"))));
    }
}

#[test]
fn a_successor_that_cannot_be_written_is_a_warning() {
    let mut place = place();
    let now = SystemTime::now();
    let first = place.open(&openai(), now).unwrap();
    // Nothing can be written beside a name that is as long as names can be; also root, who may write anywhere, cannot.
    let long = files::folder(&place.store.cert).join("x".repeat(255));
    fs::rename(&place.store.cert, &long).unwrap();
    place.store.cert = long;
    let files = || [&place.store.cert, &place.store.key].map(|path| fs::read(path).unwrap());
    let before = files();
    let opened = place.open(&hosts(&["api.openai.com", "api.x.ai"]), now).unwrap();
    assert_eq!(opened.certificates, first.certificates);
    let warnings: Vec<_> = opened.warnings.iter().map(|warning| warning.what.as_str()).collect();
    assert!(warnings[0].contains("cannot be written"), "{warnings:?}");
    assert!(warnings[1].contains("may not sign for api.x.ai"), "{warnings:?}");
    let soon = place.open(&openai(), now + DAY * 3640).unwrap();
    assert!(soon.warnings[1].what.contains("expires in 11 days"), "{:?}", soon.warnings);
    assert_eq!(files(), before);
    assert_eq!(names(files::folder(&place.store.key)).len(), 2);
}

#[test]
fn nothing_is_added_to_somebody_elses() {
    let place = place();
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    let now = SystemTime::now();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params.not_after = (now + DAY * 20).into();
    params.name_constraints = Some(rcgen::NameConstraints {
        permitted_subtrees: vec![rcgen::GeneralSubtree::DnsName("openai.com".into())],
        excluded_subtrees: Vec::new(),
    });
    let certificate = params.self_signed(&key).unwrap();
    let extra = Authority::make(None, now).unwrap();
    fs::create_dir_all(files::folder(&place.store.key)).unwrap();
    fs::write(&place.store.cert, pem::certificate(certificate.der()) + &pem::certificate(extra.certificate())).unwrap();
    fs::write(&place.store.key, pem::key(&key.serialize_der())).unwrap();
    set_mode(&place.store.key, 0o600);
    let before = fs::read(&place.store.cert).unwrap();

    let opened = place.open(&hosts(&["api.openai.com", "*.x.ai", "api.x.com"]), now).unwrap();
    assert_eq!((opened.authorities.len(), opened.certificates.len()), (1, 2));
    let warnings: Vec<_> = opened.warnings.iter().map(|warning| warning.what.clone()).collect();
    assert!(warnings[0].contains("may not sign for api.x.com, *.x.ai: they pass by"), "{warnings:?}");
    assert!(warnings[1].contains("expires in 19 days") || warnings[1].contains("expires in 20 days"), "{warnings:?}");
    assert_eq!(fs::read(&place.store.cert).unwrap(), before);
}

#[test]
fn one_without_limits_is_told_where_limits_are_wanted() {
    let place = place();
    let now = SystemTime::now();
    let free = place.store.open(&openai(), false, now).unwrap();
    assert!(free.authorities[0].is_unlimited() && free.warnings.is_empty());
    assert!(place.store.open(&hosts(&["api.x.ai"]), false, now).unwrap().warnings.is_empty());
    let limited = place.open(&openai(), now).unwrap();
    assert!(limited.warnings[0].what.contains("may sign for any host"), "{:?}", limited.warnings);
    assert_eq!(limited.certificates, free.certificates);
}

#[test]
fn what_applications_read_is_written_and_other_files_stay() {
    let place = place();
    let opened = place.open(&openai(), SystemTime::now()).unwrap();
    let roots = Roots::find([]);
    let at = place.store.publish(&opened, None, &roots).unwrap();
    assert_eq!(at.ca, place.store.cert);
    let bundle = fs::read_to_string(&at.bundle).unwrap();
    let count = bundle.matches("BEGIN CERTIFICATE").count();
    assert!(count > 100 && bundle.ends_with(&pem::certificate(&opened.certificates[0])), "{count}");
    assert_eq!(mode(&at.bundle), 0o644);
    assert!(made_here(&at.bundle) && !made_here(&at.ca) && !made_here(Path::new("/nowhere")));
    let inode = |path: &Path| std::os::unix::fs::MetadataExt::ino(&fs::metadata(path).unwrap());
    let before = [inode(&at.bundle), inode(&at.truststore)];
    place.store.publish(&opened, None, &roots).unwrap();
    assert_eq!([inode(&at.bundle), inode(&at.truststore)], before, "written although nothing has changed");

    let elsewhere = place.folder.path().join("x/y");
    let at = place.store.publish(&opened, Some(&elsewhere), &roots).unwrap();
    assert_eq!(names(&elsewhere), ["bundle.pem", "ca.pem", "truststore.jks"]);
    assert!(fs::read_to_string(&at.ca).unwrap().ends_with(&pem::certificate(&opened.certificates[0])));
    fs::write(&at.bundle, "mine").unwrap();
    let problem = place.store.publish(&opened, Some(&elsewhere), &roots).unwrap_err();
    assert!(problem.what.contains("was not made by outrider"), "{problem}");
    assert_eq!(fs::read(&at.bundle).unwrap(), b"mine");
}

#[test]
fn the_usual_place_is_the_users_data_folder() {
    let check = |variables: &[(&str, &str)], expected: Option<&str>| {
        let variable = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, v)| v.to_string());
        let found = Store::usual(variable).map(|store| store.cert().display().to_string());
        assert_eq!(found.as_deref(), expected);
    };
    check(&[("XDG_DATA_HOME", "/d"), ("HOME", "/h")], Some("/d/outrider/ca.pem"));
    check(&[("XDG_DATA_HOME", "relative"), ("HOME", "/h")], Some("/h/.local/share/outrider/ca.pem"));
    check(&[("XDG_DATA_HOME", ""), ("HOME", "/h")], Some("/h/.local/share/outrider/ca.pem"));
    check(&[], None);
}
