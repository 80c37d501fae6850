//! The order of the targets in a table.
//!
//! Each gets one number, whose high bits say what counts most; the lowest goes first. One number for each makes the sort
//! of a hundred targets cost a microsecond.

use std::time::Duration;

use smallvec::SmallVec;

use super::{Candidate, Seen, Standing};
use crate::routing::choice::{Balance, Choice};
use crate::routing::score::Row;
use crate::routing::wishes::{Sort, Wishes};

/// With a healthy equal beside it, a target on trial is put first for this share of calls, or for its weight's share
/// where that is less. Under load that finds out within milliseconds; with few calls, most of them stay fast.
const TRIAL_SHARE: f64 = 0.1;

/// A trial that nobody has made for so long is made by the next call: with a call a second, a target would otherwise
/// stay out of use for a minute after it is back.
const TRIAL_OVERDUE: Duration = Duration::from_secs(5);

/// Less than one call that is not long ago: as good as never measured.
const KNOWN: f32 = 0.5;

/// Who was never measured is explored so many times as often.
const UNKNOWN_SHARE: f32 = 5.0;

#[derive(Clone, Copy)]
enum Class {
    MayBeCalled,
    Resting,
    Open,
    Unreachable,
}

#[derive(Clone, Copy, PartialEq)]
enum Seat {
    /// It alone can read what the call brings along.
    Maker,
    /// Where the conversation is.
    Warm,
    LuckyTrial,
    Usual,
    /// Slower than is wanted.
    Slow,
    /// Weight 0: only when nothing else in its group can.
    Reserve,
    Trial,
}

/// What the ready targets are put in order by.
#[derive(Clone, Copy)]
enum By<'a> {
    Balance(&'a Balance),
    Sort(Sort),
}

pub(super) fn order(
    seen: &[Seen],
    rows: &[Row],
    choice: &Choice,
    wishes: Option<&Wishes>,
    mut dice: impl FnMut() -> f64,
) -> SmallVec<[Candidate; 4]> {
    let by = wishes.and_then(|wishes| wishes.sort).map_or(By::Balance(&choice.balance), By::Sort);
    let together = wishes.is_some_and(|wishes| wishes.across_models);
    let turn = if let By::Balance(Balance::RoundRobin(turn)) = by { turn.next() } else { 0 };
    let streamed = rows.iter().any(|row| row.figures.first_token.weight > 0.0);
    let mut ranked: SmallVec<[u128; 4]> = SmallVec::with_capacity(seen.len());
    for (index, one) in seen.iter().enumerate() {
        // Who else is asked cannot read what the call brings along, whatever its group.
        let group = if together || one.made { 0 } else { one.candidate.group };
        let place = |class, group, seat: Seat, value: f32| {
            // Stable, so that what is equally bad keeps the order of the file.
            u128::from(class as u8) << 124
                | u128::from(group) << 100
                | u128::from(seat as u8) << 96
                | u128::from(one.place) << 80
                | u128::from(bits(value)) << 48
        };
        let key = match one.candidate.standing {
            Standing::Resting { left } => place(Class::Resting, 0, Seat::Usual, left.as_secs_f32()),
            Standing::Open { left } => place(Class::Open, 0, Seat::Usual, left.as_secs_f32()),
            Standing::Unreachable => place(Class::Unreachable, 0, Seat::Usual, 0.0),
            Standing::OnTrial { waited } => {
                let lucky = dice() < trial_share(one, waited, seen);
                let seat = if lucky { Seat::LuckyTrial } else { Seat::Trial };
                place(Class::MayBeCalled, group, seat, dice() as f32)
            }
            Standing::Ready => {
                let seat = seat(one, rows.get(index), choice, by, &mut dice);
                let value = match by {
                    _ if seat == Seat::Reserve => dice() as f32,
                    By::Balance(Balance::RoundRobin(_)) => after_turn(seen, index, turn),
                    By::Balance(balance) => balanced(one, rows.get(index), balance, streamed, &mut dice),
                    By::Sort(sort) => rows.get(index).map_or(0.0, |row| sorted(row, sort, streamed)),
                };
                place(Class::MayBeCalled, group, seat, value)
            }
        };
        // What is equal by its value is put in order by chance, but for what a call wants sorted.
        let tie = if shares_by_chance(by) { u128::from((dice() * 65_536.0) as u16) << 32 } else { 0 };
        ranked.push(key | tie | index as u128);
    }
    ranked.sort_unstable();
    let mut order = SmallVec::with_capacity(ranked.len());
    order.extend(ranked.iter().map(|key| seen[*key as usize & 0xffff_ffff].candidate));
    order
}

/// Ties matter where values are not chance themselves.
fn shares_by_chance(by: By<'_>) -> bool {
    use Balance::{Latency, LeastBusy, Price, Throughput};
    matches!(by, By::Balance(Price | Latency | Throughput | LeastBusy))
}

