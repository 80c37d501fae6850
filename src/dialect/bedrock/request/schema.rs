//! The schema of an answer, and what is done for models that take none.

use serde::Serialize;
use serde_json::Value;

use super::super::models::Family;
use super::super::names::fitting_name;
use crate::canonical::{Format, Lost, Raw, Str};

/// `outputConfig.textFormat`
#[derive(Serialize)]
pub(super) struct TextFormat<'r> {
    #[serde(rename = "type")]
    kind: &'static str,
    structure: Structure<'r>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Structure<'r> {
    json_schema: JsonSchema<'r>,
}

#[derive(Serialize)]
struct JsonSchema<'r> {
    /// JSON as text.
    schema: Str<'r>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<Str<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'r str>,
}

/// The form of the answer, said in whichever way the model understands.
pub(super) enum Said<'r> {
    /// As a member.
    Member(TextFormat<'r>),
    /// In words at the end of the system prompt.
    Words(String),
}

/// What is to be said of it.
pub(super) fn write<'r>(format: &'r Format<'_>, family: Family, lost: &mut Lost) -> Option<Said<'r>> {
    match format {
        Format::Text => None,
        Format::JsonObject => {
            let words = "Answer with one JSON object and nothing else: no words before or after it, no code fence.";
            Some(Said::Words(words.to_owned()))
        }
        Format::JsonSchema { name, description, schema, .. } if family.has_schemas() => {
            let name = name.as_deref().map(fitting_name);
            let description = description.as_deref().filter(|text| !text.trim().is_empty());
            let schema = if family.is_claude() { closed(schema, lost) } else { Str::new(schema.as_str()) };
            let structure = Structure { json_schema: JsonSchema { schema, name, description } };
            Some(Said::Member(TextFormat { kind: "json_schema", structure }))
        }
        Format::JsonSchema { schema, strict, .. } => {
            lost.add_if(*strict == Some(true), "response_format.json_schema.strict");
            Some(Said::Words(format!(
                "Answer with one JSON document and nothing else: no words before or after it, no code fence. It has \
                 to follow this JSON schema:\n{}",
                schema.as_str()
            )))
        }
    }
}

/// Keywords of numbers, texts and lists that Claude's grammars refuse.
const REFUSED: [&str; 10] = [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "maxItems",
    "uniqueItems",
    "$schema",
];

/// The schema as Claude wants it: objects are closed, and what its grammars refuse is left out. As it was written
/// where nothing has to change.
fn closed<'r>(schema: &'r Raw<'_>, lost: &mut Lost) -> Str<'r> {
    let mut tree = schema.tree();
    let mut changed = false;
    close(&mut tree, false, &mut changed, lost);
    if changed { tree.to_string().into() } else { Str::new(schema.as_str()) }
}

/// `names`: the members of this object are names of properties or definitions, not keywords.
fn close(value: &mut Value, names: bool, changed: &mut bool, lost: &mut Lost) {
    match value {
        Value::Object(object) if names => object.values_mut().for_each(|value| close(value, false, changed, lost)),
        Value::Object(object) => {
            for keyword in REFUSED {
                if object.shift_remove(keyword).is_some() {
                    *changed = true;
                    if keyword != "$schema" {
                        lost.add(format!("schema.{keyword}"));
                    }
                }
            }
            let is_object =
                object.get("type").is_some_and(|kind| kind == "object") || object.contains_key("properties");
            if is_object && object.get("additionalProperties") != Some(&Value::Bool(false)) {
                object.insert("additionalProperties".to_owned(), false.into());
                *changed = true;
            }
            for (keyword, value) in object.iter_mut() {
                match keyword.as_str() {
                    "properties" | "$defs" | "definitions" => close(value, true, changed, lost),
                    // Values, not schemas.
                    "enum" | "const" | "default" | "examples" | "required" => {}
                    _ => close(value, false, changed, lost),
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|value| close(value, names, changed, lost)),
        _ => {}
    }
}
