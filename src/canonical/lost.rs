//! What a target's dialect cannot express.

use std::borrow::Cow;

/// The list of what was dropped on the way to a target, for `x-outrider-lost` and the metrics.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lost(Vec<Cow<'static, str>>);

/// So many names are kept. A client may send any number of members that nobody knows, and these are read by people.
const MOST: usize = 100;

impl Lost {
    /// Nothing so far.
    pub fn nothing() -> Self {
        Self::default()
    }

    /// `what` was dropped: a member's name in the client's own dialect where it has one (`seed`, `logit_bias`,
    /// `tools.web_search`), else what it is in the canonical model. Said once, however often;
    /// of very many, the first.
    pub fn add(&mut self, what: impl Into<Cow<'static, str>>) {
        let what = what.into();
        if self.0.len() < MOST && !self.0.contains(&what) {
            self.0.push(what);
        }
    }

    /// `what` was dropped, if it was there.
    pub fn add_if(&mut self, there: bool, what: &'static str) {
        if there {
            self.add(what);
        }
    }

    /// Nothing was dropped.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What was dropped.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|what| &**what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_is_said_once_and_very_many_are_not_kept() {
        let mut lost = Lost::nothing();
        for number in 0..1_000_000 {
            lost.add("seed");
            lost.add(format!("x{number}"));
        }
        assert_eq!(lost.iter().take(3).collect::<Vec<_>>(), ["seed", "x0", "x1"]);
        assert_eq!(lost.iter().count(), MOST);
    }
}
