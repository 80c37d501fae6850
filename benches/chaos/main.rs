//! Calls through a process whose providers fail at random in every way that the tests know. None may be lost.
//!
//!     cargo bench --bench chaos [-- [--calls N] [--soak MINUTES] [--compare]]
//!
//! Three providers of three dialects, of which one at least is good at any time, and clients of all dialects. A call
//! is lost when its client gets an error, or anything but the whole answer exactly once; then the exit code is 1.
//! How to read the numbers: benches/README.md.

mod caller;
mod compare;
mod load;
mod providers;
mod soak;
/// Of the tests, which use all of it.
#[allow(dead_code, unused_imports)]
#[path = "../../tests/support/mod.rs"]
mod support;
mod tally;

use std::process::ExitCode;
use std::time::Duration;

use load::Load;
use providers::Providers;
use support::proxy::Proxy;

/// Calls that are made without a word about it.
const CALLS: usize = 100_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |name: &str| arguments.iter().skip_while(|it| *it != name).nth(1)?.parse::<usize>().ok();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let held = runtime.block_on(async {
        if arguments.iter().any(|argument| argument == "--compare") {
            return compare::run().await;
        }
        match number("--soak") {
            Some(minutes) => soak::run(minutes).await,
            None => chaos(number("--calls").unwrap_or(CALLS)).await,
        }
    });
    // Whatever still drips or sleeps must not keep the process.
    runtime.shutdown_timeout(Duration::from_secs(1));
    if held { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// First a while in which nothing fails, to compare with; then the storm.
async fn chaos(calls: usize) -> bool {
    let providers = Providers::start().await;
    let proxy = Proxy::start(&providers.config()).await;
    let quiet = Load::Calls(calls.div_ceil(50)).run(proxy.traffic).await;
    let before = (providers.asked(), proxy.resident());

    let storm = providers.storm();
    let tally = Load::Calls(calls).run(proxy.traffic).await;
    storm.abort();

    println!("# Chaos: {calls} calls, three providers of which one is good\n");
    tally.print(&quiet);
    let tries = (providers.asked() - before.0) as f64 / tally.calls() as f64;
    let [was, is] = [before.1, proxy.resident()].map(|bytes| bytes as f64 / f64::from(1 << 20));
    println!(
        "\n{tries:.3} tries per call; resident {was:.1} MiB before, {is:.1} MiB after; {} faults",
        providers.faults()
    );
    tally.held()
}
