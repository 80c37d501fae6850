//! What is read, as it stands on the wire.
//!
//! Google's servers read JSON as Protobuf does: names in camel or snake case, `null` for nothing, numbers as strings,
//! enums in any case or as numbers, one element where a list is meant. Real clients make use of each of these.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};
use serde_json::Number;

use crate::canonical::{Raw, Str};
use crate::dialect::wire::List;

/// Parts, and who says them.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Content<'a> {
    #[serde(borrow)]
    pub(super) role: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub(super) parts: List<Part<'a>>,
}

/// A part: which one it is, is told by the member that is there.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Part<'a> {
    #[serde(borrow)]
    pub(super) text: Option<Str<'a>>,
    pub(super) thought: Option<bool>,
    #[serde(borrow, alias = "thought_signature")]
    pub(super) thought_signature: Option<Str<'a>>,
    #[serde(borrow, alias = "inline_data")]
    pub(super) inline_data: Option<Blob<'a>>,
    #[serde(borrow, alias = "file_data")]
    pub(super) file_data: Option<File<'a>>,
    #[serde(borrow, alias = "function_call")]
    pub(super) function_call: Option<Call<'a>>,
    #[serde(borrow, alias = "function_response")]
    pub(super) function_response: Option<Response<'a>>,
    #[serde(borrow, alias = "executable_code")]
    pub(super) executable_code: Option<Raw<'a>>,
    #[serde(borrow, alias = "code_execution_result")]
    pub(super) code_execution_result: Option<Raw<'a>>,
    #[serde(borrow, alias = "tool_call")]
    pub(super) tool_call: Option<Raw<'a>>,
    #[serde(borrow, alias = "tool_response")]
    pub(super) tool_response: Option<Raw<'a>>,
}

/// A medium in base64.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Blob<'a> {
    #[serde(borrow, default, alias = "mime_type")]
    pub(super) mime_type: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub(super) data: Option<Str<'a>>,
    #[serde(borrow, default, alias = "display_name")]
    pub(super) display_name: Option<Str<'a>>,
}

/// A medium somewhere else.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct File<'a> {
    #[serde(borrow, default, alias = "mime_type")]
    pub(super) mime_type: Option<Str<'a>>,
    #[serde(borrow, default, alias = "file_uri")]
    pub(super) file_uri: Option<Str<'a>>,
    #[serde(borrow, default, alias = "display_name")]
    pub(super) display_name: Option<Str<'a>>,
}

/// The call of a function; in Vertex's streams maybe a piece of one.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Call<'a> {
    #[serde(borrow)]
    pub(super) id: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) name: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) args: Option<Raw<'a>>,
    #[serde(borrow, default, alias = "partial_args")]
    pub(super) partial_args: List<PartialArg<'a>>,
    #[serde(alias = "will_continue")]
    pub(super) will_continue: Option<bool>,
}

/// A value, or the beginning of one, and where in the arguments it belongs.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PartialArg<'a> {
    #[serde(borrow, default, alias = "json_path")]
    pub(super) json_path: Str<'a>,
    #[serde(borrow, alias = "string_value")]
    pub(super) string_value: Option<Str<'a>>,
    #[serde(alias = "number_value")]
    pub(super) number_value: Option<Number>,
    #[serde(alias = "bool_value")]
    pub(super) bool_value: Option<bool>,
}

/// What a function said.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Response<'a> {
    #[serde(borrow)]
    pub(super) id: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) name: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) response: Option<Raw<'a>>,
    #[serde(borrow, default)]
    pub(super) parts: List<Part<'a>>,
}

