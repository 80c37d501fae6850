//! Where it is kept what calls have cost.

use std::num::NonZeroU32;

use crate::config::forms::FilePath;
use crate::config::setting::{Located, key, settings};

settings! {
    /// Where it is kept what calls have cost and what is used of budgets.
    pub struct Ledger {
        /// The file. Default: `ledger.db` in `$XDG_STATE_HOME/outrider`, or in `~/.local/state/outrider`. Where it can not
        /// be written, the ledger is kept in memory.
        path: Option<Located<FilePath>> = None,
        /// For so many days each call is kept; then only the sums of its day. There may be 64 MiB of them.
        keep_days: NonZeroU32 = NonZeroU32::MIN.saturating_add(30),
    }
}
