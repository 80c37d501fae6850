//! The books in a file of SQLite.
//!
//! Each call for some days, sums of each day for good, and what is spent of each account. Several processes of one user
//! may share a file: sums are added to, never overwritten. A file that is broken is put aside, one of a later version is
//! left alone.

use std::collections::HashSet;
use std::fmt;
use std::io;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, params};

use super::entry::{Entry, Try};
use super::{Place, Spending, Store};
use crate::canonical::Usage;
use crate::ledger::amount::Amount;
use crate::money::Usd;

/// Of the tables below.
const VERSION: i64 = 1;

/// Beyond this the oldest calls go, however few days they have been there: a quarter of a million calls.
const MOST_BYTES: i64 = 64 << 20;
/// The same where there is no file.
const MOST_IN_MEMORY: i64 = 4 << 20;

/// Sums that one day may have; what clients make up beyond that is summed up under no name.
const MOST_SUMS: usize = 2_000;

/// Sums are kept for so many days: budgets are compared by years.
const SUMS_KEPT: i64 = 800;

/// Old calls are looked for after so many groups, or so many calls.
const TIDIED_AFTER: (u32, usize) = (256, SOME);

/// So many calls go at a time.
const SOME: usize = 4_000;

const TABLES: &str = "
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
) WITHOUT ROWID;";

const ADD_CALL: &str = "INSERT INTO calls VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";
const ADD_TO_DAY: &str = "
INSERT INTO days VALUES (?1,?2,?3,?4,?14,?5,?6,?7,?8,?9,?10,?11,?12,?13)
ON CONFLICT DO UPDATE SET calls = calls + ?5, failed = failed + ?6, unpriced = unpriced + ?7, input = input + ?8,
    output = output + ?9, cached = cached + ?10, cache_write = cache_write + ?11, reasoning = reasoning + ?12,
    nanos = nanos + ?13";
const ADD_TO_SPENT: &str = "
INSERT INTO spent VALUES (?1,?2,?3,?4,?5)
ON CONFLICT DO UPDATE SET requests = requests + ?3, tokens = tokens + ?4, nanos = nanos + ?5
RETURNING requests, tokens, nanos";

/// Books that are open.
pub struct Sqlite {
    connection: Connection,
    keep_days: i64,
    most_bytes: i64,
    /// The names of today's sums.
    sums: (i64, HashSet<Box<str>>),
    /// Groups and calls since old ones were looked for.
    since: (u32, usize),
}

/// The books cannot be read or written.
#[derive(Debug)]
pub struct StoreError(rusqlite::Error);

impl Sqlite {
    /// The books at `place`; in memory, if they cannot be there. `None`: nowhere.
    pub fn open(place: &Place) -> Option<Self> {
        let (path, file) = match &place.path {
            Some(path) => (path.display().to_string(), Self::at(path, place)),
            None => (String::new(), Err(None)),
        };
        match file {
            Ok(store) => return Some(store),
            Err(Some(error)) => {
                tracing::warn!(%path, %error, "the ledger is kept in memory, and is gone when the process ends");
            }
            Err(None) => tracing::info!("the ledger is kept in memory, and is gone when the process ends"),
        }
        let memory = Connection::open_in_memory().and_then(|connection| Self::of(connection, place, MOST_IN_MEMORY));
        memory.inspect_err(|error| tracing::error!(%error, "there is no ledger")).ok()
    }

