//! "Did you mean": the known names nearest to one that is not known.

/// Up to `most` of `known`, the nearest first; none that is farther than a slip of the finger or a shared beginning.
pub fn nearest<'a>(wanted: &str, known: impl IntoIterator<Item = &'a str>, most: usize) -> Vec<&'a str> {
    let wanted = wanted.to_lowercase();
    let mut near: Vec<(f64, &str)> = known
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&wanted, &name.to_lowercase()), name))
        .filter(|(similar, _)| *similar >= ENOUGH)
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    near.dedup_by_key(|(_, name)| *name);
    near.truncate(most);
    near.into_iter().map(|(_, name)| name).collect()
}

/// Below this, Jaro-Winkler starts to call names alike that merely share letters (`admin` and `auth` reach 0.78).
const ENOUGH: f64 = 0.8;

/// `names` as a sentence lists them: "`a`, `b`".
pub fn quoted<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_found_and_strangers_are_not() {
        let known = ["providers", "models", "listen", "body_limit", "gpt-5", "gpt-5-mini"];
        let check = |wanted, expected: &[&str]| assert_eq!(nearest(wanted, known, 3), expected, "{wanted}");
        check("provider", &["providers"]);
        check("Models", &["models"]);
        check("bodylimit", &["body_limit"]);
        check("gpt5", &["gpt-5", "gpt-5-mini"]);
        check("intercept", &[]);
        check("", &[]);
    }
}
