//! The seam behind which books are kept.
//!
//! What a call may spend is decided in this process, by its own counters ([`Account`](crate::ledger::Account)): nobody
//! waits for a disk, or for a network. Twice a second a store is told what was settled since, for each account and period,
//! and answers what everybody who shares it has settled; so processes learn of each other.
//!
//! A store for many machines counts what is spent in one place, and may well keep calls where the process is: it has one
//! of the others within.

use std::fmt;

use super::entry::Entry;
use super::report::{By, Of, StoredCall, Sum};
use crate::ledger::amount::Amount;

/// Where books are kept. The journal's thread alone asks it, so that it may take its time.
pub trait Store: Send {
    /// Adds all of it, or nothing; gives what everybody has spent of each account's period.
    fn save(&mut self, calls: &[Entry], spent: &[Spending]) -> Result<Vec<Amount>, StoreError>;

    /// The call whose answer has that name.
    fn call(&mut self, name: &str) -> Result<Option<StoredCall>, StoreError>;

    /// What calls came to, by each of `by`: the most expensive first; by the day first, in the order of the days.
    fn sums(&mut self, by: &[By], of: &Of) -> Result<Vec<Sum>, StoreError>;
}

/// What one account has used up of a period.
#[derive(Clone, Debug, PartialEq)]
pub struct Spending {
    /// The account's key.
    pub key: Box<str>,
    /// The number of the period.
    pub tick: i64,
    /// How much.
    pub amount: Amount,
}

/// The books cannot be read or written.
#[derive(Debug)]
pub struct StoreError(Box<dyn std::error::Error + Send + Sync>);

impl StoreError {
    /// For that reason.
    pub fn new(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(error.into())
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::new(error)
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for StoreError {}
