//! A changed configuration takes the place of the running one, or nothing happens.
//!
//! The new snapshot is built aside and swapped in whole. Calls in flight keep theirs; health, connections and what
//! probes have learned go on. What belongs to the process (listeners, log) can not follow, and is told.

mod watch;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;

use super::{Snapshot, load};
use crate::config::{Config, Environment, Loaded, Problem, Problems};
use crate::health::Registry;

pub use watch::Watcher;

/// Reloads one configuration file.
pub struct Reloader {
    path: PathBuf,
    env: Arc<dyn Environment>,
    registry: Arc<Registry>,
    current: Arc<ArcSwap<Snapshot>>,
    /// What the process was started with: what can not change follows this one.
    started: Config,
    running: Mutex<Config>,
}

/// What a reload did.
#[derive(Debug)]
pub enum Changed {
    /// The configuration says what it said before.
    Nothing,
    /// Calls from now on are served by it.
    Applied {
        /// What is unwise in it.
        warnings: Vec<Problem>,
        /// The keys whose change waits for a restart.
        restart: Vec<&'static str>,
    },
}

impl Reloader {
    /// For the file that `current` was built from, as `started` was read from it.
    pub fn new(
        path: impl Into<PathBuf>,
        env: Arc<dyn Environment>,
        registry: Arc<Registry>,
        current: Arc<ArcSwap<Snapshot>>,
        started: Config,
    ) -> Self {
        Self { path: path.into(), env, registry, current, running: Mutex::new(started.clone()), started }
    }

    /// The files that it names beside itself, whether they can be read or not, for [`Watcher::follow`]. `None`: it can
    /// not be read itself.
    pub fn files(&self) -> Option<Vec<PathBuf>> {
        crate::config::read(&self.path, &*self.env).ok().map(|(loaded, _)| loaded.files)
    }

    /// Reads the file again. With problems the running configuration stays.
    pub fn reload(&self) -> Result<Changed, Problems> {
        // Held to the end: of two reloads at a time the later one must win.
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.current.load_full();
        let (snapshot, loaded) = load(&self.path, &*self.env, &self.registry, Some(&before))?;
        let Loaded { config, warnings, .. } = loaded;
        if config == *running {
            return Ok(Changed::Nothing);
        }
        let restart = waiting_for_restart(&self.started, &config);
        let snapshot = Arc::new(snapshot);
        self.current.store(snapshot.clone());
        let targets = snapshot.targets().map(|target| &target.id).collect();
        // Where intercepted calls were going is no provider of the file, before or after.
        let stays =
            |provider: &str| snapshot.providers.contains_key(provider) || !before.providers.contains_key(provider);
        self.registry.keep(&targets, stays);
        *running = config;
        Ok(Changed::Applied { warnings, restart })
    }
}

/// The keys that are read once, when the process starts, and that differ.
fn waiting_for_restart(started: &Config, now: &Config) -> Vec<&'static str> {
    // Another list of hosts does not.
    let intercept = |config: &Config| {
        let hosts = crate::trust::Hosts::default();
        super::build::intercept(config).map(|intercept| super::Intercept { hosts, ..intercept })
    };
    let differs = [
        ("listen", started.listen != now.listen),
        ("admin", started.admin != now.admin),
        ("intercept", intercept(started) != intercept(now)),
        ("shutdown", started.shutdown != now.shutdown),
        ("ledger", started.ledger != now.ledger),
        ("log", started.log != now.log),
    ];
    differs.into_iter().filter_map(|(key, differs)| differs.then_some(key)).collect()
}

#[cfg(test)]
mod tests;
