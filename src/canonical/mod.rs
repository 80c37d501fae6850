//! The chat, free of any vendor.
//!
//! What every dialect, every provider and the router itself mean by the same words: [`Fault`] is the only word for
//! "it went wrong", [`Usage`] the only count of tokens. No I/O, no clock, no provider is known here.

mod fault;
mod usage;

pub use fault::{Blame, Fault, FaultKind, Original};
pub use usage::Usage;
