//! Bounds on what a call is: on its length, and on when it comes.

use serde_json::{Value, json};

use super::reader::Reader;
use super::setting::Setting;
use super::yaml::Node;
use crate::units::number_and_unit;

/// A bound on a number of tokens, inclusive at both ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tokens {
    /// At least so many.
    pub least: u64,
    /// At most so many.
    pub most: u64,
}

/// Hours of a week, by the clock of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hours {
    /// The first and the last day, from 0 for Monday; the last may come before the first: then it is next week's.
    pub days: (u8, u8),
    /// The first minute of such a day, and the one after the last. Where that comes before, it is the next day's.
    pub minutes: (u16, u16),
}

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// A day's.
const MINUTES: u16 = 24 * 60;

impl Setting for Tokens {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let wanted = "a bound such as `>100k`, `>=8000`, `<2k` or `<=1M`";
        let text = reader.text(node, wanted)?;
        let of = |rest: &str| tokens(rest.trim_start());
        let bound = if let Some(rest) = text.strip_prefix(">=") {
            of(rest).map(|least| Self { least, most: u64::MAX })
        } else if let Some(rest) = text.strip_prefix("<=") {
            of(rest).map(|most| Self { least: 0, most })
        } else if let Some(rest) = text.strip_prefix('>') {
            of(rest).map(|below| Self { least: below + 1, most: u64::MAX })
        } else if let Some(rest) = text.strip_prefix('<') {
            of(rest).filter(|above| *above > 0).map(|above| Self { least: 0, most: above - 1 })
        } else {
            None
        };
        match bound {
            Some(bound) => Some(bound),
            None => reader.unexpected(node, wanted),
        }
    }

    fn show(&self) -> Value {
        match (self.least, self.most) {
            (least, u64::MAX) => json!(format!(">={least}")),
            (_, most) => json!(format!("<={most}")),
        }
    }
}

/// `8000`, `100k`, `1.5M`: up to a billion, far more than any context.
fn tokens(text: &str) -> Option<u64> {
    let (number, unit) = number_and_unit(text)?;
    let scale = match unit {
        "" => 1.0,
        "k" | "K" => 1e3,
        "m" | "M" => 1e6,
        _ => return None,
    };
    let tokens = (number * scale).round();
    (tokens <= 1e9).then_some(tokens as u64)
}

impl Setting for Hours {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let wanted = "hours such as `22:00-06:00`, `sat-sun` or `mon-fri 09:00-17:00`";
        let text = reader.text(node, wanted)?;
        match hours(&text) {
            Some(hours) => Some(hours),
            None => reader.unexpected(node, wanted),
        }
    }

    fn show(&self) -> Value {
        let Self { days: (first, last), minutes: (from, to) } = *self;
        let time = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
        let (first, last) = (DAYS[usize::from(first)], DAYS[usize::from(last)]);
        json!(format!("{first}-{last} {}-{}", time(from), time(to)))
    }
}

fn hours(text: &str) -> Option<Hours> {
    let text = text.trim();
    let (days, times) = match text.split_once(' ') {
        Some((days, times)) => (Some(days), Some(times.trim_start())),
        None if text.starts_with(|c: char| c.is_ascii_digit()) => (None, Some(text)),
        None => (Some(text), None),
    };
    Some(Hours {
        days: match days {
            None => (0, 6),
            Some(days) => match days.split_once('-') {
                Some((first, last)) => (day(first)?, day(last)?),
                None => (day(days)?, day(days)?),
            },
        },
        minutes: match times {
            None => (0, MINUTES),
            Some(times) => {
                let (from, to) = times.split_once('-')?;
                let (from, to) = (minute(from)?, minute(to)?);
                (from < MINUTES && from != to).then_some((from, to))?
            }
        },
    })
}

fn day(text: &str) -> Option<u8> {
    (0..).zip(DAYS).find(|(_, day)| day.eq_ignore_ascii_case(text)).map(|(index, _)| index)
}

/// `00:00` to `24:00`.
fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let two = |text: &str| (text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?;
    let (hour, minute): (u16, u16) = (two(hour)?, two(minute)?);
    (minute < 60 && hour * 60 + minute <= MINUTES).then_some(hour * 60 + minute)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_tokens() {
        for (text, expected) in
            [("8000", Some(8000)), ("100k", Some(100_000)), ("1.5M", Some(1_500_000)), ("0", Some(0)), ("1g", None)]
        {
            assert_eq!(tokens(text), expected, "{text}");
        }
        assert_eq!(tokens("9999M"), None);
    }

    #[test]
    fn hours_of_a_week() {
        for (text, expected) in [
            ("09:00-17:00", "mon-sun 09:00-17:00"),
            ("fri 22:00-06:00", "fri-fri 22:00-06:00"),
            ("sat-sun", "sat-sun 00:00-24:00"),
            ("Fri-mon 00:00-24:00", "fri-mon 00:00-24:00"),
        ] {
            assert_eq!(hours(text).unwrap().show(), expected, "{text}");
        }
        for text in
            ["", "9-17", "09:00", "09:00-09:00", "24:00-25:00", "mo", "mon-", "mon 9", "09:60-10:00", "+9:00-10:00"]
        {
            assert_eq!(hours(text), None, "{text}");
        }
    }
}
