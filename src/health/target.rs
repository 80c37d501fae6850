//! How one target is doing: the handle that a call reports to.
//!
//! [`TargetHealth::start`] gives a guard for the whole call: it fails, or it is answered and may break after that, and
//! it may be dropped at any time because the client left. Only faults that are the target's own count against it; a
//! 400 or a 429 proves that it lives.
//!
//! Not obvious: a call that meets a closed breaker takes no lock to start. The breaker's epoch is kept beside the lock
//! and is even exactly while it is closed, so one look tells both whether the call is ordinary and what to remember.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::*};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::breaker::{Breaker, Pass, Standing};
use super::gate::{Gate, Room};
use super::latency::{After, Latency, Quantiles};
use super::lock;
use super::measures::Measures;
use super::moment::Moment;
use super::pace::Pace;
use crate::canonical::{Blame, Fault, FaultKind, Usage};
use crate::names::TargetId;

/// A provider may send a page of HTML as its error; the operator needs the first line.
const MESSAGE_CHARS: usize = 200;

/// A target that comes back has cold caches, and often less capacity than it will have: it gets its share by degrees.
const SLOW_START: Duration = Duration::from_secs(15);

/// What of its share it gets at once. Less would hardly show whether it is really back.
const FIRST_SHARE: f64 = 0.1;

/// How one target is doing. Kept over reloads.
#[derive(Debug)]
pub struct TargetHealth {
    id: TargetId,
    /// That of the breaker, written under the lock only.
    epoch: AtomicU32,
    in_flight: AtomicUsize,
    /// It asked to be left alone until then, whatever the key.
    rests_until: Moment,
    /// When its latest outage was over. That of the breaker, written under the lock only.
    recovered: Moment,
    /// How soon streams begin.
    first_token: Pace,
    /// How soon answers that are not streamed are there.
    whole_reply: Pace,
    /// How long a thousand tokens take, once an answer has begun.
    speed: Pace,
    gate: Arc<Gate>,
    measures: Measures,
    learned: Mutex<Learned>,
}

#[derive(Debug, Default)]
struct Learned {
    breaker: Breaker,
    first_token: Latency,
    whole_reply: Latency,
    speed: Latency,
    last_fault: Option<(Instant, LastFault)>,
}

/// A call under way, to be kept until its answer has ended. Dropping it says nothing against the target: the answer
/// was complete, or the client left.
#[derive(Debug)]
pub struct InFlight {
    target: Arc<TargetHealth>,
    /// Given back if no outcome has used it.
    pass: Option<Pass>,
    started: Instant,
    /// Its answer is not streamed: what is waited for is the whole of it.
    whole: bool,
    /// Its first token came so long after its start.
    began: Option<Duration>,
    /// Given back when its answer has ended.
    room: Option<Room>,
}

/// What the operator is shown.
#[derive(Clone, Debug, serde::Serialize)]
pub struct TargetReport {
    /// What the next call will find: `healthy`, `trial` (the rest is over) or `open`.
    pub health: &'static str,
    /// What the breaker is: `closed`, `trial` (one is under way) or `open`.
    pub breaker: &'static str,
    /// Time left until the next trial, while it rests.
    pub rests_for_ms: Option<u64>,
    /// Time left for which it asked to be left alone, whatever the key (Retry-After).
    pub paused_for_ms: Option<u64>,
    /// Calls under way.
    pub in_flight: usize,
    /// Faults since the last success.
    pub consecutive_faults: u32,
    /// Of the calls of the last half minute; absent without one.
    pub success_share: Option<f64>,
    /// Of the last hundred streams; absent before the first.
    pub first_token_ms: Option<Quantiles>,
    /// Of the last hundred answers that were not streamed; absent before the first.
    pub whole_reply_ms: Option<Quantiles>,
    /// The latest thing that went wrong, be it the target's fault or its key's.
    pub last_fault: Option<LastFault>,
}

/// The latest thing that went wrong.
#[derive(Clone, Debug, serde::Serialize)]
pub struct LastFault {
    /// What it was, as metrics name it.
    pub kind: &'static str,
    /// The status, if the provider answered.
    pub status: Option<u16>,
    /// How long ago it was.
    pub seconds_ago: u64,
    /// What the client would be told.
    pub message: String,
}

impl TargetHealth {
    /// A target that nothing is known of: healthy until it shows otherwise.
    pub fn new(id: TargetId) -> Self {
        Self {
            id,
            epoch: AtomicU32::new(0),
            in_flight: AtomicUsize::new(0),
            rests_until: Moment::none(),
            recovered: Moment::none(),
            first_token: Pace::default(),
            whole_reply: Pace::default(),
            speed: Pace::default(),
            gate: Arc::default(),
            measures: Measures::new(),
            learned: Mutex::default(),
        }
    }

