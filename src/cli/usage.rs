//! `outrider usage`: what calls have cost, from the ledger.

mod table;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::UNIX_EPOCH;

use clap::Args;
use rusqlite::{Connection, OpenFlags};

use super::{CONFIG, DATA_ERROR, NO_INPUT, USAGE};
use crate::config::{Environment, Process};
use crate::ledger::journal::report::{By, Of, Sum};
use crate::ledger::journal::sums_in;
use crate::ledger::ledger_path;

/// What is to be told.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// What the sums are told apart by: caller, model, provider, target, route, day, or several of them
    #[arg(long, value_delimiter = ',', default_value = "model", value_name = "WHAT")]
    by: Vec<String>,
    /// From this day on: 2026-11-01, or a number of days before today such as 7d
    #[arg(long, default_value = "30d", value_name = "DAY")]
    since: String,
    /// Up to and with this day
    #[arg(long, default_value = "0d", value_name = "DAY")]
    until: String,
    /// One JSON document
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// One line a sum, with commas
    #[arg(long)]
    csv: bool,
    /// The configuration file, which may say where the ledger is
    #[arg(short, long, env = "OUTRIDER_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// The ledger itself
    #[arg(long, value_name = "FILE", conflicts_with = "config")]
    ledger: Option<PathBuf>,
}

/// Prints the sums.
pub(super) fn usage(options: &Options) -> ExitCode {
    match told(options) {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err((code, message)) => {
            eprintln!("outrider: {message}");
            ExitCode::from(code)
        }
    }
}

fn told(options: &Options) -> Result<String, (u8, String)> {
    let by = by(&options.by)?;
    let today = UNIX_EPOCH.elapsed().map_or(0, |since| since.as_secs() as i64 / 86_400);
    let (first, last) = (day(&options.since, today)?, day(&options.until, today)?);
    let path = path(options)?;
    if !path.exists() {
        let why = "it is made with the first call; `ledger.path` in the configuration says where";
        return Err((NO_INPUT, format!("there is no ledger at {}: {why}", path.display())));
    }
    let sums = read(&path, &by, first, last).map_err(|error| (DATA_ERROR, format!("{}: {error}", path.display())))?;
    Ok(match (options.json, options.csv) {
        (true, _) => table::json(&by, &sums),
        (_, true) => table::csv(&by, &sums),
        _ => table::text(&by, &sums),
    })
}

fn read(path: &Path, by: &[By], first: i64, last: i64) -> Result<Vec<Sum>, Box<dyn std::error::Error>> {
    let books = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    books.busy_timeout(std::time::Duration::from_secs(2))?;
    Ok(sums_in(&books, by, &Of { first, last, caller: None })?)
}

fn by(words: &[String]) -> Result<Vec<By>, (u8, String)> {
    let known = By::NAMES.map(|(name, _)| name).join(", ");
    let one = |word: &String| {
        let found = By::NAMES.iter().find(|(name, _)| name == word);
        found.map(|(_, by)| *by).ok_or_else(|| (USAGE, format!("--by {word}: known are {known}")))
    };
    words.iter().map(one).collect()
}

/// `2026-11-01`, or `7d`.
fn day(text: &str, today: i64) -> Result<i64, (u8, String)> {
    let before = text.strip_suffix('d').and_then(|days| days.parse::<u32>().ok()).map(|days| today - i64::from(days));
    let date = || text.parse::<chrono::NaiveDate>().ok().map(|date| (date - chrono::NaiveDate::default()).num_days());
    before.or_else(date).ok_or_else(|| (USAGE, format!("{text} is no day; write 2026-11-01, or 7d")))
}

fn path(options: &Options) -> Result<PathBuf, (u8, String)> {
    if let Some(path) = &options.ledger {
        return Ok(path.clone());
    }
    let said = match &options.config {
        None => None,
        Some(file) => {
            // Whatever else is wrong with it, or lacks here: only one key matters.
            let read = crate::config::read(file, &Process).map_err(|problems| (CONFIG, problems.to_string()))?;
            match read.0.config.ledger {
                crate::config::forms::Switch::Off => {
                    return Err((NO_INPUT, "`ledger: off`: nothing is kept".to_owned()));
                }
                crate::config::forms::Switch::On(said) => said.path.map(|path| path.value.0),
            }
        }
    };
    let missing = || (NO_INPUT, "there is no place for a ledger: neither XDG_STATE_HOME nor HOME is set".to_owned());
    said.or_else(|| ledger_path(|name| Process.variable(name))).ok_or_else(missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_dates_or_so_many_before_today() {
        assert_eq!(day("0d", 20_000), Ok(20_000));
        assert_eq!(day("7d", 20_000), Ok(19_993));
        assert_eq!(day("1970-01-02", 20_000), Ok(1));
        for wrong in ["", "d", "-1d", "7", "2026-13-01", "yesterday"] {
            assert!(day(wrong, 20_000).is_err(), "{wrong}");
        }
    }
}
