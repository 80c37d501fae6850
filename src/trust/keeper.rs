//! The authorities of a running process, from their files.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use super::bundle::Roots;
use super::{Authority, Hosts, Problem, Store};

/// Opens the files, now and then anew.
#[derive(Debug)]
pub(super) struct Keeper {
    store: Store,
    /// A new authority may sign for the hosts listed only.
    limited: bool,
    /// The second in which it was last looked for an authority.
    looked: AtomicU64,
}

impl Keeper {
    pub(super) fn new(store: Store, limited: bool) -> Self {
        Self { store, limited, looked: AtomicU64::new(0) }
    }

    /// The authorities for `hosts`, of which applications can read. Where that could not be written it is a problem
    /// with authorities of our own, which nobody could trust then; whoever has given us one may have told applications.
    pub(super) fn open(&self, hosts: &Hosts, now: SystemTime) -> Result<(Vec<Arc<Authority>>, Vec<Problem>), Problem> {
        let mut opened = self.store.open(hosts, self.limited, now)?;
        match self.store.publish(&opened, None, &Roots::find([])) {
            Ok(_) => {}
            Err(problem) if opened.authorities.iter().all(|authority| authority.is_ours()) => return Err(problem),
            Err(problem) => opened.warnings.push(problem),
        }
        Ok((opened.authorities, opened.warnings))
    }

    /// Whether an authority is there; looked for at most once a second.
    pub(super) fn found_one(&self, now: SystemTime) -> bool {
        let second = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        self.looked.swap(second, Ordering::Relaxed) != second && self.store.is_there()
    }
}
