//! What may stand in an annotation or a flag, and what it has to be where it is something else.

/// Items between commas.
pub(super) fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty())
}

/// A name as Kubernetes takes it for a ConfigMap or a Secret.
pub(super) fn name(text: &str) -> Result<String, &'static str> {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
    match (1..=253).contains(&text.len()) && text.chars().all(good) {
        true => Ok(text.to_owned()),
        false => Err("the name of a ConfigMap"),
    }
}

/// A name that a registry may have; the kubelet says the rest.
pub(super) fn image(text: &str) -> Result<String, &'static str> {
    match !text.is_empty() && text.len() <= 512 && text.chars().all(|c| c.is_ascii_graphic()) {
        true => Ok(text.to_owned()),
        false => Err("the name of an image"),
    }
}

/// Roughly what Kubernetes takes; the API server says the rest.
pub(super) fn quantity(text: &str) -> Result<String, &'static str> {
    let good = text.len() <= 20
        && text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '.');
    if good { Ok(text.to_owned()) } else { Err("a quantity, as 100m or 64Mi") }
}

/// `NAME=value`, one a line.
pub(super) fn variables(text: &str) -> Result<Vec<(String, String)>, &'static str> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let pair = |line: &str| {
        let (name, value) = line.split_once('=').ok_or("NAME=value, one a line")?;
        let good = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
        if good { Ok((name.to_owned(), value.to_owned())) } else { Err("NAME=value, one a line") }
    };
    lines.map(pair).collect()
}
