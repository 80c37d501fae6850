//! Reading a reply until it is known to be an answer.
//!
//! A stream is held until its first real event may go out, or for as long as the operator wants; a whole reply until its
//! end, because only then is it known not to be cut. Whatever happens until then can still go elsewhere.

mod complete;

use std::pin::pin;
use std::time::SystemTime;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use tokio::time::{Duration, Instant, timeout, timeout_at};

pub(super) use complete::written;
use complete::{HELD, gathered, held, long};

use super::Call;
use super::answer::{Answer, Rest, Tail};
use super::lane::Lane;
use super::outbound::{Sent, reply_headers};
use super::patience::Patience;
use super::recover::Joint;
use crate::canonical::{Dialect, Fault, FaultKind, Lost};
use crate::dialect::codec::{Codec, Framing};
use crate::dialect::doors::Operation;
use crate::dialect::flow::{Flow, Stream};
use crate::dialect::openai_chat::StreamWatch;
use crate::dialect::restore::Restore;
use crate::health::InFlight;
use crate::provider::limits;
use crate::routing::{Hold, Policy, Recover, Target};
use crate::upstream::Reply;

/// Of an error's body so much is read: enough for any explanation.
const ERROR_READ: usize = 64 << 10;

/// An error's status is worth more than the rest of its body.
const ERROR_PATIENCE: Duration = Duration::from_secs(2);

/// Where InvokeModel says of what type the events in its chunks are.
const INVOKED_TYPE: &str = "x-amzn-bedrock-content-type";

/// An answer that does not know yet whose it is.
pub(super) struct Held<R> {
    reply: R,
    status: StatusCode,
    headers: HeaderMap,
    lost: Lost,
    ready: Vec<Bytes>,
    rest: Rest,
    /// When the first real event was here.
    pub(super) first_event: Instant,
}

impl<R> Held<R> {
    pub(super) fn by(self, candidate: usize, target: Target, in_flight: InFlight) -> Answer<R> {
        let Self { reply, status, headers, lost, ready, rest, .. } = self;
        Answer { candidate, target, in_flight, reply, status, headers, lost, ready, rest, ready_at: Instant::now() }
    }

    fn new(reply: R, head: Head, ready: Vec<Bytes>, rest: Rest) -> Self {
        let Head { status, headers, lost } = head;
        Self { reply, status, headers, lost, ready, rest, first_event: Instant::now() }
    }
}

/// What a reply is an answer to.
#[derive(Clone, Copy)]
pub(super) struct Asked<'c> {
    pub(super) call: &'c Call,
    pub(super) policy: &'c Policy,
    pub(super) patience: Patience,
    /// It goes on where another answer broke off.
    pub(super) joint: Option<Joint<'c>>,
}

/// What the client will be told before the body.
struct Head {
    status: StatusCode,
    headers: HeaderMap,
    lost: Lost,
}

/// Reads `reply` until its first real event, or finds the fault in it.
pub(super) async fn first_event<R: Reply>(asked: Asked<'_>, sent: Sent, mut reply: R) -> Result<Held<R>, Fault> {
    let Sent { lane, lost, restore } = sent;
    let (call, patience) = (asked.call, asked.patience);
    let status = reply.status();
    if !status.is_success() {
        let mut fault = Box::pin(refused(lane.target(), reply)).await;
        if let (Some(_), Some(original)) = (lane.ends(), &mut fault.original) {
            original.body = Bytes::new(); // in words that the client does not know
        }
        return Err(fault);
    }
    let mut head = Head { status, headers: reply_headers(reply.headers()), lost };
    if reply.headers().get(header::CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        if lane.ends().is_some() {
            return Err(Fault::new(FaultKind::Malformed, "the provider compressed its answer although asked not to"));
        }
        // It passes, but cannot be looked into.
        return patience.first(Box::pin(long(reply, head, Vec::new(), Tail::default()))).await;
    }
    let Some(first) = patience.first(reply.next()).await? else { return Err(empty(status)) };
    let streams = is_event_stream(reply.headers(), call.head.stream, lane.target().framing(), &first);
    if let Some((client, _)) = lane.ends() {
        let streams = call.head.stream && !call.json_array;
        let kind = if streams { client.stream_type() } else { "application/json" };
        head.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        if streams && client.framing() == Framing::AwsChunks {
            head.headers.insert(INVOKED_TYPE, HeaderValue::from_static("application/json"));
        }
    }
    match (streams, call.head.stream, lane.ends()) {
        (true, false, Some(ends)) => patience.first(Box::pin(gathered(asked, ends, restore, reply, head, first))).await,
        (true, ..) => events(asked, flow(asked, lane, restore), reply, head, first).await,
        (false, ..) if asked.joint.is_some() => {
            Err(Fault::new(FaultKind::Malformed, "the provider does not stream its answer although asked to"))
        }
        (false, ..) => patience.first(pin!(held(asked, lane, restore, reply, head, first))).await,
    }
}

/// What a reply is, whatever it calls itself: providers send errors and whole answers where a stream was asked, and
/// streams without a content type.
fn is_event_stream(headers: &HeaderMap, asked: bool, framing: Framing, first: &[u8]) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).map_or(&b""[..], |value| value.as_bytes());
    let is = |name: &[u8]| kind.len() >= name.len() && kind[..name.len()].eq_ignore_ascii_case(name);
    match framing {
        Framing::Sse | Framing::JsonArray => (is(b"text/event-stream") || asked) && !looks_like_json(first),
        Framing::AwsEvents | Framing::AwsChunks => is(b"application/vnd.amazon.eventstream"),
        // One document or many: only what was asked tells.
        Framing::Lines => asked,
    }
}

