//! Orders, shares and whole outages.

mod worlds;

use super::order::order;
use super::*;
use crate::canonical::FaultKind;
use crate::health::{KeyHealth, TargetHealth};
use crate::routing::choice::{Balance, Choice};

const SECOND: Duration = Duration::from_secs(1);

/// Groups are separated by a bar. `a5` is ready with weight 5, `a5t2` on trial for 2 s, `a5r3` resting for 3 s, `a5o3`
/// open for 3 s, `a5u` unreachable.
fn parse(groups: &str) -> (Vec<&str>, Vec<Seen>) {
    let (mut names, mut seen) = (Vec::new(), Vec::new());
    for (group, targets) in (0..).zip(groups.split('|')) {
        for (index, target) in (0..).zip(targets.split_whitespace()) {
            let number = |text: &str| text.parse::<u32>().unwrap();
            let split = target.find(['t', 'r', 'o', 'u']).unwrap_or(target.len());
            let left = || SECOND * number(&target[split + 1..]);
            let standing = match target[split..].chars().next() {
                None => Standing::Ready,
                Some('t') => Standing::OnTrial { waited: left() },
                Some('r') => Standing::Resting { left: left() },
                Some('o') => Standing::Open { left: left() },
                _ => Standing::Unreachable,
            };
            names.push(&target[..1]);
            let weight = number(&target[1..split]);
            seen.push(of(Candidate { group, index, standing }, weight, 1.0));
        }
    }
    (names, seen)
}

fn of(candidate: Candidate, weight: u32, warmth: f64) -> Seen {
    Seen { candidate, weight, warmth, busy: 0, place: 0, slow: false, warm: false, made: false }
}

fn weighted() -> Choice {
    Choice { balance: Balance::Weighted, ..Choice::default() }
}

/// The names in their order.
fn tell(groups: &str, dice: impl FnMut() -> f64) -> String {
    let (names, seen) = parse(groups);
    let name = |one: Candidate| {
        let same = |other: &Seen| (other.candidate.group, other.candidate.index) == (one.group, one.index);
        names[seen.iter().position(same).unwrap()]
    };
    order(&seen, &[], &weighted(), None, dice).into_iter().map(name).collect()
}

fn check(groups: &str, expected: &str) {
    assert_eq!(tell(groups, || 0.5), expected, "{groups}");
}

#[test]
fn the_better_come_first() {
    check("", "");
    check("a1", "a");
    check("a1 | b9", "ab");
    check("a1 b9 | c9", "bac");
    check("a0 b1 | c1", "bac"); // weight 0: the last of its group, but before the next
    check("a1t0 b1 | c1", "bac");
    check("a1t0 b0 | c1", "bac");
    check("a1t0 | b1", "ab"); // nothing healthy beside it: it is asked
    check("a1r9 b1 | c1", "bca");
    check("a1r9 b1r3 | c1r6", "bca"); // soonest back first, whatever the group
    check("a1o1 b1r9 | c1u d1t0", "dbac");
    check("a1o9 b1o3 | c1o6", "bca"); // never all closed: the least bad is tried
    check("a1u b1u | c1o9", "cab");
}

/// How often each goes first in 10,000 plans, in percent.
fn check_shares(groups: &str, expected: &[(&str, f64)]) {
    let mut dice = fastrand::Rng::with_seed(7);
    let mut firsts = std::collections::HashMap::<String, f64>::new();
    for _ in 0..10_000 {
        let order = tell(groups, || dice.f64());
        *firsts.entry(order[..1].into()).or_default() += 0.01;
    }
    for (name, share) in expected {
        let seen = firsts.get(*name).copied().unwrap_or_default();
        assert!((seen - share).abs() < 2.0, "{groups}: {name} was first {seen} % of the time, not {share} %");
    }
}

#[test]
fn weights_are_shares() {
    check_shares("a80 b20", &[("a", 80.0), ("b", 20.0)]);
    check_shares("a1 b1 c2", &[("a", 25.0), ("b", 25.0), ("c", 50.0)]);
    check_shares("a80 b20o9 c20", &[("a", 80.0), ("c", 20.0)]);
    check_shares("a80r9 b20", &[("b", 100.0)]);
    check_shares("a0 b1", &[("b", 100.0)]);
    check_shares("a0 b0", &[("a", 50.0), ("b", 50.0)]);
    check_shares("a80t0 b20", &[("a", 10.0), ("b", 90.0)]);
    check_shares("a95 b5t0", &[("a", 95.0), ("b", 5.0)]); // its share is less than a tenth
    check_shares("a95 b0t0", &[("a", 100.0)]);
    check_shares("a80t5 b20", &[("a", 100.0)]); // long overdue
    check_shares("a95 b0t9", &[("a", 100.0)]);
    check_shares("a0t0 b0t0", &[("a", 50.0), ("b", 50.0)]);
}

#[test]
fn the_second_is_chosen_by_weight_too() {
    let mut dice = fastrand::Rng::with_seed(7);
    let orders: Vec<String> = (0..10_000).map(|_| tell("a50 b40 c10", || dice.f64())).collect();
    let after_a = orders.iter().filter(|order| order.starts_with('a')).count() as f64;
    let b_after_a = orders.iter().filter(|order| order.starts_with("ab")).count() as f64;
    assert!((b_after_a / after_a - 0.8).abs() < 0.02);
}

