//! How well Outrider chooses, and how fast: benches/README.md.
//!
//! `cargo bench --bench routing` prints the tables of docs/routing.md. Seeds are fixed.

/// Of another bench, which uses all of it.
#[allow(dead_code)]
#[path = "../translate/allocations.rs"]
mod allocations;
mod decide;
mod models;
mod simulate;
mod world;

use outrider::routing::choice::{Balance, Turn};
use simulate::{Day, Policy, day};

/// The days that are simulated, and the calls of each.
const SEEDS: [u64; 3] = [1, 2, 3];
const CALLS: u64 = 1_000_000;

fn main() {
    let calls = std::env::var("CALLS").ok().and_then(|calls| calls.parse().ok()).unwrap_or(CALLS);
    decide::report();
    for seed in SEEDS {
        let providers = world::providers(seed);
        let routed =
            |balance, weights: &dyn Fn(f64) -> u32| Policy::Routed(models::of_world(&providers, balance, weights));
        let policies = [
            ("oracle", Policy::Oracle),
            ("score (the default)", routed(Balance::Score, &|_| 1)),
            ("1/price^2", routed(Balance::Weighted, &|price| (1e4 / (price * price)) as u32)),
            ("round robin", routed(Balance::RoundRobin(Turn::default()), &|_| 1)),
            ("cheapest only", routed(Balance::Price, &|_| 1)),
        ];
        println!("\nDay {seed}: 20 providers, {calls} calls, each tried until it is answered\n");
        println!(
            "| policy | cost of 1,000 good answers | of that paid | first token p50, p95 | whole p50, p95 | at once | vs oracle |"
        );
        println!("| --- | --- | --- | --- | --- | --- | --- |");
        let mut best = None;
        for (name, policy) in policies {
            let done = day(&policy, &providers, seed, calls);
            let best = *best.get_or_insert(done.cost);
            line(name, &done, calls, best);
        }
    }
}

fn line(name: &str, done: &Day, calls: u64, best: f64) {
    let thousand = calls as f64 / 1_000.0;
    println!(
        "| {name} | ${:.3} | ${:.3} | {:.2} s, {:.2} s | {:.1} s, {:.1} s | {:.2} % | {:+.1} % |",
        done.cost / thousand,
        done.dollars / thousand,
        done.first_token.0,
        done.first_token.1,
        done.whole.0,
        done.whole.1,
        done.at_once * 100.0,
        (done.cost / best - 1.0) * 100.0,
    );
}
