//! The documents of this dialect, as they are read.
//!
//! Flat, and raw wherever vendors or clients differ in the shape: so unknown kinds of items can be kept as they are.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::canonical::{Fault, FaultKind, Str};

/// An item of a request's input or of a reply's output.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Item<'a> {
    #[serde(rename = "type", borrow)]
    pub(super) kind: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) role: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) id: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) call_id: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) name: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) encrypted_content: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) content: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) arguments: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) input: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) output: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) summary: Option<&'a RawValue>,
}

/// A part of a message, of a tool's output, of thoughts.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Piece<'a> {
    #[serde(rename = "type", borrow)]
    pub(super) kind: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) text: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) refusal: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) detail: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) file_id: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) file_data: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) file_url: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) filename: Option<Str<'a>>,
    /// A string here, an object in Chat, from which clients copy.
    #[serde(borrow)]
    pub(super) image_url: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) video_url: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) input_audio: Option<Audio<'a>>,
    #[serde(borrow)]
    pub(super) annotations: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    pub(super) logprobs: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) prompt_cache_breakpoint: Option<&'a RawValue>,
}

/// Sound in a message.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Audio<'a> {
    #[serde(borrow)]
    pub(super) data: Str<'a>,
    #[serde(borrow)]
    pub(super) format: Str<'a>,
}

/// A source of a text.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Annotation<'a> {
    #[serde(rename = "type", borrow)]
    pub(super) kind: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) url: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) title: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) filename: Option<Str<'a>>,
    pub(super) start_index: Option<u64>,
    pub(super) end_index: Option<u64>,
}

/// A reply, or what a stream says of it.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Response<'a> {
    #[serde(borrow)]
    pub(super) id: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) model: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) status: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) service_tier: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) created_at: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) error: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) incomplete_details: Option<Reason<'a>>,
    #[serde(borrow)]
    pub(super) output: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    pub(super) usage: Option<&'a RawValue>,
}

/// Why a reply is incomplete.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Reason<'a> {
    #[serde(borrow)]
    pub(super) reason: Option<Str<'a>>,
}

/// What a member that takes several shapes holds.
pub(super) enum Shape<'a> {
    Text(Str<'a>),
    List(Vec<&'a RawValue>),
    Other(&'a RawValue),
}

impl<'a> Shape<'a> {
    pub(super) fn of(raw: &'a RawValue) -> Self {
        let read = match raw.get().as_bytes().first() {
            Some(b'"') => serde_json::from_str(raw.get()).map(Self::Text),
            Some(b'[') => serde_json::from_str(raw.get()).map(Self::List),
            _ => return Self::Other(raw),
        };
        read.unwrap_or(Self::Other(raw)) // nested too deep, or a lone surrogate
    }
}

/// A string, or the JSON text of what is no string: some clients send arguments as an object.
pub(super) fn text_of(raw: Option<&RawValue>) -> Str<'_> {
    match raw.map(Shape::of) {
        None => Str::default(),
        Some(Shape::Text(text)) => text,
        Some(Shape::List(_) | Shape::Other(_)) => raw.map_or("", RawValue::get).into(),
    }
}

/// A piece of a client's request, which stands at `place`.
pub(super) fn at<'a, T: Deserialize<'a>>(raw: &'a RawValue, place: &dyn Fn() -> String) -> Result<T, Fault> {
    serde_json::from_str(raw.get()).map_err(|error| {
        let mut reader = serde_json::Deserializer::from_str(raw.get());
        let message = match serde_path_to_error::deserialize::<_, T>(&mut reader) {
            Err(error) if error.path().iter().next().is_some() => {
                format!("`{}.{}`: {}", place(), error.path(), error.inner())
            }
            _ => format!("`{}`: {error}", place()),
        };
        Fault::new(FaultKind::BadRequest, message)
    })
}

/// A piece of a provider's reply; one that cannot be read is as if it had said nothing.
pub(super) fn lenient<'a, T: Deserialize<'a> + Default>(raw: &'a RawValue) -> T {
    serde_json::from_str(raw.get()).unwrap_or_default()
}
