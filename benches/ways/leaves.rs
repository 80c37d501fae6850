//! Certificates of hosts: minted at the first connection, looked up at every other.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use outrider::trust::{Authority, Hosts, Leaves, Pattern};

use super::report::median;

/// Fewer than are kept.
const MINTED: usize = 500;

const LOOKED_UP: usize = 200_000;

/// Prints the times.
pub fn measure(rounds: usize) {
    let (mut minted, mut cached, mut listed) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let leaves = leaves();
        let mint = |number| drop(black_box(leaves.config(&format!("h{number}.openai.azure.com")).expect("a leaf")));
        minted.push(each(MINTED, mint));
        cached.push(each(LOOKED_UP, |_| drop(black_box(leaves.config(black_box("h7.openai.azure.com"))))));
        listed.push(each(LOOKED_UP, |_| assert!(leaves.listed(black_box("h7.openai.azure.com")))));
    }
    println!("\n| a host's certificate | µs | aim |\n| --- | ---: | ---: |");
    println!("| minted | {:.1} | 1000 |", median(minted));
    println!("| found | {:.3} | 1 |", median(cached));
    println!("| whether it is listed | {:.3} | 1 |", median(listed));
}

fn leaves() -> Arc<Leaves> {
    let hosts: Hosts = [Pattern::parse("*.openai.azure.com").expect("a pattern")].into_iter().collect();
    let authority = Authority::make(Some(&hosts), SystemTime::now()).expect("an authority");
    Leaves::new(hosts, vec![Arc::new(authority)]).expect("leaves")
}

/// Microseconds.
fn each(times: usize, act: impl Fn(usize)) -> f64 {
    let start = Instant::now();
    (0..times).for_each(act);
    start.elapsed().as_secs_f64() * 1e6 / times as f64
}
