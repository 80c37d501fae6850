//! A moment as RFC 3339 writes it, in UTC with milliseconds: `2026-11-20T09:30:00.123Z`.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

/// The moment.
pub(super) struct Timestamp(pub(super) SystemTime);

impl Timestamp {
    /// In ASCII.
    pub(super) fn text(&self) -> [u8; 24] {
        let since = self.0.duration_since(UNIX_EPOCH).unwrap_or_default();
        let (day, second) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
        let (year, month, day) = date(day);
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        let milliseconds = u64::from(since.subsec_millis());
        // Digit by digit: `write!` with its widths was a fifth of a log line's instructions.
        let mut text = *b"0000-00-00T00:00:00.000Z";
        let places = [(0..4, year), (5..7, month), (8..10, day), (11..13, hour), (14..16, minute), (17..19, second)];
        for (place, mut number) in places.into_iter().chain([(20..23, milliseconds)]) {
            for digit in text[place].iter_mut().rev() {
                *digit += (number % 10) as u8;
                number /= 10;
            }
        }
        text
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.text()).unwrap_or_default())
    }
}

/// Year, month and day of the `day`th day since 1970: Howard Hinnant's `civil_from_days`, for days after 1970, where
/// years begin in March so that the leap day is a year's last. <https://howardhinnant.github.io/date_algorithms.html>
fn date(day: u64) -> (u64, u64, u64) {
    let day = day + 719_468;
    let (era, day_of_era) = (day / 146_097, day % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn moments() {
        for (milliseconds, expected) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_399_999, "2000-02-28T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (951_868_800_000, "2000-03-01T00:00:00.000Z"),
            (1_609_459_199_001, "2020-12-31T23:59:59.001Z"),
            (1_795_167_000_123, "2026-11-20T09:30:00.123Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(Timestamp(UNIX_EPOCH + Duration::from_millis(milliseconds)).to_string(), expected);
        }
    }
}
