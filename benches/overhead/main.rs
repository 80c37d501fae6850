//! What a call costs with Outrider in between, beside a bare Pingora proxy and beside nothing at all.
//!
//!     cargo bench --bench overhead [-- [--quick] [--only PART-OF-A-LOAD'S-NAME]]
//!
//! The three ways are measured in turn, round after round, against one upstream, so that whatever else the machine does
//! falls on all of them alike. Each proxy has a core for itself; the upstream and the client share another. How to read
//! the numbers: benches/README.md.

mod anthropic;
mod bare;
mod client;
mod dial;
mod load;
mod process;
mod report;
mod upstream;

use std::time::Duration;

use client::Run;
use dial::Way;
use load::{LOADS, Load};
use process::Proxy;
use report::{Report, Sample};
use upstream::Upstream;

/// How long, how often.
struct Plan {
    rounds: usize,
    loaded: Duration,
    alone: Duration,
    starts: usize,
}

const FULL: Plan =
    Plan { rounds: 11, loaded: Duration::from_millis(1000), alone: Duration::from_millis(400), starts: 15 };
const QUICK: Plan =
    Plan { rounds: 3, loaded: Duration::from_millis(300), alone: Duration::from_millis(150), starts: 5 };

/// Connections that call at the same time where throughput and CPU are measured: enough to keep the proxy's core busy.
const CONNECTIONS: usize = 8;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [role, listen, upstream] = &arguments[..]
        && role == bare::ROLE
    {
        return bare::run(listen, upstream);
    }
    let plan = if arguments.iter().any(|argument| argument == "--quick") { QUICK } else { FULL };
    let only = arguments.iter().skip_while(|argument| *argument != "--only").nth(1).cloned().unwrap_or_default();
    process::pin_self();
    // One thread for the upstream and the client: they share a core, and waking each other would only be noise.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(measure(&plan, &only));
}

async fn measure(plan: &Plan, only: &str) {
    let upstream = Upstream::open().await;
    let mut report = Report::default();
    for _ in 0..plan.starts {
        report.bare_start.push(first_request(Proxy::bare(upstream.address)).await);
        report.outrider_start.push(first_request(Proxy::outrider(upstream.address)).await);
    }

    let bare = Proxy::bare(upstream.address).ready().await;
    let outrider = Proxy::outrider(upstream.address).ready().await;
    // Long enough for whatever a process does right after its start.
    tokio::time::sleep(Duration::from_secs(2)).await;
    report.idle = [bare.resident(), outrider.resident()];

    let ways = [("direct", None), ("bare Pingora", Some(&bare)), ("Outrider", Some(&outrider))];
    for round in 0..plan.rounds {
        eprintln!("round {} of {}", round + 1, plan.rounds);
        for (index, load) in LOADS.iter().enumerate().filter(|(_, load)| load.name.contains(only)) {
            // Each way is first as often as it is last.
            for turn in 0..ways.len() {
                let way = (round + index + turn) % ways.len();
                let (name, proxy) = ways[way];
                let sample = sample(plan, &upstream, load, proxy).await;
                report.add(load, name, sample);
            }
        }
    }
    report.loaded = [bare.resident(), outrider.resident()];
    report.peak = [bare.peak(), outrider.peak()];
    report.print();
}

/// From the start of the process to the end of its first reply.
async fn first_request(proxy: Proxy) -> Duration {
    let started = proxy.started;
    proxy.ready().await;
    started.elapsed()
}

/// One way under one load: alone for its latency, then many at once for throughput and CPU.
async fn sample(plan: &Plan, upstream: &Upstream, load: &'static Load, proxy: Option<&Proxy>) -> Sample {
    let way = Way::plain(proxy.map_or(upstream.address, |proxy| proxy.address));
    upstream.answer(load);
    let alone = client::run(upstream, &way, load, 1, plan.alone, None).await;
    // In lockstep there is one stream: its events are what is counted.
    let connections = if load.reply == load::Reply::Lockstep { 1 } else { CONNECTIONS };
    let loaded = client::run(upstream, &way, load, connections, plan.loaded, proxy).await;
    let Run { calls, took, cpu, .. } = loaded;
    let units = (calls * load.units) as f64;
    Sample {
        per_second: units / took.as_secs_f64(),
        cpu: cpu.map(|cpu| cpu.as_secs_f64() * 1e6 / units),
        p50: alone.percentile(0.50),
        p99: alone.percentile(0.99),
    }
}
