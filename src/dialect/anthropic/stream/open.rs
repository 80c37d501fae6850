//! A block of a stream that has begun.

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::canonical::{Dialect, Foreign, Part, Raw};

/// A block that has begun.
pub(super) struct Open {
    pub(super) index: u32,
    /// Its part, once that has begun.
    pub(super) part: Option<u32>,
    pub(super) kind: Kind,
}

/// What a block is.
pub(super) enum Kind {
    /// Text.
    Text,
    /// Thoughts.
    Thinking,
    /// A call of a tool, and the input that its beginning gave.
    Call { given: String },
    /// Something that its beginning says all of.
    Whole,
    /// What only this dialect knows: as it began, and what came later.
    Foreign { name: String, raw: Box<RawValue>, input: String, content: Option<String> },
}

impl Kind {
    /// A block that only this dialect knows.
    pub(super) fn foreign(name: String, raw: &RawValue) -> Self {
        Self::Foreign { name, raw: raw.to_owned(), input: String::new(), content: None }
    }

    /// The part of a block that only this dialect knows, with what came later in its place.
    pub(super) fn complete(self) -> Option<Part<'static>> {
        let Self::Foreign { name, raw, input, content } = self else { return None };
        let later = [("input", (!input.is_empty()).then_some(input)), ("content", content)];
        let mut whole = Raw::from(raw);
        for (member, value) in later {
            if let Some(with) = value.and_then(|value| with_member(&whole, member, &value)) {
                whole = with;
            }
        }
        Some(Part::Foreign(Foreign { dialect: Dialect::Anthropic, kind: name.into(), json: whole }))
    }
}

/// The object with one member set to a JSON text, in its place if it had one. A text that was cut off is kept as
/// a string.
fn with_member(object: &Raw<'_>, name: &str, value: &str) -> Option<Raw<'static>> {
    let mut members: Map<String, Value> = object.read().ok()?;
    let value = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
    members.insert(name.to_owned(), value);
    Raw::write(&members)
}
