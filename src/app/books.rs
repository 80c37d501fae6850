//! The ledger of the process.

use std::sync::Arc;

use super::{Shared, Start};
use crate::config::forms::Switch;
use crate::config::{Environment, Process};
use crate::ledger::journal::{Journal, Losses, Place};
use crate::ledger::{Account, Rules, ledger_path};
use crate::telemetry::Telemetry;

/// The books, into which every call is entered from now on: a file, or, where none is wanted, memory.
pub(super) fn open(start: &Start, telemetry: &Telemetry) -> Arc<Journal> {
    let place = match &start.config.ledger {
        Switch::Off => Place { path: None, keep_days: 1 },
        Switch::On(said) => {
            let path = said.path.as_ref().map(|path| path.value.0.clone());
            let path = path.or_else(|| ledger_path(|name| Process.variable(name)));
            Place { path, keep_days: said.keep_days.get() }
        }
    };
    let (errors, lost) = telemetry.metrics.ledger_losses();
    let books = Arc::new(Journal::open(place, accounts(&start.snapshot.rules), Losses { errors, lost }));
    telemetry.keep(books.clone());
    books
}

fn accounts(rules: &Rules) -> Vec<Arc<Account>> {
    rules.iter().map(|rule| rule.account.clone()).collect()
}

impl Shared {
    /// What is spent of the budgets of the configuration that is in use now is kept.
    pub(super) fn keep_accounts(&self) {
        self.books.follow(accounts(&self.snapshot.load().rules));
    }
}
