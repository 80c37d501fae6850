//! Whether a target may be called: closed, open, or on trial.
//!
//! A pure state machine: the clock and the dice are arguments. A closed breaker counts; enough faults open it; when
//! its rest is over, exactly one call is admitted as a trial, whose outcome closes it or begins a longer rest.
//!
//! Not obvious: nobody is turned away here. When no better target is left, a call is made in spite of an open breaker
//! and is counted as forced. And outcomes carry the epoch in which their call began, because calls that hung before
//! the breaker opened come home during, or after, the outage, and would open or close it on old evidence.

use std::time::{Duration, Instant};

use super::window::{Counts, Window};

/// Five in a row is no accident: even at a fault rate of 20 % it happens to one call in 3,000.
const FAULTS_IN_A_ROW: u32 = 5;

/// Below this share of successes a target costs more tries than it saves.
const SHARE: f64 = 0.5;

/// With fewer calls in the window the share is noise: 20 make 9 successes unlikely (2 %) for a target that is at 70 %.
const CALLS_FOR_SHARE: u32 = 20;

/// A restart or a blip of the network is over in about this time.
const FIRST_REST: Duration = Duration::from_secs(1);

/// A longer rest would keep traffic off a target that is back: with the few seconds until a trial is made, it is in use
/// again within 30 s. At this one, an outage costs three or four trials a minute.
const LONGEST_REST: Duration = Duration::from_secs(20);

/// Opened again so soon after it closed, it is the same outage, and the rests go on growing.
const SAME_OUTAGE: Duration = Duration::from_secs(30);

/// See the module.
#[derive(Debug, Default)]
pub struct Breaker {
    state: State,
    /// Grows whenever the breaker closes or leaves being closed: even is closed, odd is not.
    epoch: u32,
    /// How many rests this outage has had.
    rests: u32,
    closed_at: Option<Instant>,
    window: Window,
}

/// What a caller may know about a breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Call it.
    Healthy,
    /// The rest is over: one trial is admitted.
    Trial {
        /// The end of the rest.
        since: Instant,
    },
    /// It rests. Where `until` has passed, a trial is under way.
    Open {
        /// The end of the rest.
        until: Instant,
    },
}

/// How a call was let through; its outcome is reported with it.
#[derive(Debug)]
pub struct Pass {
    epoch: u32,
    trial: bool,
}

#[derive(Clone, Copy, Debug, Default)]
enum State {
    #[default]
    Closed,
    Open {
        until: Instant,
    },
    /// The trial's permit is taken. `rested` is the end of the rest before it.
    Trial {
        rested: Instant,
    },
}

impl Breaker {
    /// Whether it may be called.
    pub fn standing(&self, now: Instant) -> Standing {
        match self.state {
            State::Closed => Standing::Healthy,
            State::Open { until } if until <= now => Standing::Trial { since: until },
            State::Open { until } | State::Trial { rested: until } => Standing::Open { until },
        }
    }

    /// Lets a call through: as the trial, if one is due and not taken.
    pub fn admit(&mut self, now: Instant) -> Pass {
        let trial = matches!(self.standing(now), Standing::Trial { .. });
        if let State::Open { until } = self.state
            && trial
        {
            self.state = State::Trial { rested: until };
        }
        Pass { epoch: self.epoch, trial }
    }

    /// The call was answered. A forced call proves as much as the trial does.
    pub fn success(&mut self, now: Instant, pass: Pass) {
        if pass.epoch == self.epoch {
            self.close(now);
            self.window.success(now);
        }
    }

    /// The target said no for a reason that is not its own: that is no success, but it lives.
    pub fn alive(&mut self, now: Instant, pass: Pass) {
        if pass.epoch == self.epoch {
            self.close(now);
        }
    }

    /// The call failed. `dice`, in `0..1`, spreads the rests of many processes that saw the same outage begin.
    pub fn fault(&mut self, now: Instant, pass: Pass, dice: f64) {
        if pass.epoch != self.epoch {
            return;
        }
        self.window.fault(now);
        if pass.trial || self.tripped(now) {
            self.open(now, dice);
        }
    }

