//! What the books say: one call, or sums by whatever is asked for.

use rusqlite::{Connection, OptionalExtension, Row as SqlRow};

use super::StoreError;
use crate::money::Usd;

/// What sums can be told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Who asked.
    Caller,
    /// The model that was served.
    Model,
    /// Who answered: the provider alone.
    Provider,
    /// Who answered, and with what.
    Target,
    /// What led the call to its model.
    Route,
    /// The day, in UTC.
    Day,
}

impl By {
    /// As it is written.
    pub const NAMES: [(&str, Self); 6] = [
        ("caller", Self::Caller),
        ("model", Self::Model),
        ("provider", Self::Provider),
        ("target", Self::Target),
        ("route", Self::Route),
        ("day", Self::Day),
    ];

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        Self::NAMES.iter().find(|(_, by)| *by == self).map_or("", |(name, _)| name)
    }

    fn column(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Model => "model",
            Self::Provider => "substr(target, 1, max(0, instr(target, '/') - 1))",
            Self::Target => "target",
            Self::Route => "route",
            Self::Day => "date(day * 86400, 'unixepoch')",
        }
    }
}

/// One sum.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// What it is told apart by, in the order asked for.
    pub names: Vec<String>,
    /// Calls that ended.
    pub calls: i64,
    /// Those that came to no good end.
    pub failed: i64,
    /// Those of which it is not known what they cost.
    pub unpriced: i64,
    /// Tokens of prompts.
    pub input: i64,
    /// Tokens of answers.
    pub output: i64,
    /// Of `input`: read from a cache.
    pub cached: i64,
    /// Of `input`: written to one.
    pub cache_write: i64,
    /// Of `output`: of reasoning.
    pub reasoning: i64,
    /// Of what is known, what it cost.
    pub cost: Usd,
}

/// One call.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredCall {
    /// When it began, in milliseconds since 1970.
    pub at: i64,
    /// `x-request-id`.
    pub id: String,
    /// Who asked.
    pub caller: Option<String>,
    /// The model that was served.
    pub model: Option<String>,
    /// Who answered.
    pub target: Option<String>,
    /// What was asked for.
    pub operation: String,
    /// How it ended.
    pub outcome: String,
    /// The status that the client got.
    pub status: Option<u16>,
    /// It was a stream.
    pub stream: bool,
    /// Tokens of the prompt.
    pub input: Option<i64>,
    /// Tokens of the answer.
    pub output: Option<i64>,
    /// Of `input`: read from a cache.
    pub cached: Option<i64>,
    /// Of `input`: written to one.
    pub cache_write: Option<i64>,
    /// Of `output`: of reasoning.
    pub reasoning: Option<i64>,
    /// What it cost.
    pub cost: Option<Usd>,
    /// That is an estimate.
    pub estimated: bool,
    /// To the first token.
    pub first_ms: Option<i64>,
    /// To the end.
    pub total_ms: i64,
    /// Each try, as JSON: `[{"target": "openai/gpt-5", "outcome": "ok", "status": 200, "ms": 300}]`.
    pub tries: String,
}

/// Sums by each of `by`, of the days from `first` to `last` (since 1970), the most expensive first; by the day first, in
/// the order of the days.
pub fn sums(books: &Connection, by: &[By], first: i64, last: i64) -> Result<Vec<Sum>, StoreError> {
    let columns: Vec<&str> = by.iter().map(|by| by.column()).collect();
    let numbers: Vec<String> = (1..=by.len()).map(|number| number.to_string()).collect();
    let (names, group) = match by {
        [] => (String::new(), String::new()),
        _ => (columns.join(", ") + ", ", format!("GROUP BY {}", numbers.join(", "))),
    };
    let order = if by.first() == Some(&By::Day) { "1, " } else { "" };
    let query = format!(
        "SELECT {names} sum(calls), sum(failed), sum(unpriced), sum(input), sum(output), sum(cached), sum(cache_write),
         sum(reasoning), sum(nanos) FROM days WHERE day BETWEEN ?1 AND ?2 {group} HAVING sum(calls) IS NOT NULL
         ORDER BY {order} sum(nanos) DESC, sum(calls) DESC"
    );
    let sum = |row: &SqlRow<'_>| {
        let names = (0..by.len()).map(|index| row.get::<_, String>(index)).collect::<rusqlite::Result<_>>()?;
        let number = |index: usize| row.get::<_, i64>(by.len() + index);
        Ok(Sum {
            names,
            calls: number(0)?,
            failed: number(1)?,
            unpriced: number(2)?,
            input: number(3)?,
            output: number(4)?,
            cached: number(5)?,
            cache_write: number(6)?,
            reasoning: number(7)?,
            cost: Usd::from_nanos(number(8)?),
        })
    };
    let mut statement = books.prepare(&query)?;
    let sums = statement.query_map([first, last], sum)?.collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(sums)
}

/// The call of that id, the latest where several have it.
pub fn call(books: &Connection, id: &str) -> Result<Option<StoredCall>, StoreError> {
    let call = |row: &SqlRow<'_>| {
        Ok(StoredCall {
            at: row.get(0)?,
            id: row.get(1)?,
            caller: row.get(2)?,
            model: row.get(3)?,
            target: row.get(4)?,
            operation: row.get(5)?,
            outcome: row.get(6)?,
            status: row.get(7)?,
            stream: row.get(8)?,
            input: row.get(9)?,
            output: row.get(10)?,
            cached: row.get(11)?,
            cache_write: row.get(12)?,
            reasoning: row.get(13)?,
            cost: row.get::<_, Option<i64>>(14)?.map(Usd::from_nanos),
            estimated: row.get(15)?,
            first_ms: row.get(16)?,
            total_ms: row.get(17)?,
            tries: row.get(18)?,
        })
    };
    let latest = "SELECT * FROM calls WHERE id = ?1 ORDER BY rowid DESC LIMIT 1";
    Ok(books.query_row(latest, [id], call).optional()?)
}
