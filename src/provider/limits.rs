//! How long a provider asks us to stay away.
//!
//! Nearly every provider has its own way to say it. What is said outright counts first (`retry-after` and its kin);
//! else the moment at which a limit that is used up is filled again. One that is not used up says nothing about when
//! to come back, although its reset is written beside the others.

use std::time::{Duration, SystemTime};

use chrono::DateTime;
use http::HeaderMap;
use memchr::memmem;
use serde_json::Value;

/// Longer pauses are cut: a day's quota may be raised long before it resets, and a wrong clock may say anything.
const LONGEST: Duration = Duration::from_secs(3600);

/// How long to leave a key alone, by the headers and the body of an error reply. It says nothing about whether the
/// error was one of limits: that is for the caller to know.
pub fn retry_after(headers: &HeaderMap, body: &[u8], now: SystemTime) -> Option<Duration> {
    let header = |name: &str| headers.get(name)?.to_str().ok();
    let said = header("retry-after-ms")
        .and_then(|text| seconds(text.trim().parse::<f64>().ok()? / 1000.0))
        .or_else(|| pause(header("retry-after")?, now))
        .or_else(|| retry_info(body, now))
        .or_else(|| longest_reset(headers, now));
    said.map(|pause| pause.min(LONGEST))
}

/// The longest reset among the limits that are used up, or of which it is not said how much is left.
fn longest_reset(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let used_up = |remaining: &str| match headers.get(remaining) {
        None => true,
        Some(left) => left.to_str().is_ok_and(|left| left.trim().parse::<f64>().is_ok_and(|left| left <= 0.0)),
    };
    let resets = headers.iter().filter(|(name, _)| remaining(name.as_str()).is_some_and(|name| used_up(&name)));
    resets.filter_map(|(_, value)| pause(value.to_str().ok()?, now)).max()
}

/// Beside a header that says when a limit is filled again, the one that says how much of it is left.
fn remaining(reset: &str) -> Option<String> {
    if let Some(which) = reset.strip_prefix("x-ratelimit-reset") {
        return Some(format!("x-ratelimit-remaining{which}"));
    }
    let which = reset.strip_prefix("anthropic-ratelimit-")?.strip_suffix("-reset")?;
    Some(format!("anthropic-ratelimit-{which}-remaining"))
}

/// Google's `RetryInfo` among the details of an error.
fn retry_info(body: &[u8], now: SystemTime) -> Option<Duration> {
    memmem::find(body, b"\"retryDelay\"")?;
    let document: Value = serde_json::from_slice(body).ok()?;
    // The document may come wrapped in an array.
    let details = document.get(0).unwrap_or(&document).get("error")?.get("details")?.as_array()?;
    details.iter().find_map(|detail| pause(detail.get("retryDelay")?.as_str()?, now))
}

/// A pause in any of the ways in which one is written: seconds, a moment in seconds or milliseconds since 1970, a
/// duration of Go's, a date of HTTP's or RFC 3339's. What is over or makes no sense is none.
fn pause(text: &str, now: SystemTime) -> Option<Duration> {
    let text = text.trim();
    let until = |moment: SystemTime| moment.duration_since(now).ok();
    if let Ok(number) = text.parse::<f64>() {
        // No pause is thirty years, so a large number is a moment.
        return match number {
            1e12.. => until(SystemTime::UNIX_EPOCH.checked_add(seconds(number / 1000.0)?)?),
            1e9.. => until(SystemTime::UNIX_EPOCH.checked_add(seconds(number)?)?),
            _ => seconds(number),
        };
    }
    let date = || DateTime::parse_from_rfc3339(text).or_else(|_| DateTime::parse_from_rfc2822(text)).ok();
    go_duration(text).or_else(|| until(date()?.into()))
}

