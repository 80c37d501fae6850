//! Who may spend, how much, and what was spent.

pub mod callers;

pub use callers::{Callers, Known};
