//! How likely each token was, in the shape of Chat's `logprobs` objects.

use serde_json::{Map, Value};

use super::Raw;

/// Two objects as one: their lists one after the other.
pub(super) fn joined(first: Option<Raw<'static>>, second: &Raw<'_>) -> Option<Raw<'static>> {
    let Some(first) = first else { return Some(second.clone().into_owned()) };
    let (Value::Object(mut all), Value::Object(more)) = (first.tree(), second.tree()) else { return Some(first) };
    append(&mut all, more);
    Raw::write(&all)
}

fn append(all: &mut Map<String, Value>, more: Map<String, Value>) {
    for (name, value) in more {
        match (all.get_mut(&name), value) {
            (Some(Value::Array(list)), Value::Array(more)) => list.extend(more),
            (Some(Value::Null) | None, value) => {
                all.insert(name, value);
            }
            _ => {}
        }
    }
}
