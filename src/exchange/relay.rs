//! Pumping an answer to the client: bytes as they are, usage on the side, an eye on stalls and cuts.
//!
//! Only complete events are forwarded, so that an error can always follow. Of a stream that breaks off, another target may
//! give the rest; otherwise it ends as an error in the client's dialect, never as a success.

mod clock;
mod held;

use std::pin::pin;

use bytes::Bytes;
use http::header::{self, HeaderName};
use tokio::time::Instant;

use self::clock::Clock;
use self::held::{HELD, Held, at_once};
use super::answer::{Answer, Rest, Tail};
use super::attended::Attended;
use super::repeat::Effects;
use super::tries::Tries;
use super::{Call, Caller, Exchange, Gone, hold, made, outbound, retold};
use crate::canonical::{Blame, Fault, FaultKind, Noted, Usage};
use crate::dialect::codec::Framing;
use crate::dialect::flow::{Flow, Given, Pushed};
use crate::dialect::openai_chat;
use crate::health::InFlight;
use crate::openrouter::Events;
use crate::routing::plan::Plan;
use crate::routing::{Policy, Recover, Target};
use crate::telemetry::Outcome;
use crate::upstream::{Reply, Transport};

/// `x-outrider-target`: who answers.
pub(super) const TARGET: HeaderName = HeaderName::from_static("x-outrider-target");
/// `x-outrider-attempts`: each try.
pub(super) const ATTEMPTS: HeaderName = HeaderName::from_static("x-outrider-attempts");
/// `x-outrider-lost`: what of the request the target was not told.
pub(super) const LOST: HeaderName = HeaderName::from_static("x-outrider-lost");
/// `x-request-id`: what the log calls this call.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

impl<T: Transport> Exchange<T> {
    /// Sends `answer` to the client, and what takes its place if it breaks off. An `Err` means that the client has seen
    /// nothing of any answer yet.
    pub(super) async fn relay<C: Caller>(
        &self,
        call: &mut Call,
        client: &mut Attended<'_, C>,
        plan: &Plan,
        tries: &mut Tries,
        mut answer: Answer<T::Reply>,
    ) -> Result<(), Fault> {
        if client.has_begun() {
            as_promised(call, &mut answer)?;
        }
        name_the_answer(call, &mut answer, client.has_begun());
        let retold = retold::begin(call, plan, &mut answer);
        let complete = matches!(answer.rest, Rest::Nothing(..));
        let length = complete.then(|| answer.ready.iter().map(Bytes::len).sum());
        client.begin(answer.status, std::mem::take(&mut answer.headers), length).await?;
        call.record.first_token = Some(call.arrived.elapsed());
        call.record.added += answer.ready_at.elapsed();

        let policy = &plan.model.policy;
        let mut pump = Pump { call, client, policy, held: Held::default(), noted: Noted::default(), retold };
        loop {
            let Answer { candidate, target, in_flight, mut reply, ready, rest, .. } = answer;
            let Broken { fault, mut flow } = match pump.run(ready, rest, &mut reply).await {
                Ok(()) => {
                    pump.call.record.recovered = pump.call.record.recovered.map(|_| true);
                    pump.call.record.outcome = Outcome::Success;
                    self.learn(pump.call, &target, in_flight, &pump.noted);
                    reply.release().await;
                    return Ok(());
                }
                Err(broken) => broken,
            };
            in_flight.broke(Instant::now().into_std(), &fault);
            drop(reply); // nobody listens to it any more
            tracing::debug!(target = %target.id, kind = %fault.kind, detail = ?fault.detail, "answer broke off");
            // Asked for once: what was read of the answer is brought to its end by it.
            let given = flow.as_mut().and_then(|flow| flow.given());
            flow.iter().for_each(|flow| pump.call.was_cut_short(flow.as_ref(), given.as_ref()));
            // Nobody broke anything where the client has left.
            let Some(mut flow) = flow.filter(|_| fault.kind != FaultKind::ClientGone) else {
                pump.call.record.outcome = Outcome::Fault(fault.kind);
                return Ok(());
            };
            pump.call.broke_off(&fault, flow.usage());
            let recovered = self.go_on(&mut pump, plan, tries, (candidate, given), flow.as_mut(), fault).await;
            answer = match recovered {
                Ok(Some(answer)) => {
                    let by = retold::answerer(pump.call, plan, &answer.target);
                    if let (Some(retold), Some(by)) = (&mut pump.retold, by) {
                        retold.go_on(by);
                    }
                    answer
                }
                Ok(None) => {
                    pump.call.record.recovered = Some(true);
                    pump.call.record.outcome = Outcome::Success;
                    return Ok(());
                }
                Err(fault) => {
                    pump.call.record.outcome = Outcome::Fault(fault.kind);
                    pump.error(flow.as_mut(), &fault).await;
                    return Ok(());
                }
            };
        }
    }

