//! Signatures in `thinking` blocks.
//!
//! This dialect signs thoughts alone. A signature that another dialect gave to a text or a call goes into a `thinking`
//! block of its own, without words, directly behind the part it belongs to: clients hand back such blocks unchanged.
//! [`BEHIND`] tells it from thoughts that are merely hidden.

use crate::canonical::{Dialect, Part, Signature, Str, Text};

/// Cannot begin a base64 value.
const BEHIND: char = '^';

/// The value of a `thinking` block that carries the signature of the part before it.
pub(super) fn behind(signature: &Signature<'_>) -> String {
    format!("{BEHIND}{}", signature.tagged(Dialect::Anthropic))
}

/// What a value that was read signs.
pub(super) enum Signed<'a> {
    /// Its own thoughts.
    These(Signature<'a>),
    /// The part before them.
    Before(Signature<'a>),
}

/// Reads the `signature` of a block. `None` where there is none.
pub(super) fn read(value: Str<'_>) -> Option<Signed<'_>> {
    if value.is_empty() {
        return None;
    }
    let Some(rest) = value.strip_prefix(BEHIND) else {
        return Some(Signed::These(Signature::untag(Dialect::Anthropic, value)));
    };
    // Made by us, and not long: a copy does no harm.
    Some(Signed::Before(Signature::untag(Dialect::Anthropic, Str::from(rest.to_owned()))))
}

/// Gives a signature to the last of `parts`, or to an empty text where that cannot have one.
pub(super) fn attach<'a>(parts: &mut Vec<Part<'a>>, signature: Signature<'a>) {
    match parts.last_mut() {
        Some(Part::Text(text)) => text.signature = Some(signature),
        Some(Part::ToolCall(call)) => call.signature = Some(signature),
        _ => parts.push(Part::Text(Text { signature: Some(signature), ..Text::default() })),
    }
}
