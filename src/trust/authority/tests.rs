//! What an authority's certificate says, and which are refused.

use rcgen::{PKCS_ECDSA_P384_SHA384, PKCS_ED25519};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::{ServerName, UnixTime};
use std::sync::Arc;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::FromDer;

use super::*;
use crate::trust::{Pattern, leaf};

fn hosts(patterns: &[&str]) -> Hosts {
    patterns.iter().map(|text| Pattern::parse(text).unwrap()).collect()
}

fn parse(der: &[u8]) -> X509Certificate<'_> {
    X509Certificate::from_der(der).unwrap().1
}

fn seconds(time: SystemTime) -> i64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() as i64
}

#[test]
fn the_certificate_says_what_it_may_and_no_more() {
    let now = SystemTime::now();
    let made = Authority::make(Some(&hosts(&["api.openai.com", "*.openai.azure.com", "x.openai.azure.com"])), now);
    let made = made.unwrap();
    let certificate = parse(made.certificate());
    assert_eq!(certificate.subject(), certificate.issuer());
    assert!(certificate.subject().to_string().starts_with("O=Outrider, CN=Outrider local CA "));
    assert_eq!(certificate.public_key().parsed().unwrap().key_size(), 256);

    let constraints = certificate.basic_constraints().unwrap().unwrap();
    assert!(constraints.critical && constraints.value.ca);
    assert_eq!(constraints.value.path_len_constraint, Some(0));
    let usage = certificate.key_usage().unwrap().unwrap();
    assert!(usage.critical);
    assert_eq!(usage.value.to_string(), "Key Cert Sign");

    let names = certificate.name_constraints().unwrap().unwrap();
    assert!(names.critical);
    let permitted: Vec<_> = names.value.permitted_subtrees.as_ref().unwrap().iter().map(|tree| &tree.base).collect();
    assert_eq!(permitted, [&GeneralName::DNSName("api.openai.com"), &GeneralName::DNSName("openai.azure.com")]);
    let excluded: Vec<_> = names.value.excluded_subtrees.as_ref().unwrap().iter().map(|tree| &tree.base).collect();
    assert_eq!(excluded, [&GeneralName::IPAddress(&[0; 8]), &GeneralName::IPAddress(&[0; 32])]);

    let validity = certificate.validity();
    assert_eq!(validity.not_before.timestamp(), seconds(now) - 3600);
    assert_eq!(validity.not_after.timestamp(), seconds(now) + 3652 * 86_400);
    let critical: Vec<_> = certificate.extensions().iter().map(|extension| extension.critical).collect();
    assert_eq!(critical.len(), 4, "{:?}", certificate.extensions());
}

/// Whether a client that trusts `authority` believes that this is the certificate of `host`.
fn believed(host: &str, authority: &Authority, leaf: &CertificateDer<'static>) -> Result<(), rustls::Error> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(authority.certificate().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(roots.into(), provider).build().unwrap();
    let host = ServerName::try_from(host.to_owned()).unwrap();
    verifier.verify_server_cert(leaf, &[], &host, &[], UnixTime::now()).map(|_| ())
}

#[test]
fn a_leaf_for_another_host_is_not_believed() {
    let now = SystemTime::now();
    let authority = Authority::make(Some(&hosts(&["api.openai.com", "*.x.ai"])), now).unwrap();
    let check = |host: &str, expected: bool| {
        let made = leaf::certificate(host, &authority, now).unwrap();
        assert_eq!(believed(host, &authority, &made.certificate).is_ok(), expected, "{host}");
        assert_eq!(authority.permits(host), expected, "{host}");
    };
    check("api.openai.com", true);
    check("api.x.ai", true);
    check("openai.com", false);
    check("example.com", false);
}

#[test]
fn two_of_them_are_told_apart() {
    let make = || Authority::make(None, SystemTime::now()).unwrap();
    let (first, second) = (make(), make());
    let (first, second) = (parse(first.certificate()), parse(second.certificate()));
    assert_ne!(first.subject(), second.subject());
    assert_ne!(first.raw_serial(), second.raw_serial());
    assert!(first.name_constraints().unwrap().is_none());
}

#[test]
fn without_hosts_nothing_is_permitted() {
    let made = Authority::make(Some(&Hosts::default()), SystemTime::now()).unwrap();
    assert!(!made.permits("api.openai.com") && !made.is_unlimited());
}

#[test]
fn a_leaf_is_for_one_host_and_for_servers() {
    let now = SystemTime::now();
    let authority = Authority::make(Some(&hosts(&["api.openai.com"])), now).unwrap();
    let made = leaf::certificate("api.openai.com", &authority, now).unwrap();
    let (leaf, ca) = (parse(&made.certificate), parse(authority.certificate()));
    believed("api.openai.com", &authority, &made.certificate).expect("signed by the authority");
    assert_eq!(leaf.issuer().as_raw(), ca.subject().as_raw());
    assert_eq!(leaf.subject().to_string(), "O=Outrider");
    assert_eq!(leaf.public_key().parsed().unwrap().key_size(), 256);
    assert_eq!(
        (leaf.validity().not_before.timestamp(), leaf.validity().not_after.timestamp()),
        (seconds(now) - 3600, seconds(now) + 3 * 86_400)
    );

    let names = leaf.subject_alternative_name().unwrap().unwrap();
    assert_eq!(names.value.general_names, [GeneralName::DNSName("api.openai.com")]);
    let usage = leaf.extended_key_usage().unwrap().unwrap().value;
    assert!(usage.server_auth && !usage.client_auth && !usage.any);
    assert!(leaf.basic_constraints().unwrap().is_none());
    let ours = leaf.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::AuthorityKeyIdentifier(id) => id.key_identifier.as_ref().map(|id| id.0),
        _ => None,
    });
    let theirs = ca.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::SubjectKeyIdentifier(id) => Some(id.0),
        _ => None,
    });
    assert!(ours.is_some() && ours == theirs, "{ours:?} {theirs:?}");
    let twin = leaf::certificate("api.openai.com", &authority, now).unwrap();
    assert_ne!(parse(&twin.certificate).raw_serial(), leaf.raw_serial());
}

