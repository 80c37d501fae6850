//! Whether there is enough of every budget and limit for a call, or for one try of it.
//!
//! What a call may cost is held before it goes out, and what it did cost is settled when it ends. It may cost what its
//! prompt does, by an estimate, and the longest answer that it allows; where it allows any, one of [`USUAL`] length.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use smallvec::SmallVec;
use tokio::time::{Instant, sleep};

use super::attended::Attended;
use super::{Call, Caller, Exchange, policy};
use crate::canonical::{Fault, FaultKind, Usage, estimate};
use crate::catalogue::Price;
use crate::health::Registry;
use crate::ledger::rules::Asked;
use crate::ledger::{Amount, Held, Meter, Rule, Short, Then};
use crate::money::Usd;
use crate::names::ModelName;
use crate::routing::constraints::Whose;
use crate::routing::{Model, Target};

/// Few answers have more tokens; the caps of models are many times that, and would let few calls through at a time.
const USUAL: u64 = 8_192;

/// A prompt in a document up to this size is not looked at: what it needs is told by its length well enough. In larger
/// ones there may be pictures, whose bytes say nothing about their tokens.
const SMALL: usize = 64 << 10;

/// A try that is not affordable.
pub(super) struct Denied {
    pub(super) fault: Fault,
    /// Another target may be asked.
    pub(super) next: bool,
    /// The try may be made after this pause.
    pub(super) wait: Option<Duration>,
}

/// What a call may need.
#[derive(Clone, Copy)]
pub(super) struct Need {
    input: u64,
    output: u64,
    /// The call has said how long its answer may be.
    said: bool,
}

impl<T> Exchange<T> {
    /// The model that answers, for which there is enough: `model`, or one that a budget falls back to.
    pub(super) async fn afford(
        &self,
        call: &mut Call,
        client: &mut Attended<'_, impl Caller>,
        mut model: Arc<Model>,
    ) -> Result<Arc<Model>, Fault> {
        let snapshot = call.snapshot.clone();
        let need = Need::of(call);
        let mut spared = SmallVec::<[Arc<Rule>; 2]>::new();
        'model: loop {
            let amount = need.at_most(call, model.groups.iter().flatten());
            let mut held = Vec::new();
            let rules: SmallVec<[&Arc<Rule>; 4]> = snapshot.rules.of_call(asked(call, &model)).collect();
            for rule in rules {
                if spared.iter().any(|spared| Arc::ptr_eq(spared, rule)) {
                    held.push(rule.account.hold_anyway(amount));
                    continue;
                }
                unpriced(rule, &model);
                let short = match rule.account.hold(&rule.caps, need.within(rule, amount)) {
                    Ok(enough) => {
                        held.push(enough);
                        continue;
                    }
                    Err(short) => short,
                };
                match &rule.then {
                    Then::Warn => held.push(anyway(rule, amount)),
                    Then::Fallback(other) => {
                        tracing::debug!(budget = %rule.name, model = %model.name, fallback = %other, "used up");
                        spared.push(rule.clone());
                        model = instead(call, &self.registry, &model, other)?;
                        call.record.model = Some(model.name.clone());
                        continue 'model;
                    }
                    Then::Wait => {
                        held.clear(); // others need not wait for one that waits
                        self.wait_for_room(call, client, (rule, &short), &model).await?;
                        continue 'model;
                    }
                    Then::Deny | Then::Next => return Err(refusal(rule, &short)),
                }
            }
            call.held = held;
            return Ok(model);
        }
    }

    async fn wait_for_room(
        &self,
        call: &mut Call,
        client: &mut Attended<'_, impl Caller>,
        (rule, short): (&Arc<Rule>, &Short),
        model: &Model,
    ) -> Result<(), Fault> {
        let deadline = call.arrived + model.policy.total;
        let pause = short.room_in.filter(|pause| Instant::now() + *pause < deadline);
        let place = rule.account.wait(call.snapshot.queue.size);
        let (Some(pause), Some(_place)) = (pause, place) else { return Err(refusal(rule, short)) };
        let since = Instant::now();
        let waited = client.wait_for(pin!(sleep(pause))).await;
        call.record.queued += since.elapsed();
        Ok(waited?)
    }
}

/// What is held for a try at `target`, if there is enough for it.
pub(super) fn a_try(call: &Call, model: &Model, target: &Target) -> Result<Vec<Held>, Denied> {
    let rules = &call.snapshot.rules;
    if rules.leave_tries_alone() {
        return Ok(Vec::new());
    }
    let need = Need::of(call);
    let (amount, mut held) = (need.at_most(call, [target]), Vec::new());
    for rule in rules.of_try(asked(call, model), target) {
        match rule.account.hold(&rule.caps, need.within(rule, amount)) {
            Ok(enough) => held.push(enough),
            Err(_) if rule.then == Then::Warn => held.push(anyway(rule, amount)),
            Err(short) => {
                let (fault, next) = (refusal(rule, &short), rule.then != Then::Deny);
                return Err(Denied { fault, next, wait: short.room_in.filter(|_| rule.then == Then::Wait) });
            }
        }
    }
    Ok(held)
}

