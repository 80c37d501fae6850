//! What the real router would do with a call, without sending it.

use std::time::UNIX_EPOCH;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::attempt::now;
use super::call::minute;
use super::{policy, question};
use crate::canonical::{Dialect, Fault, FaultKind};
use crate::dialect::codec::{self, Asked};
use crate::health::Registry;
use crate::routing::explain::{Explanation, explain};
use crate::routing::inside::Inside;
use crate::routing::plan::{Plan, Question};
use crate::routing::routes::Traits;
use crate::snapshot::Snapshot;

/// `x-outrider-explain: true`: the decision is told on the call's log line.
const EXPLAIN: HeaderName = HeaderName::from_static("x-outrider-explain");

/// Whether the client wants it told.
pub(super) fn wanted(headers: &HeaderMap) -> bool {
    headers.get(&EXPLAIN).is_some_and(|value| value == "true")
}

/// A call that is not sent.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Supposed {
    /// The model that it names.
    pub model: String,
    /// Its body.
    #[serde(default)]
    pub body: Option<Box<RawValue>>,
    /// Its headers.
    #[serde(default)]
    pub headers: std::collections::BTreeMap<String, String>,
    /// A stream is asked for.
    #[serde(default)]
    pub stream: bool,
    /// Who asks.
    #[serde(default)]
    pub caller: Option<String>,
}

/// Why the targets of `plan` are asked in its order, as JSON.
pub(super) fn told(plan: &Plan, question: &Question<'_>) -> Box<str> {
    let told = explain(&plan.model, question, Some(&plan.order));
    serde_json::to_string(&told).unwrap_or_default().into() // numbers and texts: cannot fail
}

impl Supposed {
    /// What would become of it now.
    pub fn explain(&self, snapshot: &Snapshot, registry: &Registry) -> Result<Explanation, Fault> {
        let headers = self.headers()?;
        let created = UNIX_EPOCH.elapsed().map_or(0, |since| since.as_secs());
        let call = Traits {
            matched: None,
            model: &self.model,
            dialect: Dialect::OpenAiChat,
            host: None,
            path: "/v1/chat/completions",
            headers: &headers,
            stream: self.stream,
            inside: self.inside(),
            minute: minute(created),
            caller: self.caller.as_deref(),
        };
        let model = policy::of_call(snapshot.choose(&call, None, registry)?, &headers, call.caller, snapshot)?;
        let length = self.body.as_ref().map(|body| body.get().len());
        let estimate = length.map(question::estimate).unwrap_or_default();
        let tokens = call.inside.map(|inside| inside.tokens);
        Ok(explain(&model, &Question { estimate, tokens, ..Question::at(now()) }, None))
    }

    /// What is within its body; `None` where there is none, or where it cannot be read.
    fn inside(&self) -> Option<Inside> {
        let body = Bytes::from(self.body.as_ref()?.get().to_owned());
        let asked = Asked { model: Some(&self.model), stream: self.stream, json_array: false };
        Some(Inside::of(&codec::of(Dialect::OpenAiChat).read_request(&body, &asked).ok()?))
    }

    fn headers(&self) -> Result<HeaderMap, Fault> {
        let wrong = |name: &str| Fault::new(FaultKind::BadRequest, format!("`{name}` is no header"));
        let header = |(name, value): (&String, &String)| {
            let parsed = HeaderName::try_from(name.as_str()).ok().zip(HeaderValue::try_from(value.as_str()).ok());
            parsed.ok_or_else(|| wrong(name))
        };
        self.headers.iter().map(header).collect()
    }
}
