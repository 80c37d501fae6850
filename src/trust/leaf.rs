//! The certificate of one host.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, SanType,
};
use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{NoServerSessionStorage, ProducesTickets};

use super::Problem;
use super::authority::{Authority, BACKDATED, random, unmade};

/// A leaf is valid so long, and is replaced after half of it: nobody sees one that is about to end.
pub(super) const LIFE: Duration = Duration::from_secs(3 * 86_400);

/// A certificate and its key.
pub(super) struct Leaf {
    pub certificate: CertificateDer<'static>,
    key: KeyPair,
}

/// What all hosts have in common.
pub(super) struct Common {
    /// The one that Pingora uses for its connections.
    pub provider: Arc<CryptoProvider>,
    /// Sessions are resumed by tickets: nothing is kept for them, and they outlive the leaf. A ticket names its host,
    /// so one key for all of them does not mix them up.
    pub tickets: Arc<dyn ProducesTickets>,
}

impl Common {
    pub(super) fn new() -> Result<Self, Problem> {
        let tickets = rustls::crypto::ring::Ticketer::new().map_err(unusable)?;
        Ok(Self { provider: Arc::new(rustls::crypto::ring::default_provider()), tickets })
    }
}

/// A certificate for `host`, which is a name in lower case.
pub(super) fn certificate(host: &str, authority: &Authority, now: SystemTime) -> Result<Leaf, Problem> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(unmade)?;
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    // Some clients do not like a subject without anything; the host's name belongs only into the alternative names.
    params.distinguished_name.push(DnType::OrganizationName, "Outrider");
    params.subject_alt_names = vec![SanType::DnsName(host.try_into().map_err(unmade)?)];
    params.serial_number = Some(random()?.to_vec().into());
    params.not_before = (now - BACKDATED).max(authority.from()).into();
    params.not_after = (now + LIFE).min(authority.until()).into();
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    let certificate = params.signed_by(&key, authority.issuer()).map_err(unmade)?;
    Ok(Leaf { certificate: certificate.into(), key })
}

/// How a connection to `host` is ended here.
pub(super) fn config(
    host: &str,
    authority: &Authority,
    common: &Common,
    now: SystemTime,
) -> Result<Arc<ServerConfig>, Problem> {
    let leaf = certificate(host, authority, now)?;
    let chain = std::iter::once(leaf.certificate).chain(authority.chain()).collect();
    let key = PrivateKeyDer::Pkcs8(leaf.key.serialize_der().into());
    let builder = ServerConfig::builder_with_provider(common.provider.clone());
    let builder = builder.with_safe_default_protocol_versions().map_err(unusable)?;
    let mut config = builder.with_no_client_auth().with_single_cert(chain, key).map_err(unusable)?;
    // The AWS SDK for JavaScript speaks nothing but HTTP/2, Python's clients nothing but HTTP/1.1.
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config.ticketer = common.tickets.clone();
    config.session_storage = Arc::new(NoServerSessionStorage {});
    Ok(Arc::new(config))
}

fn unusable(error: rustls::Error) -> Problem {
    Problem::new(format!("TLS cannot be set up: {error}"), "please report this")
}
