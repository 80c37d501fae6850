//! What an answer's calls of tools are worth: whether a client can do anything with them.
//!
//! A call is sound if its arguments are a JSON object and its tool is one that was offered. What neither the model nor
//! its provider can be blamed for is not judged: a call that the limit of the answer has cut, or one that is longer than
//! anybody looks at. Whether arguments follow the tool's schema is not looked at.

use super::{Delta, Event, Part, PartStart, Reply, Stop, StopReason, ToolCall};

/// Longer arguments are not kept to be judged.
const LONGEST: usize = 256 << 10;

/// So many different names are remembered: an answer with more has shown enough.
const MOST_NAMES: usize = 64;

/// So many calls may be open at once; those beyond are not judged.
const MOST_OPEN: usize = 64;

/// The calls of tools in one answer, event by event or all at once.
#[derive(Debug, Default)]
pub struct Called {
    open: Vec<Open>,
    /// Of the tools called.
    names: Vec<Box<str>>,
    /// There were calls.
    any: bool,
    /// One cannot be read.
    garbled: bool,
    /// The answer was ended before the model was done with it.
    cut: bool,
}

/// A call that is not complete.
#[derive(Debug)]
struct Open {
    place: (u32, u32),
    /// `None`: not judged.
    arguments: Option<String>,
}

impl Called {
    /// The calls in a whole answer.
    pub fn of(reply: &Reply<'_>) -> Self {
        let mut called = Self::default();
        for choice in &reply.choices {
            for part in &choice.parts {
                if let Part::ToolCall(ToolCall { name, arguments, free_form, .. }) = part {
                    called.name(name);
                    called.garbled |= !free_form && arguments.len() <= LONGEST && !is_object(arguments);
                }
            }
            called.stop(&choice.stop);
        }
        called
    }

    /// Learns from the next event of an answer.
    pub fn event(&mut self, event: &Event<'_>) {
        match event {
            Event::PartStart { choice, part, start: PartStart::ToolCall { name, free_form, .. } } => {
                self.name(name);
                if self.open.len() < MOST_OPEN {
                    let arguments = (!free_form).then(String::new);
                    self.open.push(Open { place: (*choice, *part), arguments });
                }
            }
            Event::Delta { choice, part, delta: Delta::Text(more) } if !self.open.is_empty() => {
                let Some(open) = self.open.iter_mut().find(|open| open.place == (*choice, *part)) else { return };
                match &mut open.arguments {
                    Some(said) if said.len() + more.len() <= LONGEST => said.push_str(more),
                    arguments => *arguments = None,
                }
            }
            Event::PartEnd { choice, part } if !self.open.is_empty() => {
                let Some(at) = self.open.iter().position(|open| open.place == (*choice, *part)) else { return };
                let arguments = self.open.swap_remove(at).arguments;
                self.garbled |= arguments.is_some_and(|said| !is_object(&said));
            }
            Event::Stop { stop, .. } => self.stop(stop),
            _ => {}
        }
    }

    /// There are calls, and they can be judged. Asked when the answer has ended as it should.
    pub fn is_judged(&self) -> bool {
        self.any && !self.cut && self.open.is_empty()
    }

    /// Each call can be read, and is of a tool that was `offered`.
    pub fn are_sound(&self, offered: impl Fn(&str) -> bool) -> bool {
        !self.garbled && self.names.iter().all(|name| offered(name))
    }

    fn name(&mut self, name: &str) {
        self.any = true;
        if self.names.len() < MOST_NAMES && !self.names.iter().any(|known| **known == *name) {
            self.names.push(name.into());
        }
    }

    fn stop(&mut self, stop: &Stop<'_>) {
        match stop.reason {
            StopReason::Length | StopReason::Filtered | StopReason::Paused => self.cut = true,
            // The provider has seen itself that the call is none, and leaves it out.
            StopReason::Broken if stop.native.as_ref().is_some_and(|word| is_about_a_call(word)) => {
                (self.any, self.garbled) = (true, true);
            }
            _ => {}
        }
    }
}

/// Gemini's `MALFORMED_FUNCTION_CALL` and `UNEXPECTED_TOOL_CALL`, Bedrock's `malformed_tool_use`.
fn is_about_a_call(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    word.contains("tool") || word.contains("function")
}

