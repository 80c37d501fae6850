//! Going on with an answer that broke off after the client had begun to read it.
//!
//! The call is made again, at whichever target comes next, and the second answer is joined to what the client has
//! ([`Splice`]). Asked anew, it has to begin exactly as the first did. A target that can go on from a given text is
//! asked for that where the operator prefers it, or once an answer has turned out to begin otherwise. Where nobody's
//! answer can be joined, the stream ends as an error; so it does where a repeat would do more than cost
//! ([`super::repeat`]).

use crate::dialect::codec::Codec;
use crate::dialect::flow::{Given, Splice, Way};

/// What a second answer is joined to, and how.
#[derive(Clone, Copy)]
pub(super) struct Joint<'g> {
    /// What the client has.
    pub(super) given: &'g Given,
    /// How the second answer is asked for.
    pub(super) way: Way,
}

impl<'g> Joint<'g> {
    /// `go_on`: the target is to be asked to go on from the text that the client has, if that is all it has.
    pub(super) fn new(given: &'g Given, go_on: bool) -> Self {
        let way = if go_on && given.prefix().is_some() { Way::Continue } else { Way::Restart };
        Self { given, way }
    }

    /// The text that the target is to go on from.
    pub(super) fn prefix(&self) -> Option<String> {
        self.given.prefix().filter(|_| self.way == Way::Continue)
    }

    /// What joins the second answer for a client of `client`.
    pub(super) fn splice(&self, client: &dyn Codec) -> Splice {
        Splice::new(self.given, self.way, client.signs_thoughts())
    }
}
