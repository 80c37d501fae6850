//! A document without what is said in it: which are alike, so that one of them speaks for all.

use serde_json::Value;

/// Its members, the words that tell what it is, and what kind of text, number or list is in it.
pub fn shape(document: &Value) -> String {
    let mut out = String::new();
    write(document, "", &mut out);
    out
}

fn write(value: &Value, member: &str, out: &mut String) {
    match value {
        Value::Object(members) => {
            out.push('{');
            for (name, value) in members {
                out.push_str(name);
                write(value, name, out);
            }
            out.push('}');
        }
        Value::Array(elements) => {
            out.push('[');
            elements.iter().for_each(|element| write(element, member, out));
            out.push(']');
        }
        Value::String(text) => {
            let tells =
                ["type", "Type", "name", "role", "status", "object", "reason", "Reason", "effort", "tier", "format"];
            let is_word = tells.iter().any(|word| member.ends_with(word));
            out.push_str(if is_word { text } else { kind(text) });
        }
        Value::Number(number) => out.push_str(if number.is_f64() { "0.5" } else { "1" }),
        other => out.push_str(&other.to_string()),
    }
}

/// What a dialect may be choosy about.
fn kind(text: &str) -> &str {
    match text.split_once(':') {
        _ if text.is_empty() => "''",
        _ if text.starts_with('{') => "'{'",
        Some((scheme @ ("data" | "http" | "https" | "gs" | "s3"), _)) => scheme,
        _ => "'x'",
    }
}
