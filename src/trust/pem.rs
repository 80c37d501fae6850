//! Certificates and keys as text.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Line length of RFC 7468.
const LINE: usize = 64;

/// One certificate.
pub(super) fn certificate(der: &[u8]) -> String {
    block("CERTIFICATE", der)
}

/// One key, in PKCS #8.
pub(super) fn key(der: &[u8]) -> String {
    block("PRIVATE KEY", der)
}

fn block(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut block = String::with_capacity(text.len() + text.len() / LINE + 64);
    let _ = writeln!(block, "-----BEGIN {label}-----");
    for start in (0..text.len()).step_by(LINE) {
        let _ = writeln!(block, "{}", &text[start..text.len().min(start + LINE)]);
    }
    let _ = writeln!(block, "-----END {label}-----");
    block
}
