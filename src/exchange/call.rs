//! Everything known about the call in progress.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::time::UNIX_EPOCH;

use http::{HeaderMap, Method};
use tokio::time::Instant;

use super::afford::Need;
use super::conversation::Conversation;
use super::cost::Bill;
use super::made::Maker;
use super::retold;
use crate::canonical::{Called, Dialect, Fault, Lost, Service, Usage, estimate, fnv};
use crate::dialect::codec;
use crate::dialect::codec::{About, Asked, Codec, Flavour};
use crate::dialect::doors::Operation;
use crate::dialect::head::RequestHead;
use crate::dialect::offered::Offered;
use crate::ledger::Held;
use crate::names::CallerName;
use crate::openrouter::{Observed, Spoken};
use crate::provider::Provider;
use crate::routing::inside::Inside;
use crate::routing::routes::{NO_ROUTE, Traits};
use crate::routing::wishes::Wishes;
use crate::snapshot::Snapshot;
use crate::telemetry::metrics::InFlight;
use crate::telemetry::record::bounded;
use crate::telemetry::{CallRecord, Telemetry};
use crate::upstream::Body;

/// The head of a request, as the listener read it.
#[derive(Debug)]
pub struct Arrival {
    /// When its head was complete.
    pub at: Instant,
    /// In which dialect.
    pub dialect: Dialect,
    /// As whose clients speak it.
    pub flavour: Flavour,
    /// What it asks for.
    pub operation: Operation,
    /// The model, where the path names it, as Azure's does.
    pub model_in_path: Option<String>,
    /// Whether a stream is asked for, where the path says it.
    pub stream_in_path: Option<bool>,
    /// The stream is to come as one JSON array.
    pub json_array: bool,
    /// The request or its stream has a form in which no provider is asked.
    pub own_form: bool,
    /// The method.
    pub method: Method,
    /// The path without its query.
    pub path: String,
    /// The query.
    pub query: Option<String>,
    /// The client's headers.
    pub headers: HeaderMap,
    /// Who asks.
    pub caller: Option<CallerName>,
    /// Where the call was going, if it was intercepted: its credentials are the client's own.
    pub origin: Option<Arc<Provider>>,
}

/// One call in progress. Dropping it emits its record, so no way out of a function can forget to.
pub struct Call {
    /// When the head of the request was complete.
    pub arrived: Instant,
    /// The same in seconds since 1970.
    pub created: u64,
    /// When its body was complete.
    pub received: Instant,
    /// In which dialect.
    pub dialect: Dialect,
    /// As whose clients speak it.
    pub flavour: Flavour,
    /// What it asks for.
    pub operation: Operation,
    /// The model, where the path names it.
    pub model_in_path: Option<String>,
    /// Whether a stream is asked for, where the path says it.
    pub stream_in_path: Option<bool>,
    /// The stream is to come as one JSON array.
    pub json_array: bool,
    /// The request or its stream has a form in which no provider is asked.
    pub own_form: bool,
    /// The client's query.
    pub query: Option<String>,
    /// The client's headers.
    pub headers: HeaderMap,
    /// Where the call was going, if it was intercepted.
    pub origin: Option<Arc<Provider>>,
    /// The path without its query.
    pub path: String,
    /// The whole body, decompressed.
    pub body: Body,
    /// What routing needs of the body.
    pub head: RequestHead,
    /// The configuration that this call keeps to its end.
    pub snapshot: Arc<Snapshot>,
    /// What it asks of routing, beside its model.
    pub wishes: Wishes,
    /// Its client speaks OpenRouter's dialect.
    pub spoken: Option<Box<Spoken>>,
    /// The conversation that it belongs to.
    pub conversation: Option<Conversation>,
    /// Who made what it brings along.
    pub(super) maker: Option<Maker>,
    /// What will be told.
    pub record: CallRecord,
    /// The first route that fits, by its index.
    pub(super) route: AtomicU32,
    /// Who remembers how its targets did when it is over.
    pub(super) observed: Option<Arc<Observed>>,
    pub(super) bill: Bill,
    /// Tokens of its prompt, once somebody has looked; `None` within: it cannot be read.
    prompt: OnceLock<Option<u64>>,
    /// What it may need, once somebody has asked.
    pub(super) need: OnceLock<Need>,
    /// The class of service that it asks for, once somebody has asked.
    pub(super) service: OnceLock<Service>,
    /// What is held for the call, until it is over.
    pub(super) held: Vec<Held>,
    /// What is held for the try that answers.
    pub(super) held_for_try: Vec<Held>,
    telemetry: Arc<Telemetry>,
    /// Its id before any provider's took the place of that: of two answers that are joined, both make names from it.
    first_id: Arc<str>,
    _in_flight: InFlight,
}

