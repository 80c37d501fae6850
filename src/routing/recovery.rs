//! What a call does about an answer that is late or breaks.

use std::time::Duration;

use super::Policy;
pub use crate::health::After;
use crate::health::TargetHealth;
use crate::units;

/// What is done when a stream breaks off after its first real event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Recover {
    /// It ends as an error.
    Off,
    /// The call is made anew, and its answer has to begin in the same way; if it does not, a target that can go on from
    /// a given text is asked to.
    #[default]
    Restart,
    /// A target that can go on from a given text is asked to at once.
    Continue,
}

/// How long a stream is kept back, so that one that breaks off early can be made anew without a trace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hold {
    /// Not at all.
    #[default]
    No,
    /// So long after its first real event.
    For(Duration),
    /// To its end, unless it is long.
    All,
}

/// When a second target is asked before the first has answered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hedge {
    /// When the first is late.
    pub after: After,
    /// For at most this share of calls, from 0 to 1.
    pub at_most: f64,
}

impl Default for Hedge {
    /// One call in twenty is late by the measure of its own target; no more than these are to cost twice.
    fn default() -> Self {
        Self { after: After::P95, at_most: 0.05 }
    }
}

impl Policy {
    /// How long a try may take until its first real event. What a target's own history says counts for streams, where
    /// nobody has said another time and `others_left` can be asked in its place: a call's last hope gets all the time
    /// that there is. Whole answers take as long as they are long, so their history says nothing about the next.
    pub fn first(&self, health: &TargetHealth, streamed: bool, others_left: bool) -> Duration {
        match streamed {
            false => self.whole_reply,
            true if self.first_token_fixed || !others_left => self.first_token,
            true => health.first_token_deadline().map_or(self.first_token, |own| own.min(self.first_token)),
        }
    }
}

impl Recover {
    /// As it is written.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "off" => Some(Self::Off),
            "restart" => Some(Self::Restart),
            "continue" => Some(Self::Continue),
            _ => None,
        }
    }
}

impl Hold {
    /// As it is written: `off`, `all`, or a time.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "off" => Some(Self::No),
            "all" => Some(Self::All),
            _ => match units::duration(text).filter(|time| *time <= units::LONGEST)? {
                Duration::ZERO => Some(Self::No),
                time => Some(Self::For(time)),
            },
        }
    }
}

impl Hedge {
    /// When the first target is late, as it is written: `p50`, `p90`, `p95`, `p99`, or a time.
    pub fn parse_after(text: &str) -> Option<After> {
        match text {
            "p50" => Some(After::P50),
            "p90" => Some(After::P90),
            "p95" => Some(After::P95),
            "p99" => Some(After::P99),
            _ => {
                let time = units::duration(text).filter(|time| !time.is_zero() && *time <= units::LONGEST)?;
                Some(After::Fixed(time))
            }
        }
    }
}
