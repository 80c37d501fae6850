//! JSON Schema written in Google's subset of OpenAPI, for models and servers that take nothing else.

use serde_json::{Map, Value, json};

use crate::canonical::{Lost, Raw};

/// Schemas nest no deeper, and inlining references makes no more nodes: a few lines of mutual references could
/// otherwise become more than memory holds.
const DEEPEST: usize = 32;
const MOST_NODES: usize = 5_000;

/// The schema in the subset; what that cannot say is named in `lost`. `ordered`: also say in which order the
/// properties come, which is the order in which the model then writes them.
pub(super) fn to_openapi(schema: &Raw<'_>, ordered: bool, lost: &mut Lost) -> Raw<'static> {
    let root = schema.tree();
    let mut rewriter = Rewriter { root: &root, ordered, lost, open: Vec::new(), nodes: 0 };
    let rewritten = rewriter.rewrite(&root, 0);
    Raw::write(&Value::Object(rewritten)).unwrap_or_else(|| schema.clone().into_owned())
}

struct Rewriter<'r> {
    root: &'r Value,
    ordered: bool,
    lost: &'r mut Lost,
    /// The references that we are inside of.
    open: Vec<&'r str>,
    nodes: usize,
}

/// Members that mean the same in both.
const KEPT: [&str; 15] = [
    "example",
    "propertyOrdering",
    "title",
    "description",
    "default",
    "nullable",
    "pattern",
    "minItems",
    "maxItems",
    "minLength",
    "maxLength",
    "minProperties",
    "maxProperties",
    "minimum",
    "maximum",
];

/// Members that say nothing of the values, or that are looked at with another.
const PASSED_OVER: [&str; 17] = [
    "$schema",
    "$id",
    "$comment",
    "$anchor",
    "$defs",
    "definitions",
    "$ref",
    "type",
    "enum",
    "const",
    "properties",
    "required",
    "items",
    "anyOf",
    "oneOf",
    "allOf",
    "format",
];

