//! What was used within a period.
//!
//! Minutes and hours roll: sixty small parts, of which the oldest leaves as a new one begins. They are measured by a clock
//! that nobody can set. Days, weeks and months are those of the calendar, in UTC, and begin anew at midnight. Where the
//! calendar's clock is set back, what was used stays used: nobody gets a day twice.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::amount::{Amount, Caps};

/// How long an allowance has to last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Period {
    /// The last sixty seconds.
    Minute,
    /// The last sixty minutes.
    Hour,
    /// Since midnight.
    Day,
    /// Since Monday.
    Week,
    /// Since the first of the month.
    Month,
}

/// A moment, by both clocks.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// By the one that only goes on.
    pub since_start: Duration,
    /// By the calendar's, in seconds since 1970.
    pub unix: i64,
}

impl Moment {
    /// Now, by the calendar `unix`. `start`: any moment before, always the same.
    pub fn now(start: Instant, unix: i64) -> Self {
        Self { since_start: tokio::time::Instant::now().into_std().duration_since(start), unix }
    }
}

/// Seconds since 1970.
pub fn unix() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()) as i64
}

const DAY: i64 = 86_400;
/// Parts of a period that rolls.
const PARTS: i64 = 60;

impl Period {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// It is kept over restarts: what rolls is over too soon.
    pub fn is_of_the_calendar(self) -> bool {
        matches!(self, Self::Day | Self::Week | Self::Month)
    }

    /// Its number at that moment: of a part, where it rolls.
    pub fn tick(self, now: Moment) -> i64 {
        let days = now.unix.div_euclid(DAY);
        match self {
            Self::Minute => now.since_start.as_secs() as i64,
            Self::Hour => now.since_start.as_secs() as i64 / 60,
            Self::Day => days,
            Self::Week => (days + 3).div_euclid(7), // 1970 began on a Thursday
            Self::Month => month(days),
        }
    }

    /// When the calendar's next period begins, in seconds since 1970.
    fn next(self, tick: i64) -> i64 {
        match self {
            Self::Week => ((tick + 1) * 7 - 3) * DAY,
            Self::Month => first_day(tick + 1) * DAY,
            _ => (tick + 1) * DAY,
        }
    }
}

/// Months since the year 0.
fn month(days: i64) -> i64 {
    let date = chrono::DateTime::from_timestamp(days.saturating_mul(DAY), 0).unwrap_or_default().date_naive();
    i64::from(chrono::Datelike::year(&date)) * 12 + i64::from(chrono::Datelike::month0(&date))
}

/// The first day of a month, in days since 1970.
fn first_day(month: i64) -> i64 {
    let (year, month) = (month.div_euclid(12), month.rem_euclid(12) as u32 + 1);
    let first = i32::try_from(year).ok().and_then(|year| chrono::NaiveDate::from_ymd_opt(year, month, 1));
    first.map_or(i64::MAX / DAY, |first| (first - chrono::NaiveDate::default()).num_days())
}

/// What was used within a period, and in which part of it.
#[derive(Debug)]
pub struct Window {
    period: Period,
    /// The newest part.
    tick: i64,
    /// Each at its tick's place; one for the calendar's periods.
    parts: Box<[Amount]>,
    sum: Amount,
}

impl Window {
    /// Nothing used.
    pub fn new(period: Period) -> Self {
        let parts = if period.is_of_the_calendar() { 1 } else { PARTS as usize };
        Self { period, tick: i64::MIN, parts: vec![Amount::default(); parts].into(), sum: Amount::default() }
    }

    /// What is used at that moment.
    pub fn used(&mut self, now: Moment) -> Amount {
        self.go_to(self.period.tick(now));
        self.sum
    }

    /// Uses `amount`; the part in which it counts, for [`Self::correct`].
    pub fn take(&mut self, amount: Amount, now: Moment) -> i64 {
        self.go_to(self.period.tick(now));
        *self.part(self.tick) += amount;
        self.sum += amount;
        self.tick
    }

    /// More, or less, was used in that part than was thought. What is over is over.
    pub fn correct(&mut self, tick: i64, more: Amount) {
        if self.tick - tick < self.parts.len() as i64 {
            *self.part(tick) += more;
            self.sum += more;
        }
    }

    /// How long until there may be room for `wanted`. `None`: there never is.
    pub fn room_in(&self, caps: &Caps, wanted: Amount, now: Moment) -> Option<Duration> {
        caps.exceeded_by(&wanted).map_or(Some(()), |_| None)?;
        if self.period.is_of_the_calendar() {
            return Some(Duration::from_secs(self.period.next(self.tick).saturating_sub(now.unix).max(1) as u64));
        }
        let mut left = self.sum;
        left += wanted;
        let part = if self.period == Period::Minute { 1 } else { 60 };
        let oldest = self.tick - PARTS + 1;
        let leaves = (oldest..=self.tick).find(|tick| {
            left -= self.parts[tick.rem_euclid(PARTS) as usize];
            caps.exceeded_by(&left).is_none()
        })?;
        let at = Duration::from_secs(((leaves + PARTS) * part).max(0) as u64);
        Some(at.saturating_sub(now.since_start).max(Duration::from_millis(100)))
    }

    fn part(&mut self, tick: i64) -> &mut Amount {
        let count = self.parts.len() as i64;
        &mut self.parts[tick.rem_euclid(count) as usize]
    }

    fn go_to(&mut self, tick: i64) {
        let count = self.parts.len() as i64;
        if tick < self.tick {
            self.tick = tick; // the calendar was set back: all that was used counts on
        }
        if tick.saturating_sub(self.tick) >= count {
            self.parts.fill(Amount::default());
            (self.sum, self.tick) = (Amount::default(), tick);
        }
        while self.tick < tick {
            self.tick += 1;
            let gone = std::mem::take(self.part(self.tick));
            self.sum -= gone;
        }
    }
}

#[cfg(test)]
mod tests;
