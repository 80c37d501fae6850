//! Reading a reply until it is known to be an answer.
//!
//! A stream is held until its first real event may go out, or for as long as the operator wants; a whole reply until its
//! end, because only then is it known not to be cut. Whatever happens until then can still go elsewhere.

use std::pin::pin;
use std::time::SystemTime;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use tokio::time::{Duration, Instant, timeout, timeout_at};

use super::Call;
use super::answer::{Answer, Rest, Tail};
use super::lane::Lane;
use super::outbound::{Sent, reply_headers};
use super::patience::Patience;
use super::recover::Joint;
use super::whole;
use crate::canonical::{self, Dialect, Fault, FaultKind, Gatherer, Lost, Usage};
use crate::dialect::codec::{Codec, Framing};
use crate::dialect::doors::Operation;
use crate::dialect::flow::{Flow, Stream};
use crate::dialect::frames::Frames;
use crate::dialect::openai_chat::{self, StreamWatch};
use crate::dialect::restore::Restore;
use crate::health::InFlight;
use crate::provider::limits;
use crate::routing::{Hold, Policy, Recover, Target};
use crate::upstream::Reply;

/// Whole replies up to this size are held to their end; a longer one (thousands of embeddings) goes out as it comes.
const HELD: usize = 4 << 20;

/// A whole reply that has to be translated is held to its end, but no longer than this.
const TRANSLATED: usize = 64 << 20;

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
    let Asked { policy, patience, .. } = asked;
    let (mut ready, mut length) = (Vec::new(), 0);
    let (mut first_event, mut last_event) = (None, Instant::now());
    let mut chunk = Some(first);
    let rest = loop {
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
            return Err(fault); // nobody has seen anything of it
        }
        unfiltered(policy, || flow.filtered())?;
        if ended {
            break Rest::Nothing(flow.usage());
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
            _ if length > HELD => break Rest::Events(flow),
            Hold::No if flow.shown() => break Rest::Events(flow),
            Hold::For(pause) if flow.shown() => match timeout_at(begun + pause, next).await {
                Ok(chunk) => chunk?,
                Err(_) => break Rest::Events(flow),
            },
            _ => next.await?,
        };
    };
    let first_event = first_event.unwrap_or_else(Instant::now);
    Ok(Held { first_event, ..Held::new(reply, head, ready, rest) })
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

async fn held<R: Reply>(
    asked: Asked<'_>,
    lane: Lane,
    restore: Restore,
    mut reply: R,
    head: Head,
    first: Bytes,
) -> Result<Held<R>, Fault> {
    let Asked { call, policy, .. } = asked;
    let mut pieces = vec![first];
    let mut length = pieces[0].len();
    while let Some(chunk) = reply.next().await? {
        length += chunk.len();
        pieces.push(chunk);
        if length > HELD && matches!(lane, Lane::Native(_)) {
            let mut tail = Tail::default();
            pieces.iter().for_each(|piece| tail.push(piece));
            return Box::pin(long(reply, head, pieces, tail)).await;
        }
        if length > TRANSLATED {
            return Err(Fault::new(FaultKind::Malformed, "the provider's answer is too long to be translated"));
        }
    }
    let body = joined(pieces, length);
    let (body, usage) = match lane {
        Lane::Native(codec) if codec.dialect() == Dialect::OpenAiChat => {
            let usage = openai_chat::read_reply(call.operation, &body)?;
            unfiltered(policy, || call.operation == Operation::Chat && openai_chat::is_filtered(&body))?;
            (body, usage)
        }
        Lane::Native(codec) if call.operation == Operation::Chat => {
            let read = codec.read_reply(&body)?;
            unfiltered(policy, || read.is_filtered())?;
            let usage = read.usage;
            (body, usage)
        }
        Lane::Reformed { target, .. } if !call.head.stream => {
            let read = target.read_reply(&body)?;
            unfiltered(policy, || read.is_filtered())?;
            let usage = read.usage;
            (body, usage)
        }
        Lane::Reformed { client, target } => {
            let read = target.read_reply(&body)?;
            unfiltered(policy, || read.is_filtered())?;
            (written(call, client, &read), read.usage)
        }
        Lane::Native(codec) => {
            let usage = whole::usage(call, codec, &body).unwrap_or_else(|| Ok(Usage::default()))?;
            (body, usage)
        }
        Lane::Translated { client, target } if call.operation == Operation::CountTokens => {
            let count = target.read_count(&body).and_then(|tokens| Some((client.write_count(tokens)?, tokens)));
            let (count, tokens) = count.ok_or_else(|| empty(head.status))?;
            (count.into(), Usage { input: Some(tokens), ..Usage::default() })
        }
        Lane::Translated { client, target } => match whole::reply(call, (client, target), &head.headers, &body) {
            Some(translated) => translated?,
            None => {
                let mut read = target.read_reply(&body)?;
                unfiltered(policy, || read.is_filtered())?;
                restore.reply(&mut read);
                (written(call, client, &read), read.usage)
            }
        },
    };
    if let Lane::Native(codec) = lane
        && let Some(fault) = whole::lacks(call, codec, &body)
    {
        return Err(fault);
    }
    Ok(Held::new(reply, head, vec![body], Rest::Nothing(usage)))
}

