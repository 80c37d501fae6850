//! An answer as it comes.
//!
//! A stream is a [`Event::Start`], then parts, each with its start, deltas and end, then for each choice a stop, and a
//! [`Event::End`]. Usage may come anywhere, more than once; the last says it. Several parts may be open at once, as
//! Chat's parallel tool calls are; [`super::Sequencer`] puts them one after the other for the dialects that need it.
//! Readers keep to this grammar whatever the provider sends, and writers may rely on it.

use super::{Citation, Fault, Foreign, Media, Raw, Signature, Stop, Str, Usage};

/// One step of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Event<'a> {
    /// The answer begins. First, and once.
    Start {
        /// The provider's name of it; may be empty.
        id: Str<'a>,
        /// The model as the provider names it; may be empty.
        model: Str<'a>,
        /// When, in seconds since 1970, where the provider says.
        created: Option<u64>,
        /// The service tier, where the provider says.
        service_tier: Option<Str<'a>>,
    },
    /// A part begins.
    PartStart {
        /// Of which answer: 0 unless several were asked for.
        choice: u32,
        /// Counts the parts of the answer in the order of their starts, from 0.
        part: u32,
        /// What it is.
        start: PartStart<'a>,
    },
    /// A part goes on.
    Delta {
        /// Of which answer.
        choice: u32,
        /// Which part of it.
        part: u32,
        /// How.
        delta: Delta<'a>,
    },
    /// A part is complete.
    PartEnd {
        /// Of which answer.
        choice: u32,
        /// Which part of it.
        part: u32,
    },
    /// An answer ended. After its last part's end.
    Stop {
        /// Which answer.
        choice: u32,
        /// Why.
        stop: Stop<'a>,
    },
    /// How likely the tokens just sent were, in the shape of Chat's `logprobs`.
    Logprobs {
        /// Of which answer.
        choice: u32,
        /// Chat's `logprobs` object.
        logprobs: Raw<'a>,
    },
    /// The tokens so far. Cumulative; what one does not say, an earlier one may have said.
    Usage(Usage),
    /// The provider is still there.
    Ping,
    /// The stream broke with an error of the provider's. Last.
    Error(Fault),
    /// The stream is complete. Last.
    End,
}

/// How a part begins.
#[derive(Clone, Debug, PartialEq)]
pub enum PartStart<'a> {
    /// Text.
    Text,
    /// Thoughts.
    Reasoning {
        /// A summary, not the thoughts themselves.
        summary: bool,
        /// The provider's name of it.
        id: Option<Str<'a>>,
        /// Hidden thoughts: only a signature will come.
        redacted: bool,
    },
    /// A tool is asked for.
    ToolCall {
        /// Pairs it with its result. Never empty.
        id: Str<'a>,
        /// Which tool.
        name: Str<'a>,
        /// It takes free text instead of JSON.
        free_form: bool,
    },
    /// A refusal.
    Refusal,
    /// A whole medium: no delta follows.
    Media(Box<Media<'a>>),
    /// A whole thing of one dialect: no delta follows.
    Foreign(Box<Foreign<'a>>),
}

/// How a part goes on.
#[derive(Clone, Debug, PartialEq)]
pub enum Delta<'a> {
    /// More text, of text, thoughts or a refusal; more arguments of a tool's call, as raw text.
    Text(Str<'a>),
    /// The signature of thoughts, text or a call.
    Signature(Signature<'a>),
    /// A source of the text.
    Citation(Box<Citation<'a>>),
}

impl Event<'_> {
    /// It carries a part of the answer: what a client waits for, unlike a role, a ping or a beginning.
    pub fn is_real(&self) -> bool {
        match self {
            Self::Delta { delta: Delta::Text(text), .. } => !text.is_empty(),
            Self::Delta { .. } => true,
            Self::PartStart { start, .. } => {
                matches!(start, PartStart::ToolCall { .. } | PartStart::Media(_) | PartStart::Foreign(_))
            }
            _ => false,
        }
    }
}

/// How the events of an answer are numbered and its items named, up to here, for another writer that goes on with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Numbering {
    /// The number of the next event.
    pub next: u64,
    /// Type and id of each item, in the order of their indexes.
    pub items: Vec<(String, String)>,
}

/// Turns a provider's frames into events, keeping to the grammar.
pub trait StreamReader: Send {
    /// One frame: an SSE event's data, a binary event, an element of a JSON array. `name` is its type where the
    /// framing has one apart from the data. Each event goes to `out`; a frame that cannot be read is an `Err`.
    fn frame(&mut self, name: &str, data: &[u8], out: &mut dyn FnMut(Event<'_>)) -> Result<(), Fault>;

    /// A tool that the provider runs has been called in it, be its call complete or not.
    fn hosted(&self) -> bool {
        false
    }

    /// How far it has been numbered, in dialects that number their events.
    fn numbering(&self) -> Option<Numbering> {
        None
    }

    /// The provider's stream has ended. Gives the events that are still due, [`Event::End`] last, or the fault where
    /// it may not end here (cut off).
    fn end(&mut self, out: &mut dyn FnMut(Event<'_>)) -> Result<(), Fault>;
}

/// Writes events in a client's dialect.
pub trait StreamWriter: Send {
    /// Appends to `out` what `event` is, framing included. [`Event::Error`] becomes an error in the dialect, and the
    /// client takes the stream for failed.
    fn event(&mut self, event: &Event<'_>, out: &mut Vec<u8>);

    /// How far it has numbered, in dialects that number their events.
    fn numbering(&self) -> Option<Numbering> {
        None
    }

    /// The client has events and items with these numbers and names. Said before an answer is repeated to a fresh
    /// writer, which takes the names from it, and again behind it, for the number of what comes next.
    fn go_on(&mut self, _from: &Numbering) {}
}
