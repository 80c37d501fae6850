//! The storm for a long time: memory stays flat, and no descriptor is forgotten.

use std::time::Duration;

use super::load::Load;
use super::providers::Providers;
use crate::support::proxy::Proxy;

/// Of the whole time, the part in which pools and caches may still grow.
const WARM_UP: f64 = 0.2;

/// How much more memory than after the warm-up there may ever be.
const GROWTH: f64 = 1.10;

/// Until connections that nobody uses are given up, and calls that clients left are over.
const SETTLE: Duration = Duration::from_secs(5);

/// How many more descriptors there may be at rest than after the warm-up: connections kept in the pool.
const KEPT: usize = 32;

/// Prints a line each minute. Whether all held.
pub async fn run(minutes: usize) -> bool {
    let providers = Providers::start().await;
    let proxy = Proxy::start(&providers.config()).await;
    let storm = providers.storm();
    println!("| minute | calls | lost | resident, MiB | descriptors |\n| ---: | ---: | ---: | ---: | ---: |");
    let mut samples = Vec::new();
    let mut held = true;
    for minute in 1..=minutes {
        let tally = Load::For(Duration::from_secs(60) - SETTLE).run(proxy.traffic).await;
        tokio::time::sleep(SETTLE).await;
        let (resident, descriptors) = (proxy.resident() as f64 / f64::from(1 << 20), proxy.descriptors());
        println!("| {minute} | {} | {} | {resident:.1} | {descriptors} |", tally.calls(), tally.lost());
        if !tally.held() {
            tally.print_losses();
            held = false;
        }
        samples.push((resident, descriptors));
    }
    storm.abort();
    let warm = ((minutes as f64 * WARM_UP).ceil() as usize).clamp(1, minutes.max(1));
    let (warm, rest) = samples.split_at(warm.min(samples.len()));
    let Some((resident, descriptors)) = warm.last() else { return held };
    let most = rest.iter().fold((0.0, 0), |most: (f64, usize), it| (most.0.max(it.0), most.1.max(it.1)));
    println!(
        "\nresident {resident:.1} MiB after the warm-up, {:.1} at most since; descriptors {descriptors}, {}",
        most.0, most.1
    );
    held && most.0 <= resident * GROWTH && most.1 <= descriptors + KEPT
}
