//! A piece of JSON that is carried as it was written: numbers exact, keys in their order.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::Str;

/// One JSON value, unparsed.
#[derive(Clone, Debug)]
pub struct Raw<'a>(Cow<'a, RawValue>);

impl<'a> Raw<'a> {
    /// The JSON text.
    pub fn as_str(&self) -> &str {
        self.0.get()
    }

    /// The JSON text, borrowed from the document for as long as that lives.
    pub fn into_str(self) -> Str<'a> {
        match self.0 {
            Cow::Borrowed(raw) => Str::new(raw.get()),
            Cow::Owned(raw) => String::from(Box::<str>::from(raw)).into(),
        }
    }

    /// The JSON text for as long as the document it was read from; `None` where it was written anew.
    pub fn source(&self) -> Option<&'a str> {
        match &self.0 {
            Cow::Borrowed(raw) => Some(raw.get()),
            Cow::Owned(_) => None,
        }
    }

    /// The value of `text`, or `None` where that is not JSON.
    pub fn parse(text: &'a str) -> Option<Self> {
        serde_json::from_str::<&RawValue>(text).ok().map(|raw| Self(Cow::Borrowed(raw)))
    }

    /// A value written anew. `None` only for what JSON cannot express.
    pub fn write(value: &impl Serialize) -> Option<Raw<'static>> {
        serde_json::value::to_raw_value(value).ok().map(|raw| Raw(Cow::Owned(raw)))
    }

    /// Reads it as a `T` that may borrow from it.
    pub fn read<'r, T: Deserialize<'r>>(&'r self) -> serde_json::Result<T> {
        serde_json::from_str(self.0.get())
    }

    /// The tree of it.
    pub fn tree(&self) -> serde_json::Value {
        serde_json::from_str(self.0.get()).unwrap_or_default()
    }

    /// It is an object.
    pub fn is_object(&self) -> bool {
        self.0.get().starts_with('{')
    }

    /// It is `null`.
    pub fn is_null(&self) -> bool {
        self.0.get() == "null"
    }

    /// The same value without copying it, for as long as `self` lives.
    pub fn borrowed(&self) -> Raw<'_> {
        Raw(Cow::Borrowed(&self.0))
    }

    /// The same value for as long as it is needed.
    pub fn into_owned(self) -> Raw<'static> {
        Raw(Cow::Owned(self.0.into_owned()))
    }
}

impl<'a> From<&'a RawValue> for Raw<'a> {
    fn from(raw: &'a RawValue) -> Self {
        Self(Cow::Borrowed(raw))
    }
}

impl From<Box<RawValue>> for Raw<'_> {
    fn from(raw: Box<RawValue>) -> Self {
        Self(Cow::Owned(raw))
    }
}

/// The same text.
impl PartialEq for Raw<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Serialize for Raw<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Raw<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&'de RawValue>::deserialize(deserializer).map(|raw| Self(Cow::Borrowed(raw)))
    }
}
