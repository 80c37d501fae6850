//! Pumping an answer to the client: bytes as they are, usage on the side, an eye on stalls and cuts.
//!
//! Only complete events are forwarded, so that an error can always follow. A stream that breaks ends as an error in
//! the client's dialect, never as a success.

mod clock;
mod held;

use std::pin::pin;

use bytes::Bytes;
use http::header::{self, HeaderName};
use tokio::time::Instant;

use self::clock::Clock;
use self::held::{HELD, Held, at_once};
use super::answer::{Answer, Rest, Tail};
use super::{Call, Caller, Gone, outbound};
use crate::canonical::{Fault, FaultKind};
use crate::dialect::flow::{Flow, Pushed};
use crate::dialect::openai_chat;
use crate::routing::Policy;
use crate::telemetry::Outcome;
use crate::upstream::Reply;

/// `x-outrider-target`: who answers.
pub(super) const TARGET: HeaderName = HeaderName::from_static("x-outrider-target");
/// `x-outrider-attempts`: each try.
pub(super) const ATTEMPTS: HeaderName = HeaderName::from_static("x-outrider-attempts");
/// `x-outrider-lost`: what of the request the target was not told.
pub(super) const LOST: HeaderName = HeaderName::from_static("x-outrider-lost");
/// `x-request-id`: what the log calls this call.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Sends `answer` to the client. An `Err` means that the client has seen nothing yet.
pub(super) async fn relay<R: Reply>(
    call: &mut Call,
    caller: &mut impl Caller,
    policy: &Policy,
    mut answer: Answer<R>,
) -> Result<(), Fault> {
    name_the_answer(call, &mut answer);
    let complete = matches!(answer.rest, Rest::Nothing(_));
    let length = complete.then(|| answer.ready.iter().map(Bytes::len).sum());
    caller.begin(answer.status, std::mem::take(&mut answer.headers), length).await?;
    call.record.first_token = Some(call.arrived.elapsed());
    call.record.added += answer.first_event.elapsed();

    let mut reply = answer.reply;
    let mut pump = Pump { call, caller, policy, held: Held::default(), between_events: true };
    match pump.run(answer.ready, answer.rest, &mut reply).await {
        Ok(()) => {
            call.record.outcome = Outcome::Success;
            reply.release().await;
        }
        Err(fault) => {
            call.record.outcome = Outcome::Fault(fault.kind);
            answer.in_flight.broke(Instant::now().into_std(), &fault);
            tracing::debug!(target = %answer.target.id, kind = %fault.kind, detail = ?fault.detail, "answer broke off");
        }
    }
    Ok(())
}

/// The headers that every reply carries, and the one id under which the client, the provider and we know the call.
fn name_the_answer<R>(call: &mut Call, answer: &mut Answer<R>) {
    let headers = &mut answer.headers;
    match headers.get(&REQUEST_ID).and_then(|id| id.to_str().ok()) {
        Some(upstream) if !call.headers.contains_key(&REQUEST_ID) && upstream.len() <= 128 => {
            call.record.id = upstream.into();
        }
        _ => {
            headers.insert(REQUEST_ID, outbound::value(&call.record.id));
        }
    }
    headers.insert(TARGET, outbound::value(answer.target.id.as_str()));
    headers.insert(ATTEMPTS, outbound::value(&call.attempts()));
    if !answer.lost.is_empty() {
        call.record.lost = answer.lost.iter().map(str::to_owned).collect();
        headers.insert(LOST, outbound::value(&answer.lost.iter().collect::<Vec<_>>().join(", ")));
    }
    if !matches!(answer.rest, Rest::Nothing(_)) {
        headers.remove(header::CONTENT_LENGTH);
    }
    call.record.target = Some(answer.target.id.clone());
    call.record.status = Some(answer.status.as_u16());
}

struct Pump<'a, C> {
    call: &'a mut Call,
    caller: &'a mut C,
    policy: &'a Policy,
    /// What is to be written as soon as the provider has nothing more at once.
    held: Held,
    /// What was written last ended an event.
    between_events: bool,
}

