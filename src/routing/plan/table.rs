//! All that is known of a model's targets when a call begins, side by side.

use smallvec::SmallVec;

use super::{Candidate, Question, Standing, order, standing};
use crate::routing::choice::{Balance, Choice};
use crate::routing::constraints::{self, Exclusion};
use crate::routing::score::{self, Cache, Rates, Row};
use crate::routing::wishes::{Percentiles, Wishes};
use crate::routing::{Model, Target};

/// A prompt whose length nobody knows, for the choice of a price that depends on it.
const USUAL_PROMPT: f32 = 1_000.0;

/// The targets of a model.
#[derive(Debug, Default)]
pub struct Table {
    /// Those that may answer.
    pub seen: SmallVec<[Seen; 4]>,
    /// What is known of each of these; empty where nobody asks.
    pub rows: SmallVec<[Row; 4]>,
    /// Those that may not.
    pub excluded: SmallVec<[Excluded; 0]>,
}

/// A target as the order needs it: free of providers and clocks.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// Which, and how it is doing.
    pub candidate: Candidate,
    /// Its weight.
    pub weight: u32,
    /// What of its share it gets for now.
    pub warmth: f64,
    /// Calls under way.
    pub busy: u32,
    /// Its place among those that the call named, in their order.
    pub place: u16,
    /// It is slower than is wanted.
    pub slow: bool,
    /// The conversation was here last.
    pub warm: bool,
    /// What the call brings along was made here.
    pub made: bool,
}

/// A target that may not answer.
#[derive(Clone, Debug)]
pub struct Excluded {
    /// Which of the model's groups.
    pub group: u16,
    /// Which of that group.
    pub index: u16,
    /// Why.
    pub why: Exclusion,
}

impl Table {
    /// What is known when a call begins. `whole`: figures are wanted even where they decide nothing.
    pub fn new(model: &Model, question: &Question<'_>, whole: bool) -> Self {
        let choice = &*model.policy.choice;
        let count = model.groups.iter().map(Vec::len).sum();
        let mut table = Self { seen: SmallVec::with_capacity(count), ..Self::default() };
        let scored = whole || count > 1 && measured(choice, question);
        table.rows.reserve(if scored { count } else { 0 });
        let bounds = Bounds::of(choice, question);
        let constrained = question.wishes.is_some() || !choice.terms.is_empty() || question.tokens.is_some();
        let excluded = |target: &Target| {
            constrained.then(|| constraints::excluded(target, choice, question.wishes, question.tokens)).flatten()
        };
        let needs = question.needs.filter(|needs| somebody_has_room(model, *needs, excluded));
        for (group, targets) in (0..).zip(&model.groups) {
            for (index, target) in (0..).zip(targets) {
                let why = excluded(target).or_else(|| constraints::too_small(target, needs?));
                match why {
                    Some(why) => table.excluded.push(Excluded { group, index, why }),
                    None => {
                        // Both at once, while what they are read from is at hand.
                        let seen = see(target, group, index, question, &bounds);
                        if scored {
                            table.rows.push(row(target, &seen, question));
                        }
                        table.seen.push(seen);
                    }
                }
            }
        }
        if scored {
            table.score(choice, question);
        }
        table
    }

    /// The best first.
    pub fn order(&self, model: &Model, question: &Question<'_>, dice: impl FnMut() -> f64) -> SmallVec<[Candidate; 4]> {
        let mut order = order::order(&self.seen, &self.rows, &model.policy.choice, question.wishes, dice);
        if question.wishes.is_some_and(|wishes| wishes.no_fallbacks && wishes.order.is_empty()) {
            order.truncate(1);
        }
        order
    }

    fn score(&mut self, choice: &Choice, question: &Question<'_>) {
        if question.wishes.is_some_and(|wishes| wishes.across_models) {
            return score::score(&mut self.rows, question.estimate, &choice.scoring);
        }
        let mut rows = &mut self.rows[..];
        for group in self.seen.chunk_by(|a, b| a.candidate.group == b.candidate.group) {
            let (of_group, others) = rows.split_at_mut(group.len());
            score::score(of_group, question.estimate, &choice.scoring);
            rows = others;
        }
    }
}

