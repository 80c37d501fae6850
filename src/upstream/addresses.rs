//! Which addresses of a name failed lately.
//!
//! A name has several addresses, and one of them can be dead alone: it then rests by itself, while the others serve,
//! rather than that the target behind them all is taken for dead. Probes find that out too, but only every so often.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// An address that failed is left out so long at first: what a restart behind a load balancer takes.
const FIRST_REST: Duration = Duration::from_secs(5);

/// And so long at last: then one call a minute finds out, and pays for it with the time for connecting.
const LONGEST_REST: Duration = Duration::from_secs(60);

/// The addresses that failed and have not answered since.
#[derive(Debug, Default)]
pub(super) struct Resting {
    by_address: Mutex<HashMap<SocketAddr, Rest>>,
    /// How many there are: hardly ever any, and then no call takes the lock.
    count: AtomicUsize,
}

#[derive(Debug)]
struct Rest {
    until: Instant,
    faults: u32,
}

impl Resting {
    /// No connection came about there, or it broke before an answer. `dice`, in `0..1`, spreads the rests of many
    /// processes.
    pub(super) fn failed(&self, address: SocketAddr, now: Instant, dice: f64) {
        let mut resting = self.lock();
        let rest = resting.entry(address).or_insert(Rest { until: now, faults: 0 });
        let whole = FIRST_REST.saturating_mul(1 << rest.faults.min(16)).min(LONGEST_REST);
        *rest = Rest { until: now + whole.mul_f64(0.5 + dice / 2.0), faults: rest.faults + 1 };
        self.count.store(resting.len(), Relaxed);
    }

    /// It answered.
    pub(super) fn answered(&self, address: SocketAddr) {
        if self.count.load(Relaxed) > 0 {
            self.keep(|known| *known != address);
        }
    }

    /// Whether it is to be left out.
    pub(super) fn rests(&self, address: SocketAddr, now: Instant) -> bool {
        self.count.load(Relaxed) > 0 && self.lock().get(&address).is_some_and(|rest| now < rest.until)
    }

    /// Forgets the others.
    pub(super) fn keep(&self, known: impl Fn(&SocketAddr) -> bool) {
        let mut resting = self.lock();
        resting.retain(|address, _| known(address));
        self.count.store(resting.len(), Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SocketAddr, Rest>> {
        self.by_address.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `f` the address fails, `a` it answers, `n` the name leads elsewhere; a digit lets so many seconds pass. Rests are
    /// as long as they can be.
    fn check(story: &str, rests: bool) {
        let (resting, address) = (Resting::default(), SocketAddr::from(([127, 0, 0, 1], 80)));
        let mut now = Instant::now();
        for step in story.chars() {
            match step {
                'f' => resting.failed(address, now, 1.0),
                'a' => resting.answered(address),
                'n' => resting.keep(|_| false),
                digit => now += Duration::from_secs(digit.to_digit(10).unwrap().into()),
            }
        }
        assert_eq!(resting.rests(address, now), rests, "{story}");
        assert!(!resting.rests(SocketAddr::from(([127, 0, 0, 2], 80)), now), "{story}");
    }

    #[test]
    fn an_address_that_failed_rests() {
        check("", false);
        check("f", true);
        check("f4", true);
        check("f5", false);
        check("f5f9", true);
        check("f5f91", false);
        check("ffffff9999995", true);
        check("ffffff9999996", false);
        check("fa", false);
        check("f5faf5", false); // an answer ends the row
        check("fn", false);
    }
}
