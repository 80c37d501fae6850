//! The books in a file of SQLite.
//!
//! Each call for some days, sums of each day for good, and what is spent of each account. Several processes of one user
//! may share a file: sums are added to, never overwritten. A file that is broken is put aside, one of a later version is
//! left alone.

use std::io;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OptionalExtension, Row, params};
use serde::Serialize;

use super::entry::{Entry, Try};
use super::report::{By, Of, StoredCall, Sum, millis};
use super::store::{Spending, Store, StoreError};
use super::sums::{self, Counts, Key, Names, count};
use super::{queries, tables};
use crate::canonical::Usage;
use crate::ledger::amount::Amount;
use crate::money::Usd;

/// Beyond this the oldest calls go, however few days they have been there: a quarter of a million calls.
const MOST_BYTES: i64 = 64 << 20;

/// Sums are kept for so many days: budgets are compared by years.
const SUMS_KEPT: i64 = 800;

/// Old calls are looked for after so many groups, or so many calls.
const TIDIED_AFTER: (u32, usize) = (256, SOME);

/// So many calls go at a time.
const SOME: usize = 4_000;

const ADD_CALL: &str = "INSERT INTO calls VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";
const ADD_TO_DAY: &str = "
INSERT INTO days VALUES (?1,?2,?3,?4,?14,?5,?6,?7,?8,?9,?10,?11,?12,?13)
ON CONFLICT DO UPDATE SET calls = calls + ?5, failed = failed + ?6, unpriced = unpriced + ?7, input = input + ?8,
    output = output + ?9, cached = cached + ?10, cache_write = cache_write + ?11, reasoning = reasoning + ?12,
    nanos = nanos + ?13";
const ADD_TO_SPENT: &str = "
INSERT INTO spent VALUES (?1,?2,?3,?4,?5)
ON CONFLICT DO UPDATE SET requests = requests + ?3, tokens = tokens + ?4, nanos = nanos + ?5
RETURNING requests, tokens, nanos";
const READ_SPENT: &str = "SELECT requests, tokens, nanos FROM spent WHERE account = ? AND period = ?";

/// Books that are open.
pub struct Sqlite {
    connection: Connection,
    keep_days: i64,
    most_bytes: i64,
    names: Names,
    /// Groups and calls since old ones were looked for.
    since: (u32, usize),
    /// For what is written of a call as JSON.
    text: Vec<u8>,
}

