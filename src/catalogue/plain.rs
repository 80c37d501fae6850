//! Names of models without what says where and when they are served.

/// What two spellings of one model have in common: no author, no date, no `-latest`; small letters and dashes.
///
/// `anthropic/claude-sonnet-4.5` and `claude-sonnet-4-5-20250929` are both `claude-sonnet-4-5`.
pub fn plain(name: &str) -> String {
    let name = name.rsplit('/').next().unwrap_or(name);
    let lower: String =
        name.chars().map(|c| if matches!(c, '.' | '_' | ' ') { '-' } else { c.to_ascii_lowercase() }).collect();
    let (name, variant) = lower.split_once(':').map_or((&*lower, None), |(name, variant)| (name, Some(variant)));
    let name = dated(name).map_or(name, |(name, _)| name);
    let name = name.strip_suffix("-latest").unwrap_or(name).replace('@', "-");
    variant.map_or(name.clone(), |variant| format!("{name}:{variant}"))
}

/// A name that ends in a date, without it: `-20250929`, `-2025-09-29`, `@20250929`; and the date's digits.
pub fn dated(name: &str) -> Option<(&str, String)> {
    let split = |length: usize| {
        let at = name.len().checked_sub(length)?;
        let (begin, date) = (name.get(..at)?, name.get(at..)?);
        let is_date = date.strip_prefix(['-', '@'])?.starts_with("20")
            && date[1..].bytes().enumerate().all(|(place, byte)| match (length, place) {
                (11, 4 | 7) => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        (is_date && !begin.is_empty()).then(|| (begin, date.chars().filter(char::is_ascii_digit).collect()))
    };
    split(11).or_else(|| split(9))
}

/// The author that a slug begins with.
pub fn author(slug: &str) -> Option<&str> {
    slug.split_once('/').map(|(author, _)| author)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_model_are_alike() {
        for (name, expected) in [
            ("anthropic/claude-sonnet-4.5", "claude-sonnet-4-5"),
            ("claude-sonnet-4-5-20250929", "claude-sonnet-4-5"),
            ("claude-sonnet-4-5@20250929", "claude-sonnet-4-5"),
            ("gpt-4o-2024-08-06", "gpt-4o"),
            ("claude-3-7-sonnet-latest", "claude-3-7-sonnet"),
            ("meta-llama/Llama-3.3-70B-Instruct", "llama-3-3-70b-instruct"),
            ("deepseek/deepseek-r1:free", "deepseek-r1:free"),
            ("gpt-4-0613", "gpt-4-0613"),
            ("-20250929", "-20250929"),
            ("日本-20250929", "日本"),
            ("日", "日"),
            ("", ""),
        ] {
            assert_eq!(plain(name), expected, "{name}");
        }
    }
}
