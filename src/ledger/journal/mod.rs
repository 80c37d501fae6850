//! What was spent, kept over restarts: a thread of its own writes it down, in groups.
//!
//! Calls leave what they have to say in a bounded place and go on. Half a second after the first of them has, all are
//! written at once, so that a process that dies takes less than a second's with it. Where nothing can be written, the
//! operator is told once, calls go on, and what does not fit is counted as lost.

mod entry;
pub mod report;
mod sqlite;

use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use prometheus::IntCounter;

pub use entry::Entry;
pub use sqlite::{Sqlite, StoreError};

use super::Account;
use super::amount::Amount;
use crate::telemetry::{Books, CallRecord};

/// From the first call to when it is written, with what has come meanwhile.
const GATHERED: Duration = Duration::from_millis(500);

/// Calls that wait to be written: several seconds of a busy process, in two megabytes.
const MOST: usize = 8_192;

/// How long whoever asks, or leaves, waits for the thread.
const PATIENCE: Duration = Duration::from_secs(2);

/// What one account has used up of a period.
#[derive(Clone, Debug)]
pub struct Spending {
    /// The account's key.
    pub key: Box<str>,
    /// The number of the period.
    pub tick: i64,
    /// How much.
    pub amount: Amount,
}

/// Where books are kept: a file beside this process, or, some day, a service that several ask.
pub trait Store: Send {
    /// Adds all of it, or nothing; gives what everybody has spent of each account's period.
    fn save(&mut self, calls: &[Entry], spent: &[Spending]) -> Result<Vec<Amount>, StoreError>;
}

/// Where the file is, and how long each call stays in it.
#[derive(Clone, Debug)]
pub struct Place {
    /// `None`: in memory.
    pub path: Option<PathBuf>,
    /// So many days.
    pub keep_days: u32,
}

/// What could not be written down.
#[derive(Debug)]
pub struct Losses {
    /// Times that writing failed.
    pub errors: IntCounter,
    /// Calls that were given up.
    pub lost: IntCounter,
}

/// The books of this process.
#[derive(Debug)]
pub struct Journal {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// There is something to do.
    work: Condvar,
    losses: Losses,
    place: Place,
}

#[derive(Default)]
struct State {
    entries: Vec<Entry>,
    accounts: Vec<Arc<Account>>,
    questions: Vec<Question>,
    /// Somebody cannot wait.
    hurry: bool,
    leaving: bool,
}

type Question = Box<dyn FnOnce(&mut Sqlite) + Send>;

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").field("entries", &self.entries.len()).finish_non_exhaustive()
    }
}

impl Journal {
    /// Books at `place`, for these accounts: what was spent of them before is known when this returns.
    pub fn open(place: Place, accounts: Vec<Arc<Account>>, losses: Losses) -> Self {
        let restore = accounts.iter().any(|account| account.period.is_of_the_calendar());
        let state = Mutex::new(State { accounts, ..State::default() });
        let shared = Arc::new(Shared { state, work: Condvar::new(), losses, place });
        let mut clerk = Clerk { shared: shared.clone(), store: None, known: Vec::new(), ill: false };
        if restore {
            clerk.write(&mut Vec::new());
        }
        let thread = std::thread::Builder::new().name("ledger".into()).stack_size(512 << 10);
        if let Err(error) = thread.spawn(move || clerk.run()) {
            tracing::error!(%error, "no thread for the ledger: nothing is kept");
        }
        Self { shared }
    }

    /// These are the accounts from now on.
    pub fn follow(&self, accounts: Vec<Arc<Account>>) {
        self.shared.state().accounts = accounts;
        self.hurry();
    }

    /// What `ask` finds out from the books, everything up to now included. `None`: they cannot be read. Blocks.
    pub fn ask<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&mut Sqlite) -> Result<T, StoreError> + Send + 'static,
    ) -> Option<T> {
        let (answers, answer) = mpsc::sync_channel(1);
        let question = move |store: &mut Sqlite| {
            let found = ask(store).inspect_err(|error| tracing::warn!(%error, "the ledger cannot be read"));
            let _ = answers.send(found.ok()); // whoever asked may have left
        };
        self.shared.state().questions.push(Box::new(question));
        self.hurry();
        answer.recv_timeout(PATIENCE).ok().flatten()
    }

    /// Where they are kept.
    pub fn path(&self) -> Option<&Path> {
        self.shared.place.path.as_deref()
    }

    fn hurry(&self) {
        self.shared.state().hurry = true;
        self.shared.work.notify_one();
    }
}

