//! How many calls may be asked of a second target while the first is late.
//!
//! Each call pays the share that the operator allows into an account, and each second try takes a whole one out of it:
//! so however many calls are late, no more than that share costs twice.

use std::sync::Mutex;

use super::lock;

/// The most that can be saved: a burst of late calls is not to be answered with a burst of more.
const RESERVE: f64 = 10.0;

/// The second tries of calls that are asked of one provider first.
#[derive(Debug, Default)]
pub struct HedgeBudget(Mutex<f64>);

impl HedgeBudget {
    /// A call begins, of which `share` (from 0 to 1) may cost twice.
    pub fn deposit(&self, share: f64) {
        let mut saved = lock(&self.0);
        *saved = (*saved + share).min(RESERVE);
    }

    /// A call is late. `false`: it has to wait.
    pub fn withdraw(&self) -> bool {
        let mut saved = lock(&self.0);
        // Twenty times a twentieth is not quite one.
        let allowed = *saved > 1.0 - 1e-6;
        *saved -= if allowed { 1.0 } else { 0.0 };
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_than_the_share_costs_twice() {
        let budget = HedgeBudget::default();
        let mut late = 0;
        for _ in 0..1_000 {
            budget.deposit(0.05);
            late += u32::from(budget.withdraw());
        }
        assert_eq!(late, 50, "each call is late");
        (0..10_000).for_each(|_| budget.deposit(0.05));
        assert_eq!((0..100).filter(|_| budget.withdraw()).count(), 10, "what was saved is bounded");
        assert!(!HedgeBudget::default().withdraw(), "nothing was saved yet");
    }
}
