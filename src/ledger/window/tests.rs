use super::*;
use crate::money::Usd;

fn at(seconds: u64) -> Moment {
    Moment { since_start: Duration::from_secs(seconds), unix: 0 }
}

/// `2026-11-21T19:00:00Z` as the calendar says it.
fn on(date: &str) -> Moment {
    let unix = chrono::DateTime::parse_from_rfc3339(date).unwrap().timestamp();
    Moment { since_start: Duration::ZERO, unix }
}

fn one() -> Amount {
    Amount::of_a_call(10, Usd::from_nanos(5))
}

#[test]
fn a_minute_rolls() {
    let mut window = Window::new(Period::Minute);
    let caps = Caps { requests: Some(3), ..Caps::default() };
    for second in [0, 20, 40] {
        window.take(one(), at(second));
    }
    assert_eq!(window.used(at(59)).requests, 3);
    assert_eq!(window.room_in(&caps, one(), at(50)), Some(Duration::from_secs(10)));
    assert_eq!(window.used(at(60)), Amount { requests: 2, tokens: 20, usd: Usd::from_nanos(10) });
    assert_eq!(window.used(at(99)).requests, 1);
    assert_eq!(window.used(at(100)).requests, 0);
    assert_eq!(window.used(at(100_000)), Amount::default());
}

#[test]
fn what_is_corrected_counts_where_it_was() {
    let mut window = Window::new(Period::Minute);
    let tick = window.take(one(), at(0));
    let more = Amount { requests: 0, tokens: 90, usd: Usd::ZERO };
    window.used(at(30));
    window.correct(tick, more);
    assert_eq!(window.used(at(59)).tokens, 100);
    assert_eq!(window.used(at(60)).tokens, 0, "it leaves with its part");
    window.correct(tick, more);
    assert_eq!(window.used(at(60)).tokens, 0, "what is over is over");
}

#[test]
fn the_calendars_periods_begin_at_midnight() {
    for (period, last, next) in [
        (Period::Day, "2026-11-21T23:59:59Z", "2026-11-22T00:00:00Z"),
        (Period::Week, "2026-11-22T23:59:59Z", "2026-11-23T00:00:00Z"),
        (Period::Month, "2026-12-31T23:59:59Z", "2027-01-01T00:00:00Z"),
        (Period::Month, "2028-02-29T23:59:59Z", "2028-03-01T00:00:00Z"),
    ] {
        let mut window = Window::new(period);
        window.take(one(), on(last));
        let caps = Caps { requests: Some(1), ..Caps::default() };
        assert_eq!(window.used(on(last)).requests, 1, "{period:?}");
        assert_eq!(window.room_in(&caps, one(), on(last)), Some(Duration::from_secs(1)), "{period:?}");
        assert_eq!(window.used(on(next)).requests, 0, "{period:?}");
    }
}

#[test]
fn a_clock_that_jumps_gives_nothing_away_and_locks_nobody_out() {
    let mut window = Window::new(Period::Day);
    window.take(one(), on("2026-11-21T12:00:00Z"));
    assert_eq!(window.used(on("2026-11-20T12:00:00Z")).requests, 1, "a day is not had twice");
    window.take(one(), on("2036-01-01T00:00:00Z"));
    assert_eq!(window.used(on("2026-11-21T12:00:00Z")).requests, 1, "set back from far ahead");
    assert_eq!(window.used(on("2026-11-22T00:00:00Z")).requests, 0, "and the next day is a new one");
    let mut minute = Window::new(Period::Minute);
    minute.take(one(), Moment { unix: 5_000_000_000, ..at(1) });
    assert_eq!(minute.used(Moment { unix: 0, ..at(2) }).requests, 1, "minutes do not look at the calendar");
}

#[test]
fn what_never_fits_is_not_waited_for() {
    let mut window = Window::new(Period::Minute);
    let caps = Caps { tokens: Some(5), ..Caps::default() };
    window.used(at(0));
    assert_eq!(window.room_in(&caps, one(), at(0)), None);
}
