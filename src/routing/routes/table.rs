//! Thousands of routes, of which few are looked at for one call.

use std::collections::HashMap;
use std::sync::atomic::Ordering::Relaxed;

use super::glance::{Glance, Texts};
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
    /// The places of all others, each with what is seen of it at a glance.
    others: Vec<(u32, Glance)>,
    /// What these are about.
    texts: Texts,
}

impl FromIterator<Route> for Routes {
    fn from_iter<I: IntoIterator<Item = Route>>(routes: I) -> Self {
        let mut found = Self { all: routes.into_iter().collect(), ..Self::default() };
        for (place, route) in (0..).zip(&found.all) {
            let names: Option<Vec<&str>> = route.when.models.iter().map(Pattern::name).collect();
            match names.filter(|names| !names.is_empty()) {
                None => found.others.push((place, found.texts.glance(&route.when))),
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
        let begins = self.texts.of(call);
        let others = self.others.iter().filter(|(_, glance)| glance.may_fit(&begins)).map(|(place, _)| *place);
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
