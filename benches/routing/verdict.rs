//! What has to hold, and does not.

use std::process::ExitCode;

/// Failures so far.
#[derive(Default)]
pub struct Verdict(Vec<String>);

impl Verdict {
    /// `what` is a failure unless it holds.
    pub fn hold(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.0.push(what());
        }
    }

    /// Prints them all, and fails if there are any.
    pub fn told(self) -> ExitCode {
        self.0.iter().for_each(|what| println!("\nNOT AS IT SHOULD BE: {what}"));
        if self.0.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}
