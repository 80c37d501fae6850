//! Which calls go where, whatever model they name: the first route that fits.

mod glance;
mod pattern;
mod table;

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use http::{HeaderMap, HeaderName};

pub use pattern::Pattern;
pub use table::{NO_ROUTE, Routes};

use super::constraints::Terms;
use super::inside::Inside;
use crate::canonical::Dialect;

/// One route.
#[derive(Debug)]
pub struct Route {
    /// Under which its calls are reported.
    pub name: Arc<str>,
    /// Which calls.
    pub when: When,
    /// What becomes of them.
    pub then: Then,
    /// What has to hold of whoever answers them.
    pub terms: Option<Arc<Terms>>,
}

/// What becomes of a call.
#[derive(Debug)]
pub enum Then {
    /// The model of this name answers, or this `provider/model`.
    Use(Arc<str>, Keep),
    /// One of these answers, each its share of the conversations.
    Split(Vec<(Arc<str>, u32)>),
    /// It goes on to where it was going. For intercepted calls alone: others have no such place.
    Origin,
    /// The model that it names answers.
    Named,
    /// It is refused, with this text.
    Deny(Arc<str>),
}

/// Whether an intercepted call is also asked where it was going.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// It goes elsewhere.
    Never,
    /// Before all others.
    First,
    /// After all others.
    Last,
}

/// Which calls a route is for. An empty list says nothing.
#[derive(Debug, Default)]
pub struct When {
    /// The model's name.
    pub models: Vec<Pattern>,
    /// The client's dialect.
    pub dialects: Vec<Dialect>,
    /// Where an intercepted call was going.
    pub hosts: Vec<Pattern>,
    /// The path.
    pub paths: Vec<Pattern>,
    /// Headers, of which each has to be there.
    pub headers: Vec<(HeaderName, Vec<Pattern>)>,
    /// Whether a stream is asked for.
    pub stream: Option<bool>,
    /// Who asks.
    pub callers: Vec<Pattern>,
    /// Whether it comes with tools.
    pub tools: Option<bool>,
    /// Whether it comes with images.
    pub images: Option<bool>,
    /// How many tokens its prompt has, roughly; each has to hold.
    pub tokens: Vec<RangeInclusive<u64>>,
    /// When it comes.
    pub times: Vec<Hours>,
}

/// Hours of a week, by the clock of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hours {
    /// The first and the last day, from 0 for Monday; the last may be next week's.
    pub days: (u8, u8),
    /// The first minute of such a day, and the one after the last, which may be the next day's.
    pub minutes: (u16, u16),
}

/// A day's.
const MINUTES: u16 = 24 * 60;

impl Hours {
    /// Whether `minute` of the week is within.
    fn contain(&self, minute: u32) -> bool {
        let (day, minute) = ((minute / u32::from(MINUTES) % 7) as u8, (minute % u32::from(MINUTES)) as u16);
        let (from, to) = self.minutes;
        if from < to {
            return self.has_day(day) && (from..to).contains(&minute);
        }
        // Over midnight: the morning belongs to the night before.
        (self.has_day(day) && minute >= from) || (self.has_day((day + 6) % 7) && minute < to)
    }

    fn has_day(&self, day: u8) -> bool {
        let (first, last) = self.days;
        if first <= last { (first..=last).contains(&day) } else { day >= first || day <= last }
    }
}

/// What routes look at.
#[derive(Debug)]
pub struct Traits<'a> {
    /// The model's name.
    pub model: &'a str,
    /// The client's dialect.
    pub dialect: Dialect,
    /// Where an intercepted call was going.
    pub host: Option<&'a str>,
    /// The path.
    pub path: &'a str,
    /// The client's headers.
    pub headers: &'a HeaderMap,
    /// Whether a stream is asked for.
    pub stream: bool,
    /// What is within it, where it was read for that.
    pub inside: Option<Inside>,
    /// When it came: the minute of the week, from Monday 00:00 UTC.
    pub minute: u32,
    /// Who asks.
    pub caller: Option<&'a str>,
    /// Where it is noted which route was the first to fit: its index, [`NO_ROUTE`] so far.
    pub matched: Option<&'a AtomicU32>,
}
impl Route {
    fn is_for(&self, call: &Traits<'_>) -> bool {
        (call.host.is_some() || !matches!(self.then, Then::Origin)) && self.when.fits(call)
    }
}

impl When {
    fn fits(&self, call: &Traits<'_>) -> bool {
        one_of(&self.models, Some(call.model))
            && (self.dialects.is_empty() || self.dialects.contains(&call.dialect))
            && one_of(&self.hosts, call.host)
            && one_of(&self.paths, Some(call.path))
            && self.headers.iter().all(|(name, patterns)| {
                let mut values = call.headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
                values.any(|value| one_of(patterns, Some(value)))
            })
            && self.stream.is_none_or(|stream| stream == call.stream)
            && (self.times.is_empty() || self.times.iter().any(|hours| hours.contain(call.minute)))
            && (!self.looks_inside() || call.inside.is_some_and(|inside| self.fits_inside(&inside)))
            && one_of(&self.callers, call.caller)
    }

    fn looks_inside(&self) -> bool {
        self.tools.is_some() || self.images.is_some() || !self.tokens.is_empty()
    }

    fn fits_inside(&self, inside: &Inside) -> bool {
        self.tools.is_none_or(|tools| tools == inside.tools)
            && self.images.is_none_or(|images| images == inside.images)
            && self.tokens.iter().all(|range| range.contains(&inside.tokens))
    }
}

impl Route {
    /// It needs to know what is within a call.
    pub fn looks_inside(&self) -> bool {
        self.when.looks_inside() || matches!(self.then, Then::Split(_))
    }
}

/// Which of `shares` is for a conversation: the same for each of its calls, and with each share so many conversations.
pub fn share(shares: &[(Arc<str>, u32)], conversation: u64) -> &Arc<str> {
    let total: u64 = shares.iter().map(|(_, share)| u64::from(*share)).sum();
    let mut at = conversation % total.max(1);
    for (name, share) in shares {
        match at.checked_sub(u64::from(*share)) {
            Some(rest) => at = rest,
            None => return name,
        }
    }
    &shares[0].0
}

fn one_of(patterns: &[Pattern], text: Option<&str>) -> bool {
    patterns.is_empty() || text.is_some_and(|text| patterns.iter().any(|pattern| pattern.matches(text)))
}

#[cfg(test)]
impl<'a> Traits<'a> {
    /// Of a call in OpenAI's dialect, on Monday at midnight.
    pub(crate) fn sample(model: &'a str, headers: &'a HeaderMap) -> Self {
        let (dialect, path) = (Dialect::OpenAiChat, "/v1/chat/completions");
        Self {
            model,
            dialect,
            host: None,
            path,
            headers,
            stream: false,
            inside: None,
            minute: 0,
            caller: None,
            matched: None,
        }
    }
}

#[cfg(test)]
mod tests;