    /// A stream broke after its first token, that is, after its call had been counted as a success.
    pub fn broke(&mut self, now: Instant, dice: f64) {
        self.window.broke(now);
        if self.tripped(now) {
            self.open(now, dice);
        }
    }

    /// The call ended without a word about the target: its permit, if it has one, goes to the next call.
    pub fn give_back(&mut self, pass: Pass) {
        if let State::Trial { rested } = self.state
            && pass.trial
            && pass.epoch == self.epoch
        {
            self.state = State::Open { until: rested };
        }
    }

    /// Even while closed; an outcome counts only in the epoch in which its call began.
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// For a gauge: 0 closed, 1 on trial, 2 open.
    pub fn state(&self) -> u8 {
        match self.state {
            State::Closed => 0,
            State::Trial { .. } => 1,
            State::Open { .. } => 2,
        }
    }

    /// When its latest outage was over; `None` before the first, and during one.
    pub fn recovered(&self) -> Option<Instant> {
        self.closed_at.filter(|_| self.is_closed())
    }

    /// Faults since the last success.
    pub fn faults_in_a_row(&self) -> u32 {
        self.window.faults_in_a_row()
    }

    /// Outcomes of the last half minute.
    pub fn counts(&mut self, now: Instant) -> Counts {
        self.window.counts(now)
    }

    fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed)
    }

    /// It is closed, and should not be.
    fn tripped(&mut self, now: Instant) -> bool {
        if !self.is_closed() {
            return false;
        }
        let counts = self.window.counts(now);
        let too_few = counts.calls() >= CALLS_FOR_SHARE && counts.share().is_some_and(|share| share < SHARE);
        too_few || self.window.faults_in_a_row() >= FAULTS_IN_A_ROW
    }

    fn open(&mut self, now: Instant, dice: f64) {
        if self.is_closed() {
            self.epoch = self.epoch.wrapping_add(1);
            let same_outage = self.closed_at.is_some_and(|at| now.saturating_duration_since(at) < SAME_OUTAGE);
            self.rests = if same_outage { self.rests } else { 0 };
        }
        self.state = State::Open { until: now + rest(self.rests, dice) };
        self.rests += 1;
    }

    fn close(&mut self, now: Instant) {
        if self.is_closed() {
            return;
        }
        self.epoch = self.epoch.wrapping_add(1);
        self.state = State::Closed;
        self.closed_at = Some(now);
        self.window = Window::default();
    }
}

impl Pass {
    /// The pass of a call that met a closed breaker, which takes no permit: [`Breaker::epoch`] is enough to know.
    pub fn ordinary(epoch: u32) -> Self {
        Self { epoch, trial: false }
    }

    /// It is the trial's permit, for which [`Breaker::give_back`] matters.
    pub fn is_trial(&self) -> bool {
        self.trial
    }
}