fn seat(one: &Seen, row: Option<&Row>, choice: &Choice, by: By<'_>, dice: &mut impl FnMut() -> f64) -> Seat {
    let scored = matches!(by, By::Balance(Balance::Score));
    match by {
        _ if one.made => Seat::Maker,
        _ if one.weight == 0 => Seat::Reserve,
        // It stays where it is, unless another is better by more than is lost with a cold prompt.
        By::Balance(_) if one.warm && !(scored && lost(row, choice)) => Seat::Warm,
        // In the order of values there is no share to be less: it is first for a part of the calls.
        By::Balance(balance) if one.warmth < 1.0 && !sharing(balance) && dice() > one.warmth => Seat::Slow,
        _ if one.slow => Seat::Slow,
        By::Balance(Balance::Latency | Balance::Throughput) if explored(row, choice, dice) => Seat::LuckyTrial,
        _ => Seat::Usual,
    }
}

fn sharing(balance: &Balance) -> bool {
    matches!(balance, Balance::Score | Balance::Weighted)
}

/// Another is better by more than the edge, the cold prompt there included.
fn lost(row: Option<&Row>, choice: &Choice) -> bool {
    row.is_some_and(|row| row.score.excess > choice.scoring.edge)
}

/// Who is never first is never measured: once in a while, one whose figures are old is; one that has none, sooner.
fn explored(row: Option<&Row>, choice: &Choice, dice: &mut impl FnMut() -> f64) -> bool {
    let seen = row.map_or(0.0, |row| row.figures.first_token.weight.max(row.figures.per_token.weight));
    let eager = if seen < KNOWN { UNKNOWN_SHARE } else { 1.0 };
    dice() < f64::from(eager * choice.scoring.explore / (1.0 + seen))
}

/// Lower is better.
fn balanced(one: &Seen, row: Option<&Row>, balance: &Balance, streamed: bool, dice: &mut impl FnMut() -> f64) -> f32 {
    let weight = f64::from(one.weight);
    match (balance, row) {
        (Balance::Score, Some(row)) => arrival(weight * one.warmth * f64::from(row.score.share), dice()),
        (Balance::Price, Some(row)) => sorted(row, Sort::Price, streamed),
        (Balance::Latency, Some(row)) => sorted(row, Sort::Latency, streamed),
        (Balance::Throughput, Some(row)) => sorted(row, Sort::Throughput, streamed),
        (Balance::LeastBusy, _) => one.busy as f32 / one.weight as f32,
        _ => arrival(weight * one.warmth, dice()),
    }
}

/// Lower is better. `streamed`: somebody's first token was seen.
fn sorted(row: &Row, sort: Sort, streamed: bool) -> f32 {
    match sort {
        Sort::Price if row.score.priced => row.score.price,
        Sort::Price => f32::MAX, // what nobody knows is not cheap
        // Where no answer is streamed, nobody sees a first token. For all or for none: else who was never asked would
        // be compared by its whole answer with others by their first token, and would never be.
        Sort::Latency if streamed => row.score.first_token,
        Sort::Latency => row.score.first_token + row.score.per_token * row.score.output,
        Sort::Throughput => row.score.per_token,
        Sort::Exacto => row.score.tool_faults + row.score.errors,
    }
}

/// How many others that are ready have their turn before it.
fn after_turn(seen: &[Seen], index: usize, turn: usize) -> f32 {
    let ready = |other: &&Seen| {
        other.candidate.group == seen[index].candidate.group
            && other.candidate.standing == Standing::Ready
            && other.weight > 0
    };
    let count = seen.iter().filter(ready).count().max(1);
    let before = seen[..index].iter().filter(ready).count();
    ((before + count - turn % count) % count) as f32
}

/// Weighted order without replacement is a race: each runner arrives after an exponential time whose rate is its
/// weight, and arrives first with the probability of its share (Efraimidis and Spirakis, 2006).
fn arrival(weight: f64, dice: f64) -> f32 {
    -(1.0 - dice as f32).ln() / weight as f32
}

/// Ordered as the numbers are, which are not negative; what is none comes last. What differs by less than rounding
/// does is equal.
fn bits(value: f32) -> u32 {
    if value.is_nan() { u32::MAX } else { value.max(0.0).abs().to_bits() & !0xff }
}

/// How often a target on trial goes first.
fn trial_share(one: &Seen, waited: Duration, all: &[Seen]) -> f64 {
    if waited >= TRIAL_OVERDUE && one.weight > 0 {
        return 1.0;
    }
    let group = all.iter().filter(|other| other.candidate.group == one.candidate.group);
    let may_be_called =
        group.filter(|other| matches!(other.candidate.standing, Standing::Ready | Standing::OnTrial { .. }));
    let total: f64 = may_be_called.map(|other| f64::from(other.weight)).sum();
    if total > 0.0 { TRIAL_SHARE.min(f64::from(one.weight) / total) } else { 0.0 }
}
