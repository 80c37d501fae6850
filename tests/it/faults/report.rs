//! What came of each fault, as a table.

use std::collections::BTreeMap;
use std::fmt;

use crate::support::faults::Verdict;

/// Counts of whole answers, clean errors and wrong ones; by fault, and by whether a stream was asked for.
#[derive(Default)]
pub struct Report(BTreeMap<(usize, &'static str), [[usize; 3]; 2]>);

impl Report {
    /// One more call.
    pub fn count(&mut self, place: usize, fault: &'static str, stream: bool, verdict: &Verdict) {
        let column = match verdict {
            Verdict::Whole => 0,
            Verdict::Error(_) => 1,
            Verdict::Wrong(_) => 2,
        };
        self.0.entry((place, fault)).or_default()[usize::from(stream)][column] += 1;
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:36} | {:^20} | {:^20}", "", "not streamed", "streamed")?;
        writeln!(f, "{:36} | whole  error  WRONG | whole  error  WRONG", "fault")?;
        for ((_, fault), counts) in &self.0 {
            let row = counts.map(|[whole, error, wrong]| format!("{whole:5} {error:6} {wrong:6}"));
            writeln!(f, "{fault:36} | {} | {}", row[0], row[1])?;
        }
        Ok(())
    }
}
