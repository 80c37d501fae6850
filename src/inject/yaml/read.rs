//! One document as JSON, within bounds.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};
use serde_json::{Map, Value};

use super::scalar;

/// Deeper than any object of Kubernetes, and shallow enough to be walked by recursion.
const DEEPEST: usize = 100;

/// More than any object that an API server takes; bounds what anchors that hold anchors can multiply to.
const MOST_VALUES: usize = 500_000;

/// What is no YAML, or none that stands for an object.
#[derive(Debug, PartialEq, Eq)]
pub struct Bad {
    /// The line within the document, from 1.
    pub line: usize,
    /// What is wrong.
    pub what: String,
}

/// The documents of a file, each with the number of lines before it. They are parted as kubectl does: by lines that
/// begin with `---`, which are the first of what follows. Documents of nothing are left out.
pub fn documents(text: &str) -> Vec<(usize, &str)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut parts = Vec::new();
    let (mut start, mut line_of_start, mut offset) = (0, 0, 0);
    for (number, line) in text.split_inclusive('\n').enumerate() {
        if offset > start && (line.trim_end() == "---" || line.starts_with("--- ")) {
            parts.push((line_of_start, &text[start..offset]));
            (start, line_of_start) = (offset, number);
        }
        offset += line.len();
    }
    parts.push((line_of_start, &text[start..]));
    parts.retain(|(_, part)| part.lines().any(says_something));
    parts
}

fn says_something(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty() && !line.starts_with('#') && line != "---" && line != "..."
}

/// The document as JSON.
pub fn read(text: &str) -> Result<Value, Bad> {
    let mut tree = Tree::default();
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let (event, span) =
            event.map_err(|e| Bad { line: e.marker().line(), what: format!("not YAML: {}", e.info()) })?;
        tree.take(event).map_err(|what| Bad { line: span.start.line(), what })?;
    }
    Ok(tree.root.unwrap_or_default())
}

#[derive(Default)]
struct Tree {
    open: Vec<Open>,
    anchors: HashMap<usize, (Value, usize)>,
    root: Option<Value>,
    values: usize,
}

/// A list or map whose end has not come yet.
struct Open {
    anchor: usize,
    value: Value,
    /// In a map, the key whose value comes next.
    key: Option<Key>,
    /// In a map, the values of its `<<`: what it does not have itself.
    merged: Vec<Value>,
    /// Values in it.
    size: usize,
}

/// A key of a map.
enum Key {
    Name(String),
    /// A plain `<<`.
    Merge,
}

impl Tree {
    fn take(&mut self, event: Event<'_>) -> Result<(), String> {
        match event {
            Event::DocumentStart(_) if self.root.is_some() => Err("a document begins within a document".into()),
            Event::Scalar(text, ScalarStyle::Plain, _, None) if text == "<<" && self.is_key_next() => {
                self.open.last_mut().into_iter().for_each(|map| map.key = Some(Key::Merge));
                Ok(())
            }
            Event::Scalar(text, style, anchor, tag) => {
                let value = match style {
                    ScalarStyle::Plain if tag.is_none() => scalar::plain(&text),
                    _ => tagged(text.into_owned(), tag.as_deref())?,
                };
                self.put(value, anchor, 1)
            }
            Event::SequenceStart(anchor, _) => self.open(anchor, Value::Array(Vec::new())),
            Event::MappingStart(anchor, _) => self.open(anchor, Value::Object(Map::new())),
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(Open { anchor, mut value, merged, size, .. }) => {
                    merge(&mut value, merged)?;
                    self.put(value, anchor, size)
                }
                None => Ok(()),
            },
            Event::Alias(anchor) => {
                let (value, size) = self.anchors.get(&anchor).ok_or("an alias within what it stands for")?;
                let (value, size) = (value.clone(), *size);
                self.values += size;
                self.put(value, 0, size)
            }
            _ => Ok(()),
        }
    }

    fn open(&mut self, anchor: usize, value: Value) -> Result<(), String> {
        if self.open.len() == DEEPEST {
            return Err(format!("nested deeper than {DEEPEST} levels"));
        }
        self.open.push(Open { anchor, value, key: None, merged: Vec::new(), size: 1 });
        Ok(())
    }

    fn is_key_next(&self) -> bool {
        self.open.last().is_some_and(|open| open.value.is_object() && open.key.is_none())
    }

    /// A whole value of `size` values goes where the next one is expected.
    fn put(&mut self, value: Value, anchor: usize, size: usize) -> Result<(), String> {
        self.values += if anchor > 0 { 1 + size } else { 1 };
        if self.values > MOST_VALUES {
            return Err(format!("more than {MOST_VALUES} values"));
        }
        if anchor > 0 {
            self.anchors.insert(anchor, (value.clone(), size));
        }
        let Some(parent) = self.open.last_mut() else {
            self.root = Some(value);
            return Ok(());
        };
        parent.size += size;
        match (&mut parent.value, parent.key.take()) {
            (Value::Array(list), _) => list.push(value),
            (Value::Object(_), Some(Key::Merge)) => parent.merged.push(value),
            // As kubectl refuses it too: one of the two is a mistake, and nobody knows which.
            (Value::Object(map), Some(Key::Name(key))) if map.contains_key(&key) => {
                return Err(format!("`{key:.60}` is there twice"));
            }
            (Value::Object(map), Some(Key::Name(key))) => drop(map.insert(key, value)),
            (Value::Object(_), None) => parent.key = Some(Key::Name(name(value)?)),
            _ => {}
        }
        Ok(())
    }
}

/// Keys of JSON are texts; a number or a truth value becomes one.
fn name(value: Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text),
        Value::Bool(_) | Value::Number(_) => Ok(value.to_string()),
        _ => Err("a key has to be a name".into()),
    }
}

/// What maps named with `<<` have and this one does not.
fn merge(value: &mut Value, sources: Vec<Value>) -> Result<(), String> {
    let Value::Object(map) = value else { return Ok(()) };
    let flat = sources.into_iter().flat_map(|source| match source {
        Value::Array(sources) => sources,
        one => vec![one],
    });
    for source in flat {
        let Value::Object(source) = source else { return Err("`<<` merges maps and nothing else".into()) };
        for (key, value) in source {
            map.entry(key).or_insert(value);
        }
    }
    Ok(())
}

/// A text that is quoted, or whose tag says what it is.
fn tagged(text: String, tag: Option<&Tag>) -> Result<Value, String> {
    let Some(tag) = tag else { return Ok(Value::String(text)) };
    match (tag.is_yaml_core_schema(), &*tag.suffix) {
        (true, "str" | "binary") => Ok(Value::String(text)),
        (true, "int" | "float" | "bool" | "null") => Ok(scalar::plain(&text)),
        _ => Err(format!("the tag `{}{}` means nothing to Kubernetes", tag.handle, tag.suffix)),
    }
}
