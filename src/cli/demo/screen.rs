//! What the terminal shows: a table redrawn in place, or, without a terminal, plain lines as things happen.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use super::client::Answer;
use super::tally::Tally;

/// Often enough to look alive, rarely enough to cost nothing.
const REDRAW: Duration = Duration::from_millis(100);

/// Narrower than any terminal, because a line that wraps cannot be drawn over.
const WIDTH: usize = 79;

/// Failovers told one by one in each act, where nothing is redrawn.
const TOLD: usize = 3;

/// Where the story is shown.
pub struct Screen {
    live: bool,
    drawn: usize,
    last_draw: Instant,
    told: usize,
    latest: String,
}

impl Screen {
    /// A table that is redrawn when `live`, lines otherwise.
    pub fn new(live: bool) -> Self {
        Self { live, drawn: 0, last_draw: Instant::now(), told: 0, latest: String::new() }
    }

    /// An act begins: its tally is the last of `acts`.
    pub fn begin(&mut self, acts: &[Tally]) {
        self.told = 0;
        match acts.last() {
            Some(act) if !self.live => say(&format!("{} ...", act.title)),
            _ => self.draw(acts),
        }
    }

    /// A call ended.
    pub fn call(&mut self, result: &Result<Answer, String>, acts: &[Tally]) {
        match result {
            Ok(answer) if answer.failovers() > 0 => {
                let tries =
                    answer.attempts.split(", ").map(|tried| tried.split(';').take(3).collect::<Vec<_>>().join(" "));
                self.latest = format!("call {}: {}", answer.number, tries.collect::<Vec<_>>().join(", then "));
                self.tell();
            }
            Ok(_) => {}
            Err(problem) => {
                self.latest = format!("LOST {problem}");
                self.tell();
            }
        }
        if self.live && self.last_draw.elapsed() >= REDRAW {
            self.draw(acts);
        }
    }

    /// The story is over: the table, for good.
    pub fn end(&mut self, acts: &[Tally]) {
        self.latest.clear();
        self.draw(acts);
        for problem in Tally::total(acts).problems {
            say(&format!("LOST {problem}"));
        }
    }

    fn tell(&mut self) {
        if !self.live && self.told < TOLD {
            self.told += 1;
            say(&format!("  {}", self.latest));
        }
    }

    fn draw(&mut self, acts: &[Tally]) {
        let mut lines = table(acts);
        lines.extend(self.live.then(|| self.latest.chars().take(WIDTH).collect()));
        lines.push(String::new());
        let up = if self.drawn > 0 { format!("\x1b[{}A", self.drawn) } else { String::new() };
        let clear = if self.live { "\x1b[2K" } else { "" };
        let text: String = lines.iter().map(|line| format!("{clear}{line}\n")).collect();
        self.drawn = if self.live { lines.len() } else { 0 };
        self.last_draw = Instant::now();
        write!(io::stdout(), "{up}{text}").ok();
    }
}

/// Prints a line. A reader that went away is no reason to stop: the exit code still counts.
pub fn say(line: &str) {
    writeln!(io::stdout(), "{line}").ok();
}

fn table(acts: &[Tally]) -> Vec<String> {
    let [north, south] = super::PROVIDERS;
    let head = row("", ["calls", north, south, "failed over", "lost", "1st token", "slowest"].map(String::from));
    let total = Tally::total(acts);
    [String::new(), head].into_iter().chain(acts.iter().chain([&total]).map(line)).collect()
}

fn line(act: &Tally) -> String {
    let (median, slowest) = match act.first_token() {
        Some((median, slowest)) => (format!("{} ms", median.as_millis()), format!("{} ms", slowest.as_millis())),
        None => Default::default(),
    };
    let [north, south] = act.answered.map(|count| count.to_string());
    let [calls, failovers, lost] = [act.calls(), act.failovers, act.lost].map(|count| count.to_string());
    row(act.title, [calls, north, south, failovers, lost, median, slowest])
}

fn row(title: &str, cells: [String; 7]) -> String {
    let [calls, north, south, failovers, lost, median, slowest] = cells;
    format!("{title:<24}{calls:>6}{north:>7}{south:>7}{failovers:>12}{lost:>5}{median:>10}{slowest:>8}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_for_each_act_and_one_for_all() {
        let mut act = Tally::new("both answer");
        act.record(&Err("call 1: cut".into()));
        let table = table(&[act, Tally::new("north hangs")]);
        let first_words = table.iter().map(|row| row.split_whitespace().next().unwrap_or_default()).collect::<Vec<_>>();
        assert_eq!(first_words, ["", "calls", "both", "north", "together"]);
        let cells = table[4].split_whitespace().collect::<Vec<_>>();
        assert_eq!(cells, ["together", "1", "0", "0", "0", "1"]);
        assert!(table.iter().all(|row| row.chars().count() < 80));
    }
}
