//! Rules of the kernel that lead an application's connections to us: what `outrider init` installs.
//!
//! They are sent over netlink in one batch that holds for all or for nothing, and that takes the place of what an
//! earlier run installed. No `iptables` or `nft` is needed, so there is none whose variant could be the wrong one; the
//! capability NET_ADMIN is. Other tables, such as those of a mesh, are not touched.

mod batch;
mod expression;
mod message;
mod refusal;
mod rules;
mod socket;

use std::path::Path;

pub use refusal::Refusal;
pub use rules::{Family, Own, Rules};

/// The tables to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Families {
    /// One for both kinds of addresses, or one for each where the kernel (before 5.2) can not have that.
    Auto,
    /// One for both.
    Inet,
    /// One for each.
    Split,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Installed {
    /// One table for both kinds of addresses.
    Inet,
    /// Two tables.
    Split,
    /// IPv4 alone: this machine has no IPv6.
    OnlyIpv4,
}

/// Installs `rules` in the place of those of an earlier run.
pub fn install(rules: &Rules, families: Families) -> Result<Installed, Refusal> {
    match families {
        Families::Inet => inet(rules),
        Families::Split => split(rules),
        Families::Auto => match inet(rules) {
            Err(refusal) if refusal.is_unsupported() => split(rules),
            done => done,
        },
    }
}

fn inet(rules: &Rules) -> Result<Installed, Refusal> {
    socket::send(&batch::install(rules, Family::Inet))?;
    // A table that was left there by a run in which there had to be two would redirect to an older port.
    remove_from(&[Family::Ipv4, Family::Ipv6])?;
    Ok(Installed::Inet)
}

fn split(rules: &Rules) -> Result<Installed, Refusal> {
    socket::send(&batch::install(rules, Family::Ipv4))?;
    let ipv6 = socket::send(&batch::install(rules, Family::Ipv6));
    remove_from(&[Family::Inet])?;
    match ipv6 {
        Ok(()) => Ok(Installed::Split),
        // Connections that do not exist need not be redirected; those that do must not go past us.
        Err(refusal) if refusal.is_unsupported() && !has_ipv6() => Ok(Installed::OnlyIpv4),
        Err(refusal) => Err(refusal),
    }
}

fn has_ipv6() -> bool {
    Path::new("/proc/net/if_inet6").exists()
}

/// Removes what any run has installed; nothing, where there is nothing.
pub fn remove() -> Result<(), Refusal> {
    remove_from(&[Family::Inet, Family::Ipv4, Family::Ipv6])
}

fn remove_from(families: &[Family]) -> Result<(), Refusal> {
    for family in families {
        match socket::send(&batch::remove(*family)) {
            Err(refusal) if !refusal.is_unsupported() => return Err(refusal),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