    fn at(path: &Path, place: &Place) -> Result<Self, Option<io::Error>> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let open = || Connection::open(path).and_then(|connection| Self::of(connection, place, MOST_BYTES));
        let broken = |error: &rusqlite::Error| {
            matches!(error.sqlite_error_code(), Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt))
        };
        match open() {
            Err(error) if broken(&error) => {
                let aside = path.with_extension("broken");
                std::fs::rename(path, &aside)?;
                tracing::warn!(file = %aside.display(), %error, "the ledger is broken; it was put aside, a new one begins");
                open()
            }
            opened => opened,
        }
        .map_err(|error| Some(io::Error::other(error)))
    }

    fn of(connection: Connection, place: &Place, most_bytes: i64) -> rusqlite::Result<Self> {
        connection.busy_timeout(Duration::from_secs(1))?;
        // A process that is killed loses nothing that was written so; a machine that is, may lose the last seconds.
        connection.execute_batch(
            "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
             PRAGMA cache_size = -256; PRAGMA wal_autocheckpoint = 256; PRAGMA journal_size_limit = 1048576;",
        )?;
        let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        match version {
            0 => {
                // Another process may be at it as well.
                connection.execute_batch("BEGIN IMMEDIATE")?;
                let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
                if version == 0 {
                    connection.execute_batch(&format!("{TABLES} PRAGMA user_version = {VERSION};"))?;
                }
                connection.execute_batch("COMMIT")?;
            }
            VERSION => {}
            _ => {
                let what = format!("it is of version {version}, and this Outrider knows {VERSION}");
                return Err(rusqlite::Error::SqliteFailure(
                    rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CANTOPEN),
                    Some(what),
                ));
            }
        }
        let keep_days = i64::from(place.keep_days);
        Ok(Self { connection, keep_days, most_bytes, sums: (0, HashSet::new()), since: TIDIED_AFTER })
    }

    /// For questions.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The name under which a sum is kept: its own, while there is room for one more.
    fn named<'n>(&mut self, day: i64, name: &'n str) -> &'n str {
        if self.sums.0 != day {
            self.sums = (day, HashSet::new());
        }
        let known = &mut self.sums.1;
        if known.contains(name) {
            return name;
        }
        if known.len() >= MOST_SUMS {
            return "other";
        }
        known.insert(name.into());
        name
    }

    fn write(&mut self, calls: &[Entry], spent: &[Spending]) -> rusqlite::Result<Vec<Amount>> {
        self.connection.execute_batch("BEGIN IMMEDIATE")?;
        for call in calls {
            self.add(call)?;
        }
        let mut statement = self.connection.prepare_cached(ADD_TO_SPENT)?;
        let totals = spent.iter().map(|Spending { key, tick, amount: Amount { requests, tokens, usd } }| {
            statement.query_row(params![key, tick, requests, tokens, usd.nanos()], |row| {
                Ok(Amount { requests: row.get(0)?, tokens: row.get(1)?, usd: Usd::from_nanos(row.get(2)?) })
            })
        });
        let totals = totals.collect::<rusqlite::Result<Vec<_>>>()?;
        drop(statement);
        self.connection.execute_batch("COMMIT")?;
        Ok(totals)
    }

    fn add(&mut self, call: &Entry) -> rusqlite::Result<()> {
        let text = |name: Option<&'_ str>| name.map(str::to_owned);
        let (caller, model) = (call.caller.as_ref().map(|c| c.as_str()), call.model.as_ref().map(|m| m.as_str()));
        let target = call.target.as_ref().map(|target| target.as_str());
        let millis = |time: Duration| time.as_millis() as i64;
        let Usage { input, output, cached, cache_write, reasoning, .. } = call.usage;
        self.connection.prepare_cached(ADD_CALL)?.execute(params![
            call.at,
            &*call.id,
            text(caller),
            text(model),
            text(target),
            call.operation,
            call.outcome,
            call.status,
            call.stream,
            count(input),
            count(output),
            count(cached),
            count(cache_write),
            count(reasoning),
            call.cost.map(Usd::nanos),
            call.estimated,
            call.first_token.map(millis),
            millis(call.total),
            tries(&call.tries),
        ])?;
        let caller = caller.unwrap_or("unknown");
        let success = call.is_success();
        self.sum(call, (caller, target.unwrap_or("")), (1, !success, call.unpriced), (&call.usage, call.answer_cost))?;
        for Try { target, broke_off, .. } in &call.tries {
            if let Some((usage, cost)) = broke_off {
                self.sum(call, (caller, target.as_str()), (0, false, false), (usage, *cost))?;
            }
        }
        Ok(())
    }

    fn sum(
        &mut self,
        call: &Entry,
        (caller, target): (&str, &str),
        (calls, failed, unpriced): (i64, bool, bool),
        (usage, cost): (&Usage, Option<Usd>),
    ) -> rusqlite::Result<()> {
        let day = call.day();
        let model = call.model.as_ref().map_or("", |model| model.as_str());
        let (model, target) = (self.named(day, model), self.named(day, target));
        let Usage { input, output, cached, cache_write, reasoning, .. } = *usage;
        let n = |tokens: Option<u64>| count(tokens).unwrap_or(0);
        self.connection.prepare_cached(ADD_TO_DAY)?.execute(params![
            day,
            caller,
            model,
            target,
            calls,
            failed,
            unpriced,
            n(input),
            n(output),
            n(cached),
            n(cache_write),
            n(reasoning),
            cost.unwrap_or_default().nanos(),
            call.route.as_deref().unwrap_or(""),
        ])?;
        Ok(())
    }

    /// Bytes of all that is kept.
    fn size(&self) -> rusqlite::Result<i64> {
        let number = |pragma: &str| self.connection.query_row(pragma, [], |row| row.get::<_, i64>(0));
        Ok((number("PRAGMA page_count")? - number("PRAGMA freelist_count")?) * number("PRAGMA page_size")?)
    }

    /// Lets go of what is old, or too much.
    fn tidy(&mut self, now: i64) -> rusqlite::Result<()> {
        let old = now - self.keep_days * 86_400_000;
        // In the order in which they were written, so that nothing has to be searched.
        let oldest = format!("DELETE FROM calls WHERE rowid IN (SELECT rowid FROM calls ORDER BY rowid LIMIT {SOME})");
        while self.connection.execute(&format!("{oldest} AND at < ?1"), [old])? == SOME {}
        while self.size()? > self.most_bytes && self.connection.execute(&oldest, [])? > 0 {}
        let day = now / 86_400_000;
        self.connection.execute("DELETE FROM days WHERE day < ?1", [day - SUMS_KEPT])?;
        self.connection.execute("DELETE FROM spent WHERE account LIKE '%|day' AND period < ?1", [day - SUMS_KEPT])?;
        self.connection.execute_batch("PRAGMA incremental_vacuum(2000)")
    }
}

