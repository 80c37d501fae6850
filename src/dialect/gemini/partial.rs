//! The arguments of a call that come bit by bit, each value with its place.
//!
//! Vertex sends them so where a client asks for it. The places jump about within objects, so nothing can be said of
//! the arguments' text before the end.

use serde_json::{Map, Value};

use super::wire::PartialArg;

/// Deeper places are of no schema.
const DEEPEST: usize = 64;

/// Arguments so far.
#[derive(Debug, Default)]
pub(super) struct Arguments(Map<String, Value>);

enum Step<'s> {
    Name(&'s str),
    Index(usize),
}

impl Arguments {
    /// Takes the next piece. A text goes on where the one of the same place ended.
    pub(super) fn add(&mut self, arg: &PartialArg<'_>) {
        let Some(steps) = steps(&arg.json_path) else { return };
        let mut steps = steps.into_iter();
        let Some(Step::Name(name)) = steps.next() else { return };
        let mut place = self.0.entry(name).or_insert(Value::Null);
        for step in steps {
            let Some(next) = enter(place, step) else { return };
            place = next;
        }
        if let Some(text) = &arg.string_value {
            match place {
                Value::String(before) => before.push_str(text),
                _ => *place = Value::String(text.to_string()),
            }
        } else if let Some(number) = &arg.number_value {
            *place = Value::Number(number.clone());
        } else if let Some(value) = arg.bool_value {
            *place = Value::Bool(value);
        }
    }

    /// All of them, as JSON.
    pub(super) fn json(&self) -> String {
        serde_json::to_string(&self.0).unwrap_or_default()
    }
}

fn enter<'v>(place: &'v mut Value, step: Step<'_>) -> Option<&'v mut Value> {
    match step {
        Step::Name(name) => {
            if place.is_null() {
                *place = Value::Object(Map::new());
            }
            Some(place.as_object_mut()?.entry(name).or_insert(Value::Null))
        }
        Step::Index(index) => {
            if place.is_null() {
                *place = Value::Array(Vec::new());
            }
            let list = place.as_array_mut()?;
            // Elements come in their order: no stream can ask for a list of millions.
            if index == list.len() {
                list.push(Value::Null);
            }
            list.get_mut(index)
        }
    }
}

/// The steps of `$.a[0]['b c']`; `None` for what is no such path.
fn steps(path: &str) -> Option<Vec<Step<'_>>> {
    let mut rest = path.strip_prefix('$')?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if steps.len() == DEEPEST {
            return None;
        }
        if let Some(name) = rest.strip_prefix('.') {
            let (name, after) = name.split_at(name.find(['.', '[']).unwrap_or(name.len()));
            steps.push(Step::Name(name));
            rest = after;
        } else {
            let inner = rest.strip_prefix('[')?;
            let quote = inner.chars().next().filter(|char| matches!(char, '\'' | '"'));
            match quote {
                Some(quote) => {
                    let (name, after) = inner.get(1..)?.split_once(quote)?;
                    steps.push(Step::Name(name));
                    rest = after.strip_prefix(']')?;
                }
                None => {
                    let (index, after) = inner.split_once(']')?;
                    steps.push(Step::Index(index.parse().ok()?));
                    rest = after;
                }
            }
        }
    }
    Some(steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_become_arguments() {
        let mut arguments = Arguments::default();
        for piece in [
            r#"{"jsonPath":"$.a[0].b","stringValue":"x","willContinue":true}"#,
            r#"{"jsonPath":"$.a[0].b","stringValue":"y"}"#,
            r#"{"jsonPath":"$.a[0].b","stringValue":""}"#,
            r#"{"jsonPath":"$.a[1]","numberValue":0.5}"#,
            r#"{"jsonPath":"$['c d'].e","boolValue":true}"#,
            r#"{"jsonPath":"$.n"}"#,
            r#"{"jsonPath":"$.a[99999999]","stringValue":"no"}"#,
            r#"{"jsonPath":"$.a[0].b.c","stringValue":"no"}"#,
            r#"{"jsonPath":"nonsense","stringValue":"no"}"#,
            r#"{"jsonPath":"$[","stringValue":"no"}"#,
            r#"{"jsonPath":"$['","stringValue":"no"}"#,
        ] {
            arguments.add(&serde_json::from_str(piece).unwrap());
        }
        assert_eq!(arguments.json(), r#"{"a":[{"b":"xy"},0.5],"c d":{"e":true},"n":null}"#);
    }
}
