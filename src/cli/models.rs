//! `outrider models`: what is known of models, listed, filtered and compared; and a newer table put in its place.

mod kinds;
mod show;
mod update;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::SystemTime;

use clap::{Args, Subcommand};

use super::{CONFIG, USAGE};
use crate::catalogue::{Ability, Catalogue, Facts, Row};
use crate::config::Process;
use crate::config::nearest::{nearest, quoted};
use crate::health::Registry;
use crate::money::Usd;
use crate::snapshot;

pub(super) use update::use_installed;

/// What is listed.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Options {
    #[command(subcommand)]
    command: Option<Command>,
    /// Models by name or slug, wherever they are served, to compare them: `gpt-5`, `anthropic/claude-sonnet-4.5`.
    /// Without one: all
    models: Vec<String>,
    /// Only models of this kind of provider; may be said several times
    #[arg(short, long, value_name = "KIND")]
    provider: Vec<String>,
    /// Only models that are known to be able to do this: tools, image, pdf, audio, reasoning, schema ...
    #[arg(long, value_name = "ABILITY", value_parser = ability)]
    can: Vec<Ability>,
    /// Only models whose price of a million tokens of input is known to be at most this
    #[arg(long, value_name = "USD", value_parser = money, allow_negative_numbers = true)]
    max_input: Option<Usd>,
    /// Only models whose price of a million tokens of output is known to be at most this
    #[arg(long, value_name = "USD", value_parser = money)]
    max_output: Option<Usd>,
    /// Only models that are known to have a context of so many tokens: 200000, 200k, 1m
    #[arg(long, value_name = "TOKENS", value_parser = tokens)]
    context: Option<u64>,
    /// Without models whose last day is over
    #[arg(long)]
    served: bool,
    /// The kinds of providers that a configuration can name, in the place of models
    #[arg(long, conflicts_with_all = ["models", "provider", "can", "max_input", "max_output", "context", "served"])]
    kinds: bool,
    /// As JSON, a model or kind a line
    #[arg(long)]
    json: bool,
    /// The whole table, in the form that `update` and `catalogue:` take
    #[arg(long, conflicts_with_all = ["json", "models", "kinds"])]
    table: bool,
    /// With the `catalogue` that this configuration names
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check a newer table of models and keep it, for what runs now and starts from now on
    Update {
        /// The table, as tools/catalogue of the project makes it
        file: PathBuf,
    },
}

/// Lists what is asked for.
pub(super) fn models(options: &Options) -> ExitCode {
    if let Some(Command::Update { file }) = &options.command {
        return update::update(file);
    }
    use_installed();
    let catalogue = match catalogue(options.config.as_deref()) {
        Ok(catalogue) => catalogue,
        Err(problems) => {
            eprintln!("{problems}");
            return ExitCode::from(CONFIG);
        }
    };
    if let Err(wrong) = known_kinds(&catalogue, &options.provider) {
        eprintln!("outrider: {wrong}");
        return ExitCode::from(USAGE);
    }
    let text = match options.table {
        true => catalogue.tables().map(|table| table.text()).last().unwrap_or_default().to_owned(),
        false if options.kinds => {
            let rows = catalogue.rows();
            let known = |kind: &str| rows.iter().filter(|row| row.kind == kind).count();
            if options.json { kinds::json(known) } else { kinds::table(known) }
        }
        false => {
            let rows = options.rows(&catalogue);
            if rows.is_empty() {
                match options.models.iter().any(|name| !named(&catalogue, name).is_empty()) {
                    true => eprintln!("outrider: none of these models is known to be all that is asked for"),
                    false => eprintln!("outrider: no such model is known{}", hint(&catalogue, &options.models)),
                }
                return ExitCode::FAILURE;
            }
            if options.json { show::json(&rows) } else { show::table(&rows) }
        }
    };
    // Whoever closes the pipe has seen enough.
    let _ = std::io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}

/// The models that are called so everywhere, else those that some provider calls so.
fn named<'c>(catalogue: &'c Catalogue, name: &str) -> Vec<Row<'c>> {
    let called: Vec<Row<'c>> = catalogue.called(name).collect();
    if !called.is_empty() {
        return called;
    }
    catalogue.rows().into_iter().filter(|row| row.model == name).collect()
}

