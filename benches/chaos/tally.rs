//! What came of the calls.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::support::faults::Verdict;

/// Kinds of losses that are told one by one.
const TOLD: usize = 20;

/// Counts, latencies, and examples of what went wrong.
#[derive(Default)]
pub struct Tally {
    whole: usize,
    failed: usize,
    wrong: usize,
    at_once: Vec<Duration>,
    again: Vec<Duration>,
    /// How often, and the first of them in full.
    losses: BTreeMap<String, (usize, String)>,
}

impl Tally {
    /// One more call. `who` asked, `tries` are those that the reply's head told of.
    pub fn count(&mut self, verdict: Verdict, took: Duration, tries: usize, who: &str) {
        let latencies = if tries > 1 { &mut self.again } else { &mut self.at_once };
        latencies.push(took);
        let (counter, kind, why) = match verdict {
            Verdict::Whole => return self.whole += 1,
            Verdict::Error(why) => (&mut self.failed, "error", why),
            Verdict::Wrong(why) => (&mut self.wrong, "WRONG", why),
        };
        *counter += 1;
        // What comes behind is of this one call.
        let short: String = why.split([';', '{']).next().unwrap_or_default().chars().take(60).collect();
        self.losses.entry(format!("{kind}: {short}")).or_insert_with(|| (0, format!("{who}: {why}"))).0 += 1;
    }

    /// Both together.
    pub fn and(mut self, other: Self) -> Self {
        self.whole += other.whole;
        self.failed += other.failed;
        self.wrong += other.wrong;
        self.at_once.extend(other.at_once);
        self.again.extend(other.again);
        for (kind, (count, example)) in other.losses {
            self.losses.entry(kind).or_insert((0, example)).0 += count;
        }
        self
    }

    /// All of them.
    pub fn calls(&self) -> usize {
        self.whole + self.failed + self.wrong
    }

    /// Those that did not get their answer.
    pub fn lost(&self) -> usize {
        self.failed + self.wrong
    }

    /// No call was lost.
    pub fn held(&self) -> bool {
        self.lost() == 0
    }

    /// The latency that `share` of all calls did not exceed.
    pub fn percentile(&self, share: f64) -> Duration {
        percentile(self.at_once.iter().chain(&self.again).copied().collect(), share)
    }

    /// Everything, beside a time in which nothing failed.
    pub fn print(&self, quiet: &Self) {
        println!("| whole | errors | wrong |\n| ---: | ---: | ---: |");
        println!("| {} | {} | {} |\n", self.whole, self.failed, self.wrong);
        println!("| | calls | p50 | p90 | p99 | most |\n| --- | ---: | ---: | ---: | ---: | ---: |");
        row("nothing fails", quiet.at_once.clone());
        row("first try", self.at_once.clone());
        row("more tries", self.again.clone());
        let added = self.percentile(0.99).saturating_sub(quiet.percentile(0.5));
        println!("\np99 of all, above the median where nothing fails: {:.1} ms", added.as_secs_f64() * 1e3);
        self.print_losses();
    }

    /// What was lost.
    pub fn print_losses(&self) {
        for (kind, (count, example)) in self.losses.iter().take(TOLD) {
            println!("\n{count} x {kind}\n    {}", example.chars().take(1500).collect::<String>());
        }
    }
}

fn row(name: &str, latencies: Vec<Duration>) {
    let count = latencies.len();
    let cells = [0.5, 0.9, 0.99, 1.0]
        .map(|share| format!("{:.2} ms", percentile(latencies.clone(), share).as_secs_f64() * 1e3));
    println!("| {name} | {count} | {} |", cells.join(" | "));
}

fn percentile(mut latencies: Vec<Duration>, share: f64) -> Duration {
    latencies.sort_unstable();
    let last = latencies.len().saturating_sub(1);
    latencies.get((last as f64 * share) as usize).copied().unwrap_or_default()
}
