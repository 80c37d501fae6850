//! `outrider init`: the rules that lead connections to Outrider.

use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::{NO_PERMISSION, OS_ERROR};
use crate::redirect::{self, Families, Family, Installed, Own, Rules};

/// Which rules.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The user as whom Outrider runs: its own connections are let through
    #[arg(long, default_value_t = 14661, value_parser = clap::value_parser!(u32).range(1..))]
    uid: u32,
    /// The group as which it runs, where the user is not ours to choose (OpenShift)
    #[arg(long, conflicts_with = "uid", value_parser = clap::value_parser!(u32).range(1..))]
    gid: Option<u32>,
    /// Where Outrider takes redirected connections
    #[arg(long, default_value_t = 15443, value_parser = clap::value_parser!(u16).range(1..))]
    port: u16,
    /// Remove the rules
    #[arg(long)]
    remove: bool,
    /// Print the rules as nft writes them, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// One table for IPv4 and IPv6, or one for each (kernels before 5.2)
    #[arg(long, value_enum, default_value_t = Tables::Auto)]
    tables: Tables,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Tables {
    Auto,
    Inet,
    Split,
}

/// Installs the rules, or removes them.
pub(super) fn init(arguments: &Arguments) -> ExitCode {
    let own = arguments.gid.map_or(Own::Uid(arguments.uid), Own::Gid);
    let rules = Rules { own, port: arguments.port };
    if arguments.dry_run {
        print(&rules, arguments);
        return ExitCode::SUCCESS;
    }
    let done = match arguments.remove {
        true => redirect::remove().map(|()| "the rules are removed".to_owned()),
        false => redirect::install(&rules, arguments.tables.into()).map(|installed| describe(&rules, installed)),
    };
    match done {
        Ok(done) => {
            eprintln!("outrider: {done}");
            ExitCode::SUCCESS
        }
        Err(refusal) => {
            eprintln!("outrider: {refusal}");
            ExitCode::from(if refusal.is_forbidden() { NO_PERMISSION } else { OS_ERROR })
        }
    }
}

fn print(rules: &Rules, arguments: &Arguments) {
    let families: &[Family] = match arguments.tables {
        Tables::Split => &[Family::Ipv4, Family::Ipv6],
        Tables::Auto | Tables::Inet => &[Family::Inet],
    };
    for family in families {
        match arguments.remove {
            true => print!("{}", rules.removal(*family)),
            false => print!("{}", rules.text(*family)),
        }
    }
}

fn describe(rules: &Rules, installed: Installed) -> String {
    let addresses = match installed {
        Installed::Inet => "IPv4 and IPv6",
        Installed::Split => "IPv4 and IPv6, a table for each",
        Installed::OnlyIpv4 => "IPv4; there is no IPv6 here",
    };
    format!("connections to port 443 go to port {} but for those of {} ({addresses})", rules.port, rules.own)
}

impl From<Tables> for Families {
    fn from(tables: Tables) -> Self {
        match tables {
            Tables::Auto => Self::Auto,
            Tables::Inet => Self::Inet,
            Tables::Split => Self::Split,
        }
    }
}