/// `6m0s`, `1h2m3.5s`, `12ms`.
fn go_duration(text: &str) -> Option<Duration> {
    const UNITS: [(&str, f64); 7] =
        [("ns", 1e-9), ("us", 1e-6), ("µs", 1e-6), ("ms", 1e-3), ("s", 1.0), ("m", 60.0), ("h", 3600.0)];
    let mut rest = text;
    let mut total = 0.0;
    while !rest.is_empty() {
        let number = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (amount, tail) = rest.split_at(number);
        let unit = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
        let (name, tail) = tail.split_at(unit);
        let (_, factor) = UNITS.iter().find(|(unit, _)| *unit == name)?;
        total += amount.parse::<f64>().ok()? * factor;
        rest = tail;
    }
    if text.is_empty() { None } else { seconds(total) }
}

/// Not below zero, and finite.
fn seconds(number: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(number).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-20T12:00:00Z
    const NOW: Duration = Duration::from_secs(1_795_176_000);

    fn read(headers: &[(&'static str, &'static str)], body: &str) -> Option<u128> {
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        retry_after(&headers, body.as_bytes(), SystemTime::UNIX_EPOCH + NOW).map(|pause| pause.as_millis())
    }

    #[test]
    fn every_way_to_write_a_pause() {
        for (text, expected) in [
            ("20", Some(20_000)),
            ("0", Some(0)),
            (" 1.5 ", Some(1_500)),
            ("20s", Some(20_000)),
            ("6m0s", Some(360_000)),
            ("1m2.5s", Some(62_500)),
            ("12ms", Some(12)),
            ("1ms500us", Some(1)),
            ("2h", Some(3_600_000)),
            ("86400", Some(3_600_000)),
            ("Fri, 20 Nov 2026 12:00:30 GMT", Some(30_000)),
            ("2026-11-20T12:00:07Z", Some(7_000)),
            ("2026-11-20T13:00:07.250+01:00", Some(7_250)),
            ("1795176060", Some(60_000)),
            ("1795176001500", Some(1_500)),
            ("Fri, 20 Nov 2026 11:59:00 GMT", None),
            ("1795175999", None),
            ("-1", None),
            ("nan", None),
            ("inf", None),
            ("1.8e22", None),
            ("1e300", None),
            ("soon", None),
            ("5 parsecs", None),
            ("s", None),
            ("", None),
        ] {
            assert_eq!(read(&[("retry-after", text)], ""), expected, "{text:?}");
        }
    }

    #[test]
    fn case_145_each_providers_way_to_say_it() {
        let check = |headers: &[(&'static str, &'static str)], body: &str, expected| {
            assert_eq!(read(headers, body), expected, "{headers:?} {body}");
        };
        check(&[], "", None);
        check(&[("retry-after-ms", "1250"), ("retry-after", "2")], "", Some(1_250));
        check(&[("retry-after-ms", "x"), ("retry-after", "2")], "", Some(2_000));
        check(&[("retry-after", "soon"), ("x-ratelimit-reset-tokens", "6m0s")], "", Some(360_000));
        let openai = [
            ("x-ratelimit-remaining-requests", "4999"),
            ("x-ratelimit-reset-requests", "12m"),
            ("x-ratelimit-remaining-tokens", "0"),
            ("x-ratelimit-reset-tokens", "1.5s"),
        ];
        check(&openai, "", Some(1_500));
        check(&openai[..2], "", None);
        check(&[("x-ratelimit-remaining-tokens", "1"), ("x-ratelimit-reset-tokens", "1.5s")], "", None);
        check(&[("x-ratelimit-reset-requests", "9"), ("x-ratelimit-reset-tokens", "30")], "", Some(30_000));
        check(&[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1795176002000")], "", Some(2_000));
        let anthropic = [
            ("anthropic-ratelimit-requests-remaining", "49"),
            ("anthropic-ratelimit-requests-reset", "2026-11-20T12:30:00Z"),
            ("anthropic-ratelimit-tokens-remaining", "0"),
            ("anthropic-ratelimit-tokens-reset", "2026-11-20T12:00:05Z"),
        ];
        check(&anthropic, "", Some(5_000));
        let google = r#"{"error":{"code":429,"details":[{"@type":"x"},{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"48s"}]}}"#;
        check(&[], google, Some(48_000));
        check(&[], &format!("[{google}]"), Some(48_000));
        check(&[], r#"{"error":{"details":{"retryDelay":"48s"}}}"#, None);
        check(&[], r#"{"retryDelay":"#, None);
    }
}
