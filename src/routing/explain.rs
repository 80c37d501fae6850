//! Why a call goes where it goes: every candidate with every figure of its score, who is out and by what, and the order.

use serde::Serialize;

use super::Model;
use super::plan::{Candidate, Question, Standing, Table};

/// One decision, told.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// The model that answers.
    pub model: String,
    /// How its targets share the calls.
    pub balance: &'static str,
    /// Tokens that the prompt seems to have.
    pub prompt_tokens: Option<u64>,
    /// Those that may answer, in the order in which they are asked. Shares are of each priority group.
    pub candidates: Vec<Told>,
    /// Those that may not.
    pub excluded: Vec<Out>,
}

/// One candidate.
#[derive(Clone, Debug, Serialize)]
pub struct Told {
    /// Who.
    pub target: String,
    /// Its priority group; the first is 0.
    pub group: u16,
    /// How it is doing: `ready`, `trial`, `resting`, `open` or `unreachable`.
    pub health: &'static str,
    /// Its weight.
    pub weight: u32,
    /// Calls under way.
    pub in_flight: u32,
    /// It is slower than is wanted.
    pub slow: bool,
    /// The conversation was here last.
    pub warm: bool,
    /// Dollars for this call; of one whose price is not known, what its equals cost on average.
    pub price: f32,
    /// Its price is known.
    pub priced: bool,
    /// Tokens that the answer may have, as expected.
    pub output_tokens: f32,
    /// Seconds to the first token.
    pub first_token: f32,
    /// Tokens a second after that.
    pub throughput: f32,
    /// The share of errors.
    pub errors: f32,
    /// The share of tool calls that cannot be read.
    pub tool_faults: f32,
    /// The share of 429s.
    pub limited: f32,
    /// How many of its latest calls speak for its speed; the rest of a figure is what its equals have shown.
    pub measured: f32,
    /// What a good answer costs, in dollars.
    pub cost: f32,
    /// How much more than the best that is, as a share of it.
    pub excess: f32,
    /// Its share of the calls, where shares are by score.
    pub share: f32,
}

/// One that may not answer.
#[derive(Clone, Debug, Serialize)]
pub struct Out {
    /// Who.
    pub target: String,
    /// The constraint.
    pub by: &'static str,
    /// What it has instead.
    pub found: String,
    /// Who wants it: the model, a route, the caller, the call itself.
    pub whose: String,
}

/// Why the targets of `model` are asked in this `order`; `None`: in one that is drawn now.
pub fn explain(model: &Model, question: &Question<'_>, order: Option<&[Candidate]>) -> Explanation {
    let table = Table::new(model, question, true);
    let drawn = match order {
        Some(order) => order.iter().copied().collect(),
        None => table.order(model, question, fastrand::f64),
    };
    let out = |out: &super::plan::Excluded| Out {
        target: model.target(out.group, out.index).id.to_string(),
        by: out.why.by,
        found: out.why.found.to_string(),
        whose: out.why.whose.to_string(),
    };
    Explanation {
        model: model.name.to_string(),
        balance: model.policy.choice.balance.as_str(),
        prompt_tokens: question.estimate.input.map(|tokens| tokens as u64),
        candidates: drawn.iter().filter_map(|candidate| told(model, &table, candidate)).collect(),
        excluded: table.excluded.iter().map(out).collect(),
    }
}

fn told(model: &Model, table: &Table, candidate: &Candidate) -> Option<Told> {
    let place = |candidate: &Candidate| (candidate.group, candidate.index);
    let at = table.seen.iter().position(|seen| place(&seen.candidate) == place(candidate))?;
    let (seen, row) = (table.seen.get(at)?, table.rows.get(at)?);
    let mut group = table.seen.iter().zip(&table.rows).filter(|(seen, _)| seen.candidate.group == candidate.group);
    let sum = group.by_ref().map(|(_, row)| row.score.share).sum::<f32>();
    let score = row.score;
    Some(Told {
        target: model.target(candidate.group, candidate.index).id.to_string(),
        group: candidate.group,
        health: match candidate.standing {
            Standing::Ready => "ready",
            Standing::OnTrial { .. } => "trial",
            Standing::Resting { .. } => "resting",
            Standing::Open { .. } => "open",
            Standing::Unreachable => "unreachable",
        },
        weight: seen.weight,
        in_flight: seen.busy,
        slow: seen.slow,
        warm: seen.warm,
        price: score.price,
        priced: score.priced,
        output_tokens: score.output,
        first_token: score.first_token,
        throughput: if score.per_token > 0.0 { 1.0 / score.per_token } else { 0.0 },
        errors: score.errors,
        tool_faults: score.tool_faults,
        limited: score.limited,
        measured: row.figures.first_token.weight.max(row.figures.per_token.weight),
        cost: score.cost,
        excess: score.excess,
        share: if sum > 0.0 { score.share / sum } else { 0.0 },
    })
}

impl Explanation {
    /// For people: a table.
    pub fn table(&self) -> String {
        use std::fmt::Write;
        let mut text = format!("model {}, balance {}\n", self.model, self.balance);
        let _ = writeln!(
            text,
            "\n{:<36} {:<11} {:>7} {:>11} {:>8} {:>8} {:>7} {:>7} {:>11} {:>8}",
            "target", "health", "share", "price", "first", "tok/s", "errors", "429s", "cost", "excess"
        );
        for one in &self.candidates {
            let known = if one.priced { "" } else { "~" };
            let _ = writeln!(
                text,
                "{:<36} {:<11} {:>6.1}% {:>11} {:>7.2}s {:>8.1} {:>6.1}% {:>6.1}% {:>11} {:>+7.1}%",
                one.target,
                one.health,
                one.share * 100.0,
                format!("{known}${:.6}", one.price),
                one.first_token,
                one.throughput,
                one.errors * 100.0,
                one.limited * 100.0,
                format!("${:.6}", one.cost),
                one.excess * 100.0,
            );
        }
        for out in &self.excluded {
            let _ = writeln!(text, "{:<36} out: {} of {} ({})", out.target, out.by, out.whose, out.found);
        }
        text
    }
}
