//! How Outrider ends: without cutting an answer off, and no later than it must.
//!
//! Pingora sleeps through its whole grace period on SIGTERM. A sidecar that does so delays every rollout, so the
//! wait is done here: until the last call has ended, or `shutdown.grace` is over.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use pingora_core::server::{ShutdownSignal, ShutdownSignalWatch};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::admin::Readiness;
use crate::telemetry::Telemetry;

/// How often it is looked whether the last call has ended.
const LOOK: Duration = Duration::from_millis(10);

/// The end of the process.
pub(super) struct Drain {
    pub readiness: Arc<Readiness>,
    pub draining: watch::Sender<bool>,
    pub busy: Arc<AtomicUsize>,
    pub telemetry: Arc<Telemetry>,
    pub grace: Duration,
}

impl Drain {
    /// No new connections, readiness off, idle connections closed.
    fn begin(&self) {
        self.readiness.drain();
        self.draining.send_replace(true);
    }

    /// The last call has ended, or the grace is over.
    async fn end(&self) {
        let ended = async {
            while self.busy.load(Ordering::Relaxed) > 0 {
                tokio::time::sleep(LOOK).await;
            }
        };
        if tokio::time::timeout(self.grace, ended).await.is_err() {
            tracing::warn!(calls = self.busy.load(Ordering::Relaxed), "grace is over, calls are cut off");
        }
    }

    /// After the sockets went to another process: serve what is left, then leave, although Pingora would sleep on.
    pub(super) async fn hand_over(&self) -> ! {
        self.begin();
        self.end().await;
        self.telemetry.flush();
        std::process::exit(0)
    }
}

#[async_trait]
impl ShutdownSignalWatch for Drain {
    async fn recv(&self) -> ShutdownSignal {
        let (Some(mut terminate), Some(mut interrupt), Some(mut quit)) =
            (on(SignalKind::terminate()), on(SignalKind::interrupt()), on(SignalKind::quit()))
        else {
            return ShutdownSignal::FastShutdown;
        };
        // A file that may not grow (RLIMIT_FSIZE) would end the process; whoever writes it is told all the same.
        let _over = on(SignalKind::from_raw(libc::SIGXFSZ));
        tokio::select! {
            _ = terminate.recv() => {
                tracing::info!(calls = self.busy.load(Ordering::Relaxed), "SIGTERM received, draining");
                self.begin();
                tokio::select! {
                    () = self.end() => {}
                    _ = terminate.recv() => {} // asked twice
                    _ = interrupt.recv() => {}
                }
                ShutdownSignal::FastShutdown
            }
            _ = interrupt.recv() => ShutdownSignal::FastShutdown,
            _ = quit.recv() => ShutdownSignal::GracefulUpgrade,
        }
    }
}

pub(super) fn on(kind: SignalKind) -> Option<Signal> {
    signal(kind).map_err(|error| tracing::error!(%error, "signals cannot be waited for")).ok()
}
