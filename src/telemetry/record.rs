//! One call, told once.

use std::sync::Arc;
use std::time::Duration;

use crate::canonical::{FaultKind, Usage};
use crate::money::Usd;
use crate::names::{CallerName, KeyId, ModelName, TargetId};

/// Everything that is told about one call. Never a prompt, never an answer, never a secret.
#[derive(Debug)]
pub struct CallRecord {
    /// `x-request-id`: the client's own, or one of ours.
    pub id: Arc<str>,
    /// The OpenTelemetry GenAI operation: `chat`, `text_completion`, `embeddings`; `opaque` for what is no model call.
    pub operation: &'static str,
    /// Who asked. `None`: nobody of the configuration.
    pub caller: Option<CallerName>,
    /// The route that led the call to its model, if one did.
    pub route: Option<Arc<str>>,
    /// The model as the client wrote it (bounded to 256 bytes), empty where the call never came so far.
    pub model_asked: String,
    /// The model of the configuration that served it: the label of metrics. `None` where no such model is known.
    pub model: Option<ModelName>,
    /// Method and path without its query.
    pub method: http::Method,
    /// The path without its query (bounded to 256 bytes).
    pub path: String,
    /// The client asked for a stream.
    pub stream: bool,
    /// Who sent the answer that the client got, if anybody did.
    pub target: Option<TargetId>,
    /// Each try, in order.
    pub attempts: Vec<Attempt>,
    /// The status that the client got; `None` where it left before.
    pub status: Option<u16>,
    /// How it ended.
    pub outcome: Outcome,
    /// What of the request the target could not be told, by its members' names (`x-outrider-lost`).
    pub lost: Vec<String>,
    /// Tokens of the answer, as the provider counted them. Those of answers that broke off are their tries'.
    pub usage: Usage,
    /// What all of it cost, answers that broke off included. `None`: a price is not known, or how much was used.
    pub cost: Option<Usd>,
    /// The client did not wait for the end of its answer, so nobody counted its tokens: what it cost is estimated.
    pub estimated: bool,
    /// An answer broke off after the client had begun to read it, and whether the rest came all the same.
    pub recovered: Option<bool>,
    /// Events of the provider's that could not be read and were left out.
    pub skipped: u32,
    /// Whether the calls of tools in the answer can be read, and are of tools that were offered. `None`: there are none,
    /// or none that were judged.
    pub calls_sound: Option<bool>,
    /// Why its targets were asked in their order, as JSON, where the client wants it told.
    pub explanation: Option<Box<str>>,
    /// Bytes of the request's body.
    pub bytes_in: u64,
    /// Bytes of the reply's body.
    pub bytes_out: u64,
    /// Request head read to first real event written to the client.
    pub first_token: Option<Duration>,
    /// Request head read to the end.
    pub total: Duration,
    /// Of that, waiting for room among other calls, under a `max_in_flight`.
    pub queued: Duration,
    /// Of the whole, Outrider's own work: neither waiting for the client nor for an upstream.
    pub added: Duration,
    /// What is kept where the client can ask for the call by the name of its answer.
    pub by_name: Option<Arc<ByName>>,
}

/// What a client that can ask for its call by the name of the answer is told beside the rest.
#[derive(Debug, Default)]
pub struct ByName {
    /// The name of the answer.
    pub name: Box<str>,
    /// The conversation that the client says it belongs to.
    pub session: Option<Box<str>>,
    /// The client's `user-agent`.
    pub agent: Option<Box<str>>,
    /// The client's `http-referer`.
    pub referer: Option<Box<str>>,
}

/// One try at one target.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// Who was asked.
    pub target: TargetId,
    /// With which key, by name.
    pub key: Option<KeyId>,
    /// `None`: it answered.
    pub fault: Option<FaultKind>,
    /// The upstream's status, if it sent one.
    pub status: Option<u16>,
    /// How long it took to the first real event or to the fault.
    pub took: Duration,
    /// The tokens of an answer that broke off; those of a whole one are the call's.
    pub usage: Option<Usage>,
    /// What these cost. `None`: not known.
    pub cost: Option<Usd>,
    /// It was asked although it was known to fail: nothing better was left.
    pub forced: bool,
    /// For the log: the transport's own words.
    pub detail: Option<Box<str>>,
    /// The last day of its model there, where that is over.
    pub ended: Option<Box<str>>,
}

