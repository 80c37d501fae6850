//! `${NAME}` and `${NAME:-default}` within a text; `$${` is a plain `${`.

/// Why a text could not be expanded.
#[derive(Debug, PartialEq, Eq)]
pub enum Unexpanded {
    /// The variable is not set and has no default.
    Missing(String),
    /// `${` without its `}`.
    Unclosed,
    /// What stands in `${}` is no variable's name.
    NotAName(String),
}

/// `text` with each reference replaced by what `variable` says, or by its default where that is nothing or empty.
pub fn expand(text: &str, variable: impl Fn(&str) -> Option<String>) -> Result<String, Unexpanded> {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        if let Some(before) = rest[..start].strip_suffix('$') {
            expanded.push_str(before);
            expanded.push_str("${");
            rest = &rest[start + 2..];
            continue;
        }
        expanded.push_str(&rest[..start]);
        let inner = &rest[start + 2..];
        let end = inner.find('}').ok_or(Unexpanded::Unclosed)?;
        expanded.push_str(&value(&inner[..end], &variable)?);
        rest = &inner[end + 1..];
    }
    expanded.push_str(rest);
    Ok(expanded)
}

fn value(reference: &str, variable: impl Fn(&str) -> Option<String>) -> Result<String, Unexpanded> {
    let (name, default) = match reference.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (reference, None),
    };
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        return Err(Unexpanded::NotAName(name.to_owned()));
    }
    match (variable(name), default) {
        (Some(value), None) => Ok(value),
        (Some(value), Some(_)) if !value.is_empty() => Ok(value),
        (_, Some(default)) => Ok(default.to_owned()),
        (None, None) => Err(Unexpanded::Missing(name.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_replaced() {
        let variable = |name: &str| match name {
            "HOST" => Some("example.com".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        };
        let check = |text, expected: Result<&str, Unexpanded>| {
            assert_eq!(expand(text, variable), expected.map(str::to_owned), "{text}");
        };
        check("plain $5", Ok("plain $5"));
        check("https://${HOST}/v1", Ok("https://example.com/v1"));
        check("${HOST}${HOST}", Ok("example.comexample.com"));
        check("${NONE:-a:b}", Ok("a:b"));
        check("${NONE:-}", Ok(""));
        check("${EMPTY:-x}", Ok("x"));
        check("${EMPTY}", Ok(""));
        check("$${HOST}", Ok("${HOST}"));
        check("${NONE}", Err(Unexpanded::Missing("NONE".into())));
        check("${HOST", Err(Unexpanded::Unclosed));
        check("${}", Err(Unexpanded::NotAName("".into())));
        check("${a b}", Err(Unexpanded::NotAName("a b".into())));
    }
}
