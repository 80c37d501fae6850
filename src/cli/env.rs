//! `outrider env`: what a shell has to set so that the applications started from it go through Outrider.

mod shell;
pub(super) mod variables;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

use super::trust::{Trust, told};
use crate::config::{Config, Environment, Process};
use crate::trust::Problem;
use shell::Shell;
use variables::Variables;

/// For which shell, by which configuration.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// The shell that will read it
    #[arg(long, value_enum, default_value = "posix")]
    shell: Shell,
    /// The configuration file of the Outrider that runs
    #[arg(short, long, env = "OUTRIDER_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Prints the lines. What is replaced is said in comments after them, and to the terminal, where `eval` hides those.
pub(super) fn env(options: &Options) -> ExitCode {
    told(answer(options))
}

fn answer(options: &Options) -> Result<String, Problem> {
    let trust = Trust::find(options.config.as_deref())?;
    let variables = set(&trust, proxy(&trust.config))?;
    variables.tell();
    let lines = variables.set.iter().map(|(name, value)| options.shell.line(name, value));
    let notes = variables.notes.iter().map(|note| format!("# {note}\n"));
    Ok(lines.chain(notes).collect())
}

/// What has to be set for applications to go through `proxy`.
pub(super) fn set(trust: &Trust, proxy: SocketAddr) -> Result<Variables, Problem> {
    let variable = |name: &str| Process.variable(name).filter(|value| !value.is_empty());
    let published = trust.publish(&variables::named_files(variable))?;
    Ok(Variables::new(proxy, &published, variable))
}

/// Where applications of this machine reach the Outrider of this configuration.
pub(super) fn proxy(config: &Config) -> SocketAddr {
    let proxies = config.listen.0.iter().filter(|listener| !listener.value.transparent);
    let first = proxies.map(|listener| listener.value.address).next();
    reachable(first.unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, 7878))))
}

/// Nobody connects to `0.0.0.0`.
pub(super) fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}
