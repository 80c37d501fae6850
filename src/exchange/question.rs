//! What a call lets routing know of itself.

use super::Call;
use super::attempt::now;
use super::made::Maker;
use crate::canonical::estimate as estimated;
use crate::dialect::doors::Operation;
use crate::routing::Model;
use crate::routing::plan::{Question, Warm};
use crate::routing::score::Estimate;
use crate::routing::wishes::Wishes;

/// Bytes of a request that make about a token of its prompt: four of text, and some that are JSON's own.
const BYTES_A_TOKEN: f32 = 4.5;

/// Longer requests may hold pictures and files, whose bytes are no measure of their tokens.
const LARGEST: usize = 256 << 10;

/// No text has more tokens than that many bytes for each, as they are estimated.
const FEWEST_BYTES_A_TOKEN: u64 = 3;

/// What routing is asked about a call that `model` answers.
pub(super) fn of_call<'c>(
    call: &'c Call,
    model: &Model,
    warm: Option<&'c Warm>,
    maker: Option<&'c Maker>,
) -> Question<'c> {
    let wishes = Some(&call.wishes).filter(|wishes| **wishes != Wishes::default());
    let estimate = estimate(call.body.len());
    let maker = maker.map(|maker| &*maker.provider);
    Question { now: now(), wishes, estimate, tokens: tokens(call, model), warm, maker }
}

/// What is expected of a call with so many bytes.
pub(super) fn estimate(bytes: usize) -> Estimate {
    let input = (bytes <= LARGEST).then_some(bytes as f32 / BYTES_A_TOKEN);
    Estimate { input, output_at_most: None }
}

/// Tokens of the prompt, where it may be too long for one of the targets: only then the request is read for it.
fn tokens(call: &Call, model: &Model) -> Option<u64> {
    if !matches!(call.operation, Operation::Chat | Operation::Completions) {
        return None;
    }
    let most = call.body.len() as u64 / FEWEST_BYTES_A_TOKEN;
    let contexts = model.groups.iter().flatten().filter_map(|target| target.context().or(target.facts.context));
    if contexts.min().is_none_or(|least| most <= least) {
        return None;
    }
    let whole = call.body.slice(0, call.body.len());
    let request = call.codec().read_request(&whole, &call.asked()).ok()?;
    Some(estimated::tokens(&request))
}
