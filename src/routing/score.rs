//! What a good answer of each target will cost, in dollars, and which share of the calls that earns it.
//!
//! ```text
//! cost  = (price + time) x (1 + errors x share of errors + tools x share of tool calls that could not be read)
//!       + limited x share of 429s x first_token
//! price = what this call's tokens cost there, as far as its cache has been seen to help
//! time  = first_token x seconds to the first token + time x seconds to the end
//! share = 1 / (1 + e^((cost / best - 1 - edge) / (edge / 6)))
//! ```
//!
//! docs/routing.md tells it in words. Pure: a table of figures goes in, costs and shares come out. Where little is known of a
//! target, it is taken to be like its equals; where no price is known, price plays no part.

use crate::catalogue::{Price, Tier};
use crate::health::{FIGURES, Figures};
use crate::money::Usd;

/// The weights. Amounts are dollars.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scoring {
    /// What a second of waiting for the first token is worth.
    pub first_token: f32,
    /// What a second of the whole answer is worth.
    pub time: f32,
    /// Times shorter than this, in seconds, are as good as none.
    pub unnoticed: f32,
    /// How many times its cost an error adds.
    pub errors: f32,
    /// The same of a tool call that cannot be read.
    pub tools: f32,
    /// How many seconds of waiting a 429 is as bad as.
    pub limited: f32,
    /// Who costs so much more than the best has half a share.
    pub edge: f32,
    /// The share of calls by which old figures are made new.
    pub explore: f32,
}

impl Default for Scoring {
    /// A second costs a hundredth of a cent (OpenRouter's published figures come to the same), and one in which nothing is
    /// seen at all three times as much: whoever waits for a first token waits for nothing else. An error costs the
    /// repeat, and the time and the trust of who waited. A 429 costs a repeat too, and says that there is little room: with
    /// this weight, and an edge that lets equals share, simulated days are nearest to what could be had (benches/routing).
    fn default() -> Self {
        Self {
            first_token: 0.0002,
            time: 0.0001,
            unnoticed: 0.25,
            errors: 8.0,
            tools: 1.0,
            limited: 20.0,
            edge: 0.2,
            explore: 0.02,
        }
    }
}

/// What is expected of a call before it is made. `None`: nothing is known.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Estimate {
    /// Tokens of its prompt.
    pub input: Option<f32>,
    /// Tokens that its answer may have at most.
    pub output_at_most: Option<f32>,
}

/// Dollars for a token.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rates {
    /// Of the prompt.
    pub input: f32,
    /// Of the prompt, read from a cache.
    pub cached: f32,
    /// Of the answer.
    pub output: f32,
    /// For the request.
    pub request: f32,
}

impl Rates {
    /// For a prompt of so many tokens; `None` where not even the price of a prompt is known.
    pub fn of(price: &Price, prompt: f32) -> Option<Self> {
        let tier = price.tier(prompt as u64);
        let of = |said: fn(&Tier) -> Option<Usd>, base: Option<Usd>| tier.and_then(said).or(base);
        let input = of(|tier| tier.input, price.input)?;
        let cached = of(|tier| tier.cache_read, price.cache_read).unwrap_or(input);
        let output = of(|tier| tier.output, price.output).unwrap_or_default();
        let token = |amount: Usd| amount.nanos() as f32 * 1e-15;
        let request = price.request.unwrap_or_default().nanos() as f32 * 1e-9;
        Some(Self { input: token(input), cached: token(cached), output: token(output), request })
    }
}

/// What of the prompt is in a target's cache.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Cache {
    /// As much as is usual there.
    #[default]
    Usual,
    /// Nothing: the conversation was elsewhere so far.
    Cold,
    /// So many tokens.
    Warm(f32),
}

/// One target in the table.
#[derive(Clone, Copy, Debug, Default)]
pub struct Row {
    /// What it charges, where that is known.
    pub rates: Option<Rates>,
    /// What is known of its calls.
    pub figures: Figures,
    /// What of this prompt it has.
    pub cache: Cache,
    /// It may be called: only such targets share, and are measured by.
    pub ready: bool,
    /// What came of it.
    pub score: Score,
}

