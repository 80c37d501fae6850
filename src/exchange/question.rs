//! What a call lets routing know of itself.

use super::Call;
use super::attempt::now;
use crate::routing::plan::Question;
use crate::routing::score::Estimate;

/// Bytes of a request that make about a token of its prompt: four of text, and some that are JSON's own.
const BYTES_A_TOKEN: f32 = 4.5;

/// Longer requests may hold pictures and files, whose bytes are no measure of their tokens.
const LARGEST: usize = 256 << 10;

/// What routing is asked.
pub(super) fn of_call(call: &Call) -> Question<'_> {
    let bytes = call.body.len();
    let input = (bytes <= LARGEST).then_some(bytes as f32 / BYTES_A_TOKEN);
    Question { estimate: Estimate { input, output_at_most: None }, ..Question::at(now()) }
}
