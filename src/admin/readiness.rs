//! Whether calls can be served: what `/readyz` tells the load balancer.

use std::sync::atomic::{AtomicBool, Ordering};

/// Becomes ready when the first configuration is in use and the listeners are bound; ends with draining.
#[derive(Debug, Default)]
pub struct Readiness {
    listeners_up: AtomicBool,
    snapshot_up: AtomicBool,
    draining: AtomicBool,
}

impl Readiness {
    /// Clients can connect.
    pub fn listeners_are_up(&self) {
        self.listeners_up.store(true, Ordering::Release);
    }

    /// The first configuration is in use.
    pub fn snapshot_is_up(&self) {
        self.snapshot_up.store(true, Ordering::Release);
    }

    /// The process is going: calls in flight finish, new ones belong elsewhere.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Release);
    }

    /// Why calls cannot be served; `None` when they can.
    pub fn reason(&self) -> Option<&'static str> {
        if self.draining.load(Ordering::Acquire) {
            return Some("draining");
        }
        if !self.snapshot_up.load(Ordering::Acquire) {
            return Some("no configuration is in use yet");
        }
        (!self.listeners_up.load(Ordering::Acquire)).then_some("listeners are not up yet")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_between_start_and_drain() {
        let readiness = Readiness::default();
        assert_eq!(readiness.reason(), Some("no configuration is in use yet"));
        readiness.snapshot_is_up();
        assert_eq!(readiness.reason(), Some("listeners are not up yet"));
        readiness.listeners_are_up();
        assert_eq!(readiness.reason(), None);
        readiness.drain();
        assert_eq!(readiness.reason(), Some("draining"));
    }
}
