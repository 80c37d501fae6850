//! What a call lets routing know of itself.

use super::Call;
use super::attempt::now;
use super::made::Maker;
use crate::routing::plan::{Question, Warm};
use crate::routing::score::Estimate;
use crate::routing::wishes::Wishes;

/// Bytes of a request that make about a token of its prompt: four of text, and some that are JSON's own.
const BYTES_A_TOKEN: f32 = 4.5;

/// Longer requests may hold pictures and files, whose bytes are no measure of their tokens.
const LARGEST: usize = 256 << 10;

/// What routing is asked.
pub(super) fn of_call<'c>(call: &'c Call, warm: Option<&'c Warm>, maker: Option<&'c Maker>) -> Question<'c> {
    let wishes = Some(&call.wishes).filter(|wishes| **wishes != Wishes::default());
    Question {
        now: now(),
        wishes,
        estimate: estimate(call.body.len()),
        warm,
        maker: maker.map(|maker| &*maker.provider),
    }
}

/// What is expected of a call with so many bytes.
pub(super) fn estimate(bytes: usize) -> Estimate {
    let input = (bytes <= LARGEST).then_some(bytes as f32 / BYTES_A_TOKEN);
    Estimate { input, output_at_most: None }
}