/// A whole reply, or a piece of a stream.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Reply<'a> {
    #[serde(borrow, default)]
    pub(super) candidates: List<Candidate<'a>>,
    #[serde(borrow, alias = "prompt_feedback")]
    pub(super) prompt_feedback: Option<Feedback<'a>>,
    #[serde(borrow, alias = "usage_metadata")]
    pub(super) usage_metadata: Option<super::usage::Counts<'a>>,
    #[serde(borrow, alias = "model_version")]
    pub(super) model_version: Option<Str<'a>>,
    #[serde(borrow, alias = "response_id")]
    pub(super) response_id: Option<Str<'a>>,
    #[serde(borrow, alias = "create_time")]
    pub(super) create_time: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) error: Option<Raw<'a>>,
}

/// One answer.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Candidate<'a> {
    #[serde(borrow)]
    pub(super) content: Option<Content<'a>>,
    #[serde(borrow, alias = "finish_reason")]
    pub(super) finish_reason: Option<Word<'a>>,
    #[serde(borrow, alias = "finish_message")]
    pub(super) finish_message: Option<Str<'a>>,
    pub(super) index: Option<u32>,
    #[serde(borrow, alias = "safety_ratings")]
    pub(super) safety_ratings: Option<Raw<'a>>,
    #[serde(borrow, alias = "citation_metadata")]
    pub(super) citation_metadata: Option<Raw<'a>>,
    #[serde(borrow, alias = "grounding_metadata")]
    pub(super) grounding_metadata: Option<Raw<'a>>,
    #[serde(borrow, alias = "url_context_metadata")]
    pub(super) url_context_metadata: Option<Raw<'a>>,
    #[serde(borrow, alias = "logprobs_result")]
    pub(super) logprobs_result: Option<Raw<'a>>,
}

/// What the filters say of the prompt.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Feedback<'a> {
    #[serde(borrow, alias = "block_reason")]
    pub(super) block_reason: Option<Word<'a>>,
    #[serde(borrow, alias = "block_reason_message")]
    pub(super) block_reason_message: Option<Str<'a>>,
}

/// A word of an enum. Clients that ask for numbers (`$alt=json;enum-encoding=int`) get them, and send them too.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Word<'a> {
    Name(Str<'a>),
    Number(u64),
}

impl<'a> Word<'a> {
    /// The word, or the one at its number's place in `numbered`, or the number itself.
    pub(super) fn name(self, numbered: &[&'static str]) -> Str<'a> {
        match self {
            Self::Name(name) => name,
            Self::Number(number) => match usize::try_from(number).ok().and_then(|number| numbered.get(number)) {
                Some(name) => Str::new(name),
                None => number.to_string().into(),
            },
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Word<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Word<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of an enum's value")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Word<'de>, E> {
                Ok(Word::Name(text.into()))
            }

            fn visit_str<E>(self, text: &str) -> Result<Word<'de>, E> {
                Ok(Word::Name(text.to_owned().into()))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Word<'de>, E> {
                Ok(Word::Number(number))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Word<'de>, E> {
                Ok(Word::Number(u64::try_from(number).unwrap_or_default()))
            }

            fn visit_f64<E>(self, number: f64) -> Result<Word<'de>, E> {
                Ok(Word::Number(number as u64))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// A number; also one written as a string, as Protobuf does with large ones.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Num(pub(super) Number);

impl Num {
    /// As a count; negative ones and fractions are none.
    pub(super) fn count(&self) -> Option<u64> {
        self.0.as_u64().or_else(|| self.0.as_f64().filter(|n| *n >= 0.0 && n.fract() == 0.0).map(|n| n as u64))
    }
}

impl<'de> Deserialize<'de> for Num {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl Visitor<'_> for Either {
            type Value = Num;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number")
            }

            fn visit_u64<E>(self, number: u64) -> Result<Num, E> {
                Ok(Num(number.into()))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Num, E> {
                Ok(Num(number.into()))
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Num, E> {
                Number::from_f64(number).map(Num).ok_or_else(|| E::custom("not a finite number"))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Num, E> {
                let number = serde_json::from_str(text.trim()).map(Num);
                number.map_err(|_| E::invalid_value(serde::de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_any(Either)
    }
}