    /// Its name.
    pub fn id(&self) -> &TargetId {
        &self.id
    }

    /// Whether it may be called.
    pub fn standing(&self, now: Instant) -> Standing {
        match self.closed_epoch() {
            Some(_) => Standing::Healthy,
            None => lock(&self.learned).breaker.standing(now),
        }
    }

    /// What of its share of the calls it gets, in `0..=1`: less than all in the first seconds after an outage.
    pub fn warmth(&self, now: Instant) -> f64 {
        match self.recovered.get() {
            None => 1.0,
            Some(at) => {
                let warm = now.saturating_duration_since(at).as_secs_f64() / SLOW_START.as_secs_f64();
                warm.clamp(FIRST_SHARE, 1.0)
            }
        }
    }

    /// It asked to be left alone: by all, not only by one of its keys. Of several such rests the longest counts.
    pub fn rest(&self, until: Instant) {
        self.rests_until.not_before(until);
    }

    /// How long it still wants to be left alone; `None` if it may be asked.
    pub fn resting(&self, now: Instant) -> Option<Duration> {
        self.rests_until.left(now)
    }

    /// A call begins. If the target is on trial and the permit is free, this call is the trial; if it is not free,
    /// or the target still rests, the call is made all the same: whoever starts it had nothing better.
    pub fn start(self: &Arc<Self>, now: Instant) -> InFlight {
        self.in_flight.fetch_add(1, Relaxed);
        let pass = match self.closed_epoch() {
            Some(epoch) => Pass::ordinary(epoch),
            None => self.learn(|learned| learned.breaker.admit(now)),
        };
        InFlight { target: self.clone(), pass: Some(pass), started: now, whole: false, began: None, room: None }
    }

    /// What its calls have shown.
    pub fn measures(&self) -> &Measures {
        &self.measures
    }

    /// Where its calls are limited.
    pub fn gate(&self) -> &Arc<Gate> {
        &self.gate
    }

    /// How long its own history says that a stream's first token is worth waiting for: `max(5 s, 4 x p99)` of its last
    /// hundred streams. `None` with fewer than twenty.
    pub fn first_token_deadline(&self) -> Option<Duration> {
        self.first_token.deadline()
    }

    /// When an answer is late, by the history of streams or of answers that are not streamed. `None` while too little
    /// is known.
    pub fn late_after(&self, after: After, streamed: bool) -> Option<Duration> {
        if streamed { self.first_token.late_after(after) } else { self.whole_reply.late_after(after) }
    }

    /// Seconds to the first token, of so many percent of its latest streams; `None` while too little is known.
    pub fn first_token_at(&self, percent: u8) -> Option<f64> {
        self.first_token.at(percent).map(|time| time.as_secs_f64())
    }

    /// Tokens a second, of which so many percent of its latest streams had at least as many.
    pub fn throughput_at(&self, percent: u8) -> Option<f64> {
        self.speed.at(percent).map(|time| 1_000.0 / time.as_secs_f64())
    }

    /// Calls under way.
    pub fn in_flight(&self) -> usize {
        self.in_flight.load(Relaxed)
    }

    /// For a gauge: 0 closed, 1 on trial, 2 open.
    pub fn breaker_state(&self) -> u8 {
        lock(&self.learned).breaker.state()
    }

    /// What the operator is shown.
    pub fn report(&self, now: Instant) -> TargetReport {
        let mut learned = lock(&self.learned);
        let standing = learned.breaker.standing(now);
        TargetReport {
            health: match standing {
                Standing::Healthy => "healthy",
                Standing::Trial { .. } => "trial",
                Standing::Open { .. } => "open",
            },
            breaker: ["closed", "trial", "open"][usize::from(learned.breaker.state())],
            rests_for_ms: match standing {
                Standing::Open { until } if until > now => Some((until - now).as_millis() as u64),
                _ => None,
            },
            paused_for_ms: self.rests_until.left(now).map(|left| left.as_millis() as u64),
            in_flight: self.in_flight(),
            consecutive_faults: learned.breaker.faults_in_a_row(),
            success_share: learned.breaker.counts(now).share(),
            first_token_ms: learned.first_token.quantiles(),
            whole_reply_ms: learned.whole_reply.quantiles(),
            last_fault: learned.last_fault.as_ref().map(|(at, fault)| LastFault {
                seconds_ago: now.saturating_duration_since(*at).as_secs(),
                ..fault.clone()
            }),
        }
    }

    /// The epoch, if the breaker is closed.
    fn closed_epoch(&self) -> Option<u32> {
        let epoch = self.epoch.load(Acquire);
        epoch.is_multiple_of(2).then_some(epoch)
    }

