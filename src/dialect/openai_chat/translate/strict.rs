//! Whether a schema is one that OpenAI can follow exactly.

use serde_json::Value;

/// OpenAI refuses deeper ones anyway, and recursion needs an end.
const DEEPEST: usize = 32;

/// Every object in the schema names all its properties as required and forbids others: without that a strict schema is
/// answered with a 400, where other vendors take it.
pub(super) fn holds(schema: &str) -> bool {
    serde_json::from_str(schema).is_ok_and(|schema| all(&schema, 0))
}

fn all(schema: &Value, depth: usize) -> bool {
    if depth > DEEPEST {
        return false;
    }
    let below = |value: &Value| all(value, depth + 1);
    match schema {
        Value::Array(list) => list.iter().all(below),
        Value::Object(members) => {
            let properties = members.get("properties").and_then(Value::as_object);
            let is_object = properties.is_some() || members.get("type").is_some_and(|kind| kind == "object");
            if is_object && members.get("additionalProperties") != Some(&Value::Bool(false)) {
                return false;
            }
            let required = members.get("required").and_then(Value::as_array);
            let is_required = |name: &String| required.is_some_and(|list| list.iter().any(|one| one == name));
            let defined =
                |name: &str| members.get(name).and_then(Value::as_object).into_iter().flat_map(|m| m.values());
            properties.is_none_or(|properties| properties.keys().all(is_required))
                && ["properties", "$defs", "definitions"].into_iter().flat_map(defined).all(below)
                && ["items", "anyOf", "prefixItems"].into_iter().filter_map(|name| members.get(name)).all(below)
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_closed_objects_hold() {
        for (schema, expected) in [
            (r#"{"type":"object","properties":{"a":{}},"required":["a"],"additionalProperties":false}"#, true),
            (r#"{"type":"object","properties":{"a":{}},"additionalProperties":false}"#, false),
            (r#"{"type":"object","properties":{"a":{}},"required":["a"]}"#, false),
            (r#"{"type":"array","items":{"type":"object","properties":{}}}"#, false),
            (r#"{"$defs":{"x":{"type":"object"}},"type":"string"}"#, false),
            (r#"{"type":"string"}"#, true),
            ("{", false),
        ] {
            assert_eq!(holds(schema), expected, "{schema}");
        }
        let deep = "[".repeat(100) + &"]".repeat(100);
        assert!(!holds(&deep));
    }
}
