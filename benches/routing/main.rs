//! How well Outrider chooses, and how fast: benches/README.md.
//!
//! `cargo bench --bench routing` prints the tables of docs/routing.md. Seeds are fixed. It fails where the default does not
//! beat the others, is far from the best, or decides too slowly.

/// Of another bench, which uses all of it.
#[allow(dead_code)]
#[path = "../translate/allocations.rs"]
mod allocations;
mod decide;
mod models;
mod simulate;
mod verdict;
mod world;

use std::process::ExitCode;

use outrider::routing::choice::{Balance, Turn};
use simulate::{Day, Policy, day};
use verdict::Verdict;
use world::{OTHERS, USUAL, World};

/// The calls of each day.
const CALLS: u64 = 1_000_000;

/// The days by which the default weights were found.
const TUNED: [u64; 3] = [1, 2, 3];

/// Days of the same world by which they were not.
const HELD_OUT: std::ops::RangeInclusive<u64> = 101..=110;

/// Days of each other world.
const ELSEWHERE: [u64; 2] = [201, 202];

/// Who knows everything may be cheaper by so many percent: on each of the days of tuning, and on the others in the mean.
const FROM_THE_BEST: f64 = 10.0;

fn main() -> ExitCode {
    let calls = std::env::var("CALLS").ok().and_then(|calls| calls.parse().ok()).unwrap_or(CALLS);
    let mut verdict = Verdict::default();
    decide::report(&mut verdict);
    for seed in TUNED {
        println!("\nDay {seed}: 20 providers, {calls} calls, each tried until it is answered\n");
        println!(
            "| policy | cost of 1,000 good answers | of that paid | first token p50, p95 | whole p50, p95 | at once | vs oracle |"
        );
        println!("| --- | --- | --- | --- | --- | --- | --- |");
        let days = days(&USUAL, seed, calls);
        days.iter().for_each(|(name, done)| line(name, done, calls, days[0].1.cost));
        judge(&mut verdict, &USUAL, seed, &days);
        let over = over(&days[1].1, &days);
        verdict
            .hold(over <= FROM_THE_BEST, || format!("day {seed}: the default costs {over:.1} % more than the oracle"));
    }
    println!("\nDays that nothing was tuned by, vs oracle\n");
    println!("| world | day | score (the default) | 1/price^2 | round robin | cheapest only |");
    println!("| --- | --- | --- | --- | --- | --- |");
    let mut overs = Vec::new();
    let elsewhere = OTHERS.iter().flat_map(|world| ELSEWHERE.map(|seed| (world, seed)));
    for (world, seed) in HELD_OUT.map(|seed| (&USUAL, seed)).chain(elsewhere) {
        let days = days(world, seed, calls);
        let others: Vec<String> = days[1..].iter().map(|(_, done)| format!("{:+.1} %", over(done, &days))).collect();
        println!("| {} | {seed} | {} |", world.name, others.join(" | "));
        judge(&mut verdict, world, seed, &days);
        if world.name == USUAL.name {
            overs.push(over(&days[1].1, &days));
        }
    }
    let mean = overs.iter().sum::<f64>() / overs.len() as f64;
    println!("\nThe mean of the usual ones: {mean:+.1} %");
    verdict.hold(mean <= FROM_THE_BEST, || format!("in the mean the default costs {mean:.1} % more than the oracle"));
    verdict.told()
}

/// One day by each policy: the oracle's first, then the default's.
fn days(world: &World, seed: u64, calls: u64) -> Vec<(&'static str, Day)> {
    let providers = world::providers(world, seed);
    let routed = |balance, weights: &dyn Fn(f64) -> u32| Policy::Routed(models::of_world(&providers, balance, weights));
    let policies = [
        ("oracle", Policy::Oracle),
        ("score (the default)", routed(Balance::Score, &|_| 1)),
        ("1/price^2", routed(Balance::Weighted, &|price| (1e4 / (price * price)) as u32)),
        ("round robin", routed(Balance::RoundRobin(Turn::default()), &|_| 1)),
        ("cheapest only", routed(Balance::Price, &|_| 1)),
    ];
    policies.into_iter().map(|(name, policy)| (name, day(&policy, &providers, seed, calls))).collect()
}

/// By how many percent `done` costs more than the oracle's day.
fn over(done: &Day, days: &[(&str, Day)]) -> f64 {
    (done.cost / days[0].1.cost - 1.0) * 100.0
}

/// The default has to beat all others.
fn judge(verdict: &mut Verdict, world: &World, seed: u64, days: &[(&str, Day)]) {
    let own = &days[1].1;
    for (name, other) in &days[2..] {
        let beaten = own.cost < other.cost;
        verdict.hold(beaten, || format!("{} world, day {seed}: the default costs more than {name}", world.name));
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
