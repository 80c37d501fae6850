use std::sync::atomic::{AtomicI64, Ordering};

use super::*;
use crate::money::Usd;

fn usd(text: &str) -> Usd {
    Usd::parse(text).unwrap()
}

fn caps(limit: &str) -> Caps {
    Caps { usd: Some(usd(limit)), ..Caps::default() }
}

fn costing(amount: &str) -> Amount {
    Amount::of_a_call(100, usd(amount))
}

#[test]
fn what_is_held_is_not_there_for_others_and_what_was_not_used_comes_back() {
    let account = Arc::new(Account::new("a", Period::Day));
    let first = account.hold(&caps("1"), costing("0.7")).unwrap();
    let short = account.hold(&caps("1"), costing("0.7")).unwrap_err();
    assert_eq!((short.meter, short.used.usd), (Meter::Money, usd("0.7")));
    assert!(short.room_in.unwrap() <= Duration::from_secs(86_400));
    first.settle(costing("0.2"));
    let second = account.hold(&caps("1"), costing("0.7")).unwrap();
    let standing = account.standing(&caps("1"));
    assert_eq!((standing.spent.usd, standing.held.usd, standing.refused), (usd("0.2"), usd("0.7"), 1));
    drop(second);
    let standing = account.standing(&caps("1"));
    assert_eq!((standing.spent.usd, standing.held, standing.spent.requests), (usd("0.2"), Amount::default(), 2));
    assert_eq!(account.hold(&caps("1"), costing("1.1")).unwrap_err().room_in, None, "never");
}

#[test]
fn what_was_settled_is_saved_once() {
    let account = Arc::new(Account::new("a", Period::Day));
    let held = account.hold(&caps("1"), costing("0.7")).unwrap();
    assert!(account.unsaved().is_empty(), "nothing is saved before it is settled");
    held.settle(costing("0.2"));
    let (tick, amount) = account.unsaved()[0];
    assert_eq!((tick, amount), (account.tick(), costing("0.2")));
    assert!(account.unsaved().is_empty());
    account.still_unsaved(tick, amount);
    assert_eq!(account.unsaved()[..], [(tick, amount)]);
    account.learn(tick, costing("0.5"));
    account.learn(tick - 1, costing("0.5"));
    assert_eq!(account.standing(&caps("1")).spent.usd, usd("0.7"));
}

/// Each may cost a cent and says so; what they really cost differs. None goes beyond the limit.
#[test]
fn ten_thousand_calls_at_once_do_not_overspend() {
    let account = Arc::new(Account::new("a", Period::Day));
    let limit = caps("10");
    let (spent, most, refused) = (AtomicI64::new(0), AtomicI64::new(0), AtomicI64::new(0));
    std::thread::scope(|scope| {
        for thread in 0..8u64 {
            let (account, spent, most, refused) = (&account, &spent, &most, &refused);
            scope.spawn(move || {
                let mut open = Vec::new();
                for call in 0..1_250u64 {
                    match account.hold(&limit, costing("0.01")) {
                        Ok(held) => open.push(held),
                        Err(_) => _ = refused.fetch_add(1, Ordering::Relaxed),
                    }
                    // Forty are under way at a time, in each of the threads.
                    if open.len() == 40 || call == 1_249 {
                        for held in open.drain(..) {
                            let cost = Usd::from_nanos(((thread * 7 + call * 13) % 10_000_001) as i64);
                            spent.fetch_add(cost.nanos(), Ordering::Relaxed);
                            held.settle(Amount::of_a_call(1, cost));
                        }
                    }
                    let now = account.standing(&limit);
                    most.fetch_max((now.spent.usd + now.held.usd).nanos(), Ordering::Relaxed);
                }
            });
        }
    });
    let standing = account.standing(&limit);
    assert_eq!(standing.held, Amount::default());
    assert_eq!(standing.spent.usd.nanos(), spent.into_inner(), "every nano-dollar is accounted for");
    assert!(most.into_inner() <= usd("10").nanos(), "never more than there was");
    assert_eq!(standing.refused as i64, refused.into_inner());
    assert_eq!(standing.spent.requests as u64 + standing.refused, 10_000);
}

/// Ten thousand at once, all open: as many as the limit has room for, and not one more.
#[test]
fn no_more_are_let_in_than_there_is_room_for() {
    let account = Arc::new(Account::new("a", Period::Month));
    let inside: usize = std::thread::scope(|scope| {
        let crowd = || (0..1_250).filter_map(|_| account.hold(&caps("10"), costing("0.01")).ok()).collect::<Vec<_>>();
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(crowd)).collect();
        let held: Vec<Held> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        held.len()
    });
    assert_eq!(inside, 1_000);
}

/// Midnight comes while a call is under way: it counts on the day on which it began, and is not held on the next.
#[test]
fn what_began_yesterday_is_not_held_today() {
    static CLOCK: AtomicI64 = AtomicI64::new(86_399);
    let account = Arc::new(Account::new("a", Period::Day).by(|| CLOCK.load(Ordering::Relaxed)));
    let held = account.hold(&caps("1"), costing("0.7")).unwrap();
    CLOCK.store(86_400, Ordering::Relaxed);
    let standing = account.standing(&caps("1"));
    assert_eq!((standing.spent, standing.held), (Amount::default(), Amount::default()));
    held.settle(costing("0.5"));
    assert_eq!(account.standing(&caps("1")).spent, Amount::default());
    assert_eq!(account.unsaved()[..], [(0, costing("0.5"))], "the journal knows of it");
}

/// A clock that was ahead for a while leaves nothing behind that is not saved.
#[test]
fn what_is_settled_is_saved_whatever_the_calendar_says() {
    static CLOCK: AtomicI64 = AtomicI64::new(0);
    let account = Arc::new(Account::new("a", Period::Month).by(|| CLOCK.load(Ordering::Relaxed) * 86_400));
    let mut saved = Vec::new();
    for day in [40, 71, 40, 9, 40] {
        CLOCK.store(day, Ordering::Relaxed);
        account.hold_anyway(Amount::default()).settle(costing("0.1"));
        saved.extend(account.unsaved());
    }
    let months: Vec<i64> = saved.iter().map(|(tick, _)| tick - 1970 * 12).collect();
    assert_eq!(months, [1, 2, 1, 0, 1]);
    CLOCK.store(40, Ordering::Relaxed);
    assert!(account.hold(&caps("0.5"), costing("0.5")).is_err(), "this month's is not had twice");
}

#[test]
fn it_is_told_once_a_period_that_it_is_used_up() {
    static CLOCK: AtomicI64 = AtomicI64::new(0);
    let account = Account::new("a", Period::Day).by(|| CLOCK.load(Ordering::Relaxed));
    assert_eq!([account.tells(), account.tells()], [true, false]);
    CLOCK.store(86_400, Ordering::Relaxed);
    assert_eq!([account.tells(), account.tells()], [true, false]);
    let minute = Account::new("a", Period::Minute);
    assert_eq!([minute.tells(), minute.tells()], [true, false]);
}

#[test]
fn who_waits_is_counted() {
    let account = Arc::new(Account::new("a", Period::Minute));
    let first = account.wait(1).unwrap();
    assert!(account.wait(1).is_none());
    drop(first);
    assert!(account.wait(1).is_some());
}