/// A document where events should be.
pub(super) fn looks_like_json(first: &[u8]) -> bool {
    first.trim_ascii_start().starts_with(b"{")
}

async fn events<R: Reply>(
    asked: Asked<'_>,
    mut flow: Box<dyn Flow>,
    mut reply: R,
    head: Head,
    first: Bytes,
) -> Result<Held<R>, Fault> {
    match begin(asked, flow.as_mut(), &mut reply, first).await {
        Ok(Begun { ready, first_event, ended }) => {
            let rest = if ended { Rest::Nothing(flow.usage(), flow.noted().into()) } else { Rest::Events(flow) };
            Ok(Held { first_event, ..Held::new(reply, head, ready, rest) })
        }
        // Nobody has seen anything of it, but it has cost its tokens.
        Err(fault) => Err(Fault { usage: Some(flow.usage()).filter(|usage| !usage.is_empty()).map(Box::new), ..fault }),
    }
}

/// What of a stream may go out at once.
struct Begun {
    ready: Vec<Bytes>,
    first_event: Instant,
    ended: bool,
}

async fn begin(asked: Asked<'_>, flow: &mut dyn Flow, reply: &mut impl Reply, first: Bytes) -> Result<Begun, Fault> {
    let Asked { policy, patience, .. } = asked;
    let (mut ready, mut length) = (Vec::new(), 0);
    let (mut first_event, mut last_event) = (None, Instant::now());
    let mut chunk = Some(first);
    let ended = loop {
        let ended = chunk.is_none();
        let pushed = match chunk {
            Some(chunk) => flow.push(chunk),
            None => flow.end(),
        };
        length += pushed.ready.len();
        if !pushed.ready.is_empty() {
            ready.push(pushed.ready);
        }
        if let Some(fault) = pushed.fault {
            return Err(fault);
        }
        unfiltered(policy, || flow.filtered())?;
        if ended {
            break true;
        }
        if pushed.progress {
            last_event = Instant::now();
        }
        if !flow.begun() {
            if length > HELD {
                return Err(Fault::new(FaultKind::Malformed, "the provider streams without saying anything"));
            }
            chunk = patience.first(reply.next()).await?;
            continue;
        }
        let begun = *first_event.get_or_insert_with(Instant::now);
        let next = patience.next(last_event, reply.next());
        chunk = match policy.hold {
            _ if length > HELD => break false,
            Hold::No if flow.shown() => break false,
            Hold::For(pause) if flow.shown() => match timeout_at(begun + pause, next).await {
                Ok(chunk) => chunk?,
                Err(_) => break false,
            },
            _ => next.await?,
        };
    };
    let first_event = first_event.unwrap_or_else(Instant::now);
    Ok(Begun { ready, first_event, ended })
}

fn flow(asked: Asked<'_>, lane: Lane, restore: Restore) -> Box<dyn Flow> {
    let Asked { call, policy, joint, .. } = asked;
    // The model's answer is one, and nobody else can make the rest of it where the call is bound to its provider.
    let kept = policy.recover != Recover::Off && call.operation == Operation::Chat;
    let request = match lane {
        // Only a writer that repeats the client's settings looks at them.
        Lane::Native(_) | Lane::Reformed { .. } if !kept => Bytes::new(),
        _ => call.body.slice(0, call.body.len()),
    };
    call.about(&request, |about| -> Box<dyn Flow> {
        let (client, target) = lane.codecs();
        match (joint, lane) {
            (Some(joint), _) => {
                let stream = Stream::translated(target, client, about).restoring(restore);
                Box::new(stream.going_on(joint.given.clone(), joint.splice(client)))
            }
            (None, Lane::Native(codec)) if codec.dialect() == Dialect::OpenAiChat => {
                Box::new(StreamWatch::new(call.operation, kept))
            }
            (None, Lane::Native(codec)) => Box::new(Stream::native(codec, about, kept)),
            (None, Lane::Reformed { .. }) => Box::new(Stream::reformed(target, client, about, kept)),
            (None, Lane::Translated { .. }) => {
                let stream = Stream::translated(target, client, about).restoring(restore);
                Box::new(if kept { stream.kept() } else { stream })
            }
        }
    })
}

/// The fault that an answer is which a filter stopped, where the operator wants others asked then.
fn unfiltered(policy: &Policy, filtered: impl FnOnce() -> bool) -> Result<(), Fault> {
    match policy.retry_on.content_filter && filtered() {
        true => Err(Fault::new(FaultKind::ContentFiltered, "the provider's filter stopped the answer")),
        false => Ok(()),
    }
}

/// The fault that an error reply stands for.
async fn refused<R: Reply>(target: &dyn Codec, mut reply: R) -> Fault {
    let status = reply.status().as_u16();
    let mut body = BytesMut::new();
    while body.len() < ERROR_READ {
        match timeout(ERROR_PATIENCE, reply.next()).await {
            Ok(Ok(Some(chunk))) => body.extend_from_slice(&chunk[..chunk.len().min(ERROR_READ - body.len())]),
            _ => break,
        }
    }
    let body = body.freeze();
    let mut fault = target.read_error(status, reply.headers(), &body);
    fault.retry_after = limits::retry_after(reply.headers(), &body, SystemTime::now());
    reply.release().await;
    fault
}

fn empty(status: StatusCode) -> Fault {
    Fault { status: Some(status.as_u16()), ..Fault::new(FaultKind::Empty, "the provider's answer is empty") }
}
