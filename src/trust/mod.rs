//! Whom applications have to trust so that their calls can be routed although they know nothing of Outrider.
//!
//! An application that calls `https://api.openai.com` is shown a certificate for that name, signed by an authority of
//! this machine alone. [`Leaves`] mints those certificates, for the hosts listed and for no other. The authority is
//! limited to the same hosts by its own certificate, so that even a stolen key is of no use for any other.
//!
//! Nothing here listens or connects. No lock is held over a signature, and at most [`leaves::MOST`] hosts are kept.

mod authority;
pub mod bundle;
mod files;
mod hosts;
mod keeper;
mod leaf;
pub mod leaves;
mod pem;
pub mod store;
mod truststore;
pub mod variables;

use std::fmt;

pub use authority::Authority;
pub use hosts::{Hosts, Pattern};
pub use leaves::Leaves;
pub use store::Store;

/// Why something cannot be trusted, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong.
    pub what: String,
    /// What would help.
    pub help: String,
}

impl Problem {
    /// A problem and its remedy.
    pub fn new(what: impl Into<String>, help: impl Into<String>) -> Self {
        Self { what: what.into(), help: help.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n    help: {}", self.what, self.help)
    }
}

impl std::error::Error for Problem {}

#[cfg(test)]
mod tests;
