//! Clients that do not believe our certificates.
//!
//! An application without the local authority cannot be served, and must not be broken either: where the operator
//! wants it so, its next connection to that host is passed on as it is.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::recent::Recent;
use crate::telemetry::ways::Distrust;

/// How long a host is passed on. Then it is tried again: somebody may have given the application our authority.
const TTL: Duration = Duration::from_secs(10 * 60);

/// At most so many hosts are remembered. An application calls a dozen.
const MOST: usize = 256;

/// Clients may leave after the handshake for reasons of their own. So often in a row, without one request ever: they
/// do not believe us.
const SILENCES: u8 = 2;

/// What was seen of each host's clients.
#[derive(Debug)]
pub(super) struct Distrusted {
    by_host: Mutex<Recent<Box<str>, Seen>>,
    /// How many of them are passed on, or were lately: hardly ever any, and then no new connection takes the lock.
    passed_on: AtomicUsize,
}

#[derive(Debug)]
struct Seen {
    believed: bool,
    silences: u8,
    until: Option<Instant>,
}

impl Default for Distrusted {
    fn default() -> Self {
        Self { by_host: Mutex::new(Recent::new(MOST)), passed_on: AtomicUsize::new(0) }
    }
}

impl Distrusted {
    /// Whether connections to `host` are to be passed on.
    pub(super) fn contains(&self, host: &str, now: Instant) -> bool {
        self.passed_on.load(Relaxed) > 0
            && self.lock().peek(host).is_some_and(|seen| seen.until.is_some_and(|until| now < until))
    }

    /// A client of `host` has sent a request: it believes us.
    pub(super) fn believed(&self, host: &str) {
        self.with(host, |seen| *seen = Seen { believed: true, silences: 0, ..*seen });
    }

    /// A client of `host` has shown that it does not.
    pub(super) fn note(&self, host: &str, how: Distrust, now: Instant) {
        self.with(host, |seen| match how {
            Distrust::Alert => seen.until = Some(now + TTL),
            Distrust::Silence if seen.believed => {}
            Distrust::Silence => {
                seen.silences = seen.silences.saturating_add(1);
                if seen.silences >= SILENCES {
                    seen.until = Some(now + TTL);
                }
            }
        });
    }

    fn with(&self, host: &str, change: impl FnOnce(&mut Seen)) {
        let mut by_host = self.lock();
        match by_host.get(host) {
            Some(seen) => change(seen),
            None => {
                let mut fresh = Seen { believed: false, silences: 0, until: None };
                change(&mut fresh);
                by_host.insert(host.into(), fresh);
            }
        }
        self.passed_on.store(by_host.values().filter(|seen| seen.until.is_some()).count(), Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Recent<Box<str>, Seen>> {
        self.by_host.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `a` a client says that it does not believe us, `s` it leaves in silence, `b` one sends a request; `m` lets a
    /// minute pass.
    fn check(story: &str, passed_on: bool) {
        let (distrusted, mut now) = (Distrusted::default(), Instant::now());
        for step in story.chars() {
            match step {
                'a' => distrusted.note("h", Distrust::Alert, now),
                's' => distrusted.note("h", Distrust::Silence, now),
                'b' => distrusted.believed("h"),
                _ => now += Duration::from_secs(60),
            }
        }
        assert_eq!(distrusted.contains("h", now), passed_on, "{story}");
        assert!(!distrusted.contains("other", now), "{story}");
    }

    #[test]
    fn who_is_not_believed_steps_aside_for_a_while() {
        check("", false);
        check("a", true);
        check("ammmmmmmmm", true);
        check("ammmmmmmmmm", false);
        check("ammmmmmmmmma", true);
        check("s", false);
        check("ss", true);
        check("sbs", false);
        check("bssss", false);
        check("sbsssss", false); // others leave early for their own reasons
        check("sba", true);
    }

    #[test]
    fn hosts_without_end_are_bounded() {
        let (distrusted, now) = (Distrusted::default(), Instant::now());
        for n in 0..10_000 {
            distrusted.note(&format!("host-{n}"), Distrust::Alert, now + Duration::from_millis(n));
        }
        assert_eq!(distrusted.lock().values().count(), MOST);
        assert!(distrusted.contains("host-9999", now) && !distrusted.contains("host-0", now));
    }
}
