//! What can be read from a configuration: the trait, the declaration of a map of settings, and the containers.
//!
//! `settings!` declares each key once, with its manual as the doc comment and its default beside it; reading, showing
//! and describing (for the reference file and editors) all come from that one line.

use serde_json::{Value, json};

use super::reader::{Reader, Step};
use super::yaml::{Data, Node};
use super::{Place, Problem};

/// A value of the configuration.
pub trait Setting: Sized {
    /// Reads it. `None`: it is not one, and the reader was told why.
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self>;

    /// As the operator is shown it: no secret in it.
    fn show(&self) -> Value;

    /// The keys that can be said in it, where it is a map of settings or holds such maps.
    fn fields() -> &'static [Field] {
        &[]
    }
}

/// One key of a map of settings.
#[derive(Debug)]
pub struct Field {
    /// The key.
    pub key: &'static str,
    /// Its manual.
    pub manual: &'static str,
    /// The keys below it.
    pub fields: fn() -> &'static [Field],
}

/// Declares maps of settings: `key: Type = default`, or `field as "key"` where the key is a word of Rust. Keys of the
/// language that are still to come follow after `later`.
macro_rules! settings {
    ($(
        $(#[doc = $about:literal])*
        pub struct $name:ident {
            $($(#[doc = $manual:literal])* $field:ident $(as $key:literal)? : $type:ty = $default:expr,)*
        }
        $(later [$($later:literal),*])?
    )*) => {$(
        $(#[doc = $about])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            $($(#[doc = $manual])* pub $field: $type,)*
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }

        impl $crate::config::setting::Setting for $name {
            fn read(node: &$crate::config::yaml::Node, reader: &mut $crate::config::reader::Reader<'_>) -> Option<Self> {
                #[allow(unused_mut, reason = "a map that has no keys yet")]
                let mut settings = Self::default();
                for entry in reader.entries(node, "a map")? {
                    match entry.name.as_str() {
                        $(name if name == key!($field $($key)?) => reader.fill(entry, &mut settings.$field),)*
                        _ => reader.unknown(entry, Self::fields(), &[$($($later),*)?]),
                    }
                }
                Some(settings)
            }

            fn show(&self) -> serde_json::Value {
                serde_json::json!({ $(key!($field $($key)?): $crate::config::setting::Setting::show(&self.$field)),* })
            }

            fn fields() -> &'static [$crate::config::setting::Field] {
                &[$($crate::config::setting::Field {
                    key: key!($field $($key)?),
                    manual: concat!($($manual, "\n"),*),
                    fields: <$type as $crate::config::setting::Setting>::fields,
                }),*]
            }
        }
    )*};
}

macro_rules! key {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $key:literal) => {
        $key
    };
}

pub(super) use {key, settings};

/// A value that remembers its place, for what is found wrong with it only later.
#[derive(Clone, Debug)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub place: Place,
}

impl<T> Located<T> {
    /// A value that no file says.
    pub fn unplaced(value: T) -> Self {
        Self { value, place: Place::default() }
    }

    /// A problem with this value.
    pub fn problem(&self, what: impl Into<String>) -> Problem {
        Problem::new(self.place.clone(), what)
    }
}

/// A value that moved is the same value.
impl<T: PartialEq> PartialEq for Located<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Setting> Setting for Located<T> {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let place = reader.place(node.at);
        T::read(node, reader).map(|value| Self { value, place })
    }

    fn show(&self) -> Value {
        self.value.show()
    }

    fn fields() -> &'static [Field] {
        T::fields()
    }
}

/// What the operator named, in the order of the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Named<T>(pub Vec<(Located<String>, T)>);

impl<T> Named<T> {
    /// The names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.value.as_str())
    }
}

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Setting + Default> Setting for Named<T> {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let mut named = Vec::new();
        for entry in reader.entries(node, "a map of names")? {
            let mut value = T::default();
            reader.fill(entry, &mut value);
            let place = reader.inside(&Step::Name(&entry.name), |reader| reader.place(entry.at));
            named.push((Located { value: entry.name.clone(), place }, value));
        }
        Some(Self(named))
    }

    fn show(&self) -> Value {
        self.0.iter().map(|(name, value)| (name.value.clone(), value.show())).collect()
    }

    fn fields() -> &'static [Field] {
        T::fields()
    }
}

impl<T: Setting> Setting for Vec<T> {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let Data::List(items) = &node.data else { return reader.unexpected(node, "a list") };
        let item = |(index, item)| reader.inside(&Step::Index(index), |reader| T::read(item, reader));
        Some(items.iter().enumerate().filter_map(item).collect())
    }

    fn show(&self) -> Value {
        self.iter().map(Setting::show).collect()
    }

    fn fields() -> &'static [Field] {
        T::fields()
    }
}

/// One, or a list of several.
#[derive(Clone, Debug, PartialEq)]
pub struct OneOrMore<T>(pub Vec<T>);

impl<T> Default for OneOrMore<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Setting> Setting for OneOrMore<T> {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        match &node.data {
            Data::List(_) => Vec::read(node, reader).map(Self),
            _ => T::read(node, reader).map(|one| Self(vec![one])),
        }
    }

    fn show(&self) -> Value {
        self.0.show()
    }

    fn fields() -> &'static [Field] {
        T::fields()
    }
}

impl<T: Setting> Setting for Option<T> {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        T::read(node, reader).map(Some)
    }

    fn show(&self) -> Value {
        self.as_ref().map_or(json!(null), Setting::show)
    }

    fn fields() -> &'static [Field] {
        T::fields()
    }
}
