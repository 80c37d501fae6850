//! What can be seen of a route at a glance: how one of the texts that it is about has to begin.
//!
//! A walk over thousands of glances stays in the cache, where one over the routes themselves does not.

use http::HeaderName;
use smallvec::SmallVec;

use super::pattern::Pattern;
use super::{Traits, When};

/// A text of a call.
#[derive(Debug, PartialEq, Eq)]
enum Text {
    Model,
    Caller,
    Host,
    Path,
    Header(HeaderName),
}

/// The texts that the routes of a table are about.
#[derive(Debug, Default)]
pub(super) struct Texts(Vec<Text>);

/// A route at a glance.
#[derive(Clone, Copy, Debug)]
pub(super) struct Glance {
    /// Which of the texts.
    text: u32,
    begins: Beginning,
    /// The bytes of that which count; 0: it may begin as it likes.
    mask: u64,
}

/// The first eight bytes of a text in lower case; zeros behind a shorter one.
type Beginning = u64;

/// How the texts of one call begin. `None`: there are several.
pub(super) type Beginnings = SmallVec<[Option<Beginning>; 8]>;

impl Texts {
    /// A route that is for such calls.
    pub(super) fn glance(&mut self, when: &When) -> Glance {
        let headers = when.headers.iter().map(|(name, patterns)| (Text::Header(name.clone()), patterns));
        let own = [(Text::Model, &when.models), (Text::Caller, &when.callers)];
        let places = [(Text::Host, &when.hosts), (Text::Path, &when.paths)];
        let said = own.into_iter().chain(headers).chain(places);
        // Of several patterns only one has to fit.
        let begins = said.filter_map(|(text, patterns)| match &patterns[..] {
            [Pattern(parts)] => Some((text, parts.first()?.as_bytes())).filter(|(_, begins)| !begins.is_empty()),
            _ => None,
        });
        let Some((text, begins)) = { begins }.next() else { return Glance { text: 0, begins: 0, mask: 0 } };
        let mask = beginning(&[0xff; 8][..begins.len().min(8)]);
        Glance { text: self.place(text), begins: beginning(begins), mask }
    }

    fn place(&mut self, text: Text) -> u32 {
        let place = self.0.iter().position(|known| *known == text);
        place.unwrap_or_else(|| {
            self.0.push(text);
            self.0.len() - 1
        }) as u32
    }

    /// How these texts of `call` begin.
    pub(super) fn of(&self, call: &Traits<'_>) -> Beginnings {
        let begins = |text: Option<&str>| Some(beginning(text.unwrap_or_default().as_bytes()));
        let each = self.0.iter().map(|text| match text {
            Text::Model => begins(Some(call.model)),
            Text::Caller => begins(call.caller),
            Text::Host => begins(call.host),
            Text::Path => begins(Some(call.path)),
            Text::Header(name) => {
                let mut values = call.headers.get_all(name).into_iter();
                let first = values.next().map(|value| value.as_bytes()).unwrap_or_default();
                values.next().is_none().then(|| beginning(first))
            }
        });
        each.collect()
    }
}

impl Glance {
    /// Whether a call whose texts begin so may be one of the route's.
    pub(super) fn may_fit(&self, call: &[Option<Beginning>]) -> bool {
        match call.get(self.text as usize) {
            Some(Some(begins)) => begins & self.mask == self.begins,
            Some(None) | None => true,
        }
    }
}

fn beginning(text: &[u8]) -> Beginning {
    let mut bytes = [0; 8];
    for (place, byte) in bytes.iter_mut().zip(text) {
        *place = byte.to_ascii_lowercase();
    }
    u64::from_le_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    /// A route about `text`, which has to be as one of the patterns says.
    fn when(text: &str, patterns: &str) -> When {
        let mut when = When::default();
        let patterns: Vec<Pattern> = patterns.split(' ').map(Pattern::new).collect();
        match text {
            "model" => when.models = patterns,
            "caller" => when.callers = patterns,
            "host" => when.hosts = patterns,
            "path" => when.paths = patterns,
            header => when.headers = vec![(header.parse().unwrap(), patterns)],
        }
        when
    }

    #[test]
    fn no_route_is_passed_over_that_fits_and_few_are_looked_at_that_do_not() {
        let texts = ["model", "caller", "host", "path", "x-team", "x-other"];
        let patterns =
            ["*", "a", "ab*", "Abcdefgh*", "abcdefghi", "*b", "a*b", "b*", "abcdefgx*", "a b", "/v1*", "é*", ""];
        let values = ["", "a", "AB", "abc", "abcdefghi", "ABCDEFGHIJ", "b", "/v1/x", "\u{e9}t\u{e9}"];
        let routes: Vec<When> = texts.iter().flat_map(|text| patterns.map(|pattern| when(text, pattern))).collect();
        let mut all = Texts::default();
        let glances: Vec<Glance> = routes.iter().map(|when| all.glance(when)).collect();
        let (mut fitting, mut passed_over) = (0, 0);
        for value in values {
            for teams in 0..3 {
                let mut headers = HeaderMap::new();
                for team in ["of all", value].iter().rev().take(teams) {
                    headers.append("x-team", http::HeaderValue::from_bytes(team.as_bytes()).unwrap());
                }
                let same = Some(value).filter(|_| teams > 0);
                let call = Traits { caller: same, host: same, path: value, ..Traits::sample(value, &headers) };
                let begins = all.of(&call);
                for (when, glance) in routes.iter().zip(&glances) {
                    let (fits, may_fit) = (when.fits(&call), glance.may_fit(&begins));
                    assert!(may_fit || !fits, "{when:?} for {call:?}");
                    fitting += usize::from(fits);
                    passed_over += usize::from(!may_fit);
                }
            }
        }
        let looked_at = routes.len() * values.len() * 3 - passed_over;
        assert!(fitting > 300 && looked_at < 1_000, "{fitting} fit, {looked_at} were looked at");
    }
}
