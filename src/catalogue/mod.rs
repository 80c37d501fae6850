//! What is known of models in advance: what they cost, what they can do, how their providers treat what they are sent.
//!
//! Who the providers are, where, and how they are spoken to, is [`crate::provider::catalogue`]'s.

mod facts;
mod price;

pub use facts::{Facts, Promise};
pub use price::{Price, Tier};
