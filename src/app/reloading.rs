//! What runs beside the calls: providers are resolved and probed, changes of the configuration taken up.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use pingora_core::server::ShutdownWatch;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{Shared, Start};
use crate::config::{Config, Process};
use crate::snapshot::kept;
use crate::snapshot::reload::{Changed, Reloader, Watcher};

const DAY: Duration = Duration::from_secs(86_400);
/// How old what is told of it may be.
const MINUTE: Duration = Duration::from_secs(60);

impl Shared {
    /// For the service that takes calls: it is ready once this has run. Stops accepting when draining begins.
    pub(super) fn open_for_calls(
        self: &Arc<Self>,
        config: &Config,
    ) -> Box<dyn FnOnce(ShutdownWatch) -> Option<ShutdownWatch> + Send + Sync> {
        let shared = self.clone();
        let drain = self.drain(config);
        Box::new(move |mut pingoras: ShutdownWatch| {
            shared.start_endpoints();
            shared.readiness.listeners_are_up();
            tokio::spawn(async move {
                // Pingora gives its notice only after SIGQUIT, when another process has the sockets.
                if pingoras.wait_for(|shutdown| *shutdown).await.is_ok() {
                    drain.hand_over().await;
                }
            });
            Some(shared.draining.subscribe())
        })
    }

    /// For the service of the operator, whose thread is idle most of the time.
    pub(super) fn follow_changes(
        self: &Arc<Self>,
        start: &Start,
    ) -> Box<dyn FnOnce(ShutdownWatch) -> Option<ShutdownWatch> + Send + Sync> {
        let shared = self.clone();
        let file = start.file.clone();
        // Beside one command without a file of its own there is nothing that could change within its life.
        let reloader = (file.is_some() || start.companion.is_none()).then(|| {
            let (registry, snapshot) = (self.registry.clone(), self.snapshot.clone());
            Reloader::new(file.clone(), Arc::new(Process), registry, snapshot, start.config.clone())
                .keeping(kept::place(&Process))
        });
        Box::new(move |_| {
            tokio::spawn(shared.clone().renew_authority());
            if let Some(reloader) = reloader {
                tokio::spawn(shared.follow(file, reloader));
            }
            None
        })
    }

    /// `file`: the configuration's, if it came from one.
    async fn follow(self: Arc<Self>, file: Option<PathBuf>, reloader: Reloader) {
        let watched = file.as_ref().map_or_else(|| Ok(Watcher::default()), Watcher::new);
        let mut watcher = match watched {
            Ok(watcher) => watcher,
            Err(error) => return tracing::error!(%error, "the configuration file cannot be watched"),
        };
        // Without a file there is nothing to read again, and the signal ends a process as a terminal expects it.
        let mut hangup = match file.map(|_| signal(SignalKind::hangup())).transpose() {
            Ok(hangup) => hangup,
            Err(error) => return tracing::error!(%error, "SIGHUP cannot be waited for"),
        };
        let mut asked = false;
        // Read at once: the file may have changed between the start and the watch.
        loop {
            // Before they are read, so that no change falls between; whatever becomes of it, because a secret that is
            // missing may come.
            if let Some(files) = reloader.files() {
                watcher.follow(files);
            }
            self.reload(&reloader, asked);
            asked = tokio::select! {
                () = watcher.changed() => false,
                true = hung_up(&mut hangup) => true,
            };
        }
    }

    /// TLS is ended for the hosts that the configuration lists now.
    fn list_hosts(&self) {
        let snapshot = self.snapshot.load();
        if let (Some(leaves), Some(intercept)) = (&self.leaves, &snapshot.intercept) {
            for warning in leaves.list(intercept.hosts.clone()) {
                tracing::warn!("{warning}");
            }
        }
    }

    /// The local authority is renewed in time, also where the process runs for years.
    async fn renew_authority(self: Arc<Self>) {
        loop {
            // Somebody else may make one, too.
            for _ in 0..DAY.as_secs() / MINUTE.as_secs() {
                let until = self.leaves.as_ref().and_then(|leaves| leaves.until());
                self.telemetry.metrics.ways.authority_ends(until);
                tokio::time::sleep(MINUTE).await;
            }
            for warning in self.leaves.iter().flat_map(|leaves| leaves.renew()) {
                tracing::warn!("{warning}");
            }
        }
    }

    /// `asked`: by the operator, with SIGHUP.
    fn reload(&self, reloader: &Reloader, asked: bool) {
        match reloader.reload() {
            // A bad file was mended by taking the change back, or somebody wants to know whether the file is good.
            Ok(Changed::Nothing) => {
                self.telemetry.metrics.config_loaded(SystemTime::now());
                if asked {
                    self.telemetry.metrics.config_reloaded(true, SystemTime::now());
                    tracing::info!("configuration read again, nothing has changed");
                }
            }
            Ok(Changed::Applied { warnings, restart }) => {
                self.reserve_labels();
                self.keep_accounts();
                self.start_endpoints();
                self.list_hosts();
                self.telemetry.metrics.config_reloaded(true, SystemTime::now());
                for warning in warnings {
                    tracing::warn!("{warning}");
                }
                if !restart.is_empty() {
                    tracing::warn!(keys = restart.join(", "), "these changes wait for a restart");
                }
                tracing::info!("configuration reloaded");
            }
            Err(problems) => {
                self.telemetry.metrics.config_reloaded(false, SystemTime::now());
                tracing::error!(%problems, "configuration not reloaded, the last good one stays in use");
            }
        }
    }
}

/// The signal came; never where none is waited for.
async fn hung_up(hangup: &mut Option<Signal>) -> bool {
    match hangup {
        Some(hangup) => hangup.recv().await.is_some(),
        None => std::future::pending().await,
    }
}
