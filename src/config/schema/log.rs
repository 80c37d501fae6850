//! What is logged, as it is said.

use crate::config::setting::{key, settings};
use crate::config::words::words;

settings! {
    /// What is logged, and how.
    pub struct Log {
        /// The least that is logged.
        level: Level = Level::Info,
        /// By default `text` on a terminal and `json` elsewhere.
        format: Option<Format> = None,
    }
}

words! {
    /// The least that is logged.
    pub enum Level {
        /// Only what is broken.
        Error = "error",
        /// And what the operator should look at.
        Warn = "warn",
        /// And what happens.
        Info = "info",
        /// And why.
        Debug = "debug",
        /// And everything else.
        Trace = "trace",
    }

    /// How log lines look.
    pub enum Format {
        /// One JSON object a line.
        Json = "json",
        /// For people.
        Text = "text",
    }
}
