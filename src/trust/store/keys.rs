//! Which key is whose.

use std::path::Path;

use rcgen::KeyPair;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::trust::{Authority, Problem};

/// The certificates of a file: at least one.
pub(super) fn certificates(file: &[u8], path: &Path) -> Result<Vec<CertificateDer<'static>>, Problem> {
    let wrong = |what: &str| {
        let what = format!("{}: {what}", path.display());
        Problem::new(what, "give a PEM file with the certificate of the authority")
    };
    let found = CertificateDer::pem_slice_iter(file).collect::<Result<Vec<_>, _>>();
    let found = found.map_err(|error| wrong(&format!("this is not PEM: {error}")))?;
    if found.is_empty() {
        return Err(wrong("there is no certificate in this file"));
    }
    Ok(found)
}

/// Each certificate that has a key in `file` with that key: at least one. What an error says never quotes the file.
pub(super) fn pair(
    certificates: &[CertificateDer<'static>],
    file: &[u8],
    cert: &Path,
    key: &Path,
) -> Result<Vec<Authority>, Problem> {
    let keys = read(file).ok_or_else(|| {
        let what = format!("{}: there is no key in this file that can be used", key.display());
        Problem::new(what, "give it in PEM as unencrypted PKCS #8: openssl pkcs8 -topk8 -nocrypt")
    })?;
    let mut authorities = Vec::new();
    for certificate in certificates {
        for key in &keys {
            let key = KeyPair::try_from(key).map_err(super::super::authority::unmade)?;
            match Authority::read(certificate.clone(), key) {
                Ok(authority) => authorities.push(authority),
                Err(problem) if problem == super::super::authority::other_key() => continue,
                Err(Problem { what, help }) => return Err(Problem::new(format!("{}: {what}", cert.display()), help)),
            }
            break;
        }
    }
    if authorities.is_empty() {
        let what = format!("the key {} is not that of the certificate {}", key.display(), cert.display());
        return Err(Problem::new(what, "give the two that belong together"));
    }
    Ok(authorities)
}

fn read(file: &[u8]) -> Option<Vec<PrivateKeyDer<'static>>> {
    let keys = PrivateKeyDer::pem_slice_iter(file).collect::<Result<Vec<_>, _>>().ok()?;
    (!keys.is_empty() && keys.iter().all(|key| KeyPair::try_from(key).is_ok())).then_some(keys)
}
