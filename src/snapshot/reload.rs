//! A changed configuration takes the place of the running one, or nothing happens.
//!
//! The new snapshot is built aside and swapped in whole. Calls in flight keep theirs; health, connections and what
//! probes have learned go on. What belongs to the process (listeners, log) can not follow, and is told.

mod watch;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;

use super::{Snapshot, build, kept, load};
use crate::config::{Config, Environment, Loaded, Problem, Problems};
use crate::health::Registry;

pub use watch::Watcher;

/// Reloads a configuration and what is known of models.
pub struct Reloader {
    /// `None`: the configuration came from the environment, and stays as it is.
    path: Option<PathBuf>,
    /// Where a newer table of models is kept.
    kept: Option<PathBuf>,
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
    /// For the file that `current` was built from, if it was, as `started` was read from it.
    pub fn new(
        path: Option<PathBuf>,
        env: Arc<dyn Environment>,
        registry: Arc<Registry>,
        current: Arc<ArcSwap<Snapshot>>,
        started: Config,
    ) -> Self {
        Self { path, kept: None, env, registry, current, running: Mutex::new(started.clone()), started }
    }

    /// The same, with the table of models that is kept there, if one is.
    pub fn keeping(self, kept: Option<PathBuf>) -> Self {
        Self { kept, ..self }
    }

    /// The files that count beside the configuration's own, whether they can be read or not, for [`Watcher::follow`].
    /// `None`: it can not be read itself.
    pub fn files(&self) -> Option<Vec<PathBuf>> {
        let named = match &self.path {
            Some(path) => crate::config::read(path, &*self.env).ok()?.0.files,
            None => Vec::new(),
        };
        Some(named.into_iter().chain(self.kept.clone()).collect())
    }

    /// Reads everything again. With problems the running configuration stays, and with problems of the kept table the
    /// one that was used before.
    pub fn reload(&self) -> Result<Changed, Problems> {
        // Held to the end: of two reloads at a time the later one must win.
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.current.load_full();
        // First, because what is built then rests on it.
        let kept = self.kept.as_ref().map_or(Ok(()), |place| kept::take_up(place, &*self.env));
        let (snapshot, Loaded { config, mut warnings, .. }) = self.load(&running, &before)?;
        if config == *running && before.catalogue.is_current() {
            return kept.map(|()| Changed::Nothing).map_err(|problem| Problems(vec![problem]));
        }
        warnings.extend(kept.err());
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

    fn load(&self, running: &Config, before: &Snapshot) -> Result<(Snapshot, Loaded), Problems> {
        match &self.path {
            Some(path) => load(path, &*self.env, &self.registry, Some(before)),
            None => {
                let loaded = Loaded { config: running.clone(), warnings: Vec::new(), files: Vec::new() };
                Ok((build(running, &self.registry, Some(before))?, loaded))
            }
        }
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
