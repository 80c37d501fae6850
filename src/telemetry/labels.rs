//! Which names may become label values.
//!
//! A label value lives in the process and in Prometheus for ever, and a client may write any model name it likes, so
//! the number of names is bounded: the configuration's own names always fit, others come first, served first.

use std::collections::HashSet;
use std::sync::{PoisonError, RwLock};

/// The label of every name for which there was no room, and of every model that is not known.
pub(super) const OTHER: &str = "other";

/// Names that calls bring along. Two hundred targets are more than one application uses, and Prometheus holds their
/// histograms without noticing.
const FROM_CALLS: usize = 200;

/// Names that configurations bring along, over all reloads: more only by a generator that never repeats a name.
const FROM_CONFIGURATION: usize = 1_000;

/// A bounded set of names.
#[derive(Debug, Default)]
pub(super) struct Labels {
    admitted: RwLock<HashSet<Box<str>>>,
}

impl Labels {
    /// The label for `name`: the name itself while there is room, [`OTHER`] beyond.
    pub(super) fn label<'a>(&self, name: &'a str) -> &'a str {
        match self.known(name) {
            Some(true) => name,
            Some(false) => OTHER,
            None if self.admit(name, FROM_CALLS) => name,
            None => OTHER,
        }
    }

    /// Makes room for the names of a configuration before any call can take it.
    pub(super) fn reserve<'a>(&self, names: impl IntoIterator<Item = &'a str>) {
        for name in names {
            self.admit(name, FROM_CONFIGURATION);
        }
    }

    /// Whether `name` is admitted; `None` when that is still to be decided.
    fn known(&self, name: &str) -> Option<bool> {
        let admitted = self.admitted.read().unwrap_or_else(PoisonError::into_inner);
        if admitted.contains(name) {
            return Some(true);
        }
        (admitted.len() >= FROM_CALLS).then_some(false)
    }

    fn admit(&self, name: &str, most: usize) -> bool {
        let mut admitted = self.admitted.write().unwrap_or_else(PoisonError::into_inner);
        if admitted.contains(name) {
            return true;
        }
        let room = admitted.len() < most;
        if room {
            admitted.insert(name.into());
        }
        room
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_beyond_the_bound_are_other() {
        let labels = Labels::default();
        let distinct: HashSet<String> = (0..10_000).map(|n| labels.label(&format!("name-{n}")).to_owned()).collect();
        assert_eq!(distinct.len(), FROM_CALLS + 1);
        assert!(distinct.contains(OTHER));
        assert_eq!(labels.label("name-0"), "name-0", "a name keeps its label");
    }

    #[test]
    fn configured_names_are_never_crowded_out() {
        let labels = Labels::default();
        for n in 0..10_000 {
            labels.label(&format!("hostile-{n}"));
        }
        labels.reserve(["smart"]);
        assert_eq!(labels.label("smart"), "smart");
    }

    #[test]
    fn reloads_without_end_are_bounded_too() {
        let labels = Labels::default();
        for n in 0..10_000 {
            labels.reserve([format!("generated-{n}").as_str()]);
        }
        assert_eq!(labels.label("generated-999"), "generated-999");
        assert_eq!(labels.label("generated-1000"), OTHER);
    }
}
