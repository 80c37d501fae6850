//! An authority as its files have it.

use std::time::{Duration, SystemTime};

use rcgen::{CertificateParams, DistinguishedName, DnType, DnValue, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose};
use rustls::pki_types::CertificateDer;
use x509_parser::certificate::X509Certificate;
use x509_parser::der_parser::asn1_rs::Tag;
use x509_parser::extensions::{GeneralName, GeneralSubtree, ParsedExtension};
use x509_parser::time::ASN1Time;
use x509_parser::x509::{AttributeTypeAndValue, X509Name};

use super::{Authority, OURS, Reach};
use crate::trust::Problem;

impl Authority {
    /// The authority of `certificate`, whose key is `key`. A problem: nobody could trust what it signs. Whether it is
    /// valid now is for the caller to look at.
    pub fn read(certificate: CertificateDer<'static>, key: KeyPair) -> Result<Self, Problem> {
        let parsed = parse(&certificate)?;
        if parsed.public_key().subject_public_key.data != key.public_key_raw() {
            return Err(super::other_key());
        }
        check_role(&parsed)?;
        let mut params = CertificateParams::default();
        params.distinguished_name = name(parsed.subject())?;
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        if let Some(id) = key_id(&parsed) {
            params.key_identifier_method = KeyIdMethod::PreSpecified(id);
        }
        let authority = Self {
            reach: reach(&parsed),
            from: time(parsed.validity().not_before),
            until: time(parsed.validity().not_after),
            ours: parsed.subject().iter_organization().any(|name| name.as_str() == Ok(OURS)),
            root: parsed.subject().as_raw() == parsed.issuer().as_raw(),
            issuer: Issuer::new(params, key),
            certificate: certificate.clone(),
        };
        authority.check_name(&parsed)?;
        Ok(authority)
    }

    /// A client looks for the authority under the very bytes that the leaf has for it.
    fn check_name(&self, parsed: &X509Certificate<'_>) -> Result<(), Problem> {
        let leaf = super::super::leaf::certificate("invalid", self, SystemTime::now())?;
        match parse(&leaf.certificate)?.issuer().as_raw() == parsed.subject().as_raw() {
            true => Ok(()),
            false => Err(odd_name()),
        }
    }
}

fn parse(certificate: &[u8]) -> Result<X509Certificate<'_>, Problem> {
    let parsed = x509_parser::parse_x509_certificate(certificate);
    let parsed = parsed.ok().filter(|(rest, _)| rest.is_empty()).map(|(_, parsed)| parsed);
    parsed.ok_or_else(|| Problem::new("the certificate cannot be read", "give an X.509 certificate"))
}

fn check_role(parsed: &X509Certificate<'_>) -> Result<(), Problem> {
    let help = "give the certificate of an authority: basicConstraints CA:TRUE, keyUsage keyCertSign";
    let wrong = |what: &str| Err(Problem::new(what, help));
    match parsed.basic_constraints() {
        Ok(Some(constraints)) if constraints.value.ca => {}
        _ => return wrong("the certificate is not that of an authority"),
    }
    match parsed.key_usage() {
        Ok(None) => Ok(()),
        Ok(Some(usage)) if usage.value.key_cert_sign() => Ok(()),
        _ => wrong("the certificate's key may not sign certificates"),
    }
}

fn key_id(parsed: &X509Certificate<'_>) -> Option<Vec<u8>> {
    parsed.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::SubjectKeyIdentifier(id) => Some(id.0.to_vec()),
        _ => None,
    })
}

fn reach(parsed: &X509Certificate<'_>) -> Reach {
    let Ok(Some(constraints)) = parsed.name_constraints() else { return Reach::Any };
    let domains = |subtrees: &Option<Vec<GeneralSubtree<'_>>>| -> Vec<String> {
        let names = subtrees.iter().flatten().filter_map(|subtree| match subtree.base {
            GeneralName::DNSName(name) => Some(name.to_ascii_lowercase()),
            _ => None,
        });
        names.collect()
    };
    let mut permitted = domains(&constraints.value.permitted_subtrees);
    let excluded = domains(&constraints.value.excluded_subtrees);
    if permitted.is_empty() {
        if excluded.is_empty() {
            return Reach::Any;
        }
        permitted.push(String::new()); // all names but the excluded
    }
    Reach::Within { permitted, excluded }
}

/// The authority's name, in the string types that it has.
fn name(name: &X509Name<'_>) -> Result<DistinguishedName, Problem> {
    let mut copy = DistinguishedName::new();
    for attribute in name.iter_attributes() {
        let oid: Option<Vec<u64>> = attribute.attr_type().iter().map(Iterator::collect);
        let (Some(oid), Some(value)) = (oid, value(attribute)) else { return Err(odd_name()) };
        copy.push(DnType::from_oid(&oid), value);
    }
    Ok(copy)
}

fn value(attribute: &AttributeTypeAndValue<'_>) -> Option<DnValue> {
    let text = std::str::from_utf8(attribute.attr_value().data).ok()?;
    match attribute.attr_value().tag() {
        Tag::Utf8String => Some(DnValue::Utf8String(text.to_owned())),
        Tag::PrintableString => text.try_into().ok().map(DnValue::PrintableString),
        Tag::Ia5String => text.try_into().ok().map(DnValue::Ia5String),
        _ => None,
    }
}

fn odd_name() -> Problem {
    let what = "the authority's name is of a kind that cannot be copied into other certificates";
    Problem::new(what, "give one whose subject has each attribute once, as UTF-8 or printable text")
}

fn time(time: ASN1Time) -> SystemTime {
    let seconds = time.timestamp();
    let distance = Duration::from_secs(seconds.unsigned_abs());
    let moment = if seconds < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(distance)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(distance)
    };
    moment.unwrap_or(SystemTime::UNIX_EPOCH)
}
