//! The tables.

use outrider::canonical::Dialect;

use super::documents;
use super::measure::Cost;

/// The title of [`sizes`].
pub const SIZES: &str = "Requests by size: µs to read, µs to write";

/// A table with a row for each client's dialect and a column for each provider's. What is over the aim is bold.
pub fn matrix(title: &str, aim: Option<f64>, costs: &[Option<Cost>]) {
    let aim_text = aim.map_or(String::new(), |aim| format!(", aim {aim} µs"));
    println!("\n{title} (µs / allocations{aim_text}):\n");
    head(Dialect::ALL.map(Dialect::as_str));
    for (client, row) in Dialect::ALL.iter().zip(costs.chunks(Dialect::ALL.len())) {
        let cells = row.iter().map(|cost| cost.map_or("–".to_owned(), |cost| cell(&cost, aim)));
        println!("| {} | {} |", client.as_str(), cells.collect::<Vec<_>>().join(" | "));
    }
    let mut micros: Vec<f64> = costs.iter().flatten().map(|cost| cost.micros).collect();
    micros.sort_unstable_by(f64::total_cmp);
    if let [least, .., most] = micros[..] {
        println!("\nLeast {least:.2}, median {:.2}, most {most:.2}.", micros[micros.len() / 2]);
    }
}

/// A row for each dialect: reading and writing at each size, and the memory that writing the largest takes.
pub fn sizes(costs: &[Option<Cost>]) {
    println!("\n{SIZES} (the last with the memory held at once, in sizes of the request):\n");
    let names = documents::SIZES.iter().flat_map(|(name, _)| [format!("{name} read"), format!("{name} write")]);
    head(names);
    for (dialect, row) in Dialect::ALL.iter().zip(costs.chunks(2 * documents::SIZES.len())) {
        let largest = documents::SIZES.last().map_or(1, |(_, size)| *size) as f64;
        let cells = row.iter().enumerate().map(|(index, cost)| {
            let Some(cost) = cost else { return "–".to_owned() };
            let held =
                if index + 2 < row.len() { String::new() } else { format!(" ({:.2})", cost.peak as f64 / largest) };
            format!("{:.1}{held}", cost.micros)
        });
        println!("| {} | {} |", dialect.as_str(), cells.collect::<Vec<_>>().join(" | "));
    }
}

fn head(columns: impl IntoIterator<Item = impl AsRef<str>>) {
    let (mut names, mut lines) = (String::from("| |"), String::from("| --- |"));
    for column in columns {
        names.extend([" ", column.as_ref(), " |"]);
        lines.push_str(" ---: |");
    }
    println!("{names}\n{lines}");
}

fn cell(cost: &Cost, aim: Option<f64>) -> String {
    let allocations = cost.allocations;
    let digits = if allocations < 10.0 { 1 } else { 0 };
    let mark = if aim.is_some_and(|aim| cost.micros > aim) { "**" } else { "" };
    format!("{mark}{:.2}{mark} / {allocations:.digits$}", cost.micros)
}

/// What it was measured on.
pub fn machine() -> String {
    let cpus = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let cores = cpus.lines().filter(|line| line.starts_with("processor")).count();
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{cores} x {}, Linux {}", model.trim_start_matches(['\t', ' ', ':']), kernel.trim())
}
