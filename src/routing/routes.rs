//! Which calls go where, whatever model they name: the first route that fits.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use http::{HeaderMap, HeaderName};

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

/// No route was found to fit.
pub const NO_ROUTE: u32 = u32::MAX;

/// All routes. Those that are for whole names of models are found by these, so that of thousands only few are looked at.
#[derive(Debug, Default)]
pub struct Routes {
    all: Vec<Route>,
    /// The places of those for one model each, by its name in lower case.
    by_model: HashMap<Box<str>, Vec<u32>>,
    /// All others.
    others: Vec<Other>,
}

/// A route that is for no whole name, with what can be seen at a glance: how the model's name has to begin. A walk over
/// thousands of these stays in the cache, where one over the routes themselves does not.
#[derive(Debug)]
struct Other {
    place: u32,
    begins: Beginning,
    /// The bytes of that which count.
    mask: u64,
}

/// The first eight bytes of a name in lower case; zeros behind a shorter one.
type Beginning = u64;

fn beginning(name: &[u8]) -> Beginning {
    let mut bytes = [0; 8];
    for (place, byte) in bytes.iter_mut().zip(name) {
        *place = byte.to_ascii_lowercase();
    }
    u64::from_le_bytes(bytes)
}

impl Other {
    fn new(place: u32, models: &[Pattern]) -> Self {
        let said = match models {
            [only] => only.0.first().map_or(&[][..], |part| part.as_bytes()),
            _ => &[],
        };
        let mask = beginning(&[0xff; 8][..said.len().min(8)]);
        Self { place, begins: beginning(said), mask }
    }
}

impl FromIterator<Route> for Routes {
    fn from_iter<I: IntoIterator<Item = Route>>(routes: I) -> Self {
        let mut found = Self { all: routes.into_iter().collect(), ..Self::default() };
        for (place, route) in (0..).zip(&found.all) {
            let names: Option<Vec<&str>> = route.when.models.iter().map(Pattern::name).collect();
            match names.filter(|names| !names.is_empty()) {
                None => found.others.push(Other::new(place, &route.when.models)),
                Some(names) => {
                    for name in names {
                        found.by_model.entry(name.into()).or_default().push(place);
                    }
                }
            }
        }
        found
    }
}

impl Routes {
    /// Each, in its order.
    pub fn iter(&self) -> std::slice::Iter<'_, Route> {
        self.all.iter()
    }

    /// The one at this place.
    pub fn get(&self, place: usize) -> Option<&Route> {
        self.all.get(place)
    }

    /// What becomes of a call: what the first route says that is for it.
    pub fn route(&self, call: &Traits<'_>) -> Option<&Then> {
        if self.all.is_empty() {
            return None;
        }
        let named = self.by_model.get(call.model.to_ascii_lowercase().as_str()).map_or(&[][..], Vec::as_slice);
        let fits = |place: &u32| self.all[*place as usize].is_for(call);
        let begins = beginning(call.model.as_bytes());
        let others = self.others.iter().filter(|other| begins & other.mask == other.begins).map(|other| other.place);
        let place = match (named.iter().copied().find(fits), { others }.find(fits)) {
            (Some(one), Some(other)) => one.min(other),
            (one, other) => one.or(other)?,
        };
        if let Some(matched) = call.matched.filter(|matched| matched.load(Relaxed) == NO_ROUTE) {
            matched.store(place, Relaxed);
        }
        self.all.get(place as usize).map(|route| &route.then)
    }
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

/// A text in which `*` stands for any part. Case makes no difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(Vec<Box<str>>);

impl Pattern {
    /// The pattern as it is written.
    pub fn new(written: &str) -> Self {
        Self(written.split('*').map(|part| part.to_ascii_lowercase().into()).collect())
    }

    /// What it says, in lower case, where it holds no `*`.
    fn name(&self) -> Option<&str> {
        match &self.0[..] {
            [whole] => Some(whole),
            _ => None,
        }
    }

