//! One allowance as it is used up: before a call it is held what that may cost, after it, settled what it did.
//!
//! How far the spending can go beyond a limit: by what calls in flight cost beyond what is held for them, and no more.
//! That is nothing where a call says how long its answer may be. The lock is held for some tens of instructions.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use smallvec::SmallVec;

use super::amount::{Amount, Caps, Meter};
use super::window::{self, Moment, Period, Window};

/// What was used of one allowance. It outlives reloads, under its name.
#[derive(Debug)]
pub struct Account {
    /// Under which it is remembered: what is counted, for whom, and how long.
    pub key: Box<str>,
    /// How long an allowance lasts.
    pub period: Period,
    start: Instant,
    /// The calendar's clock.
    calendar: fn() -> i64,
    state: Mutex<State>,
    /// Calls that wait for room.
    waiting: AtomicUsize,
    /// In which period it was told last that it is used up.
    told: AtomicI64,
    /// It was told that there are calls whose cost is not known.
    told_unpriced: AtomicBool,
}

#[derive(Debug)]
struct State {
    window: Window,
    /// Of what is used: for calls that have not ended, and in which period these began.
    held: (i64, Amount),
    /// Settled since the journal last asked, by the period in which calls began.
    unsaved: Settled,
    refused: u64,
}

/// What was settled, by the number of the period.
pub type Settled = SmallVec<[(i64, Amount); 1]>;

/// So many periods are told apart: this one, the last, and those of a clock that is set.
const MOST_PERIODS: usize = 4;

/// An allowance that is not enough.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Short {
    /// Of what.
    pub meter: Meter,
    /// What is used and held already.
    pub used: Amount,
    /// What was to be held beside it.
    pub needed: Amount,
    /// When there may be room. `None`: never for this call.
    pub room_in: Option<Duration>,
}

/// What is held for one call. Dropped, it is given back, but for the request.
#[derive(Debug)]
pub struct Held {
    account: Arc<Account>,
    tick: i64,
    amount: Amount,
    settled: bool,
}

/// How an allowance stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standing {
    /// By calls that have ended.
    pub spent: Amount,
    /// For calls that have not.
    pub held: Amount,
    /// Calls that were refused because of it.
    pub refused: u64,
    /// Until something, or all, of it is there again.
    pub renewed_in: Option<Duration>,
}

impl Account {
    /// Nothing used.
    pub fn new(key: &str, period: Period) -> Self {
        let held = (i64::MIN, Amount::default());
        let state = State { window: Window::new(period), held, unsaved: Settled::new(), refused: 0 };
        Self {
            key: key.into(),
            period,
            start: tokio::time::Instant::now().into_std(),
            calendar: window::unix,
            state: Mutex::new(state),
            waiting: AtomicUsize::new(0),
            told: AtomicI64::new(i64::MIN),
            told_unpriced: AtomicBool::new(false),
        }
    }

    /// The same by another calendar, which may be set.
    #[cfg(test)]
    pub(super) fn by(self, calendar: fn() -> i64) -> Self {
        Self { calendar, ..self }
    }

    /// Holds `amount`, if there is so much.
    pub fn hold(self: &Arc<Self>, caps: &Caps, amount: Amount) -> Result<Held, Short> {
        let now = self.now();
        let mut state = self.state();
        if let Some(short) = state.short(caps, amount, now) {
            state.refused += 1;
            return Err(short);
        }
        Ok(self.held(&mut state, amount, now))
    }

    /// What would be said if `amount` were to be held now; `None`: there is enough. Changes nothing.
    pub fn lacks(&self, caps: &Caps, amount: Amount) -> Option<Short> {
        self.state().short(caps, amount, self.now())
    }

    /// Holds `amount`, be there so much or not.
    pub fn hold_anyway(self: &Arc<Self>, amount: Amount) -> Held {
        let now = self.now();
        self.held(&mut self.state(), amount, now)
    }

