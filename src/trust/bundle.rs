//! The public authorities, to which ours are added.
//!
//! The variables that make a client trust a file make it trust nothing else: a bundle with ours alone would cut an
//! application off from every other host.

use std::path::Path;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::files;

/// Where systems have theirs: Debian and Alpine, Fedora, openSUSE, macOS and BSD.
const SYSTEM: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// Whether a file is the system's: naming it changes nothing.
pub fn is_systems(file: &Path) -> bool {
    SYSTEM.iter().any(|known| Path::new(known) == file)
}

/// Whom clients trust anyway.
#[derive(Debug)]
pub struct Roots {
    certificates: Vec<CertificateDer<'static>>,
}

impl Roots {
    /// The system's; where it has none, as in an empty image, Mozilla's as of this version. And those of `files`, which
    /// the user has named in variables that are about to name our bundle.
    pub fn find<'a>(files: impl IntoIterator<Item = &'a Path>) -> Self {
        Self::from_files(&SYSTEM.map(Path::new), files)
    }

    fn from_files<'a>(system: &[&Path], more: impl IntoIterator<Item = &'a Path>) -> Self {
        let found = system.iter().map(|file| certificates(file)).find(|found| !found.is_empty());
        let mut certificates = found.unwrap_or_else(|| webpki_root_certs::TLS_SERVER_ROOT_CERTS.to_vec());
        for file in more {
            add(&mut certificates, self::certificates(file));
        }
        Self { certificates }
    }

    /// These and `others`, each once.
    pub(super) fn with(&self, others: &[CertificateDer<'static>]) -> Vec<CertificateDer<'static>> {
        let mut all = self.certificates.clone();
        add(&mut all, others.iter().cloned());
        all
    }
}

fn add(all: &mut Vec<CertificateDer<'static>>, more: impl IntoIterator<Item = CertificateDer<'static>>) {
    let mut known: std::collections::HashSet<_> = all.iter().cloned().collect();
    all.extend(more.into_iter().filter(|certificate| known.insert(certificate.clone())));
}

/// The certificates of a file, without what cannot be read.
fn certificates(file: &Path) -> Vec<CertificateDer<'static>> {
    let content = files::read(file).ok().flatten().unwrap_or_default();
    CertificateDer::pem_slice_iter(&content).filter_map(Result::ok).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mozillas_stand_in_where_the_system_has_none() {
        let none = Roots::from_files(&[Path::new("/nowhere")], []);
        assert_eq!(none.certificates.len(), webpki_root_certs::TLS_SERVER_ROOT_CERTS.len());
        assert!(none.certificates.len() > 100);
    }

    #[test]
    fn each_is_there_once() {
        let folder = tempfile::tempdir().unwrap();
        let of = |name: &str, certificates: &[CertificateDer<'static>]| {
            let path = folder.path().join(name);
            let text: String = certificates.iter().map(|der| super::super::pem::certificate(der)).collect();
            std::fs::write(&path, text + "no PEM\n").unwrap();
            path
        };
        let [a, b, c] = [0, 1, 2].map(|n| webpki_root_certs::TLS_SERVER_ROOT_CERTS[n].clone());
        let (system, user) = (of("system", &[a.clone(), b.clone()]), of("user", &[b.clone(), c.clone()]));
        let roots = Roots::from_files(&[&system], [&*user, Path::new("/nowhere")]);
        assert_eq!(roots.certificates, [a.clone(), b.clone(), c.clone()]);
        assert_eq!(roots.with(&[c.clone(), c.clone()]), [a, b, c]);
    }
}
