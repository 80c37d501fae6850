//! `outrider explain`: what the router would do with a call, of a configuration that is not running.
//!
//! Nothing has been measured then; a running Outrider tells what it knows at `POST /explain` of the operator's door.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde_json::value::RawValue;

use crate::config::Process;
use crate::exchange::Supposed;
use crate::health::Registry;
use crate::snapshot::{self, Snapshot};

/// What to explain.
#[derive(Debug, Args)]
pub struct Options {
    /// The configuration file
    #[arg(short, long, env = "OUTRIDER_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// The model that the call names
    #[arg(long, value_name = "NAME")]
    model: String,
    /// A file with the call's body
    #[arg(long, value_name = "FILE")]
    body: Option<PathBuf>,
    /// A header of the call, as `name: value`
    #[arg(long, value_name = "HEADER")]
    header: Vec<String>,
    /// Who asks, by a name of `callers`
    #[arg(long, value_name = "NAME")]
    caller: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Prints every candidate, every figure of its score, who is out and by what, and the order.
pub(super) fn explain(options: &Options) -> ExitCode {
    let registry = Registry::new();
    let snapshot = match &options.config {
        Some(file) => match snapshot::load(file, &Process, &registry, None) {
            Ok((snapshot, _)) => Ok(snapshot),
            Err(problems) => Err(problems.to_string()),
        },
        None => of_environment(&registry),
    };
    let snapshot = match snapshot {
        Ok(snapshot) => snapshot,
        Err(problems) => {
            eprintln!("{problems}");
            return ExitCode::from(super::CONFIG);
        }
    };
    let call = match supposed(options) {
        Ok(call) => call,
        Err((problem, code)) => {
            eprintln!("outrider: {problem}");
            return ExitCode::from(code);
        }
    };
    match call.explain(&snapshot, &registry) {
        Ok(told) if options.json => {
            println!("{}", serde_json::to_string_pretty(&told).unwrap_or_default());
            ExitCode::SUCCESS
        }
        Ok(told) => {
            print!("{}", told.table());
            ExitCode::SUCCESS
        }
        Err(fault) => {
            eprintln!("{}", fault.message);
            ExitCode::from(super::DATA_ERROR)
        }
    }
}

/// As `run` does without a file.
fn of_environment(registry: &Registry) -> Result<Snapshot, String> {
    let (config, _) = snapshot::from_environment(&Process)?;
    snapshot::build(&config, registry, None).map_err(|problems| problems.to_string())
}

/// The call, or what is wrong with it and the code to end with.
fn supposed(options: &Options) -> Result<Supposed, (String, u8)> {
    let mut headers = BTreeMap::new();
    for header in &options.header {
        let Some((name, value)) = header.split_once(':') else {
            return Err((format!("`--header {header}`: write `name: value`"), super::USAGE));
        };
        headers.insert(name.trim().to_owned(), value.trim().to_owned());
    }
    let body = match &options.body {
        None => None,
        Some(file) => {
            let wrong = |what: String| format!("{}: {what}", file.display());
            let text = std::fs::read_to_string(file).map_err(|error| (wrong(error.to_string()), super::NO_INPUT))?;
            Some(RawValue::from_string(text).map_err(|error| (wrong(error.to_string()), super::DATA_ERROR))?)
        }
    };
    Ok(Supposed { model: options.model.clone(), body, headers, stream: false, caller: options.caller.clone() })
}
