//! Times as Google writes them (RFC 3339).

/// Seconds since 1970 of `2025-08-19T15:20:47.464265Z`. `None` for other forms and for what was before.
pub(super) fn seconds(time: &str) -> Option<u64> {
    let (date, clock) = time.strip_suffix(['Z', 'z'])?.split_once(['T', 't'])?;
    let mut date = date.split('-').map(|number| number.parse::<u64>().ok());
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let mut clock = clock.split('.').next()?.split(':').map(|number| number.parse::<u64>().ok());
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    let in_range = (1970..10_000).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    if !in_range || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    // Years counted from March, so that the leap day is the last of one: Howard Hinnant's days_from_civil.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1;
    Some((days.checked_sub(719_468)? * 24 + hour) * 3600 + minute * 60 + second)
}

#[cfg(test)]
mod tests {
    #[test]
    fn times_are_read() {
        for (time, expected) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2025-08-19T15:20:47.464265Z", Some(1_755_616_847)),
            ("2024-02-29T23:59:59Z", Some(1_709_251_199)),
            ("2025-08-19 15:20:47", None),
            ("2025-13-19T15:20:47Z", None),
            ("99999999999999999999-01-01T00:00:00Z", None),
            ("Z", None),
            ("", None),
        ] {
            assert_eq!(super::seconds(time), expected, "{time}");
        }
    }
}
