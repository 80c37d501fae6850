//! What comes of making a call again, beside its cost: the one place that says when this forbids it.
//!
//! 1. Nothing of an answer was shown: a call that failed may always be made again, as far as `retry` says. Its client
//!    would do the same, and knows no more than we do about what a provider has begun.
//! 2. A second target is asked while the first is at work ([`super::hedge`]): nobody needs that, so nothing may come of
//!    it. No provider runs tools for the call, keeps its answer, or builds on an earlier one.
//! 3. Something was shown, and the answer breaks off ([`super::recover`]): the call is not made again where the
//!    provider keeps, under a name that the client was told, what it has begun (`store: true`, `background`). Responses
//!    that are kept because nobody said otherwise are not meant. Nor is it where a tool that the provider runs has been called:
//!    that is seen in the answer itself, of which nothing is [`given`](crate::dialect::flow::Flow::given) then. A tool
//!    that was only offered forbids nothing.

use super::Call;
use crate::canonical::Foreign;

/// What may come of a call.
#[derive(Default)]
pub(super) struct Effects {
    /// The provider keeps the answer, or goes on with it when nobody listens.
    kept: bool,
    /// It speaks of something that the provider has kept.
    bound: bool,
    /// The provider may run tools.
    tools: bool,
}

impl Effects {
    /// Of `call`, whose request is read for it. One that cannot be read may do anything.
    pub(super) fn of(call: &Call) -> Self {
        let (whole, codec) = (call.body.slice(0, call.body.len()), call.codec());
        let Ok(request) = codec.read_request(&whole, &call.asked()) else {
            return Self { kept: true, bound: true, tools: true };
        };
        let background = |other: &Foreign<'_>| other.kind == "background" && other.json.as_str() == "true";
        Self {
            kept: request.store == Some(true) || request.others.iter().any(background),
            bound: codec.bound(&request).is_some(),
            tools: request.functions().count() != request.tools.len(),
        }
    }

    /// Nothing but tokens: rule 2.
    pub(super) fn are_none(&self) -> bool {
        !(self.kept || self.bound || self.tools)
    }

    /// An answer that breaks off may be gone on with: rule 3, as far as the request decides it.
    pub(super) fn allow_recovery(&self) -> bool {
        !self.kept
    }
}
