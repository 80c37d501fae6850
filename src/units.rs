//! How times and shares are written, in the configuration as in headers.

use std::time::Duration;

/// Longer than any wait of a call, and short enough to be added to any point in time.
pub const LONGEST: Duration = Duration::from_secs(31 * 24 * 3600);

/// `250ms`, `1.5s`, `10s`, `5m`, `1h`; nothing is taken to be zero but `0` and what has a unit.
pub fn duration(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let (number, unit) = number_and_unit(text)?;
    let millis = match unit {
        "ms" => 1.0,
        "s" => 1e3,
        "m" => 60e3,
        "h" => 3600e3,
        _ => return None,
    };
    Duration::try_from_secs_f64((number * millis).round() / 1e3).ok()
}

/// `5%`, `0.5%`, as a part of one: from none to all.
pub fn share(text: &str) -> Option<f64> {
    let (number, unit) = number_and_unit(text)?;
    (unit == "%" && number <= 100.0).then_some(number / 100.0)
}

/// A number without a sign, and what follows it.
pub fn number_and_unit(text: &str) -> Option<(f64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let number = text[..end].parse().ok().filter(|_| text.starts_with(|c: char| c.is_ascii_digit()))?;
    Some((number, text[end..].trim_start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        let check = |text, millis: Option<u64>| assert_eq!(duration(text), millis.map(Duration::from_millis), "{text}");
        check("250ms", Some(250));
        check("10s", Some(10_000));
        check("1.5s", Some(1_500));
        check("5 m", Some(300_000));
        check("1h", Some(3_600_000));
        check("0", Some(0));
        check("0s", Some(0));
        for text in ["10", "s", "", "-1s", "1d", "1s5", ".5s", "1.2.3s", "1e3s", "99999999999999999999999h"] {
            check(text, None);
        }
    }

    #[test]
    fn shares() {
        for (text, expected) in [
            ("5%", Some(0.05)),
            ("0.5 %", Some(0.005)),
            ("100%", Some(1.0)),
            ("0%", Some(0.0)),
            ("101%", None),
            ("5", None),
            ("-5%", None),
            ("", None),
        ] {
            assert_eq!(share(text), expected, "{text}");
        }
    }
}
