//! Moments, as Ollama writes them.

use chrono::{DateTime, SecondsFormat};

/// Seconds since 1970 of a moment that is written as RFC 3339.
pub(super) fn read(text: &str) -> Option<u64> {
    DateTime::parse_from_rfc3339(text).ok()?.timestamp().try_into().ok()
}

/// RFC 3339 of seconds since 1970.
pub(super) fn write(seconds: u64) -> String {
    let moment = i64::try_from(seconds).ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    moment.unwrap_or_default().to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments() {
        assert_eq!(write(1_700_000_000), "2023-11-14T22:13:20Z");
        assert_eq!(read("2023-11-14T22:13:20.123456Z"), Some(1_700_000_000));
        assert_eq!(read("2023-11-14T23:13:20.5+01:00"), Some(1_700_000_000));
        assert_eq!(read("1960-01-01T00:00:00Z"), None);
        assert_eq!(read("yesterday"), None);
        assert_eq!(write(u64::MAX), "1970-01-01T00:00:00Z");
    }
}
