//! One call from start to end.
//!
//! [`Exchange::serve`] is the walk: read, understand, plan, try until a target answers, relay. The client is seen
//! only as a [`Caller`] and the world only as a [`Transport`], so whole stories run in a test with a paused clock and
//! no socket. Whatever happens, the call ends in exactly one record, emitted when [`Call`] is dropped.

mod admission;
mod afford;
mod answer;
mod attempt;
mod attended;
mod call;
mod conversation;
mod cost;
mod count;
mod explain;
pub mod failover;
mod foresee;
mod hedge;
mod hold;
mod intake;
mod lane;
mod made;
mod outbound;
mod patience;
mod policy;
mod question;
mod recover;
mod refusal;
mod relay;
mod repeat;
mod retold;
mod routed;
#[cfg(test)]
mod stories;
mod tries;
mod whole;

use std::future::Future;
use std::sync::Arc;

use arc_swap::ArcSwap;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use attended::Attended;
use conversation::Conversation;
use tries::Tries;

pub use call::{Arrival, Call, request_id};
pub use explain::{Account, Refused, Supposed};
pub use outbound::headers as client_headers;
pub use refusal::refuse;

use crate::canonical::{Fault, FaultKind};
use crate::health::Registry;
use crate::openrouter::Observed;
use crate::provider::auth::Fetch;
use crate::routing::plan::Plan;
use crate::snapshot::Snapshot;
use crate::telemetry::Telemetry;
use crate::upstream::Transport;

/// The client of one call.
pub trait Caller: Send {
    /// The next piece of the request's body, `None` at its end.
    fn read(&mut self) -> impl Future<Output = Result<Option<Bytes>, Gone>> + Send;

    /// Resolves when the client has left. Only after the body was read to its end. May be dropped while pending.
    fn gone(&mut self) -> impl Future<Output = ()> + Send;

    /// Sends the head of the reply. `length` is the body's, where it is known.
    fn begin(
        &mut self,
        status: StatusCode,
        headers: HeaderMap,
        length: Option<usize>,
    ) -> impl Future<Output = Result<(), Gone>> + Send;

    /// Sends a piece of the reply's body; waits while the client is slow. `last`: it is complete.
    fn write(&mut self, bytes: Bytes, last: bool) -> impl Future<Output = Result<(), Gone>> + Send;

    /// Breaks the connection off, so that nobody takes what was sent for the whole.
    fn abort(&mut self) -> impl Future<Output = ()> + Send;
}

/// The client's end of the connection is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gone;

impl From<Gone> for Fault {
    fn from(_: Gone) -> Self {
        Fault::new(FaultKind::ClientGone, "the client closed the connection")
    }
}

/// What every call is served with.
pub struct Exchange<T> {
    /// The way out.
    pub transport: Arc<T>,
    /// The way to the clouds' token services.
    pub fetch: Arc<dyn Fetch>,
    /// What we will do, swapped as a whole by a reload.
    pub snapshot: Arc<ArcSwap<Snapshot>>,
    /// What was learned.
    pub registry: Arc<Registry>,
    /// How targets did, as clients are told.
    pub observed: Arc<Observed>,
    /// Who is told.
    pub telemetry: Arc<Telemetry>,
}

impl<T: Transport> Exchange<T> {
    /// Serves one model call to its end.
    pub async fn serve(&self, arrival: Arrival, caller: &mut impl Caller) {
        let mut call = Call::open(arrival, self.snapshot.load_full(), self.telemetry.clone());
        call.observed = Some(self.observed.clone());
        routed::recognise(&mut call);
        let mut client = Attended::new(caller);
        match self.walk(&mut call, &mut client).await {
            Ok(()) => {}
            Err(fault) if client.has_begun() => refusal::break_off(&mut call, &mut client, fault).await,
            Err(fault) => refuse(&mut call, &mut client, fault).await,
        }
    }

    async fn walk(&self, call: &mut Call, client: &mut Attended<'_, impl Caller>) -> Result<(), Fault> {
        let _room = self.room_for_a_call(call, client).await?;
        intake::read(call, client).await?;
        let mut chosen = routed::model(call, &self.registry)?;
        if !call.snapshot.rules.leave_calls_alone() {
            // Boxed: most have no budgets, and need not carry the room for it.
            chosen.model = Box::pin(self.afford(call, client, chosen.model.clone())).await?;
        }
        call.conversation = Conversation::of(call, &chosen.model);
        let warm = call.conversation.and_then(|conversation| conversation.warm(&self.registry, attempt::now()));
        call.maker = made::Maker::of(call, &chosen.model, &self.registry, attempt::now());
        let question = question::of_call(call, &chosen.model, warm.as_ref(), call.maker.as_ref());
        let mut plan = Plan::new(chosen.model.clone(), &question, fastrand::f64);
        if let (Ok(plan), Some(maker)) = (&mut plan, &call.maker) {
            maker.confine(plan);
        }
        if explain::wanted(&call.headers) {
            let order = plan.as_ref().map_or(&[][..], |plan| plan.order.as_slice());
            let told = explain::told(call, &chosen, &question, order);
            call.record.explanation = Some(told);
        }
        let plan = plan?;
        let mut tries = Tries::new(call, &plan);
        client.attend(call, &plan.model.policy);
        match self.answer(call, client, &plan, &mut tries, None).await {
            Ok(answer) => self.relay(call, client, &plan, &mut tries, answer).await,
            Err(fault) => count::estimated(call, client, fault).await,
        }
    }
}