impl Books for Journal {
    fn post(&self, record: &CallRecord) {
        // Nothing is known of what the opaque lane costs; and strangers could fill the file with refusals.
        if record.operation == "opaque" || record.caller.is_none() {
            return;
        }
        let entry = Entry::of(record);
        let mut state = self.shared.state();
        if state.entries.len() >= MOST {
            self.shared.losses.lost.inc();
            return;
        }
        state.entries.push(entry);
        if state.entries.len() == 1 {
            drop(state);
            self.shared.work.notify_one();
        }
    }

    fn flush(&self) {
        self.ask(|_| Ok(()));
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.shared.state().leaving = true;
        self.shared.work.notify_one();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who writes.
struct Clerk {
    shared: Arc<Shared>,
    /// Opened when there is something to write: an idle process pays nothing for it.
    store: Option<Sqlite>,
    /// Of each account, what everybody has spent of its period as far as this process knows.
    known: Vec<Spending>,
    /// Writing failed the last time.
    ill: bool,
}

impl Clerk {
    fn run(mut self) {
        let mut entries = Vec::new();
        loop {
            let (questions, leaving) = self.wait(&mut entries);
            self.write(&mut entries);
            for question in questions {
                if let Some(store) = self.store() {
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

    fn store(&mut self) -> Option<&mut Sqlite> {
        if self.store.is_none() {
            self.store = Sqlite::open(&self.shared.place);
        }
        self.store.as_mut()
    }

    /// Writes all that there is; what could not be written stays.
    fn write(&mut self, entries: &mut Vec<Entry>) {
        let accounts: Vec<Arc<Account>> = self.shared.state().accounts.clone();
        let accounts: Vec<&Arc<Account>> = accounts.iter().filter(|a| a.period.is_of_the_calendar()).collect();
        let spent: Vec<Spending> = accounts
            .iter()
            .map(|account| {
                let (tick, amount) = account.unsaved().unwrap_or((account.tick(), Amount::default()));
                Spending { key: account.key.clone(), tick, amount }
            })
            .collect();
        if entries.is_empty() && spent.is_empty() {
            return;
        }
        let saved = match self.store() {
            Some(store) => store.save(entries, &spent),
            None => return entries.clear(),
        };
        match saved {
            Ok(totals) => {
                if std::mem::take(&mut self.ill) {
                    tracing::info!("the ledger is written again");
                }
                entries.clear();
                for ((account, spent), total) in accounts.iter().zip(spent).zip(totals) {
                    self.compare(account, &spent, total);
                }
            }
            Err(error) => {
                self.shared.losses.errors.inc();
                if !std::mem::replace(&mut self.ill, true) {
                    tracing::warn!(%error, "the ledger cannot be written; calls go on, what was spent is kept in memory");
                }
                accounts
                    .iter()
                    .zip(&spent)
                    .for_each(|(account, spent)| account.still_unsaved(spent.tick, spent.amount));
                let surplus = entries.len().saturating_sub(MOST);
                self.shared.losses.lost.inc_by(surplus as u64);
                entries.drain(..surplus);
            }
        }
    }

    /// Others beside this process, or this one before it was started anew, may have spent of the same account.
    fn compare(&mut self, account: &Account, spent: &Spending, total: Amount) {
        let index = self.known.iter().position(|known| known.key == spent.key).unwrap_or_else(|| {
            self.known.push(Spending { amount: Amount::default(), ..spent.clone() });
            self.known.len() - 1
        });
        let known = &mut self.known[index];
        if known.tick != spent.tick {
            (known.tick, known.amount) = (spent.tick, Amount::default());
        }
        known.amount += spent.amount;
        let mut others = total;
        others -= known.amount;
        known.amount = total;
        if others != Amount::default() {
            account.learn(spent.tick, others);
        }
    }
}

#[cfg(test)]
mod tests;
