//! The same cases over each store: whatever keeps books has to pass them.

use crate::canonical::Usage;
use crate::ledger::Amount;
use crate::ledger::journal::report::{By, Of, StoredCall, Sum};
use crate::ledger::journal::{Entry, Memory, Spending, Sqlite, Store, sums::Counts};
use crate::money::Usd;
use crate::telemetry::CallRecord;
use crate::telemetry::record::ByName;

/// Each store, in which nothing is yet.
fn each(check: impl Fn(&str, &mut dyn Store)) {
    let folder = tempfile::tempdir().unwrap();
    let mut sqlite = Sqlite::open(&folder.path().join("ledger.db"), 31).unwrap();
    check("SQLite", &mut sqlite);
    check("memory", &mut Memory::default());
}

/// A call on that day, for that, which cost so many billionths.
fn call(day: i64, caller: &str, target: &str, nanos: i64) -> Entry {
    let cost = Some(Usd::from_nanos(nanos));
    let record = CallRecord { caller: Some(caller.into()), target: Some(target.into()), cost, ..CallRecord::sample() };
    Entry { at: day * 86_400_000, ..Entry::of(&record) }
}

fn named(name: &str, call: Entry) -> Entry {
    let by_name = ByName { name: name.into(), agent: Some("curl".into()), ..ByName::default() };
    Entry { by_name: Some(by_name.into()), ..call }
}

fn told(store: &mut dyn Store, by: &[By], of: &Of) -> Vec<(String, i64, i64)> {
    let sums = store.sums(by, of).unwrap();
    let one = |Sum { names, counts }: Sum| (names.join(" "), counts.calls, counts.cost.nanos());
    sums.into_iter().map(one).collect()
}

fn row(names: &str, calls: i64, nanos: i64) -> (String, i64, i64) {
    (names.to_owned(), calls, nanos)
}

#[test]
fn sums_are_told_apart_by_whatever_is_asked_for() {
    each(|name, store| {
        assert_eq!(told(store, &[By::Model], &Of::ALL), [], "{name}");
        let monday = [call(4, "a", "x/one", 5), call(4, "b", "x/two", 7), call(4, "a", "x/one", 1)];
        store.save(&monday, &[]).unwrap();
        let mut lost = call(5, "a", "y/one", 2);
        lost.target = None;
        store.save(&[call(5, "a", "y/one", 20), lost], &[]).unwrap();
        let all = &Of::ALL;
        assert_eq!(told(store, &[], all), [row("", 5, 35)], "{name}");
        assert_eq!(told(store, &[By::Caller], all), [row("a", 4, 28), row("b", 1, 7)], "{name}");
        assert_eq!(told(store, &[By::Provider], all), [row("y", 1, 20), row("x", 3, 13), row("", 1, 2)], "{name}");
        assert_eq!(told(store, &[By::Route, By::Model], all), [row(" smart", 5, 35)], "{name}");
        let days = [row("1970-01-05 x/two", 1, 7), row("1970-01-05 x/one", 2, 6)];
        let tuesday = [row("1970-01-06 y/one", 1, 20), row("1970-01-06 ", 1, 2)];
        assert_eq!(told(store, &[By::Day, By::Target], all), [days.clone(), tuesday].concat(), "{name}");
        let of = Of { last: 4, ..Of::ALL };
        assert_eq!(told(store, &[By::Day, By::Target], &of), days, "{name}");
        let of = Of { first: 5, caller: Some("a".into()), ..Of::ALL };
        assert_eq!(told(store, &[By::Caller], &of), [row("a", 2, 22)], "{name}");
        assert_eq!(told(store, &[By::Caller], &Of { caller: Some("c".into()), ..Of::ALL }), [], "{name}");
    });
}

#[test]
fn every_count_of_a_call_is_in_its_sum() {
    each(|name, store| {
        let mut one = call(4, "a", "x/one", 100);
        one.usage = Usage { input: Some(10), output: Some(9), cached: Some(8), reasoning: Some(6), ..one.usage };
        (one.usage.cache_write, one.unpriced, one.outcome) = (Some(7), true, "timeout");
        (one.answer_cost, one.cost) = (Some(Usd::from_nanos(60)), Some(Usd::from_nanos(100)));
        let broke = Usage { input: Some(3), output: Some(u64::MAX), ..Usage::default() };
        one.tries[0].broke_off = Some((broke, Some(Usd::from_nanos(40))));
        store.save(&[one], &[]).unwrap();
        let sums = store.sums(&[By::Target], &Of::ALL).unwrap();
        let nanos = Usd::from_nanos;
        let counts = Counts { calls: 1, failed: 1, unpriced: 1, input: 10, output: 9, ..Counts::default() };
        let counts = Counts { cached: 8, cache_write: 7, reasoning: 6, cost: nanos(60), ..counts };
        let broken = Counts { input: 3, output: i64::MAX, cost: nanos(40), ..Counts::default() };
        let expected = [("x/one", counts), ("azure/gpt-5", broken)];
        let found: Vec<(&str, Counts)> = sums.iter().map(|sum| (&*sum.names[0], sum.counts)).collect();
        assert_eq!(found, expected, "{name}");
    });
}