    /// The only way to change what is learned: keeps the epoch outside of the lock true.
    fn learn<T>(&self, change: impl FnOnce(&mut Learned) -> T) -> T {
        let mut learned = lock(&self.learned);
        let result = change(&mut learned);
        if learned.breaker.recovered() != self.recovered.get()
            && let Some(at) = learned.breaker.recovered()
        {
            self.recovered.set(at);
        }
        self.epoch.store(learned.breaker.epoch(), Release);
        result
    }
}

impl InFlight {
    /// The same, whose answer is not streamed where `whole`.
    pub fn whole(mut self, whole: bool) -> Self {
        self.whole = whole;
        self
    }

    /// The same, which has taken room.
    pub fn with(mut self, room: Room) -> Self {
        self.room = Some(room);
        self
    }

    /// The first real event has arrived, or the whole of an answer that is not streamed.
    pub fn answered(&mut self, now: Instant, took: Duration) {
        let Some(pass) = self.pass.take() else { return };
        self.began = (!self.whole).then_some(took);
        self.target.measures.answered(now, self.began);
        self.target.learn(|learned| {
            learned.breaker.success(now, pass);
            let (latency, pace) = self.paced(learned);
            latency.record(took);
            pace.follow(latency);
        });
    }

    /// It failed before the first real event.
    pub fn fault(mut self, now: Instant, fault: &Fault) {
        let Some(pass) = self.pass.take() else { return };
        self.measured(now, fault);
        self.target.learn(|learned| {
            learned.remember(now, fault);
            if fault.kind == FaultKind::FirstTokenTimeout {
                let (latency, pace) = self.paced(learned);
                latency.record(now.saturating_duration_since(self.started));
                pace.correct(latency);
            }
            match fault.blame() {
                // Its other addresses have not failed.
                Blame::Target if fault.one_address => learned.breaker.give_back(pass),
                Blame::Target => learned.breaker.fault(now, pass, fastrand::f64()),
                // The target itself said no, to the client or to the key: it lives. What has no status happened here
                // (the client left, the call's time was used up) and proves nothing.
                _ if fault.status.is_some() => learned.breaker.alive(now, pass),
                _ => learned.breaker.give_back(pass),
            }
        });
    }

    /// The history that this call belongs to.
    fn paced<'l>(&self, learned: &'l mut Learned) -> (&'l mut Latency, &Pace) {
        match self.whole {
            true => (&mut learned.whole_reply, &self.target.whole_reply),
            false => (&mut learned.first_token, &self.target.first_token),
        }
    }

    /// The answer has ended as it should, and used so much.
    pub fn ended(self, now: Instant, usage: &Usage) {
        let took = now.saturating_duration_since(self.started);
        self.target.measures.ended(now, took, self.began, usage);
        // A few tokens come all at once, and say nothing of how fast more would.
        if let (Some(began), Some(tokens @ 16..)) = (self.began, usage.output) {
            let a_thousand = took.saturating_sub(began).mul_f64(1_000.0 / tokens as f64);
            self.target.learn(|learned| {
                learned.speed.record(a_thousand);
                self.target.speed.follow(&learned.speed);
            });
        }
    }

    fn measured(&self, now: Instant, fault: &Fault) {
        let measures = &self.target.measures;
        match fault.kind {
            FaultKind::RateLimited => measures.limited(now),
            _ if fault.blame() != Blame::Target || fault.one_address => {}
            kind => {
                if kind == FaultKind::FirstTokenTimeout && !self.whole {
                    measures.late(now, now.saturating_duration_since(self.started));
                }
                measures.failed(now);
            }
        }
    }

    /// The answer broke off after its first real event.
    pub fn broke(self, now: Instant, fault: &Fault) {
        if fault.blame() == Blame::Target {
            self.target.measures.failed(now);
        }
        self.target.learn(|learned| {
            learned.remember(now, fault);
            if fault.blame() == Blame::Target {
                learned.breaker.broke(now, fastrand::f64());
            }
        });
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.target.in_flight.fetch_sub(1, Relaxed);
        if let Some(pass) = self.pass.take_if(|pass| pass.is_trial()) {
            self.target.learn(|learned| learned.breaker.give_back(pass));
        }
    }
}

impl Learned {
    /// The client's own mistakes are no news about the target, and their text may quote the prompt.
    fn remember(&mut self, now: Instant, fault: &Fault) {
        if !matches!(fault.blame(), Blame::Target | Blame::Key) {
            return;
        }
        let message = fault.message.chars().take(MESSAGE_CHARS).collect();
        let fault = LastFault { kind: fault.kind.as_str(), status: fault.status, seconds_ago: 0, message };
        self.last_fault = Some((now, fault));
    }
}

#[cfg(test)]
mod tests;
