//! One call as it is written down.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use smallvec::SmallVec;

use crate::canonical::Usage;
use crate::money::Usd;
use crate::names::{CallerName, ModelName, TargetId};
use crate::telemetry::record::ByName;
use crate::telemetry::{CallRecord, Outcome};

/// One call: what its record says that is worth keeping. Names are shared with it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// When it began, in milliseconds since 1970.
    pub at: i64,
    /// `x-request-id`.
    pub id: Arc<str>,
    /// Who asked.
    pub caller: Option<CallerName>,
    /// What led it to its model.
    pub route: Option<Arc<str>>,
    /// The model that was served.
    pub model: Option<ModelName>,
    /// Who answered.
    pub target: Option<TargetId>,
    /// What was asked for.
    pub operation: &'static str,
    /// How it ended.
    pub outcome: &'static str,
    /// The status that the client got.
    pub status: Option<u16>,
    /// It was a stream.
    pub stream: bool,
    /// Tokens of the answer.
    pub usage: Usage,
    /// What the whole call cost.
    pub cost: Option<Usd>,
    /// What of that the answer cost.
    pub answer_cost: Option<Usd>,
    /// The cost is estimated.
    pub estimated: bool,
    /// An answer was given whose cost is not known.
    pub unpriced: bool,
    /// To the first token.
    pub first_token: Option<Duration>,
    /// To the end.
    pub total: Duration,
    /// Each try.
    pub tries: SmallVec<[Try; 1]>,
    /// What is kept where its client can ask for it by the answer's name.
    pub by_name: Option<Arc<ByName>>,
}

/// One try.
#[derive(Clone, Debug)]
pub struct Try {
    /// Who was asked.
    pub target: TargetId,
    /// What came of it.
    pub outcome: &'static str,
    /// With which status.
    pub status: Option<u16>,
    /// How long it took.
    pub took: Duration,
    /// Tokens, and what they cost, of an answer that broke off.
    pub broke_off: Option<(Usage, Option<Usd>)>,
}

impl Entry {
    /// What is to be kept of a call that ends now.
    pub fn of(record: &CallRecord) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            at: now.saturating_sub(record.total).as_millis() as i64,
            id: record.id.clone(),
            caller: record.caller.clone(),
            route: record.route.clone(),
            model: record.model.clone(),
            target: record.target.clone(),
            operation: record.operation,
            outcome: record.outcome.as_str(),
            status: record.status,
            stream: record.stream,
            usage: record.usage,
            cost: record.cost,
            answer_cost: record.cost_of_the_answer(),
            estimated: record.estimated,
            unpriced: record.is_unpriced(),
            first_token: record.first_token,
            total: record.total,
            tries: record
                .attempts
                .iter()
                .map(|attempt| Try {
                    target: attempt.target.clone(),
                    outcome: attempt.outcome(),
                    status: attempt.status,
                    took: attempt.took,
                    broke_off: attempt
                        .usage
                        .map(|usage| (usage, attempt.cost))
                        .or(attempt.cost.map(|cost| (Usage::default(), Some(cost)))),
                })
                .collect(),
            by_name: record.by_name.clone(),
        }
    }

    /// It came to a good end.
    pub fn is_success(&self) -> bool {
        self.outcome == Outcome::Success.as_str()
    }

    /// The day on which it began, since 1970, in UTC.
    pub fn day(&self) -> i64 {
        self.at.div_euclid(86_400_000)
    }
}