    /// What an answer that has ended as it should shows of its target.
    fn learn(&self, call: &mut Call, target: &Target, in_flight: InFlight, noted: &Noted) {
        let now = Instant::now().into_std();
        call.record.calls_sound = call.are_sound(&noted.called);
        made::remember(&self.registry, call, target, noted, now);
        let usage = &call.record.usage;
        in_flight.ended(now, usage);
        if let Some(sound) = call.record.calls_sound {
            target.health.measures().called_tools(now, sound);
        }
        if let Some(conversation) = call.conversation {
            conversation.answered(&self.registry, call, target, now);
        }
    }

    /// The answer that takes the place of one that broke off; `None` where nothing was lacking of it but its end.
    async fn go_on<C: Caller>(
        &self,
        pump: &mut Pump<'_, '_, C>,
        plan: &Plan,
        tries: &mut Tries,
        (candidate, given): (usize, Option<Given>),
        flow: &mut dyn Flow,
        fault: Fault,
    ) -> Result<Option<Answer<T::Reply>>, Fault> {
        let wanted = plan.model.policy.recover != Recover::Off;
        let Some(given) = given.filter(|_| wanted) else { return Err(fault) };
        if given.is_whole() {
            pump.flush(false).await?;
            let end = pump.retell(flow.close(), &flow.usage(), true);
            pump.write(end, true).await?;
            return Ok(None);
        }
        if !Effects::of(pump.call).allow_recovery() {
            return Err(fault);
        }
        let target = plan.target(&plan.order[candidate]);
        // As if it had been waited for: the client has, and not again at the same place while there is another.
        tries.failed(candidate, target, fault.clone(), false, true);
        // Boxed: it happens rarely, and would make the future of every call larger.
        match Box::pin(self.answer(pump.call, pump.client, plan, tries, Some(&given))).await {
            Ok(answer) => {
                pump.call.lost(&answer.lost); // the client has its head: the log and the metrics tell
                pump.call.is_paid_by(&answer.target.facts);
                pump.call.record.target = Some(answer.target.id.clone());
                tracing::info!(target = %answer.target.id, "another target goes on with an answer that broke off");
                Ok(Some(answer))
            }
            // What the client has to know is why its answer broke off, unless it left itself.
            Err(last) if last.kind == FaultKind::ClientGone => Err(last),
            Err(_) => Err(fault),
        }
    }
}

/// A stream that broke off.
struct Broken {
    fault: Fault,
    /// It can still tell the client. `None`: the client is gone, or cannot be told.
    flow: Option<Box<dyn Flow>>,
}

impl From<Gone> for Broken {
    fn from(gone: Gone) -> Self {
        Self { fault: gone.into(), flow: None }
    }
}

/// The client has been promised a stream of its dialect, before it was known who would answer and how.
fn as_promised<R>(call: &Call, answer: &mut Answer<R>) -> Result<(), Fault> {
    let unfit = |why| Err(Fault::new(FaultKind::Malformed, "the provider's answer is no stream").with_detail(why));
    if answer.headers.contains_key(header::CONTENT_ENCODING) {
        return unfit("compressed");
    }
    match (&answer.rest, answer.ready.first()) {
        (Rest::Bytes(_), _) => unfit("too long"),
        (Rest::Nothing(..), Some(whole))
            if !matches!(call.codec().framing(), Framing::Lines) && hold::looks_like_json(whole) =>
        {
            answer.ready = vec![hold::written(call, call.codec(), &call.codec().read_reply(whole)?)];
            Ok(())
        }
        _ => Ok(()),
    }
}

/// The headers that every reply carries, and the one id under which the client, the provider and we know the call.
/// `told`: the client knows the call by our id already.
fn name_the_answer<R>(call: &mut Call, answer: &mut Answer<R>, told: bool) {
    let headers = &mut answer.headers;
    match headers.get(&REQUEST_ID).and_then(|id| id.to_str().ok()) {
        Some(upstream) if !told && !call.headers.contains_key(&REQUEST_ID) && upstream.len() <= 128 => {
            call.record.id = upstream.into();
        }
        _ => {
            headers.insert(REQUEST_ID, outbound::value(&call.record.id));
        }
    }
    if let Some(generation) = retold::generation(call) {
        headers.entry(retold::GENERATION).or_insert(generation);
    }
    headers.insert(TARGET, outbound::value(answer.target.id.as_str()));
    headers.insert(ATTEMPTS, outbound::value(&call.attempts()));
    call.lost(&answer.lost);
    if !call.record.lost.is_empty() {
        headers.insert(LOST, outbound::value(&call.record.lost.join(", ")));
    }
    if !matches!(answer.rest, Rest::Nothing(..)) {
        headers.remove(header::CONTENT_LENGTH);
    }
    call.is_paid_by(&answer.target.facts);
    call.record.target = Some(answer.target.id.clone());
    call.record.status = Some(answer.status.as_u16());
}