/// A call without arguments is one of a tool that takes none: every SDK takes it so.
fn is_object(text: &str) -> bool {
    let text = text.trim();
    text.is_empty() || text.starts_with('{') && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canonical::Choice;

    /// An answer that calls `f` with `arguments`, whole and in pieces, where `f` and `g` were offered.
    fn judged(name: &'static str, arguments: &str, free_form: bool, reason: StopReason) -> Option<bool> {
        let verdict = |called: &Called| called.is_judged().then(|| called.are_sound(|name| matches!(name, "f" | "g")));
        let call = ToolCall {
            id: "c".into(),
            name: name.into(),
            arguments: arguments.into(),
            free_form,
            signature: None,
            cache: None,
        };
        let stop = Stop { reason, ..Stop::default() };
        let choice = Choice { parts: vec![Part::ToolCall(call)], stop: stop.clone(), logprobs: None };
        let whole = verdict(&Called::of(&Reply { choices: vec![choice], ..Reply::default() }));
        let mut called = Called::default();
        let start = PartStart::ToolCall { id: "c".into(), name: name.into(), free_form };
        called.event(&Event::PartStart { choice: 0, part: 0, start });
        let mut pieces = arguments;
        while let Some(first) = pieces.chars().next() {
            let length = if arguments.len() > 999 { 999.min(pieces.len()) } else { first.len_utf8() };
            let (piece, rest) = pieces.split_at(length);
            called.event(&Event::Delta { choice: 0, part: 0, delta: Delta::Text(piece.into()) });
            pieces = rest;
        }
        assert!(!called.is_judged(), "a call that is under way is not judged");
        called.event(&Event::PartEnd { choice: 0, part: 0 });
        called.event(&Event::Stop { choice: 0, stop });
        assert_eq!(verdict(&called), whole, "{name}({arguments:.40}): in pieces as whole");
        whole
    }

    #[test]
    fn a_call_is_sound_if_a_client_can_do_something_with_it() {
        let ended = StopReason::ToolCalls;
        let long = format!("{{\"a\":\"{}\"", "x".repeat(LONGEST));
        for (name, arguments, free_form, reason, sound) in [
            ("f", "{\"a\":[1,{\"b\":\"ü\"}]}", false, ended, Some(true)),
            ("f", " {} ", false, ended, Some(true)),
            ("f", "", false, ended, Some(true)),
            ("f", "{\"a\":1", false, ended, Some(false)),
            ("f", "{\"a\":1}}", false, ended, Some(false)),
            ("f", "{'a':1}", false, ended, Some(false)),
            ("f", "[1]", false, ended, Some(false)),
            ("f", "\"{}\"", false, ended, Some(false)),
            ("f", "null", false, ended, Some(false)),
            ("h", "{}", false, ended, Some(false)),
            ("f", "print(1)", true, ended, Some(true)),
            ("h", "print(1)", true, ended, Some(false)),
            ("f", "{\"a\":1", false, StopReason::Length, None),
            ("f", "{\"a\":1", false, StopReason::Filtered, None),
            ("f", &long, false, ended, Some(true)),
        ] {
            assert_eq!(judged(name, arguments, free_form, reason), sound, "{name}({arguments:.40}) {reason:?}");
        }
    }

    #[test]
    fn what_the_provider_calls_broken_is_and_an_answer_without_a_call_is_not_judged() {
        for (native, sound) in [
            ("MALFORMED_FUNCTION_CALL", Some(false)),
            ("malformed_tool_use", Some(false)),
            ("malformed_model_output", None),
        ] {
            let mut called = Called::default();
            called.event(&Event::Stop { choice: 0, stop: Stop::new(StopReason::Broken, native) });
            assert_eq!(called.is_judged().then(|| called.are_sound(|_| true)), sound, "{native}");
        }
        assert!(!Called::default().is_judged());
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut called = Called::default();
        for part in 0..10_000 {
            let start = PartStart::ToolCall { id: "c".into(), name: format!("f{part}").into(), free_form: false };
            called.event(&Event::PartStart { choice: 0, part, start });
        }
        assert!(called.open.len() <= MOST_OPEN && called.names.len() <= MOST_NAMES);
    }
}
