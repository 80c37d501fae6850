//! Days as the table writes them: `2026-12-31`, in UTC.

use std::time::{SystemTime, UNIX_EPOCH};

/// The number of a day since 1970. `None`: the text is no day.
pub fn day(text: &str) -> Option<i64> {
    let is_day = text.len() == 10
        && text.bytes().enumerate().all(|(place, byte)| match place {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    (is_day && (1..=12).contains(&month) && (1..=length).contains(&day)).then(|| since_1970(year, month, day))
}

/// That of now.
pub fn today(now: SystemTime) -> i64 {
    let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs() / 86_400).unwrap_or(i64::MAX)
}

/// Howard Hinnant's `days_from_civil`: years begin in March, so that the leap day is a year's last.
/// <https://howardhinnant.github.io/date_algorithms.html>
fn since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month > 2 { year } else { year - 1 };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn days_have_numbers_and_nothing_else_does() {
        for (text, expected) in [
            ("1970-01-01", Some(0)),
            ("1969-12-31", Some(-1)),
            ("2000-02-29", Some(11_016)),
            ("2000-03-01", Some(11_017)),
            ("2026-11-21", Some(20_778)),
            ("0000-01-01", Some(-719_528)),
            ("9999-12-31", Some(2_932_896)),
            ("2026-02-29", None),
            ("2026-13-01", None),
            ("2026-00-01", None),
            ("2026-04-31", None),
            ("2026-04-00", None),
            ("2026-4-1", None),
            ("+026-04-01", None),
            ("2026/04/01", None),
            ("日日日-", None),
            ("", None),
        ] {
            assert_eq!(day(text), expected, "{text}");
        }
        let noon = UNIX_EPOCH + Duration::from_secs(20_778 * 86_400 + 43_200);
        assert_eq!((today(noon), today(UNIX_EPOCH - Duration::from_secs(1))), (20_778, 0));
    }
}
