//! The one answer that every provider gives.

use crate::support::dialects::voice::{Part, Said};

/// Forty words with their numbers.
const WORDS: &str = "w01 w02 w03 w04 w05 w06 w07 w08 w09 w10 w11 w12 w13 w14 w15 w16 w17 w18 w19 w20 \
    w21 w22 w23 w24 w25 w26 w27 w28 w29 w30 w31 w32 w33 w34 w35 w36 w37 w38 w39 w40";

/// The last word that still comes, where an answer breaks off in the middle: of its calls or thoughts, if it has any.
pub fn middle(said: &Said) -> &'static str {
    let of_part = |part: &Part| match part {
        Part::Text(_) => None,
        Part::Call(..) => Some("days"),
        Part::Thought(..) => Some("t03"),
    };
    said.parts.iter().find_map(of_part).unwrap_or("w20")
}

/// The first one.
pub fn first(said: &Said) -> &'static str {
    if matches!(said.parts[0], Part::Thought(..)) { "t01" } else { "w01" }
}

/// What the answer is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    /// Text, and then a call of a tool.
    Call,
    /// Thoughts with their proof, and then text.
    Thoughts,
}

/// The answer.
pub fn answer(kind: Kind) -> Said {
    let text = Part::Text(WORDS);
    let parts = match kind {
        Kind::Text => vec![text],
        Kind::Call => vec![text, Part::Call("call_1", "weather", r#"{"city":"Paris","days":3,"unit":"C"}"#)],
        Kind::Thoughts => vec![Part::Thought("t01 t02 t03 t04 t05", "c2lnbmF0dXJlIG9mIHRoZSBwcm92aWRlcg=="), text],
    };
    Said { output: 40, ..Said::new(parts) }
}
