//! Thoughts, in the many forms in which this dialect's servers show them.
//!
//! OpenRouter's `reasoning_details` are the only form that carries proofs. Each names by its `format` whose proof it
//! is, and so does a [`Signature`]; text that stands beside them in `reasoning` or `reasoning_content` is the same text
//! once more.

use std::collections::HashSet;

use super::wire::{Detail, Message, lenient};
use crate::canonical::{Dialect, Part, Reasoning, Signature, Str, Waiting};

/// The names of formats, with the dialect whose proofs they carry.
const FORMATS: [(&str, Dialect); 3] = [
    ("anthropic-claude-v1", Dialect::Anthropic),
    ("google-gemini-v1", Dialect::Gemini),
    ("openai-responses-v1", Dialect::OpenAiResponses),
];

/// The `format` of a signature, and the value to be written: tagged where no format names its origin.
pub(super) fn format_of<'s>(signature: &'s Signature<'_>) -> (&'static str, Str<'s>) {
    match FORMATS.iter().find(|(_, dialect)| *dialect == signature.from) {
        Some((format, _)) => (format, signature.value.borrowed()),
        None => ("unknown", signature.tagged(Dialect::OpenAiChat)),
    }
}

/// What a detail's proof is.
pub(super) fn signature<'a>(format: &str, value: Str<'a>) -> Signature<'a> {
    let known = FORMATS.iter().find(|(name, _)| *name == format);
    Signature::untag(known.map_or(Dialect::OpenAiChat, |(_, dialect)| *dialect), value)
}

/// All thoughts of a message, in order. A proof that belongs to a tool's call, as OpenRouter has it for Gemini, is
/// found by the call's id and left in `of_calls`.
pub(super) fn read<'a>(message: &mut Message<'a>, of_calls: &mut Waiting<'a, Signature<'a>>) -> Vec<Part<'a>> {
    let details = lenient::<Vec<Detail<'a>>>(message.reasoning_details.take()).unwrap_or_default();
    let mirror = std::mem::take(&mut message.reasoning_content).given();
    let mirror = mirror.or_else(|| std::mem::take(&mut message.reasoning).given());
    let mut thoughts: Vec<Reasoning<'a>> = Vec::new();
    let calls: HashSet<&str> = match details.is_empty() {
        true => HashSet::new(),
        false => message.tool_calls.0.iter().map(|call| call.id.as_str()).filter(|id| !id.is_empty()).collect(),
    };
    let mut last = None;
    for detail in details {
        if calls.contains(detail.id.as_str()) && !detail.data.is_empty() {
            let signature = signature(detail.format.as_str(), detail.data.given().unwrap_or_default());
            if let Some(id) = detail.id.given() {
                of_calls.add(id, signature);
            }
            continue;
        }
        let index = detail.index;
        add(&mut thoughts, detail, last == Some(index));
        last = Some(index);
    }
    if let Some(text) = mirror
        && thoughts.iter().all(|thought| thought.text.is_empty())
    {
        match thoughts.iter_mut().find(|thought| !thought.redacted) {
            Some(signed) => signed.text = text,
            None => thoughts.insert(0, Reasoning { text, ..Reasoning::default() }),
        }
    }
    thoughts.into_iter().map(Part::Reasoning).collect()
}

/// Adds a detail to the thoughts before it, or as one more. Clients that gathered a stream send a detail for each of
/// its events: those of one index go on with the same thought until its proof has come.
fn add<'a>(thoughts: &mut Vec<Reasoning<'a>>, detail: Detail<'a>, same_index: bool) {
    let summary = detail.kind.as_str() == "reasoning.summary";
    let format = detail.format;
    let (text, id) = (detail.text.given().or_else(|| detail.summary.given()), detail.id.given());
    let (proof, data) = (detail.signature.given(), detail.data.given());
    let hidden = data.is_some() && text.is_none();
    let proof = proof.or(data).map(|value| signature(format.as_str(), value));
    if text.is_none() && proof.is_none() {
        return;
    }
    let before = thoughts.last_mut().filter(|before| before.signature.is_none() && !before.redacted);
    let goes_on = |before: &&mut Reasoning<'a>| match hidden {
        // The encrypted thoughts of which the summary was shown.
        true => before.summary && (same_index || (id.is_some() && id == before.id)),
        false => same_index && before.summary == summary,
    };
    match before.filter(goes_on) {
        Some(before) => {
            if let Some(more) = text {
                before.text.0.to_mut().push_str(&more);
            }
            before.signature = proof;
            before.id = before.id.take().or(id);
        }
        None => {
            let text = text.unwrap_or_default();
            thoughts.push(Reasoning { text, summary, id, signature: proof, redacted: hidden });
        }
    }
}