impl CallRecord {
    /// What is known when the head of a request has been read. Until it is told otherwise, the client has left.
    pub fn new(id: Arc<str>, operation: &'static str, method: http::Method, path: &str) -> Self {
        Self {
            id,
            operation,
            caller: None,
            route: None,
            model_asked: String::new(),
            model: None,
            method,
            path: bounded(path).to_owned(),
            stream: false,
            target: None,
            attempts: Vec::new(),
            status: None,
            outcome: Outcome::Fault(FaultKind::ClientGone),
            lost: Vec::new(),
            usage: Usage::default(),
            cost: None,
            estimated: false,
            recovered: None,
            skipped: 0,
            calls_sound: None,
            explanation: None,
            bytes_in: 0,
            bytes_out: 0,
            first_token: None,
            total: Duration::ZERO,
            queued: Duration::ZERO,
            added: Duration::ZERO,
            by_name: None,
        }
    }
}

impl CallRecord {
    /// All tokens that the call has cost.
    pub fn tokens(&self) -> Usage {
        let mut tokens = self.usage;
        self.attempts.iter().filter_map(|attempt| attempt.usage).for_each(|usage| tokens.add(usage));
        tokens
    }
}

impl CallRecord {
    /// What the whole answer cost: all but what was spent on those that broke off.
    pub fn cost_of_the_answer(&self) -> Option<Usd> {
        let before = self.attempts.iter().filter_map(|attempt| attempt.cost).sum::<Usd>();
        self.cost.map(|cost| cost - before)
    }

    /// Somebody answered, and what that cost is not known.
    pub fn is_unpriced(&self) -> bool {
        self.cost.is_none() && self.target.is_some() && matches!(self.outcome, Outcome::Success)
    }
}

/// Names that clients make up are recorded up to this length.
const RECORDED_NAME: usize = 256;

/// `text`, cut to the length that is recorded.
pub fn bounded(text: &str) -> &str {
    let mut end = text.len().min(RECORDED_NAME);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

impl Attempt {
    /// The label: `ok`, or the fault's name.
    pub fn outcome(&self) -> &'static str {
        self.fault.map_or("ok", FaultKind::as_str)
    }
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The whole answer went out.
    Success,
    /// The client got an error, or a stream that ended in one.
    Fault(FaultKind),
}

impl Outcome {
    /// The label: `success`, or the fault's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Fault(kind) => kind.as_str(),
        }
    }
}

#[cfg(test)]
impl CallRecord {
    /// A call that `openai/gpt-5` answered after `azure/gpt-5` was overloaded.
    pub(crate) fn sample() -> Self {
        let ms = Duration::from_millis;
        let tried = |target: &str, fault, status, took| Attempt {
            target: target.into(),
            key: Some("k#1".into()),
            fault,
            status: Some(status),
            took,
            usage: None,
            cost: None,
            forced: false,
            detail: None,
            ended: None,
        };
        Self {
            id: "req-1".into(),
            operation: "chat",
            caller: Some("checkout".into()),
            route: None,
            model_asked: "smart".into(),
            model: Some("smart".into()),
            method: http::Method::POST,
            path: "/v1/chat/completions".into(),
            stream: true,
            target: Some("openai/gpt-5".into()),
            attempts: vec![
                tried("azure/gpt-5", Some(FaultKind::Overloaded), 503, ms(20)),
                tried("openai/gpt-5", None, 200, ms(300)),
            ],
            status: Some(200),
            outcome: Outcome::Success,
            lost: Vec::new(),
            usage: Usage {
                input: Some(100),
                output: Some(50),
                cached: Some(40),
                cache_write: None,
                cache_write_1h: None,
                reasoning: Some(7),
                ..Usage::default()
            },
            cost: Some(Usd::from_nanos(612_500)),
            estimated: false,
            recovered: None,
            skipped: 0,
            calls_sound: None,
            explanation: None,
            bytes_in: 1_024,
            bytes_out: 2_048,
            first_token: Some(ms(320)),
            total: Duration::from_micros(812_345),
            queued: Duration::ZERO,
            added: Duration::from_micros(90),
            by_name: None,
        }
    }
}