#[test]
fn breaker_and_keys_are_judged_together() {
    use health::Standing::{Healthy, Open, Trial};
    let now = Instant::now();
    let open = Open { until: now + 5 * SECOND };
    let trial = Trial { since: now - 2 * SECOND };
    for (health, rest, expected) in [
        (Healthy, None, Standing::Ready),
        (trial, None, Standing::OnTrial { waited: 2 * SECOND }),
        (Healthy, Some(SECOND), Standing::Resting { left: SECOND }),
        (trial, Some(SECOND), Standing::Resting { left: SECOND }),
        (open, None, Standing::Open { left: 5 * SECOND }),
        (open, Some(9 * SECOND), Standing::Open { left: 9 * SECOND }),
        (Open { until: now }, None, Standing::Open { left: Duration::ZERO }),
    ] {
        assert_eq!(judge(health, rest, now), expected, "{health:?} {rest:?}");
    }
}

/// Keys that rest for so many seconds.
fn keys(rests: &[u64], now: Instant) -> Vec<Key> {
    let key = |(index, seconds): (usize, &u64)| {
        let id = crate::names::KeyId::new(&"openai".into(), index);
        let health = Arc::new(KeyHealth::new(id.clone()));
        health.rest(now + SECOND * *seconds as u32, FaultKind::RateLimited);
        let value = http::HeaderValue::from_static("x");
        Key { id, bearer: value.clone(), value, health }
    };
    rests.iter().enumerate().map(key).collect()
}

#[test]
fn keys_that_rest_are_spared() {
    let now = Instant::now();
    for (rests, dice, expected) in [
        (&[] as &[u64], 0.0, None),
        (&[0], 0.99, Some("openai#1")),
        (&[0, 0, 0], 0.0, Some("openai#1")),
        (&[0, 0, 0], 0.5, Some("openai#2")),
        (&[0, 0, 0], 0.99, Some("openai#3")),
        (&[9, 0, 0], 0.0, Some("openai#2")),
        (&[0, 9, 0], 0.5, Some("openai#3")),
        (&[9, 3, 6], 0.0, Some("openai#2")), // all rest: the first to be back
    ] {
        let keys = keys(rests, now);
        let picked = pick_among(&keys, now, dice).map(|key| key.id.as_str());
        assert_eq!(picked, expected, "{rests:?} {dice}");
    }
    for (rests, expected) in [(&[] as &[u64], None), (&[0, 9], None), (&[9, 3, 6], Some(3))] {
        let left = rest_left(&keys(rests, now), now).map(|left| left.as_secs_f64().round() as u64);
        assert_eq!(left, expected, "{rests:?}");
    }
}

/// A day in a small world: calls `apart` from each other over two equal targets, of which the first is dead from
/// the 10th second to `back`.
struct Outage {
    /// The calls that met the dead target.
    met_dead: u32,
    /// The seconds from its return until it answered a call.
    found: f64,
    /// Its share of the calls in the 5 seconds after that, and from 20 seconds after it on.
    shares: [f64; 2],
}

fn outage(seed: u64, apart: Duration, back: Duration) -> Outage {
    let targets = ["a/m", "b/m"].map(|id| Arc::new(TargetHealth::new(id.into())));
    let (mut dice, start) = (fastrand::Rng::with_seed(seed), Instant::now());
    let (mut met_dead, mut found) = (0, None);
    let (mut first, mut all) = ([0, 0], [0, 0]);
    let mut passed = Duration::ZERO;
    while passed < back + 120 * SECOND {
        passed += apart;
        let now = start + passed;
        let seen = [0, 1].map(|index| {
            let target = &targets[usize::from(index)];
            let standing = judge(target.standing(now), None, now);
            of(Candidate { group: 0, index, standing }, 50, target.warmth(now))
        });
        for candidate in order(&seen, &[], &weighted(), None, || dice.f64()) {
            let mut in_flight = targets[usize::from(candidate.index)].start(now);
            if candidate.index == 0 && passed > 10 * SECOND && passed < back {
                met_dead += 1;
                in_flight.fault(now, &Fault::new(FaultKind::Connect, "refused"));
                continue;
            }
            in_flight.answered(now, SECOND);
            if candidate.index == 0 && passed >= back {
                found.get_or_insert(passed);
            }
            let since = found.map_or(0.0, |found| (passed - found).as_secs_f64());
            let phase = if since >= 20.0 { 1 } else { 0 };
            if since > 0.0 && (since < 5.0 || phase == 1) {
                all[phase] += 1;
                first[phase] += if candidate.index == 0 { 1 } else { 0 };
            }
            break;
        }
    }
    let found = found.expect("it is found sooner or later").saturating_sub(back).as_secs_f64();
    Outage { met_dead, found, shares: [0, 1].map(|phase| f64::from(first[phase]) / f64::from(all[phase])) }
}

#[test]
fn a_dead_target_gets_a_handful_of_calls_and_comes_back() {
    for seed in 0..20 {
        let Outage { met_dead, found, shares } = outage(seed, SECOND / 100, 70 * SECOND);
        assert!((8..=14).contains(&met_dead), "{met_dead} calls met the dead target");
        assert!(found <= 30.0, "found after {found} s");
        assert!(shares[0] < 0.25, "slow start: it has {} of the calls in the first seconds", shares[0]);
        assert!((shares[1] - 0.5).abs() < 0.05, "it has {} of the calls when it is back", shares[1]);
    }
}

/// Also where there are few calls: one a second, and outages of any length.
#[test]
fn a_target_that_is_back_is_found_within_half_a_minute() {
    for seed in 0..100 {
        for length in [5, 20, 60, 90, 300] {
            let Outage { found, .. } = outage(seed, SECOND, (10 + length) * SECOND);
            assert!(found <= 30.0, "found {found} s after an outage of {length} s");
        }
    }
}
