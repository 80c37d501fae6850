//! Whether there is room for a call, or for one try of it.
//!
//! A target that is full is like one that rests for a moment: the try goes to the next of the plan that is doing well
//! and has room. Where all of these are full, the call waits for whichever has room first, for as long as the queue and
//! its own time allow, and is then told to come back. What is taken is given back when the answer has ended.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use smallvec::SmallVec;
use tokio::time::{sleep, timeout_at};

use super::afford::{self, Denied};
use super::attempt::now;
use super::attended::Attended;
use super::{Call, Caller, Exchange};
use crate::canonical::{Fault, FaultKind};
use crate::health::gate::{Gate, Line, Permit, Room, Waiting};
use crate::ledger::Held;
use crate::routing::Target;
use crate::routing::plan::{Plan, Standing};

/// A client is not told to come back any sooner: an answer takes seconds.
const LEAST_PAUSE: Duration = Duration::from_secs(1);

/// What a try begins with.
pub(super) struct Entry {
    pub(super) room: Room,
    /// Another target could be asked in its place.
    pub(super) others_left: bool,
    /// Of what targets and providers are limited to.
    pub(super) held: Vec<Held>,
}

impl<T> Exchange<T> {
    /// Room in this process. Asked for before the body of the call is read: bodies are what costs memory.
    pub(super) async fn room_for_a_call(
        &self,
        call: &mut Call,
        client: &mut Attended<'_, impl Caller>,
    ) -> Result<Permit, Fault> {
        let (gate, line) = (self.registry.gate(), call.snapshot.queue);
        if let Some(permit) = gate.enter(call.snapshot.max_in_flight) {
            return Ok(permit);
        }
        let (limit, since) = (call.snapshot.max_in_flight.unwrap_or(usize::MAX), now());
        let place = client.wait_unread(pin!(wait(gate, limit, line, since + line.wait))).await;
        call.record.queued += now() - since;
        place?.ok_or_else(|| busy("there are too many calls at once", line))
    }

    /// Room for a try at `candidate` of the plan, or at another that is doing well and was not `asked` yet. Who has it.
    pub(super) async fn room_for_a_try(
        &self,
        call: &mut Call,
        client: &mut Attended<'_, impl Caller>,
        plan: &Plan,
        candidate: usize,
        asked: impl Fn(usize) -> bool,
        deadline: Instant,
    ) -> Result<(usize, Entry), Fault> {
        let well = |index: usize| matches!(plan.order[index].standing, Standing::Ready | Standing::OnTrial { .. });
        let others = (0..plan.order.len()).filter(|index| *index != candidate && well(*index) && !asked(*index));
        let others: SmallVec<[usize; 4]> = others.collect();
        let others_left = !others.is_empty();
        let full: SmallVec<[usize; 4]> = std::iter::once(candidate).chain(others).collect();
        let mut denied = None;
        let mut crowded = SmallVec::<[usize; 4]>::new();
        for index in &full {
            let target = plan.target(&plan.order[*index]);
            let Some(room) = enter(target) else {
                crowded.push(*index);
                continue;
            };
            match afford::a_try(call, &plan.model, target) {
                Ok(held) => return Ok((*index, Entry { room, others_left, held })),
                Err(last) if !last.next => return Err(last.fault),
                Err(last) => denied = Some(sooner(denied, last)),
            }
        }
        let (line, since) = (call.snapshot.queue, now());
        if let Some(denied) = denied.filter(|_| crowded.is_empty()) {
            // Boxed: it calls this again, after a pause.
            return Box::pin(self.once_there_is_enough(call, client, plan, candidate, denied, deadline)).await;
        }
        let until = deadline.min(since + line.wait);
        let first = client.wait_for(pin!(first_room(plan, &crowded, line, until))).await;
        call.record.queued += now() - since;
        let (index, room) = first?.ok_or_else(|| {
            busy(format!("every target of model `{}` has as many calls as it may have", plan.model.name), line)
        })?;
        let held = afford::a_try(call, &plan.model, plan.target(&plan.order[index])).map_err(|denied| denied.fault)?;
        Ok((index, Entry { room, others_left, held }))
    }

