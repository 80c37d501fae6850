//! Blocks of a stream that are only given when they are whole: tools that the provider runs itself, and images.

use serde::Serialize;
use serde_json::value::RawValue;

use super::super::wire::{Fields, SERVER_TOOL};
use crate::canonical::{Raw, Str};

/// As much of one block is kept.
const LONGEST: usize = 4 << 20;

/// What there is of such a block.
#[derive(PartialEq)]
pub(super) struct Hosted {
    what: What,
    /// The input of a call, or the pieces of a result, with commas between them.
    kept: String,
    too_long: bool,
}

#[derive(PartialEq)]
enum What {
    Call { id: String, name: String },
    Result { head: String },
    Image { format: String },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Call<'a> {
    tool_use_id: &'a str,
    name: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    input: Raw<'a>,
}

impl Hosted {
    pub(super) fn tool_use(id: &str, name: &str) -> Self {
        Self::new(What::Call { id: id.to_owned(), name: name.to_owned() })
    }

    pub(super) fn tool_result(head: &RawValue) -> Self {
        Self::new(What::Result { head: head.get().to_owned() })
    }

    pub(super) fn image(format: &str) -> Self {
        Self::new(What::Image { format: format.to_owned() })
    }

    fn new(what: What) -> Self {
        Self { what, kept: String::new(), too_long: false }
    }

    /// The format, if it is an image.
    pub(super) fn image_format(&self) -> Option<&str> {
        match &self.what {
            What::Image { format } => Some(format),
            _ => None,
        }
    }

    pub(super) fn add_input(&mut self, piece: &str) {
        self.too_long |= self.kept.len() + piece.len() > LONGEST;
        if !self.too_long {
            self.kept.push_str(piece);
        }
    }

    /// The pieces come as lists.
    pub(super) fn add_content(&mut self, list: &RawValue) {
        let Some(inner) = list.get().strip_prefix('[').and_then(|list| list.strip_suffix(']')) else { return };
        if !inner.trim().is_empty() {
            let comma = if self.kept.is_empty() { "" } else { "," };
            self.add_input(comma);
            self.add_input(inner);
        }
    }

    /// The block's name and value. `None` for what is too long, or was cut off.
    pub(super) fn whole(&self) -> Option<(&'static str, Raw<'static>)> {
        if self.too_long {
            return None;
        }
        match &self.what {
            What::Call { id, name } => {
                let input = if self.kept.trim().is_empty() { "{}" } else { &self.kept };
                let call = Call { tool_use_id: id, name, kind: SERVER_TOOL, input: Raw::parse(input)? };
                Some(("toolUse", Raw::write(&call)?))
            }
            What::Result { head } => {
                let Fields(mut fields) = serde_json::from_str(head).ok()?;
                let content = RawValue::from_string(format!("[{}]", self.kept)).ok()?;
                fields.retain(|(name, _)| name.as_str() != "content");
                fields.push((Str::new("content"), &content));
                let object: Members<'_> = Members(&fields);
                Some(("toolResult", Raw::write(&object)?))
            }
            What::Image { .. } => None,
        }
    }
}

struct Members<'a>(&'a [(Str<'a>, &'a RawValue)]);

impl Serialize for Members<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}