/// Whether the length of a call decides who is asked: there are targets into whose context it does not fit, and one
/// into whose it does.
fn somebody_has_room(model: &Model, needs: u64, excluded: impl Fn(&Target) -> Option<Exclusion>) -> bool {
    let targets = || model.groups.iter().flatten();
    targets().any(|target| !constraints::has_room(target, needs))
        && targets().any(|target| constraints::has_room(target, needs) && excluded(target).is_none())
}

/// Whether anything is decided by measurements.
fn measured(choice: &Choice, question: &Question<'_>) -> bool {
    use Balance::{Latency, LeastBusy, Price, RoundRobin, Score, Throughput, Weighted};
    match choice.balance {
        Score | Price | Latency | Throughput => true,
        LeastBusy | Weighted | RoundRobin(_) => question.wishes.is_some_and(|wishes| wishes.sort.is_some()),
    }
}

fn see(target: &Target, group: u16, index: u16, question: &Question<'_>, bounds: &Bounds<'_>) -> Seen {
    Seen {
        candidate: Candidate { group, index, standing: standing(target, question.now) },
        weight: target.weight,
        warmth: target.health.warmth(question.now),
        busy: target.health.in_flight() as u32,
        place: question.wishes.map_or(0, |wishes| place(target, wishes)),
        slow: bounds.miss(target),
        warm: question.warm.is_some_and(|warm| warm.target == target.id),
        made: question.maker.is_some_and(|maker| target.provider.id.as_str() == maker),
    }
}

fn place(target: &Target, wishes: &Wishes) -> u16 {
    let place = wishes.order.iter().position(|name| constraints::is_called(target, name));
    place.map_or(u16::MAX, |place| place.min(usize::from(u16::MAX - 1)) as u16)
}

/// What is wanted of speed, by the operator and by the call; few want anything.
struct Bounds<'a>(SmallVec<[(&'a Percentiles, &'a Percentiles); 2]>);

impl<'a> Bounds<'a> {
    fn of(choice: &'a Choice, question: &Question<'a>) -> Self {
        let own = (&choice.prefer.first_token, &choice.prefer.throughput);
        let call = question.wishes.map(|wishes| (&wishes.max_latency, &wishes.min_throughput));
        let said = |(first_token, throughput): &(&Percentiles, &Percentiles)| {
            **first_token != Percentiles::default() || **throughput != Percentiles::default()
        };
        Self(std::iter::once(own).chain(call).filter(said).collect())
    }

    /// Whether what is known of its speed misses what is wanted. Who has not been measured misses nothing.
    fn miss(&self, target: &Target) -> bool {
        let health = &target.health;
        self.0.iter().any(|(first_token, throughput)| {
            each(first_token).any(|(most, share)| health.first_token_at(share).is_some_and(|seconds| seconds > most))
                || each(throughput).any(|(least, share)| health.throughput_at(share).is_some_and(|found| found < least))
        })
    }
}

/// The bounds that are said, each with the percentage of calls that it is for.
fn each(bounds: &Percentiles) -> impl Iterator<Item = (f64, u8)> {
    let all = [(bounds.p50, 50), (bounds.p75, 75), (bounds.p90, 90), (bounds.p99, 99)];
    all.into_iter().filter_map(|(bound, share)| Some((bound?, share)))
}

fn row(target: &Target, seen: &Seen, question: &Question<'_>) -> Row {
    let prompt = question.estimate.input.unwrap_or(USUAL_PROMPT);
    Row {
        rates: target.facts.price.as_ref().and_then(|price| Rates::of(price, prompt)),
        figures: target.health.measures().figures(question.now),
        cache: match question.warm {
            None => Cache::Usual,
            // Its target has been seen to keep nothing: elsewhere the prompt is no colder.
            Some(warm) if warm.tokens == 0.0 => Cache::Usual,
            Some(warm) if seen.warm => Cache::Warm(warm.tokens),
            Some(_) => Cache::Cold,
        },
        ready: seen.candidate.standing == Standing::Ready && seen.weight > 0,
        score: Default::default(),
    }
}