    /// How it stands.
    pub fn standing(&self, caps: &Caps) -> Standing {
        let now = self.now();
        let mut state = self.state();
        let mut spent = state.window.used(now);
        let rolls = !self.period.is_of_the_calendar();
        let (tick, held) = state.held;
        let held = if rolls || tick == self.period.tick(now) { held } else { Amount::default() };
        spent -= held;
        let spent = spent.at_least_nothing(); // what is held may be of parts that are over
        let one = Amount { requests: 1, ..Amount::default() };
        Standing { spent, held, refused: state.refused, renewed_in: state.window.room_in(caps, one, now) }
    }

    /// What was used before this process began, or by others beside it, in the period that is `tick`.
    pub fn learn(&self, tick: i64, amount: Amount) {
        let now = self.now();
        let mut state = self.state();
        if self.period.tick(now) == tick {
            state.window.take(amount, now);
        }
    }

    /// What was settled since this was last asked, of accounts of the calendar.
    pub fn unsaved(&self) -> Settled {
        std::mem::take(&mut self.state().unsaved)
    }

    /// It could not be saved.
    pub fn still_unsaved(&self, tick: i64, amount: Amount) {
        self.state().save_later(tick, amount);
    }

    /// The period that it is.
    pub fn tick(&self) -> i64 {
        self.period.tick(self.now())
    }

    /// A place among those who wait for room, if fewer than `most` do.
    pub fn wait(self: &Arc<Self>, most: usize) -> Option<Waiting> {
        let place = Waiting(self.clone());
        (self.waiting.fetch_add(1, Relaxed) < most).then_some(place)
    }

    /// Whether this is the first time in its period that it has to be told that it is used up; of those that roll, at all.
    pub fn tells(&self) -> bool {
        let period = if self.period.is_of_the_calendar() { self.tick() } else { 0 };
        self.told.swap(period, Relaxed) != period
    }

    /// Whether this is the first time that it has to be told that costs are not known.
    pub fn tells_of_unpriced(&self) -> bool {
        !self.told_unpriced.swap(true, Relaxed)
    }

    fn held(self: &Arc<Self>, state: &mut State, amount: Amount, now: Moment) -> Held {
        let tick = state.window.take(amount, now);
        if self.period.is_of_the_calendar() && state.held.0 != tick {
            state.held = (tick, Amount::default()); // those before do not count in this one
        }
        state.held.1 += amount;
        Held { account: self.clone(), tick, amount, settled: false }
    }

    fn now(&self) -> Moment {
        Moment::now(self.start, (self.calendar)())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn save_later(&mut self, tick: i64, amount: Amount) {
        if amount == Amount::default() {
            return;
        }
        match self.unsaved.iter().position(|(known, _)| *known == tick) {
            Some(index) => self.unsaved[index].1 += amount,
            None if self.unsaved.len() < MOST_PERIODS => self.unsaved.push((tick, amount)),
            None => {} // nobody's clock is set so often in half a second
        }
    }

    /// What `amount` would be too much for.
    fn short(&mut self, caps: &Caps, amount: Amount, now: Moment) -> Option<Short> {
        let used = self.window.used(now);
        let mut then = used;
        then += amount;
        let meter = caps.exceeded_by(&then)?;
        Some(Short { meter, used, needed: amount, room_in: self.window.room_in(caps, amount, now) })
    }
}

impl Held {
    /// So much was used in truth.
    pub fn settle(mut self, actual: Amount) {
        self.settle_for(actual);
    }

    /// The account.
    pub fn account(&self) -> &Arc<Account> {
        &self.account
    }

    fn settle_for(&mut self, actual: Amount) {
        if std::mem::replace(&mut self.settled, true) {
            return;
        }
        let mut state = self.account.state();
        let mut more = actual;
        more -= self.amount;
        state.window.correct(self.tick, more);
        let kept = self.account.period.is_of_the_calendar();
        if !kept || state.held.0 == self.tick {
            state.held.1 -= self.amount;
        }
        if kept {
            state.save_later(self.tick, actual);
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let requests = self.amount.requests;
        self.settle_for(Amount { requests, ..Amount::default() });
    }
}

/// One that waits for room, until it is dropped.
#[derive(Debug)]
pub struct Waiting(Arc<Account>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests;
