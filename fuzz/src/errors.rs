//! A provider's error reply: status, headers and body, as in HTTP but without its version.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::canonical::Dialect;
use crate::dialect::codec;
use crate::written;

/// One error reply.
pub fn check(data: &[u8], dialect: Dialect) {
    let Some((status, headers, body)) = parts(data) else { return };
    let fault = codec::of(dialect).read_error(status, &headers, &body);
    assert!(fault.message.len() <= 4096 + 4 * body.len(), "{} bytes of words", fault.message.len());
    written::told(&fault);
}

fn parts(data: &[u8]) -> Option<(u16, HeaderMap, Bytes)> {
    let end = data.windows(2).position(|two| two == b"\n\n")?;
    let mut lines = std::str::from_utf8(&data[..end]).ok()?.lines();
    // What is no error status never comes here.
    let status = lines.next()?.parse().ok().filter(|status| (400..1000).contains(status))?;
    let header = |line: &str| {
        let (name, value) = line.split_once(": ")?;
        Some((HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_str(value).ok()?))
    };
    Some((status, lines.filter_map(header).collect(), Bytes::copy_from_slice(&data[end + 2..])))
}
