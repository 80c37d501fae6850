//! What is asked of a file of SQLite.

use rusqlite::{Connection, OptionalExtension, Row};

use super::report::{By, Of, StoredCall, Sum};
use super::store::StoreError;
use super::sums::Counts;
use crate::money::Usd;

/// Sums, as [`Store::sums`](super::Store::sums) has them.
pub fn sums(books: &Connection, by: &[By], of: &Of) -> Result<Vec<Sum>, StoreError> {
    let columns: Vec<&str> = by.iter().map(|by| column(*by)).collect();
    let numbers: Vec<String> = (1..=by.len()).map(|number| number.to_string()).collect();
    let (names, group, order) = match by {
        [] => (String::new(), String::new(), String::new()),
        _ => {
            let numbers = numbers.join(", ");
            (columns.join(", ") + ", ", format!("GROUP BY {numbers}"), format!(", {numbers}"))
        }
    };
    let first = if by.first() == Some(&By::Day) { "1, " } else { "" };
    let query = format!(
        "SELECT {names} sum(calls), sum(failed), sum(unpriced), sum(input), sum(output), sum(cached), sum(cache_write),
         sum(reasoning), sum(nanos) FROM days WHERE day BETWEEN ?1 AND ?2 AND (?3 IS NULL OR caller = ?3) {group}
         HAVING sum(calls) IS NOT NULL ORDER BY {first}sum(nanos) DESC, sum(calls) DESC{order}"
    );
    let sum = |row: &Row<'_>| {
        let names = (0..by.len()).map(|index| row.get::<_, String>(index)).collect::<rusqlite::Result<_>>()?;
        let number = |index: usize| row.get::<_, i64>(by.len() + index);
        let counts = Counts {
            calls: number(0)?,
            failed: number(1)?,
            unpriced: number(2)?,
            input: number(3)?,
            output: number(4)?,
            cached: number(5)?,
            cache_write: number(6)?,
            reasoning: number(7)?,
            cost: Usd::from_nanos(number(8)?),
        };
        Ok(Sum { names, counts })
    };
    let mut statement = books.prepare(&query)?;
    let sums = statement.query_map((of.first, of.last, of.caller.as_deref()), sum)?;
    Ok(sums.collect::<rusqlite::Result<Vec<_>>>()?)
}

fn column(by: By) -> &'static str {
    match by {
        By::Caller => "caller",
        By::Model => "model",
        By::Provider => "substr(target, 1, max(0, instr(target, '/') - 1))",
        By::Target => "target",
        By::Route => "route",
        By::Day => "date(day * 86400, 'unixepoch')",
    }
}

/// The call whose answer has that name.
pub(super) fn call(books: &Connection, name: &str) -> Result<Option<StoredCall>, StoreError> {
    let call = |row: &Row<'_>| {
        Ok(StoredCall {
            at: row.get("at")?,
            id: row.get("id")?,
            caller: row.get("caller")?,
            model: row.get("model")?,
            target: row.get("target")?,
            operation: row.get("operation")?,
            outcome: row.get("outcome")?,
            status: row.get("status")?,
            stream: row.get("stream")?,
            input: row.get("input")?,
            output: row.get("output")?,
            cached: row.get("cached")?,
            cache_write: row.get("cache_write")?,
            reasoning: row.get("reasoning")?,
            cost: row.get::<_, Option<i64>>("nanos")?.map(Usd::from_nanos),
            estimated: row.get("estimated")?,
            first_ms: row.get("first_ms")?,
            total_ms: row.get("total_ms")?,
            tries: serde_json::from_str(&row.get::<_, String>("tries")?).unwrap_or_default(),
            name: row.get("name")?,
            session: row.get("session")?,
            agent: row.get("agent")?,
            referer: row.get("referer")?,
        })
    };
    let latest = "SELECT * FROM calls WHERE name = ?1 ORDER BY rowid DESC LIMIT 1";
    Ok(books.query_row(latest, [name], call).optional()?)
}
