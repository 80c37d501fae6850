//! What a call lets routing know of itself.

use super::Call;
use super::attempt::now;
use super::made::Maker;
use crate::dialect::doors::Operation;
use crate::routing::Model;
use crate::routing::constraints::has_room;
use crate::routing::plan::{Question, Warm};
use crate::routing::score::Estimate;
use crate::routing::wishes::Wishes;

/// Bytes of a request that make about a token of its prompt: four of text, and some that are JSON's own.
const BYTES_A_TOKEN: f32 = 4.5;

/// Longer requests may hold pictures and files, whose bytes are no measure of their tokens.
const LARGEST: usize = 256 << 10;

/// No text has more tokens than that many bytes for each, as they are estimated.
const FEWEST_BYTES_A_TOKEN: u64 = 3;

/// A call without a body: one that is only supposed.
const NO_BODY: usize = 2;

/// What routing is asked for a call that `model` answers.
pub(super) fn of_call<'c>(
    call: &'c Call,
    model: &Model,
    warm: Option<&'c Warm>,
    maker: Option<&'c Maker>,
) -> Question<'c> {
    let wishes = Some(&call.wishes).filter(|wishes| **wishes != Wishes::default());
    let limit = call.head.answer_limit;
    let input = prompt(call, model, limit.map_or(0, |limit| limit.each));
    let needs = input.map(|input| (input as u64).saturating_add(limit.map_or(0, |limit| limit.each)));
    let estimate = Estimate { input, output_at_most: limit.map(|limit| limit.all as f32) };
    let (tokens, maker) = (tokens(call, model), maker.map(|maker| &*maker.provider));
    Question { now: now(), wishes, estimate, tokens, needs, warm, maker }
}

/// Tokens of the prompt, by the length of the body. Where that decides who can be asked, the body is looked into: in
/// bytes, pictures are too large for anybody.
fn prompt(call: &Call, model: &Model, answer: u64) -> Option<f32> {
    let bytes = call.body.len();
    if bytes <= NO_BODY {
        return None;
    }
    let by_length = bytes as f32 / BYTES_A_TOKEN;
    let needs = (by_length as u64).saturating_add(answer);
    let (mut small, mut others) = (false, 0);
    for target in model.groups.iter().flatten() {
        (small, others) = (small || !has_room(target, needs), others + 1);
    }
    let counted = if small && others > 1 { call.prompt_tokens().map(|tokens| tokens as f32) } else { None };
    counted.or((bytes <= LARGEST).then_some(by_length))
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
    call.prompt_tokens()
}
