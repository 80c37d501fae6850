//! `outrider run`: serve calls.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use super::exec::companion;
use super::{CONFIG, OS_ERROR};
use crate::app::{self, Start};
use crate::config::{Config, Environment, Loaded, Process};
use crate::health::Registry;
use crate::snapshot::{self, Snapshot};
use crate::telemetry::{Format, init_tracing};
use crate::trust::{Leaves, Problem, Store};

/// What is to be run, as the command line says it.
pub(super) struct Options {
    pub config: Option<PathBuf>,
    pub upgrade: bool,
    pub upgrade_socket: Option<PathBuf>,
    /// On free ports, for as long as one command runs.
    pub companion: bool,
}

/// Serves calls until told to end.
pub(super) fn run(options: Options) -> ExitCode {
    super::models::use_installed();
    let registry = Arc::new(Registry::new());
    let loaded = match &options.config {
        Some(file) => from_file(file, &registry),
        None => from_environment(&registry),
    };
    let (snapshot, loaded) = match loaded {
        Ok(loaded) => loaded,
        Err(problems) => {
            eprintln!("{problems}");
            return ExitCode::from(CONFIG);
        }
    };
    let leaves = match intercepted(&snapshot) {
        Ok(leaves) => leaves,
        Err(problem) => {
            eprintln!("outrider: {problem}");
            return ExitCode::from(CONFIG);
        }
    };
    let upgrade_socket = options.upgrade_socket.unwrap_or_else(upgrade_socket);
    let start = Start {
        log_level: loaded.config.log.level.into(),
        log_format: log_format(&loaded.config),
        config: loaded.config,
        snapshot: Arc::new(snapshot),
        registry,
        companion: options.companion.then_some(companion::tell),
        leaves,
        file: options.config,
        upgrade: options.upgrade,
        upgrade_socket,
    };
    if options.companion {
        companion::end_with_the_command();
    }
    match app::run(start) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("outrider: {error}");
            ExitCode::from(OS_ERROR)
        }
    }
}

fn from_file(file: &Path, registry: &Registry) -> Result<(Snapshot, Loaded), String> {
    let (snapshot, loaded) = snapshot::load(file, &Process, registry, None).map_err(|problems| problems.to_string())?;
    start_logging(&loaded.config);
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    Ok((snapshot, loaded))
}

fn from_environment(registry: &Registry) -> Result<(Snapshot, Loaded), String> {
    let (config, found) = snapshot::from_environment(&Process).map_err(|missing| format!("outrider: {missing}"))?;
    let snapshot = snapshot::build(&config, registry, None).map_err(|problems| problems.to_string())?;
    start_logging(&config);
    tracing::info!(variables = found.join(", "), "providers found in the environment");
    Ok((snapshot, Loaded { config, warnings: Vec::new(), files: Vec::new() }))
}

/// The certificates of the hosts whose TLS is ended.
fn intercepted(snapshot: &Snapshot) -> Result<Option<Arc<Leaves>>, Problem> {
    if let Some(store) = Store::told(|name| Process.variable(name)) {
        store.publish_public()?;
    }
    let Some(intercept) = &snapshot.intercept else { return Ok(None) };
    let (leaves, warnings) = intercept.leaves(|name| Process.variable(name))?;
    for warning in warnings {
        tracing::warn!("{warning}");
    }
    Ok(leaves)
}

fn start_logging(config: &Config) {
    init_tracing(config.log.level.into(), log_format(config));
}

/// What was said, else text for people and JSON for machines.
fn log_format(config: &Config) -> Format {
    match config.log.format {
        Some(format) => format.into(),
        None if std::io::stderr().is_terminal() => Format::Text,
        None => Format::Json,
    }
}

/// A place that only this user's processes can reach, where there is one.
fn upgrade_socket() -> PathBuf {
    let folder = std::env::var_os("XDG_RUNTIME_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
    folder.join("outrider-upgrade.sock")
}