impl Options {
    /// The models asked for: in the order of the table, or, where some are compared, the cheapest first.
    fn rows<'c>(&self, catalogue: &'c Catalogue) -> Vec<(Row<'c>, Facts)> {
        let rows: Vec<Row<'c>> = match self.models.is_empty() {
            true => catalogue.rows(),
            false => self.models.iter().flat_map(|name| named(catalogue, name)).collect(),
        };
        let known =
            rows.into_iter().filter(|row| self.provider.is_empty() || self.provider.iter().any(|p| p == row.kind));
        let known = known.map(|row| (row, catalogue.facts(row.kind, row.model).unwrap_or_default()));
        let mut rows: Vec<_> = known.filter(|(_, facts)| self.fit(facts)).collect();
        rows.dedup_by_key(|(row, _)| (row.kind, row.model));
        if !self.models.is_empty() {
            rows.sort_by_key(|(_, facts)| {
                let price = facts.price.as_ref();
                let sum = price.and_then(|price| Some(price.input? + price.output.unwrap_or_default()));
                (sum.is_none(), sum)
            });
        }
        rows
    }

    fn fit(&self, facts: &Facts) -> bool {
        let price = facts.price.as_ref();
        let within =
            |most: Option<Usd>, price: Option<Usd>| most.is_none_or(|most| price.is_some_and(|price| price <= most));
        self.can.iter().all(|ability| facts.able.can(*ability) == Some(true))
            && within(self.max_input, price.and_then(|price| price.input))
            && within(self.max_output, price.and_then(|price| price.output))
            && !(self.served && facts.ended(SystemTime::now()).is_some())
            && self.context.is_none_or(|least| facts.context.is_some_and(|context| context >= least))
    }
}

/// What is known, with the file that a configuration names.
fn catalogue(config: Option<&Path>) -> Result<Catalogue, String> {
    let Some(file) = config else { return Ok(Catalogue::default()) };
    let loaded = snapshot::load(file, &Process, &Registry::new(), None).map_err(|problems| problems.to_string())?;
    Ok(Catalogue::clone(&loaded.0.catalogue))
}

fn known_kinds(catalogue: &Catalogue, asked: &[String]) -> Result<(), String> {
    let mut kinds: Vec<&str> = catalogue.rows().into_iter().map(|row| row.kind).collect();
    kinds.dedup();
    match asked.iter().find(|asked| kinds.iter().all(|kind| kind != asked)) {
        None => Ok(()),
        Some(unknown) => Err(format!("no models of `{unknown}` are known; known kinds: {}", quoted(kinds))),
    }
}

fn hint(catalogue: &Catalogue, asked: &[String]) -> String {
    let Some(asked) = asked.first() else { return String::new() };
    let rows = catalogue.rows();
    let names = rows.iter().flat_map(|row| [row.slug(), row.slug().rsplit('/').next().unwrap_or_default()]);
    let near = nearest(asked, names, 3);
    if near.is_empty() { String::new() } else { format!("; did you mean {}?", quoted(near)) }
}

fn ability(word: &str) -> Result<Ability, String> {
    let all = || quoted(Ability::ALL.iter().map(|ability| ability.as_str()));
    Ability::parse(word).ok_or_else(|| format!("known abilities: {}", all()))
}

fn money(text: &str) -> Result<Usd, String> {
    Usd::parse(text).filter(|amount| *amount >= Usd::ZERO).ok_or_else(|| "not an amount of dollars such as 0.25".into())
}

fn tokens(text: &str) -> Result<u64, String> {
    let lower = text.to_lowercase();
    let (number, unit) = match (lower.strip_suffix('k'), lower.strip_suffix('m')) {
        (Some(number), _) => (number, 1_000),
        (_, Some(number)) => (number, 1_000_000),
        _ => (&*lower, 1),
    };
    let count = number.parse::<u64>().ok().and_then(|count| count.checked_mul(unit));
    count.ok_or_else(|| "not a number of tokens such as 200000, 200k or 1m".into())
}
