//! An Outrider of a command's own.
//!
//! It lives as long as somebody holds the other end of its standard input: the command, and what the command has
//! started. So it ends with them however they end. It is no child of the command, which may wait for all of its
//! children, and not of its process group, so that Ctrl-C is for the command alone.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::os::fd::IntoRawFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use nix::fcntl::{FcntlArg, FdFlag, fcntl};

use super::super::OS_ERROR;

/// How an Outrider comes to be a companion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Role {
    /// The child of the command starts the companion, and ends.
    Parent,
    /// The companion.
    Serve,
}

/// Starts one, and says where it listens.
pub(super) fn start(config: Option<&Path>) -> Result<SocketAddr, String> {
    let cannot = |error: std::io::Error| format!("an Outrider for the command cannot be started: {error}");
    let (lifeline, held) = std::io::pipe().map_err(cannot)?;
    let mut child = itself(Role::Parent, config).map_err(cannot)?;
    child.stdin(lifeline).stdout(Stdio::piped()).process_group(0);
    let mut child = child.spawn().map_err(cannot)?;
    let said = child.stdout.take().map(|stdout| BufReader::new(stdout).lines().next());
    let _ = child.wait();
    let address = said.flatten().and_then(Result::ok).and_then(|line| line.parse().ok());
    let address = address.ok_or("an Outrider for the command did not start")?;
    // Not closed when this process becomes the command, and never after.
    fcntl(&held, FcntlArg::F_SETFD(FdFlag::empty())).map_err(|error| cannot(error.into()))?;
    let _ = held.into_raw_fd();
    Ok(address)
}

/// The child of the command.
pub(in crate::cli) fn give_birth(config: Option<&Path>) -> ExitCode {
    match itself(Role::Serve, config).and_then(|mut companion| companion.spawn()) {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("outrider: {error}");
            ExitCode::from(OS_ERROR)
        }
    }
}

/// This executable, with what it has for input and output.
fn itself(role: Role, config: Option<&Path>) -> std::io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("run").arg("--companion").arg(if role == Role::Parent { "parent" } else { "serve" });
    command.args(config.map(|file| [Path::new("-c"), file]).into_iter().flatten());
    if std::env::var_os("RUST_LOG").is_none() {
        command.env("RUST_LOG", "warn"); // the terminal is the command's
    }
    Ok(command)
}

/// In the companion: ends the process when nobody needs it any more.
pub(in crate::cli) fn end_with_the_command() {
    std::thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0)
    });
}

/// In the companion: tells who has started it where it listens.
pub(in crate::cli) fn tell(address: SocketAddr) {
    let mut stdout = std::io::stdout();
    let _ = writeln!(stdout, "{address}").and_then(|()| stdout.flush());
}
