//! Reading JSON as leniently as vendors do.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Unexpected, Visitor, value::MapAccessDeserializer};

use crate::canonical::{Fault, FaultKind, Raw, Str};

/// A client's document as a `T`; what is wrong with it is told with the path of the member.
pub fn read_client<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Fault> {
    parse(body).map_err(|_| {
        // Read again, slowly, to learn where.
        let mut reader = serde_json::Deserializer::from_slice(body);
        let message = match serde_path_to_error::deserialize::<_, T>(&mut reader) {
            Err(error) if error.inner().is_data() => format!("`{}`: {}", error.path(), error.inner()),
            Err(error) => format!("invalid JSON: {}", error.inner()),
            Ok(_) => "invalid JSON: there is something behind the document".to_owned(),
        };
        Fault::new(FaultKind::BadRequest, message)
    })
}

/// A provider's document as a `T`.
pub fn read_provider<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Fault> {
    parse(body).map_err(|error| {
        Fault::new(FaultKind::Malformed, "the provider's answer is not what its dialect says").with_detail(error)
    })
}

/// Text that is known to be UTF-8 as a whole is not checked string by string.
fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> serde_json::Result<T> {
    match std::str::from_utf8(body) {
        Ok(text) => serde_json::from_str(text),
        // There may be strings that nobody reads.
        Err(_) => serde_json::from_slice(body),
    }
}

/// The members of an object in their order, each value unparsed.
#[derive(Debug, Default)]
pub struct Members<'a>(pub Vec<(Str<'a>, Raw<'a>)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// A list; also what vendors take for one: nothing for `null`, and a single element that stands alone.
#[derive(Clone, Debug, PartialEq)]
pub struct List<T>(pub Vec<T>);

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ListVisitor(PhantomData))
    }
}

struct ListVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
    type Value = List<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_unit<E>(self) -> Result<List<T>, E> {
        Ok(List::default())
    }

    fn visit_none<E>(self) -> Result<List<T>, E> {
        Ok(List::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<List<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(|one| List(vec![one]))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<List<T>, E> {
        T::deserialize(serde::de::value::BorrowedStrDeserializer::new(text)).map(|one| List(vec![one]))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<List<T>, E> {
        T::deserialize(serde::de::value::StrDeserializer::new(text)).map(|one| List(vec![one]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<List<T>, A::Error> {
        let Some(first) = seq.next_element()? else { return Ok(List::default()) };
        // Room for one, where a growing list would take four: in streams there is no second.
        let mut list = vec![first];
        while let Some(one) = seq.next_element()? {
            list.push(one);
        }
        Ok(List(list))
    }
}

/// What most dialects allow as content: nothing, a text, or a list of parts; also a part that stands alone where
/// `ALONE`.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Content<'a, P, const ALONE: bool = true> {
    /// Missing or `null`.
    #[default]
    Nothing,
    /// A string.
    Text(Str<'a>),
    /// A list.
    Parts(Vec<P>),
}

impl<'de: 'a, 'a, P: Deserialize<'de>, const ALONE: bool> Deserialize<'de> for Content<'a, P, ALONE> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either<P, const ALONE: bool>(PhantomData<P>);
        impl<'de, P: Deserialize<'de>, const ALONE: bool> Visitor<'de> for Either<P, ALONE> {
            type Value = Content<'de, P, ALONE>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or a list of parts")
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Content::Nothing)
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Content::Text(text.into()))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Content::Text(text.to_owned().into()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
                ListVisitor(PhantomData).visit_seq(seq).map(|list| Content::Parts(list.0))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                if !ALONE {
                    return Err(A::Error::invalid_type(Unexpected::Map, &self));
                }
                ListVisitor(PhantomData).visit_map(map).map(|list| Content::Parts(list.0))
            }
        }
        deserializer.deserialize_any(Either::<P, ALONE>(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Wire<'a> {
        #[serde(borrow, default)]
        stop: List<Str<'a>>,
        #[serde(borrow, default)]
        content: Content<'a, Piece<'a>>,
    }

    #[derive(Clone, Debug, PartialEq, Deserialize)]
    struct Piece<'a> {
        #[serde(borrow)]
        text: Str<'a>,
        #[serde(borrow)]
        raw: Option<Raw<'a>>,
    }

    #[test]
    fn what_vendors_take_is_taken() {
        let wire = |text: &'static str| read_client::<Wire<'_>>(text.as_bytes()).unwrap();
        assert_eq!(wire("{}").stop.0.len(), 0);
        assert_eq!(wire(r#"{"stop":null,"content":null}"#).content, Content::Nothing);
        assert_eq!(wire(r#"{"stop":"a"}"#).stop.0, ["a"]);
        assert_eq!(wire(r#"{"stop":["a","b\n"]}"#).stop.0, ["a", "b\n"]);
        assert_eq!(wire(r#"{"content":"hi"}"#).content, Content::Text("hi".into()));
        let parts = wire(r#"{"content":[{"text":"a","raw":{"z":1.50,"a":18446744073709551616}}]}"#).content;
        let Content::Parts(parts) = parts else { panic!("{parts:?}") };
        assert_eq!(parts[0].raw.as_ref().unwrap().as_str(), r#"{"z":1.50,"a":18446744073709551616}"#);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let message = |text: &'static str| read_client::<Wire<'_>>(text.as_bytes()).unwrap_err().message.into_owned();
        assert!(message(r#"{"stop":["a",1]}"#).starts_with("`stop[1]`: invalid type: integer"));
        assert!(message(r#"{"content":7}"#).contains("a string or a list of parts"));
        assert!(message(r#"{"content":[{"text":"a"},{}]}"#).starts_with("`content[1]"));
        assert!(message("{").starts_with("invalid JSON: "));
        assert!(message("{} {}").starts_with("invalid JSON: "));
    }
}
