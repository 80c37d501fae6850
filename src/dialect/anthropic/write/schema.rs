//! JSON schemas as this dialect takes them.

use serde_json::{Map, Value, json};

use crate::canonical::{Lost, Raw};

/// Keywords that structured outputs take.
const TAKEN: [&str; 17] = [
    "type",
    "properties",
    "required",
    "items",
    "enum",
    "const",
    "anyOf",
    "allOf",
    "$ref",
    "$defs",
    "definitions",
    "additionalProperties",
    "title",
    "description",
    "default",
    "format",
    "pattern",
];
/// Keywords that say nothing about the answer.
const IDLE: [&str; 9] =
    ["$schema", "$id", "$comment", "$anchor", "examples", "deprecated", "readOnly", "writeOnly", "propertyOrdering"];
/// Formats of strings that are taken.
const FORMATS: [&str; 9] = ["date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "uuid"];
const IPV6: &str = "ipv6";

/// The schema as structured outputs take it: no object may have members that it does not name, and what is not taken
/// is left out, told to the model in the description, and named in `lost`.
pub(super) fn structured(schema: &Raw<'_>, lost: &mut Lost) -> Raw<'static> {
    let mut tree = schema.tree();
    clean(&mut tree, lost);
    Raw::write(&tree).unwrap_or_else(|| schema.clone().into_owned())
}

/// Serde has bounded the depth when it read the tree.
fn clean(schema: &mut Value, lost: &mut Lost) {
    let Value::Object(object) = schema else { return };
    if let Some(one) = object.remove("oneOf") {
        object.entry("anyOf").or_insert(one); // the nearest
    }
    let mut told = Vec::new();
    object.retain(|name, value| {
        if taken(name, value) {
            return true;
        }
        if !IDLE.contains(&name.as_str()) {
            lost.add(format!("schema.{name}"));
            told.push(format!("{name}: {value}"));
        }
        false
    });
    if !told.is_empty() {
        let before = object.get("description").and_then(Value::as_str).map(|text| format!("{text} "));
        let told = format!("{}({})", before.unwrap_or_default(), told.join(", "));
        object.insert("description".to_owned(), told.into());
    }
    if object.contains_key("properties") || object.get("type").is_some_and(is_object_type) {
        let open = object.insert("additionalProperties".to_owned(), false.into());
        if open.is_some_and(|open| open != Value::Bool(false)) {
            lost.add("schema.additionalProperties".to_owned());
        }
        object.entry("type").or_insert_with(|| "object".into());
    }
    below(object, lost);
}

/// Whether a keyword is taken with this value.
fn taken(name: &str, value: &Value) -> bool {
    match name {
        "format" => value.as_str().is_some_and(|format| FORMATS.contains(&format) || format == IPV6),
        // No look-around, no back references, no word boundaries.
        "pattern" => value.as_str().is_some_and(|pattern| {
            let beyond = ["(?=", "(?!", "(?<", "\\b", "\\B", "\\1", "\\2", "\\k"];
            !beyond.iter().any(|what| pattern.contains(what))
        }),
        "minItems" => value.as_u64().is_some_and(|least| least <= 1),
        _ => TAKEN.contains(&name),
    }
}

fn is_object_type(kind: &Value) -> bool {
    kind == "object" || kind.as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == "object"))
}

fn below(object: &mut Map<String, Value>, lost: &mut Lost) {
    for (name, value) in object {
        match (name.as_str(), value) {
            ("properties" | "$defs" | "definitions", Value::Object(named)) => {
                named.values_mut().for_each(|schema| clean(schema, lost));
            }
            ("anyOf" | "allOf" | "items", Value::Array(list)) => {
                list.iter_mut().for_each(|schema| clean(schema, lost));
            }
            ("items", schema) => clean(schema, lost),
            _ => {}
        }
    }
}

/// A tool's schema: as it was written where it is one of an object, else made into one. Alternatives are not taken at
/// the top: the members of all of them are allowed then.
pub(super) fn of_tool(schema: Option<&Raw<'_>>, lost: &mut Lost) -> Raw<'static> {
    const ALTERNATIVES: [&str; 3] = ["anyOf", "oneOf", "allOf"];
    let mut object = match schema.map(Raw::tree) {
        Some(Value::Object(object)) => object,
        _ => Map::new(),
    };
    let mut properties = match object.remove("properties") {
        Some(Value::Object(properties)) => properties,
        _ => Map::new(),
    };
    for name in ALTERNATIVES {
        let Some(Value::Array(list)) = object.remove(name) else { continue };
        lost.add(format!("schema.{name}"));
        for one in list {
            if let Value::Object(mut one) = one
                && let Some(Value::Object(more)) = one.remove("properties")
            {
                more.into_iter().for_each(|(name, schema)| _ = properties.entry(name).or_insert(schema));
            }
        }
    }
    object.remove("type");
    let mut whole =
        Map::from_iter([("type".to_owned(), json!("object")), ("properties".to_owned(), properties.into())]);
    whole.extend(object);
    Raw::write(&whole).unwrap_or_else(|| Raw::from(serde_json::value::RawValue::NULL.to_owned()))
}

/// Whether a tool's schema can be passed as it was written.
pub(super) fn fits_tool(schema: &Raw<'_>) -> bool {
    #[derive(serde::Deserialize)]
    struct Top<'a> {
        #[serde(borrow, rename = "type")]
        kind: Option<&'a serde_json::value::RawValue>,
        #[serde(borrow, rename = "anyOf")]
        any: Option<&'a serde_json::value::RawValue>,
        #[serde(borrow, rename = "oneOf")]
        one: Option<&'a serde_json::value::RawValue>,
        #[serde(borrow, rename = "allOf")]
        all: Option<&'a serde_json::value::RawValue>,
    }
    schema.read::<Top<'_>>().is_ok_and(|top| {
        let object = top.kind.is_some_and(|kind| kind.get() == "\"object\"");
        object && top.any.is_none() && top.one.is_none() && top.all.is_none()
    })
}