impl<'r> Rewriter<'r> {
    fn rewrite(&mut self, schema: &'r Value, depth: usize) -> Map<String, Value> {
        self.nodes += 1;
        if depth > DEEPEST || self.nodes > MOST_NODES {
            self.lost.add("schema.depth");
            return object();
        }
        // `true`: anything at all.
        let Value::Object(schema) = schema else { return Map::new() };
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            return self.inline(reference, schema, depth);
        }
        let mut out = Map::new();
        self.types(schema, depth, &mut out);
        self.values(schema, &mut out);
        for (name, value) in schema {
            if KEPT.contains(&name.as_str()) {
                out.insert(name.clone(), value.clone());
            } else if name == "examples" {
                if let Some(first) = value.get(0) {
                    out.insert("example".to_owned(), first.clone());
                }
            } else if !PASSED_OVER.contains(&name.as_str()) && !self.bound(name, value, &mut out) {
                self.lost.add(format!("schema.{name}"));
            }
        }
        self.inside(schema, depth, &mut out);
        self.format(schema, &mut out);
        out
    }

    /// What a reference stands for, in its place. One within itself has no end, and becomes any object.
    fn inline(&mut self, reference: &'r str, schema: &'r Map<String, Value>, depth: usize) -> Map<String, Value> {
        let target = reference.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer));
        let Some(target) = target.filter(|_| !self.open.contains(&reference)) else {
            self.lost.add("schema.$ref");
            return object();
        };
        self.open.push(reference);
        let mut out = self.rewrite(target, depth + 1);
        self.open.pop();
        for name in ["title", "description", "default"] {
            if let Some(value) = schema.get(name) {
                out.insert(name.to_owned(), value.clone());
            }
        }
        out
    }

    /// `type`, which may be a list, and what is said by `anyOf` and its kin.
    fn types(&mut self, schema: &'r Map<String, Value>, depth: usize, out: &mut Map<String, Value>) {
        let named = match schema.get("type") {
            Some(Value::String(name)) => vec![name.as_str()],
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
            _ => inferred(schema).into_iter().collect(),
        };
        let (null, types): (Vec<&str>, Vec<&str>) =
            named.into_iter().partition(|name| name.eq_ignore_ascii_case("null"));
        if !null.is_empty() {
            out.insert("nullable".to_owned(), Value::Bool(true));
        }
        match types[..] {
            [] if null.is_empty() => {}
            [] => {
                out.insert("type".to_owned(), json!("STRING"));
            }
            [one] => {
                out.insert("type".to_owned(), Value::String(one.to_ascii_uppercase()));
            }
            [..] => {
                let branches = types.iter().map(|name| json!({"type": name.to_ascii_uppercase()})).collect();
                out.insert("anyOf".to_owned(), Value::Array(branches));
            }
        }
        for name in ["anyOf", "oneOf"] {
            if let Some(Value::Array(branches)) = schema.get(name) {
                self.branches(branches, depth, out);
            }
        }
        if let Some(Value::Array(all)) = schema.get("allOf") {
            for one in all {
                let one = self.rewrite(one, depth + 1);
                merge(out, one);
            }
        }
    }

    fn branches(&mut self, branches: &'r [Value], depth: usize, out: &mut Map<String, Value>) {
        let is_null = |branch: &&Value| branch.get("type").and_then(Value::as_str) == Some("null");
        if branches.iter().any(|branch| is_null(&branch)) {
            out.insert("nullable".to_owned(), Value::Bool(true));
        }
        let mut rest: Vec<_> = Vec::new();
        for branch in branches.iter().filter(|branch| !is_null(branch)) {
            rest.push(self.rewrite(branch, depth + 1));
        }
        if rest.len() == 1 {
            rest.into_iter().for_each(|only| merge(out, only));
        } else if !rest.is_empty() {
            out.shift_remove("type");
            out.insert("anyOf".to_owned(), Value::Array(rest.into_iter().map(Value::Object).collect()));
        }
    }

    /// `enum` and `const`. Only texts can be enumerated; other values are told in words.
    fn values(&mut self, schema: &'r Map<String, Value>, out: &mut Map<String, Value>) {
        let values = match (schema.get("enum"), schema.get("const")) {
            (_, Some(only)) => std::slice::from_ref(only),
            (Some(Value::Array(values)), None) => values,
            _ => return,
        };
        let texts: Vec<Value> = values.iter().filter(|value| value.is_string()).cloned().collect();
        if values.iter().any(Value::is_null) {
            out.insert("nullable".to_owned(), Value::Bool(true));
        }
        let rest: Vec<_> = values.iter().filter(|value| !value.is_string() && !value.is_null()).collect();
        if rest.is_empty() && !texts.is_empty() {
            out.insert("type".to_owned(), json!("STRING"));
            out.insert("enum".to_owned(), Value::Array(texts));
        } else if !rest.is_empty() {
            self.lost.add("schema.enum");
        }
    }

    /// A bound that excludes itself is the next whole number; of fractions there is none.
    fn bound(&mut self, name: &str, value: &Value, out: &mut Map<String, Value>) -> bool {
        let (member, step) = match name {
            "exclusiveMinimum" => ("minimum", 1),
            "exclusiveMaximum" => ("maximum", -1),
            _ => return false,
        };
        let whole = out.get("type").and_then(Value::as_str) == Some("INTEGER");
        let Some(bound) = value.as_i64().filter(|_| whole).and_then(|bound| bound.checked_add(step)) else {
            return false;
        };
        out.insert(member.to_owned(), bound.into());
        true
    }

    fn inside(&mut self, schema: &'r Map<String, Value>, depth: usize, out: &mut Map<String, Value>) {
        if let Some(Value::Object(properties)) = schema.get("properties") {
            let mut written = Map::new();
            for (name, property) in properties {
                written.insert(name.clone(), Value::Object(self.rewrite(property, depth + 1)));
            }
            let order: Vec<_> = written.keys().cloned().map(Value::String).collect();
            let merged = out.entry("properties").or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(merged) = merged {
                merged.extend(written);
            }
            if self.ordered && order.len() > 1 && !out.contains_key("propertyOrdering") {
                out.insert("propertyOrdering".to_owned(), Value::Array(order));
            }
        }
        if let Some(Value::Array(required)) = schema.get("required") {
            merge(out, Map::from_iter([("required".to_owned(), Value::Array(required.clone()))]));
        }
        // A list has to say of what.
        if out.get("type").and_then(Value::as_str) == Some("ARRAY") && !out.contains_key("items") {
            let items = match schema.get("items") {
                Some(items) => self.rewrite(items, depth + 1),
                None => Map::new(),
            };
            let items = if items.is_empty() { Map::from_iter([("type".to_owned(), json!("STRING"))]) } else { items };
            out.insert("items".to_owned(), Value::Object(items));
        }
    }

    /// The formats that Google knows; it refuses any other.
    fn format(&mut self, schema: &Map<String, Value>, out: &mut Map<String, Value>) {
        let Some(format) = schema.get("format") else { return };
        let known: &[&str] = match out.get("type").and_then(Value::as_str) {
            Some("STRING") => &["date-time", "enum"],
            Some("NUMBER") => &["float", "double"],
            Some("INTEGER") => &["int32", "int64"],
            _ => &[],
        };
        if format.as_str().is_some_and(|format| known.contains(&format)) {
            out.insert("format".to_owned(), format.clone());
        } else {
            self.lost.add("schema.format");
        }
    }
}

fn object() -> Map<String, Value> {
    Map::from_iter([("type".to_owned(), json!("OBJECT"))])
}

