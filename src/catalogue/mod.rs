//! What is known of models in advance: what they cost, what they can do, how their providers treat what they are sent.
//!
//! It comes from a [`Table`] that is built in (made from open data by `tools/catalogue`), a newer one that the operator
//! has put in its place, and a file of the operator's own that counts more; and of single models from the configuration.
//! Who the providers are, where, and how they are spoken to, is [`crate::provider::catalogue`]'s.

mod ability;
mod data;
mod day;
mod facts;
mod known;
mod plain;
mod price;
mod quality;
mod row;
mod table;

use std::sync::{Arc, PoisonError, RwLock};

pub use ability::{Ability, Able, Cache, Levels};
pub use data::{Data, Promise};
pub use facts::Facts;
pub use known::Known;
pub use plain::{author, dated, plain};
pub use price::{Class, Price, Service, Tier};
pub use quality::{Quality, Scores};
pub use row::{Row, Wrong};
pub use table::Table;

/// What is known of models: tables, of which the first counts most.
#[derive(Clone, Debug)]
pub struct Catalogue {
    tables: Vec<Arc<Table>>,
    quality: Quality,
}

/// What counts in this process in the place of the table that is built in.
static INSTALLED: RwLock<Option<Arc<Table>>> = RwLock::new(None);

impl Default for Catalogue {
    /// What is installed, else what is built in.
    fn default() -> Self {
        let tables = vec![Self::installed().unwrap_or_else(Table::built_in)];
        Self { tables, quality: Quality::default() }
    }
}

impl Catalogue {
    /// Uses `table` in the place of the one that is built in, in every catalogue of this process that is made from now
    /// on. `None`: the one that is built in again.
    pub fn install(table: Option<Table>) {
        *INSTALLED.write().unwrap_or_else(PoisonError::into_inner) = table.map(Arc::new);
    }

    /// What was installed.
    pub fn installed() -> Option<Arc<Table>> {
        INSTALLED.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether it rests on what is installed now.
    pub fn is_current(&self) -> bool {
        let base = Self::installed().unwrap_or_else(Table::built_in);
        self.tables.last().is_some_and(|table| Arc::ptr_eq(table, &base))
    }

    /// What one table knows.
    pub fn of(table: Table) -> Self {
        Self { tables: vec![Arc::new(table)], quality: Quality::default() }
    }

    /// The same, with what `table` says counting more.
    pub fn over(mut self, table: Table) -> Self {
        self.tables.insert(0, Arc::new(table));
        self
    }

    /// The same, with the operator's scores.
    pub fn scored(self, quality: Quality) -> Self {
        Self { quality, ..self }
    }

    /// How good models are.
    pub fn quality(&self) -> &Quality {
        &self.quality
    }

    /// What is known of `model` at a provider of this kind.
    pub fn facts(&self, kind: &str, model: &str) -> Option<Facts> {
        let mut found: Option<Facts> = None;
        for table in self.tables.iter().rev() {
            let Some(row) = row(table, kind, model) else { continue };
            match &mut found {
                Some(facts) => facts.overlay(row.known()),
                None => found = Some(row.known()),
            }
        }
        found
    }

    /// Every model that is called so everywhere, at whatever kind of provider.
    pub fn called(&self, name: &str) -> impl Iterator<Item = Row<'_>> {
        self.tables.iter().flat_map(move |table| table.called(name))
    }

    /// The day of the latest table.
    pub fn day(&self) -> &str {
        self.tables.iter().map(|table| &*table.day).max().unwrap_or_default()
    }

    /// That day's begin, in seconds since 1970.
    pub fn since(&self) -> u64 {
        day::day(self.day()).and_then(|day| u64::try_from(day).ok()).unwrap_or_default() * 86_400
    }

    /// Every model, in the order of kinds and names.
    pub fn rows(&self) -> Vec<Row<'_>> {
        let mut rows: Vec<Row<'_>> = self.tables.iter().flat_map(|table| table.rows()).collect();
        rows.sort_by_key(|row| (row.kind, row.model));
        rows.dedup_by_key(|row| (row.kind, row.model));
        rows
    }

    /// The tables, the one that counts most first.
    pub fn tables(&self) -> impl Iterator<Item = &Table> {
        self.tables.iter().map(|table| &**table)
    }
}

/// The row of a model as a provider of that kind calls it, or as calls of it name it.
fn row<'t>(table: &'t Table, kind: &str, model: &str) -> Option<Row<'t>> {
    // Whole paths and ARNs name the model last.
    let last = model.rsplit('/').next().unwrap_or(model);
    let exactly = |name: &str| table.exactly(kind, name);
    let found = exactly(model).or_else(|| match kind {
        // A profile across regions that nobody tells a price of costs what the model itself does.
        "bedrock" => exactly(last).or_else(|| exactly(without_profile(last))),
        "vertex" | "gemini" => exactly(last).or_else(|| exactly(last.split('@').next()?)),
        // `ft:gpt-4o-2024-08-06:org::id`
        "openai" | "azure" if model.starts_with("ft:") => {
            let base = model.match_indices(':').nth(1).map_or(model, |(end, _)| &model[..end]);
            exactly(base).or_else(|| exactly(dated(base)?.0))
        }
        _ => None,
    });
    found.or_else(|| exactly(dated(model)?.0)).or_else(|| match kind {
        // Whose names have an author in them: another author's is another model.
        "openrouter" => None,
        _ => table.alike(kind, if kind == "bedrock" { without_profile(last) } else { last }),
    })
}

/// `us.anthropic.claude...` as `anthropic.claude...`
fn without_profile(model: &str) -> &str {
    match model.split_once('.') {
        Some((profile, rest)) if PROFILES.contains(&profile) && rest.contains('.') => rest,
        _ => model,
    }
}

/// Where Bedrock's profiles across regions may lead.
const PROFILES: [&str; 8] = ["us", "eu", "apac", "global", "us-gov", "au", "jp", "ca"];

#[cfg(test)]
mod tests;
