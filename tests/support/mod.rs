//! Three builders, so that a black-box test is about six lines: a simulated [`provider`], the built [`proxy`] in
//! front of it, and a [`client`].
//!
//! Everything runs over real sockets on ports that the kernel chooses. Nothing sleeps to get its timing right: a
//! provider waits at a gate until the test opens it, and what can only be observed is awaited with [`eventually`].

pub mod client;
pub mod config;
pub mod dialects;
pub mod faults;
pub mod foreign;
pub mod provider;
pub mod proxy;
pub mod secrets;
pub mod sigv4;

use std::fmt::Debug;
use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;

/// No test takes longer than this; one that does is stuck.
const TEST_LIMIT: Duration = Duration::from_secs(20);

/// How long a condition may take to come true. Well above what a loaded two-core machine needs.
const PATIENCE: Duration = Duration::from_secs(10);

/// But a test that drives an interpreter through hundreds of calls may.
const SCRIPT_LIMIT: Duration = Duration::from_secs(240);

/// Runs one test, within its time limit.
pub fn run(test: impl Future<Output = ()>) {
    run_within(TEST_LIMIT, test);
}

/// Runs a test that drives an interpreter.
pub fn run_script(test: impl Future<Output = ()>) {
    run_within(SCRIPT_LIMIT, test);
}

/// The same with a limit of its own, for a test that other programs take part in.
pub fn run_within(limit: Duration, test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let limited = runtime.block_on(async { tokio::time::timeout(limit, test).await });
    assert!(limited.is_ok(), "the test did not end within {limit:?}");
}

/// Looks again and again until `holds` says yes; fails with `what` and the last thing seen.
pub async fn eventually<T: Debug, F: Future<Output = T>>(
    what: &str,
    mut look: impl FnMut() -> F,
    holds: impl Fn(&T) -> bool,
) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let seen = look().await;
        if holds(&seen) {
            return seen;
        }
        assert!(Instant::now() < deadline, "never came true: {what}; last seen: {seen:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// [`eventually`] for a plain condition.
pub async fn until(what: &str, condition: impl Fn() -> bool) {
    eventually(what, || std::future::ready(condition()), |held| *held).await;
}
