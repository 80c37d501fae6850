//! The webhook's certificate, which is replaced while it serves.

use std::io;
use std::path::Path;
use std::sync::Arc;

use arc_swap::ArcSwap;
use pingora_rustls::sign::CertifiedKey;
use pingora_rustls::{ClientHello, CryptoProvider, ResolvesServerCert};
use pingora_rustls::{install_default_crypto_provider, load_certs_and_key_files};

/// The certificate in use.
#[derive(Debug)]
pub(super) struct Certificate(ArcSwap<CertifiedKey>);

impl Certificate {
    /// Reads the files of a chain and its key.
    pub fn load(certificate: &Path, key: &Path) -> io::Result<Self> {
        install_default_crypto_provider();
        Ok(Self(ArcSwap::from_pointee(read(certificate, key)?)))
    }

    /// Reads them again; connections from now on see what is there now.
    pub fn reload(&self, certificate: &Path, key: &Path) -> io::Result<()> {
        self.0.store(Arc::new(read(certificate, key)?));
        Ok(())
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

fn read(certificate: &Path, key: &Path) -> io::Result<CertifiedKey> {
    let files = format!("{} and {}", certificate.display(), key.display());
    let bad = |what: &str| io::Error::new(io::ErrorKind::InvalidData, format!("{files}: {what}"));
    let (Some(certificate), Some(key)) = (certificate.to_str(), key.to_str()) else {
        return Err(bad("names that are no text"));
    };
    let (chain, key) = match load_certs_and_key_files(certificate, key) {
        Ok(Some(read)) => read,
        Ok(None) => return Err(bad("no certificate, or no key")),
        Err(error) => return Err(bad(&error.to_string())),
    };
    if chain.is_empty() {
        return Err(bad("no certificate"));
    }
    let provider = CryptoProvider::get_default().ok_or_else(|| bad("no cryptography"))?;
    // Refuses a key that is another certificate's, too.
    CertifiedKey::from_der(chain, key, provider).map_err(|error| bad(&error.to_string()))
}