#[test]
fn a_call_is_found_by_the_name_of_its_answer() {
    each(|name, store| {
        let (first, again) = (named("gen-1", call(4, "a", "x/one", 5)), named("gen-1", call(4, "a", "x/two", 6)));
        store.save(&[first, call(4, "a", "x/one", 1), named("gen-2", call(5, "b", "x/one", 7))], &[]).unwrap();
        store.save(std::slice::from_ref(&again), &[]).unwrap();
        let found = store.call("gen-1").unwrap().unwrap();
        assert_eq!(found, StoredCall::of(&again), "{name}: the latest, with all that was kept");
        assert_eq!((found.agent.as_deref(), found.tries[0].status), (Some("curl"), Some(503)), "{name}");
        assert_eq!(store.call("gen-2").unwrap().unwrap().caller.as_deref(), Some("b"), "{name}");
        assert_eq!(store.call("gen-3").unwrap(), None, "{name}");
    });
}

#[test]
fn what_is_spent_is_added_up_by_account_and_period() {
    each(|name, store| {
        let spending = |key: &str, tick, nanos| {
            let amount = if nanos > 0 { Amount::of_a_call(3, Usd::from_nanos(nanos)) } else { Amount::default() };
            Spending { key: key.into(), tick, amount }
        };
        let mut save = |spent: &[(&str, i64, i64)]| {
            let spent: Vec<Spending> = spent.iter().map(|(key, tick, nanos)| spending(key, *tick, *nanos)).collect();
            let totals = store.save(&[], &spent).unwrap();
            totals.iter().map(|total| (total.requests, total.tokens, total.usd.nanos())).collect::<Vec<_>>()
        };
        assert_eq!(save(&[("a", 1, 5), ("b", 1, 0)]), [(1, 3, 5), (0, 0, 0)], "{name}");
        assert_eq!(save(&[("a", 1, 2), ("a", 2, 1), ("b", 1, 9)]), [(2, 6, 7), (1, 3, 1), (1, 3, 9)], "{name}");
        assert_eq!(save(&[("a", 1, 0), ("a", 2, 0), ("c", 1, 0)]), [(2, 6, 7), (1, 3, 1), (0, 0, 0)], "{name}");
    });
}

/// Clients make up names of models and targets.
#[test]
fn what_clients_make_up_is_bounded() {
    each(|name, store| {
        for group in 0..5 {
            let calls = (0..1_000).map(|n| named("gen", call(4, "a", &format!("x/{}", group * 1_000 + n), 1)));
            store.save(&calls.collect::<Vec<_>>(), &[]).unwrap();
        }
        let sums = store.sums(&[By::Target], &Of::ALL).unwrap();
        assert!(sums.len() <= 2_001, "{name}: {}", sums.len());
        assert_eq!(sums.iter().map(|sum| sum.counts.calls).sum::<i64>(), 5_000, "{name}: the sums are whole");
        assert_eq!(sums[0].names, ["other"], "{name}");
    });
}

/// Books that an older Outrider has kept go on.
#[test]
fn a_file_of_the_first_version_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let first = rusqlite::Connection::open(&path).unwrap();
    first.execute_batch(FIRST).unwrap();
    drop(first);
    let mut store = Sqlite::open(&path, 31).unwrap();
    assert_eq!(told(&mut store, &[By::Caller], &Of::ALL), [row("old", 1, 5)]);
    store.save(&[named("gen-1", call(4, "new", "x/one", 6))], &[]).unwrap();
    assert_eq!(store.call("gen-1").unwrap().unwrap().caller.as_deref(), Some("new"));
    drop(store);
    let mut again = Sqlite::open(&path, 31).unwrap();
    assert_eq!(told(&mut again, &[By::Caller], &Of::ALL), [row("new", 1, 6), row("old", 1, 5)]);
}

const FIRST: &str = "
CREATE TABLE calls (
    at INTEGER NOT NULL, id TEXT NOT NULL, caller TEXT, model TEXT, target TEXT, operation TEXT NOT NULL,
    outcome TEXT NOT NULL, status INTEGER, stream INTEGER NOT NULL, input INTEGER, output INTEGER, cached INTEGER,
    cache_write INTEGER, reasoning INTEGER, nanos INTEGER, estimated INTEGER NOT NULL, first_ms INTEGER,
    total_ms INTEGER NOT NULL, tries TEXT NOT NULL
);
CREATE INDEX calls_by_id ON calls (id);
CREATE TABLE days (
    day INTEGER NOT NULL, caller TEXT NOT NULL, model TEXT NOT NULL, target TEXT NOT NULL, route TEXT NOT NULL,
    calls INTEGER NOT NULL, failed INTEGER NOT NULL, unpriced INTEGER NOT NULL, input INTEGER NOT NULL,
    output INTEGER NOT NULL, cached INTEGER NOT NULL, cache_write INTEGER NOT NULL, reasoning INTEGER NOT NULL,
    nanos INTEGER NOT NULL,
    PRIMARY KEY (day, caller, model, target, route)
) WITHOUT ROWID;
CREATE TABLE spent (
    account TEXT NOT NULL, period INTEGER NOT NULL, requests INTEGER NOT NULL, tokens INTEGER NOT NULL,
    nanos INTEGER NOT NULL,
    PRIMARY KEY (account, period)
) WITHOUT ROWID;
INSERT INTO calls VALUES (1,'req-1','old','m','x/one','chat','success',200,0,1,1,0,0,0,5,0,1,1,'[]');
INSERT INTO days VALUES (4,'old','m','x/one','',1,0,0,1,1,0,0,0,5);
PRAGMA user_version = 1;";