/// A stream where a whole answer was asked for.
async fn gathered<R: Reply>(
    Asked { call, policy, .. }: Asked<'_>,
    (client, target): (&dyn Codec, &dyn Codec),
    restore: Restore,
    mut reply: R,
    head: Head,
    first: Bytes,
) -> Result<Held<R>, Fault> {
    let (mut frames, mut reader) = (Frames::new(target.framing()), target.read_stream());
    let mut gatherer = Gatherer::new();
    let (mut chunk, mut length) = (Some(first), 0);
    loop {
        length += chunk.as_ref().map_or(0, Bytes::len);
        if length > TRANSLATED {
            return Err(Fault::new(FaultKind::Malformed, "the provider's answer is too long to be translated"));
        }
        let ended = chunk.is_none();
        let rest = chunk.unwrap_or_else(|| frames.rest());
        let (_, fault) = frames
            .push(rest, &mut |name, data| reader.frame(name, data, &mut |event| gatherer.push(event)).map(|()| true));
        if let Some(fault) = fault {
            return Err(fault);
        }
        if ended {
            break;
        }
        chunk = reply.next().await?;
    }
    reader.end(&mut |event| gatherer.push(event))?;
    let mut read = gatherer.finish()?;
    unfiltered(policy, || read.is_filtered())?;
    restore.reply(&mut read);
    if read.choices.iter().all(|choice| choice.parts.is_empty()) {
        return Err(empty(head.status));
    }
    let body = written(call, client, &read);
    Ok(Held::new(reply, head, vec![body], Rest::Nothing(read.usage)))
}

/// A whole answer in the client's dialect, as a stream where that was asked for.
pub(super) fn written(call: &Call, client: &dyn Codec, read: &canonical::Reply<'_>) -> Bytes {
    let request = call.body.slice(0, call.body.len());
    call.about(&request, |about| {
        if !call.head.stream {
            return client.write_reply(read, about).into();
        }
        let (mut writer, mut out) = (client.write_stream(about), Vec::new());
        canonical::replay(read, &mut |event| writer.event(&event, &mut out));
        out.into()
    })
}

async fn long<R: Reply>(mut reply: R, head: Head, mut ready: Vec<Bytes>, mut tail: Tail) -> Result<Held<R>, Fault> {
    if ready.is_empty() {
        let Some(first) = reply.next().await? else { return Err(empty(head.status)) };
        tail.push(&first);
        ready.push(first);
    }
    Ok(Held::new(reply, head, ready, Rest::Bytes(tail)))
}

fn joined(mut pieces: Vec<Bytes>, length: usize) -> Bytes {
    if pieces.len() == 1 {
        return pieces.remove(0);
    }
    let mut body = BytesMut::with_capacity(length);
    pieces.iter().for_each(|piece| body.extend_from_slice(piece));
    body.freeze()
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
