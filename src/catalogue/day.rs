//! Days as the table writes them: `2026-12-31`, in UTC.

use std::time::{SystemTime, UNIX_EPOCH};

use chrono::NaiveDate;

/// The number of a day since 1970. `None`: the text is no day.
pub fn day(text: &str) -> Option<i64> {
    // Chrono takes signs and single digits, too.
    let is_day = text.len() == 10
        && text.bytes().enumerate().all(|(place, byte)| match place {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    let date = is_day.then(|| text.parse::<NaiveDate>().ok())??;
    Some(date.signed_duration_since(NaiveDate::default()).num_days())
}

/// That of now.
pub fn today(now: SystemTime) -> i64 {
    let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs() / 86_400).unwrap_or(i64::MAX)
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
