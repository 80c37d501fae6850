//! A stream made whole, and a whole answer made a stream: for the client that asked the one of a provider that gives
//! the other.

use super::{
    Choice, Delta, Event, Fault, Part, PartStart, Raw, Reasoning, Reply, Signature, Str, Text, ToolCall, Usage,
};

/// Gathers the events of a stream into the reply that they are.
#[derive(Default)]
pub struct Gatherer {
    reply: Reply<'static>,
    /// Of each choice, as they came.
    logprobs: Vec<Vec<Raw<'static>>>,
    fault: Option<Fault>,
    ended: bool,
}

impl Gatherer {
    /// Nothing so far.
    pub fn new() -> Self {
        Self::default()
    }

    /// The next event.
    pub fn push(&mut self, event: Event<'_>) {
        match event {
            Event::Start { id, model, created, service_tier } => {
                self.reply.id = id.into_owned();
                self.reply.model = model.into_owned();
                self.reply.created = created;
                self.reply.service_tier = service_tier.map(Str::into_owned);
            }
            Event::PartStart { choice, start, .. } => {
                let part = match start.into_owned() {
                    PartStart::Text => Part::Text(Text::default()),
                    PartStart::Reasoning { summary, id, redacted } => {
                        Part::Reasoning(Reasoning { summary, id, redacted, ..Reasoning::default() })
                    }
                    PartStart::ToolCall { id, name, free_form } => Part::ToolCall(ToolCall {
                        id,
                        name,
                        free_form,
                        arguments: Str::default(),
                        signature: None,
                        cache: None,
                    }),
                    PartStart::Refusal => Part::Refusal(Str::default()),
                    PartStart::Media(media) => Part::Media(*media),
                    PartStart::Foreign(foreign) => Part::Foreign(*foreign),
                };
                self.choice(choice).parts.push(part);
            }
            Event::Delta { choice, part, delta } => {
                if let Some(part) = self.choice(choice).parts.get_mut(part as usize) {
                    add(part, delta);
                }
            }
            Event::PartEnd { .. } | Event::Ping => {}
            Event::Stop { choice, stop } => {
                self.choice(choice).stop = stop.into_owned();
            }
            Event::Logprobs { choice, logprobs } => {
                let index = (choice as usize).min(MOST_CHOICES);
                self.choice(choice);
                self.logprobs.resize_with(self.reply.choices.len(), Vec::new);
                self.logprobs[index].push(logprobs.into_owned());
            }
            Event::Usage(usage) => self.reply.usage.update(usage),
            Event::Error(fault) => self.fault = Some(fault),
            Event::End => self.ended = true,
        }
    }

    /// The reply, if the stream came to a good end.
    pub fn finish(mut self) -> Result<Reply<'static>, Fault> {
        for (choice, pieces) in self.reply.choices.iter_mut().zip(self.logprobs) {
            choice.logprobs = super::logprobs::joined(pieces);
        }
        match self.fault {
            Some(fault) => Err(fault),
            None if self.ended => Ok(self.reply),
            None => Err(Fault::new(super::FaultKind::Truncated, "the provider's stream ended too early")),
        }
    }

    fn choice(&mut self, index: u32) -> &mut Choice<'static> {
        let index = (index as usize).min(MOST_CHOICES);
        if self.reply.choices.len() <= index {
            self.reply.choices.resize_with(index + 1, Choice::default);
        }
        &mut self.reply.choices[index]
    }
}

/// More answers than anybody can ask for.
const MOST_CHOICES: usize = 1023;

fn add(part: &mut Part<'static>, delta: Delta<'_>) {
    let text = match part {
        Part::Text(text) => &mut text.text,
        Part::Reasoning(reasoning) => &mut reasoning.text,
        Part::ToolCall(call) => &mut call.arguments,
        Part::Refusal(text) => text,
        Part::Media(_) | Part::Foreign(_) | Part::ToolResult(_) => return,
    };
    match delta {
        Delta::Text(more) => text.0.to_mut().push_str(&more),
        Delta::Signature(more) => {
            let signature = match part {
                Part::Text(text) => &mut text.signature,
                Part::Reasoning(reasoning) => &mut reasoning.signature,
                Part::ToolCall(call) => &mut call.signature,
                _ => return,
            };
            match signature {
                // Some providers send a long one in pieces.
                Some(begun) if begun.from == more.from => begun.value.0.to_mut().push_str(&more.value),
                _ => *signature = Some(more.into_owned()),
            }
        }
        Delta::Citation(citation) => {
            if let Part::Text(text) = part {
                text.citations.push(citation.into_owned());
            }
        }
    }
}

/// Gives the events that a whole reply would have come as.
pub fn replay(reply: &Reply<'_>, out: &mut dyn FnMut(Event<'_>)) {
    out(Event::Start {
        id: reply.id.borrowed(),
        model: reply.model.borrowed(),
        created: reply.created,
        service_tier: reply.service_tier.as_ref().map(Str::borrowed),
    });
    for (choice, answer) in (0..).zip(&reply.choices) {
        let mut logprobs = answer.logprobs.as_ref();
        for (index, part) in (0..).zip(&answer.parts) {
            replay_part(choice, index, part, out);
            // Right behind the text: there are dialects that have no place for them later.
            if let Some(logprobs) = logprobs.take_if(|_| matches!(part, Part::Text(_))) {
                out(Event::Logprobs { choice, logprobs: logprobs.borrowed() });
            }
        }
        if let Some(logprobs) = logprobs {
            out(Event::Logprobs { choice, logprobs: logprobs.borrowed() });
        }
    }
    for (choice, answer) in (0..).zip(&reply.choices) {
        out(Event::Stop { choice, stop: answer.stop.clone() });
    }
    if reply.usage != Usage::default() {
        out(Event::Usage(reply.usage));
    }
    out(Event::End);
}

fn replay_part(choice: u32, part: u32, what: &Part<'_>, out: &mut dyn FnMut(Event<'_>)) {
    let (start, text, signature) = match what {
        Part::Text(text) => (PartStart::Text, text.text.borrowed(), &text.signature),
        Part::Reasoning(Reasoning { text, summary, id, signature, redacted }) => {
            let id = id.as_ref().map(Str::borrowed);
            (PartStart::Reasoning { summary: *summary, id, redacted: *redacted }, text.borrowed(), signature)
        }
        Part::ToolCall(call) => {
            let start =
                PartStart::ToolCall { id: call.id.borrowed(), name: call.name.borrowed(), free_form: call.free_form };
            (start, call.arguments.borrowed(), &call.signature)
        }
        Part::Refusal(text) => (PartStart::Refusal, text.borrowed(), &None),
        Part::Media(media) => (PartStart::Media(Box::new(media.clone())), Str::default(), &None),
        Part::Foreign(foreign) => (PartStart::Foreign(Box::new(foreign.clone())), Str::default(), &None),
        Part::ToolResult(_) => return, // no model says one
    };
    out(Event::PartStart { choice, part, start });
    if !text.is_empty() {
        out(Event::Delta { choice, part, delta: Delta::Text(text) });
    }
    if let Part::Text(text) = what {
        for citation in &text.citations {
            out(Event::Delta { choice, part, delta: Delta::Citation(Box::new(citation.clone())) });
        }
    }
    if let Some(Signature { from, value }) = signature {
        let signature = Signature { from: *from, value: value.borrowed() };
        out(Event::Delta { choice, part, delta: Delta::Signature(signature) });
    }
    out(Event::PartEnd { choice, part });
}