#[test]
fn a_leaf_does_not_outlive_its_authority() {
    let now = SystemTime::now();
    let authority = Authority::make(None, now).unwrap();
    let late = authority.until() - Duration::from_secs(60);
    let leaf = leaf::certificate("a.b", &authority, late).unwrap();
    assert_eq!(parse(&leaf.certificate).validity().not_after.timestamp(), seconds(authority.until()));
    let leaf = leaf::certificate("a.b", &authority, now).unwrap();
    assert_eq!(parse(&leaf.certificate).validity().not_before.timestamp(), seconds(authority.from()));
}

/// The certificate of an authority that somebody else made.
fn theirs(key: &KeyPair, change: impl FnOnce(&mut CertificateParams)) -> CertificateDer<'static> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    change(&mut params);
    params.self_signed(key).unwrap().into()
}

#[test]
fn other_peoples_authorities_are_taken_as_they_are() {
    for algorithm in [&PKCS_ECDSA_P256_SHA256, &PKCS_ECDSA_P384_SHA384, &PKCS_ED25519] {
        let key = KeyPair::generate_for(algorithm).unwrap();
        let certificate = theirs(&key, |params| {
            params
                .distinguished_name
                .push(DnType::CountryName, rcgen::DnValue::PrintableString("DE".try_into().unwrap()));
            params.distinguished_name.push(DnType::CommonName, "Müller");
            params.key_identifier_method = rcgen::KeyIdMethod::PreSpecified(vec![1, 2, 3]);
        });
        let authority = Authority::read(certificate, key).unwrap();
        assert!(!authority.is_ours() && authority.is_unlimited() && authority.chain().is_none());
        let made = leaf::certificate("a.b", &authority, SystemTime::now()).unwrap();
        let (leaf, ca) = (parse(&made.certificate), parse(authority.certificate()));
        assert_eq!(leaf.issuer().as_raw(), ca.subject().as_raw());
        believed("a.b", &authority, &made.certificate).unwrap();
    }
}

#[test]
fn what_signs_no_servers_certificates_is_refused() {
    let check = |expected: &str, change: &dyn Fn(&mut CertificateParams)| {
        let key = KeyPair::generate().unwrap();
        let certificate = theirs(&key, change);
        let problem = Authority::read(certificate, key).unwrap_err();
        assert!(problem.what.contains(expected), "{problem}");
    };
    check("not that of an authority", &|params| params.is_ca = IsCa::NoCa);
    check("not that of an authority", &|params| params.is_ca = IsCa::ExplicitNoCa);
    check("may not sign", &|params| params.key_usages = vec![KeyUsagePurpose::DigitalSignature]);
    let teletex = |params: &mut CertificateParams| {
        let name = rcgen::string::TeletexString::try_from("T").unwrap();
        params.distinguished_name.push(DnType::CommonName, rcgen::DnValue::TeletexString(name));
    };
    check("cannot be copied", &teletex);
    let (key, other) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    assert_eq!(Authority::read(theirs(&key, |_| ()), other).unwrap_err(), other_key());
    let problem = Authority::read(CertificateDer::from(vec![0x30, 0x03, 1, 2, 3]), key).unwrap_err();
    assert!(problem.what.contains("cannot be read"), "{problem}");
}

#[test]
fn limits_are_those_of_rfc_5280() {
    let check = |host: &str, domain: &str, expected: bool| {
        assert_eq!(is_within(host, domain), expected, "{host} within {domain}");
    };
    check("api.openai.com", "api.openai.com", true);
    check("eu.api.openai.com", "api.openai.com", true);
    check("xapi.openai.com", "api.openai.com", false);
    check("openai.com", "api.openai.com", false);
    check("api.openai.com", ".openai.com", true);
    check("openai.com", ".openai.com", false);
    check("a.b", "", true);
    let within = |permitted: &[&str], excluded: &[&str]| Authority {
        reach: Reach::Within {
            permitted: permitted.iter().map(|name| name.to_string()).collect(),
            excluded: excluded.iter().map(|name| name.to_string()).collect(),
        },
        ..Authority::make(None, SystemTime::now()).unwrap()
    };
    assert!(within(&["x.com"], &["y.x.com"]).permits("a.x.com"));
    assert!(!within(&["x.com"], &["y.x.com"]).permits("a.y.x.com"));
    assert!(within(&[""], &["y.x.com"]).permits("z.com"));
}
