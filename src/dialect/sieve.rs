//! The members of a document that are known and, in the same reading, all others.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};

use crate::canonical::{Raw, Str};

/// A document that names the members which it knows.
pub trait Known {
    /// All of them.
    const MEMBERS: &'static [&'static str];
}

/// A document, and the members of it that it does not know, unparsed and in their order.
pub struct Sieved<'a, T> {
    /// What is known.
    pub known: T,
    /// What is not.
    pub others: Vec<(Str<'a>, Raw<'a>)>,
}

impl<'de: 'a, 'a, T: Known + Deserialize<'de>> Deserialize<'de> for Sieved<'a, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object<T>(PhantomData<T>);
        impl<'de, T: Known + Deserialize<'de>> Visitor<'de> for Object<T> {
            type Value = Sieved<'de, T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                let mut others = Vec::new();
                let sieve = Sieve { map, members: T::MEMBERS, others: &mut others };
                let known = T::deserialize(MapAccessDeserializer::new(sieve))?;
                Ok(Sieved { known, others })
            }
        }
        deserializer.deserialize_map(Object(PhantomData))
    }
}

/// Lets through what is known, and keeps the rest.
struct Sieve<'m, 'de, A> {
    map: A,
    members: &'static [&'static str],
    others: &'m mut Vec<(Str<'de>, Raw<'de>)>,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Sieve<'_, 'de, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        while let Some(name) = self.map.next_key::<Str<'de>>()? {
            if self.members.contains(&name.as_str()) {
                return seed.deserialize(StrDeserializer::new(&name)).map(Some);
            }
            let value = self.map.next_value()?;
            self.others.push((name, value));
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(seed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::wire::read_client;

    #[derive(Debug, Default, Deserialize)]
    #[serde(default)]
    struct Wire<'a> {
        #[serde(borrow)]
        a: Option<Raw<'a>>,
        #[serde(borrow)]
        b: Option<Str<'a>>,
    }

    impl Known for Wire<'_> {
        const MEMBERS: &'static [&'static str] = &["a", "b"];
    }

    #[test]
    fn each_member_is_read_once_and_none_is_lost() {
        let read: Sieved<'_, Wire<'_>> = read_client(br#"{"z":[1, 2],"b":"x","\u0061":{"z":1.50},"y":null}"#).unwrap();
        assert_eq!(read.known.a.unwrap().as_str(), r#"{"z":1.50}"#);
        assert_eq!(read.known.b.unwrap(), "x");
        let others: Vec<_> = read.others.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(others, [("z", "[1, 2]"), ("y", "null")]);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let message = |text: &'static str| {
            let read = read_client::<Sieved<'_, Wire<'_>>>(text.as_bytes());
            read.err().unwrap().message.into_owned()
        };
        assert!(message(r#"{"z":1,"b":7}"#).starts_with("`b`: invalid type: integer"));
        assert!(message(r#"{"b":"","b":""}"#).contains("duplicate field `b`"));
        assert!(message("[]").contains("an object"));
        assert!(message(r#"{"z":1"#).starts_with("invalid JSON: "));
    }
}
