//! Names of calls where a provider gives none, or one that another dialect forbids.

use super::Str;

/// An id for the `index`th call of an answer whose provider names none: the same answer gives the same id, so that
/// what the client sends back is recognised. Fits every dialect but Mistral's.
pub fn made_up_id(answer: &str, index: usize) -> String {
    format!("call_{:016x}{index:04x}", fnv(answer.as_bytes()))
}

/// `id` as it may be written where only `[A-Za-z0-9_-]` and at most `longest` are allowed: unchanged if it fits, else
/// one made from it, always the same, so that calls and results stay pairs.
pub fn fitting_id<'a>(id: &'a str, longest: usize) -> Str<'a> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if !id.is_empty() && id.len() <= longest && id.bytes().all(fits) {
        return Str::new(id);
    }
    let mut made = format!("call_{:016x}", fnv(id.as_bytes()));
    made.truncate(longest);
    made.into()
}

/// FNV-1a: no secret depends on it.
pub fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_fit_and_stay_the_same() {
        assert_eq!(fitting_id("toolu_01-A", 64), "toolu_01-A");
        let odd = fitting_id("functions.get_weather:0", 64);
        assert_eq!(odd, fitting_id("functions.get_weather:0", 64));
        assert!(odd.starts_with("call_") && odd.len() == 21, "{odd}");
        assert_ne!(odd, fitting_id("functions.get_weather:1", 64));
        assert_eq!(fitting_id("call_123", 9).len(), 8);
        assert_eq!(fitting_id("", 64).len(), 21);
        assert_ne!(made_up_id("resp_1", 0), made_up_id("resp_1", 1));
    }
}
