//! Reading a reply until it is known to be an answer.
//!
//! A stream is held until its first real event; a whole reply until its end, because only then is it known not to be
//! cut, so that a cut one can still go elsewhere.

use std::time::SystemTime;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode, header};
use tokio::time::{Duration, Instant, timeout};

use super::Call;
use super::answer::{Answer, Rest, Tail};
use super::outbound::reply_headers;
use crate::canonical::{Fault, FaultKind};
use crate::dialect::error;
use crate::dialect::openai_chat::{self, StreamWatch};
use crate::health::InFlight;
use crate::provider::limits;
use crate::routing::Target;
use crate::upstream::Reply;

/// Whole replies up to this size are held to their end; a longer one (thousands of embeddings) goes out as it comes.
const HELD: usize = 4 << 20;

/// Of an error's body so much is read: enough for any explanation.
const ERROR_READ: usize = 64 << 10;

/// An error's status is worth more than the rest of its body.
const ERROR_PATIENCE: Duration = Duration::from_secs(2);

/// An answer that does not know yet whose it is.
pub(super) struct Held<R> {
    reply: R,
    status: StatusCode,
    headers: HeaderMap,
    ready: Vec<Bytes>,
    rest: Rest,
    first_event: Instant,
}

impl<R> Held<R> {
    pub(super) fn by(self, target: Target, in_flight: InFlight) -> Answer<R> {
        let Self { reply, status, headers, ready, rest, first_event } = self;
        Answer { target, in_flight, reply, status, headers, ready, rest, first_event }
    }

    fn new(reply: R, head: (StatusCode, HeaderMap), ready: Vec<Bytes>, rest: Rest) -> Self {
        Self { reply, status: head.0, headers: head.1, ready, rest, first_event: Instant::now() }
    }
}

/// Reads `reply` until its first real event, or finds the fault in it.
pub(super) async fn first_event<R: Reply>(call: &Call, mut reply: R) -> Result<Held<R>, Fault> {
    let status = reply.status();
    if !status.is_success() {
        return Err(refused(reply).await);
    }
    let head = (status, reply_headers(reply.headers()));
    if reply.headers().get(header::CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        // Compressed although we asked for plain: it passes, but cannot be looked into.
        return long(reply, head, Vec::new(), Tail::default()).await;
    }
    let Some(first) = reply.next().await? else { return Err(empty(status)) };
    if is_event_stream(reply.headers(), call.head.stream, &first) {
        events(call, reply, head, first).await
    } else {
        whole(call, reply, head, first).await
    }
}

/// What a reply is, whatever it calls itself: providers send errors and whole answers where a stream was asked, and
/// streams without a content type.
fn is_event_stream(headers: &HeaderMap, asked: bool, first: &[u8]) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).map_or(&b""[..], |value| value.as_bytes());
    let declared = kind.len() >= 17 && kind[..17].eq_ignore_ascii_case(b"text/event-stream");
    let looks_like_json = first.trim_ascii_start().starts_with(b"{");
    (declared || asked) && !looks_like_json
}

async fn events<R: Reply>(
    call: &Call,
    mut reply: R,
    head: (StatusCode, HeaderMap),
    first: Bytes,
) -> Result<Held<R>, Fault> {
    let mut watch = Box::new(StreamWatch::new(call.operation));
    let mut ready = Vec::new();
    let mut chunk = Some(first);
    loop {
        let ended = chunk.is_none();
        let pushed = match chunk {
            Some(chunk) => watch.push(chunk),
            None => watch.end(),
        };
        if !pushed.ready.is_empty() {
            ready.push(pushed.ready);
        }
        match pushed.fault {
            Some(fault) if !watch.begun() => return Err(fault),
            Some(fault) => return Ok(Held::new(reply, head, ready, Rest::Broken(watch.usage(), fault))),
            None if ended => return Ok(Held::new(reply, head, ready, Rest::Nothing(watch.usage()))),
            None if watch.begun() => return Ok(Held::new(reply, head, ready, Rest::Events(watch))),
            None if ready.iter().map(Bytes::len).sum::<usize>() > HELD => {
                return Err(Fault::new(FaultKind::Malformed, "the provider streams without saying anything"));
            }
            None => chunk = reply.next().await?,
        }
    }
}

async fn whole<R: Reply>(
    call: &Call,
    mut reply: R,
    head: (StatusCode, HeaderMap),
    first: Bytes,
) -> Result<Held<R>, Fault> {
    let mut pieces = vec![first];
    let mut length = pieces[0].len();
    while let Some(chunk) = reply.next().await? {
        length += chunk.len();
        pieces.push(chunk);
        if length > HELD {
            let mut tail = Tail::default();
            pieces.iter().for_each(|piece| tail.push(piece));
            return long(reply, head, pieces, tail).await;
        }
    }
    let body = joined(pieces, length);
    let usage = openai_chat::read_reply(call.operation, &body)?;
    Ok(Held::new(reply, head, vec![body], Rest::Nothing(usage)))
}

async fn long<R: Reply>(
    mut reply: R,
    head: (StatusCode, HeaderMap),
    mut ready: Vec<Bytes>,
    mut tail: Tail,
) -> Result<Held<R>, Fault> {
    if ready.is_empty() {
        let Some(first) = reply.next().await? else { return Err(empty(head.0)) };
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
async fn refused<R: Reply>(mut reply: R) -> Fault {
    let status = reply.status().as_u16();
    let mut body = BytesMut::new();
    while body.len() < ERROR_READ {
        match timeout(ERROR_PATIENCE, reply.next()).await {
            Ok(Ok(Some(chunk))) => body.extend_from_slice(&chunk[..chunk.len().min(ERROR_READ - body.len())]),
            _ => break,
        }
    }
    let body = body.freeze();
    let mut fault = error::read(status, reply.headers(), &body);
    fault.retry_after = limits::retry_after(reply.headers(), &body, SystemTime::now());
    reply.release().await;
    fault
}

fn empty(status: StatusCode) -> Fault {
    Fault { status: Some(status.as_u16()), ..Fault::new(FaultKind::Empty, "the provider's answer is empty") }
}
