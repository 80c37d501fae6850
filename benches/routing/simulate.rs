//! The day, served by one policy.
//!
//! Every call is tried until it is answered, so that all policies have the same success and differ in what that cost: the
//! dollars paid, and the time, priced as the default scoring prices it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use outrider::canonical::{Fault, FaultKind, Usage};
use outrider::health::InFlight;
use outrider::routing::Model;
use outrider::routing::plan::{Plan, Question};
use outrider::routing::score::{Estimate, Scoring};

use super::world::{Call, Found, Provider, calls};

/// Who decides.
pub enum Policy {
    /// Outrider, with this model.
    Routed(Arc<Model>),
    /// Who knows how everybody is doing at this very moment, and what that costs.
    Oracle,
}

/// What came of a day.
pub struct Day {
    /// Dollars paid.
    pub dollars: f64,
    /// Dollars and time together.
    pub cost: f64,
    /// Seconds to the first token, and to the end: of half, and of 95 in a hundred.
    pub first_token: (f64, f64),
    pub whole: (f64, f64),
    /// The share of calls answered at their first try.
    pub at_once: f64,
}

enum Event {
    Arrives(Call),
    /// The next try of a call that began at its own time. So many were made.
    Tries(Call, Vec<usize>, usize),
    Began(usize, Duration, Box<(InFlight, Call, Duration)>),
    Ends(usize, InFlight, Call),
    Fails(usize, InFlight, FaultKind),
}

/// After a whole round in vain.
const PAUSE: f64 = 1.0;

/// A provider that says 429 is left alone for so long.
const REST: Duration = Duration::from_secs(1);

struct Run<'w> {
    policy: &'w Policy,
    providers: &'w [Provider],
    busy: Vec<usize>,
    start: Instant,
    queue: BinaryHeap<Reverse<(u64, u64)>>,
    events: Vec<Option<Event>>,
    free: Vec<usize>,
    number: u64,
    dice: fastrand::Rng,
    dollars: f64,
    tries: u64,
    at_once: u64,
    answers: Vec<(f32, f32)>,
}

/// The day of `seed` with so many calls.
pub fn day(policy: &Policy, providers: &[Provider], seed: u64, count: u64) -> Day {
    let mut run = Run {
        policy,
        providers,
        busy: vec![0; providers.len()],
        start: Instant::now() + Duration::from_secs(1),
        queue: BinaryHeap::new(),
        events: Vec::new(),
        free: Vec::new(),
        number: 0,
        dice: fastrand::Rng::with_seed(seed ^ 0xd1ce),
        dollars: 0.0,
        tries: 0,
        at_once: 0,
        answers: Vec::with_capacity(count as usize),
    };
    let mut arrivals = calls(seed, count);
    let mut next = arrivals.next();
    loop {
        let due = run.queue.peek().map(|Reverse((at, _))| *at);
        match (&next, due) {
            (Some(call), due) if due.is_none_or(|due| (call.at * 1e6) as u64 <= due) => {
                let call = *call;
                next = arrivals.next();
                run.happens((call.at * 1e6) as u64, Event::Arrives(call));
            }
            (_, Some(_)) => {
                let Some(Reverse((at, key))) = run.queue.pop() else { break };
                let slot = (key & 0xffff_ffff) as usize;
                let Some(event) = run.events[slot].take() else { continue };
                run.free.push(slot);
                run.happens(at, event);
            }
            (_, None) => break,
        }
    }
    run.told()
}

