//! The outcomes of the last half minute: the share of successes, and the faults in a row.
//!
//! Not obvious: a success is counted when its first token arrives, and a stream may still break after that. A break
//! takes that success back, in the share and in the row; otherwise a target that begins every answer and finishes
//! none would look half healthy for ever.

use std::time::{Duration, Instant};

/// Ten buckets: an old outcome leaves the sum at most a tenth of the window too late.
const BUCKETS: usize = 10;

/// Ten of these make 30 s: long enough for a share to mean something at one call a second, short enough that an
/// outage which is over is forgotten within the minute.
const BUCKET: Duration = Duration::from_secs(3);

/// Counts of recent outcomes. Records in constant time and never allocates.
#[derive(Debug, Default)]
pub struct Window {
    buckets: [Counts; BUCKETS],
    /// The start of bucket number 0: the first outcome ever recorded.
    origin: Option<Instant>,
    /// The number of the newest bucket.
    newest: u64,
    faults_in_a_row: u32,
    /// The row that the latest success ended, should its stream break after all.
    row_before_success: u32,
}

/// Outcomes of some span of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Calls that were answered.
    pub successes: u32,
    /// Calls that failed by the target's blame.
    pub faults: u32,
}

impl Window {
    /// A call was answered.
    pub fn success(&mut self, now: Instant) {
        self.advance(now).successes += 1;
        self.row_before_success = std::mem::take(&mut self.faults_in_a_row);
    }

    /// A call failed.
    pub fn fault(&mut self, now: Instant) {
        self.advance(now).faults += 1;
        self.faults_in_a_row += 1;
    }

    /// A call that had counted as a success broke after its first token.
    pub fn broke(&mut self, now: Instant) {
        self.advance(now).faults += 1;
        self.take_back_success();
        self.faults_in_a_row = self.faults_in_a_row.max(std::mem::take(&mut self.row_before_success)) + 1;
    }

    /// How many faults came since the last success.
    pub fn faults_in_a_row(&self) -> u32 {
        self.faults_in_a_row
    }

    /// What was counted within the window that ends at `now`.
    pub fn counts(&mut self, now: Instant) -> Counts {
        self.advance(now);
        self.buckets.iter().fold(Counts::default(), |sum, bucket| Counts {
            successes: sum.successes + bucket.successes,
            faults: sum.faults + bucket.faults,
        })
    }

    /// Empties the buckets that have left the window, and gives the one for `now`. Instants may arrive slightly out
    /// of order from several threads; a late one counts as the newest.
    fn advance(&mut self, now: Instant) -> &mut Counts {
        let origin = *self.origin.get_or_insert(now);
        let number = (now.saturating_duration_since(origin).as_millis() / BUCKET.as_millis()) as u64;
        let passed = number.saturating_sub(self.newest).min(BUCKETS as u64);
        self.newest = self.newest.max(number);
        for back in 0..passed {
            self.buckets[slot(self.newest - back)] = Counts::default();
        }
        &mut self.buckets[slot(self.newest)]
    }

    /// Undoes the newest success that is still in the window; the one that broke may be older, but they all count one.
    fn take_back_success(&mut self) {
        let newest_first = (0..BUCKETS as u64).map(|back| slot(self.newest + BUCKETS as u64 - back));
        for slot in newest_first {
            if self.buckets[slot].successes > 0 {
                self.buckets[slot].successes -= 1;
                return;
            }
        }
    }
}

impl Counts {
    /// All calls.
    pub fn calls(self) -> u32 {
        self.successes + self.faults
    }

    /// The share of successes, `None` without a call.
    pub fn share(self) -> Option<f64> {
        (self.calls() > 0).then(|| f64::from(self.successes) / f64::from(self.calls()))
    }
}

fn slot(number: u64) -> usize {
    (number % BUCKETS as u64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One letter a call: `s` success, `f` fault, `b` break of a stream that had counted as a success; a digit lets
    /// so many seconds pass, a dot ten.
    fn check(story: &str, successes: u32, faults: u32, in_a_row: u32) {
        let mut now = Instant::now();
        let mut window = Window::default();
        for step in story.chars() {
            match step {
                's' => window.success(now),
                'f' => window.fault(now),
                'b' => window.broke(now),
                '.' => now += Duration::from_secs(10),
                digit => now += Duration::from_secs(digit.to_digit(10).unwrap().into()),
            }
        }
        assert_eq!(window.counts(now), Counts { successes, faults }, "{story}");
        assert_eq!(window.faults_in_a_row(), in_a_row, "{story}");
    }

    #[test]
    fn counts_what_is_recent() {
        check("", 0, 0, 0);
        check("ssf", 2, 1, 1);
        check("sff", 1, 2, 2);
        check("sffs", 2, 2, 0);
        check("s.f.s", 2, 1, 0);
        check("s9.f9s", 2, 1, 0);
        check("s.f..f", 0, 2, 2); // the first is 30 s old
        check("ff..........", 0, 0, 2); // a row does not age: nothing has contradicted it
        check("ff..........s", 1, 0, 0);
    }

    #[test]
    fn a_broken_stream_takes_its_success_back() {
        check("sb", 0, 1, 1);
        check("s9b", 0, 1, 1);
        check("s....b", 0, 1, 1); // the success has left the window already
        check("sbsbsb", 0, 3, 3); // begins every answer, finishes none
        check("ssssbbbb", 0, 4, 4);
        check("fsb", 0, 2, 2);
        check("sbs", 1, 1, 0);
        check("sbssb", 1, 2, 1); // two successes in a row: the first of them stands
    }

    #[test]
    fn instants_out_of_order_count_as_the_newest() {
        let now = Instant::now() + Duration::from_secs(60);
        let mut window = Window::default();
        window.success(now);
        window.fault(now + Duration::from_secs(9));
        window.fault(now - Duration::from_secs(9));
        assert_eq!(window.counts(now), Counts { successes: 1, faults: 2 });
    }
}