/// The type that a schema means without saying it.
fn inferred(schema: &Map<String, Value>) -> Option<&'static str> {
    if schema.contains_key("properties") {
        return Some("object");
    }
    if schema.contains_key("items") {
        return Some("array");
    }
    let has_branches = ["anyOf", "oneOf", "allOf"].iter().any(|name| schema.contains_key(*name));
    let value = schema.get("const").or_else(|| schema.get("enum")?.get(0));
    match value {
        Some(Value::Bool(_)) => Some("boolean"),
        Some(Value::Number(number)) if number.is_f64() => Some("number"),
        Some(Value::Number(_)) => Some("integer"),
        _ if has_branches => None,
        _ => Some("string"),
    }
}

/// What `more` says too.
fn merge(out: &mut Map<String, Value>, more: Map<String, Value>) {
    for (name, value) in more {
        match (out.get_mut(&name), value) {
            (Some(Value::Object(there)), Value::Object(more)) => there.extend(more),
            (Some(Value::Array(there)), Value::Array(more)) => {
                for value in more {
                    if !there.contains(&value) {
                        there.push(value);
                    }
                }
            }
            (_, value) => {
                out.insert(name, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(schema: &str, expected: Value, lost: &[&str]) {
        let mut got = Lost::nothing();
        let written = to_openapi(&Raw::parse(schema).unwrap(), false, &mut got);
        assert_eq!(written.tree(), expected, "{schema}");
        assert_eq!(got.iter().collect::<Vec<_>>(), lost, "{schema}");
    }

    #[test]
    fn case_090_schemas_are_rewritten_into_the_subset() {
        check(
            r##"{"$schema":"x","type":"object","properties":{"a":{"$ref":"#/$defs/A","description":"d"},"b":{"type":["integer","null"],"exclusiveMinimum":3}},
                "required":["a"],"additionalProperties":false,"$defs":{"A":{"type":"string","enum":["x","y"],"format":"email"}}}"##,
            json!({"type":"OBJECT","properties":{
                "a":{"type":"STRING","enum":["x","y"],"description":"d"},
                "b":{"nullable":true,"type":"INTEGER","minimum":4}},"required":["a"]}),
            &["schema.additionalProperties", "schema.format"],
        );
        check(r#"{"const":"x"}"#, json!({"type":"STRING","enum":["x"]}), &[]);
        check(r#"{"enum":[1,2]}"#, json!({"type":"INTEGER"}), &["schema.enum"]);
        check(r#"{"type":["string","number"]}"#, json!({"anyOf":[{"type":"STRING"},{"type":"NUMBER"}]}), &[]);
        check(
            r#"{"oneOf":[{"type":"string"},{"type":"null"}],"default":null}"#,
            json!({"nullable":true,"type":"STRING","default":null}),
            &[],
        );
        check(r#"{"type":"array"}"#, json!({"type":"ARRAY","items":{"type":"STRING"}}), &[]);
        check(
            r#"{"allOf":[{"properties":{"a":{"type":"string"}},"required":["a"]},{"properties":{"b":{"type":"string"}},"required":["b"]}]}"#,
            json!({"type":"OBJECT","properties":{"a":{"type":"STRING"},"b":{"type":"STRING"}},"required":["a","b"]}),
            &[],
        );
        check(
            r#"{"type":"object","patternProperties":{"x":{}}}"#,
            json!({"type":"OBJECT"}),
            &["schema.patternProperties"],
        );
    }

    #[test]
    fn case_090_references_in_circles_end() {
        check(
            r##"{"$ref":"#/$defs/N","$defs":{"N":{"type":"object","properties":{"next":{"$ref":"#/$defs/N"}}}}}"##,
            json!({"type":"OBJECT","properties":{"next":{"type":"OBJECT"}}}),
            &["schema.$ref"],
        );
        // Each level has the next twice: two to the power of forty nodes.
        let mut definitions = Vec::new();
        for n in 0..40 {
            let next = n + 1;
            definitions.push(format!(
                r##""L{n}":{{"properties":{{"a":{{"$ref":"#/$defs/L{next}"}},"b":{{"$ref":"#/$defs/L{next}"}}}}}}"##
            ));
        }
        let schema = format!(r##"{{"$ref":"#/$defs/L0","$defs":{{{}}}}}"##, definitions.join(","));
        let written = to_openapi(&Raw::parse(&schema).unwrap(), false, &mut Lost::nothing());
        assert!(written.as_str().len() < 1 << 20);
    }

    #[test]
    fn case_093_the_order_of_properties_is_kept() {
        let schema = Raw::parse(r#"{"properties":{"z":{"type":"string"},"a":{"type":"string"}}}"#).unwrap();
        let written = to_openapi(&schema, true, &mut Lost::nothing()).tree();
        assert_eq!(written["propertyOrdering"], json!(["z", "a"]));
    }
}