struct Pump<'a, 'c, C> {
    call: &'a mut Call,
    client: &'a mut Attended<'c, C>,
    policy: &'a Policy,
    /// What is to be written as soon as the provider has nothing more at once.
    held: Held,
    /// Of the answer that has ended.
    noted: Noted,
    /// Puts events into the words of a client of OpenRouter's.
    retold: Option<Box<Events>>,
}

impl<C: Caller> Pump<'_, '_, C> {
    async fn run(&mut self, ready: Vec<Bytes>, rest: Rest, reply: &mut impl Reply) -> Result<(), Broken> {
        let complete = matches!(rest, Rest::Nothing(..));
        let last = ready.len().saturating_sub(1);
        // Before anything is written: a client that leaves has to pay for it all the same.
        self.call.record.usage = match &rest {
            Rest::Nothing(usage, _) => *usage,
            Rest::Events(flow) => flow.usage(),
            Rest::Bytes(_) => Usage::default(),
        };
        // First what is left of an answer that broke off. To that, another one may have nothing to add.
        self.flush(complete && ready.is_empty()).await?;
        let usage = self.call.record.usage;
        for (i, piece) in ready.into_iter().enumerate() {
            let last = complete && i == last;
            let piece = self.retell(piece, &usage, last);
            self.write(piece, last).await?;
        }
        match rest {
            Rest::Nothing(_, noted) => {
                self.noted = *noted;
                Ok(())
            }
            Rest::Events(flow) => self.events(flow, reply).await,
            Rest::Bytes(tail) => self.bytes(tail, reply).await.map_err(|fault| Broken { fault, flow: None }),
        }
    }

    /// A stream of events, to its end or to where it breaks off.
    async fn events(&mut self, mut flow: Box<dyn Flow>, reply: &mut impl Reply) -> Result<(), Broken> {
        let mut clock = Clock::new(self.call.arrived, self.policy);
        let fault = loop {
            let chunk = match self.next(&mut clock, reply).await {
                Ok(chunk) => chunk,
                Err(fault) if fault.blame() == Blame::Target => {
                    // It may have said everything but that it has ended.
                    let Pushed { ready, fault: lacks, .. } = flow.end();
                    let ready = self.retell(ready, &flow.usage(), lacks.is_none());
                    self.held.push(ready);
                    if lacks.is_some() {
                        break fault;
                    }
                    self.told(flow.as_ref());
                    self.noted = flow.noted();
                    return Ok(self.flush(true).await?);
                }
                Err(fault) => break fault,
            };
            let ended = chunk.is_none();
            let Pushed { ready, progress, fault } = match chunk {
                Some(chunk) => flow.push(chunk),
                None => flow.end(),
            };
            if progress {
                clock.restart();
            }
            if flow.stopped() {
                self.client.leave_alone();
            }
            let ready = self.retell(ready, &flow.usage(), ended && fault.is_none());
            self.held.push(ready);
            match fault {
                Some(fault) => break fault,
                None if ended => {
                    self.told(flow.as_ref());
                    self.noted = flow.noted();
                    return Ok(self.flush(true).await?);
                }
                None => {}
            }
        };
        self.told(flow.as_ref());
        Err(Broken { fault, flow: Some(flow) })
    }

    /// What the record learns from a stream that is over.
    fn told(&mut self, flow: &dyn Flow) {
        self.call.record.usage = flow.usage();
        self.call.record.skipped += flow.skipped();
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
        self.client.wait_for(pin!(clock.limit(next))).await?
    }

    /// The error as the last event, in text on a line of its own even where the last good event came without its end.
    async fn error(&mut self, flow: &mut dyn Flow, fault: &Fault) {
        if fault.kind == FaultKind::ClientGone {
            return;
        }
        let mut told = async || -> Result<(), Gone> {
            self.flush(false).await?;
            self.write(Bytes::from_static(self.client.separator()), false).await?;
            let told = self.retold.as_ref().and_then(|retold| retold.fail(fault));
            self.write(told.unwrap_or_else(|| flow.fail(fault)), true).await
        };
        let _ = told().await; // nobody is there to hear it
    }

    /// A long body, which only its framing can tell to be whole: a cut is passed on as a cut.
    async fn bytes(&mut self, mut tail: Tail, reply: &mut impl Reply) -> Result<(), Fault> {
        let mut clock = Clock::new(self.call.arrived, self.policy);
        loop {
            match self.next(&mut clock, reply).await {
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
                    self.client.abort().await;
                    return Err(fault);
                }
            }
        }
    }

    /// `events` in the client's words.
    fn retell(&mut self, events: Bytes, usage: &Usage, last: bool) -> Bytes {
        match &mut self.retold {
            Some(retold) => retold.push(events, usage, last),
            None => events,
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
        self.call.record.bytes_out += bytes.len() as u64;
        self.client.write(bytes, last).await
    }
}
