//! The tables: medians over the rounds, and Outrider against bare Pingora round by round.

use std::time::Duration;

use super::load::{LOADS, Load};

/// One way under one load in one round.
pub struct Sample {
    /// Calls or events a second.
    pub per_second: f64,
    /// Microseconds of CPU for each, of the proxy alone.
    pub cpu: Option<f64>,
    /// Latency of a call that is alone.
    pub p50: Duration,
    /// The same, of the slowest in a hundred.
    pub p99: Duration,
}

/// Everything that was measured. Pairs are bare Pingora and Outrider; memory in MiB.
#[derive(Default)]
pub struct Report {
    samples: Vec<(&'static str, &'static str, Sample)>,
    /// Start to first reply.
    pub bare_start: Vec<Duration>,
    /// Start to first reply.
    pub outrider_start: Vec<Duration>,
    /// Resident, before the load.
    pub idle: [f64; 2],
    /// Resident, after it.
    pub loaded: [f64; 2],
    /// The most there ever was.
    pub peak: [f64; 2],
}

impl Report {
    /// Takes a sample.
    pub fn add(&mut self, load: &Load, way: &'static str, sample: Sample) {
        self.samples.push((load.name, way, sample));
    }

    /// Prints it all as Markdown.
    pub fn print(&self) {
        println!("\n{}\n", machine());
        println!("| load | way | per second | p50 added | p99 added | CPU, µs per call or event |");
        println!("| --- | --- | ---: | ---: | ---: | ---: |");
        for load in self.loads() {
            self.print_load(load);
        }
        println!("\n| Outrider against bare Pingora, CPU | median | least | most | aim |");
        println!("| --- | ---: | ---: | ---: | ---: |");
        for load in self.loads() {
            let ratios = self.ratios(load);
            let (least, most) = (ratios[0], ratios[ratios.len() - 1]);
            println!("| {} | {:.2} | {least:.2} | {most:.2} | {:.1} |", load.name, median(&ratios), load.aim);
        }
        println!("\n| process | bare Pingora | Outrider |");
        println!("| --- | ---: | ---: |");
        println!("| resident when idle, MiB | {:.1} | {:.1} |", self.idle[0], self.idle[1]);
        println!("| resident after the load, MiB | {:.1} | {:.1} |", self.loaded[0], self.loaded[1]);
        println!("| most resident, MiB | {:.1} | {:.1} |", self.peak[0], self.peak[1]);
        let starts = [&self.bare_start, &self.outrider_start].map(|all| median(&milliseconds(all)));
        println!("| start to first reply, ms | {:.1} | {:.1} |", starts[0], starts[1]);
    }

    fn loads(&self) -> impl Iterator<Item = &'static Load> {
        LOADS.iter().filter(|load| self.samples.iter().any(|(name, ..)| *name == load.name))
    }

    fn print_load(&self, load: &Load) {
        let direct = [0.50, 0.99].map(|share| self.latency(load, "direct", share));
        for way in ["direct", "bare Pingora", "Outrider"] {
            let per_second = median(&self.of(load, way, |sample| Some(sample.per_second)));
            let added = match way {
                // Not added: the whole of it.
                "direct" => direct.map(|total| format!("({total:.0} µs)")),
                _ => [(0.50, direct[0]), (0.99, direct[1])]
                    .map(|(share, direct)| format!("{:.0} µs", self.latency(load, way, share) - direct)),
            };
            let cpu = self.of(load, way, |sample| sample.cpu);
            let cpu = if cpu.is_empty() { String::new() } else { format!("{:.2} per {}", median(&cpu), load.unit) };
            println!("| {} | {way} | {per_second:.0} | {} | {} | {cpu} |", load.name, added[0], added[1]);
        }
    }

    fn latency(&self, load: &Load, way: &str, share: f64) -> f64 {
        let percentile = |sample: &Sample| if share > 0.9 { sample.p99 } else { sample.p50 };
        median(&self.of(load, way, |sample| Some(percentile(sample).as_secs_f64() * 1e6)))
    }

    /// Of each round, sorted.
    fn ratios(&self, load: &Load) -> Vec<f64> {
        let [bare, outrider] = ["bare Pingora", "Outrider"].map(|way| self.of(load, way, |sample| sample.cpu));
        let mut ratios: Vec<f64> = bare.iter().zip(&outrider).map(|(bare, outrider)| outrider / bare).collect();
        ratios.sort_unstable_by(f64::total_cmp);
        ratios
    }

    /// One number of each round, in the order of the rounds.
    fn of(&self, load: &Load, way: &str, number: impl Fn(&Sample) -> Option<f64>) -> Vec<f64> {
        let samples = self.samples.iter().filter(|(name, other, _)| *name == load.name && *other == way);
        samples.filter_map(|(_, _, sample)| number(sample)).collect()
    }
}

fn milliseconds(durations: &[Duration]) -> Vec<f64> {
    durations.iter().map(|duration| duration.as_secs_f64() * 1e3).collect()
}

fn median(numbers: &[f64]) -> f64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

fn machine() -> String {
    let cpus = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let model = model.trim_start_matches(['\t', ' ', ':']);
    let cores = cpus.lines().filter(|line| line.starts_with("processor")).count();
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{cores} x {model}, Linux {}; proxy alone on one core", kernel.trim())
}
