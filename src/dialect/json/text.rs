//! Where a string ends.

use memchr::memchr;

/// The length of the rest of a string with its closing quote, or, where it goes on in the next chunk, whether that
/// begins with an escaped byte.
///
/// A search at memory speed has its price each time that it stops. So the first bytes are looked at one by one: most
/// names are shorter, and in JSON within JSON so is the way from quote to quote. Further on only quotes are searched
/// for, and the backslashes before them counted backwards: in prose and code a quote is several times rarer than the
/// `\n` at which a search for both would stop.
pub(super) fn end_of_text(bytes: &[u8], escaped: bool) -> Result<usize, bool> {
    let mut from = usize::from(escaped);
    loop {
        let near = bytes.len().min(from + NEAR);
        while from < near {
            match bytes[from] {
                b'"' => return Ok(from + 1),
                b'\\' => from += 2,
                _ => from += 1,
            }
        }
        let Some(rest) = bytes.get(from..) else { return Err(true) };
        let Some(length) = memchr(b'"', rest) else { return Err(ends_in_escape(rest)) };
        if !ends_in_escape(&rest[..length]) {
            return Ok(from + length + 1);
        }
        from += length + 1;
    }
}

/// How far to look byte by byte: measured against 8 and 32, on prose, code and JSON within JSON.
const NEAR: usize = 16;

/// Of the backslashes at the end, the last is not itself escaped.
fn ends_in_escape(bytes: &[u8]) -> bool {
    bytes.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}
