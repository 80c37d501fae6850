//! The thread that writes.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use super::store::{Spending, Store, StoreError};
use super::{Account, Entry, GATHERED, MOST, Question, Shared, State};
use crate::ledger::amount::Amount;

/// Who writes.
pub(super) struct Clerk {
    shared: Arc<Shared>,
    /// Opened when there is something to write: an idle process pays nothing for it.
    store: Option<Box<dyn Store>>,
    /// Of each account, what everybody has spent of its period as far as this process knows.
    known: HashMap<Box<str>, (i64, Amount)>,
    /// Writing failed the last time.
    ill: bool,
}

impl Clerk {
    /// One that has written nothing yet.
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, store: None, known: HashMap::new(), ill: false }
    }

    /// Writes until the journal is gone.
    pub(super) fn run(mut self) {
        let mut entries = Vec::new();
        loop {
            let (questions, leaving) = self.wait(&mut entries);
            self.write(&mut entries);
            for question in questions {
                if let Ok(store) = self.store() {
                    question(store);
                }
            }
            if leaving {
                return;
            }
        }
    }

    /// Waits for something to do, and then for more of it.
    fn wait(&self, entries: &mut Vec<Entry>) -> (Vec<Question>, bool) {
        let idle = |state: &mut State| state.entries.is_empty() && !state.hurry && !state.leaving;
        let state = self.shared.state();
        // What could not be written is tried again.
        let state = match self.ill && !entries.is_empty() {
            true => state,
            false => self.shared.work.wait_while(state, idle).unwrap_or_else(PoisonError::into_inner),
        };
        let calm = |state: &mut State| !state.hurry && !state.leaving;
        let gathered = self.shared.work.wait_timeout_while(state, GATHERED, calm);
        let mut state = gathered.unwrap_or_else(PoisonError::into_inner).0;
        entries.append(&mut state.entries);
        state.hurry = false;
        (std::mem::take(&mut state.questions), state.leaving)
    }

    fn store(&mut self) -> Result<&mut dyn Store, StoreError> {
        let store = match self.store.take() {
            Some(store) => store,
            None => self.shared.place.open()?,
        };
        Ok(&mut **self.store.insert(store))
    }

    /// Writes all that there is; what could not be written stays.
    pub(super) fn write(&mut self, entries: &mut Vec<Entry>) {
        let accounts: Vec<Arc<Account>> = self.shared.state().accounts.clone();
        let (owners, spent) = settled(&accounts);
        if entries.is_empty() && spent.is_empty() {
            return;
        }
        match self.store().and_then(|store| store.save(entries, &spent)) {
            Ok(totals) => {
                if std::mem::take(&mut self.ill) {
                    tracing::info!("the ledger is written again");
                }
                entries.clear();
                if self.known.len() > 2 * spent.len() {
                    self.known.retain(|key, _| spent.iter().any(|spent| spent.key == *key)); // after many reloads
                }
                for ((account, spent), total) in owners.into_iter().zip(spent).zip(totals) {
                    self.compare(account, &spent, total);
                }
            }
            Err(error) => {
                self.shared.losses.errors.inc();
                if !std::mem::replace(&mut self.ill, true) {
                    let path = self.shared.place.path.as_deref().unwrap_or("".as_ref()).display();
                    tracing::warn!(
                        %path, %error,
                        "the ledger cannot be written; calls go on, what was spent is kept in memory until it can"
                    );
                }
                for (account, spent) in owners.into_iter().zip(&spent) {
                    account.still_unsaved(spent.tick, spent.amount);
                }
                let surplus = entries.len().saturating_sub(MOST);
                self.shared.losses.lost.inc_by(surplus as u64);
                entries.drain(..surplus);
            }
        }
    }

    /// Others beside this process, or this one before it was started anew, may have spent of the same account.
    fn compare(&mut self, account: &Account, spent: &Spending, total: Amount) {
        if spent.tick != account.tick() {
            return; // that period is over
        }
        let (tick, known) = self.known.entry(spent.key.clone()).or_default();
        if *tick != spent.tick {
            (*tick, *known) = (spent.tick, Amount::default());
        }
        *known += spent.amount;
        let mut others = total;
        others -= *known;
        *known = total;
        if others != Amount::default() {
            account.learn(spent.tick, others);
        }
    }
}

/// What was settled of the accounts that are kept, of each at least what its period is, and whose that is.
fn settled(accounts: &[Arc<Account>]) -> (Vec<&Arc<Account>>, Vec<Spending>) {
    let kept = accounts.iter().filter(|account| account.period.is_of_the_calendar());
    let each = kept.flat_map(|account| {
        let (mut settled, now) = (account.unsaved(), account.tick());
        if settled.iter().all(|(tick, _)| *tick != now) {
            settled.push((now, Amount::default()));
        }
        settled.into_iter().map(move |(tick, amount)| (account, Spending { key: account.key.clone(), tick, amount }))
    });
    each.unzip()
}
