//! Google's own form of schemas read as JSON Schema, which everybody else speaks.

use serde_json::{Map, Number, Value};

use crate::canonical::Raw;

/// Deeper schemas are left as they are.
const DEEPEST: usize = 64;

/// The types by the numbers that some clients send.
const TYPES: [&str; 8] = ["", "string", "number", "integer", "boolean", "array", "object", "null"];

/// The schema as JSON Schema: as it is where it is that already.
pub(super) fn from_openapi(schema: Raw<'_>) -> Raw<'_> {
    let mut tree = schema.tree();
    let mut changed = false;
    convert(&mut tree, 0, &mut changed);
    if !changed {
        return schema;
    }
    Raw::write(&tree).unwrap_or(schema)
}

fn convert(schema: &mut Value, depth: usize, changed: &mut bool) {
    let Value::Object(schema) = schema else { return };
    if depth > DEEPEST {
        return;
    }
    camel_names(schema, changed);
    if let Some(kind) = schema.get_mut("type") {
        plain_type(kind, changed);
    }
    for name in ["minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties"] {
        if let Some(count) = schema.get_mut(name) {
            plain_count(count, changed);
        }
    }
    *changed |= schema.shift_remove("propertyOrdering").is_some();
    if let Some(example) = schema.shift_remove("example") {
        *changed = true;
        schema.insert("examples".to_owned(), Value::Array(vec![example]));
    }
    if let Some(nullable) = schema.shift_remove("nullable") {
        *changed = true;
        if nullable == Value::Bool(true) {
            allow_null(schema);
        }
    }
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        properties.values_mut().for_each(|property| convert(property, depth + 1, changed));
    }
    if let Some(items) = schema.get_mut("items") {
        convert(items, depth + 1, changed);
    }
    if let Some(Value::Array(branches)) = schema.get_mut("anyOf") {
        branches.iter_mut().for_each(|branch| convert(branch, depth + 1, changed));
    }
}

/// Members in snake case.
fn camel_names(schema: &mut Map<String, Value>, changed: &mut bool) {
    const NAMES: [(&str, &str); 8] = [
        ("any_of", "anyOf"),
        ("property_ordering", "propertyOrdering"),
        ("min_items", "minItems"),
        ("max_items", "maxItems"),
        ("min_length", "minLength"),
        ("max_length", "maxLength"),
        ("min_properties", "minProperties"),
        ("max_properties", "maxProperties"),
    ];
    for (snake, camel) in NAMES {
        if let Some(value) = schema.shift_remove(snake) {
            schema.insert(camel.to_owned(), value);
            *changed = true;
        }
    }
}

fn plain_type(kind: &mut Value, changed: &mut bool) {
    let plain = match &*kind {
        Value::String(name) if name.bytes().any(|byte| byte.is_ascii_uppercase()) => name.to_ascii_lowercase(),
        Value::Number(number) => {
            let index = number.as_u64().and_then(|number| usize::try_from(number).ok());
            index.and_then(|index| TYPES.get(index)).copied().unwrap_or_default().to_owned()
        }
        _ => return,
    };
    *kind = Value::String(plain);
    *changed = true;
}

/// Counts are 64 bits wide, and so come as strings.
fn plain_count(count: &mut Value, changed: &mut bool) {
    if let Value::String(text) = count
        && let Ok(number) = text.parse::<u64>()
    {
        *count = Value::Number(Number::from(number));
        *changed = true;
    }
}

fn allow_null(schema: &mut Map<String, Value>) {
    if let Some(kind @ Value::String(_)) = schema.get_mut("type") {
        *kind = Value::Array(vec![kind.take(), Value::String("null".to_owned())]);
    } else if let Some(Value::Array(branches)) = schema.get_mut("anyOf") {
        branches.push(serde_json::json!({"type": "null"}));
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum")
        && !values.contains(&Value::Null)
    {
        values.push(Value::Null);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn googles_schemas_become_plain_ones() {
        let check = |schema: &str, expected: &str| {
            assert_eq!(from_openapi(Raw::parse(schema).unwrap()).as_str(), expected);
        };
        let plain = r#"{"type": "object",  "properties":{"n":{"type":"integer","maximum":18446744073709551617}}}"#;
        check(plain, plain);
        check(
            r#"{"type":"OBJECT","properties":{"a":{"type":"STRING","nullable":true},"type":{"type":6}},"propertyOrdering":["a"]}"#,
            r#"{"type":"object","properties":{"a":{"type":["string","null"]},"type":{"type":"object"}}}"#,
        );
        check(
            r#"{"any_of":[{"type":"ARRAY","items":{"type":"Number"},"minItems":"2"}],"nullable":true}"#,
            r#"{"anyOf":[{"type":"array","items":{"type":"number"},"minItems":2},{"type":"null"}]}"#,
        );
    }
}
