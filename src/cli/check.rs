//! `outrider check`: exactly the start-up path, up to the sockets.

use std::path::Path;
use std::process::ExitCode;

use super::trust::failed;
use crate::config::{Environment, Process};
use crate::health::Registry;
use crate::snapshot;

/// Tells every problem of `file`.
pub(super) fn check(file: &Path) -> ExitCode {
    super::models::use_installed();
    match snapshot::load(file, &Process, &Registry::new(), None) {
        Ok((snapshot, loaded)) => {
            let authority = snapshot.intercept.as_ref().map(|intercept| intercept.check(|name| Process.variable(name)));
            if let Some(Err(problem)) = authority {
                return failed(&problem);
            }
            for warning in &loaded.warnings {
                eprintln!("warning: {warning}");
            }
            let (models, providers) = (snapshot.models.len(), snapshot.providers.len());
            println!("{}: good: {models} models, {providers} providers", file.display());
            ExitCode::SUCCESS
        }
        Err(problems) => {
            eprintln!("{problems}");
            ExitCode::from(super::CONFIG)
        }
    }
}
