//! Every way in which a provider fails, by name, in every dialect; and what a client must see of it.
//!
//! All providers have one answer, word for word: what is doubled, missing or mixed of two shows at once.

mod answer;
mod catalogue;
pub mod scripts;
mod verdict;

use super::dialects::speech::Speech;
use super::dialects::voice::Said;
use super::provider::{Answer, Script, framed};

pub use answer::{Kind, answer};
pub use catalogue::FAULTS;
pub use verdict::{Verdict, judge};

/// One way to fail.
pub struct Fault {
    /// Its name in reports.
    pub name: &'static str,
    /// What becomes of the call.
    pub moment: Moment,
    /// The dialects that have it; none stands for all.
    pub only: &'static [&'static str],
    /// What the provider does.
    pub script: fn(&Stage) -> Script,
}

impl Fault {
    /// A provider of that dialect can have it.
    pub fn fits(&self, dialect: &str) -> bool {
        self.only.is_empty() || self.only.contains(&dialect)
    }
}

/// When it goes wrong, which decides what can be asked of a router.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Before the first token. Somebody else answers, and the client sees nothing of it.
    Before,
    /// Behind it. A whole answer still has time; a stream is made whole without a seam, or ends as an error.
    Behind,
    /// It is the client's to know: an error in its dialect.
    Told,
}

/// What a provider knows when it fails.
pub struct Stage {
    /// Its dialect.
    pub speech: &'static Speech,
    /// What it would have said.
    pub said: Said,
    /// A stream was asked for.
    pub stream: bool,
    /// How often it was asked before, for the same.
    pub before: usize,
}

impl Stage {
    /// The answer that a good provider gives.
    pub fn good(&self) -> Answer {
        if self.stream {
            self.said.stream(self.speech.dialect)
        } else {
            Answer::json(200, &self.said.whole(self.speech.dialect))
        }
    }

    /// And how it gives it.
    pub fn play(&self) -> Script {
        framed(&self.good())
    }
}
