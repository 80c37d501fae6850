//! At most so many calls at a time, and a short queue for the rest.
//!
//! A [`Permit`] is a place inside; dropping it gives the place to whoever waits, or back. Who waits is served in order
//! of arrival while waits are short. Once the one who has waited longest has used up half of its patience, the queue is
//! overloaded: then the newest is served first, because it still has time to be answered, while those before it would
//! mostly get their place too late to use it. A full queue turns the newcomer away, or, once overloaded, the oldest.
//!
//! The limit is not kept here: it comes with each call from the call's own snapshot, so that a reload changes it, while
//! the places that are taken stay taken. A call without a limit passes by uncounted.
//!
//! Not obvious: entering and leaving take no lock while nobody waits. A waiter makes itself known before it looks at
//! the number of places taken, and whoever leaves gives up its place before it looks for waiters: one of the two always
//! sees the other.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::*};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::lock;

/// How many may wait, and how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// At most so many at one gate.
    pub size: usize,
    /// Nobody longer than this.
    pub wait: Duration,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Gate {
    /// Places taken.
    inside: AtomicUsize,
    /// Those in the queue, and those about to enter it.
    waiting: AtomicUsize,
    turned_away: AtomicU64,
    queue: Mutex<Queue>,
}

/// A place inside, until it is dropped.
#[derive(Debug)]
pub struct Permit(Option<Arc<Gate>>);

/// Room for one try: at its target and at the provider of that.
#[derive(Debug)]
pub struct Room {
    /// At the target.
    pub target: Permit,
    /// At its provider.
    pub provider: Permit,
}

/// Becomes a [`Permit`], or `None` when it is turned away. Dropping it leaves the queue.
#[derive(Debug)]
pub struct Waiting {
    gate: Arc<Gate>,
    ticket: u64,
    place: oneshot::Receiver<Permit>,
}

#[derive(Debug, Default)]
struct Queue {
    /// By ticket, and so by age.
    waiters: VecDeque<Waiter>,
    next_ticket: u64,
}

#[derive(Debug)]
struct Waiter {
    ticket: u64,
    limit: usize,
    until: Instant,
    /// Half of its patience is used up.
    half: Instant,
    place: oneshot::Sender<Permit>,
}

impl Gate {
    /// A place, if there is one and nobody waits for it. Without a limit there always is.
    pub fn enter(self: &Arc<Self>, limit: Option<usize>) -> Option<Permit> {
        let Some(limit) = limit else { return Some(Permit(None)) };
        (self.waiting.load(SeqCst) == 0 && self.take(limit)).then(|| Permit(Some(self.clone())))
    }

    /// A place in the queue from `now`, or `None` where that is full. Who waits until `deadline` in vain is to leave by
    /// itself; its place would not be given to it later.
    pub fn queue(self: &Arc<Self>, limit: usize, line: Line, now: Instant, deadline: Instant) -> Option<Waiting> {
        let mut queue = lock(&self.queue);
        if queue.waiters.len() >= line.size && !(queue.overloaded(now) && self.shed_oldest(&mut queue)) {
            self.turned_away.fetch_add(1, Relaxed);
            return None;
        }
        self.waiting.fetch_add(1, SeqCst);
        let (sender, place) = oneshot::channel();
        let ticket = queue.next_ticket;
        queue.next_ticket += 1;
        let half = now + deadline.saturating_duration_since(now) / 2;
        queue.waiters.push_back(Waiter { ticket, limit, until: deadline, half, place: sender });
        self.hand_out(&mut queue, now); // a place may have become free since `enter`
        Some(Waiting { gate: self.clone(), ticket, place })
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Relaxed)
    }

    /// How many were ever turned away: by a full queue, or after they had waited in vain.
    pub fn turned_away(&self) -> u64 {
        self.turned_away.load(Relaxed)
    }

    fn take(&self, limit: usize) -> bool {
        self.inside.fetch_update(SeqCst, SeqCst, |inside| (inside < limit).then_some(inside + 1)).is_ok()
    }

    /// Gives what places there are to those who wait.
    fn hand_out(self: &Arc<Self>, queue: &mut Queue, now: Instant) {
        while let Some(waiter) = queue.next(now) {
            if waiter.until <= now {
                self.forget(waiter);
            } else if !self.take(waiter.limit) {
                queue.put_back(waiter);
                return;
            } else {
                self.waiting.fetch_sub(1, SeqCst);
                // One that is gone is passed over. Its permit must not be dropped here, under the lock.
                if let Err(mut permit) = waiter.place.send(Permit(Some(self.clone()))) {
                    permit.0 = None;
                    self.inside.fetch_sub(1, SeqCst);
                }
            }
        }
    }

    fn shed_oldest(&self, queue: &mut Queue) -> bool {
        queue.waiters.pop_front().map(|oldest| self.forget(oldest)).is_some()
    }

    /// Turns away one that is no longer in the queue.
    fn forget(&self, waiter: Waiter) {
        self.waiting.fetch_sub(1, SeqCst);
        self.turned_away.fetch_add(1, Relaxed);
        drop(waiter);
    }
}

impl Queue {
    fn overloaded(&self, now: Instant) -> bool {
        self.waiters.front().is_some_and(|oldest| oldest.half <= now)
    }

    /// Whose turn it is.
    fn next(&mut self, now: Instant) -> Option<Waiter> {
        if self.overloaded(now) { self.waiters.pop_back() } else { self.waiters.pop_front() }
    }

    fn put_back(&mut self, waiter: Waiter) {
        match self.waiters.front() {
            Some(oldest) if oldest.ticket < waiter.ticket => self.waiters.push_back(waiter),
            _ => self.waiters.push_front(waiter),
        }
    }
}

impl Future for Waiting {
    type Output = Option<Permit>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Permit>> {
        Pin::new(&mut self.place).poll(context).map(Result::ok)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut queue = lock(&self.gate.queue);
        if let Ok(index) = queue.waiters.binary_search_by_key(&self.ticket, |waiter| waiter.ticket) {
            queue.waiters.remove(index);
            self.gate.waiting.fetch_sub(1, SeqCst);
        }
        // A permit that was sent and not looked at goes back with the channel, once the lock is open.
    }
}

impl Waiting {
    /// Leaves the queue after having waited in vain, which counts as being turned away.
    pub fn give_up(self) {
        self.gate.turned_away.fetch_add(1, Relaxed);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let Some(gate) = self.0.take() else { return };
        gate.inside.fetch_sub(1, SeqCst);
        if gate.waiting.load(SeqCst) > 0 {
            // Nobody can tell a guard the time; tokio's clock is the one that tests can pause.
            gate.hand_out(&mut lock(&gate.queue), tokio::time::Instant::now().into_std());
        }
    }
}

#[cfg(test)]
mod tests;