impl Run<'_> {
    fn later(&mut self, at: u64, event: Event) {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.events.push(None);
            self.events.len() - 1
        });
        self.events[slot] = Some(event);
        self.number += 1;
        self.queue.push(Reverse((at, self.number << 32 | slot as u64)));
    }

    fn happens(&mut self, at: u64, event: Event) {
        let now = self.start + Duration::from_micros(at);
        match event {
            Event::Arrives(call) => {
                let order = self.order(&call, now, at as f64 / 1e6);
                self.tried(at, call, order, 0);
            }
            Event::Tries(call, order, tries) => self.tried(at, call, order, tries),
            Event::Began(who, first, rest) => {
                let (mut in_flight, call, whole) = *rest;
                in_flight.answered(now, first);
                self.later(at + (whole - first).as_micros() as u64, Event::Ends(who, in_flight, call));
            }
            Event::Ends(who, in_flight, call) => {
                self.busy[who] -= 1;
                let (input, output) = (Some(call.input as u64), Some(call.output as u64));
                in_flight.ended(now, &Usage { input, output, ..Usage::default() });
            }
            Event::Fails(who, in_flight, kind) => {
                self.busy[who] -= 1;
                in_flight.fault(now, &Fault { status: Some(500), ..Fault::new(kind, "simulated") });
            }
        }
    }

    /// Whom a call asks, the first first.
    fn order(&mut self, call: &Call, now: Instant, at: f64) -> Vec<usize> {
        match self.policy {
            Policy::Oracle => self.best_now(call, at),
            Policy::Routed(model) => {
                let estimate = Estimate { input: Some(call.input as f32), output_at_most: None };
                let question = Question { estimate, ..Question::at(now) };
                let plan = Plan::new(model.clone(), &question, || self.dice.f64());
                let order = plan.map(|plan| plan.order).unwrap_or_default();
                order.iter().map(|candidate| usize::from(candidate.index)).collect()
            }
        }
    }

    fn best_now(&self, call: &Call, at: f64) -> Vec<usize> {
        let weights = Scoring::default();
        let expected = |who: usize| {
            let state = self.providers[who].state(at, self.busy[who]);
            let time = state.first_token * f64::from(weights.first_token)
                + (state.first_token + call.output / state.speed) * f64::from(weights.time);
            let fails = if state.full { 1.0 } else { state.errors };
            // A try that fails costs its time, and then another has to answer.
            self.providers[who].cost(call) + time + fails * 0.01
        };
        let mut order: Vec<usize> = (0..self.providers.len()).collect();
        order.sort_by(|a, b| expected(*a).total_cmp(&expected(*b)));
        order
    }

    fn tried(&mut self, at: u64, call: Call, order: Vec<usize>, tries: usize) {
        let who = order[tries % order.len()];
        let now = self.start + Duration::from_micros(at);
        self.tries += 1;
        let salt = (who as u64) << 32 ^ (tries as u64).wrapping_mul(0x5851_f42d_4c95_7f2d);
        let found = self.providers[who].ask(&call, at as f64 / 1e6, self.busy[who], salt);
        let health = match self.policy {
            Policy::Routed(model) => model.groups[0][who].health.clone(),
            _ => Arc::new(outrider::health::TargetHealth::new("nobody/knows".into())),
        };
        self.busy[who] += 1;
        let in_flight = health.start(now);
        let again = |after: Duration| {
            let round = (tries + 1).is_multiple_of(order.len());
            at + after.as_micros() as u64 + if round { (PAUSE * 1e6) as u64 } else { 0 }
        };
        let after = |after: Duration| at + after.as_micros() as u64;
        match found {
            Found::Answer(first, whole) => {
                self.dollars += self.providers[who].cost(&call);
                self.at_once += u64::from(tries == 0);
                let waited = at as f64 / 1e6 - call.at;
                self.answers.push(((waited + first.as_secs_f64()) as f32, (waited + whole.as_secs_f64()) as f32));
                self.later(after(first), Event::Began(who, first, Box::new((in_flight, call, whole))));
            }
            Found::Error(time) => {
                self.later(after(time), Event::Fails(who, in_flight, FaultKind::ServerError));
                let next = again(time);
                self.later(next, Event::Tries(call, order, tries + 1));
            }
            Found::Limited(time) => {
                health.rest(now + REST);
                self.later(after(time), Event::Fails(who, in_flight, FaultKind::RateLimited));
                let next = again(time);
                self.later(next, Event::Tries(call, order, tries + 1));
            }
        }
    }

    fn told(mut self) -> Day {
        let weights = Scoring::default();
        let count = self.answers.len();
        let seconds = |of: fn(&(f32, f32)) -> f32| self.answers.iter().map(|one| f64::from(of(one))).sum::<f64>();
        let time =
            seconds(|one| one.0) * f64::from(weights.first_token) + seconds(|one| one.1) * f64::from(weights.time);
        let at_once = self.at_once as f64 / count as f64;
        let dollars = self.dollars;
        let mut quantiles = |of: fn(&(f32, f32)) -> f32| {
            self.answers.sort_unstable_by(|a, b| of(a).total_cmp(&of(b)));
            let at = |share: f64| f64::from(of(&self.answers[((count as f64 * share) as usize).min(count - 1)]));
            (at(0.5), at(0.95))
        };
        let (first_token, whole) = (quantiles(|one| one.0), quantiles(|one| one.1));
        Day { dollars, cost: dollars + time, first_token, whole, at_once }
    }
}