impl Store for Sqlite {
    fn save(&mut self, calls: &[Entry], spent: &[Spending]) -> Result<Vec<Amount>, StoreError> {
        let saved = self.write(calls, spent).inspect_err(|_| {
            let _ = self.connection.execute_batch("ROLLBACK"); // there may be none to be taken back
        });
        self.since = (self.since.0.saturating_add(1), self.since.1.saturating_add(calls.len()));
        let due = self.since.0 >= TIDIED_AFTER.0 || self.since.1 >= TIDIED_AFTER.1;
        if let Some(last) = calls.last().filter(|_| saved.is_ok() && due) {
            self.since = (0, 0);
            if let Err(error) = self.tidy(last.at) {
                tracing::debug!(%error, "old calls stay in the ledger for now");
            }
        }
        Ok(saved?)
    }
}

/// `[{"target":"openai/gpt-5","outcome":"ok","status":200,"ms":300}]`
fn tries(tries: &[Try]) -> String {
    let each = tries.iter().map(|one| {
        serde_json::json!({
            "target": one.target.as_str(), "outcome": one.outcome, "status": one.status,
            "ms": one.took.as_millis() as u64,
        })
    });
    serde_json::Value::Array(each.collect()).to_string()
}

/// SQLite's integers have a sign.
fn count(tokens: Option<u64>) -> Option<i64> {
    tokens.map(|tokens| i64::try_from(tokens).unwrap_or(i64::MAX))
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self(error)
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for StoreError {}
