//! What a plain word of YAML means to Kubernetes.

use serde_json::{Number, Value};

/// The value of a scalar that stands there without quotes.
pub(super) fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" | "y" | "Y" => Value::Bool(true),
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" | "n" | "N" => Value::Bool(false),
        _ => number(text).map_or_else(|| Value::String(text.to_owned()), Value::Number),
    }
}

/// Whether the word has to be quoted to mean itself, also to readers that take more for numbers or dates than we do.
pub(super) fn is_ambiguous(text: &str) -> bool {
    let of_numbers = |c: char| c.is_ascii_digit() || "_.+-:eE".contains(c);
    let of_dates = |c: char| c.is_ascii_digit() || "-:.+tTzZ ".contains(c);
    let like_either = text.chars().all(of_numbers) || text.chars().all(of_dates);
    let is_address = text.parse::<std::net::Ipv4Addr>().is_ok();
    !plain(text).is_string() || (like_either && text.contains(|c: char| c.is_ascii_digit()) && !is_address)
}

fn number(text: &str) -> Option<Number> {
    let first = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !first.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    let plain: String = text.chars().filter(|c| *c != '_').collect();
    integer(&plain).or_else(|| float(&plain))
}

fn integer(text: &str) -> Option<Number> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'o' | b'O', ..] => (8, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        [b'0', b'0'..=b'7', ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    if !digits.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return None; // `from_str_radix` takes a sign
    }
    let size = u64::from_str_radix(digits, radix).ok()?;
    match negative {
        true => 0i64.checked_sub_unsigned(size).map(Number::from),
        false => Some(size.into()),
    }
}

/// Rust's words for what is no number begin with letters, so they are none here.
fn float(text: &str) -> Option<Number> {
    let good = text.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-'));
    Number::from_f64(text.parse().ok().filter(|_| good)?)
}
