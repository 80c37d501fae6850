//! What it costs an application that it knows nothing of Outrider: its calls beside those by base URL, tunnels beside a
//! plain copy, and certificates.
//!
//!     cargo bench --bench ways [-- [--quick]]
//!
//! As in `overhead`, whatever is compared is measured in turn, round after round, in one run; a proxy has a core for
//! itself. How to read the numbers: benches/README.md.

mod calls;
mod copy;
mod leaves;
mod report;
mod tunnel;

// What calls and answers is that of the other bench, which uses more of it.
#[allow(dead_code)]
#[path = "../overhead/anthropic.rs"]
mod anthropic;
#[allow(dead_code)]
#[path = "../overhead/bare.rs"]
mod bare;
#[allow(dead_code)]
#[path = "../overhead/client.rs"]
mod client;
#[path = "../overhead/dial.rs"]
mod dial;
#[allow(dead_code)]
#[path = "../overhead/load.rs"]
mod load;
#[allow(dead_code)]
#[path = "../overhead/process.rs"]
mod process;
#[allow(dead_code)]
#[path = "../overhead/upstream.rs"]
mod upstream;

use std::time::Duration;

/// How long, how often.
struct Plan {
    rounds: usize,
    calls: Duration,
    megabytes: usize,
}

const FULL: Plan = Plan { rounds: 11, calls: Duration::from_millis(1000), megabytes: 1024 };
const QUICK: Plan = Plan { rounds: 3, calls: Duration::from_millis(300), megabytes: 256 };

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [role, listen, upstream] = &arguments[..]
        && role == copy::ROLE
    {
        return copy::run(listen, upstream);
    }
    let plan = if arguments.iter().any(|argument| argument == "--quick") { QUICK } else { FULL };
    process::pin_self();
    leaves::measure(plan.rounds);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        calls::measure(&plan).await;
        tunnel::measure(&plan).await;
    });
}
