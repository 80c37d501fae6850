//! Who may spend, how much, and what was spent.
//!
//! [`callers`] says who asks, [`rules`] what they may use, an [`Account`] what they have. While a process runs, its
//! accounts are the truth; a journal keeps them over restarts.

pub mod account;
pub mod amount;
pub mod callers;
pub mod journal;
pub mod rules;
pub mod window;

pub use account::{Account, Held, Short};
pub use amount::{Amount, Caps, Meter};
pub use callers::{Callers, Known};
pub use journal::Journal;
pub use rules::{Rule, Rules, Scope, Then};
pub use window::Period;

/// Where the ledger is when nobody says otherwise; `None`: nowhere. `variable`: of the environment.
pub fn ledger_path(variable: impl Fn(&str) -> Option<String>) -> Option<std::path::PathBuf> {
    let absolute = |name: &str| variable(name).map(std::path::PathBuf::from).filter(|path| path.is_absolute());
    // systemd's word for it comes first: its services have no home.
    let state = absolute("STATE_DIRECTORY").or_else(|| {
        let state = absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")))?;
        Some(state.join("outrider"))
    });
    Some(state?.join("ledger.db"))
}
