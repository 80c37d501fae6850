//! The command line.
//!
//! Exit codes follow sysexits: 64 for wrong usage, 65 and 66 for files that can not be used or read, 71 where the system
//! refuses, 77 where it does for want of a permission, 78 for a bad configuration. `exec` ends with that of its command.

mod ca;
mod check;
pub mod demo;
mod env;
mod exec;
mod explain;
mod init;
mod inject;
mod models;
mod run;
mod trust;
mod usage;

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Parser, Subcommand};

/// `EX_USAGE`
const USAGE: u8 = 64;
/// `EX_DATAERR`
const DATA_ERROR: u8 = 65;
/// `EX_NOINPUT`
const NO_INPUT: u8 = 66;
/// `EX_OSERR`
const OS_ERROR: u8 = 71;
/// `EX_NOPERM`
const NO_PERMISSION: u8 = 77;
/// `EX_CONFIG`
const CONFIG: u8 = 78;

/// A model router that runs beside your application.
#[derive(Debug, Parser)]
#[command(version, about, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve calls
    Run {
        /// The configuration file. Without one, providers come from the usual environment variables
        /// (OPENAI_API_KEY, AZURE_OPENAI_API_KEY, GROQ_API_KEY ...)
        #[arg(short, long, env = "OUTRIDER_CONFIG", value_name = "FILE")]
        config: Option<PathBuf>,
        /// Take the listening sockets over from a running process, which then gets SIGQUIT
        #[arg(long)]
        upgrade: bool,
        /// Where the two processes of an upgrade meet
        #[arg(long, value_name = "SOCKET", env = "OUTRIDER_UPGRADE_SOCKET")]
        upgrade_socket: Option<PathBuf>,
        /// What `outrider exec` starts
        #[arg(long, hide = true)]
        companion: Option<exec::companion::Role>,
    },
    /// Tell every problem of a configuration file, as a start would
    Check {
        /// The configuration file
        file: PathBuf,
    },
    /// Tell why a call would go where: every candidate, its score, who is out and by what; nothing is sent
    Explain(explain::Options),
    /// Print the authority that applications have to trust so that their TLS can be ended here
    Ca(ca::Options),
    /// Print what a shell has to set for applications to go through Outrider: eval "$(outrider env)"
    Env(env::Options),
    /// Run one command whose calls go through Outrider: outrider exec -- python my_app.py
    Exec(exec::Options),
    /// Put Outrider into pods of Kubernetes: into those of files, or as a webhook into all that are made
    ///
    /// Comments and anchors of the objects that change are not kept; other objects pass as they are.
    Inject(Box<inject::Arguments>),
    /// Lead the connections of this network namespace to port 443 to Outrider, by rules of the kernel (needs NET_ADMIN)
    Init(init::Arguments),
    /// Tell what calls have cost, by caller, model, provider, target or day
    Usage(usage::Options),
    /// List what is known of models: prices, limits, abilities; filter and compare them
    Models(models::Options),
    /// Watch calls go on while a simulated provider fails
    Demo,
}

/// Parses the arguments and does what they say.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            let asked = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            return if asked { ExitCode::SUCCESS } else { ExitCode::from(USAGE) };
        }
    };
    match arguments.command {
        Command::Run { config, companion: Some(exec::companion::Role::Parent), .. } => {
            exec::companion::give_birth(config.as_deref())
        }
        Command::Run { config, upgrade, upgrade_socket, companion } => {
            run::run(run::Options { config, upgrade, upgrade_socket, companion: companion.is_some() })
        }
        Command::Check { file } => check::check(&file),
        Command::Explain(options) => explain::explain(&options),
        Command::Ca(options) => ca::ca(options),
        Command::Env(options) => env::env(&options),
        Command::Exec(options) => exec::exec(&options),
        Command::Inject(arguments) => inject::inject(&arguments),
        Command::Init(arguments) => init::init(&arguments),
        Command::Usage(options) => usage::usage(&options),
        Command::Models(options) => models::models(&options),
        Command::Demo => demo::run(demo::DemoOptions { live: std::io::stdout().is_terminal() }),
    }
}
