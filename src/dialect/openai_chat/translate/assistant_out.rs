//! A turn of the model in the history of a request, written.

use std::borrow::Cow;

use super::details_out;
use super::json_out::{Object, value};
use super::style::Style;
use super::tools_out::{is_json, one_text};
use super::turns_out::call_id;
use crate::canonical::{Dialect, Lost, Part, Reasoning, Signature, ToolCall, Turn};
use crate::dialect::codec::Flavour;

/// Where a turn stands.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// Nothing follows: the model is to go on from there.
    pub is_last: bool,
    /// Since the user last spoke there were only calls and results.
    pub in_loop: bool,
}

/// Writes the turn; one of which nothing can be said is left out.
pub(super) fn write(turn: &Turn<'_>, place: Place, style: &Style<'_>, messages: &mut Object<'_>, lost: &mut Lost) {
    let said = Said::of(turn, style, lost);
    let silent = said.text.is_empty() && said.refusal.is_empty() && said.calls.is_empty();
    if silent && !style.takes_silence() {
        return;
    }
    let mut message = Object::begin(messages.item());
    message.set("role", "assistant");
    if silent {
        message.set("content", "");
    } else {
        write_content(&said, style, &mut message, lost);
    }
    if !said.refusal.is_empty() {
        message.set("refusal", &said.refusal);
    }
    write_thoughts(&said, place, style, &mut message, lost);
    if !said.calls.is_empty() {
        let mut list = Object::list(message.key("tool_calls"));
        said.calls.iter().for_each(|call| write_call(call, style, list.item()));
        list.end();
    }
    if let Some(signature) = said.signature.filter(|_| style.is_gemini()) {
        google(&signature.value, &mut message);
    }
    match &turn.name {
        Some(_) if style.is(Flavour::Mistral) => lost.add("messages.name"),
        name => _ = message.maybe("name", name.as_ref()),
    }
    if place.is_last && said.calls.is_empty() && style.is(Flavour::Mistral) {
        // Without it Mistral refuses a conversation that the model has the last word in.
        message.set("prefix", true);
    }
    message.end();
}

/// What the model said, by its kinds.
#[derive(Default)]
struct Said<'r> {
    text: Cow<'r, str>,
    refusal: Cow<'r, str>,
    thoughts: Vec<&'r Reasoning<'r>>,
    calls: Vec<&'r ToolCall<'r>>,
    signature: Option<&'r Signature<'r>>,
    cache: Option<&'r crate::canonical::Cache<'r>>,
}

impl<'r> Said<'r> {
    fn of(turn: &'r Turn<'r>, style: &Style<'_>, lost: &mut Lost) -> Self {
        let mut said = Self::default();
        for part in &turn.parts {
            match part {
                Part::Text(text) => {
                    lost.add_if(!text.citations.is_empty(), "messages.citations");
                    said.text += text.text.as_str();
                    let own = text.signature.as_ref().filter(|signature| signature.from == Dialect::Gemini);
                    said.signature = own.or(said.signature);
                    said.cache = text.cache.as_ref().or(said.cache);
                }
                // Only OpenAI has a place for it; elsewhere it is what was said.
                Part::Refusal(text) if style.is_openai() => said.refusal += text.as_str(),
                Part::Refusal(text) => said.text += text.as_str(),
                Part::Reasoning(thought) => said.thoughts.push(thought),
                Part::ToolCall(call) => said.calls.push(call),
                Part::Media(media) => lost.add_medium(media),
                Part::Foreign(foreign) => lost.add_part(foreign),
                Part::ToolResult(_) => {}
            }
        }
        said
    }

    /// Thoughts that carry nobody's proof: what an open model thought.
    fn unsigned(&self) -> impl Iterator<Item = &str> {
        let shown = self.thoughts.iter().filter(|thought| thought.signature.is_none() && !thought.text.is_empty());
        shown.map(|thought| thought.text.as_str())
    }
}

fn write_content(said: &Said<'_>, style: &Style<'_>, message: &mut Object<'_>, lost: &mut Lost) {
    let cache = super::content_out::kept(said.cache, style, lost);
    let thinks = style.is(Flavour::Mistral) && said.unsigned().next().is_some();
    let out = message.key("content");
    if said.text.is_empty() && !thinks {
        return value(out, ());
    }
    if cache.is_none() && !thinks {
        return value(out, &said.text);
    }
    let mut list = Object::list(out);
    if thinks {
        let mut part = Object::begin(list.item());
        part.set("type", "thinking");
        let mut texts = Object::list(part.key("thinking"));
        for text in said.unsigned() {
            write_text(text, texts.item());
        }
        texts.end();
        part.end();
    }
    if !said.text.is_empty() {
        let mut part = Object::begin(list.item());
        part.set("type", "text").set("text", &said.text);
        if let Some(cache) = cache {
            super::tools_out::cache_control(&mut part, cache);
        }
        part.end();
    }
    list.end();
}

fn write_text(text: &str, out: &mut Vec<u8>) {
    let mut part = Object::begin(out);
    part.set("type", "text").set("text", text);
    part.end();
}

/// Thoughts go back only to those who want them, and never as something that was said.
fn write_thoughts(said: &Said<'_>, place: Place, style: &Style<'_>, message: &mut Object<'_>, lost: &mut Lost) {
    match style.flavour {
        _ if said.thoughts.is_empty() => {}
        Flavour::OpenRouter => details_out::write(said.thoughts.iter().copied(), message),
        // Its thinking models refuse a loop of tools without them, and older ones any thoughts outside of one.
        Flavour::DeepSeek if place.in_loop => {
            let text: String = said.thoughts.iter().map(|thought| thought.text.as_str()).collect();
            message.set("reasoning_content", text);
        }
        Flavour::Mistral => {
            let signed = said.thoughts.iter().any(|thought| thought.signature.is_some());
            lost.add_if(signed, "messages.reasoning");
        }
        _ => lost.add("messages.reasoning"),
    }
}

fn write_call(call: &ToolCall<'_>, style: &Style<'_>, out: &mut Vec<u8>) {
    let mut wire = Object::begin(out);
    wire.set("id", call_id(&call.id, style));
    if call.free_form && style.is_openai() {
        wire.set("type", "custom");
        wire.object("custom", |custom| _ = custom.set("name", &call.name).set("input", &call.arguments));
    } else {
        wire.set("type", "function");
        wire.object("function", |function| {
            function.set("name", &call.name).set("arguments", arguments(call, style));
        });
    }
    if let Some(signature) = call.signature.as_ref().filter(|_| style.is_gemini())
        && signature.from == Dialect::Gemini
    {
        google(&signature.value, &mut wire);
    }
    wire.end();
}

/// The arguments as text that servers other than OpenAI's can parse too: some of them do, and fail where it was cut.
fn arguments<'r>(call: &'r ToolCall<'_>, style: &Style<'_>) -> Cow<'r, str> {
    let text = call.arguments.as_str();
    if call.free_form {
        return Cow::Owned(one_text(text));
    }
    if text.trim().is_empty() {
        return Cow::Borrowed("{}");
    }
    if style.is_openai() || is_json(text) { Cow::Borrowed(text) } else { Cow::Owned(one_text(text)) }
}

/// Google's place for its proofs.
pub(super) fn google(signature: &str, holder: &mut Object<'_>) {
    holder.object("extra_content", |extra| {
        extra.object("google", |google| _ = google.set("thought_signature", signature));
    });
}
