//! Other vendors' signatures, on their way through a client of this dialect.
//!
//! The only opaque thing that a client of this dialect stores and sends back is the `encrypted_content` of a reasoning
//! item. Thoughts have one anyway: a foreign signature is written there with its origin before it. Two things do not
//! fit: that thoughts were redacted, and a signature of a call or a text (Gemini's). The latter gets a reasoning item
//! of its own, right behind its call or message. Both are told by a first character that no signature begins with.

use crate::canonical::{Part, Reasoning, Signature, Str, Text};

use super::OWN;

/// The thoughts were redacted.
const REDACTED: char = '!';
/// The signature belongs to the call or the text before it.
const BEFORE: char = '<';

/// How the signature of thoughts is written.
pub(super) fn of_thoughts<'s>(signature: &'s Signature<'_>, redacted: bool) -> Str<'s> {
    if redacted && signature.from != OWN { marked(signature, REDACTED) } else { signature.tagged(OWN) }
}

/// How the signature of a call or a text is written.
pub(super) fn of_before(signature: &Signature<'_>) -> Str<'static> {
    marked(signature, BEFORE)
}

fn marked(signature: &Signature<'_>, mark: char) -> Str<'static> {
    let value = format!("{mark}{}", signature.value).into();
    Signature { from: signature.from, value }.tagged(OWN).into_owned()
}

/// Adds to `parts`, which are the assistant's so far, what a reasoning item is.
pub(super) fn add<'a>(parts: &mut Vec<Part<'a>>, mut thoughts: Reasoning<'a>, encrypted: Option<Str<'a>>) {
    let Some(mut signature) = encrypted.filter(|value| !value.is_empty()).map(|value| Signature::untag(OWN, value))
    else {
        if !thoughts.text.is_empty() {
            parts.push(Part::Reasoning(thoughts));
        }
        return;
    };
    if signature.from == OWN {
        thoughts.redacted = thoughts.text.is_empty();
    } else if signature.value.starts_with(REDACTED) {
        signature.value = tail(signature.value, REDACTED.len_utf8());
        thoughts.redacted = true;
    } else if signature.value.starts_with(BEFORE) {
        signature.value = tail(signature.value, BEFORE.len_utf8());
        return sign_last(parts, signature);
    }
    thoughts.signature = Some(signature);
    parts.push(Part::Reasoning(thoughts));
}

fn sign_last<'a>(parts: &mut Vec<Part<'a>>, signature: Signature<'a>) {
    match parts.last_mut() {
        Some(Part::ToolCall(call)) => call.signature = Some(signature),
        Some(Part::Text(text)) => text.signature = Some(signature),
        _ => parts.push(Part::Text(Text { signature: Some(signature), ..Text::default() })),
    }
}

/// The text from a byte on, borrowed where it was; all of it where that is no place to cut.
pub(super) fn tail(text: Str<'_>, at: usize) -> Str<'_> {
    match text.0 {
        std::borrow::Cow::Borrowed(text) => text.get(at..).unwrap_or(text).into(),
        std::borrow::Cow::Owned(text) => text.get(at..).map(str::to_owned).unwrap_or(text).into(),
    }
}