/// The model `other`, which a budget falls back to, in the place of `model`. What the route requires holds for whoever
/// answers in the end.
pub(super) fn instead(call: &Call, registry: &Registry, model: &Model, other: &ModelName) -> Result<Arc<Model>, Fault> {
    let routes = model.policy.choice.terms.iter().map(|bound| &bound.terms);
    let routes = routes.filter(|terms| matches!(terms.whose, Whose::Route(_)));
    let other = Arc::new(call.snapshot.find(other.as_str(), registry)?.under(routes.cloned()));
    policy::of_call(other, &call.headers, call.caller(), &call.snapshot)
}

pub(super) fn asked<'a>(call: &'a Call, model: &'a Model) -> Asked<'a> {
    let caller = call.record.caller.as_ref().map(|caller| caller.as_str());
    Asked { caller, model: model.name.as_str(), headers: &call.headers }
}

/// Says once that a budget of money does not see all calls.
fn unpriced(rule: &Rule, model: &Model) {
    let mut targets = model.groups.iter().flatten();
    if rule.caps.usd.is_some()
        && let Some(target) = targets.find(|target| target.facts.price.is_none())
        && rule.account.tells_of_unpriced()
    {
        tracing::warn!(budget = %rule.name, target = %target.id, "its price is not known: its calls do not count");
    }
}

fn anyway(rule: &Rule, amount: Amount) -> Held {
    if rule.account.tells() {
        tracing::warn!(budget = %rule.name, "used up; calls go on, as it is configured");
    }
    rule.account.hold_anyway(amount)
}

impl Need {
    pub(super) fn of(call: &Call) -> Self {
        *call.need.get_or_init(|| Self::estimate(call))
    }

    fn estimate(call: &Call) -> Self {
        let size = call.body.len();
        let input = if size > SMALL { call.prompt_tokens() } else { None };
        let said = call.head.answer_limit.map(|limit| limit.all);
        let input = input.unwrap_or_else(|| estimate::of_bytes(size as u64));
        Self { input, output: said.unwrap_or(USUAL), said: said.is_some() }
    }

    /// With the dearest of `targets`.
    pub(super) fn at_most<'t>(&self, call: &Call, targets: impl IntoIterator<Item = &'t Target>) -> Amount {
        let mut most = Amount::of_a_call(0, Usd::ZERO);
        for target in targets {
            let output = target.facts.output.map_or(self.output, |cap| self.output.min(cap));
            let usage = Usage { input: Some(self.input), output: Some(output), ..Usage::default() };
            // A class that was asked for is not always what is given.
            let dearer = |price: &Price| price.cost(&usage).max(price.cost_as(&usage, call.service_asked(price)));
            let cost = target.facts.price.as_ref().and_then(dearer);
            most.tokens = most.tokens.max(Amount::of_a_call(self.input.saturating_add(output), Usd::ZERO).tokens);
            most.usd = most.usd.max(cost.unwrap_or_default());
        }
        most
    }

    /// A call that has not said how long its answer may be is let in where there is nothing else.
    pub(super) fn within(&self, rule: &Rule, amount: Amount) -> Amount {
        if self.said { amount } else { rule.caps.clip(amount) }
    }
}

/// What the client is told: which limit, how much of it is used, and until when.
pub(super) fn refusal(rule: &Rule, short: &Short) -> Fault {
    let (caps, used, needed, per) = (&rule.caps, &short.used, &short.needed, rule.account.period.as_str());
    let (kind, limit, used, needed) = match short.meter {
        Meter::Money => {
            let limit = format!("{} USD", caps.usd.unwrap_or_default());
            (FaultKind::OverBudget, limit, format!("{} USD", used.usd), format!("{} USD", needed.usd))
        }
        Meter::Tokens => {
            let limit = format!("{} tokens", caps.tokens.unwrap_or(0));
            (FaultKind::OverLimit, limit, used.tokens.to_string(), needed.tokens.to_string())
        }
        Meter::Requests => {
            let limit = format!("{} requests", caps.requests.unwrap_or(0));
            (FaultKind::OverLimit, limit, used.requests.to_string(), needed.requests.to_string())
        }
    };
    let until = match short.room_in {
        None => "that is more than there is at all: let its answer be shorter".to_owned(),
        Some(pause) => format!("there may be room again {}", when(pause)),
    };
    let name = &rule.name;
    let message = format!(
        "`{name}` has {limit} per {per}, of which {used} are used or held for calls under way; this call may need \
         {needed}; {until}"
    );
    Fault { retry_after: short.room_in, ..Fault::new(kind, message) }
}

/// `in 12s`, or at a time of the calendar where that is far.
fn when(pause: Duration) -> String {
    if pause < Duration::from_secs(120) {
        return format!("in {}s", pause.as_secs_f64().ceil());
    }
    let at = chrono::DateTime::<chrono::Utc>::from(std::time::SystemTime::now() + pause);
    format!("at {}", at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
}
