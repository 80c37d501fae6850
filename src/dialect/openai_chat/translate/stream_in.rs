//! A provider's stream, read.

use serde::Deserialize;
use serde_json::Number;
use serde_json::value::RawValue;

use super::answer_in::Answer;
use super::loose::Words;
use super::reply_in::{broken_off, says, seconds, usage_of};
use super::wire::Message;
use crate::canonical::{Event, Fault, FaultKind, Raw, StreamReader};
use crate::dialect::error;
use crate::dialect::wire::{List, read_provider};

#[derive(Default, Deserialize)]
struct Chunk<'a> {
    #[serde(borrow, default)]
    id: Words<'a>,
    #[serde(borrow, default)]
    object: Words<'a>,
    #[serde(borrow, default)]
    model: Words<'a>,
    created: Option<Number>,
    #[serde(borrow, default)]
    choices: List<Choice<'a>>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    #[serde(borrow)]
    x_groq: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(borrow, default)]
    service_tier: Words<'a>,
}

#[derive(Default, Deserialize)]
struct Choice<'a> {
    index: Option<u32>,
    /// Boxed, because it is large and would be moved several times on its way into the list of choices.
    #[serde(borrow)]
    delta: Option<Box<Message<'a>>>,
    /// Some servers send the whole answer as one event, shaped like a whole reply.
    #[serde(borrow)]
    message: Option<Box<Message<'a>>>,
    #[serde(borrow)]
    logprobs: Option<Raw<'a>>,
    #[serde(borrow, default)]
    finish_reason: Words<'a>,
    #[serde(borrow, default)]
    native_finish_reason: Words<'a>,
    #[serde(borrow, default)]
    stop_reason: Words<'a>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

/// More answers than anybody can ask for.
const MOST_CHOICES: u32 = 1024;

/// Reads one stream.
///
/// A reason to end is kept until the stream is over: there are servers that give one with every event, and servers that
/// have something to add to the answer after it.
#[derive(Default)]
pub(in super::super) struct Reader {
    started: bool,
    /// What ids are made from where a call has none.
    id: String,
    answers: Vec<Answer>,
    /// [`Event::End`] or [`Event::Error`] was given.
    over: bool,
}

impl StreamReader for Reader {
    fn frame(&mut self, name: &str, data: &[u8], out: &mut dyn FnMut(Event<'_>)) -> Result<(), Fault> {
        let data = data.trim_ascii();
        if self.over || data.is_empty() {
            return Ok(());
        }
        if data == b"[DONE]" {
            return self.finish(out);
        }
        let chunk: Chunk<'_> = match read_provider(data) {
            Err(_) if name == "error" => return self.break_off(error::in_band(data), out),
            read => read?,
        };
        if name == "error" || says(chunk.error) || chunk.object.as_str() == "error" {
            return self.break_off(error::in_band(data), out);
        }
        self.chunk(chunk, out)
    }

    fn end(&mut self, out: &mut dyn FnMut(Event<'_>)) -> Result<(), Fault> {
        if self.over {
            return Ok(());
        }
        if !self.answers.iter().all(Answer::has_reason) {
            return Err(Fault::new(FaultKind::Truncated, "the provider's stream ended too early"));
        }
        self.finish(out)
    }
}

impl Reader {
    fn chunk(&mut self, chunk: Chunk<'_>, out: &mut dyn FnMut(Event<'_>)) -> Result<(), Fault> {
        let usage = usage_of(chunk.usage, chunk.x_groq);
        let List(choices) = chunk.choices;
        // Azure's first event is about the prompt, and names neither answer nor model.
        if !self.started && (!choices.is_empty() || usage.is_some()) {
            self.started = true;
            let id = chunk.id.given().unwrap_or_default();
            id.as_str().clone_into(&mut self.id);
            out(Event::Start {
                id,
                model: chunk.model.given().unwrap_or_default(),
                created: chunk.created.as_ref().and_then(seconds),
                service_tier: chunk.service_tier.given(),
            });
        }
        for choice in choices {
            if let Some(fault) = broken_off(choice.finish_reason.as_str(), choice.error) {
                return self.break_off(fault, out);
            }
            self.choice(choice, out)?;
        }
        if let Some(usage) = usage {
            out(Event::Usage(usage));
        }
        Ok(())
    }

    fn choice(&mut self, choice: Choice<'_>, out: &mut dyn FnMut(Event<'_>)) -> Result<(), Fault> {
        let index = choice.index.unwrap_or(0);
        if index >= MOST_CHOICES {
            return Err(Fault::new(FaultKind::Malformed, "the provider's answer has too many choices"));
        }
        while self.answers.len() <= index as usize {
            self.answers.push(Answer::new(self.answers.len() as u32));
        }
        let Some(answer) = self.answers.get_mut(index as usize) else { return Ok(()) };
        if let Some(message) = choice.delta.or(choice.message) {
            answer.delta(*message, &self.id, out)?;
        }
        if let Some(logprobs) = choice.logprobs.filter(Raw::is_object) {
            out(Event::Logprobs { choice: index, logprobs });
        }
        answer.note_reason(choice.finish_reason, choice.native_finish_reason, choice.stop_reason);
        Ok(())
    }

    fn break_off(&mut self, fault: Fault, out: &mut dyn FnMut(Event<'_>)) -> Result<(), Fault> {
        self.over = true;
        out(Event::Error(fault));
        Ok(())
    }

    fn finish(&mut self, out: &mut dyn FnMut(Event<'_>)) -> Result<(), Fault> {
        self.over = true;
        if self.answers.is_empty() {
            return Err(Fault::new(FaultKind::Empty, "the provider's stream ended without an answer"));
        }
        self.answers.iter_mut().for_each(|answer| answer.close(&self.id, out));
        self.answers.iter_mut().for_each(|answer| answer.stop(out));
        out(Event::End);
        Ok(())
    }
}