impl Call {
    pub(super) fn open(arrival: Arrival, snapshot: Arc<Snapshot>, telemetry: Arc<Telemetry>) -> Self {
        let id = request_id(&arrival.headers);
        let mut record = CallRecord::new(id, arrival.operation.as_otel(), arrival.method, &arrival.path);
        record.caller = arrival.caller;
        Self {
            arrived: arrival.at,
            created: UNIX_EPOCH.elapsed().map_or(0, |since| since.as_secs()),
            received: arrival.at,
            dialect: arrival.dialect,
            flavour: arrival.flavour,
            operation: arrival.operation,
            model_in_path: arrival.model_in_path,
            stream_in_path: arrival.stream_in_path,
            json_array: arrival.json_array,
            own_form: arrival.own_form,
            query: arrival.query,
            headers: arrival.headers,
            origin: arrival.origin,
            path: arrival.path,
            body: Body::default(),
            head: RequestHead::default(),
            snapshot,
            wishes: Wishes::default(),
            spoken: None,
            conversation: None,
            maker: None,
            observed: None,
            first_id: record.id.clone(),
            record,
            route: AtomicU32::new(NO_ROUTE),
            bill: Bill::default(),
            prompt: OnceLock::new(),
            need: OnceLock::new(),
            service: OnceLock::new(),
            held: Vec::new(),
            held_for_try: Vec::new(),
            _in_flight: telemetry.metrics.call_began(),
            telemetry,
        }
    }

    /// What the body says, once it was understood.
    pub(super) fn understood(&mut self, head: RequestHead) {
        self.record.model_asked = bounded(&head.model).to_owned();
        self.record.stream = head.stream;
        self.head = head;
    }

