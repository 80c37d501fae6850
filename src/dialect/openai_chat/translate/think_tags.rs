//! Thoughts that a server left in the text, between `<think>` and `</think>`.
//!
//! Servers of open models that were not told how their model marks its thoughts hand the marks on. Only an answer that
//! begins with the mark is taken so; elsewhere it is a word like any other.

use crate::canonical::{Part, Reasoning};

const OPEN: &str = "<think>";
const CLOSE: &str = "</think>";

/// Splits the text that a whole answer begins with.
pub(super) fn split_whole(parts: &mut Vec<Part<'_>>) {
    let Some(Part::Text(text)) = parts.first_mut() else { return };
    let Some(inner) = text.text.trim_start().strip_prefix(OPEN) else { return };
    let Some((thoughts, rest)) = inner.split_once(CLOSE) else { return };
    let thought = thoughts.trim().to_owned();
    text.text = rest.trim_start().to_owned().into();
    if text.text.is_empty() && text.citations.is_empty() && text.signature.is_none() {
        parts.remove(0);
    }
    if !thought.is_empty() {
        parts.insert(0, Part::Reasoning(Reasoning { text: thought.into(), ..Reasoning::default() }));
    }
}

/// Splits the text of one answer as it comes.
#[derive(Debug, Default)]
pub(super) struct Splitter {
    state: State,
    /// What may be a part of a mark, or is white space around one.
    held: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum State {
    /// Nothing but what may become the mark.
    #[default]
    Start,
    /// Between the marks; `begun` when a thought was seen.
    Inside { begun: bool },
    /// Behind the mark, where white space belongs to it.
    Behind,
    /// Nothing is looked for any more.
    Past,
}

/// What a piece of text is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Piece<'t> {
    /// Thought.
    Thought(&'t str),
    /// Said.
    Text(&'t str),
}

impl Splitter {
    /// Nothing is looked for: text passes as it is.
    pub(super) fn is_past(&self) -> bool {
        self.state == State::Past
    }

    /// The answer began with something else.
    pub(super) fn pass(&mut self, out: &mut dyn FnMut(Piece<'_>)) {
        let held = std::mem::take(&mut self.held);
        match std::mem::replace(&mut self.state, State::Past) {
            State::Inside { .. } if !held.is_empty() => out(Piece::Thought(&held)),
            State::Start if !held.is_empty() => out(Piece::Text(&held)),
            _ => {}
        }
    }

    /// The next piece of text.
    pub(super) fn push(&mut self, text: &str, out: &mut dyn FnMut(Piece<'_>)) {
        if self.is_past() {
            return out(Piece::Text(text));
        }
        self.held.push_str(text);
        while self.step(out) {}
    }

    /// Goes on as far as the text that is held tells; whether there may be more to tell.
    fn step(&mut self, out: &mut dyn FnMut(Piece<'_>)) -> bool {
        match self.state {
            State::Start => {
                let text = self.held.trim_start();
                if let Some(rest) = text.strip_prefix(OPEN) {
                    self.held = rest.to_owned();
                    self.state = State::Inside { begun: false };
                    return true;
                }
                if !OPEN.starts_with(text) {
                    self.pass(out);
                }
                false
            }
            State::Inside { begun } => self.inside(begun, out),
            State::Behind => {
                let text = self.held.trim_start();
                if !text.is_empty() {
                    out(Piece::Text(text));
                    self.state = State::Past;
                }
                self.held.clear();
                false
            }
            State::Past => false,
        }
    }

    fn inside(&mut self, mut begun: bool, out: &mut dyn FnMut(Piece<'_>)) -> bool {
        let close = self.held.find(CLOSE);
        // White space before the mark belongs to it, and the mark may have come in part.
        let sure = match close {
            Some(at) => self.held[..at].trim_end().len(),
            None => self.held.len() - tail(&self.held),
        };
        let start = if begun { 0 } else { sure - self.held[..sure].trim_start().len() };
        if start < sure {
            begun = true;
            out(Piece::Thought(&self.held[start..sure]));
        }
        match close {
            Some(at) => {
                self.held.drain(..at + CLOSE.len());
                self.state = State::Behind;
                true
            }
            None => {
                self.held.drain(..sure);
                self.state = State::Inside { begun };
                false
            }
        }
    }
}

/// How much at the end of `text` has to wait: white space, and behind it what may begin the closing mark.
fn tail(text: &str) -> usize {
    let mark = (1..CLOSE.len()).rev().find(|length| text.ends_with(&CLOSE[..*length])).unwrap_or(0);
    let before = &text[..text.len() - mark];
    mark + (before.len() - before.trim_end().len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str, size: usize) -> (String, String) {
        let (mut splitter, mut thought, mut said) = (Splitter::default(), String::new(), String::new());
        let mut out = |piece: Piece<'_>| match piece {
            Piece::Thought(text) => thought.push_str(text),
            Piece::Text(text) => said.push_str(text),
        };
        let chars: Vec<char> = text.chars().collect();
        for piece in chars.chunks(size) {
            splitter.push(&piece.iter().collect::<String>(), &mut out);
        }
        splitter.pass(&mut out);
        (thought, said)
    }

    #[test]
    fn case_075_think_tags_become_thoughts_at_any_cut() {
        for (text, thought, said) in [
            ("<think>\nHm <b> ü.\n</think>\n\nHi </think>", "Hm <b> ü.", "Hi </think>"),
            ("\n<think></think>Hi", "", "Hi"),
            ("<think>never ended </thin", "never ended </thin", ""),
            ("Hi <think>x</think>", "", "Hi <think>x</think>"),
            ("<thin", "", "<thin"),
            ("<thinking>x", "", "<thinking>x"),
            ("  ", "", "  "),
            ("", "", ""),
        ] {
            for size in 1..=text.len().max(1) {
                assert_eq!(split(text, size), (thought.to_owned(), said.to_owned()), "{text:?} by {size}");
            }
        }
    }
}
