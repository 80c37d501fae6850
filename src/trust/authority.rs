//! One certificate authority: its certificate, its key, and for which hosts it may sign.

mod read;

use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType, GeneralSubtree, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, NameConstraints, PKCS_ECDSA_P256_SHA256,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::Problem;
use super::hosts::Hosts;

/// A new authority lives so long.
const LIFE: Duration = Duration::from_secs(3652 * 86_400);

/// Clocks differ a little between machines, and a container's may be behind its host's.
pub(super) const BACKDATED: Duration = Duration::from_secs(3600);

/// By this organization an authority of our own is known again: only those are ever rotated.
const OURS: &str = "Outrider";

/// For which hosts an authority may sign, as its certificate says.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Reach {
    /// For any.
    Any,
    /// For these domains and what is below them, but not for those.
    Within {
        /// The domains permitted.
        permitted: Vec<String>,
        /// The domains excluded.
        excluded: Vec<String>,
    },
}

/// One authority.
pub struct Authority {
    certificate: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
    reach: Reach,
    from: SystemTime,
    until: SystemTime,
    ours: bool,
    /// No other authority has signed it, so that whoever trusts it needs no more than the leaf.
    root: bool,
}

impl Authority {
    /// A new one, limited to `hosts`; `None`: for any host.
    pub fn make(hosts: Option<&Hosts>, now: SystemTime) -> Result<Self, Problem> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(unmade)?;
        let certificate = params(hosts, now, random()?).self_signed(&key).map_err(unmade)?;
        Self::read(certificate.der().clone(), key)
    }

    /// Its certificate.
    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// Its key, for its file and for nothing else.
    pub(super) fn key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::Pkcs8(self.issuer.key().serialize_der().into())
    }

    pub(super) fn issuer(&self) -> &Issuer<'static, KeyPair> {
        &self.issuer
    }

    /// What a server sends after the leaf.
    pub(super) fn chain(&self) -> Option<CertificateDer<'static>> {
        (!self.root).then(|| self.certificate.clone())
    }

    /// Whether clients would take a leaf for `host` from it.
    pub fn permits(&self, host: &str) -> bool {
        match &self.reach {
            Reach::Any => true,
            Reach::Within { permitted, excluded } => {
                let within = |domain: &String| is_within(host, domain);
                permitted.iter().any(within) && !excluded.iter().any(within)
            }
        }
    }

    /// Whether it may sign for any host.
    pub fn is_unlimited(&self) -> bool {
        self.reach == Reach::Any
    }

    /// From when on it is valid.
    pub fn from(&self) -> SystemTime {
        self.from
    }

    /// Until when it is valid.
    pub fn until(&self) -> SystemTime {
        self.until
    }

    /// Whether it was made here, and not by somebody who gave it to us.
    pub fn is_ours(&self) -> bool {
        self.ours
    }

    /// Whether it may sign now.
    pub fn is_valid(&self, now: SystemTime) -> bool {
        (self.from..self.until).contains(&now)
    }
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority").field("reach", &self.reach).field("until", &self.until).finish_non_exhaustive()
    }
}

fn params(hosts: Option<&Hosts>, now: SystemTime, serial: [u8; 16]) -> CertificateParams {
    let mut params = CertificateParams::default();
    // Clients find an authority by its name: two of ours must not have the same.
    let tail: String = serial[..4].iter().map(|byte| format!("{byte:02x}")).collect();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, OURS);
    params.distinguished_name.push(DnType::CommonName, format!("Outrider local CA {tail}"));
    params.serial_number = Some(serial.to_vec().into());
    params.not_before = (now - BACKDATED).into();
    params.not_after = (now + LIFE).into();
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params.name_constraints = hosts.map(constraints);
    params
}

/// No leading dots: OpenSSL and GnuTLS read them in different ways. Without the addresses a constraint on names would
/// leave every address open.
fn constraints(hosts: &Hosts) -> NameConstraints {
    let mut permitted: Vec<_> = hosts.subtrees().into_iter().map(|name| GeneralSubtree::DnsName(name.into())).collect();
    if permitted.is_empty() {
        permitted.push(GeneralSubtree::DnsName("invalid".into())); // an empty list would permit everything
    }
    let addresses = [CidrSubnet::V4([0; 4], [0; 4]), CidrSubnet::V6([0; 16], [0; 16])];
    let excluded_subtrees = addresses.map(GeneralSubtree::IpAddress).to_vec();
    NameConstraints { permitted_subtrees: permitted, excluded_subtrees }
}

/// RFC 5280, 4.2.1.10. With a leading dot, as others may write it, the domain itself is not meant.
fn is_within(host: &str, domain: &str) -> bool {
    match host.strip_suffix(domain) {
        Some("") => !domain.starts_with('.'),
        Some(rest) => rest.ends_with('.') || domain.starts_with('.') || domain.is_empty(),
        None => false,
    }
}

/// A serial number: positive, and never used twice.
pub(super) fn random() -> Result<[u8; 16], Problem> {
    let mut bytes = [0; 16];
    let filled = ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut bytes);
    filled.map_err(|_| Problem::new("the system has no random numbers", "is /dev/urandom there?"))?;
    bytes[0] = bytes[0] & 0x7f | 0x40;
    Ok(bytes)
}

/// The key is that of another certificate.
pub(super) fn other_key() -> Problem {
    Problem::new("the key is not that of the certificate", "give the two that belong together")
}

pub(super) fn unmade(error: rcgen::Error) -> Problem {
    Problem::new(format!("a certificate cannot be made: {error}"), "please report this")
}

#[cfg(test)]
mod tests;
