//! A pod looked at, and the little that changing one takes.
//!
//! The API server checks a pod only after it was changed here, so nothing about its shape is certain.

use serde_json::{Map, Value};

/// A pod whose shape is what the rest of this folder expects.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pod<'a> {
    metadata: Option<&'a Map<String, Value>>,
    /// What it is to be.
    pub spec: &'a Map<String, Value>,
}

impl<'a> Pod<'a> {
    /// Looks at `pod`, or says what is wrong with it.
    pub fn of(pod: &'a Value) -> Result<Self, String> {
        let spec = pod.get("spec").and_then(Value::as_object).ok_or("the pod has no spec")?;
        let metadata = match pod.get("metadata") {
            None | Some(Value::Null) => None,
            Some(metadata) => Some(metadata.as_object().ok_or("the pod's metadata is no object")?),
        };
        for key in ["annotations", "labels"] {
            let texts = metadata.and_then(|metadata| metadata.get(key));
            if !texts.is_none_or(|texts| texts.is_null() || texts.is_object()) {
                return Err(format!("the pod's metadata.{key} is no object"));
            }
        }
        check_rows(spec, "volumes", "spec")?;
        for key in ["containers", "initContainers"] {
            check_rows(spec, key, "spec")?;
            for container in spec.get(key).and_then(Value::as_array).into_iter().flatten() {
                let container = container.as_object().ok_or("a container is no object")?;
                check_rows(container, "env", key)?;
                check_rows(container, "volumeMounts", key)?;
            }
        }
        let none = spec.get("containers").and_then(Value::as_array).is_none_or(Vec::is_empty);
        if none { Err("the pod has no containers".into()) } else { Ok(Self { metadata, spec }) }
    }

    /// An annotation.
    pub fn annotation(&self, name: &str) -> Option<&'a str> {
        self.metadata?.get("annotations")?.get(name)?.as_str()
    }

    /// A label.
    pub fn label(&self, name: &str) -> Option<&'a str> {
        self.metadata?.get("labels")?.get(name)?.as_str()
    }

    /// All annotations.
    pub fn annotations(&self) -> impl Iterator<Item = (&'a String, &'a Value)> + use<'a> {
        self.metadata.and_then(|metadata| metadata.get("annotations")?.as_object()).into_iter().flatten()
    }

    /// All containers, those that run first first.
    pub fn containers(&self) -> impl Iterator<Item = &'a Value> + use<'a> {
        let of = |key| self.spec.get(key).and_then(Value::as_array).into_iter().flatten();
        of("initContainers").chain(of("containers"))
    }
}

/// A list of objects, `null`, or nothing.
fn check_rows(object: &Map<String, Value>, key: &str, place: &str) -> Result<(), String> {
    let good = match object.get(key) {
        None | Some(Value::Null) => true,
        Some(Value::Array(rows)) => rows.iter().all(Value::is_object),
        Some(_) => false,
    };
    if good { Ok(()) } else { Err(format!("the pod's {place}: {key} is no list of objects")) }
}

/// The name of a container, a volume or a variable.
pub(super) fn name(row: &Value) -> &str {
    row.get("name").and_then(Value::as_str).unwrap_or_default()
}

/// The list below `key`, made where there is none.
pub(super) fn rows<'a>(object: &'a mut Map<String, Value>, key: &str) -> &'a mut Vec<Value> {
    let value = object.entry(key).or_insert(Value::Null);
    if !value.is_array() {
        *value = Value::Array(Vec::new());
    }
    match value {
        Value::Array(rows) => rows,
        _ => unreachable!("made an array above"),
    }
}

/// The object below `key`, made where there is none.
pub(super) fn table<'a>(object: &'a mut Map<String, Value>, key: &str) -> &'a mut Map<String, Value> {
    let value = object.entry(key).or_insert(Value::Null);
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    match value {
        Value::Object(inner) => inner,
        _ => unreachable!("made an object above"),
    }
}
