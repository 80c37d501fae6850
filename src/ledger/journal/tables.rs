//! What the tables of a file of SQLite are, and how it is brought from an older version to this one.

use rusqlite::Connection;

/// Of the tables below.
const VERSION: i64 = 2;

/// Names of answers begin with the time, so their index grows at its end. One of the ids of calls, which are random, would
/// take ten times as long as all the rest: each call would change a page of its own.
const TABLES: &str = "
CREATE TABLE calls (
    at INTEGER NOT NULL, id TEXT NOT NULL, caller TEXT, model TEXT, target TEXT, operation TEXT NOT NULL,
    outcome TEXT NOT NULL, status INTEGER, stream INTEGER NOT NULL, input INTEGER, output INTEGER, cached INTEGER,
    cache_write INTEGER, reasoning INTEGER, nanos INTEGER, estimated INTEGER NOT NULL, first_ms INTEGER,
    total_ms INTEGER NOT NULL, tries TEXT NOT NULL, name TEXT, session TEXT, agent TEXT, referer TEXT
);
CREATE INDEX calls_by_name ON calls (name) WHERE name IS NOT NULL;
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

/// Version 1 could not be asked for answers by their names.
const FROM_1: &str = "
ALTER TABLE calls ADD COLUMN name TEXT;
ALTER TABLE calls ADD COLUMN session TEXT;
ALTER TABLE calls ADD COLUMN agent TEXT;
ALTER TABLE calls ADD COLUMN referer TEXT;
DROP INDEX calls_by_id;
CREATE INDEX calls_by_name ON calls (name) WHERE name IS NOT NULL;";

/// The tables are there, and of this version, when this returns.
pub(super) fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    if version(connection)? == VERSION {
        return Ok(());
    }
    // Another process may be at it as well.
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let done = match version(connection)? {
        VERSION => Ok(()),
        0 => connection.execute_batch(&format!("{TABLES} PRAGMA user_version = {VERSION};")),
        1 => connection.execute_batch(&format!("{FROM_1} PRAGMA user_version = {VERSION};")),
        later => {
            let what = format!("it is of version {later}, and this Outrider knows {VERSION}");
            let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CANTOPEN);
            Err(rusqlite::Error::SqliteFailure(code, Some(what)))
        }
    };
    match done {
        Ok(()) => connection.execute_batch("COMMIT"),
        Err(error) => {
            let _ = connection.execute_batch("ROLLBACK");
            Err(error)
        }
    }
}

fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}
