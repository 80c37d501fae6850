//! JSON laid out for the eye: every token as it was written, so that the order of keys and the digits of numbers show.

use outrider::canonical::Raw;
use serde_json::value::RawValue;

/// What may stand on one line.
const WIDTH: usize = 116;

/// `json` on as many lines as it needs.
pub fn laid_out(json: &str) -> String {
    let mut out = String::new();
    value(json, 0, &mut out);
    out
}

fn value(json: &str, depth: usize, out: &mut String) {
    let short = on_one_line(json);
    if short.len() + 2 * depth <= WIDTH || !json.trim_start().starts_with(['{', '[']) {
        out.push_str(&short);
        return;
    }
    let (open, close, parts) = parts(json);
    out.push(open);
    for (index, (name, part)) in parts.iter().enumerate() {
        out.push_str(if index == 0 { "\n" } else { ",\n" });
        out.push_str(&"  ".repeat(depth + 1));
        out.push_str(name);
        value(part.get(), depth + 1, out);
    }
    out.push('\n');
    out.push_str(&"  ".repeat(depth));
    out.push(close);
}

/// Without white space, but for one behind each comma and colon.
pub fn on_one_line(json: &str) -> String {
    let (mut out, mut in_string, mut escaped) = (String::new(), false, false);
    for character in json.chars() {
        if !in_string && character.is_whitespace() {
            continue;
        }
        out.push(character);
        match character {
            _ if escaped => escaped = false,
            '\\' if in_string => escaped = true,
            '"' => in_string = !in_string,
            ',' | ':' if !in_string => out.push(' '),
            _ => {}
        }
    }
    out
}

/// The members of an object with their names, or the elements of an array.
fn parts(json: &str) -> (char, char, Vec<(String, Box<RawValue>)>) {
    let owned = |raw: Raw<'_>| RawValue::from_string(raw.as_str().to_owned()).unwrap();
    if json.trim_start().starts_with('[') {
        let elements: Vec<Raw<'_>> = serde_json::from_str(json).unwrap();
        return ('[', ']', elements.into_iter().map(|raw| (String::new(), owned(raw))).collect());
    }
    let members: outrider::dialect::wire::Members<'_> = serde_json::from_str(json).unwrap();
    let named = |name: &str| serde_json::to_string(name).unwrap() + ": ";
    ('{', '}', members.0.into_iter().map(|(name, raw)| (named(&name), owned(raw))).collect())
}

#[test]
fn tokens_stay_as_they_are() {
    let json = r#"{"b":1.50,"a":[1e2,"x\"y, z"],"n":12345678901234567890123}"#;
    assert_eq!(laid_out(json), r#"{"b": 1.50, "a": [1e2, "x\"y, z"], "n": 12345678901234567890123}"#);
    let long = format!(r#"{{"a":"{}","b":{{}}}}"#, "x".repeat(200));
    assert_eq!(laid_out(&long), format!("{{\n  \"a\": \"{}\",\n  \"b\": {{}}\n}}", "x".repeat(200)));
}
