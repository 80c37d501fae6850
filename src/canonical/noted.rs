//! What is noted of an answer beside its text: what its calls of tools are worth, and what only who made it can read again.

use super::{Called, Delta, Dialect, Event, Part, Reply, Signature, fnv};

/// So many signatures of one answer are remembered, the latest.
const MOST: usize = 16;

/// Of a value so much makes its mark: its end. Before it, clients of other dialects are given where it is from.
const MARKED: usize = 48;

/// What is noted of an answer.
#[derive(Debug, Default)]
pub struct Noted {
    /// Its calls of tools.
    pub called: Called,
    /// The mark of its name, by which a later request can speak of it.
    pub answer: Option<u64>,
    /// The marks of signatures that are of use only to whom they are from. Claude's are not among them: they are valid with
    /// everybody who serves it (platform.claude.com/docs/en/build-with-claude/extended-thinking).
    pub signatures: Vec<u64>,
}

impl Noted {
    /// Of a whole answer.
    pub fn of(reply: &Reply<'_>) -> Self {
        let mut noted = Self { called: Called::of(reply), answer: name(&reply.id), ..Self::default() };
        for part in reply.choices.iter().flat_map(|choice| &choice.parts) {
            let signature = match part {
                Part::Reasoning(thoughts) => &thoughts.signature,
                Part::Text(text) => &text.signature,
                Part::ToolCall(call) => &call.signature,
                _ => &None,
            };
            signature.iter().for_each(|signature| noted.signature(signature));
        }
        noted
    }

    /// Learns from the next event of an answer.
    pub fn event(&mut self, event: &Event<'_>) {
        match event {
            Event::Start { id, .. } => self.answer = name(id),
            Event::Delta { delta: Delta::Signature(signature), .. } => self.signature(signature),
            event => self.called.event(event),
        }
    }

    fn signature(&mut self, signature: &Signature<'_>) {
        if signature.value.is_empty() || matches!(signature.from, Dialect::Anthropic | Dialect::Bedrock) {
            return;
        }
        if self.signatures.len() == MOST {
            self.signatures.remove(0);
        }
        self.signatures.push(mark(&signature.value));
    }
}

/// The mark of a signature or a name.
pub fn mark(value: &str) -> u64 {
    let bytes = value.as_bytes();
    fnv(&bytes[bytes.len().saturating_sub(MARKED)..])
}

fn name(id: &str) -> Option<u64> {
    (!id.is_empty()).then(|| mark(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_that_of_the_value_wherever_it_travels() {
        let value = "gAAAAABo".repeat(20);
        let signature = Signature::new(Dialect::OpenAiResponses, value.as_str());
        assert_eq!(mark(&signature.tagged(Dialect::Anthropic)), mark(&value));
        assert_ne!(mark("resp_1"), mark("resp_2"));
    }

    #[test]
    fn what_is_valid_everywhere_has_no_mark_and_what_has_is_bounded() {
        let mut noted = Noted::default();
        for number in 0..100 {
            for from in [Dialect::Anthropic, Dialect::Gemini] {
                let signature = Signature::new(from, format!("signature {number}"));
                noted.event(&Event::Delta { choice: 0, part: 0, delta: Delta::Signature(signature) });
            }
        }
        assert_eq!((noted.signatures.len(), noted.signatures.last()), (MOST, Some(&mark("signature 99"))));
    }
}
