//! A whole answer, as a client of this dialect expects it.

use super::out::{Object, comma};
use super::signature::for_client;
use super::write_parts::{write_call, write_foreign, write_media, write_text};
use super::{finish, grounding, logprobs, usage};
use crate::canonical::{Choice, Citation, Dialect, Foreign, Lost, Part, Reply, Signature};
use crate::dialect::codec::About;

/// Writes the reply.
pub(super) fn write(reply: &Reply<'_>, about: &About<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(1024);
    let mut object = Object::begin(&mut out);
    let list = object.key("candidates");
    list.push(b'[');
    let mut first = true;
    for (index, choice) in (0..).zip(&reply.choices) {
        comma(list, &mut first);
        write_choice(list, index, choice, &reply.others);
    }
    list.push(b']');
    usage::write(&reply.usage, reply.service_tier.as_deref(), &mut object);
    write_names(&mut object, &reply.model, &reply.id, about);
    object.end();
    out
}

/// Writes what every piece of an answer repeats: the model and the answer's name.
pub(super) fn write_names(object: &mut Object<'_>, model: &str, id: &str, about: &About<'_>) {
    object.text("modelVersion", if model.is_empty() { about.model } else { model });
    object.text("responseId", if id.is_empty() { about.id } else { id });
}

fn write_choice(out: &mut Vec<u8>, index: u64, choice: &Choice<'_>, others: &[Foreign<'_>]) {
    let mut candidate = Object::begin(out);
    let mut content = candidate.object("content");
    let list = content.key("parts");
    list.push(b'[');
    let mut first = true;
    for part in &choice.parts {
        let (before, was_first) = (list.len(), first);
        comma(list, &mut first);
        if !write_part(list, part) {
            list.truncate(before);
            first = was_first;
        }
    }
    list.push(b']');
    content.text("role", "model");
    content.end();
    candidate.text("finishReason", finish::write(&choice.stop));
    if let Some(message) = &choice.stop.explanation {
        candidate.text("finishMessage", message);
    }
    candidate.number("index", index);
    let prefix = format!("candidates.{index}.");
    let own = others.iter().filter(|other| other.dialect == Dialect::Gemini);
    let own: Vec<_> = own.filter_map(|other| Some((other.kind.strip_prefix(&*prefix)?, &other.json))).collect();
    for (name, json) in &own {
        candidate.raw(name, json.as_str());
    }
    if !own.iter().any(|(name, _)| matches!(*name, "groundingMetadata" | "citationMetadata")) {
        let citations: Vec<Citation<'_>> = choice.parts.iter().flat_map(citations_of).cloned().collect();
        grounding::write(&mut candidate, &citations);
    }
    if let Some(tokens) = &choice.logprobs {
        logprobs::write(&mut candidate, tokens);
    }
    candidate.end();
}

fn citations_of<'p>(part: &'p Part<'_>) -> &'p [Citation<'p>] {
    match part {
        Part::Text(text) => &text.citations,
        _ => &[],
    }
}

/// Writes a part; false, and nothing, where a client of this dialect could not make sense of it.
fn write_part(out: &mut Vec<u8>, part: &Part<'_>) -> bool {
    let coded = |signature: &Option<Signature<'_>>, hidden| {
        signature.as_ref().map(|signature| for_client(signature, hidden).into_owned())
    };
    match part {
        Part::Text(text) => write_text(out, &text.text, false, coded(&text.signature, false).as_deref()),
        Part::Reasoning(thought) => {
            let signature = coded(&thought.signature, thought.redacted);
            write_text(out, &thought.text, true, signature.as_deref());
        }
        Part::ToolCall(call) => write_call(out, call, true, coded(&call.signature, false).as_deref()),
        Part::Refusal(text) => write_text(out, text, false, None),
        Part::Media(media) => return write_media(out, media, &mut Lost::nothing()),
        Part::Foreign(foreign) => return write_foreign(out, foreign, &mut Lost::nothing()),
        Part::ToolResult(_) => return false,
    }
    true
}
