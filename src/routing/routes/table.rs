//! Thousands of routes, of which few are looked at for one call.

use std::collections::HashMap;
use std::sync::atomic::Ordering::Relaxed;

use super::pattern::Pattern;
use super::{Route, Traits};

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

    /// The first route that is for a call.
    pub fn route(&self, call: &Traits<'_>) -> Option<&Route> {
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
        self.all.get(place as usize)
    }
}