impl Sqlite {
    /// The books at `path`, where each call stays for so many days.
    pub fn open(path: &Path, keep_days: u32) -> Result<Self, io::Error> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let open = || Connection::open(path).and_then(|connection| Self::of(connection, keep_days));
        let broken = |error: &rusqlite::Error| {
            matches!(error.sqlite_error_code(), Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt))
        };
        let opened = match open() {
            Err(error) if broken(&error) => {
                let aside = path.with_extension("broken");
                std::fs::rename(path, &aside)?;
                tracing::warn!(file = %aside.display(), %error, "the ledger is broken; it was put aside, a new one begins");
                open()
            }
            opened => opened,
        };
        opened.map_err(|error| {
            let kind = match error.sqlite_error_code() {
                Some(ErrorCode::DiskFull | ErrorCode::SystemIoFailure) => io::ErrorKind::StorageFull,
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => io::ErrorKind::ResourceBusy,
                _ => io::ErrorKind::Other,
            };
            io::Error::new(kind, error)
        })
    }

    fn of(connection: Connection, keep_days: u32) -> rusqlite::Result<Self> {
        connection.busy_timeout(Duration::from_secs(1))?;
        // A process that is killed loses nothing that was written so; a machine that is, may lose the last seconds.
        connection.execute_batch(
            "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
             PRAGMA cache_size = -256; PRAGMA wal_autocheckpoint = 256; PRAGMA journal_size_limit = 1048576;",
        )?;
        tables::prepare(&connection)?;
        let (keep_days, most_bytes) = (i64::from(keep_days), MOST_BYTES);
        let (names, text) = (Names::default(), Vec::new());
        Ok(Self { connection, keep_days, most_bytes, names, since: TIDIED_AFTER, text })
    }

    fn write(&mut self, calls: &[Entry], spent: &[Spending]) -> rusqlite::Result<Vec<Amount>> {
        self.connection.execute_batch("BEGIN IMMEDIATE")?;
        self.add(calls)?;
        let mut statement = self.connection.prepare_cached(ADD_TO_DAY)?;
        for (Key { day, caller, model, target, route }, counts) in sums::of(calls, &mut self.names) {
            let Counts { calls, failed, unpriced, input, output, cached, cache_write, reasoning, cost } = counts;
            let tokens = (input, output, cached, cache_write, reasoning);
            let (input, output, cached, cache_write, reasoning) = tokens;
            statement.execute(params![
                day,
                caller,
                model,
                target,
                calls,
                failed,
                unpriced,
                input,
                output,
                cached,
                cache_write,
                reasoning,
                cost.nanos(),
                route
            ])?;
        }
        let totals = spent.iter().map(|spent| self.spend(spent)).collect::<rusqlite::Result<_>>()?;
        drop(statement);
        self.connection.execute_batch("COMMIT")?;
        Ok(totals)
    }

    fn add(&mut self, calls: &[Entry]) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare_cached(ADD_CALL)?;
        for call in calls {
            self.text.clear();
            let tries = call.tries.iter().map(Written::of).collect::<smallvec::SmallVec<[_; 4]>>();
            let _ = serde_json::to_writer(&mut self.text, &tries[..]); // nothing of it can fail
            let Usage { input, output, cached, cache_write, reasoning, .. } = call.usage;
            let by_name = call.by_name.as_deref();
            statement.execute(params![
                call.at,
                &*call.id,
                call.caller.as_ref().map(|caller| caller.as_str()),
                call.model.as_ref().map(|model| model.as_str()),
                call.target.as_ref().map(|target| target.as_str()),
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
                std::str::from_utf8(&self.text).unwrap_or("[]"),
                by_name.map(|by_name| &*by_name.name),
                by_name.and_then(|by_name| by_name.session.as_deref()),
                by_name.and_then(|by_name| by_name.agent.as_deref()),
                by_name.and_then(|by_name| by_name.referer.as_deref()),
            ])?;
        }
        Ok(())
    }

    /// Adds to what is spent, where there is something; what that comes to.
    fn spend(&self, spent: &Spending) -> rusqlite::Result<Amount> {
        let Spending { key, tick, amount } = spent;
        let total = |row: &Row<'_>| {
            Ok(Amount { requests: row.get(0)?, tokens: row.get(1)?, usd: Usd::from_nanos(row.get(2)?) })
        };
        if *amount == Amount::default() {
            let found = self.connection.prepare_cached(READ_SPENT)?.query_row((key, tick), total).optional()?;
            return Ok(found.unwrap_or_default());
        }
        let Amount { requests, tokens, usd } = amount;
        self.connection.prepare_cached(ADD_TO_SPENT)?.query_row((key, tick, requests, tokens, usd.nanos()), total)
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
        let oldest = "DELETE FROM days WHERE day = (SELECT min(day) FROM days)";
        while self.size()? > self.most_bytes && self.connection.execute(oldest, [])? > 0 {}
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

    fn call(&mut self, name: &str) -> Result<Option<StoredCall>, StoreError> {
        queries::call(&self.connection, name)
    }

    fn sums(&mut self, by: &[By], of: &Of) -> Result<Vec<Sum>, StoreError> {
        queries::sums(&self.connection, by, of)
    }
}

/// `{"target":"openai/gpt-5","outcome":"ok","status":200,"ms":300}`
#[derive(Serialize)]
struct Written<'e> {
    target: &'e str,
    outcome: &'e str,
    status: Option<u16>,
    ms: u64,
}

impl<'e> Written<'e> {
    fn of(one: &'e Try) -> Self {
        let Try { target, outcome, status, took, .. } = one;
        Self { target: target.as_str(), outcome, status: *status, ms: took.as_millis() as u64 }
    }
}
