//! A trust store for Java.
//!
//! In its old format, JKS: a PKCS #12 store without a password is taken for an empty one by Java, and one with a
//! password needs a second setting. <https://docs.oracle.com/en/java/javase/17/docs/specs/security/standard-names.html>

use ring::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY};
use rustls::pki_types::CertificateDer;

const MAGIC: u32 = 0xFEED_FEED;
const VERSION: u32 = 2;
const TRUSTED: u32 = 2;

/// Nobody has to give it: it only goes into the checksum, which Java skips when it is given none.
const PASSWORD: &str = "changeit";

/// In the name of each entry.
pub(super) const MARK: &[u8] = b"outrider-";

/// A store that trusts these.
pub(super) fn write(certificates: &[CertificateDer<'_>]) -> Vec<u8> {
    let mut store = Vec::with_capacity(certificates.iter().map(|der| der.len() + 64).sum());
    let number = |store: &mut Vec<u8>, number: u32| store.extend(number.to_be_bytes());
    number(&mut store, MAGIC);
    number(&mut store, VERSION);
    number(&mut store, certificates.len() as u32);
    for (index, certificate) in certificates.iter().enumerate() {
        number(&mut store, TRUSTED);
        text(&mut store, &format!("outrider-{index}"));
        // When it was added: always the same, so that the same certificates make the same file.
        store.extend(0u64.to_be_bytes());
        text(&mut store, "X.509");
        number(&mut store, certificate.len() as u32);
        store.extend_from_slice(certificate);
    }
    let checksum = checksum(&store);
    store.extend(checksum);
    store
}

fn text(store: &mut Vec<u8>, text: &str) {
    store.extend((text.len() as u16).to_be_bytes());
    store.extend(text.bytes());
}

fn checksum(store: &[u8]) -> Vec<u8> {
    let mut context = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
    for unit in PASSWORD.encode_utf16() {
        context.update(&unit.to_be_bytes());
    }
    context.update(b"Mighty Aphrodite"); // as the format has it
    context.update(store);
    context.finish().as_ref().to_vec()
}
