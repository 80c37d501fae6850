//! The certificate authorities of the operator's own.
//!
//! They travel with each address (`HttpPeer`), so that every connector of Pingora's believes them, ours and that of the
//! opaque lane, and no connector has to be kept for each file.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use pingora_core::protocols::tls::CaType;
use pingora_core::upstreams::peer::HttpPeer;
use pingora_core::utils::tls::{WrappedX509, parse_x509};
use pingora_rustls::{CertificateDer, RootCertStore};
use x509_parser::pem::Pem;

/// Who is trusted in the place of the system's authorities: at least one.
#[derive(Clone)]
pub struct Authorities(Arc<CaType>);

impl Authorities {
    /// The certificates of a PEM file; what else it holds is skipped. `None` where there is none, or one that can not
    /// be trusted.
    pub fn from_pem(file: &[u8]) -> Option<Self> {
        let blocks = Pem::iter_from_buffer(file).collect::<Result<Vec<_>, _>>().ok()?;
        let certificates = blocks.into_iter().filter(|block| block.label == "CERTIFICATE").map(certificate);
        let certificates = certificates.collect::<Option<Vec<_>>>()?;
        (!certificates.is_empty()).then(|| Self(certificates.into()))
    }

    /// Lets connections to `peer` trust these and nobody else.
    pub(super) fn vouch_for(&self, peer: &mut HttpPeer) {
        peer.options.ca = Some(self.0.clone());
        // A connection that other authorities have vouched for is not to be used again: Pingora does not look at `ca`.
        let mut hasher = DefaultHasher::new();
        self.raw().for_each(|certificate| certificate.hash(&mut hasher));
        peer.group_key = hasher.finish();
    }

    fn raw(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(|certificate| certificate.borrow_raw_cert().as_slice())
    }
}

impl PartialEq for Authorities {
    fn eq(&self, other: &Self) -> bool {
        self.raw().eq(other.raw())
    }
}

impl std::fmt::Debug for Authorities {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Authorities({})", self.0.len())
    }
}

/// Refused here rather than at the first connection. Pingora's own parser would panic.
fn certificate(block: Pem) -> Option<WrappedX509> {
    block.parse_x509().ok()?;
    RootCertStore::empty().add(CertificateDer::from(&block.contents[..])).ok()?;
    Some(WrappedX509::new(block.contents, parse_x509))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_not_be_trusted_is_refused_before_it_is_used() {
        let made = || rcgen::generate_simple_self_signed(vec!["ca".to_owned()]).unwrap();
        let (one, two) = (made(), made());
        let (first, key) = (one.cert.pem(), one.signing_key.serialize_pem());
        let both = format!("a comment\n{first}{}", two.cert.pem());
        let check = |file: &str, expected: Option<usize>| {
            assert_eq!(Authorities::from_pem(file.as_bytes()).map(|ca| ca.0.len()), expected, "{file}");
        };
        check(&first, Some(1));
        check(&both, Some(2));
        check(&format!("{key}{first}"), Some(1));
        for bad in ["", "no PEM", &key, &first[..200], "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
        {
            check(bad, None);
            check(&format!("{first}{bad}"), Some(1).filter(|_| !bad.contains("BEGIN CERTIFICATE")));
        }
        assert_eq!(Authorities::from_pem(first.as_bytes()), Authorities::from_pem(format!("{first}\n").as_bytes()));
        assert_ne!(Authorities::from_pem(first.as_bytes()), Authorities::from_pem(both.as_bytes()));
    }
}
