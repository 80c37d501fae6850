//! Why a call goes where it goes: every candidate with every figure of its score, who is out and by what, and the order.

use std::sync::Arc;

use serde::Serialize;

use super::choice::{Balance, Choice};
use super::constraints::Whose;
use super::plan::{Candidate, Plan, Question, Seen, Standing, Table};
use super::score::Row;
use super::wishes::Sort;
use super::{Model, Policy};
use crate::canonical::Fault;

/// One decision, told.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// The model that answers.
    pub model: String,
    /// How its targets share the calls.
    pub balance: &'static str,
    /// What the call wants them sorted by instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sorted_by: Option<&'static str>,
    /// Tokens that the prompt seems to have.
    pub prompt_tokens: Option<u64>,
    /// Tokens that the answer may have at most, where the call says it.
    pub answer_tokens: Option<u64>,
    /// Those that may answer, in the order in which they are asked.
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
    /// What the call brings along, and nobody else can read, was made here.
    pub made: bool,
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
    /// Its share of the calls of its group, where that is a matter of chance.
    pub share: Option<f32>,
    /// What else is against asking it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
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

/// Neither end of what chance may bring: nothing that happens to few calls, and the largest share first.
const NO_CHANCE: f64 = 0.5;

/// The likeliest plan. To make it changes nothing: nobody's turn is taken.
pub fn likeliest(model: &Model, question: &Question<'_>) -> Result<Plan, Fault> {
    let own = &*model.policy.choice;
    let choice = Arc::new(Choice { balance: own.balance.aside(), ..own.clone() });
    let policy = Policy { choice, ..model.policy.clone() };
    let aside = Model { name: model.name.clone(), groups: model.groups.clone(), policy };
    Plan::new(Arc::new(aside), question, || NO_CHANCE)
}

/// Why the targets of `model` are asked in this `order`.
pub fn explain(model: &Model, question: &Question<'_>, order: &[Candidate]) -> Explanation {
    let table = Table::new(model, question, true);
    let id = |group, index| model.target(group, index).id.to_string();
    let out = |out: &super::plan::Excluded| Out {
        target: id(out.group, out.index),
        by: out.why.by,
        found: out.why.found.to_string(),
        whose: out.why.whose.to_string(),
    };
    let is = |one: &Candidate, other: &Candidate| (one.group, one.index) == (other.group, other.index);
    let left = table.seen.iter().filter(|seen| !order.iter().any(|asked| is(asked, &seen.candidate)));
    let (by, found) = match question.wishes.is_some_and(|wishes| wishes.no_fallbacks) {
        true => ("allow_fallbacks", "nobody but the first is wanted"),
        false => ("previous_response_id", "what the call goes on from is kept elsewhere"),
    };
    let left = left.map(|seen| Out {
        target: id(seen.candidate.group, seen.candidate.index),
        by,
        found: found.to_owned(),
        whose: Whose::Call.to_string(),
    });
    Explanation {
        model: model.name.to_string(),
        balance: model.policy.choice.balance.as_str(),
        sorted_by: question.wishes.and_then(|wishes| wishes.sort).map(Sort::as_str),
        prompt_tokens: question.estimate.input.map(|tokens| tokens as u64),
        answer_tokens: question.estimate.output_at_most.map(|tokens| tokens as u64),
        candidates: order.iter().filter_map(|candidate| told(model, question, &table, candidate)).collect(),
        excluded: table.excluded.iter().map(out).chain(left).collect(),
    }
}

fn told(model: &Model, question: &Question<'_>, table: &Table, candidate: &Candidate) -> Option<Told> {
    let place = |candidate: &Candidate| (candidate.group, candidate.index);
    let at = table.seen.iter().position(|seen| place(&seen.candidate) == place(candidate))?;
    let (seen, row) = (table.seen.get(at)?, table.rows.get(at)?);
    let sorted = question.wishes.is_some_and(|wishes| wishes.sort.is_some());
    let part = |(seen, row): (&Seen, &Row)| match model.policy.choice.balance {
        _ if sorted || seen.candidate.standing != Standing::Ready => None,
        Balance::Score => Some(row.score.share * seen.weight as f32 * seen.warmth as f32),
        Balance::Weighted => Some(seen.weight as f32 * seen.warmth as f32),
        _ => None,
    };
    let group = table.seen.iter().zip(&table.rows).filter(|(seen, _)| seen.candidate.group == candidate.group);
    let sum = group.filter_map(part).sum::<f32>();
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
        made: seen.made,
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
        share: part((seen, row)).filter(|_| sum > 0.0).map(|part| part / sum),
        notes: Vec::new(),
    })
}

impl Explanation {
    /// For people: a table.
    pub fn table(&self) -> String {
        use std::fmt::Write;
        let mut text = String::new();
        let _ = writeln!(
            text,
            "{:<36} {:>5} {:<11} {:>7} {:>11} {:>8} {:>8} {:>7} {:>7} {:>11} {:>8}",
            "target", "group", "health", "share", "price", "first", "tok/s", "errors", "429s", "cost", "excess"
        );
        for one in &self.candidates {
            let _ = writeln!(text, "{}", one.row());
            for note in &one.notes {
                let _ = writeln!(text, "{:<36}       {note}", "");
            }
        }
        for out in &self.excluded {
            let _ = writeln!(text, "{:<36} out: {} of {} ({})", out.target, out.by, out.whose, out.found);
        }
        text
    }
}

impl Told {
    fn row(&self) -> String {
        let known = if self.priced { "" } else { "~" };
        let warm = if self.made {
            ", maker"
        } else if self.warm {
            ", warm"
        } else {
            ""
        };
        format!(
            "{:<36} {:>5} {:<11} {:>7} {:>11} {:>7.2}s {:>8.1} {:>6.1}% {:>6.1}% {:>11} {:>+7.1}%",
            self.target,
            self.group,
            format!("{}{warm}", self.health),
            self.share.map_or("-".to_owned(), |share| format!("{:.1}%", share * 100.0)),
            format!("{known}${:.6}", self.price),
            self.first_token,
            self.throughput,
            self.errors * 100.0,
            self.limited * 100.0,
            format!("${:.6}", self.cost),
            self.excess * 100.0,
        )
    }
}
