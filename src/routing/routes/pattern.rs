//! Texts in which a star stands for any part.

/// A text in which `*` stands for any part. Case makes no difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(pub(super) Vec<Box<str>>);

impl Pattern {
    /// The pattern as it is written.
    pub fn new(written: &str) -> Self {
        Self(written.split('*').map(|part| part.to_ascii_lowercase().into()).collect())
    }

    /// What it says, in lower case, where it holds no `*`.
    pub(super) fn name(&self) -> Option<&str> {
        match &self.0[..] {
            [whole] => Some(whole),
            _ => None,
        }
    }

    /// Whether all of `text` is as the pattern says. Linear: each part is taken where it first comes.
    pub fn matches(&self, text: &str) -> bool {
        let [first, middle @ .., last] = &self.0[..] else {
            return self.0.first().is_some_and(|only| only.eq_ignore_ascii_case(text));
        };
        let Some(mut rest) = without_prefix(text.as_bytes(), first.as_bytes()) else { return false };
        for part in middle {
            match find(rest, part.as_bytes()) {
                Some(at) => rest = &rest[at + part.len()..],
                None => return false,
            }
        }
        rest.len().checked_sub(last.len()).is_some_and(|at| rest[at..].eq_ignore_ascii_case(last.as_bytes()))
    }
}

fn without_prefix<'t>(text: &'t [u8], prefix: &[u8]) -> Option<&'t [u8]> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    if part.is_empty() {
        return Some(0);
    }
    text.windows(part.len()).position(|window| window.eq_ignore_ascii_case(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_part() {
        for (pattern, text, expected) in [
            ("gpt-4*", "gpt-4o-mini", true),
            ("gpt-4*", "gpt-4", true),
            ("gpt-4*", "my-gpt-4", false),
            ("*-preview", "o1-PREVIEW", true),
            ("*-preview", "o1-preview-2", false),
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("a*b*c", "abc", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "acb", false),
            ("ab*ba", "aba", false),
            ("**x", "x", true),
            ("*.openai.azure.com", "Contoso.OpenAI.azure.com", true),
            ("*.openai.azure.com", "openai.azure.com", false),
        ] {
            assert_eq!(Pattern::new(pattern).matches(text), expected, "{pattern} of {text}");
        }
    }
}