impl<C: Caller> Pump<'_, C> {
    async fn run(&mut self, ready: Vec<Bytes>, rest: Rest, reply: &mut impl Reply) -> Result<(), Fault> {
        let complete = matches!(rest, Rest::Nothing(_));
        let last = ready.len().saturating_sub(1);
        for (i, piece) in ready.into_iter().enumerate() {
            self.write(piece, complete && i == last).await?;
        }
        match rest {
            Rest::Nothing(usage) => {
                self.call.record.usage = usage;
                Ok(())
            }
            Rest::Events(flow) => self.events(flow, reply).await,
            Rest::Broken(mut flow, fault) => {
                self.call.record.usage = flow.usage();
                self.error(flow.as_mut(), fault).await
            }
            Rest::Bytes(tail) => self.bytes(tail, reply).await,
        }
    }

    /// A stream of events, to its end or to the error that takes its place.
    async fn events(&mut self, mut flow: Box<dyn Flow>, reply: &mut impl Reply) -> Result<(), Fault> {
        let mut clock = Clock::new(self.call.arrived, self.policy);
        let fault = loop {
            let chunk = match self.next(&mut clock, reply).await {
                Ok(chunk) => chunk,
                Err(fault) => break fault,
            };
            let ended = chunk.is_none();
            let Pushed { ready, fault } = match chunk {
                Some(chunk) => flow.push(chunk),
                None => flow.end(),
            };
            if is_progress(&ready) {
                clock.restart();
            }
            self.held.push(ready);
            match fault {
                Some(fault) => break fault,
                None if ended => {
                    self.call.record.usage = flow.usage();
                    return Ok(self.flush(true).await?);
                }
                None => {}
            }
        };
        self.call.record.usage = flow.usage();
        self.error(flow.as_mut(), fault).await
    }

    /// The provider's next chunk. What is held goes out first, unless the chunk is there at once: each write costs a
    /// system call and a packet, and a fast provider's events come many at a time.
    async fn next(&mut self, clock: &mut Clock, reply: &mut impl Reply) -> Result<Option<Bytes>, Fault> {
        let mut next = pin!(reply.next());
        if !self.held.is_empty() {
            if self.held.len() < HELD
                && let Some(chunk) = at_once(next.as_mut()).await
            {
                return chunk;
            }
            self.flush(false).await?;
        }
        clock.limit(self.caller, next).await
    }

    /// The error as the last event, on a line of its own even where the last good event came without its end.
    async fn error(&mut self, flow: &mut dyn Flow, fault: Fault) -> Result<(), Fault> {
        if fault.kind != FaultKind::ClientGone {
            self.flush(false).await?;
            if !self.between_events {
                self.write(Bytes::from_static(b"\n\n"), false).await?;
            }
            self.write(flow.fail(&fault), true).await?;
        }
        Err(fault)
    }

    /// A long body, which only its framing can tell to be whole: a cut is passed on as a cut.
    async fn bytes(&mut self, mut tail: Tail, reply: &mut impl Reply) -> Result<(), Fault> {
        let mut clock = Clock::new(self.call.arrived, self.policy);
        loop {
            match clock.limit(self.caller, reply.next()).await {
                Ok(Some(chunk)) => {
                    clock.restart();
                    tail.push(&chunk);
                    self.write(chunk, false).await?;
                }
                Ok(None) => {
                    self.call.record.usage = openai_chat::usage_in_tail(tail.bytes());
                    return Ok(self.write(Bytes::new(), true).await?);
                }
                Err(fault) => {
                    self.caller.abort().await;
                    return Err(fault);
                }
            }
        }
    }

    async fn flush(&mut self, last: bool) -> Result<(), Gone> {
        let bytes = self.held.take();
        self.write(bytes, last).await
    }

    async fn write(&mut self, bytes: Bytes, last: bool) -> Result<(), Gone> {
        if bytes.is_empty() && !last {
            return Ok(());
        }
        self.between_events = bytes.ends_with(b"\n\n") || bytes.ends_with(b"\n\r\n") || bytes.ends_with(b"\r\r");
        self.call.record.bytes_out += bytes.len() as u64;
        self.caller.write(bytes, last).await
    }
}

/// Comments and pings keep a connection alive but are no progress.
fn is_progress(ready: &[u8]) -> bool {
    !ready.is_empty() && (!ready.starts_with(b":") || memchr::memmem::find(ready, b"\ndata").is_some())
}
