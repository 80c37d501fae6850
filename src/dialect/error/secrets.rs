//! Keeps credentials out of messages.
//!
//! Providers echo a refused key, whole or with asterisks in its middle; the message goes to clients and logs.

/// What keys of the known providers begin with.
const PREFIXES: [&str; 12] =
    ["sk-", "sk_", "gsk_", "xai-", "AIza", "pplx-", "nvapi-", "fw_", "csk-", "hf_", "tgp_", "key-"];

/// Shorter than any key, long enough for no word.
const SHORTEST: usize = 8;

/// The text without what looks like a key; `None` where nothing does.
pub(super) fn cleared(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut copied = 0;
    let mut before = "";
    for (at, word) in words(text) {
        if is_secret(word, before) {
            out.push_str(&text[copied..at]);
            out.push_str("[redacted]");
            copied = at + word.len();
        }
        before = word;
    }
    out.push_str(&text[copied..]);
    (copied > 0).then_some(out)
}

fn is_secret(word: &str, before: &str) -> bool {
    let long = word.len() >= SHORTEST;
    let known = PREFIXES.iter().any(|prefix| word.starts_with(prefix));
    let bearer = before.eq_ignore_ascii_case("bearer");
    word.contains("***") || long && (known || bearer)
}

/// Runs of the characters that keys are made of, with their place.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let of_a_key = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '*' | '+' | '/' | '=' | '~');
    let mut at = 0;
    std::iter::from_fn(move || {
        at += text[at..].find(of_a_key)?;
        let rest = &text[at..];
        let word = &rest[..rest.find(|c| !of_a_key(c)).unwrap_or(rest.len())];
        let found = (at, word.trim_end_matches('.'));
        at += word.len();
        Some(found)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_cleared_and_words_are_not() {
        let check = |text: &str, expected: Option<&str>| assert_eq!(cleared(text).as_deref(), expected, "{text}");
        check(
            "Incorrect API key provided: sk-fake-key. You can",
            Some("Incorrect API key provided: [redacted]. You can"),
        );
        check("provided: sk-proj-****abcd.", Some("provided: [redacted]."));
        check("key ab****yz", Some("key [redacted]"));
        check(r#"{"Authorization":"Bearer eyJhbGci.x-y_z="}"#, Some(r#"{"Authorization":"Bearer [redacted]"}"#));
        check("gsk_abcdefgh and AIzaSyA1234", Some("[redacted] and [redacted]"));
        check("é sk-é", None);
        check("Use `Bearer` auth: a key begins with sk-.", None);
        check("a risk-averse model, request req_0123456789abcdef", None);
        check("", None);
    }
}
