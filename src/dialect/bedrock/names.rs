//! Names of tools as Converse allows them.

use crate::canonical::{Str, fnv};

/// The most letters of a tool's name, and of a call's id.
pub(super) const LONGEST: usize = 64;

/// A tool's name where only `[A-Za-z0-9_-]` and at most 64 are allowed: unchanged if it fits, else one made from it,
/// always the same, and different for different names. The answer will have the made one.
pub fn fitting_name(name: &str) -> Str<'_> {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
    if !name.is_empty() && name.len() <= LONGEST && name.chars().all(fits) {
        return Str::new(name);
    }
    let mut made: String =
        name.chars().map(|letter| if fits(letter) { letter } else { '_' }).take(LONGEST - 9).collect();
    made.push_str(&format!("_{:08x}", fnv(name.as_bytes()) as u32));
    made.into()
}
