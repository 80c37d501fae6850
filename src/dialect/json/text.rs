//! Where a string ends.

use memchr::memchr;

/// The length of the rest of a string with its closing quote, or, where it goes on in the next chunk, whether that
/// begins with an escaped byte.
///
/// A search at memory speed has its price each time that it stops. So the first bytes are looked at eight by eight: most
/// names are shorter, and in JSON within JSON so is the way from quote to quote. Further on only quotes are searched
/// for, and the backslashes before them counted backwards: in prose and code a quote is several times rarer than the
/// `\n` at which a search for both would stop.
pub(super) fn end_of_text(bytes: &[u8], escaped: bool) -> Result<usize, bool> {
    let mut from = usize::from(escaped);
    loop {
        let far = from + NEAR;
        while from < far
            && let Some(eight) = bytes.get(from..).and_then(<[u8]>::first_chunk)
        {
            from += match first_stop(*eight) {
                None => eight.len(),
                Some(at) if bytes[from + at] == b'"' => return Ok(from + at + 1),
                Some(backslash) => backslash + 2,
            };
        }
        let Some(rest) = bytes.get(from..) else { return Err(true) };
        let Some(length) = memchr(b'"', rest) else { return Err(ends_in_escape(rest)) };
        if !ends_in_escape(&rest[..length]) {
            return Ok(from + length + 1);
        }
        from += length + 1;
    }
}

/// How far to look eight by eight: measured against 16 and 64, on prose, code and JSON within JSON.
const NEAR: usize = 32;

/// The place of the first quote or backslash.
fn first_stop(eight: [u8; 8]) -> Option<usize> {
    const ONES: u64 = u64::MAX / 0xff;
    let word = u64::from_le_bytes(eight);
    // The highest bit of each byte that is zero; above the first one, also of others.
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & (ONES << 7);
    let stops = zeros(word ^ (ONES * u64::from(b'"'))) | zeros(word ^ (ONES * u64::from(b'\\')));
    (stops != 0).then(|| stops.trailing_zeros() as usize / 8)
}

/// Of the backslashes at the end, the last is not itself escaped.
fn ends_in_escape(bytes: &[u8]) -> bool {
    bytes.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::end_of_text;

    /// The same, byte by byte.
    fn plainly(bytes: &[u8], mut escaped: bool) -> Result<usize, bool> {
        for (at, byte) in bytes.iter().enumerate() {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => return Ok(at + 1),
                _ => {}
            }
        }
        Err(escaped)
    }

    #[test]
    fn texts_end_where_they_end_byte_by_byte() {
        let mut random = fastrand::Rng::with_seed(7);
        for round in 0..20_000 {
            // From texts of stops alone to such as have hardly any.
            let rare = round % 40 + 1;
            let mut byte = || match random.usize(..rare) {
                0 => b"\"\\"[random.usize(..2)],
                _ => b"ab!#[]\x00\xa2\xdc\xff"[random.usize(..10)],
            };
            let bytes: Vec<u8> = (0..round % 97).map(|_| byte()).collect();
            for escaped in [false, true] {
                assert_eq!(end_of_text(&bytes, escaped), plainly(&bytes, escaped), "{bytes:?}, {escaped}");
            }
        }
    }
}
