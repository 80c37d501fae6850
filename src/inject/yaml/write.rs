//! JSON as YAML that every reader takes for the same.

use std::borrow::Cow;
use std::fmt::Write;

use saphyr::{Mapping, ScalarStyle, Yaml, YamlEmitter};
use serde_json::Value;

use super::scalar;

/// A document without its `---`.
pub fn write(value: &Value) -> String {
    let mut text = String::new();
    let mut emitter = YamlEmitter::new(&mut text);
    emitter.multiline(true);
    // Writing into a text can not fail.
    let _ = emitter.dump(&node(value));
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text.strip_prefix("---\n").unwrap_or(&text).to_owned()
}

fn node(value: &Value) -> Yaml<'_> {
    match value {
        Value::Null => as_it_is("null".into()),
        Value::Bool(_) | Value::Number(_) => as_it_is(value.to_string().into()),
        Value::String(text) => string(text),
        Value::Array(list) => Yaml::Sequence(list.iter().map(node).collect()),
        Value::Object(map) => {
            Yaml::Mapping(map.iter().map(|(key, value)| (string(key), node(value))).collect::<Mapping<'_>>())
        }
    }
}

fn as_it_is(text: Cow<'_, str>) -> Yaml<'_> {
    Yaml::Representation(text, ScalarStyle::Plain, None)
}

/// The emitter quotes what a reader of YAML 1.2 would mistake. Kubernetes' mistakes more.
fn string(text: &str) -> Yaml<'_> {
    match scalar::is_ambiguous(text) || text.chars().any(is_odd) {
        true => Yaml::Representation(escaped(text).into(), ScalarStyle::DoubleQuoted, None),
        false => Yaml::Value(saphyr::Scalar::String(text.into())),
    }
}

/// Some readers end a line there, skip it, or refuse it.
fn is_odd(c: char) -> bool {
    (c.is_control() && c != '\n') || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' => escaped.push_str("\\\""),
            '\\' => escaped.push_str("\\\\"),
            '\n' => escaped.push_str("\\n"),
            '\t' => escaped.push_str("\\t"),
            c if is_odd(c) => drop(write!(escaped, "\\u{:04x}", u32::from(c))),
            c => escaped.push(c),
        }
    }
    escaped
}