    /// Whether all of `text` is as the pattern says. Linear: each part is taken where it first comes.
    pub fn matches(&self, text: &str) -> bool {
        let [first, middle @ .., last] = &self.0[..] else {
            return self.0.first().is_some_and(|only| only.eq_ignore_ascii_case(text));
        };
        let Some(mut rest) = without_prefix(text.as_bytes(), first.as_bytes()) else { return false };
        for part in middle {
            match find(rest, part.as_bytes()) {
                Some(at) => rest = &rest[at + part.len()..],
                None => return false,
            }
        }
        rest.len().checked_sub(last.len()).is_some_and(|at| rest[at..].eq_ignore_ascii_case(last.as_bytes()))
    }
}

fn without_prefix<'t>(text: &'t [u8], prefix: &[u8]) -> Option<&'t [u8]> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    if part.is_empty() {
        return Some(0);
    }
    text.windows(part.len()).position(|window| window.eq_ignore_ascii_case(part))
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
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_part() {
        for (pattern, text, expected) in [
            ("gpt-4*", "gpt-4o-mini", true),
            ("gpt-4*", "gpt-4", true),
            ("gpt-4*", "my-gpt-4", false),
            ("*-preview", "o1-PREVIEW", true),
            ("*-preview", "o1-preview-2", false),
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("a*b*c", "abc", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "acb", false),
            ("ab*ba", "aba", false),
            ("**x", "x", true),
            ("*.openai.azure.com", "Contoso.OpenAI.azure.com", true),
            ("*.openai.azure.com", "openai.azure.com", false),
        ] {
            assert_eq!(Pattern::new(pattern).matches(text), expected, "{pattern} of {text}");
        }
    }

    fn when(change: impl FnOnce(&mut When)) -> When {
        let mut when = When::default();
        change(&mut when);
        when
    }

    #[test]
    fn all_that_is_said_has_to_hold() {
        let patterns = |texts: &[&str]| texts.iter().map(|text| Pattern::new(text)).collect::<Vec<_>>();
        let mut headers = HeaderMap::new();
        headers.insert("x-team", "research".parse().unwrap());
        let call = Traits {
            host: Some("api.openai.com"),
            stream: true,
            caller: Some("checkout"),
            inside: Some(Inside { tools: true, images: false, tokens: 5_000, conversation: 1 }),
            minute: 4 * 24 * 60 + 23 * 60, // Friday, 23:00
            ..Traits::sample("gpt-4o", &headers)
        };
        let team = |value: &str| vec![(HeaderName::from_static("x-team"), patterns(&[value]))];
        for (what, when, expected) in [
            ("nothing", when(|_| ()), true),
            ("model", when(|w| w.models = patterns(&["claude*", "gpt-4*"])), true),
            ("other model", when(|w| w.models = patterns(&["claude*"])), false),
            ("dialect", when(|w| w.dialects = vec![Dialect::OpenAiChat]), true),
            ("other dialect", when(|w| w.dialects = vec![Dialect::Gemini]), false),
            ("host", when(|w| w.hosts = patterns(&["*.openai.com"])), true),
            ("other host", when(|w| w.hosts = patterns(&["api.anthropic.com"])), false),
            ("path", when(|w| w.paths = patterns(&["*/completions"])), true),
            ("other path", when(|w| w.paths = patterns(&["*/messages"])), false),
            ("header", when(|w| w.headers = team("res*")), true),
            ("other header", when(|w| w.headers = team("ops")), false),
            ("stream", when(|w| w.stream = Some(true)), true),
            ("no stream", when(|w| w.stream = Some(false)), false),
            ("tools", when(|w| w.tools = Some(true)), true),
            ("no tools", when(|w| w.tools = Some(false)), false),
            ("images", when(|w| w.images = Some(true)), false),
            ("tokens", when(|w| w.tokens = vec![5_000..=u64::MAX, 0..=5_000]), true),
            ("more tokens", when(|w| w.tokens = vec![5_001..=u64::MAX]), false),
            ("by night", when(|w| w.times = vec![hours((0, 4), 22, 6)]), true),
            ("by day", when(|w| w.times = vec![hours((0, 6), 6, 22)]), false),
            ("or at weekends", when(|w| w.times = vec![hours((0, 6), 6, 22), hours((5, 6), 0, 24)]), false),
            ("caller", when(|w| w.callers = patterns(&["check*"])), true),
            ("other caller", when(|w| w.callers = patterns(&["research"])), false),
            (
                "one of two",
                when(|w| {
                    w.models = patterns(&["gpt-4*"]);
                    w.stream = Some(false);
                }),
                false,
            ),
        ] {
            assert_eq!(when.fits(&call), expected, "{what}");
        }
    }

    #[test]
    fn the_first_route_counts_and_origin_only_for_who_has_one() {
        let of = |then| Route { name: "r".into(), when: When::default(), then };
        let deny = |text: &str| of(Then::Deny(text.into()));
        let routes: Routes = [of(Then::Origin), deny("no"), deny("never")].into_iter().collect();
        let headers = HeaderMap::new();
        let mut call = Traits::sample("m", &headers);
        assert!(matches!(routes.route(&call), Some(Then::Deny(text)) if &**text == "no"));
        call.host = Some("h");
        assert!(matches!(routes.route(&call), Some(Then::Origin)));
        assert!(Routes::default().route(&call).is_none());
        let unread = When { tools: Some(false), ..When::default() };
        assert!(!unread.fits(&call), "what cannot be read is not known to be without tools");
    }

    fn hours(days: (u8, u8), from: u16, to: u16) -> Hours {
        Hours { days, minutes: (from * 60, to * 60) }
    }

    #[test]
    fn hours_may_reach_into_the_next_day_and_days_into_the_next_week() {
        let at = |day: u32, hour: u32| day * 24 * 60 + hour * 60;
        let friday_night = hours((4, 4), 22, 6);
        for (hours, minute, expected) in [
            (hours((0, 6), 9, 17), at(6, 9), true),
            (hours((0, 6), 9, 17), at(6, 17), false),
            (friday_night, at(4, 23), true),
            (friday_night, at(5, 5), true),
            (friday_night, at(4, 5), false),
            (hours((4, 0), 0, 24), at(0, 12), true),
            (hours((4, 0), 0, 24), at(2, 12), false),
            (hours((6, 6), 22, 6), at(0, 5), true),
        ] {
            assert_eq!(hours.contain(minute), expected, "{hours:?} at {minute}");
        }
    }

    #[test]
    fn shares_are_kept_over_many_conversations() {
        let shares: Vec<(Arc<str>, u32)> = vec![("a".into(), 95), ("b".into(), 5)];
        let of_b = (0..10_000u64).filter(|n| &**share(&shares, n.wrapping_mul(0x9E37_79B9_7F4A_7C15)) == "b").count();
        assert!((400..600).contains(&of_b), "{of_b}");
        assert_eq!(share(&shares, 7), share(&shares, 7));
    }

    #[test]
    fn whole_names_and_patterns_keep_their_order() {
        let of = |model: &str, text: &str| Route {
            name: "r".into(),
            when: when(|when| {
                when.models = model.split(' ').filter(|name| !name.is_empty()).map(Pattern::new).collect()
            }),
            then: Then::Deny(text.into()),
        };
        let routes: Routes =
            [of("GPT-5 o1", "1"), of("gpt-*", "2"), of("gpt-4", "3"), of("", "4"), of("x", "5")].into_iter().collect();
        let headers = HeaderMap::new();
        for (model, expected) in [("gpt-5", "1"), ("O1", "1"), ("Gpt-4", "2"), ("gpt-", "2"), ("x", "4"), ("gp", "4")] {
            let call = Traits::sample(model, &headers);
            assert!(matches!(routes.route(&call), Some(Then::Deny(text)) if &**text == expected), "{model}");
        }
    }
}