/// The score of one target, with what it is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Score {
    /// Dollars for this call.
    pub price: f32,
    /// Its price is known, and not that of its equals.
    pub priced: bool,
    /// Tokens of the answer, as expected.
    pub output: f32,
    /// Seconds to the first token.
    pub first_token: f32,
    /// Seconds for each token after that.
    pub per_token: f32,
    /// The share of errors.
    pub errors: f32,
    /// The share of tool calls that cannot be read.
    pub tool_faults: f32,
    /// The share of 429s.
    pub limited: f32,
    /// What a good answer costs, in dollars.
    pub cost: f32,
    /// By how much of the best cost it costs more than the best.
    pub excess: f32,
    /// Of the calls of its group, as far as all of it is ready; not yet divided by the sum.
    pub share: f32,
}

/// Of a speed, the equals' count as so many samples of its own.
const SPEED_PRIOR: f32 = 2.0;

/// Of a share of calls.
const SHARE_PRIOR: f32 = 5.0;

/// Of the length of answers: lengths scatter so much that fewer would make one target look dear for having got the
/// long ones.
const MIX_PRIOR: f32 = 200.0;

/// What is expected of a first token where nobody has given one yet.
const FIRST_TOKEN: f32 = 1.0;

/// What is expected of a token after that: fifty a second.
const PER_TOKEN: f32 = 0.02;

/// Tokens of an answer, and of a prompt, where nothing is known.
const OUTPUT: f32 = 300.0;
const INPUT: f32 = 1_000.0;

/// Seconds until a token of a prompt that is in no cache has been read: ten thousand are read in a second.
const READ: f32 = 0.0001;

/// With so many fresh samples of its speed, a target needs no exploring.
const FRESH: f32 = 3.0;

/// How steeply shares fall: the edge is so many times the width of the fall.
const STEEPNESS: f32 = 6.0;

/// What is far too dear comes last, the cheapest of it first.
const HARDLY: f32 = 1e-8;

/// Gives each row its score.
pub fn score(rows: &mut [Row], estimate: Estimate, scoring: &Scoring) {
    let peers = Peers::of(rows);
    for row in rows.iter_mut() {
        row.score = peers.expect(row, estimate);
    }
    price_the_unknown(rows);
    let mut best = f32::INFINITY;
    for row in rows.iter_mut() {
        row.score.cost = cost(&row.score, scoring);
        best = if row.ready { best.min(row.score.cost) } else { best };
    }
    share(rows, best, scoring);
}

/// What the equals of a target have shown together: the means of all their [`Figures`], in that order.
struct Peers([f32; FIGURES]);

/// What is expected where nobody has shown anything.
const UNSEEN: [f32; FIGURES] = [FIRST_TOKEN, PER_TOKEN, 0.0, 0.0, 0.0, 0.0, INPUT, OUTPUT];

/// How many samples what the equals have shown weighs as much as.
const PRIORS: [f32; FIGURES] =
    [SPEED_PRIOR, SPEED_PRIOR, SHARE_PRIOR, SHARE_PRIOR, SHARE_PRIOR, SHARE_PRIOR, MIX_PRIOR, MIX_PRIOR];

impl Peers {
    fn of(rows: &[Row]) -> Self {
        let (mut sums, mut weights) = ([0.0f32; FIGURES], [0.0f32; FIGURES]);
        for row in rows {
            let figures = row.figures.all();
            for index in 0..FIGURES {
                sums[index] += figures[index].mean * figures[index].weight;
                weights[index] += figures[index].weight;
            }
        }
        Self(std::array::from_fn(|index| match weights[index] {
            weight if weight > 0.0 => sums[index] / weight,
            _ => UNSEEN[index],
        }))
    }

