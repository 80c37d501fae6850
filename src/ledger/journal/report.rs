//! What the books say: one call, or sums by whatever is asked for.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::entry::{Entry, Try};
use super::sums::{Counts, count};
use crate::money::Usd;
use crate::names::{CallerName, ModelName, TargetId};

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
}

/// Of which calls sums are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Of {
    /// From this day on, since 1970.
    pub first: i64,
    /// To this one.
    pub last: i64,
    /// Of this caller alone.
    pub caller: Option<Box<str>>,
}

impl Of {
    /// All of them.
    pub const ALL: Self = Self { first: 0, last: i64::MAX, caller: None };
}

/// One sum.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// What it is told apart by, in the order asked for.
    pub names: Vec<String>,
    /// What it is.
    pub counts: Counts,
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
    /// Each try.
    pub tries: Vec<StoredTry>,
    /// The name of the answer.
    pub name: Option<String>,
    /// The conversation that the client says it belongs to.
    pub session: Option<String>,
    /// The client's `user-agent`.
    pub agent: Option<String>,
    /// The client's `http-referer`.
    pub referer: Option<String>,
}

/// One try of a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredTry {
    /// Who was asked.
    pub target: String,
    /// What came of it.
    pub outcome: String,
    /// With which status.
    pub status: Option<u16>,
    /// How long it took, in milliseconds.
    pub ms: u64,
}

impl StoredCall {
    /// As it will be found.
    pub(super) fn of(call: &Entry) -> Self {
        let one = |one: &Try| StoredTry {
            target: one.target.as_str().to_owned(),
            outcome: one.outcome.to_owned(),
            status: one.status,
            ms: one.took.as_millis() as u64,
        };
        let by_name = call.by_name.as_deref();
        let text = |text: &Option<Box<str>>| text.as_deref().map(str::to_owned);
        Self {
            at: call.at,
            id: call.id.to_string(),
            caller: call.caller.as_ref().map(CallerName::to_string),
            model: call.model.as_ref().map(ModelName::to_string),
            target: call.target.as_ref().map(TargetId::to_string),
            operation: call.operation.to_owned(),
            outcome: call.outcome.to_owned(),
            status: call.status,
            stream: call.stream,
            input: count(call.usage.input),
            output: count(call.usage.output),
            cached: count(call.usage.cached),
            cache_write: count(call.usage.cache_write),
            reasoning: count(call.usage.reasoning),
            cost: call.cost,
            estimated: call.estimated,
            first_ms: call.first_token.map(millis),
            total_ms: millis(call.total),
            tries: call.tries.iter().map(one).collect(),
            name: by_name.map(|by_name| by_name.name.to_string()),
            session: by_name.and_then(|by_name| text(&by_name.session)),
            agent: by_name.and_then(|by_name| text(&by_name.agent)),
            referer: by_name.and_then(|by_name| text(&by_name.referer)),
        }
    }
}

pub(super) fn millis(time: Duration) -> i64 {
    time.as_millis() as i64
}

/// A day since 1970 as it is written.
pub(super) fn date(day: i64) -> String {
    let date = chrono::DateTime::from_timestamp(day.saturating_mul(86_400), 0);
    date.map(|date| date.format("%Y-%m-%d").to_string()).unwrap_or_default()
}
