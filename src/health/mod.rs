//! How each target is doing.
//!
//! Values in, values out: `now` is an argument, nothing here sleeps or does I/O. What is learned is kept in the
//! [`Registry`] under stable names and survives every reload. Active probes are about addresses, not targets:
//! [`crate::upstream::Endpoint`] runs them.
//!
//! From the inside out: a [`window`] counts, a [`breaker`] judges by it, [`TargetHealth`] is what the exchange reports
//! to. A key and a provider are judged apart from targets, because a refused key says nothing about the model behind it.

mod affinity;
pub mod breaker;
pub mod gate;
mod gauge;
pub mod hedge_budget;
mod key;
pub mod latency;
mod measures;
mod moment;
mod pace;
mod registry;
pub mod retry_budget;
mod target;
pub mod window;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub use affinity::{Affinity, Place};
pub use breaker::Standing;
pub use gauge::Figure;
pub use hedge_budget::HedgeBudget;
pub use key::KeyHealth;
pub use latency::After;
pub use measures::{COUNT as FIGURES, Figures, Measures};
pub use registry::Registry;
pub use retry_budget::RetryBudget;
pub use target::{InFlight, LastFault, TargetHealth, TargetReport};

/// The lock, even after a panic elsewhere: statistics that miss one call are better than a call that dies of them.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