    /// The client's dialect, in the client's form of it.
    pub(super) fn codec(&self) -> &'static dyn Codec {
        codec::spoken(self.dialect, self.flavour)
    }

    /// What routes look at.
    pub(super) fn traits(&self) -> Traits<'_> {
        Traits {
            model: &self.head.model,
            dialect: self.dialect,
            host: self.origin.as_ref().map(|origin| &*origin.endpoint.spec().host),
            path: &self.path,
            headers: &self.headers,
            stream: self.head.stream,
            inside: self.snapshot.routes_look_inside.then(|| self.inside()).flatten(),
            minute: minute(self.created),
            caller: self.record.caller.as_ref().map(CallerName::as_str),
            matched: Some(&self.route),
        }
    }

    /// Who asks.
    pub(super) fn caller(&self) -> Option<&str> {
        self.record.caller.as_ref().map(CallerName::as_str)
    }

    /// What is within the request; `None` where it cannot be read.
    fn inside(&self) -> Option<Inside> {
        let whole = self.body.slice(0, self.body.len());
        let inside = Inside::of(&self.codec().read_request(&whole, &self.asked()).ok()?);
        let _ = self.prompt.set(Some(inside.tokens));
        Some(inside)
    }

    /// Tokens of its prompt, roughly, as they are counted within: pictures are not their bytes. Reads the whole of it.
    pub(super) fn prompt_tokens(&self) -> Option<u64> {
        let look = || {
            let whole = self.body.slice(0, self.body.len());
            Some(estimate::tokens(&self.codec().read_request(&whole, &self.asked()).ok()?))
        };
        *self.prompt.get_or_init(look)
    }

    /// The first route that fits, if one does.
    pub(super) fn route_name(&self) -> Option<&Arc<str>> {
        let index = usize::try_from(self.route.load(Relaxed)).ok()?;
        self.snapshot.routes.get(index).map(|route| &route.name)
    }

    /// Whether each call of a tool in its answer can be read, and is of a tool that it offers. `None`: there is none, or
    /// none that can be judged.
    pub(super) fn are_sound(&self, called: &Called) -> Option<bool> {
        if !called.is_judged() {
            return None;
        }
        let at = self.head.tools.as_ref()?;
        let offered = Offered::read(&self.body.slice(at.start, at.end))?;
        Some(called.are_sound(|name| offered.has(name)))
    }

    /// What the path said, as a reader wants it.
    pub(super) fn asked(&self) -> Asked<'_> {
        Asked { model: Some(&self.head.model), stream: self.head.stream, json_array: self.json_array }
    }

    /// Hands what the writer of an answer has to know to `work`. `request` is the client's own.
    pub(super) fn about<R>(&self, request: &[u8], work: impl FnOnce(&About<'_>) -> R) -> R {
        let own = self.first_id.strip_prefix("req_").filter(|id| id.len() == 32);
        let made = own.is_none().then(|| format!("{:016x}{:016x}", fnv(self.first_id.as_bytes()), self.created));
        let id = own.or(made.as_deref()).unwrap_or_default();
        work(&About {
            id,
            created: self.created,
            model: &self.head.model,
            usage_in_stream: self.head.include_usage,
            json_array: self.json_array,
            request,
        })
    }

    /// What a target was not told, of which each thing is told once.
    pub(super) fn lost(&mut self, lost: &Lost) {
        for what in lost.iter() {
            if !self.record.lost.iter().any(|known| known == what) {
                self.record.lost.push(what.to_owned());
            }
        }
    }

    /// The answer of the latest try broke off.
    pub(super) fn broke_off(&mut self, fault: &Fault, usage: Usage) {
        let usage = Some(usage).filter(|usage| !usage.is_empty());
        let cost = self.pay_for_a_part(&usage.unwrap_or_default());
        if let Some(attempt) = self.record.attempts.last_mut() {
            (attempt.usage, attempt.cost) = (usage, cost);
            attempt.fault = Some(fault.kind);
            attempt.detail = fault.detail.clone();
        }
        self.record.usage = Usage::default();
        self.record.recovered = Some(false);
    }

    /// `x-outrider-attempts`: each try as `target;outcome;20ms`, then what else is known: `key=NAME`, `forced` where
    /// nothing better was left than a target that is known to fail, of a fault
    /// `blame=WHO`, of an answer that broke off `tokens=IN/OUT`.
    pub(super) fn attempts(&self) -> String {
        use std::fmt::Write;
        let mut text = String::with_capacity(128);
        for attempt in &self.record.attempts {
            let separator = if text.is_empty() { "" } else { ", " };
            let _ = write!(text, "{separator}{};{};{}ms", attempt.target, attempt.outcome(), attempt.took.as_millis());
            if let Some(key) = &attempt.key {
                let _ = write!(text, ";key={key}");
            }
            if attempt.forced {
                text.push_str(";forced");
            }
            if let Some(fault) = attempt.fault {
                let _ = write!(text, ";blame={}", fault.blame().as_str());
            }
            if let Some(Usage { input: Some(input), output, .. }) = attempt.usage {
                let _ = write!(text, ";tokens={input}/{}", output.unwrap_or(0));
            }
        }
        text
    }
}

/// The minute of the week at so many seconds since 1970, which began on a Thursday.
pub(super) fn minute(created: u64) -> u32 {
    ((created / 60 + 3 * 24 * 60) % (7 * 24 * 60)) as u32
}

impl Drop for Call {
    fn drop(&mut self) {
        self.sum_up();
        self.record.route = self.route_name().cloned();
        self.record.total = self.arrived.elapsed();
        self.record.by_name = retold::by_name(self);
        self.telemetry.emit(&self.record);
        if let Some(observed) = self.observed.take() {
            retold::remember(self, &observed);
        }
    }
}

/// The client's own id where it is one that can be logged, else a fresh one.
pub fn request_id(headers: &HeaderMap) -> Arc<str> {
    let own = headers.get("x-request-id").and_then(|id| id.to_str().ok());
    match own.filter(|id| !id.is_empty() && id.len() <= 128) {
        Some(id) => id.into(),
        None => own_id(fastrand::u128(..)),
    }
}

/// `req_` and 32 hexadecimal digits; `format!` takes ten times as long for so many.
fn own_id(number: u128) -> Arc<str> {
    let mut id = *b"req_00000000000000000000000000000000";
    for (index, place) in id[4..].iter_mut().rev().enumerate() {
        *place = b"0123456789abcdef"[(number >> (4 * index)) as usize & 15];
    }
    std::str::from_utf8(&id).unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::own_id;

    #[test]
    fn an_id_of_ours_is_its_number() {
        for number in [0, 0x12_34ab, u128::MAX, 0xfedc_ba98_7654_3210_0123_4567_89ab_cdef] {
            assert_eq!(*own_id(number), format!("req_{number:032x}"));
        }
    }
}