/// The rest after `rests` earlier ones: doubled each time, and between half and all of that, as the dice fall. Less
/// than half would be no rest; without dice, a fleet of sidecars would come back all at once.
fn rest(rests: u32, dice: f64) -> Duration {
    let whole = FIRST_REST.saturating_mul(1 << rests.min(16)).min(LONGEST_REST);
    whole.mul_f64(0.5 + dice / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A breaker, its clock, and the calls that are under way.
    struct World {
        breaker: Breaker,
        now: Instant,
        under_way: std::collections::VecDeque<Pass>,
    }

    impl World {
        fn new() -> Self {
            Self { breaker: Breaker::default(), now: Instant::now(), under_way: Default::default() }
        }

        /// `[` a call starts; `s` `f` `a` `g` the oldest call under way succeeds, fails, shows the target alive, says
        /// nothing; `S` `F` the newest does. Without a call under way, one starts. `b` a stream breaks. A digit lets
        /// so many seconds pass, and is the only thing that takes time. Rests are as long as they can be.
        fn tell(&mut self, story: &str) {
            for step in story.chars() {
                let now = self.now;
                if "sfagSF".contains(step) && self.under_way.is_empty() {
                    self.under_way.push_back(self.breaker.admit(now));
                }
                match step {
                    '[' => self.under_way.push_back(self.breaker.admit(now)),
                    's' => self.breaker.success(now, self.under_way.pop_front().unwrap()),
                    'f' => self.breaker.fault(now, self.under_way.pop_front().unwrap(), 1.0),
                    'a' => self.breaker.alive(now, self.under_way.pop_front().unwrap()),
                    'g' => self.breaker.give_back(self.under_way.pop_front().unwrap()),
                    'S' => self.breaker.success(now, self.under_way.pop_back().unwrap()),
                    'F' => self.breaker.fault(now, self.under_way.pop_back().unwrap(), 1.0),
                    'b' => self.breaker.broke(now, 1.0),
                    _ => self.now += Duration::from_secs(step.to_digit(10).unwrap().into()),
                }
            }
        }

        fn standing(&self) -> String {
            match self.breaker.standing(self.now) {
                Standing::Healthy => "healthy".into(),
                Standing::Trial { .. } => "trial".into(),
                Standing::Open { until } if until <= self.now => "under trial".into(),
                Standing::Open { until } => format!("open {}", (until - self.now).as_secs()),
            }
        }
    }

    fn check(story: &str, expected: &str) {
        let mut world = World::new();
        world.tell(story);
        assert_eq!(world.standing(), expected, "{story}");
        assert_eq!(world.breaker.epoch().is_multiple_of(2), world.breaker.is_closed(), "{story}");
    }

    #[test]
    fn opens_on_faults() {
        check("", "healthy");
        check("ffff", "healthy");
        check("fffsffff", "healthy");
        check("fffff", "open 1");
        check("ffgagff", "healthy"); // what says nothing neither counts nor contradicts
        check("ffgagfff", "open 1");
        check("ssssssssssffsffsffsff", "healthy"); // 13 of 21
        check("fsfffsfffsfffsfffsff", "open 1"); // 5 of 20
        check("fsfffsfffsfffsfffsf", "healthy"); // 19 calls are too few to tell
        check("fsfff99fsfffs99fsfffsff", "healthy"); // 20, but not within the window
        check("sbsbsbsb", "healthy");
        check("sbsbsbsbsb", "open 1");
    }

    #[test]
    fn a_rest_ends_in_one_trial() {
        check("fffff1", "trial");
        check("fffff1[", "under trial");
        check("fffff1[[[", "under trial");
        check("fffff1s", "healthy");
        check("fffff1a", "healthy");
        check("fffff1f", "open 2");
        check("fffff1g", "trial");
        check("fffff1[[Fs", "healthy"); // a forced call says nothing by failing,
        check("fffff1[[S", "healthy"); // and as much as the trial by succeeding,
        check("fffff1[[Sf", "healthy"); // whose own outcome comes too late then
    }

    #[test]
    fn rests_grow_and_stop_growing() {
        check("fffff1f2f4f", "open 8");
        check("fffff1f2f4f8f", "open 16");
        check("fffff1f2f4f8f99f", "open 20");
        check("fffff1f2f4f8f99f9993f", "open 20");
        check("fffff1f2f4f8f99f9993s", "healthy");
        check("fffff1f2s9fffff", "open 4"); // the same outage goes on
        check("fffff1f2s9999fffff", "open 1"); // another one
    }

    #[test]
    fn old_outcomes_prove_nothing() {
        check("[[[[[[[[[ffffff", "open 1"); // the rest of them neither lengthens the rest
        check("[[[[[[[[[fffffs", "open 1"); // nor ends it
        check("[[[[[[[[[[[fffff1[Sffffff", "healthy"); // nor opens again what a trial has closed
        check("[[[fffff1[Sbbbb", "healthy"); // but a stream that breaks now, breaks now
        check("[[[fffff1[Sbbbbb", "open 2");
    }

    #[test]
    fn rests_are_jittered_between_half_and_all() {
        let cases =
            [(0, 0.0, 500), (0, 0.5, 750), (0, 1.0, 1_000), (3, 0.0, 4_000), (99, 0.0, 10_000), (99, 1.0, 20_000)];
        for (rests, dice, millis) in cases {
            assert_eq!(rest(rests, dice), Duration::from_millis(millis), "{rests} {dice}");
        }
    }
}
