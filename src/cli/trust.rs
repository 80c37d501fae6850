//! What `ca`, `env` and `exec` have in common: the authority, made when absent, and the files that applications read.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::SystemTime;

use super::CONFIG;
use crate::config::{self, Config, Environment, Process};
use crate::snapshot::{self, Intercept};
use crate::trust::bundle::{Roots, is_systems};
use crate::trust::store::{Opened, Published, made_here};
use crate::trust::{Hosts, Problem, Store};

/// The authority, and what was said about it.
pub(super) struct Trust {
    /// What could be read of the configuration: no secret of it is needed here.
    pub config: Config,
    store: Store,
    opened: Opened,
}

impl Trust {
    /// By the configuration in `file`, or without one.
    pub(super) fn find(file: Option<&Path>) -> Result<Self, Problem> {
        let config = config(file)?;
        let Some(intercept) = snapshot::build::intercept(&config) else {
            return Err(Problem::new("the configuration says `intercept: off`", "take it out"));
        };
        let Intercept { hosts, limited, .. } = &intercept;
        let store = intercept.store(|name| Process.variable(name))?;
        // An authority that was made by a configuration is not to be widened by who calls without it.
        let none = Hosts::default();
        let hosts = if file.is_none() && store.is_there() { &none } else { hosts };
        let opened = store.open(hosts, *limited, SystemTime::now())?;
        for warning in &opened.warnings {
            eprintln!("outrider: {warning}");
        }
        Ok(Self { config, store, opened })
    }

    /// The authority's certificates.
    pub(super) fn pem(&self) -> String {
        self.opened.pem()
    }

    /// Writes what applications read. `named`: the files that the user's variables name, which are about to name these:
    /// whom the user trusts stays trusted.
    pub(super) fn publish(&self, named: &[PathBuf]) -> Result<Published, Problem> {
        let folder = self.store.published().bundle.parent().unwrap_or(Path::new(".")).to_owned();
        let known = |file: &Path| made_here(file) || file == self.store.cert() || is_systems(file);
        let theirs: Vec<&Path> = named.iter().map(PathBuf::as_path).filter(|file| !known(file)).collect();
        if !theirs.is_empty() {
            // A folder of its own: others of this user's shells name other files, or none.
            let folder = folder.join(format!("with-{:08x}", hash(&theirs)));
            return self.store.publish(&self.opened, Some(&folder), &Roots::find(theirs));
        }
        // In a shell whose variables were set by `outrider env` before, what they say stays.
        let before = named.iter().find(|file| file.starts_with(&folder) && file.parent() != Some(&folder));
        match before.and_then(|file| Some((file, file.parent()?))) {
            Some((file, parent)) => self.store.publish(&self.opened, Some(parent), &Roots::find([&**file])),
            None => self.store.publish(&self.opened, None, &Roots::find([])),
        }
    }

    /// Writes what applications read into `folder`.
    pub(super) fn publish_in(&self, folder: &Path) -> Result<Published, Problem> {
        self.store.publish(&self.opened, Some(folder), &Roots::find([]))
    }
}

/// Prints an answer, or tells the problem; the exit code for it.
pub(super) fn told(answer: Result<String, Problem>) -> ExitCode {
    match answer {
        Ok(text) => {
            // Who does not read to the end knows why.
            let _ = std::io::stdout().write_all(text.as_bytes());
            ExitCode::SUCCESS
        }
        Err(problem) => failed(&problem),
    }
}

/// Tells the problem; the exit code for it.
pub(super) fn failed(problem: &Problem) -> ExitCode {
    eprintln!("outrider: {problem}");
    ExitCode::from(CONFIG)
}

fn config(file: Option<&Path>) -> Result<Config, Problem> {
    let Some(file) = file else { return Ok(Config::default()) };
    let read = config::read(file, &Process);
    let (loaded, _) = read.map_err(|problems| Problem::new(problems.to_string(), "`outrider check` tells more"))?;
    Ok(loaded.config)
}

/// FNV-1a: the same in every version, unlike the standard library's.
fn hash(paths: &[&Path]) -> u32 {
    let bytes = paths.iter().flat_map(|path| path.as_os_str().as_encoded_bytes().iter().chain(&[0]));
    bytes.fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}
