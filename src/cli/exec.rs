//! `outrider exec -- COMMAND`: one command whose calls go through Outrider.
//!
//! This process *becomes* the command: its exit code, its signals and its terminal are the command's own. Where an
//! Outrider runs already by the same configuration, the command goes through that one. Otherwise it gets one of its
//! own, on ports that are free, which ends with it.

pub(super) mod companion;

use std::ffi::OsString;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Duration;

use super::env::{proxy, reachable, set};
use super::trust::{Trust, failed};
use super::{OS_ERROR, USAGE};

/// Shells' codes for a command that is not there, and for one that cannot be run.
const NOT_FOUND: u8 = 127;
const NOT_RUN: u8 = 126;

/// On loopback, more than enough.
const PATIENCE: Duration = Duration::from_millis(500);

/// What is to be run.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// The configuration file
    #[arg(short, long, env = "OUTRIDER_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Start an Outrider of its own, also where one runs already
    #[arg(long)]
    own: bool,
    /// The command and its arguments
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// Returns only where the command cannot be run.
pub(super) fn exec(options: &Options) -> ExitCode {
    let Some((program, arguments)) = options.command.split_first() else { return ExitCode::from(USAGE) };
    let trust = match Trust::find(options.config.as_deref()) {
        Ok(trust) => trust,
        Err(problem) => return failed(&problem),
    };
    let running = Some(proxy(&trust.config)).filter(|_| !options.own && is_outrider(trust.config.admin.address.0));
    let proxy = match running.map_or_else(|| companion::start(options.config.as_deref()), Ok) {
        Ok(proxy) => proxy,
        Err(why) => {
            eprintln!("outrider: {why}");
            return ExitCode::from(OS_ERROR);
        }
    };
    let variables = match set(&trust, proxy) {
        Ok(variables) => variables,
        Err(problem) => return failed(&problem),
    };
    variables.tell();
    let error = Command::new(program).args(arguments).envs(variables.set).exec();
    eprintln!("outrider: {} cannot be run: {error}", program.to_string_lossy());
    ExitCode::from(if error.kind() == ErrorKind::NotFound { NOT_FOUND } else { NOT_RUN })
}

/// Whether an Outrider's operator's door is at `address`.
fn is_outrider(address: SocketAddr) -> bool {
    let ask = || {
        let mut door = TcpStream::connect_timeout(&reachable(address), PATIENCE)?;
        door.set_read_timeout(Some(PATIENCE))?;
        door.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        door.take(4096).read_to_string(&mut answer)?;
        std::io::Result::Ok(answer)
    };
    ask().is_ok_and(|answer| answer.starts_with("HTTP/1.1 200") && answer.ends_with("\r\n\r\nok\n"))
}
