//! What was spent, kept over restarts: a thread of its own writes it down, in groups.
//!
//! Calls leave what they have to say in a bounded place and go on. Half a second after the first of them has, all are
//! written at once, so that a process that dies takes less than a second's with it. Where nothing can be written, the
//! operator is told once, calls go on, and what does not fit is counted as lost.

mod clerk;
mod entry;
mod memory;
mod queries;
pub mod report;
mod sqlite;
mod store;
pub mod sums;
mod tables;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use prometheus::IntCounter;
use tokio::sync::oneshot;
use tokio::time::timeout;

pub use entry::Entry;
pub use memory::Memory;
pub use queries::sums as sums_in;
pub use sqlite::Sqlite;
pub use store::{Spending, Store, StoreError};

use super::Account;
use crate::telemetry::{Books, CallRecord};
use clerk::Clerk;

/// From the first call to when it is written, with what has come meanwhile.
const GATHERED: Duration = Duration::from_millis(500);

/// Calls that wait to be written: several seconds of a busy process, in two megabytes.
const MOST: usize = 8_192;

/// How long whoever asks, or leaves, waits for the thread.
const PATIENCE: Duration = Duration::from_secs(2);

/// So many questions wait for their answer.
const MOST_QUESTIONS: usize = 64;

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

type Question = Box<dyn FnOnce(&mut dyn Store) + Send>;

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
        let mut clerk = Clerk::new(shared.clone());
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
        ask: impl FnOnce(&mut dyn Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Option<T> {
        let (answers, answer) = mpsc::sync_channel(1);
        self.put(ask, move |found| _ = answers.send(found)); // whoever asked may have left
        answer.recv_timeout(PATIENCE).ok().flatten()
    }

    /// The same without blocking.
    pub async fn asked<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&mut dyn Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Option<T> {
        let (answers, answer) = oneshot::channel();
        self.put(ask, move |found| _ = answers.send(found));
        timeout(PATIENCE, answer).await.ok()?.ok().flatten()
    }

    /// Puts a question. Where it cannot be answered, `tell` is dropped.
    fn put<T>(
        &self,
        ask: impl FnOnce(&mut dyn Store) -> Result<T, StoreError> + Send + 'static,
        tell: impl FnOnce(Option<T>) + Send + 'static,
    ) {
        let question = move |store: &mut dyn Store| {
            let found = ask(store).inspect_err(|error| tracing::warn!(%error, "the ledger cannot be read"));
            tell(found.ok());
        };
        let mut state = self.shared.state();
        if state.questions.len() < MOST_QUESTIONS {
            state.questions.push(Box::new(question));
        }
        drop(state);
        self.hurry();
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

impl Place {
    /// Books that are open there: in memory, where there is no place, or none that can be. An error: not now.
    fn open(&self) -> Result<Box<dyn Store>, StoreError> {
        let Some(path) = &self.path else {
            tracing::info!("the ledger is kept in memory, and is gone when the process ends");
            return Ok(Box::<Memory>::default());
        };
        match Sqlite::open(path, self.keep_days) {
            Ok(store) => Ok(Box::new(store)),
            Err(error) if may_pass(&error) => Err(StoreError::new(error)),
            Err(error) => {
                let path = path.display();
                tracing::warn!(%path, %error, "the ledger is kept in memory, and is gone when the process ends");
                Ok(Box::<Memory>::default())
            }
        }
    }
}

/// Whether there may be books there later.
fn may_pass(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, ResourceBusy, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge | ResourceBusy)
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
