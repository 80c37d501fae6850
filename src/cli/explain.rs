//! `outrider explain`: what the router would do with a call, of a configuration that is not running.
//!
//! Nothing has been measured then; a running Outrider tells what it knows at `POST /explain` of the operator's door.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

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
    /// The model that the call names; else what its body says
    #[arg(long, value_name = "NAME", required_unless_present = "body")]
    model: Option<String>,
    /// A file with the call's body
    #[arg(long, value_name = "FILE")]
    body: Option<PathBuf>,
    /// A header of the call, as `name: value`
    #[arg(long, value_name = "HEADER")]
    header: Vec<String>,
    /// Where the call is sent, which says in what dialect; default: /v1/chat/completions
    #[arg(long, value_name = "PATH")]
    path: Option<String>,
    /// Who asks, by a name of `callers`
    #[arg(long, value_name = "NAME")]
    caller: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Prints every candidate, every figure of its score, who is out and by what, and the order.
pub(super) fn explain(options: &Options) -> ExitCode {
    super::models::use_installed();
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
    let told = match call.explain(&Arc::new(snapshot), &registry) {
        Ok(told) => told,
        Err(refused) => {
            let by = refused.route.map(|route| format!(" by route {route}")).unwrap_or_default();
            eprintln!("outrider: refused with {}{by}: {}", refused.status, refused.message);
            return ExitCode::from(super::DATA_ERROR);
        }
    };
    match options.json {
        true => println!("{}", serde_json::to_string_pretty(&told).unwrap_or_default()),
        false => print!("{}", told.table()),
    }
    // For scripts: whether there would be an answer.
    if told.refused.is_some() { ExitCode::from(super::DATA_ERROR) } else { ExitCode::SUCCESS }
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
    let Options { model, path, caller, .. } = options;
    Ok(Supposed { model: model.clone(), body, headers, path: path.clone(), stream: false, caller: caller.clone() })
}