    /// The same as above where no target has enough left for a try: after a pause, if a limit says that it is waited for.
    async fn once_there_is_enough(
        &self,
        call: &mut Call,
        client: &mut Attended<'_, impl Caller>,
        plan: &Plan,
        candidate: usize,
        denied: Denied,
        deadline: Instant,
    ) -> Result<(usize, Entry), Fault> {
        let mut denied = denied;
        loop {
            let since = now();
            let Some(pause) = denied.wait.filter(|pause| since + *pause < deadline) else { return Err(denied.fault) };
            let waited = client.wait_for(pin!(sleep(pause))).await;
            call.record.queued += now() - since;
            waited?;
            let target = plan.target(&plan.order[candidate]);
            let Some(room) = enter(target) else { continue };
            match afford::a_try(call, &plan.model, target) {
                Ok(held) => return Ok((candidate, Entry { room, others_left: false, held })),
                Err(again) => denied = again,
            }
        }
    }
}

/// Of two that lack something, the one that is sooner there again, and is waited for if either is.
fn sooner(one: Option<Denied>, other: Denied) -> Denied {
    let left = |denied: &Denied| denied.fault.retry_after.unwrap_or(Duration::MAX);
    match one {
        Some(one) if (other.wait.is_none(), left(&other)) >= (one.wait.is_none(), left(&one)) => one,
        _ => other,
    }
}

/// Room at once, or `None`. Where nothing is limited, this is all that is done.
pub(super) fn enter(target: &Target) -> Option<Room> {
    let provider = &target.provider;
    let of_target = target.health.gate().enter(target.max_in_flight)?;
    Some(Room { target: of_target, provider: provider.gate.enter(provider.max_in_flight)? })
}

/// Room at whichever of the candidates has it first.
async fn first_room(plan: &Plan, full: &[usize], line: Line, until: Instant) -> Option<(usize, Room)> {
    let wait = |index: &usize| Some((*index, Box::pin(room(plan.target(&plan.order[*index]), line, until))));
    let mut waits: SmallVec<[_; 4]> = full.iter().map(wait).collect();
    poll_fn(|context| {
        for slot in &mut waits {
            let Some((index, waiting)) = slot else { continue };
            match Pin::new(waiting).poll(context) {
                Poll::Ready(Some(room)) => return Poll::Ready(Some((*index, room))),
                Poll::Ready(None) => *slot = None,
                Poll::Pending => {}
            }
        }
        if waits.iter().all(Option::is_none) { Poll::Ready(None) } else { Poll::Pending }
    })
    .await
}

/// Always in this order, so that no two calls wait for each other.
async fn room(target: &Target, line: Line, until: Instant) -> Option<Room> {
    let provider = &target.provider;
    let of_target = place(target.health.gate(), target.max_in_flight, line, until).await?;
    let of_provider = place(&provider.gate, provider.max_in_flight, line, until).await?;
    Some(Room { target: of_target, provider: of_provider })
}

async fn place(gate: &Arc<Gate>, limit: Option<usize>, line: Line, until: Instant) -> Option<Permit> {
    match (gate.enter(limit), limit) {
        (Some(permit), _) => Some(permit),
        (None, Some(limit)) => wait(gate, limit, line, until).await,
        (None, None) => None,
    }
}

async fn wait(gate: &Arc<Gate>, limit: usize, line: Line, until: Instant) -> Option<Permit> {
    let mut waiting: Waiting = gate.queue(limit, line, now(), until)?;
    match timeout_at(until.into(), &mut waiting).await {
        Ok(place) => place,
        Err(_) => {
            waiting.give_up();
            None
        }
    }
}

fn busy(message: impl Into<std::borrow::Cow<'static, str>>, line: Line) -> Fault {
    Fault { retry_after: Some(line.wait.max(LEAST_PAUSE)), ..Fault::new(FaultKind::Busy, message) }
}
