//! Lists as clients send them: short, or refused before they are read.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};

/// More than anybody means: there are about a hundred providers.
const MOST: usize = 128;

/// The longest name that is worth a look.
const LONGEST: usize = 256;

/// A list of names. What is too long is refused at the first name too many: the rest is not read.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Few(pub Vec<String>);

impl<'de> Deserialize<'de> for Few {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names;
        impl<'de> Visitor<'de> for Names {
            type Value = Few;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of names")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Few, A::Error> {
                let mut names = Vec::new();
                while let Some(Name(name)) = seq.next_element()? {
                    if names.len() == MOST {
                        return Err(A::Error::custom(format_args!("more than {MOST} names")));
                    }
                    names.push(name);
                }
                Ok(Few(names))
            }
        }
        deserializer.deserialize_seq(Names)
    }
}

/// One name.
struct Name(String);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Name;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a name of 1 to {LONGEST} bytes")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Name, E> {
                match text.len() {
                    1..=LONGEST => Ok(Name(text.to_owned())),
                    length => Err(E::invalid_length(length, &self)),
                }
            }
        }
        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_short_or_refused() {
        let read = |text: &str| serde_json::from_str::<Few>(text).map(|few| few.0.len()).map_err(|e| e.to_string());
        assert_eq!(read(r#"["a","b\n"]"#), Ok(2));
        assert_eq!(read("[]"), Ok(0));
        let many = |count| format!("[{}]", vec!["\"x\""; count].join(","));
        assert_eq!(read(&many(MOST)), Ok(MOST));
        assert!(read(&many(MOST + 1)).unwrap_err().starts_with("more than 128 names"));
        assert!(read(r#"[""]"#).unwrap_err().contains("a name of 1 to 256 bytes"));
        assert!(read(&format!("[\"{}\"]", "x".repeat(257))).is_err());
        assert!(read("[1]").is_err() && read("\"a\"").is_err() && read("{}").is_err());
    }
}
