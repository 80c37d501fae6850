//! `outrider inject`: Outrider put into pods, those of files or all that a cluster makes.

use std::fs::File;
use std::io::{self, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::{CONFIG, DATA_ERROR, NO_INPUT, OS_ERROR, USAGE};
use crate::app::{self, Webhook};
use crate::inject::{Settings, manifest};

/// No file of Kubernetes objects is larger; the whole of it is held in memory.
const LARGEST: u64 = 64 << 20;

/// Into which pods, and how.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Read Kubernetes objects from this file, or `-`, and print them with Outrider in every pod
    #[arg(short, long, value_name = "FILE", required_unless_present = "listen", conflicts_with = "listen")]
    file: Vec<PathBuf>,
    /// Serve as a mutating webhook, at /inject
    #[arg(long, value_name = "ADDRESS", requires = "tls_cert", requires = "tls_key")]
    listen: Option<SocketAddr>,
    /// The webhook's certificate, with those that lead to its authority; followed when it changes
    #[arg(long, value_name = "FILE")]
    tls_cert: Option<PathBuf>,
    /// Its key
    #[arg(long, value_name = "FILE")]
    tls_key: Option<PathBuf>,
    /// Outrider's image
    #[arg(long, env = "OUTRIDER_IMAGE")]
    image: String,
    /// The ConfigMap with outrider.yaml in it
    #[arg(long, value_name = "NAME")]
    config_map: Option<String>,
    /// How calls come to Outrider: proxy (HTTPS_PROXY) or redirect (rules, made with NET_ADMIN)
    #[arg(long)]
    mode: Option<String>,
    /// As whom it runs: a number, or `namespace` for whom OpenShift assigns
    #[arg(long)]
    uid: Option<String>,
    /// Variables for it from secret/NAME or config-map/NAME, separated by commas
    #[arg(long, value_name = "SOURCES")]
    env_from: Option<String>,
    /// What it asks for of a processor
    #[arg(long, value_name = "QUANTITY")]
    cpu_request: Option<String>,
    /// What it asks for of memory
    #[arg(long, value_name = "QUANTITY")]
    memory_request: Option<String>,
    /// How much memory it may have
    #[arg(long, value_name = "QUANTITY")]
    memory_limit: Option<String>,
    /// Leave pods alone that do not say `outrider.dev/inject: enabled`
    #[arg(long)]
    only_enabled: bool,
}

/// Changes files, or serves.
pub(super) fn inject(arguments: &Arguments) -> ExitCode {
    let settings = match arguments.settings() {
        Ok(settings) => settings,
        Err(problem) => return fail(&problem, USAGE),
    };
    match (arguments.listen, &arguments.tls_cert, &arguments.tls_key) {
        (Some(listen), Some(certificate), Some(key)) => {
            serve(Webhook { listen, certificate: certificate.clone(), key: key.clone(), settings })
        }
        _ => change(&arguments.file, &settings),
    }
}

impl Arguments {
    fn settings(&self) -> Result<Settings, String> {
        let mut settings = Settings::new(&self.image);
        settings.only_enabled = self.only_enabled;
        let said = [
            ("image", Some(&self.image)),
            ("config-map", self.config_map.as_ref()),
            ("mode", self.mode.as_ref()),
            ("uid", self.uid.as_ref()),
            ("env-from", self.env_from.as_ref()),
            ("cpu-request", self.cpu_request.as_ref()),
            ("memory-request", self.memory_request.as_ref()),
            ("memory-limit", self.memory_limit.as_ref()),
        ];
        for (key, value) in said {
            let Some(value) = value else { continue };
            settings.set(key, value).map_err(|expected| format!("--{key} has to be {expected}, not `{value}`"))?;
        }
        Ok(settings)
    }
}

fn serve(webhook: Webhook) -> ExitCode {
    match app::serve_webhook(webhook) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.kind() == io::ErrorKind::InvalidData => fail(&error.to_string(), CONFIG),
        Err(error) => fail(&error.to_string(), OS_ERROR),
    }
}

/// All files as one. Nothing is printed unless all of it can be used.
fn change(files: &[PathBuf], settings: &Settings) -> ExitCode {
    let mut printed = String::new();
    let mut refused = false;
    for file in files {
        let text = match read(file) {
            Ok(text) => text,
            Err(error) => return fail(&format!("{}: {error}", file.display()), NO_INPUT),
        };
        let changed = match manifest::change(&text, settings) {
            Ok(changed) => changed,
            Err(problem) => return fail(&format!("{}: {problem}", file.display()), DATA_ERROR),
        };
        if !printed.is_empty() && !changed.text.is_empty() && !changed.text.starts_with("---") {
            printed.push_str("---\n");
        }
        printed.push_str(&changed.text);
        tell(&changed);
        refused |= !changed.refused.is_empty();
    }
    if refused {
        return ExitCode::from(DATA_ERROR);
    }
    print!("{printed}");
    ExitCode::SUCCESS
}

fn tell(changed: &manifest::Changed) {
    for note in &changed.notes {
        eprintln!("outrider: {note}");
    }
    if changed.lost_comments {
        eprintln!("outrider: comments are not kept in objects that were changed");
    }
    for refused in &changed.refused {
        eprintln!("outrider: refused: {refused}");
    }
}

fn read(file: &Path) -> io::Result<String> {
    let mut text = String::new();
    let from: Box<dyn Read> = match file.as_os_str() == "-" {
        true => Box::new(io::stdin().lock()),
        false => Box::new(File::open(file)?),
    };
    from.take(LARGEST + 1).read_to_string(&mut text)?;
    match text.len() as u64 > LARGEST {
        true => Err(io::Error::new(io::ErrorKind::InvalidData, "more than 64 MiB")),
        false => Ok(text),
    }
}

fn fail(problem: &str, code: u8) -> ExitCode {
    eprintln!("outrider: {problem}");
    ExitCode::from(code)
}