    /// What the figures of one target come to, beside those of its equals.
    fn beside(&self, figures: &Figures) -> [f32; FIGURES] {
        let figures = figures.all();
        let (mut means, mut weights) = (figures.map(|figure| figure.mean), figures.map(|figure| figure.weight));
        // Loops without branches, which the compiler makes a few wide divisions of.
        for index in 0..FIGURES {
            means[index] = means[index] * weights[index] + self.0[index] * PRIORS[index];
            weights[index] += PRIORS[index];
        }
        for index in 0..FIGURES {
            means[index] /= weights[index];
        }
        means
    }

    fn expect(&self, row: &Row, estimate: Estimate) -> Score {
        let [first_token, per_token, errors, limited, tool_faults, cached, _, output] = self.beside(&row.figures);
        let [.., usual_input, _] = self.0;
        let input = estimate.input.unwrap_or(usual_input).max(1.0);
        let output = output.min(estimate.output_at_most.unwrap_or(f32::MAX));
        let (cached, read) = match row.cache {
            Cache::Usual => (cached * input, 0.0),
            Cache::Cold => (0.0, input * READ),
            Cache::Warm(tokens) => (tokens.min(input), (input - tokens).max(0.0) * READ),
        };
        let price = |rates: &Rates| {
            (input - cached) * rates.input + cached * rates.cached + output * rates.output + rates.request
        };
        Score {
            price: row.rates.as_ref().map_or(0.0, price),
            priced: row.rates.is_some(),
            output,
            first_token: first_token + read,
            per_token,
            errors,
            tool_faults,
            limited,
            cost: 0.0,
            excess: 0.0,
            share: 0.0,
        }
    }
}

/// Among targets of which some have a price, one without costs what they do on average: it neither wins nor loses by
/// what nobody has said.
fn price_the_unknown(rows: &mut [Row]) {
    let (mut sum, mut known) = (0.0, 0.0);
    for row in rows.iter().filter(|row| row.score.priced) {
        sum += row.score.price;
        known += 1.0;
    }
    if known > 0.0 {
        rows.iter_mut().filter(|row| !row.score.priced).for_each(|row| row.score.price = sum / known);
    }
}

fn cost(score: &Score, scoring: &Scoring) -> f32 {
    let first_token = score.first_token.max(scoring.unnoticed);
    let whole = (score.first_token + score.per_token * score.output).max(scoring.unnoticed);
    let time = first_token * scoring.first_token + whole * scoring.time;
    let unsound = 1.0 + scoring.errors * score.errors + scoring.tools * score.tool_faults;
    // A millionth of a cent, so that costs can be divided by even where all weights are 0.
    ((score.price + time) * unsound + scoring.limited * score.limited * scoring.first_token).max(1e-8)
}

/// A target is explored if it could be within the edge: by its price, and the best that can be hoped for otherwise.
fn share(rows: &mut [Row], best: f32, scoring: &Scoring) {
    let (edge, count) = (scoring.edge.max(1e-3), rows.len() as f32);
    let hope = scoring.unnoticed * (scoring.first_token + scoring.time);
    let mut sum = 0.0;
    rows.iter_mut().for_each(|row| row.score.excess = row.score.cost / best - 1.0);
    for row in rows.iter_mut().filter(|row| row.ready) {
        let excess = row.score.excess - edge;
        row.score.share = match excess > 3.0 * edge {
            true => HARDLY / (1.0 + row.score.excess),
            false => 1.0 / (1.0 + (excess / edge * STEEPNESS).exp()),
        };
        sum += row.score.share;
    }
    for row in rows.iter_mut().filter(|row| row.ready) {
        let seen = row.figures.first_token.weight.max(row.figures.errors.weight);
        let stale = FRESH / (FRESH + seen);
        let could_win = row.score.price + hope < best * (1.0 + edge);
        let explored = if could_win { scoring.explore * stale / count } else { 0.0 };
        row.score.share = row.score.share / sum * (1.0 - scoring.explore) + explored;
    }
}

#[cfg(test)]
mod tests;
