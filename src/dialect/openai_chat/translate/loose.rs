//! Values that servers write in more than one way.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::canonical::Str;

/// A text; anything else counts as nothing said. A number is its digits, for ids that are counted.
#[derive(Clone, Debug, Default)]
pub(super) struct Words<'a>(Option<Str<'a>>);

impl<'a> Words<'a> {
    /// The text, where there is one that is not empty.
    pub(super) fn given(self) -> Option<Str<'a>> {
        self.0.filter(|text| !text.is_empty())
    }

    /// The text; empty where there is none.
    pub(super) fn as_str(&self) -> &str {
        self.0.as_ref().map_or("", |text| text.as_str())
    }

    /// Nothing is said.
    pub(super) fn is_empty(&self) -> bool {
        self.as_str().is_empty()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Words<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Words<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Words(Some(text.into())))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Words(Some(text.to_owned().into())))
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Words(None))
            }

            fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
                Ok(Words(None))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
                Ok(Words(Some(number.to_string().into())))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
                Ok(Words(Some(number.to_string().into())))
            }

            fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
                Ok(Words(None))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Words(None))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Words(None))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// A call's arguments: JSON in a string, or, from some, JSON as it is.
#[derive(Clone, Debug, Default)]
pub(super) struct Arguments<'a>(pub(super) Str<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for Arguments<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&'de RawValue>::deserialize(deserializer)?.get();
        let Some(quoted) = raw.strip_prefix('"') else {
            return Ok(Self(if raw == "null" { Str::default() } else { raw.into() }));
        };
        match quoted.strip_suffix('"') {
            // Most pieces of a stream: not read a second time.
            Some(text) if !text.contains('\\') => Ok(Self(text.into())),
            _ => serde_json::from_str(raw).map(Self).map_err(serde::de::Error::custom),
        }
    }
}
