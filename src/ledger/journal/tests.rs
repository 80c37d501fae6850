mod stores;

use super::*;
use crate::ledger::journal::report::{By, Of};
use crate::ledger::{Amount, Caps, Period};
use crate::money::Usd;
use crate::telemetry::record::ByName;

fn losses() -> Losses {
    let counter = |name| IntCounter::new(name, "for a test").unwrap();
    Losses { errors: counter("errors"), lost: counter("lost") }
}

fn place(folder: &Path) -> Place {
    Place { path: Some(folder.join("state/ledger.db")), keep_days: 31 }
}

fn account() -> Arc<Account> {
    Arc::new(Account::new("research|caller research|day", Period::Day))
}

fn spend(account: &Arc<Account>, dollars: &str) {
    let amount = Amount::of_a_call(10, Usd::parse(dollars).unwrap());
    account.hold_anyway(Amount::default()).settle(amount);
}

fn spent(account: &Account) -> Usd {
    account.standing(&Caps::default()).spent.usd
}

fn by(journal: &Journal, by: &'static [By]) -> Vec<(String, i64, Usd)> {
    let found = journal.ask(|store| store.sums(by, &Of::ALL)).unwrap();
    found.into_iter().map(|sum| (sum.names.join(" "), sum.counts.calls, sum.counts.cost)).collect()
}

#[test]
fn what_was_spent_is_known_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    {
        let account = account();
        let journal = Journal::open(place(folder.path()), vec![account.clone()], losses());
        spend(&account, "1.5");
        let by_name = Some(ByName { name: "gen-1".into(), ..ByName::default() }.into());
        journal.post(&CallRecord { by_name, ..CallRecord::sample() });
        journal.flush();
        spend(&account, "0.25");
        journal.flush();
    }
    let account = account();
    let journal = Journal::open(place(folder.path()), vec![account.clone()], losses());
    assert_eq!(spent(&account), Usd::parse("1.75").unwrap());
    let cost = CallRecord::sample().cost.unwrap();
    assert_eq!(by(&journal, &[By::Caller, By::Provider]), [("checkout openai".to_owned(), 1, cost)]);
    let stored = journal.ask(|store| store.call("gen-1")).unwrap().unwrap();
    assert_eq!((stored.target.as_deref(), stored.input, stored.cost), (Some("openai/gpt-5"), Some(100), Some(cost)));
    assert_eq!(journal.ask(|store| store.call("gen-2")), Some(None));
}

/// Two processes of one user: each learns of the other's spending when it next writes.
#[test]
fn processes_that_share_a_file_share_budgets() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (account(), account());
    let first = Journal::open(place(folder.path()), vec![one.clone()], losses());
    let second = Journal::open(place(folder.path()), vec![other.clone()], losses());
    spend(&one, "1");
    first.flush();
    spend(&other, "2");
    second.flush();
    first.flush();
    let all = Usd::parse("3").unwrap();
    assert_eq!((spent(&one), spent(&other)), (all, all));
    first.flush();
    assert_eq!(spent(&one), all, "and only once");
}

#[test]
fn without_a_place_it_is_kept_in_memory() {
    for path in [None, Some(PathBuf::from("/proc/nobody/ledger.db"))] {
        let account = account();
        let journal = Journal::open(Place { path, keep_days: 31 }, vec![account.clone()], losses());
        spend(&account, "1");
        journal.post(&CallRecord::sample());
        journal.flush();
        assert_eq!(by(&journal, &[By::Model]).len(), 1);
        assert_eq!(spent(&account), Usd::parse("1").unwrap());
    }
}

#[test]
fn a_broken_file_is_put_aside_and_a_later_one_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    std::fs::write(&path, b"this is no database, however long one looks at it".repeat(50)).unwrap();
    let place = Place { path: Some(path.clone()), keep_days: 31 };
    let journal = Journal::open(place.clone(), Vec::new(), losses());
    journal.post(&CallRecord::sample());
    assert_eq!(by(&journal, &[By::Model]).len(), 1);
    assert!(std::fs::read(folder.path().join("ledger.broken")).unwrap().starts_with(b"this is no"));
    drop(journal);
    let later = folder.path().join("later.db");
    rusqlite::Connection::open(&later).unwrap().execute_batch("PRAGMA user_version = 99; CREATE TABLE x (y)").unwrap();
    let before = std::fs::read(&later).unwrap();
    let journal = Journal::open(Place { path: Some(later.clone()), ..place }, Vec::new(), losses());
    journal.post(&CallRecord::sample());
    assert_eq!(by(&journal, &[By::Model]).len(), 1, "in memory");
    drop(journal);
    let connection = rusqlite::Connection::open(&later).unwrap();
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0)).unwrap();
    assert_eq!((tables, before.is_empty()), (1, false), "nothing was added");
}

#[test]
fn what_cannot_be_written_is_written_later() {
    let folder = tempfile::tempdir().unwrap();
    let losses = losses();
    let errors = losses.errors.clone();
    let journal = Journal::open(place(folder.path()), Vec::new(), losses);
    journal.post(&CallRecord::sample());
    journal.flush();
    // Somebody else writes for longer than we wait.
    let other = rusqlite::Connection::open(folder.path().join("state/ledger.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    journal.post(&CallRecord::sample());
    std::thread::sleep(Duration::from_millis(2_000));
    assert!(errors.get() > 0, "it was noticed");
    other.execute_batch("COMMIT").unwrap();
    let until = std::time::Instant::now() + Duration::from_secs(10);
    while by(&journal, &[By::Model])[0].1 < 2 {
        assert!(std::time::Instant::now() < until, "it is written once that is possible");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn what_is_posted_never_waits_and_is_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let losses = losses();
    let lost = losses.lost.clone();
    let journal = Journal::open(place(folder.path()), Vec::new(), losses);
    let started = std::time::Instant::now();
    for _ in 0..50_000 {
        journal.post(&CallRecord::sample());
    }
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    journal.flush();
    let written = by(&journal, &[By::Model])[0].1;
    assert_eq!(written + lost.get() as i64, 50_000, "each is written or counted");
    assert!(written >= MOST as i64);
}

/// What was spent while the calendar was wrong is not lost, and what was spent before is known again when it is right.
#[test]
fn a_calendar_that_is_set_loses_nothing() {
    use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
    static DAY: AtomicI64 = AtomicI64::new(40);
    let folder = tempfile::tempdir().unwrap();
    let account = || Arc::new(Account::new("all|month", Period::Month).by(|| DAY.load(Relaxed) * 86_400));
    let own = account();
    let journal = Journal::open(place(folder.path()), vec![own.clone()], losses());
    for (day, spends) in [(40, "1"), (71, "2"), (40, "4"), (9, "8"), (40, "16")] {
        DAY.store(day, Relaxed);
        spend(&own, spends);
        journal.flush();
    }
    assert!(spent(&own) >= Usd::parse("21").unwrap(), "all of this month: {}", spent(&own));
    drop(journal);
    for (day, expected) in [(40, "21"), (71, "2"), (9, "8")] {
        DAY.store(day, Relaxed);
        let again = account();
        let _journal = Journal::open(place(folder.path()), vec![again.clone()], losses());
        assert_eq!(spent(&again), Usd::parse(expected).unwrap(), "day {day}");
    }
}
